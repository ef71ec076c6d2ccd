//! The passive-DNS database of the data folder, or on a server: its path, how it is opened, and what its errors mean for a command.
//!
//! A command gets a [`Database`], whether a server has opened it or not. If another command has locked it, it waits for a
//! limited time, and says for which process.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use ::database::Database;
use clickhouse::{Address, AddressFault, ClickHouse};
use cof::time::Clock;
use indicatif::{ProgressBar, ProgressStyle};
use operation::provider::OwnDatabase;
use runs::{Migrated, Options, Step};
use store::{Memory, StoreError, StoreErrorKind};
use workbench::run::DataFolder;

use crate::args::Arguments;
use crate::config::Config;
use crate::exit::Failure;
use crate::terminal::plural;
use crate::{kept, terminal};

/// The folder of the database in the data folder.
const FOLDER: &str = "pdns";
/// The environment variable for the password of a server.
const PASSWORD: &str = "BACKSIGHT_SECRET_STORE";
/// How often per second a command checks whether the database is free.
const LOOKS_PER_SECOND: usize = 10;

/// How a command uses the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// For reading; any number of commands at a time.
    Read,
    /// For writing; one command at a time, which creates the database if there is none.
    Write,
}

/// The path of the database: a folder in the data folder.
pub(crate) fn folder(arguments: &Arguments) -> Result<PathBuf, Failure> {
    Ok(kept::folder(arguments)?.join(FOLDER))
}

/// The path of the database in this data folder.
pub(crate) fn in_folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

/// The server that has the database, if it is not in the data folder.
pub(crate) fn server(config: &Config) -> Result<Option<Address>, Failure> {
    let text = &*config.store.address;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = |fault: AddressFault| Failure::Usage(format!("{}: {fault}", config.name("store", "address")));
    Address::parse(text).map(Some).map_err(wrong)
}

/// The password for the server.
pub(crate) fn password() -> Result<String, Failure> {
    Ok(terminal::environment(PASSWORD)?.unwrap_or_default())
}

/// Opens the database on a server.
pub(crate) fn open_server(address: &Address) -> Result<ClickHouse, Failure> {
    ClickHouse::open(address, &password()?).map_err(|error| refused(&error))
}

/// An error of a server, whose text names it.
pub(crate) fn refused(error: &StoreError) -> Failure {
    match error.kind() {
        StoreErrorKind::Absent => Failure::Usage(error.to_string()),
        _ => Failure::Work(error.to_string()),
    }
}

/// Opens the database of the data folder, or that on a server.
pub(crate) fn open(arguments: &Arguments, config: &Config, access: Access) -> Result<Database, Failure> {
    if let Some(address) = server(config)? {
        return Ok(Database::ClickHouse(Box::new(open_server(&address)?)));
    }
    let folder = folder(arguments)?;
    if access == Access::Read && Database::is_empty(&folder) {
        let text = format!("there is no passive-DNS database in {} yet", folder.display());
        return Err(Failure::Usage(text).hint("create one with `backsight import FILE`"));
    }
    let wait_seconds = config.database.wait_seconds;
    match access {
        Access::Read => {
            open_reading(&folder, options(config), wait_seconds).map_err(|error| failed(&folder, &error))
        }
        Access::Write => open_folder(&folder, options(config), config),
    }
}

/// Opens the database in any folder.
pub(crate) fn open_at(folder: &Path, config: &Config, access: Access) -> Result<Database, Failure> {
    let options = options(config);
    match access {
        Access::Write => open_folder(folder, options, config),
        Access::Read if Database::is_empty(folder) => {
            let text = format!("there is no passive-DNS database in {}", folder.display());
            Err(Failure::Usage(text).hint("give a data folder, or the folder of a passive-DNS database"))
        }
        Access::Read => open_reading(folder, options, config.database.wait_seconds)
            .map_err(|error| failed(folder, &error)),
    }
}

fn open_reading(folder: &Path, options: Options, wait_seconds: usize) -> Result<Database, StoreError> {
    let reading = Options { read_only: true, ..options };
    match try_open(folder, reading, wait_seconds) {
        // A command that only reads should not have to deal with formats.
        Err(error) if error.kind() == StoreErrorKind::Outdated => {
            drop(try_open(folder, options, wait_seconds)?);
            try_open(folder, reading, wait_seconds)
        }
        opened => opened,
    }
}

/// The data folder for runs. Its database is only opened if an operation queries it, and one that does not exist has no records.
pub(crate) fn data_folder(
    arguments: &Arguments,
    config: &Config,
    clock: Clock,
) -> Result<DataFolder, Failure> {
    let path = kept::folder(arguments)?;
    if let Some(address) = server(config)? {
        let password = password()?;
        let database = OwnDatabase::opened_by(move || Ok(Arc::new(ClickHouse::open(&address, &password)?)));
        return Ok(DataFolder { path, clock, database });
    }
    let (folder, options, wait_seconds) = (path.join(FOLDER), options(config), config.database.wait_seconds);
    let database = OwnDatabase::opened_by(move || {
        if Database::is_empty(&folder) {
            return Ok(Arc::new(Memory::new()));
        }
        Ok(Arc::new(open_reading(&folder, options, wait_seconds)?))
    });
    Ok(DataFolder { path, clock, database })
}

