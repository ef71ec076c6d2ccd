//! Taking in: sort, append, sync, show.
//!
//! [`Intake`] is the state that all threads share. A batch is sorted on its caller's thread; appending takes a turn at the
//! [`Writer`]; then one of those who wait syncs for all who have appended by then, and shows what lasts to readers. Locks are
//! taken in the order of the fields of [`Intake`], and never across a sync but `syncing`.
//!
//! A sync that fails poisons the journal: nothing more is taken in until the folder is opened again, because the system no
//! longer says what of it is on disk. A full disk does not: what could not be appended is cut off again.

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

/// Batches of up to so many entries are put together, [`GATHERED`] at a time, so that readers have few to look at.
const SMALL: u64 = 1 << 13;
const GATHERED: usize = 16;
/// About how much memory a position takes that waits for its run, in octets.
const CHANGE: usize = 256;
/// Frozen journals that may wait for the disk before writers wait too.
const WAITING: usize = 2;
/// Runs of one size, in times of the fan-in, that may wait for their merge before writers wait too.
const BEHIND: usize = 3;

const REPEATED: Receipt = Receipt { observations: 0, repeated: true };

/// What the threads of an engine share.
pub(super) struct Intake {
    pub(super) files: Arc<dyn Folder>,
    pub(super) options: Options,
    /// The next number of a file.
    pub(super) next: AtomicU64,
    pub(super) stopped: AtomicBool,
    /// One at a time changes which runs there are, but for adding one.
    pub(super) merging: Mutex<()>,
    /// One at a time makes runs of frozen batches.
    pub(super) flushing: Mutex<()>,
    /// One at a time syncs; how often that was done.
    syncing: Mutex<usize>,
    writer: Mutex<Writer>,
    /// What is on disk.
    pub(super) manifest: Mutex<Manifest>,
    pub(super) ledgers: Mutex<LedgerFiles>,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Why the last work in the background failed, until one succeeds, and what had been announced when it began.
    pub(super) trouble: Mutex<Option<(u64, Error)>>,
    /// Told when there is work, and how often it was: a worker that was busy meanwhile looks again.
    pub(super) work: Condvar,
    pub(super) announced: AtomicU64,
    /// Told when some of it was tried.
    pub(super) tried: Condvar,
}

/// Held by whoever announces work or decides that there is none.
pub(super) type Trouble<'a> = MutexGuard<'a, Option<(u64, Error)>>;

/// What is being written to.
struct Writer {
    /// None when nothing may be written.
    journal: Option<Journal>,
    sources: Arc<Sources>,
    /// How many of the sources are in the journal or the manifest.
    journalled: usize,
    ledger: Ledger,
    /// What the ledger's files do not say yet, of the batches in the journal.
    changes: Vec<Change>,
    /// Appended, not synced yet, with where the record ends.
    pending: VecDeque<(u64, Arc<Batch>)>,
    /// Octets of memory of the journal's batches.
    octets: usize,
    poisoned: bool,
}

/// What opening found.
pub(super) struct Found {
    pub(super) manifest: Manifest,
    pub(super) snapshot: Snapshot,
    /// None when nothing may be written.
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

    /// What there is now.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another snapshot in the place of the one that is there.
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

    /// The ledger's files forget them with the next run; whoever is ended before forgets them again.
    pub(super) fn forget_expired(&self, now: u64) -> u64 {
        let mut writer = lock(&self.writer);
        let forgotten = writer.ledger.forget_expired(now);
        let count = forgotten.len() as u64;
        if !self.options.read_only {
            writer.changes.extend(forgotten.into_iter().map(Change::Forget));
        }
        count
    }

    /// Reads the ledger's files again.
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
        Ok(Ticket { receipt: Some(Receipt { observations, repeated: false }), place: Some(until) })
    }

    /// The numbers of a batch's sources; `None` when it has been taken in before.
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

    /// `place` of a ticket is its journal, and how long that must last to be.
    pub(super) fn redeem(&self, ticket: &Ticket) -> Result<Receipt, Error> {
        let receipt = ticket.receipt.ok_or_else(Ticket::of_another_store)?;
        let Some((journal, until)) = ticket.place else { return Ok(receipt) };
        let mut synced = lock(&self.syncing);
        // Whoever synced before us may have synced for us.
        let syncing = lock(&self.writer).unsynced(journal, until)?;
        if let Some(syncing) = syncing {
            *synced += 1;
            self.sync(&syncing, *synced)?;
            self.freeze_if_full(*synced);
        }
        Ok(receipt)
    }

    /// Makes what was appended last, and shows it.
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

    /// A full disk is met again by whoever writes next.
    fn freeze_if_full(&self, turn: usize) {
        if lock(&self.writer).octets >= self.options.memory {
            let _ = self.freeze_synced(turn);
        }
    }

    /// Ends the journal and begins another one; what it held waits to become a run.
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
        // Somebody may append until the journals are exchanged; then their record is synced here.
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

    /// Tells the workers that there is something to do.
    pub(super) fn announce<'a>(&self, trouble: Trouble<'a>) -> Trouble<'a> {
        self.announced.fetch_add(1, Ordering::Relaxed);
        self.work.notify_all();
        trouble
    }

    /// Waits while so much is to be done that memory or readers would suffer.
    fn wait_for_room(&self) -> Result<(), Error> {
        if !self.is_behind() {
            return Ok(());
        }
        // What was in the way may be gone: only what is tried from now on tells.
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

    /// Everything is known and nothing is taken in until the guard goes.
    pub(super) fn hold(&self) -> Held<'_> {
        let syncing = lock(&self.syncing);
        Held { writer: lock(&self.writer), _syncing: syncing }
    }

    /// Whether the journal holds something, or something was forgotten.
    pub(super) fn has_journalled(&self) -> bool {
        let writer = lock(&self.writer);
        writer.journal.as_ref().is_some_and(|journal| !journal.is_empty() || !writer.changes.is_empty())
    }

    /// Nothing is taken in any more; the journal's number if it is empty.
    pub(super) fn end(&self) -> Option<u64> {
        let journal = lock(&self.writer).journal.take()?;
        journal.is_empty().then(|| journal.number())
    }
}

/// While this is held nobody takes in.
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

    /// Forgets inputs that the ledger's files have forgotten.
    pub(super) fn forget(&mut self, changes: &[Change]) {
        for change in changes {
            if let Change::Forget(input) = change {
                self.writer.ledger.forget(input);
            }
        }
    }

    /// Whether nothing is in memory alone.
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

    /// What is to be synced so that this place of a journal lasts; `None` when it does.
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

/// Makes one of many small batches, again and again larger ones.
fn gather(snapshot: &mut Snapshot) {
    while let Some(start) = snapshot.active.len().checked_sub(GATHERED) {
        let last = snapshot.active.get(start..).unwrap_or_default();
        let size = |batch: &Arc<Batch>| batch.entries().max(1).ilog2() / GATHERED.ilog2();
        let alike = |pair: &[Arc<Batch>]| matches!(pair, [a, b] if size(a) == size(b));
        if last.iter().any(|batch| batch.entries() > SMALL) || !last.windows(2).all(alike) {
            return;
        }
        // Cannot fail: these were read before. If it did, they would stay as they are.
        let Ok(merged) = Batch::merged(last, &snapshot.sources) else { return };
        snapshot.active.truncate(start);
        snapshot.active.push(Arc::new(merged));
    }
}

/// What a panic in another thread left half-way is whole enough: each change here is one assignment.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
