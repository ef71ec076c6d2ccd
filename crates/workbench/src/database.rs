//! An open data folder: its database is opened, checked and migrated to this version.
//!
//! SQLite runs in WAL mode with `synchronous=FULL`, foreign keys and a busy timeout, and every change is one `BEGIN IMMEDIATE`
//! transaction. Any number of processes wait for each other, and never see half a change. Committed data is on disk, so
//! anything that the head file ([`head`]) records and the database does not have was lost ([`Notice`]).

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cof::time::Clock;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use serde_json::json;

use crate::Error;
use crate::files::{create, for_owner};

mod canonical;
mod check;
mod copy;
mod figures;
mod head;
mod migrate;
mod problem;
mod read_only;
mod seal;
mod trail;

pub use check::Checked;
pub(crate) use check::{LISTED, content};
pub(crate) use figures::{derive as derive_figures, last_seen};
pub(crate) use head::FILE as HEAD_FILE;
pub use head::Lost;
pub use migrate::Step;
pub(crate) use migrate::{BindSecrets, Watcher};
pub(crate) use problem::Problem;

/// The version of the tables, in `PRAGMA user_version`.
const VERSION: i64 = 10;
/// The actor of automatic changes in the audit trail. No user can have this name.
pub(crate) const PROGRAM: &str = "backsight";
/// Marks the file as ours (`PRAGMA application_id`): `BkSt`.
const APPLICATION: i64 = 0x426b_5374;
/// How much of the database is cached in memory, in KiB: an import changes pages in all parts of it.
const CACHE: u32 = 64 * 1024;
/// How many prepared statements are cached: more than one task of the library uses.
const STATEMENTS: usize = 64;
/// How long a change waits for changes of other processes.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open data folder.
#[derive(Debug)]
pub struct Workbench {
    connection: Connection,
    folder: PathBuf,
    clock: Clock,
    /// The actor for the audit trail.
    actor: String,
    notices: Vec<Notice>,
}

/// A problem that was detected when a data folder was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The head file was damaged and was written again.
    HeadDamaged,
    /// The head file was missing and was written again.
    HeadMissing,
    /// Committed changes were lost. From here on, the audit trail states it.
    Lost(Lost),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let look = "run `backsight db verify` to check everything";
        match self {
            Self::HeadDamaged => write!(
                f,
                "workbench.head was damaged and has been recreated; saved changes may have been lost: {look}"
            ),
            Self::HeadMissing => write!(
                f,
                "workbench.head was missing and has been recreated; saved changes may have been lost: {look}"
            ),
            Self::Lost(lost) => write!(
                f,
                "{lost}: the disk damaged workbench.sqlite-wal, or the database is an older copy. The audit trail records this; {look}. A backup may have the missing changes"
            ),
        }
    }
}

/// A change in progress: the transaction, its time and its actor.
pub(crate) struct Change<'a> {
    pub(crate) transaction: Transaction<'a>,
    /// The data folder.
    pub(crate) folder: &'a Path,
    pub(crate) at: i64,
    pub(crate) actor: &'a str,
    /// Whether an entry of the audit trail was written.
    pub(crate) audited: Cell<bool>,
}

