//! Tuples that change their position, collected into runs of their own.
//!
//! Data that an earlier version stored in another form has another key now. While runs are rewritten, such tuples go to a
//! [`Pool`], which sorts them in memory and writes a run whenever it is full. [`current`] detects these tuples.
//!
//! Errors are I/O errors and damage.

use std::sync::Arc;

use cof::{Name, Observation, Rdata, RrType};

use super::batch::Batch;
use super::error::Error;
use super::file::Folder;
use super::merge::Merge;
use super::run::RunEntry;
use super::run_writer::{self, Input};
use super::sources::Sources;
use super::word::StoredWord;
use store::engine::Side;
use store::engine::key::{self, Parts};

/// Observations that are sorted together.
const BATCH: usize = 50_000;

/// The current form of a tuple.
pub(super) type Tuple = (Name, RrType, Rdata);

/// The current form of the tuple with this key; `None` if its key is unchanged.
///
/// # Errors
/// [`Error::Damaged`] for a key that cannot be split.
pub(super) fn current(side: Side, key: &[u8]) -> Result<Option<Tuple>, Error> {
    let parts = match side {
        Side::Owner => Parts::of_owner_key(key),
        Side::Rdata => Parts::of_rdata_key(key),
    };
    parts.and_then(|parts| parts.renewed()).ok_or(Error::Damaged)
}

/// Where runs are written.
pub(super) struct Destination<'a> {
    pub(super) files: &'a dyn Folder,
    /// The sources that the words of the tuples refer to.
    pub(super) sources: &'a Sources,
    /// Bytes that are collected for one run.
    pub(super) memory: usize,
    /// Returns the number of the next run.
    pub(super) number: &'a mut dyn FnMut() -> u64,
}

/// The collected tuples, and the runs that were written.
#[derive(Default)]
pub(super) struct Pool {
    waiting: cof::Batch,
    sorted: Vec<Arc<Batch>>,
    written: Vec<RunEntry>,
}

impl Pool {
    /// How many runs were written.
    pub(super) fn runs(&self) -> usize {
        self.written.len()
    }

    /// Adds the words of a tuple.
    pub(super) fn add(
        &mut self,
        (rrname, rrtype, rdata): Tuple,
        words: &[StoredWord],
        to: &mut Destination<'_>,
    ) -> Result<(), Error> {
        for word in words {
            self.waiting.observations.push(Observation {
                bailiwick: key::bailiwick_name(&rrname, word.bailiwick),
                rrname: rrname.clone(),
                rrtype,
                rdata: rdata.clone(),
                time_first: word.value.first,
                time_last: word.value.last,
                count: word.value.count,
                source: word.source as usize,
            });
        }
        if self.waiting.observations.len() >= BATCH { self.sort(to) } else { Ok(()) }
    }

    /// Writes the collected tuples; returns all runs that were written.
    pub(super) fn finish(mut self, to: &mut Destination<'_>) -> Result<Vec<RunEntry>, Error> {
        if !self.waiting.observations.is_empty() {
            self.sort(to)?;
        }
        self.write(to)?;
        Ok(self.written)
    }

    fn sort(&mut self, to: &mut Destination<'_>) -> Result<(), Error> {
        let ids: Vec<u32> = (0_u32..).take(to.sources.len()).collect();
        self.sorted.push(Arc::new(Batch::of(&self.waiting, &ids, to.sources)?));
        self.waiting.observations.clear();
        let octets: usize = self.sorted.iter().map(|batch| batch.octets()).sum();
        if octets >= to.memory { self.write(to) } else { Ok(()) }
    }

    fn write(&mut self, to: &mut Destination<'_>) -> Result<(), Error> {
        if self.sorted.is_empty() {
            return Ok(());
        }
        let batches = std::mem::take(&mut self.sorted);
        let sources = Arc::new(to.sources.clone());
        let heads = [Side::Owner, Side::Rdata].map(|side| batches.iter().map(|batch| batch.keys(side)).sum());
        let entries = |side| {
            let cursors = batches.iter().map(|batch| batch.cursor(side));
            Merge::from(cursors, &[], Arc::clone(&sources))
        };
        let mut input = Input { entries: &entries, heads, keep: &mut |_, _, _| Ok(true), stopped: &|| false };
        self.written.extend(run_writer::write(to.files, (to.number)(), &mut input)?);
        Ok(())
    }
}
