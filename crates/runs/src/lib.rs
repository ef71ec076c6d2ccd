//! The durable engine: a journal, sorted batches in memory, sorted runs on disk.
//!
//! ```text
//! absorb ─> sorted batch ─> journal, synced ─> seen by readers ─(64 at a time)─> run ─(16 at a time)─> larger run
//! ```
//!
//! # The folder
//!
//! | file | what it is |
//! | --- | --- |
//! | `MANIFEST` | which runs and ledgers count, which journals are still needed (`manifest`) |
//! | `00000003.ledger` | all sources, how much of each input was taken in (`ledger`) |
//! | `00000001.run` | entries in both orders, never changed (`run`) |
//! | `00000002.journal` | what was taken in and is in no run yet (`journal`) |
//! | `LOCK` | locked by whoever writes, shared by those who only read (`lock`) |
//!
//! Each format stands at the top of its module; all of it together is format 2, which the manifest states. A newer one is
//! refused and left as it is, an older one is brought into ours when it is opened for writing (`migration`). What else bears one of these names and is not in the manifest is left of somebody who did not
//! get further, and is removed by the next who writes.
//!
//! # What lasts
//!
//! A batch is one record of the journal, and acknowledged when that is synced. A run is synced before the manifest names it, the
//! manifest replaces the one before by its name, and only then is a journal or an older run removed: whatever is cut off in
//! between, each batch is in exactly one place. Words on a tuple merge in any order ([`store::Store`]), so it does not matter
//! which parts have met when somebody asks.
//!
//! # Who does what
//!
//! [`Runs`] takes in on the caller's thread (`intake`), of which any number may be at it: they share syncs. One thread makes runs
//! of batches, another one merges runs (`upkeep`). Readers work on a `snapshot` and wait for nobody. All file work goes
//! through [`Folder`].
//!
//! Errors are [`Error`]: damage names file and place, and is never an answer. As a [`Store`], the engine converts them into
//! [`StoreError`].

mod advance;
mod backup;
mod batch;
mod block;
mod bloom;
mod cache;
mod checksum;
mod error;
mod file;
mod format1;
#[cfg(fuzzing)]
pub mod fuzzing;
mod intake;
mod journal;
mod ledger;
mod lock;
mod manifest;
mod merge;
mod migration;
mod opening;
mod pool;
mod run;
mod run_writer;
mod snapshot;
mod sources;
mod upkeep;
mod varint;
mod verify;
mod word;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use cof::{Batch, Digest};

pub use backup::restore;
pub use error::Error;
pub use file::{FileRead, FileWrite, Folder, RealFolder};
use intake::Intake;
use lock::Lock;
pub use migration::Migrated;
pub use opening::is_empty;
use store::engine;
use store::{Limits, Page, Question, Reached, Receipt, Selection, Stats, Store, StoreError, Summary, Ticket};
pub use upkeep::Sizes;
pub use verify::Verified;

/// A passive-DNS database in a folder.
///
/// When it is dropped, what is only in the journal is put into a run, so that opening takes no time.
pub struct Runs {
    intake: Arc<Intake>,
    workers: Vec<JoinHandle<()>>,
    /// Given back last.
    _lock: Option<Lock>,
}

/// How much memory an engine may use, and how it lays out its files.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Octets of blocks that are kept decompressed.
    pub cache: u64,
    /// Octets of batches that are gathered for one run; up to three times as much is in memory.
    pub memory: usize,
    /// How many runs of about the same size become one.
    pub fan_in: usize,
    /// Takes nothing in and changes no file; any number of these may have a folder at once.
    pub read_only: bool,
    /// How many sources and inputs are remembered.
    pub limits: Limits,
    /// The time, in seconds since the epoch, by which a folder of an older format is brought into ours: later times are not believed.
    pub now: Option<u64>,
}

/// What opening a folder of an older format does, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So much has been done, of so much in all.
    Migrating {
        /// In no unit in particular.
        done: u64,
        /// At least 1.
        total: u64,
    },
    /// The folder has our format now.
    Migrated(Migrated),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache: 64 << 20,
            memory: 32 << 20,
            fan_in: 16,
            read_only: false,
            limits: Limits::USUAL,
            now: None,
        }
    }
}

