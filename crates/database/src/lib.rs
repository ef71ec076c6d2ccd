//! The durable database of a folder, whoever has it: opened here, or asked through the socket of the server that has it open.
//!
//! One process at a time writes to a folder ([`runs::Runs`] locks it), and a server is one that does for long. So that every
//! command works the same while it runs, it listens on [`SOCKET`] in the folder ([`Door`]), and [`Database::open`] goes there
//! when somebody listens. A command asks a [`Database`] and does not know which it is: it is a [`Store`], and has what
//! engines with files have besides.
//!
//! Both ends of that conversation are in this room because they change together: `wire` says what is said, `remote` asks,
//! `door` answers. It is not HTTP: batches and pages are octets that need no text in between, and the ones that talk are always
//! of one machine and mostly of one version. Errors are [`StoreError`], the same at either end; a server that goes away is of
//! the kind `Unavailable`.

mod door;
mod forget;
mod remote;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cof::{Batch, Digest};
use runs::{Options, Runs, Sizes, Step, Verified};
use store::{
    Page, Question, Reached, Receipt, Selection, Stats, Store, StoreError, StoreErrorKind, Summary, Ticket,
};

pub use door::Door;
use remote::Remote;

/// The socket in a folder, of mode 0600.
pub const SOCKET: &str = "backsight.sock";

/// A passive-DNS database in a folder.
pub enum Database {
    /// Opened by this process.
    Local {
        /// The engine.
        runs: Runs,
        /// Where it is.
        folder: PathBuf,
    },
    /// Asked through the server that has it open.
    Remote(Remote),
}

impl Database {
    /// Opens a folder's database, or finds the server that has it.
    ///
    /// While another process than a server has it, `again` is asked with the error whether to try once more; it is the one that
    /// waits.
    ///
    /// # Errors
    /// Those of [`Runs::open`], the kind `Unavailable` when a server is there and does not answer, and
    /// `Incompatible` when that server is of another version.
    pub fn open(
        folder: &Path,
        options: Options,
        again: &mut dyn FnMut(&StoreError) -> bool,
    ) -> Result<Self, StoreError> {
        Self::open_telling(folder, options, &mut |_| {}, again)
    }

    /// As [`Self::open`]; `tell` hears how far it is while a folder of an older format is brought into today's.
    ///
    /// # Errors
    /// Those of [`Self::open`].
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
                        // Nobody listens there: we have the lock, and asked.
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

    /// Whether a folder holds nothing at all yet, not even something else.
    pub fn is_empty(folder: &Path) -> bool {
        runs::is_empty(folder)
    }

    /// The process of the server in use, if any.
    pub fn server(&self) -> Option<u32> {
        match self {
            Self::Local { .. } => None,
            Self::Remote(remote) => Some(remote.process()),
        }
    }

    /// Makes one run of all, so that questions read as little as possible.
    ///
    /// # Errors
    /// The disk's, and damage.
    pub fn compact(&self) -> Result<(), StoreError> {
        match self {
            Self::Local { runs, .. } => Ok(runs.compact()?),
            Self::Remote(remote) => remote.compact(),
        }
    }

    /// Reads everything again and checks it; `progress` hears how many entries were read, of how many at most.
    ///
    /// # Errors
    /// The first damage.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, StoreError> {
        match self {
            Self::Local { runs, .. } => Ok(runs.verify(progress)?),
            Self::Remote(remote) => remote.verify(progress),
        }
    }

    /// Creates a folder with a copy of the current database.
    ///
    /// # Errors
    /// The disk's; then there is no such folder.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        match self {
            Self::Local { runs, folder } => Ok(runs.backup(to, folder)?),
            Self::Remote(remote) => remote.backup(to),
        }
    }

    /// How many entries [`Store::drop_where`] would drop now.
    ///
    /// # Errors
    /// The engine's.
    pub fn count_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        match self {
            Self::Local { runs, .. } => forget::count(runs, selection),
            Self::Remote(remote) => remote.count_where(selection),
        }
    }

    /// What it takes on disk and in memory.
    ///
    /// # Errors
    /// The socket's.
    pub fn sizes(&self) -> Result<Sizes, StoreError> {
        match self {
            Self::Local { runs, .. } => Ok(runs.sizes()),
            Self::Remote(remote) => remote.sizes(),
        }
    }

    fn store(&self) -> &dyn Store {
        match self {
            Self::Local { runs, .. } => runs,
            Self::Remote(remote) => remote,
        }
    }
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

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        self.store().lookup(question)
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
}
