//! Absorbs batches: sort, append, sync, publish.
//!
//! [`Intake`] is the state that all threads share. A batch is sorted on its caller's thread, and appended under the lock of the
//! [`Writer`]. Then one of the waiting callers syncs for all who have appended so far, and makes the durable batches visible to
//! readers. Locks are acquired in the order of the fields of [`Intake`], and only `syncing` is held during a sync.
//!
//! A failed sync poisons the journal: nothing more is absorbed until the folder is opened again, because it is unknown what is
//! on disk. A full disk does not: what could not be appended completely is cut off again.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use cof::{Digest, Position};

use super::Options;
use super::advance::Advance;
use super::batch::Batch;
use super::error::Error;
use super::file::Folder;
use super::journal::{Journal, Record, Syncing};
use super::ledger::{self, Change, Ledger, LedgerFiles};
use super::manifest::Manifest;
use super::snapshot::{Frozen, Snapshot};
use super::sources::Sources;
use store::engine::check;
use store::{Reached, Receipt, Stats, Ticket};

/// Batches of up to this many entries are merged, [`GATHERED`] at a time, so that readers have few batches to search.
const SMALL: u64 = 1 << 13;
const GATHERED: usize = 16;
/// The approximate memory of a position that waits for its run, in bytes.
const CHANGE: usize = 256;
/// How many frozen journals may wait for the disk before writers have to wait.
const WAITING: usize = 2;
/// How many runs of one size, as a multiple of the fan-in, may wait for their merge before writers have to wait.
const BEHIND: usize = 3;

const REPEATED: Receipt = Receipt { observations: 0, repeated: true };

/// What the threads of an engine share.
pub(super) struct Intake {
    pub(super) files: Arc<dyn Folder>,
    pub(super) options: Options,
    /// The number of the next file.
    pub(super) next: AtomicU64,
    pub(super) stopped: AtomicBool,
    /// Held by whoever changes the set of runs, except for adding one.
    pub(super) merging: Mutex<()>,
    /// Held by whoever makes runs of frozen batches.
    pub(super) flushing: Mutex<()>,
    /// Held during a sync; the number of syncs so far.
    syncing: Mutex<usize>,
    writer: Mutex<Writer>,
    /// The manifest on disk.
    pub(super) manifest: Mutex<Manifest>,
    pub(super) ledgers: Mutex<LedgerFiles>,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Why the last background work failed, until one succeeds, and the number of announcements when it began.
    pub(super) trouble: Mutex<Option<(u64, Error)>>,
    /// Notified when there is work; the number of announcements lets a busy worker check again.
    pub(super) work: Condvar,
    pub(super) announced: AtomicU64,
    /// Notified when some work was tried.
    pub(super) tried: Condvar,
}

/// Held by whoever announces work or decides that there is none.
pub(super) type Trouble<'a> = MutexGuard<'a, Option<(u64, Error)>>;

/// The files that are being written.
struct Writer {
    /// `None` if nothing may be written.
    journal: Option<Journal>,
    sources: Arc<Sources>,
    /// How many of the sources are in the journal or the manifest.
    journalled: usize,
    ledger: Ledger,
    /// Changes of the batches in the journal that are not in the files of the ledger yet.
    changes: Vec<Change>,
    /// Batches that were appended but not synced, with the end of each record.
    pending: VecDeque<(u64, Arc<Batch>)>,
    /// The memory of the journal's batches, in bytes.
    octets: usize,
    poisoned: bool,
}

/// What was found when the folder was opened.
pub(super) struct Found {
    pub(super) manifest: Manifest,
    pub(super) snapshot: Snapshot,
    /// `None` if nothing may be written.
    pub(super) journal: Option<Journal>,
    pub(super) ledger: Ledger,
    pub(super) ledgers: LedgerFiles,
    pub(super) next: u64,
}

