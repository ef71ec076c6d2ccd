//! One open data folder: its database, opened, checked and brought to this version.
//!
//! SQLite in WAL mode with `synchronous=NORMAL`, foreign keys on, a busy timeout, every change in one
//! `BEGIN IMMEDIATE` transaction: any number of processes wait for each other and never see half a change.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use operation::Clock;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::Error;

/// The version of the tables, in `PRAGMA user_version`.
const VERSION: i64 = 2;
/// Marks the file as ours (`PRAGMA application_id`): `BkSt`.
const APPLICATION: i64 = 0x426b_5374;
/// How much of the database stays in memory, in KiB: an import touches pages all over it.
const CACHE: u32 = 64 * 1024;
/// How many statements stay prepared: more than one task of the library uses.
const STATEMENTS: usize = 64;
/// How long a change waits for those of other processes.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open data folder.
#[derive(Debug)]
pub struct Workbench {
    connection: Connection,
    folder: PathBuf,
    clock: Clock,
    /// Who works, for the audit trail.
    actor: String,
}

/// A change under way: the transaction, when it happens and who does it.
pub(crate) struct Change<'a> {
    pub(crate) transaction: Transaction<'a>,
    /// The data folder.
    pub(crate) folder: &'a Path,
    pub(crate) at: i64,
    pub(crate) actor: &'a str,
}

impl Workbench {
    /// Opens a data folder, making it where it is not there; older tables are brought to this version.
    ///
    /// # Errors
    /// [`Error`], with nothing changed: a newer or foreign or damaged file, a folder that cannot be written.
    pub fn open(folder: &Path, clock: Clock, actor: &str) -> Result<Self, Error> {
        create(folder).map_err(|error| Error::io("creating", folder, error))?;
        let file = folder.join("workbench.sqlite");
        // Made before SQLite does, which would let others read it; its other files take its mode.
        match for_owner().create_new(true).open(&file) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(Error::io("creating", &file, error));
            }
            _ => {}
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&file, flags).map_err(|error| Error::sql(&file, &error))?;
        let mut workbench = Self { connection, folder: folder.to_owned(), clock, actor: actor.to_owned() };
        workbench.prepare()?;
        Ok(workbench)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The clock that changes are dated by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Says who works from here on, for the audit trail.
    pub(crate) fn act_as(&mut self, actor: &str) {
        actor.clone_into(&mut self.actor);
    }

    /// What time it is, as it is stored: in seconds since the epoch.
    pub(crate) fn at(&self) -> i64 {
        i64::try_from(self.clock.seconds()).unwrap_or(i64::MAX)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("workbench.sqlite")
    }

    fn prepare(&mut self) -> Result<(), Error> {
        self.connection.busy_timeout(PATIENCE).map_err(|error| self.sql(&error))?;
        self.connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Read before anything is written: a file that is not ours, or newer, stays as it is.
        let version = self.check()?;
        // SQLite does not wait for others while it changes the journal's mode, so those who begin a database take turns.
        let _alone = if version < VERSION { Some(self.lock()?) } else { None };
        let pragmas = format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -{CACHE}"
        );
        self.connection.execute_batch(&pragmas).map_err(|error| self.sql(&error))?;
        if version < VERSION { self.migrate() } else { Ok(()) }
    }

    /// Waits to be the only one that begins or migrates the database: a lock on the folder, which needs no file of its own.
    fn lock(&self) -> Result<File, Error> {
        let folder = File::open(&self.folder).map_err(|error| Error::io("opening", &self.folder, error))?;
        folder.lock().map_err(|error| Error::io("locking", &self.folder, error))?;
        Ok(folder)
    }

    /// The version of the tables, 0 for none yet.
    fn check(&self) -> Result<i64, Error> {
        // One statement is one look: another process may be making the tables right now.
        let sql = "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema) \
                   FROM pragma_user_version, pragma_application_id";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let (version, application, tables): (i64, i64, i64) =
            self.connection.query_row(sql, [], row).map_err(|error| self.sql(&error))?;
        if application != APPLICATION && tables > 0 {
            return Err(Error::Damaged {
                file: self.file(),
                reason: "it is a database of another program".to_owned(),
            });
        }
        if version > VERSION {
            return Err(Error::Newer { file: self.file(), found: version, known: VERSION });
        }
        Ok(version)
    }

    /// Brings the tables to this version in one transaction; another process may have done it meanwhile.
    fn migrate(&mut self) -> Result<(), Error> {
        let file = self.file();
        let sql = |error: rusqlite::Error| Error::sql(&file, &error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql)?;
        let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(sql)?;
        if version < 1 {
            transaction.execute_batch(include_str!("schema.sql")).map_err(sql)?;
        }
        if version < 2 {
            transaction.execute_batch(include_str!("schema-2.sql")).map_err(sql)?;
        }
        let marks = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};");
        transaction.execute_batch(&marks).map_err(sql)?;
        transaction.commit().map_err(sql)
    }

    /// Reads. Within the closure the database does not change.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Problem>) -> Result<T, Error> {
        // A deferred transaction gives all of the closure's statements one snapshot.
        let snapshot = self.connection.unchecked_transaction().map_err(|error| self.sql(&error))?;
        read(&snapshot).map_err(|problem| self.problem(problem))
    }

    /// Changes, all or nothing: an error undoes everything that the closure did.
    pub(crate) fn change<T>(
        &mut self,
        change: impl FnOnce(&Change<'_>) -> Result<T, Problem>,
    ) -> Result<T, Error> {
        let file = self.file();
        let at = self.at();
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(|error| Error::sql(&file, &error))?;
        let doing = Change { transaction, folder: &self.folder, at, actor: &self.actor };
        let result = change(&doing);
        let done = result.and_then(|value| doing.transaction.commit().map(|()| value).map_err(Problem::Sql));
        done.map_err(|problem| problem.into_error(&file))
    }

    /// Works with every transaction synced to the disk, and what it deletes overwritten, before it counts as done.
    pub(crate) fn synced<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let careful = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;";
        self.connection.execute_batch(careful).map_err(|error| self.sql(&error))?;
        let result = work(self);
        let usual = "PRAGMA secure_delete = OFF; PRAGMA synchronous = NORMAL;";
        self.connection.execute_batch(usual).map_err(|error| self.sql(&error))?;
        result
    }

    fn problem(&self, problem: Problem) -> Error {
        problem.into_error(&self.file())
    }

    fn sql(&self, error: &rusqlite::Error) -> Error {
        Error::sql(&self.file(), error)
    }
}

