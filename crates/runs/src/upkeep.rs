//! Background work: making runs of batches, merging runs, and dropping data.
//!
//! [`spawn`] starts a thread for each of the first two. Every change has the same three steps: write a run, list it in the
//! manifest, and make it visible; then what it replaces is removed. Failed work is tried again when there is more to do, and
//! the error is reported to callers that have to wait for it.
//!
//! Whenever runs are merged, tuples whose data an earlier version stored in another form (text that can be parsed now, another
//! spelling of data that is canonical now) get their current key and are merged with the rows of the same record. The format
//! does not change: until then, both rows are found by their owner as before.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::intake::{Held, Intake, lock};
use super::journal;
use super::ledger::{self, Change};
use super::manifest::Manifest;
use super::merge::{Cursor, Merge};
use super::pool::{self, Destination, Pool};
use super::run::{Blocks, Run, RunCursor, RunEntry};
use super::run_writer::{self, Input, Keep};
use super::snapshot::{Frozen, Snapshot};
use super::sources::Sources;
use super::word::{self, StoredWord};
use store::Selection;
use store::engine::key::Parts;
use store::engine::{LastSeen, Side};

/// How long after a failure work is tried again, if no caller asks for it before.
const PAUSE: Duration = Duration::from_secs(1);

/// The size of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// The number of files with sorted entries.
    pub runs: u64,
    /// The size of these files in bytes.
    pub octets: u64,
    /// The tuples in these files; a tuple in several files is counted in each.
    pub tuples: u64,
    /// The memory of data that is only in the journal, in bytes.
    pub memory: u64,
}

/// The nice value of the background threads: about a tenth of a core that other threads want as well.
const PRIORITY: i32 = 10;

/// One piece of work; returns whether there was any.
type Work = fn(&Intake) -> Result<bool, Error>;

/// Starts the background threads, which run until the engine is stopped.
pub(super) fn spawn(intake: &Arc<Intake>) -> Vec<JoinHandle<()>> {
    let works: [(&str, Work); 2] = [("store-flush", Intake::flush_one), ("store-merge", Intake::merge_some)];
    let spawned = works.into_iter().filter_map(|(name, work)| {
        let intake = Arc::clone(intake);
        // Without these threads the engine still absorbs batches until writers have to wait; closing then does the work.
        std::thread::Builder::new().name(name.into()).spawn(move || intake.work(work)).ok()
    });
    spawned.collect()
}

impl Intake {
    fn work(&self, work: Work) {
        // On Linux, this applies to the thread. Readers must not be delayed by work that nobody waits for; writers wait if it
        // falls behind.
        let _ = rustix::process::nice(PRIORITY);
        while !self.stopped.load(Ordering::Relaxed) {
            let announced = self.announced.load(Ordering::Relaxed);
            let done = work(self);
            let mut trouble = lock(&self.trouble);
            let idle = done != Ok(true);
            match done {
                Ok(true) => *trouble = None,
                Ok(false) => {}
                Err(Error::Stopped) => return,
                Err(error) => *trouble = Some((announced, error)),
            }
            self.tried.notify_all();
            if !idle {
                // The new run may make a merge possible.
                drop(self.announce(trouble));
            } else if self.announced.load(Ordering::Relaxed) == announced
                && !self.stopped.load(Ordering::Relaxed)
            {
                drop(self.work.wait_timeout(trouble, PAUSE));
            }
        }
    }

    /// Ends the background work.
    pub(super) fn stop(&self) {
        let trouble = lock(&self.trouble);
        self.stopped.store(true, Ordering::Relaxed);
        self.tried.notify_all();
        drop(self.announce(trouble));
    }

    /// Writes everything into runs; after that, the folder needs no journal.
    pub(super) fn close(&self) -> Result<(), Error> {
        if self.options.read_only {
            return Ok(());
        }
        self.flush()?;
        if let Some(journal) = self.end() {
            self.record(|manifest| manifest.journals.clear())?;
            let _ = self.files.remove(&journal::name(journal));
        }
        Ok(())
    }

