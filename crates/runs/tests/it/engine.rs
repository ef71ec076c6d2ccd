//! The engines under test: unchanged, and with random upkeep in between.

use std::sync::{Arc, RwLock, RwLockReadGuard};

use cof::Batch;
use runs::{Error, Options, Runs};
use store::{Limits, Page, Question, Reached, Receipt, Selection, Stats, Store, StoreError, Summary};

use store::conformance::Engine;

use crate::disk::Disk;

/// The time of the tests, in seconds since the epoch.
pub(crate) const NOW: u64 = 1_700_000_000;

/// Small sizes, so that every few batches become a run, and runs are merged all the time.
pub(crate) const SMALL: Options = Options {
    cache: 1 << 16,
    memory: 1 << 10,
    fan_in: 3,
    read_only: false,
    limits: Limits::USUAL,
    now: Some(NOW),
};

/// The durable engine, which is flushed, compacted and reopened at any time.
pub(crate) struct Shaken {
    disk: Disk,
    store: RwLock<Option<Runs>>,
}

impl Shaken {
    pub(crate) fn new() -> Self {
        let disk = Disk::default();
        let store = open(&disk).unwrap();
        Self { disk, store: RwLock::new(Some(store)) }
    }

    fn store(&self) -> Opened<'_> {
        Opened(self.store.read().unwrap())
    }

    fn reopen(&self) {
        let mut place = self.store.write().unwrap();
        *place = None;
        *place = Some(open(&self.disk).unwrap());
    }

    /// Simulates a kill: the files are opened by another engine.
    fn abandon(&self) {
        let mut place = self.store.write().unwrap();
        let copy = self.disk.copy();
        *place = None;
        self.disk.become_copy(&copy);
        *place = Some(open(&self.disk).unwrap());
    }
}

/// Opens the files of a disk.
pub(crate) fn open(disk: &Disk) -> Result<Runs, Error> {
    Runs::open_files(Arc::new(disk.clone()), SMALL)
}

struct Opened<'a>(RwLockReadGuard<'a, Option<Runs>>);

impl std::ops::Deref for Opened<'_> {
    type Target = Runs;

    fn deref(&self) -> &Runs {
        self.0.as_ref().unwrap()
    }
}

impl Engine for Shaken {
    fn shake(&self, how: usize) {
        match how % 7 {
            0 => self.store().flush().unwrap(),
            1 => self.store().compact().unwrap(),
            2 => self.reopen(),
            3 => self.abandon(),
            4 => drop(self.store().verify(&mut |_, _| {}).unwrap()),
            _ => {}
        }
    }

    fn settle(&self) {
        self.store().compact().unwrap();
    }
}

impl Store for Shaken {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        self.store().absorb(batch)
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

    fn wholes(&self, digest: &cof::Digest) -> Result<Vec<Arc<str>>, StoreError> {
        self.store().wholes(digest)
    }

    fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        self.store().forget_expired(now)
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.store().stats()
    }
}

#[test]
fn a_block_is_read_from_the_disk_by_a_lookup_that_may_wait_alone() {
    let mut record = cof::Record::new(
        cof::Name::parse("a.example").unwrap(),
        cof::RrType::A,
        cof::Rdata::parse(cof::RrType::A, "185.194.93.1"),
    );
    (record.time_first, record.time_last) = (Some(NOW), Some(NOW));
    let mut batch = Batch::default();
    assert!(batch.add(&record, cof::SourceKind::Report).is_taken());
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    store.absorb(batch).unwrap();
    let question = Question::new(store::Subject::Name(record.rrname));
    assert_eq!(store.lookup_at_once(&question).unwrap().records.len(), 1, "in the journal");
    store.compact().unwrap();
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!(store.lookup_at_once(&question), None);
    let page = store.lookup(&question).unwrap();
    assert_eq!(store.lookup_at_once(&question), Some(page));
}