impl Intake {
    pub(super) fn new(files: Arc<dyn Folder>, options: Options, found: Found) -> Self {
        let sources = Arc::clone(&found.snapshot.sources);
        let writer = Writer {
            journal: found.journal,
            journalled: sources.len(),
            sources,
            ledger: found.ledger,
            changes: Vec::new(),
            pending: VecDeque::new(),
            octets: 0,
            poisoned: false,
        };
        Self {
            files,
            options,
            next: AtomicU64::new(found.next),
            stopped: AtomicBool::new(false),
            merging: Mutex::new(()),
            flushing: Mutex::new(()),
            syncing: Mutex::new(0),
            writer: Mutex::new(writer),
            manifest: Mutex::new(found.manifest),
            ledgers: Mutex::new(found.ledgers),
            snapshot: RwLock::new(Arc::new(found.snapshot)),
            trouble: Mutex::new(None),
            work: Condvar::new(),
            announced: AtomicU64::new(0),
            tried: Condvar::new(),
        }
    }

    /// The current snapshot.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the snapshot.
    pub(super) fn show(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut place = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        let mut snapshot = Snapshot::clone(&place);
        change(&mut snapshot);
        *place = Arc::new(snapshot);
    }

    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn position(&self, input: &str) -> Option<Reached> {
        lock(&self.writer).ledger.get(input)
    }

    pub(super) fn wholes(&self, digest: &Digest) -> Vec<Arc<str>> {
        lock(&self.writer).ledger.wholes(digest)
    }

    /// The next run also removes them from the ledger's files; if the process ends before, they are removed again after the
    /// next start.
    pub(super) fn forget_expired(&self, now: u64) -> u64 {
        let mut writer = lock(&self.writer);
        let forgotten = writer.ledger.forget_expired(now);
        let count = forgotten.len() as u64;
        if !self.options.read_only {
            writer.changes.extend(forgotten.into_iter().map(Change::Forget));
        }
        count
    }

    /// Reads the ledger's files again to check them.
    pub(super) fn verify_ledger(&self) -> Result<(), Error> {
        let manifest = lock(&self.manifest);
        ledger::read(&*self.files, &manifest.ledgers).map(drop)
    }

    pub(super) fn stats(&self) -> Stats {
        let writer = lock(&self.writer);
        let (sources, inputs) = (writer.sources.len() as u64, writer.ledger.inputs() as u64);
        Stats { entries: self.snapshot().entries(), sources, inputs }
    }

    pub(super) fn submit(&self, batch: &cof::Batch) -> Result<Ticket, Error> {
        check(batch, &self.options.limits)?;
        self.wait_for_room()?;
        let Some((ids, sources)) = self.intern(batch)? else { return Ok(Ticket::settled(REPEATED)) };
        let sorted = Arc::new(Batch::of(batch, &ids, &sources)?);
        let mut writer = lock(&self.writer);
        if writer.ledger.has_reached(batch.position.as_ref())? {
            return Ok(Ticket::settled(REPEATED));
        }
        let observations = batch.observations.len();
        self.options.limits.admit_input(batch.position.as_ref(), ids.len(), &writer.ledger)?;
        let until = writer.append(&sorted, batch.position.as_ref(), &ids)?;
        Ok(Ticket::at(until, Some(Receipt { observations, repeated: false })))
    }

    /// The numbers of a batch's sources; `None` if the batch was absorbed before.
    #[expect(clippy::type_complexity, reason = "numbers and what they number")]
    fn intern(&self, batch: &cof::Batch) -> Result<Option<(Vec<u32>, Arc<Sources>)>, Error> {
        let mut writer = lock(&self.writer);
        if writer.ledger.has_reached(batch.position.as_ref())? {
            return Ok(None);
        }
        let limits = &self.options.limits;
        limits.admit_input(batch.position.as_ref(), batch.sources.len(), &writer.ledger)?;
        let known: Option<Vec<u32>> = batch.sources.iter().map(|source| writer.sources.id(source)).collect();
        let ids = if let Some(ids) = known {
            ids
        } else {
            let is_known = |source: &cof::Source| writer.sources.id(source).is_some();
            limits.admit_sources(&batch.sources, is_known, writer.sources.len())?;
            let sources = Arc::make_mut(&mut writer.sources);
            let ids = batch.sources.iter().map(|source| sources.intern(source));
            ids.collect::<Option<_>>().ok_or(Error::TooLarge)?
        };
        Ok(Some((ids, Arc::clone(&writer.sources))))
    }

