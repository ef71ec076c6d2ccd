//! The durable engine: a journal, sorted batches in memory, sorted runs on disk.
//!
//! ```text
//! absorb ─> sorted batch ─> journal, synced ─> seen by readers ─(64 at a time)─> run ─(16 at a time)─> larger run
//! ```
//!
//! # The folder
//!
//! | file | content |
//! | --- | --- |
//! | `MANIFEST` | which runs and ledgers count, which journals are still needed (`manifest`) |
//! | `00000003.ledger` | all sources, and how much of each input was imported (`ledger`) |
//! | `00000001.run` | entries in both orders, never changed (`run`) |
//! | `00000002.journal` | absorbed batches that are not in a run yet (`journal`) |
//! | `LOCK` | locked by the writer, or shared by readers without a writer (`lock`) |
//!
//! Each module describes its format in its first comment. Together they are format 2, which the manifest states. A newer format
//! is refused and not changed; an older one is converted when the folder is opened for writing (`migration`). Other files with
//! such a name that the manifest does not list were left by a process that did not finish, and are removed by the next writer.
//!
//! # Durability
//!
//! A batch is one record of the journal, and is acknowledged when that record is synced. A run is synced before the manifest
//! lists it, a manifest replaces the previous one by renaming, and only then is a journal or an older run removed. So after a
//! crash at any moment, each batch is in exactly one place. The words of a tuple merge in any order ([`store::Store`]), so
//! answers do not depend on which parts have already been merged.
//!
//! # Threads
//!
//! [`Runs`] absorbs batches on the caller's thread (`intake`). Any number of callers may do so at once; they share syncs. One
//! thread makes runs of batches, another one merges runs (`upkeep`). Readers work on a `snapshot` and never wait. All file
//! operations go through [`Folder`].
//!
//! Errors are [`Error`]: damage names the file and the offset, and is never returned as an answer. As a [`Store`], the engine
//! converts errors into [`StoreError`].

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
/// When it is dropped, data that is only in the journal is written into a run, so that the next opening is fast.
pub struct Runs {
    intake: Arc<Intake>,
    workers: Vec<JoinHandle<()>>,
    /// Released last.
    _lock: Option<Lock>,
}

/// How much memory an engine may use, and how it organises its files.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The size of the cache of decompressed blocks, in bytes.
    pub cache: u64,
    /// The size of the batches that are collected for one run, in bytes; up to three times as much is in memory.
    pub memory: usize,
    /// How many runs of similar size are merged into one.
    pub fan_in: usize,
    /// Whether the engine absorbs nothing and changes no file; any number of such engines may open a folder at the same time.
    pub read_only: bool,
    /// The limits on sources and inputs.
    pub limits: Limits,
    /// The current time, in seconds since the epoch, for converting a folder of an older format: later times are not plausible.
    pub now: Option<u64>,
}

/// The progress of opening a folder of an older format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The conversion is in progress.
    Migrating {
        /// How much is done, in an arbitrary unit.
        done: u64,
        /// The total in the same unit, at least 1.
        total: u64,
    },
    /// The folder was converted to the current format.
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
    /// Opens the database in a folder; creates one if the folder is empty or does not exist, unless it is opened for reading
    /// only.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::Empty`], [`Error::Foreign`], [`Error::Newer`], [`Error::Older`], [`Error::NoRoom`],
    /// [`Error::Missing`], [`Error::Damage`], [`Error::Io`].
    pub fn open(folder: &Path, options: Options) -> Result<Self, Error> {
        Self::open_telling(folder, options, &mut |_| {})
    }

    /// As [`Self::open`]; reports the progress while a folder of an older format is converted, which takes as long as writing
    /// all of it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_telling(folder: &Path, options: Options, tell: &mut dyn FnMut(Step)) -> Result<Self, Error> {
        opening::make(folder, options)?;
        let lock = Lock::take(folder, !options.read_only)?;
        Self::begin(Arc::new(RealFolder::new(folder)), options, Some(lock), tell)
    }

    /// As [`Self::open`], on files that no other process uses, which the caller ensures.
    ///
    /// # Errors
    /// As [`Self::open`], except [`Error::Locked`].
    pub fn open_files(files: Arc<dyn Folder>, options: Options) -> Result<Self, Error> {
        Self::open_files_telling(files, options, &mut |_| {})
    }

    /// As [`Self::open_files`] and [`Self::open_telling`].
    ///
    /// # Errors
    /// As [`Self::open`], except [`Error::Locked`].
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

    /// Writes everything into runs.
    ///
    /// # Errors
    /// I/O errors.
    pub fn flush(&self) -> Result<(), Error> {
        self.intake.flush()
    }

    /// Merges all runs into one, so that lookups read as little as possible, and merges the rows of tuples that an earlier
    /// version stored separately because of their spelling.
    ///
    /// # Errors
    /// I/O errors, and damage.
    pub fn compact(&self) -> Result<(), Error> {
        self.intake.compact()
    }

    /// Reads all data again and checks it.
    ///
    /// # Errors
    /// The first damage.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, Error> {
        verify::verify(&self.intake, progress)
    }

    /// Creates a folder that opens as a copy of this database; files that never change are linked if possible.
    ///
    /// # Errors
    /// I/O errors; the folder is removed again then.
    pub fn backup(&self, to: &Path, from: &Path) -> Result<(), Error> {
        backup::backup(&self.intake, from, to)
    }

    /// The space on disk and in memory.
    pub fn sizes(&self) -> Sizes {
        self.intake.sizes()
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.intake.stop();
        for worker in self.workers.drain(..) {
            // A panic there was already printed, and does not affect what is durable.
            let _ = worker.join();
        }
        // Work that cannot be done now is done after the folder is opened again.
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

    fn lookup_at_once(&self, question: &Question) -> Option<Page> {
        engine::lookup(&snapshot::InMemory(&self.intake.snapshot()), question).ok()
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