    pub(super) fn flush(&self) -> Result<(), Error> {
        if self.has_journalled() {
            self.freeze()?;
        }
        while self.flush_one()? {}
        Ok(())
    }

    /// Makes a run of the oldest frozen batches.
    fn flush_one(&self) -> Result<bool, Error> {
        let _turn = lock(&self.flushing);
        let snapshot = self.snapshot();
        let Some(frozen) = snapshot.frozen.first() else { return Ok(false) };
        let keys = |side| frozen.batches.iter().map(|batch| batch.keys(side)).sum();
        let sources = Arc::clone(&snapshot.sources);
        let run = self.write(
            &|side| {
                let cursors = frozen.batches.iter().map(|batch| batch.cursor(side));
                Merge::from(cursors, &[], Arc::clone(&sources))
            },
            [Side::Owner, Side::Rdata].map(keys),
            &mut |_, _, _| Ok(true),
            &|| false,
        )?;
        self.record_with(&sources, &frozen.changes, |manifest| {
            manifest.runs.extend(run.as_ref().map(|run| run.entry().clone()));
            manifest.journals.retain(|journal| *journal != frozen.journal);
        })?;
        self.show(|snapshot| {
            snapshot.frozen.retain(|other| other.journal != frozen.journal);
            snapshot.runs.extend(run);
        });
        // If it cannot be removed now, it is removed at the next opening.
        let _ = self.files.remove(&journal::name(frozen.journal));
        Ok(true)
    }

    /// Merges several runs of similar size into one, if there are enough.
    fn merge_some(&self) -> Result<bool, Error> {
        let _turn = lock(&self.merging);
        let snapshot = self.snapshot();
        let fan_in = self.options.fan_in.max(2);
        let enough = |runs: &Vec<Arc<Run>>| runs.len() >= fan_in;
        let Some(runs) = snapshot.sizes(fan_in).into_values().find(enough) else { return Ok(false) };
        self.merge(&runs, &mut |_, _, _| Ok(true), &|| self.stopped.load(Ordering::Relaxed), &[])?;
        Ok(true)
    }

    pub(super) fn compact(&self) -> Result<(), Error> {
        self.writable()?;
        self.flush()?;
        let _turn = lock(&self.merging);
        let runs = self.snapshot().runs.clone();
        if runs.len() < 2 && !is_older(&runs)? {
            return Ok(());
        }
        self.merge(&runs, &mut |_, _, _| Ok(true), &|| false, &[])?;
        // Tuples that got another key are in a run of their own.
        let runs = self.snapshot().runs.clone();
        if runs.len() < 2 { Ok(()) } else { self.merge(&runs, &mut |_, _, _| Ok(true), &|| false, &[]) }
    }

    /// Drops everything that a selection covers, in one step for readers. Nothing is absorbed in the meantime, except for
    /// [`Selection::LastSeenBefore`]: a database that is fed goes on while old records are dropped, and a record that is seen again
    /// while it is dropped begins anew.
    pub(super) fn drop_where(&self, selection: &Selection) -> Result<u64, Error> {
        self.writable()?;
        let _turn = lock(&self.merging);
        if matches!(selection, Selection::LastSeenBefore(_)) {
            self.flush()?;
            return if self.has_any(selection)? { self.drop_from_runs(selection, &[]) } else { Ok(0) };
        }
        let mut held = self.hold_flushed()?;
        let forgotten = match selection {
            Selection::Origin(origin) => held.that_named(origin.as_ref()),
            Selection::LastSeenBefore(_) | Selection::Suffix(_) => Vec::new(),
        };
        let dropped = self.drop_from_runs(selection, &forgotten)?;
        held.forget(&forgotten);
        Ok(dropped)
    }