impl Workbench {
    /// Opens a data folder as [`Workbench::open_watched`] does; `bind_secrets` is the part of a migration that needs modules
    /// above this one.
    pub(crate) fn open_with(
        folder: &Path,
        clock: Clock,
        actor: &str,
        bind_secrets: BindSecrets,
        watch: Watcher<'_>,
    ) -> Result<Self, Error> {
        create(folder).map_err(|error| Error::io("creating", folder, error))?;
        let file = folder.join("workbench.sqlite");
        // Created before SQLite does it, because SQLite would let others read it; its other files get the same mode.
        match for_owner().create_new(true).open(&file) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(Error::io("creating", &file, error));
            }
            _ => {}
        }
        if read_only::is_read_only(&file) {
            return Self::open_read_only(folder, clock, actor);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&file, flags).map_err(|error| Error::sql(&file, &error))?;
        let (folder, actor) = (folder.to_owned(), actor.to_owned());
        let mut workbench = Self { connection, folder, clock, actor, notices: Vec::new() };
        workbench.prepare(bind_secrets, watch)?;
        workbench.compare_head()?;
        Ok(workbench)
    }

    /// The problems that were detected when it was opened.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The clock that dates changes.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sets the actor for the audit trail from here on.
    pub(crate) fn act_as(&mut self, actor: &str) {
        actor.clone_into(&mut self.actor);
    }

    /// The current time as it is stored: in seconds since the epoch.
    pub(crate) fn at(&self) -> i64 {
        i64::try_from(self.clock.seconds()).unwrap_or(i64::MAX)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("workbench.sqlite")
    }

    fn prepare(&mut self, bind_secrets: BindSecrets, watch: Watcher<'_>) -> Result<(), Error> {
        seal::register(&self.connection).map_err(|error| self.sql(&error))?;
        self.connection.busy_timeout(PATIENCE).map_err(|error| self.sql(&error))?;
        self.connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Checked before anything is written, so that a foreign or newer file is not changed.
        let version = self.check()?;
        // SQLite does not wait while another process changes the journal mode, so processes that create a database take turns.
        let _alone = if version < VERSION || self.has_copies() { Some(self.lock()?) } else { None };
        // Another process may have migrated it while this process waited.
        let version = if version < VERSION { self.check()? } else { version };
        let pragmas = format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -{CACHE}"
        );
        self.connection.execute_batch(&pragmas).map_err(|error| self.sql(&error))?;
        if version < VERSION { self.migrate(version, bind_secrets, watch) } else { self.forget_copies(watch) }
    }

    /// Checks whether the database has everything that the head file records. A loss is recorded once.
    fn compare_head(&mut self) -> Result<(), Error> {
        // Read before the database: a commit by another process in between puts the database ahead of the file, never behind
        // it.
        let mut told = head::read(&self.folder)?;
        if told == head::Told::Missing && self.read(head::of)?.changes > 0 {
            // A process that creates a database writes the file before its first change, so the file may just have appeared.
            told = head::read(&self.folder)?;
        }
        let known = match told {
            head::Told::Head(known) => known,
            told => {
                let now = self.read(head::of)?;
                if now.changes > 0 {
                    let missing = told == head::Told::Missing;
                    self.notices.push(if missing { Notice::HeadMissing } else { Notice::HeadDamaged });
                }
                return head::replace(&self.folder, &now);
            }
        };
        let Some(lost) = self.read(|database| head::lost(database, &known))? else { return Ok(()) };
        self.change(|change| {
            let detail = json!({ "changes": lost.changes, "entries": lost.entries });
            change.audit_as(PROGRAM, "workbench.lost", "workbench", &detail)?;
            // Larger than the number in the file, so that the count continues from there.
            let sql = "UPDATE head SET changes = max(changes, ?)";
            change.transaction.execute(sql, [known.changes])?;
            Ok(())
        })?;
        let now = self.read(head::of)?;
        head::replace(&self.folder, &now)?;
        self.notices.push(Notice::Lost(lost));
        Ok(())
    }

    /// Waits until no other process creates or migrates the database: a lock on the folder, which needs no file of its own.
    fn lock(&self) -> Result<File, Error> {
        let folder = File::open(&self.folder).map_err(|error| Error::io("opening", &self.folder, error))?;
        folder.lock().map_err(|error| Error::io("locking", &self.folder, error))?;
        Ok(folder)
    }

    /// The version of the tables; 0 if there are none yet.
    fn check(&self) -> Result<i64, Error> {
        // A single statement, so that it sees one state: another process may be creating the tables right now.
        let sql = "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema) \
                   FROM pragma_user_version, pragma_application_id";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let (version, application, tables): (i64, i64, i64) =
            self.connection.query_row(sql, [], row).map_err(|error| self.sql(&error))?;
        if application != APPLICATION && tables > 0 {
            return Err(Error::Damaged {
                file: self.file(),
                reason: "it is the database of another program".to_owned(),
            });
        }
        if version > VERSION {
            return Err(Error::Newer { file: self.file(), found: version, known: VERSION });
        }
        Ok(version)
    }

    /// Reads. The database does not change within the closure.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Problem>) -> Result<T, Error> {
        // A deferred transaction gives all statements of the closure the same snapshot.
        let snapshot = self.connection.unchecked_transaction().map_err(|error| self.sql(&error))?;
        read(&snapshot).map_err(|problem| self.problem(problem))
    }

    /// Changes the database completely or not at all: an error undoes everything that the closure did.
    pub(crate) fn change<T>(
        &mut self,
        change: impl FnOnce(&Change<'_>) -> Result<T, Problem>,
    ) -> Result<T, Error> {
        let (file, folder) = (self.file(), self.folder.clone());
        let doing = self.begin()?;
        let before = doing.transaction.total_changes();
        let done = change(&doing).and_then(|value| Ok((value, doing.finish(before)?)));
        let (value, head) = done.map_err(|problem| problem.into_error(&file))?;
        if let Some((head, audited)) = head {
            // The change is committed. If the head file cannot be written, it is behind, which only means that later losses are
            // not noticed.
            let _ = head::advance(&folder, &head, audited);
        }
        Ok(value)
    }

    /// What a change would return now; everything that the closure did is undone.
    pub(crate) fn rehearse<T>(
        &mut self,
        change: impl FnOnce(&Change<'_>) -> Result<T, Problem>,
    ) -> Result<T, Error> {
        let file = self.file();
        let doing = self.begin()?;
        change(&doing).map_err(|problem| problem.into_error(&file))
    }

    /// Begins a change, which is undone when it is dropped.
    fn begin(&mut self) -> Result<Change<'_>, Error> {
        let (file, at) = (self.file(), self.at());
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(|error| Error::sql(&file, &error))?;
        let (folder, actor) = (self.folder.as_path(), self.actor.as_str());
        Ok(Change { transaction, folder, at, actor, audited: Cell::new(false) })
    }

    /// Runs `work` with deleted content overwritten.
    pub(crate) fn synced<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let careful = "PRAGMA secure_delete = ON;";
        self.connection.execute_batch(careful).map_err(|error| self.sql(&error))?;
        let result = work(self);
        let usual = "PRAGMA secure_delete = OFF;";
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
    /// Commits. Returns the new head, and whether the audit trail grew, if anything was changed.
    fn finish(self, before: u64) -> Result<Option<(head::Head, bool)>, Problem> {
        if self.transaction.total_changes() == before {
            self.transaction.commit()?;
            return Ok(None);
        }
        head::count(&self.transaction)?;
        let head = head::of(&self.transaction)?;
        self.transaction.commit()?;
        Ok(Some((head, self.audited.get())))
    }

    /// Converts a problem within this change into the error that the caller receives.
    pub(crate) fn error(&self, problem: Problem) -> Error {
        problem.into_error(&self.folder.join("workbench.sqlite"))
    }
}

#[cfg(test)]
mod tests;
