//! The durable database of a folder: opened by this process, or used through the socket of the server that has opened it; or a
//! database on a `ClickHouse` server, which needs no folder.
//!
//! Only one process at a time writes to a folder ([`runs::Runs`] locks it), and a server does so for a long time. So that every
//! command works the same while a server runs, the server listens on [`SOCKET`] in the folder ([`Door`]), and
//! [`Database::open`] connects to it if it exists. A command uses a [`Database`] without knowing which of the two it is: it is
//! a [`Store`], and has the additional operations of engines with files.
//!
//! Both sides of the protocol are in this crate because they change together: `wire` defines the messages, `remote` is the
//! client, and `door` the server. It is not HTTP: batches and pages need no text form, and both sides are always on one machine
//! and usually of the same version. Errors are [`StoreError`], the same on both sides; if the server ends, the kind is
//! `Unavailable`.

pub mod copy;
mod door;
mod forget;
mod remote;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clickhouse::{ClickHouse, Footprint};
use cof::{Batch, Digest};
use runs::{Options, Runs, Sizes, Step, Verified};
use store::{
    Page, Question, Reached, Readiness, Receipt, Selection, Stats, Store, StoreError, StoreErrorKind,
    Summary, Ticket,
};

pub use door::Door;
use remote::Remote;

/// The socket in a folder, of mode 0600.
pub const SOCKET: &str = "backsight.sock";

/// A passive-DNS database in a folder, or on a server.
pub enum Database {
    /// The database is on a server that any number of processes use.
    ClickHouse(Box<ClickHouse>),
    /// The database was opened by this process.
    Local {
        /// The engine.
        runs: Runs,
        /// The folder.
        folder: PathBuf,
    },
    /// The database is used through the server that has opened it.
    Remote(Remote),
}

impl Database {
    /// Opens the database of a folder, or connects to the server that has opened it.
    ///
    /// If another process than a server has locked it, `again` is called with the error and decides whether to try again; it
    /// also does the waiting.
    ///
    /// # Errors
    /// Those of [`Runs::open`]; the kind `Unavailable` if there is a server that does not answer, and `Incompatible` if that
    /// server has another version.
    pub fn open(
        folder: &Path,
        options: Options,
        again: &mut dyn FnMut(&StoreError) -> bool,
    ) -> Result<Self, StoreError> {
        Self::open_telling(folder, options, &mut |_| {}, again)
    }

    /// As [`Self::open`]; `tell` receives the progress while a folder of an older format is converted.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_telling(
        folder: &Path,
        options: Options,
        tell: &mut dyn FnMut(Step),
        again: &mut dyn FnMut(&StoreError) -> bool,
    ) -> Result<Self, StoreError> {
        loop {
            if let Some(remote) = Remote::find(folder)? {
                return Ok(Self::Remote(remote));
            }
            match Runs::open_telling(folder, options, tell) {
                Ok(runs) => {
                    if !options.read_only {
                        // No server is listening: we hold the lock, and tried to connect.
                        let _ = std::fs::remove_file(folder.join(SOCKET));
                    }
                    return Ok(Self::Local { runs, folder: folder.to_owned() });
                }
                Err(error) => {
                    let error = StoreError::from(error);
                    if error.kind() != StoreErrorKind::Locked || !again(&error) {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Whether a folder is empty, without any other files.
    pub fn is_empty(folder: &Path) -> bool {
        runs::is_empty(folder)
    }

    /// The process of the server in use, if any.
    pub fn server(&self) -> Option<u32> {
        match self {
            Self::ClickHouse(_) | Self::Local { .. } => None,
            Self::Remote(remote) => Some(remote.process()),
        }
    }

    /// Merges all runs into one, so that lookups read as little as possible.
    ///
    /// # Errors
    /// I/O errors, and damage.
    pub fn compact(&self) -> Result<(), StoreError> {
        match self {
            Self::ClickHouse(_) => Err(not_there("ClickHouse merges by itself")),
            Self::Local { runs, .. } => Ok(runs.compact()?),
            Self::Remote(remote) => remote.compact(),
        }
    }

    /// Reads all data again and checks it; `progress` receives the number of entries read, and the largest possible number.
    ///
    /// # Errors
    /// The first damage.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, StoreError> {
        match self {
            Self::ClickHouse(_) => Err(not_there("use ClickHouse's CHECK TABLE")),
            Self::Local { runs, .. } => Ok(runs.verify(progress)?),
            Self::Remote(remote) => remote.verify(progress),
        }
    }

    /// Creates a folder with a copy of the current database.
    ///
    /// # Errors
    /// I/O errors; there is no such folder then.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        match self {
            Self::ClickHouse(_) => Err(not_there("use ClickHouse's BACKUP TABLE or ALTER TABLE … FREEZE")),
            Self::Local { runs, folder } => Ok(runs.backup(to, folder)?),
            Self::Remote(remote) => remote.backup(to),
        }
    }

    /// How many entries [`Store::drop_where`] would delete now.
    ///
    /// # Errors
    /// Errors of the engine.
    pub fn count_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        match self {
            Self::ClickHouse(server) => server.count_where(selection),
            Self::Local { runs, .. } => forget::count(runs, selection),
            Self::Remote(remote) => remote.count_where(selection),
        }
    }

    /// The space on disk and in memory; on a server, its parts and their rows.
    ///
    /// # Errors
    /// Errors of the connection.
    pub fn sizes(&self) -> Result<Sizes, StoreError> {
        match self {
            Self::ClickHouse(server) => {
                let Footprint { parts, octets, rows } = server.footprint()?;
                Ok(Sizes { runs: parts, octets, tuples: rows, memory: 0 })
            }
            Self::Local { runs, .. } => Ok(runs.sizes()),
            Self::Remote(remote) => remote.sizes(),
        }
    }

    fn store(&self) -> &dyn Store {
        match self {
            Self::ClickHouse(server) => &**server,
            Self::Local { runs, .. } => runs,
            Self::Remote(remote) => remote,
        }
    }
}

/// What a server with its own tools does not do for us.
fn not_there(instead: &str) -> StoreError {
    StoreError::engine(StoreErrorKind::Refused, format!("the passive-DNS database is on a server: {instead}"))
}

impl Store for Database {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        self.store().absorb(batch)
    }

    fn submit(&self, batch: Batch) -> Result<Ticket, StoreError> {
        self.store().submit(batch)
    }

    fn redeem(&self, ticket: Ticket) -> Result<Receipt, StoreError> {
        self.store().redeem(ticket)
    }

    fn usual_batch(&self) -> usize {
        self.store().usual_batch()
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        self.store().lookup(question)
    }

    fn lookup_at_once(&self, question: &Question) -> Option<Page> {
        self.store().lookup_at_once(question)
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        self.store().summarise(question)
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.store().drop_where(selection)
    }

    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        self.store().position(input)
    }

    fn wholes(&self, digest: &Digest) -> Result<Vec<Arc<str>>, StoreError> {
        self.store().wholes(digest)
    }

    fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        self.store().forget_expired(now)
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.store().stats()
    }

    fn readiness(&self) -> Result<Readiness, StoreError> {
        self.store().readiness()
    }
}
