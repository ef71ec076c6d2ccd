//! The state at one moment: readers see it unchanged, whatever is written in the meantime.
//!
//! A [`Snapshot`] never changes; writers replace it with another one. Files of runs that are no longer part of the store are
//! removed, and stay readable for readers that still hold a snapshot with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::batch::Batch;
use super::cache::Cache;
use super::ledger::Change;
use super::merge::{Cursor, Merge};
use super::run::{Blocks, Run, RunCursor};
use super::sources::Sources;
use super::word::StoredWord;
use store::StoreError;
use store::engine::KeyRange;
use store::engine::Word;
use store::engine::{Side, Tuples, Walk};

/// Runs below this size, in bytes, count as the same size.
const SMALLEST: u64 = 1 << 16;

/// All data at one moment.
#[derive(Clone)]
pub(super) struct Snapshot {
    /// The runs in files.
    pub(super) runs: Vec<Arc<Run>>,
    /// The batches that wait to become a run, oldest first.
    pub(super) frozen: Vec<Arc<Frozen>>,
    /// The batches since then.
    pub(super) active: Vec<Arc<Batch>>,
    pub(super) sources: Arc<Sources>,
    pub(super) cache: Arc<Cache>,
}

/// The batches of a journal to which nothing more is appended.
pub(super) struct Frozen {
    /// The journal's number.
    pub(super) journal: u64,
    pub(super) batches: Vec<Arc<Batch>>,
    /// Changes that are not in the ledger's files yet.
    pub(super) changes: Vec<Change>,
}

impl Snapshot {
    /// The number of entries by owner in all parts.
    pub(super) fn entries(&self) -> u64 {
        let batches: u64 = self.batches().map(|batch| batch.entries()).sum();
        batches + self.runs.iter().map(|run| run.entry().words).sum::<u64>()
    }

    /// Runs by approximate size, in powers of the fan-in.
    pub(super) fn sizes(&self, fan_in: usize) -> BTreeMap<u32, Vec<Arc<Run>>> {
        let mut sizes: BTreeMap<u32, Vec<Arc<Run>>> = BTreeMap::new();
        for run in &self.runs {
            let size = (run.entry().octets.max(SMALLEST) / SMALLEST).ilog(fan_in.max(2) as u64);
            sizes.entry(size).or_default().push(Arc::clone(run));
        }
        sizes
    }

    fn batches(&self) -> impl Iterator<Item = &Arc<Batch>> {
        self.frozen.iter().flat_map(|frozen| &frozen.batches).chain(&self.active)
    }

    /// A cursor for every part that may have entries of a range.
    fn cursors<'a>(
        &'a self,
        side: Side,
        range: &'a KeyRange,
        blocks: &'a Blocks,
    ) -> impl Iterator<Item = Cursor> + 'a {
        let head = range.whole_head();
        let runs = self.runs.iter().filter(move |run| head.is_none_or(|head| run.may_have(side, head)));
        let runs =
            runs.map(move |run| Cursor::Run(Box::new(RunCursor::new(Arc::clone(run), side, blocks.clone()))));
        let batches = self.batches().filter(move |batch| head.is_none_or(|head| batch.may_have(side, head)));
        batches.map(move |batch| batch.cursor(side)).chain(runs)
    }

    fn stretch(&self, side: Side, range: &KeyRange, blocks: &Blocks) -> Result<Stretch<'_>, StoreError> {
        let cursors = range.bounds().map(|_| self.cursors(side, range, blocks));
        let sources = Arc::clone(&self.sources);
        let merge = Merge::from(cursors.into_iter().flatten(), range.start(), sources)?;
        Ok(Stretch { merge, range: range.clone(), sources: &self.sources })
    }
}

impl Tuples for Snapshot {
    fn walk(&self, side: Side, range: &KeyRange) -> Result<Box<dyn Walk<'_> + '_>, StoreError> {
        Ok(Box::new(self.stretch(side, range, &Blocks::Through(Arc::clone(&self.cache)))?))
    }
}

/// A snapshot of which only blocks that are in memory are read; any other is an error.
pub(super) struct InMemory<'a>(pub(super) &'a Snapshot);

impl Tuples for InMemory<'_> {
    fn walk(&self, side: Side, range: &KeyRange) -> Result<Box<dyn Walk<'_> + '_>, StoreError> {
        Ok(Box::new(self.0.stretch(side, range, &Blocks::Cached(Arc::clone(&self.0.cache)))?))
    }
}

/// The entries of a range.
struct Stretch<'a> {
    merge: Merge,
    range: KeyRange,
    sources: &'a Sources,
}

impl<'a> Walk<'a> for Stretch<'a> {
    fn advance(&mut self) -> Result<bool, StoreError> {
        Ok(self.merge.advance()? && self.range.reaches(self.merge.key()))
    }

    fn key(&self) -> &[u8] {
        self.merge.key()
    }

    fn words(&self, words: &mut Vec<Word<'a>>) -> Result<(), StoreError> {
        let mut rest = self.merge.words();
        while !rest.is_empty() {
            let word = StoredWord::take(&mut rest).ok_or(StoreError::Damaged)?;
            let source = self.sources.by_id(word.source).ok_or(StoreError::Damaged)?;
            words.push(Word { bailiwick: word.bailiwick, source, value: word.value });
        }
        Ok(())
    }
}