impl Change<'_> {
    /// What a problem within this change is to whoever asked for it.
    pub(crate) fn error(&self, problem: Problem) -> Error {
        problem.into_error(&self.folder.join("workbench.sqlite"))
    }
}

/// Makes the folder where it is not there, for its owner alone.
pub(crate) fn create(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// How a file is written that its owner alone may read.
pub(crate) fn for_owner() -> OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// What can go wrong inside a read or a change.
#[derive(Debug)]
pub(crate) enum Problem {
    /// SQLite's; what it means depends on the file.
    Sql(rusqlite::Error),
    /// A value of ours that we never wrote.
    Stored(String),
    /// Ours.
    Ours(Error),
}

impl Problem {
    fn into_error(self, file: &Path) -> Error {
        match self {
            Self::Sql(error) => Error::sql(file, &error),
            Self::Stored(reason) => Error::Damaged { file: file.to_owned(), reason },
            Self::Ours(error) => error,
        }
    }

    /// There is no such thing.
    pub(crate) fn missing(why: impl Into<String>) -> Self {
        Self::Ours(Error::missing(why))
    }

    /// What was asked does not go together with what there is.
    pub(crate) fn conflict(why: impl Into<String>) -> Self {
        Self::Ours(Error::conflict(why))
    }

    /// What was given cannot be meant.
    pub(crate) fn invalid(why: impl Into<String>) -> Self {
        Self::Ours(Error::invalid(why))
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}