impl Runs {
    /// Opens the database in a folder; makes one if the folder is empty or not there, unless it is only to be read.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Empty`], [`Error::Foreign`], [`Error::Newer`], [`Error::Older`],
    /// [`Error::NoRoom`], [`Error::Missing`],
    /// [`Error::Damage`], [`Error::Io`].
    pub fn open(folder: &Path, options: Options) -> Result<Self, Error> {
        Self::open_telling(folder, options, &mut |_| {})
    }

    /// As [`Self::open`]; says how far it is while a folder of an older format is brought into ours, which takes as long as
    /// writing all of it.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_telling(folder: &Path, options: Options, tell: &mut dyn FnMut(Step)) -> Result<Self, Error> {
        opening::make(folder, options)?;
        let lock = Lock::take(folder, !options.read_only)?;
        Self::begin(Arc::new(RealFolder::new(folder)), options, Some(lock), tell)
    }

    /// As [`Self::open`], on files that the caller sees to it that nobody else has.
    ///
    /// # Errors
    /// Those of [`Self::open`] but `Locked`.
    pub fn open_files(files: Arc<dyn Folder>, options: Options) -> Result<Self, Error> {
        Self::open_files_telling(files, options, &mut |_| {})
    }

    /// As [`Self::open_files`], and [`Self::open_telling`].
    ///
    /// # Errors
    /// Those of [`Self::open`] but `Locked`.
    pub fn open_files_telling(
        files: Arc<dyn Folder>,
        options: Options,
        tell: &mut dyn FnMut(Step),
    ) -> Result<Self, Error> {
        Self::begin(files, options, None, tell)
    }

    fn begin(
        files: Arc<dyn Folder>,
        options: Options,
        lock: Option<Lock>,
        tell: &mut dyn FnMut(Step),
    ) -> Result<Self, Error> {
        let intake = Arc::new(opening::open(files, options, tell)?);
        let workers = if options.read_only { Vec::new() } else { upkeep::spawn(&intake) };
        Ok(Self { intake, workers, _lock: lock })
    }

    /// Puts everything into runs.
    ///
    /// # Errors
    /// The disk's.
    pub fn flush(&self) -> Result<(), Error> {
        self.intake.flush()
    }

    /// Makes one run of all, so that questions read as little as possible, and one row of tuples that an earlier version
    /// kept apart by spelling.
    ///
    /// # Errors
    /// The disk's, and damage.
    pub fn compact(&self) -> Result<(), Error> {
        self.intake.compact()
    }

    /// Reads everything again and checks it.
    ///
    /// # Errors
    /// The first damage.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, Error> {
        verify::verify(&self.intake, progress)
    }

    /// Makes a folder that opens as this database is now: files that never change as links where that is possible.
    ///
    /// # Errors
    /// The disk's; then the folder is removed again.
    pub fn backup(&self, to: &Path, from: &Path) -> Result<(), Error> {
        backup::backup(&self.intake, from, to)
    }

    /// What it takes on disk and in memory.
    pub fn sizes(&self) -> Sizes {
        self.intake.sizes()
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.intake.stop();
        for worker in self.workers.drain(..) {
            // A panic there has been printed; what lasts does not depend on it.
            let _ = worker.join();
        }
        // What cannot be done now is done by the next who opens the folder.
        let _ = self.intake.close();
    }
}

impl Store for Runs {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        self.redeem(self.submit(batch)?)
    }

    fn submit(&self, batch: Batch) -> Result<Ticket, StoreError> {
        Ok(self.intake.submit(&batch)?)
    }

    fn redeem(&self, ticket: Ticket) -> Result<Receipt, StoreError> {
        Ok(self.intake.redeem(&ticket)?)
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        engine::lookup(&*self.intake.snapshot(), question)
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        engine::summarise(&*self.intake.snapshot(), question)
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        Ok(self.intake.drop_where(selection)?)
    }

    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        Ok(self.intake.position(input))
    }

    fn wholes(&self, digest: &Digest) -> Result<Vec<Arc<str>>, StoreError> {
        Ok(self.intake.wholes(digest))
    }

    fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        Ok(self.intake.forget_expired(now))
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        Ok(self.intake.stats())
    }
}