    /// Whether there is anything to drop. This reads up to the first of it, so that nothing is written in vain every day.
    fn has_any(&self, selection: &Selection) -> Result<bool, Error> {
        let snapshot = self.snapshot();
        let mut entries = owners(&snapshot.runs, &snapshot.sources)?;
        let mut words = Vec::new();
        while entries.advance()? {
            words.clear();
            words.extend_from_slice(entries.words());
            if cut(selection, Side::Owner, entries.key(), &mut words, &snapshot.sources)? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Drops what a selection covers from all runs, and returns how many entries that were.
    fn drop_from_runs(&self, selection: &Selection, forgotten: &[Change]) -> Result<u64, Error> {
        let snapshot = self.snapshot();
        let mut dropped = 0;
        let mut keep = |side: Side, key: &[u8], words: &mut Vec<u8>| {
            let gone = cut(selection, side, key, words, &snapshot.sources)?;
            dropped += if side == Side::Owner { gone } else { 0 };
            Ok(!words.is_empty())
        };
        self.merge(&snapshot.runs, &mut keep, &|| false, forgotten)?;
        Ok(dropped)
    }

    /// Writes everything into runs, and prevents absorbing until the guard is dropped.
    pub(super) fn hold_flushed(&self) -> Result<Held<'_>, Error> {
        loop {
            self.flush()?;
            let held = self.hold();
            // Another caller may have absorbed a batch since the flush.
            if held.is_flushed(&self.snapshot()) {
                return Ok(held);
            }
        }
    }

    /// Replaces runs with one run, and with further ones for tuples that have another key now; the ledger changes together with
    /// them. Files left by a failure are removed at the next opening.
    fn merge(
        &self,
        runs: &[Arc<Run>],
        keep: &mut Keep<'_>,
        stopped: &dyn Fn() -> bool,
        changes: &[Change],
    ) -> Result<(), Error> {
        let sources = Arc::clone(&self.snapshot().sources);
        let heads = runs.iter().fold([0, 0], |[owners, targets], run| {
            [owners + run.entry().heads[0], targets + run.entry().heads[1]]
        });
        let entries = |side| {
            let cursor =
                |run: &Arc<Run>| Cursor::Run(Box::new(RunCursor::new(Arc::clone(run), side, Blocks::InFile)));
            Merge::from(runs.iter().map(cursor), &[], Arc::clone(&sources))
        };
        let mut number = || self.number();
        let memory = self.options.memory;
        let mut to = Destination { files: &*self.files, sources: &sources, memory, number: &mut number };
        let mut pool = Pool::default();
        let mut words = Vec::new();
        let mut renew = |side: Side, key: &[u8], octets: &mut Vec<u8>| {
            if !keep(side, key, octets)? {
                return Ok(false);
            }
            let Some(tuple) = pool::current(side, key)? else { return Ok(true) };
            if side == Side::Owner {
                words.clear();
                word::take_all(octets, &mut words).ok_or(Error::Damaged)?;
                pool.add(tuple, &words, &mut to)?;
            }
            Ok(false)
        };
        let merged = self.write(&entries, heads, &mut renew, stopped)?;
        let mut made: Vec<Arc<Run>> = merged.into_iter().collect();
        for entry in pool.finish(&mut to)? {
            made.push(Arc::new(Run::open(&*self.files, entry)?));
        }
        let replaced = |number: u64| runs.iter().any(|run| run.entry().number == number);
        self.record_with(&Sources::default(), changes, |manifest| {
            manifest.runs.retain(|entry| !replaced(entry.number));
            manifest.runs.extend(made.iter().map(|run| run.entry().clone()));
        })?;
        self.show(|snapshot| {
            snapshot.runs.retain(|run| !replaced(run.entry().number));
            snapshot.runs.extend(made);
        });
        for run in runs {
            let _ = self.files.remove(run.name());
        }
        Ok(())
    }

    fn write(
        &self,
        entries: &dyn Fn(Side) -> Result<Merge, Error>,
        heads: [u64; 2],
        keep: &mut Keep<'_>,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Option<Arc<Run>>, Error> {
        let mut input = Input { entries, heads, keep, stopped };
        let entry = run_writer::write(&*self.files, self.number(), &mut input)?;
        let open = |entry: RunEntry| Run::open(&*self.files, entry).map(Arc::new);
        entry.map(open).transpose()
    }

    /// Changes the manifest on disk; the copy in memory only changes if that succeeds.
    pub(super) fn record(&self, change: impl FnOnce(&mut Manifest)) -> Result<(), Error> {
        self.record_with(&Sources::default(), &[], change)
    }

    /// Changes the manifest on disk together with the ledger: these sources are known, and these changes are recorded.
    fn record_with(
        &self,
        sources: &Sources,
        changes: &[Change],
        change: impl FnOnce(&mut Manifest),
    ) -> Result<(), Error> {
        let mut known = lock(&self.manifest);
        let mut ledgers = lock(&self.ledgers);
        let mut manifest = known.clone();
        change(&mut manifest);
        let number = || self.number();
        let appended = ledgers.append(&*self.files, &mut manifest.ledgers, &number, sources, changes)?;
        manifest.next = self.next.load(Ordering::Relaxed);
        if let Err(error) = manifest.write(&*self.files) {
            // It is unknown whether what was appended counts, so it is written again to another file.
            ledgers.end_file();
            return Err(error);
        }
        *known = manifest;
        if let Some(appended) = appended {
            for number in &appended.replaced {
                let _ = self.files.remove(&ledger::name(*number));
            }
            ledgers.confirm(appended);
        }
        Ok(())
    }

    fn writable(&self) -> Result<(), Error> {
        if self.options.read_only { Err(Error::ReadOnly) } else { Ok(()) }
    }

    pub(super) fn sizes(&self) -> Sizes {
        let snapshot: Arc<Snapshot> = self.snapshot();
        let frozen = snapshot.frozen.iter().flat_map(|frozen: &Arc<Frozen>| &frozen.batches);
        let memory = frozen.chain(&snapshot.active).map(|batch| batch.octets() as u64).sum();
        let sum = |of: fn(&RunEntry) -> u64| snapshot.runs.iter().map(|run| of(run.entry())).sum();
        Sizes {
            runs: snapshot.runs.len() as u64,
            octets: sum(|entry| entry.octets),
            tuples: sum(|entry| entry.tuples),
            memory,
        }
    }
}

/// The tuples of runs by owner.
fn owners(runs: &[Arc<Run>], sources: &Arc<Sources>) -> Result<Merge, Error> {
    let cursor =
        |run: &Arc<Run>| Cursor::Run(Box::new(RunCursor::new(Arc::clone(run), Side::Owner, Blocks::InFile)));
    Merge::from(runs.iter().map(cursor), &[], Arc::clone(sources))
}

/// Whether there is a tuple that has another key now.
fn is_older(runs: &[Arc<Run>]) -> Result<bool, Error> {
    for run in runs {
        let mut cursor = RunCursor::new(Arc::clone(run), Side::Owner, Blocks::InFile);
        while cursor.advance()? {
            if pool::current(Side::Owner, cursor.key())?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Removes what a selection covers from the words of a tuple, and returns how many words were removed.
fn cut(
    selection: &Selection,
    side: Side,
    key: &[u8],
    octets: &mut Vec<u8>,
    sources: &Sources,
) -> Result<u64, Error> {
    let mut words = Vec::new();
    word::take_all(octets, &mut words).ok_or(Error::Damaged)?;
    let before = words.len();
    match selection {
        Selection::LastSeenBefore(time) => {
            let kind = |word: &StoredWord| {
                sources.by_id(word.source).map(|source| source.kind).ok_or(Error::Damaged)
            };
            let mut last = LastSeen::default();
            for word in &words {
                last.hear(kind(word)?, word.value.last);
            }
            words.retain(|word| kind(word).is_ok_and(|kind| !last.is_before(kind, *time)));
        }
        Selection::Origin(origin) => {
            let spoke =
                |word: &StoredWord| sources.by_id(word.source).is_some_and(|known| known.origin == *origin);
            words.retain(|word| !spoke(word));
        }
        Selection::Suffix(name) => {
            let parts = match side {
                Side::Owner => Parts::of_owner_key(key),
                Side::Rdata => Parts::of_rdata_key(key),
            };
            if store::engine::is_within(parts.ok_or(Error::Damaged)?.owner, name) {
                words.clear();
            }
        }
    }
    if words.len() < before {
        octets.clear();
        for word in &words {
            word.push(octets);
        }
    }
    Ok((before - words.len()) as u64)
}
