//! The data folder: where it is, who works in it, and what its errors mean for the command.

use std::path::PathBuf;

use operation::Clock;
use operation::provider::ConfigError;
use workbench::Workbench;

use crate::args::Arguments;
use crate::config;
use crate::exit::Failure;

/// Opens the data folder: `--data-dir`, `BACKSIGHT_DATA_DIR` or the platform's.
pub(crate) fn open(arguments: &Arguments) -> Result<Workbench, Failure> {
    Workbench::open(&folder(arguments)?, Clock::system(), &actor()).map_err(Failure::from)
}

/// Where the data folder is.
pub(crate) fn folder(arguments: &Arguments) -> Result<PathBuf, Failure> {
    config::data_dir(arguments)
        .ok_or_else(|| Failure::Usage("there is no home folder: name a folder with --data-dir".to_owned()))
}

/// Opens the data folder if there is anything in it: what only reads makes none.
pub(crate) fn open_existing(arguments: &Arguments) -> Result<Option<Workbench>, Failure> {
    let kept = config::data_dir(arguments).is_some_and(|folder| folder.join("workbench.sqlite").exists());
    if kept { open(arguments).map(Some) } else { Ok(None) }
}

/// Who works here, for the audit trail.
pub(crate) fn actor() -> String {
    let named = ["USER", "LOGNAME"].into_iter().filter_map(|variable| std::env::var(variable).ok());
    let actor = named.map(|name| name.trim().to_owned()).find(|name| !name.is_empty());
    actor.unwrap_or_else(|| "unknown".to_owned())
}

impl From<workbench::Error> for Failure {
    fn from(error: workbench::Error) -> Self {
        let text = error.to_string();
        let failure = if error.is_users() { Self::Usage(text) } else { Self::Work(text) };
        let hint = error.hint();
        if hint.is_empty() { failure } else { failure.hint(hint) }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Settings(error) => Self::usage(&error),
            ConfigError::Provider(error) => Self::usage(&error).hint(error.hint()),
        }
    }
}

/// A stored time to read, in UTC.
pub(crate) fn readable(stored: i64) -> String {
    cof::time::readable(u64::try_from(stored).unwrap_or_default())
}