    /// The `place` of a ticket is its journal, and the length up to which the journal must be synced.
    pub(super) fn redeem(&self, ticket: &Ticket) -> Result<Receipt, Error> {
        let receipt = ticket.receipt.ok_or_else(Ticket::of_another_store)?;
        let Some((journal, until)) = ticket.place else { return Ok(receipt) };
        let mut synced = lock(&self.syncing);
        // Another caller's sync may have included this batch.
        let syncing = lock(&self.writer).unsynced(journal, until)?;
        if let Some(syncing) = syncing {
            *synced += 1;
            self.sync(&syncing, *synced)?;
            self.freeze_if_full(*synced);
        }
        Ok(receipt)
    }

    /// Syncs what was appended, and makes it visible.
    fn sync(&self, syncing: &Syncing, turn: usize) -> Result<(), Error> {
        if let Err(error) = syncing.sync(turn) {
            lock(&self.writer).poisoned = true;
            return Err(error);
        }
        let mut writer = lock(&self.writer);
        let (mut batches, sources) = (Vec::new(), Arc::clone(&writer.sources));
        while let Some((_, batch)) = writer.pending.pop_front_if(|(end, _)| *end <= syncing.len) {
            writer.octets += batch.octets();
            batches.push(batch);
        }
        self.show(|snapshot| {
            snapshot.active.append(&mut batches);
            snapshot.sources = sources;
            gather(snapshot);
        });
        Ok(())
    }

    /// If the disk is full, the next writer gets the error.
    fn freeze_if_full(&self, turn: usize) {
        if lock(&self.writer).octets >= self.options.memory {
            let _ = self.freeze_synced(turn);
        }
    }

    /// Ends the journal and starts another one; its batches wait to become a run.
    pub(super) fn freeze(&self) -> Result<(), Error> {
        let mut synced = lock(&self.syncing);
        *synced += 1;
        self.freeze_synced(*synced)
    }

    /// The caller holds `syncing`.
    fn freeze_synced(&self, turn: usize) -> Result<(), Error> {
        let number = self.number();
        let fresh = Journal::create(&*self.files, number)?;
        self.record(|manifest| manifest.journals.push(number))?;
        // Another caller may append until the journals are exchanged; then that record is synced here.
        loop {
            let syncing = {
                let mut writer = lock(&self.writer);
                if writer.poisoned {
                    return Err(Error::Poisoned);
                }
                let Some(journal) = &writer.journal else { return Err(Error::ReadOnly) };
                if writer.pending.is_empty() {
                    let journal = writer.journal.replace(fresh).map(|journal| journal.number());
                    writer.octets = 0;
                    let changes = std::mem::take(&mut writer.changes);
                    self.show(|snapshot| {
                        let batches = std::mem::take(&mut snapshot.active);
                        let journal = journal.unwrap_or_default();
                        snapshot.frozen.push(Arc::new(Frozen { journal, batches, changes }));
                    });
                    break;
                }
                journal.syncing()
            };
            self.sync(&syncing, turn)?;
        }
        drop(self.announce(lock(&self.trouble)));
        Ok(())
    }

    /// Tells the workers that there is work.
    pub(super) fn announce<'a>(&self, trouble: Trouble<'a>) -> Trouble<'a> {
        self.announced.fetch_add(1, Ordering::Relaxed);
        self.work.notify_all();
        trouble
    }

    /// Waits while there is so much work that memory or readers would suffer.
    fn wait_for_room(&self) -> Result<(), Error> {
        if !self.is_behind() {
            return Ok(());
        }
        // An earlier problem may be gone, so only attempts from now on count.
        let mut trouble = self.announce(lock(&self.trouble));
        let announced = self.announced.load(Ordering::Relaxed);
        while !self.stopped.load(Ordering::Relaxed) && self.is_behind() {
            match &*trouble {
                Some((tried, trouble)) if *tried >= announced => return Err(trouble.clone()),
                _ => trouble = self.tried.wait(trouble).unwrap_or_else(PoisonError::into_inner),
            }
        }
        Ok(())
    }

    fn is_behind(&self) -> bool {
        let snapshot = self.snapshot();
        let fan_in = self.options.fan_in;
        let is_behind = || snapshot.sizes(fan_in).values().any(|runs| runs.len() > fan_in * BEHIND);
        snapshot.frozen.len() > WAITING || is_behind()
    }

    /// While the guard is held, nothing is absorbed.
    pub(super) fn hold(&self) -> Held<'_> {
        let syncing = lock(&self.syncing);
        Held { writer: lock(&self.writer), _syncing: syncing }
    }

    /// Whether the journal contains batches, or inputs were forgotten.
    pub(super) fn has_journalled(&self) -> bool {
        let writer = lock(&self.writer);
        writer.journal.as_ref().is_some_and(|journal| !journal.is_empty() || !writer.changes.is_empty())
    }

    /// Ends absorbing; returns the journal's number if it is empty.
    pub(super) fn end(&self) -> Option<u64> {
        let journal = lock(&self.writer).journal.take()?;
        journal.is_empty().then(|| journal.number())
    }
}