/// Opens the database for reading, if there is one in the data folder or on a server.
pub(crate) fn open_existing(arguments: &Arguments, config: &Config) -> Result<Option<Database>, Failure> {
    let is_there = server(config)?.is_some() || !Database::is_empty(&folder(arguments)?);
    is_there.then(|| open(arguments, config, Access::Read)).transpose()
}

/// Opens the database in a folder.
pub(crate) fn open_folder(folder: &Path, options: Options, config: &Config) -> Result<Database, Failure> {
    if !options.read_only {
        make(folder)?;
    }
    try_open(folder, options, config.database.wait_seconds).map_err(|error| failed(folder, &error))
}

/// Opens a database as soon as it is free, within this time.
fn try_open(folder: &Path, options: Options, wait_seconds: usize) -> Result<Database, StoreError> {
    let mut looks = wait_seconds.saturating_mul(LOOKS_PER_SECOND);
    let mut said = false;
    let bar = Migration::default();
    Database::open_telling(folder, options, &mut |step| bar.tell(step), &mut |error| {
        if !said {
            let holder = match error {
                StoreError::Locked { process: Some(process) } => format!("process {process} is using"),
                _ => "other commands are reading".to_owned(),
            };
            terminal::say(&format!("{holder} the passive-DNS database; waiting up to {wait_seconds} s"));
            said = true;
        }
        looks = looks.saturating_sub(1);
        pause();
        looks > 0
    })
}

/// Creates the folder if it does not exist, readable only by its owner.
pub(crate) fn make(folder: &Path) -> Result<(), Failure> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| Failure::work(&format!("making {}", folder.display()), &error))
}

/// The limits of an engine.
pub(crate) fn options(config: &Config) -> Options {
    let memory = config.database.memory_mib.saturating_mul(1 << 20);
    let cache = (config.database.cache_mib as u64).saturating_mul(1 << 20);
    Options { cache, memory, now: Some(Clock::system().seconds()), ..Options::default() }
}

/// Restores a backup into a folder, in the current format.
pub(crate) fn restore(from: &Path, to: &Path, config: &Config) -> Result<(), StoreError> {
    let bar = Migration::default();
    Ok(runs::restore(from, to, options(config), &mut |step| bar.tell(step))?)
}

/// Shows the progress while the database of an earlier version is converted to the current format.
#[derive(Default)]
struct Migration(OnceCell<ProgressBar>);

impl Migration {
    fn tell(&self, step: Step) {
        match step {
            Step::Migrating { done, total } => {
                let bar = self.0.get_or_init(|| {
                    terminal::say(
                        "converting the passive-DNS database to the format of this version; the old data is kept until it is done",
                    );
                    let style = ProgressStyle::with_template("{bar:24} {percent} %, {eta} left");
                    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
                    ProgressBar::new(total).with_style(style)
                });
                bar.set_length(total);
                bar.set_position(done);
            }
            Step::Migrated(outcome) => {
                if let Some(bar) = self.0.get() {
                    bar.finish_and_clear();
                }
                terminal::say(&migrated(&outcome));
            }
        }
    }
}

fn migrated(outcome: &Migrated) -> String {
    let Migrated { tuples, reread, repaired, dropped, folded } = *outcome;
    let mut parts = vec![format!("the database was converted: {}", plural(tuples, "record"))];
    let details = [
        (reread, "parsed again because this version knows their type"),
        (repaired, "with a repaired time"),
        (dropped, "left out because neither time is plausible"),
        (folded, "whose origin or sensor was dropped because there are too many or it is too long"),
    ];
    let units = ["record", "entry", "entry", "source"];
    for ((count, what), unit) in details.into_iter().zip(units).filter(|((count, _), _)| *count > 0) {
        let unit =
            if unit == "entry" && count > 1 { format!("{count} entries") } else { plural(count, unit) };
        parts.push(format!("{unit} {what}"));
    }
    parts.join("; ")
}

/// An error of the database, with its path.
pub(crate) fn failed(folder: &Path, error: &StoreError) -> Failure {
    let failure = Failure::work(&folder.display().to_string(), error);
    match error.kind() {
        StoreErrorKind::Damaged => {
            failure.hint("recreate the database from a backup with `backsight db restore`")
        }
        StoreErrorKind::Foreign => failure.hint("choose another folder with --data-dir, or restore a backup"),
        StoreErrorKind::Absent
        | StoreErrorKind::Full
        | StoreErrorKind::Incompatible
        | StoreErrorKind::Locked
        | StoreErrorKind::Outdated
        | StoreErrorKind::ReadOnly
        | StoreErrorKind::Refused
        | StoreErrorKind::Unavailable => failure,
    }
}

/// The other process does not notify us, so we check again after a while.
fn pause() {
    let (_nobody, silence) = channel::<()>();
    let waited = silence.recv_timeout(Duration::from_secs(1) / u32::try_from(LOOKS_PER_SECOND).unwrap_or(1));
    debug_assert_eq!(waited, Err(RecvTimeoutError::Timeout));
}
