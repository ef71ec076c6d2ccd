//! The data folder: its path, the current actor, and what its errors mean for a command.

use std::path::{Path, PathBuf};

use std::time::Duration;

use cof::time::Clock;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use operation::SettingsError;
use operation::provider::ConfigError;
use workbench::{Checked, Kind, Step, Workbench};

use crate::args::Arguments;
use crate::config;
use crate::exit::Failure;
use crate::{hint, terminal};

/// Opens the data folder: `--data-dir`, `BACKSIGHT_DATA_DIR` or the platform's.
pub(crate) fn open(arguments: &Arguments) -> Result<Workbench, Failure> {
    let bar = ProgressBar::hidden();
    let folder = folder(arguments)?;
    let opened = Workbench::open_watched(&folder, Clock::system(), &actor(), &mut |step| show(&bar, step));
    bar.finish_and_clear();
    let workbench = opened?;
    for notice in workbench.notices() {
        terminal::complain(&format!("warning: {notice}"));
    }
    Ok(workbench)
}

/// How long the structure of the workbench is checked at the start of a command.
const LOOKED: Duration = Duration::from_secs(2);

/// Checks the workbench's file for a short time.
pub(crate) fn quick_check(workbench: &Workbench) -> Result<(), Failure> {
    if workbench.quick_check(LOOKED)? == Checked::Part {
        terminal::say(
            "the workbench is large and was checked in part; `backsight db verify` checks all of it",
        );
    }
    Ok(())
}

/// Shows the progress of a migration that takes longer than a moment.
fn show(bar: &ProgressBar, step: Step) {
    let style =
        |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    if bar.is_hidden() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    let (message, done, all) = match step {
        Step::Copying(done, all) => ("copying the workbench", done, all),
        Step::Changing(done, all) => ("migrating the workbench", done, all),
        Step::Verifying => ("verifying the workbench", 1, 1),
    };
    bar.set_style(style("{msg} {bar:24} {percent} %"));
    bar.set_message(message);
    bar.set_length(all);
    bar.set_position(done);
}

/// The path of the data folder. Root is refused if it belongs to another user.
pub(crate) fn folder(arguments: &Arguments) -> Result<PathBuf, Failure> {
    let folder = config::data_dir(arguments).ok_or_else(|| {
        Failure::Usage("there is no home folder: choose a folder with --data-dir".to_owned())
    })?;
    not_as_root(&folder)?;
    crate::folder::warn_if_others_write(&folder);
    Ok(folder)
}

/// A service cannot read files that root writes into its folder: it would fail at its next start, not here.
#[cfg(unix)]
fn not_as_root(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(owner) = std::fs::metadata(folder).map(|found| found.uid()) else { return Ok(()) };
    if owner == 0 || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (name, runs) = match name_of(owner) {
        Some(name) => {
            let runs = format!("runuser -u {name} -- backsight …");
            (name, runs)
        }
        None => (format!("user {owner}"), format!("setpriv --reuid={owner} --clear-groups backsight …")),
    };
    let text =
        format!("{} belongs to {name}, who could not read files that root writes there", folder.display());
    Err(Failure::Usage(text).hint(&format!("run the command as {name}: {runs}")))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "where there is a root, it can be the wrong one")]
fn not_as_root(_: &Path) -> Result<(), Failure> {
    Ok(())
}

/// Opens the data folder if it is not empty: commands that only read do not create it.
pub(crate) fn open_existing(arguments: &Arguments) -> Result<Option<Workbench>, Failure> {
    let kept = config::data_dir(arguments).is_some_and(|folder| folder.join("workbench.sqlite").exists());
    if kept { open(arguments).map(Some) } else { Ok(None) }
}

/// The actor for the audit trail.
pub(crate) fn actor() -> String {
    let named = ["USER", "LOGNAME"].into_iter().filter_map(|variable| std::env::var(variable).ok());
    let actor = named.map(|name| name.trim().to_owned()).find(|name| !name.is_empty());
    actor.unwrap_or_else(login)
}

/// The system's name of the user who runs this process.
#[cfg(unix)]
fn login() -> String {
    let number = rustix::process::getuid().as_raw();
    name_of(number).unwrap_or_else(|| format!("user {number}"))
}

#[cfg(not(unix))]
fn login() -> String {
    "unknown".to_owned()
}

/// The name of a user in the system's name services.
#[cfg(unix)]
fn name_of(number: u32) -> Option<String> {
    nix::unistd::User::from_uid(number.into()).ok().flatten().map(|user| user.name)
}

impl From<workbench::Error> for Failure {
    fn from(error: workbench::Error) -> Self {
        let text = error.to_string();
        let failure = match error.kind() {
            Some(Kind::Conflict | Kind::Invalid | Kind::Missing) => Self::Usage(text),
            Some(Kind::Forbidden | Kind::Throttled(_)) => Self::Refused(text),
            None => Self::Work(text),
        };
        let elsewhere = match &error {
            workbench::Error::Settings(faults) => faults.iter().find_map(SettingsError::hint),
            _ => None,
        };
        match error.hint().map(|hint| hint::words(&hint).to_string()).or(elsewhere) {
            Some(hint) => failure.hint(&hint),
            None => failure,
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        match error.hint() {
            Some(hint) => Self::usage(&error).hint(&hint),
            None => Self::usage(&error),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Platform(_) => Self::Usage(error.to_string()).hint("`backsight push` sends to it"),
            ConfigError::Operation(_) => Self::Usage(error.to_string()),
            ConfigError::Settings(error) => error.into(),
            ConfigError::Provider(error) => Self::usage(&error).hint(error.hint()),
        }
    }
}

/// A stored time in readable form, in UTC.
pub(crate) fn readable(stored: i64) -> String {
    cof::time::readable(u64::try_from(stored).unwrap_or_default())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        assert_eq!(name_of(0).as_deref(), Some("root"));
        assert_eq!(name_of(u32::MAX - 7), None);
    }
}