/// While this is held, nothing is absorbed.
pub(super) struct Held<'a> {
    writer: MutexGuard<'a, Writer>,
    _syncing: MutexGuard<'a, usize>,
}

impl Held<'_> {
    /// The inputs that named a source of this origin.
    pub(super) fn that_named(&self, origin: Option<&Arc<str>>) -> Vec<Change> {
        let Writer { sources, ledger, .. } = &*self.writer;
        let spoke = |id: &u32| sources.by_id(*id).is_some_and(|source| source.origin.as_ref() == origin);
        ledger.that_named(spoke).into_iter().map(Change::Forget).collect()
    }

    /// Forgets the inputs that were removed from the ledger's files.
    pub(super) fn forget(&mut self, changes: &[Change]) {
        for change in changes {
            if let Change::Forget(input) = change {
                self.writer.ledger.forget(input);
            }
        }
    }

    /// Whether everything in memory is also in runs.
    pub(super) fn is_flushed(&self, snapshot: &Snapshot) -> bool {
        self.writer.pending.is_empty() && snapshot.active.is_empty() && snapshot.frozen.is_empty()
    }
}

impl Writer {
    fn append(
        &mut self,
        batch: &Arc<Batch>,
        position: Option<&Position>,
        named: &[u32],
    ) -> Result<(u64, u64), Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        let journal = self.journal.as_mut().ok_or(Error::ReadOnly)?;
        let advance = position.map(|position| {
            let mut named = named.to_vec();
            named.sort_unstable();
            named.dedup();
            let fresh = self.ledger.get(&position.input).is_none();
            Advance { position: position.clone(), fresh, named }
        });
        let record = Record::of(batch, advance.as_ref(), &self.sources, self.journalled)?;
        if let Err(error) = journal.append(record) {
            self.poisoned |= error == Error::Poisoned;
            return Err(error);
        }
        let until = (journal.number(), journal.len());
        self.journalled = self.sources.len();
        self.pending.push_back((journal.len(), Arc::clone(batch)));
        if let Some(advance) = advance {
            advance.apply(&mut self.ledger);
            self.octets += CHANGE + advance.named.len() * 4;
            self.changes.push(Change::Reached(advance));
        }
        Ok(until)
    }

    /// The sync that makes this position of a journal durable; `None` if it already is.
    fn unsynced(&self, number: u64, until: u64) -> Result<Option<Syncing>, Error> {
        let waits = |journal: &&Journal| {
            journal.number() == number && self.pending.iter().any(|(end, _)| *end <= until)
        };
        match self.journal.as_ref().filter(waits) {
            Some(_) if self.poisoned => Err(Error::Poisoned),
            journal => Ok(journal.map(Journal::syncing)),
        }
    }
}

/// Merges the last small batches of similar size, repeatedly.
fn gather(snapshot: &mut Snapshot) {
    while let Some(start) = snapshot.active.len().checked_sub(GATHERED) {
        let last = snapshot.active.get(start..).unwrap_or_default();
        let size = |batch: &Arc<Batch>| batch.entries().max(1).ilog2() / GATHERED.ilog2();
        let alike = |pair: &[Arc<Batch>]| matches!(pair, [a, b] if size(a) == size(b));
        if last.iter().any(|batch| batch.entries() > SMALL) || !last.windows(2).all(alike) {
            return;
        }
        // This cannot fail, because the batches were read before. If it did, they would stay unmerged.
        let Ok(merged) = Batch::merged(last, &snapshot.sources) else { return };
        snapshot.active.truncate(start);
        snapshot.active.push(Arc::new(merged));
    }
}

/// State after a panic in another thread is consistent, because every change here is a single assignment.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
