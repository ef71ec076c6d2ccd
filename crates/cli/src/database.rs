//! The passive-DNS database of the data folder: where it is, who has it, and what its errors mean for a command.
//!
//! [`args`] is what can be said about it. Whether a server has it open or nobody does, a command gets a [`Database`]; while
//! another command has it, it waits a bounded time and says for whom.

pub(crate) mod args;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use server::Database;
use store::StoreError;
use store::runs::Options;

use crate::args::Arguments;
use crate::config::Config;
use crate::exit::Failure;
use crate::{kept, terminal};

/// How often it is looked whether the database is free.
const LOOKS_PER_SECOND: usize = 10;

/// What a command does with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Any number at once.
    Read,
    /// One at a time; makes the database if there is none.
    Write,
}

/// Where the database is: a folder in the data folder.
pub(crate) fn folder(arguments: &Arguments) -> Result<PathBuf, Failure> {
    Ok(kept::folder(arguments)?.join("pdns"))
}

/// Opens the database of the data folder.
pub(crate) fn open(arguments: &Arguments, config: &Config, access: Access) -> Result<Database, Failure> {
    let folder = folder(arguments)?;
    if access == Access::Read && Database::is_empty(&folder) {
        let text = format!("there is no passive-DNS database in {} yet", folder.display());
        return Err(Failure::Usage(text).hint("`backsight import FILE` makes one"));
    }
    let options = Options { read_only: access == Access::Read, ..options(config) };
    open_folder(&folder, options, config)
}

/// Opens the database of any folder.
pub(crate) fn open_folder(folder: &Path, options: Options, config: &Config) -> Result<Database, Failure> {
    if !options.read_only {
        make(folder)?;
    }
    let mut looks = config.database.wait_seconds.saturating_mul(LOOKS_PER_SECOND);
    let mut said = false;
    Database::open(folder, options, &mut |error| {
        if !said {
            let holder = match error {
                StoreError::Locked { process: Some(process) } => format!("process {process} has"),
                _ => "others are reading".to_owned(),
            };
            let seconds = config.database.wait_seconds;
            terminal::say(&format!("{holder} the passive-DNS database; waiting up to {seconds} s for it"));
            said = true;
        }
        looks = looks.saturating_sub(1);
        pause();
        looks > 0
    })
    .map_err(|error| failed(folder, &error))
}

/// Makes the folder where it is not there, for its owner alone.
pub(crate) fn make(folder: &Path) -> Result<(), Failure> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| Failure::work(&format!("making {}", folder.display()), &error))
}

/// What an engine of ours may use.
pub(crate) fn options(config: &Config) -> Options {
    let memory = config.database.memory_mib.saturating_mul(1 << 20);
    let cache = (config.database.cache_mib as u64).saturating_mul(1 << 20);
    Options { cache, memory, ..Options::default() }
}

/// An error of the database, with where it is.
pub(crate) fn failed(folder: &Path, error: &StoreError) -> Failure {
    let failure = Failure::work(&folder.display().to_string(), error);
    match error {
        StoreError::Foreign => failure.hint("choose another folder with --data-dir, or restore a backup"),
        StoreError::Missing { .. } => {
            failure.hint("`backsight db restore` makes the folder anew from a backup")
        }
        _ => failure,
    }
}

/// Somebody else's work is not told to us: we look again after a while.
fn pause() {
    let (_nobody, silence) = channel::<()>();
    let waited = silence.recv_timeout(Duration::from_secs(1) / u32::try_from(LOOKS_PER_SECOND).unwrap_or(1));
    debug_assert_eq!(waited, Err(RecvTimeoutError::Timeout));
}
