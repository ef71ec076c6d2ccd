use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cof::{Batch, Digest, Name, Observation, Rdata, Record, RrType, Source, SourceKind};
use proptest::prelude::*;
use store::conformance::answers::batches;
use store::conformance::model::source;
use store::{Memory, Page, Question, Reached, Receipt, Selection, Stats, StoreErrorKind, Summary};

use super::*;

/// A store whose batches fail, or are stored although they seem to fail, or lose an observation, or that grows while it is read.
struct Faulty<'a> {
    inner: &'a Memory,
    calls: AtomicUsize,
    fault: Fault,
    /// One of these arrives after each page.
    arriving: Mutex<Vec<Batch>>,
}

impl<'a> Faulty<'a> {
    fn new(inner: &'a Memory, fault: Fault) -> Self {
        Self { inner, calls: AtomicUsize::new(0), fault, arriving: Mutex::default() }
    }
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// This batch, counted from 0, is not stored.
    Before(usize),
    /// It is stored, and the answer is lost.
    After(usize),
    /// Each batch is stored without its last observation.
    Losing,
    None,
}

impl Store for Faulty<'_> {
    fn absorb(&self, mut batch: Batch) -> Result<Receipt, StoreError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let gone = || StoreError::engine(StoreErrorKind::Unavailable, "the connection was cut");
        match self.fault {
            Fault::Before(number) if number == call => Err(gone()),
            Fault::After(number) if number == call => self.inner.absorb(batch).and(Err(gone())),
            Fault::Losing => {
                batch.observations.pop();
                self.inner.absorb(batch)
            }
            _ => self.inner.absorb(batch),
        }
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        let page = self.inner.lookup(question);
        if let Some(batch) = self.arriving.lock().unwrap().pop() {
            self.inner.absorb(batch)?;
        }
        page
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        self.inner.summarise(question)
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.inner.drop_where(selection)
    }

    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        self.inner.position(input)
    }

    fn wholes(&self, digest: &Digest) -> Result<Vec<Arc<str>>, StoreError> {
        self.inner.wholes(digest)
    }

    fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        self.inner.forget_expired(now)
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.inner.stats()
    }
}

fn filled(batches: &[Batch]) -> Memory {
    let memory = Memory::new();
    for batch in batches {
        memory.absorb(batch.clone()).unwrap();
    }
    memory
}

/// All entries.
fn entries(store: &dyn Store) -> Vec<Record> {
    let mut question = slice::everything();
    let mut records = Vec::new();
    loop {
        let page = store.lookup(&question).unwrap();
        records.extend(page.records);
        question.cursor = page.next;
        if question.cursor.is_none() {
            return records;
        }
    }
}

/// An entry that another store does not have with at least the same count.
fn not_covered(store: &dyn Store, by: &dyn Store) -> Option<Record> {
    let by = entries(by);
    entries(store).into_iter().find(|entry| {
        let covers = |known: &Record| {
            known.rrname == entry.rrname
                && known.rrtype == entry.rrtype
                && known.rdata == entry.rdata
                && known.bailiwick == entry.bailiwick
                && known.origin == entry.origin
                && known.extras == entry.extras
                && known.count >= entry.count
        };
        !by.iter().any(covers)
    })
}

fn observation(owner: &str, source: usize) -> Observation {
    Observation {
        rrname: Name::parse(owner).unwrap(),
        rrtype: RrType::A,
        rdata: Rdata::parse(RrType::A, "192.0.2.1"),
        bailiwick: None,
        time_first: 1_600_000_000,
        time_last: 1_600_000_001,
        count: Some(1),
        source,
    }
}

fn sides() -> Sides {
    Sides { from: "/a".to_owned(), to: "/b".to_owned() }
}

/// Runs one attempt of a copy with its journal in this folder.
fn attempt(from: &dyn Store, to: &dyn Store, folder: &Path) -> Result<(Copied, bool), CopyError> {
    let mut journal = Journal::open(&folder.join("copy"), &sides()).unwrap();
    Copying { from, to, verify: true, slice: 3 }.run(&mut journal, &mut |_| true)
}

proptest! {
    // Each slice makes the journal durable.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_empty_database_becomes_the_same(batches in batches()) {
        let (from, to, folder) = (filled(&batches), Memory::new(), tempfile::tempdir().unwrap());
        let (copied, is_complete) = attempt(&from, &to, folder.path()).unwrap();
        prop_assert!(is_complete);
        prop_assert_eq!(entries(&to), entries(&from));
        prop_assert_eq!(copied.entries, from.stats().unwrap().entries);
        prop_assert_eq!(copied.contained, 0);
        // The journal knows that nothing is left.
        let (again, is_complete) = attempt(&from, &to, folder.path()).unwrap();
        prop_assert!(is_complete);
        prop_assert_eq!((again.entries, again.identical), (copied.entries, 0));
        prop_assert_eq!(entries(&to), entries(&from));
    }

    #[test]
    fn a_database_with_records_gets_more(batches in batches(), others in batches()) {
        let (from, to, folder) = (filled(&batches), filled(&others), tempfile::tempdir().unwrap());
        attempt(&from, &to, folder.path()).unwrap();
        prop_assert_eq!(entries(&to), entries(&filled(&[others, batches].concat())));
    }

    #[test]
    fn nothing_is_lost_or_counted_twice_if_it_fails(batches in batches(), number in 0..8_usize, is_stored: bool) {
        let (from, to, folder) = (filled(&batches), Memory::new(), tempfile::tempdir().unwrap());
        let fault = if is_stored { Fault::After(number) } else { Fault::Before(number) };
        let faulty = Faulty::new(&to, fault);
        let failed = attempt(&from, &faulty, folder.path());
        prop_assert!(matches!(failed, Ok((_, true)) | Err(CopyError::To(_))), "{failed:?}");
        attempt(&from, &faulty, folder.path()).unwrap();
        prop_assert_eq!(entries(&to), entries(&from));
    }

    #[test]
    fn a_slice_is_the_same_after_the_source_has_changed(batches in batches(), more in batches()) {
        let (from, to, folder) = (filled(&batches), Memory::new(), tempfile::tempdir().unwrap());
        let faulty = Faulty::new(&to, Fault::After(1));
        let _ = attempt(&from, &faulty, folder.path());
        for batch in &more {
            from.absorb(batch.clone()).unwrap();
        }
        attempt(&from, &faulty, folder.path()).unwrap();
        prop_assert_eq!(not_covered(&to, &from), None);
    }

    #[test]
    fn a_source_that_grows_is_copied_without_gaps_and_repetitions(batches in batches(), more in batches()) {
        let (from, to, folder) = (filled(&batches), Memory::new(), tempfile::tempdir().unwrap());
        let growing = Faulty { arriving: Mutex::new(more), ..Faulty::new(&from, Fault::None) };
        let before = filled(&batches);
        attempt(&growing, &to, folder.path()).unwrap();
        prop_assert_eq!(not_covered(&to, &from), None, "more than the source");
        prop_assert_eq!(not_covered(&before, &to), None, "less than the source had");
    }

    #[test]
    fn what_is_lost_is_found(batches in batches()) {
        let (from, to, folder) = (filled(&batches), Memory::new(), tempfile::tempdir().unwrap());
        let faulty = Faulty::new(&to, Fault::Losing);
        let outcome = attempt(&from, &faulty, folder.path());
        let is_found = matches!(outcome, Err(CopyError::Missing { slice: 1, missing: 1, .. }));
        prop_assert!(is_found || from.stats().unwrap().entries == 0, "{outcome:?}");
        let outcome = attempt(&from, &to, folder.path());
        let is_found = matches!(outcome, Err(CopyError::Missing { slice: 1, .. }));
        prop_assert!(is_found || from.stats().unwrap().entries == 0, "again: {outcome:?}");
    }
}

#[test]
fn a_copy_that_is_stopped_continues() {
    let mut batch = Batch { sources: vec![source(SourceKind::Observation, None)], ..Batch::default() };
    batch.observations.extend((0..10).map(|n| observation(&format!("n{n}.example"), 0)));
    let (from, to, folder) = (filled(&[batch]), Memory::new(), tempfile::tempdir().unwrap());
    let file = folder.path().join("copy");
    let mut counts = Vec::new();
    loop {
        let mut journal = Journal::open(&file, &sides()).unwrap();
        let copy = Copying { from: &from, to: &to, verify: true, slice: 4 };
        let (copied, is_complete) = copy.run(&mut journal, &mut |_| false).unwrap();
        counts.push((copied.entries, copied.slices, is_complete));
        if is_complete {
            break;
        }
    }
    assert_eq!(counts, [(4, 1, false), (8, 2, false), (10, 3, false), (10, 3, true)]);
    assert_eq!(entries(&to), entries(&from));
    let error = attempt(&from, &Memory::new(), folder.path()).unwrap_err();
    assert!(matches!(error, CopyError::Disagreeing { planned: 3, stored: 0 }), "{error}");
}

#[test]
fn a_slice_has_no_more_sources_than_a_batch_may_have() {
    let sensor = |n: usize| Some(format!("s{n}").into());
    let from = Memory::new();
    for half in [0..800_usize, 800..1_600] {
        let sources =
            half.clone().map(|n| Source { sensor: sensor(n), ..source(SourceKind::Observation, None) });
        let observations = half.clone().enumerate().map(|(at, n)| observation(&format!("n{n}.example"), at));
        let batch =
            Batch { sources: sources.collect(), observations: observations.collect(), position: None };
        from.absorb(batch).unwrap();
    }
    let (to, folder) = (Memory::new(), tempfile::tempdir().unwrap());
    let mut journal = Journal::open(&folder.path().join("copy"), &sides()).unwrap();
    let copy = Copying { from: &from, to: &to, verify: true, slice: SLICE };
    let (copied, _) = copy.run(&mut journal, &mut |_| true).unwrap();
    assert_eq!((copied.slices, copied.identical), (2, 2));
    assert_eq!(entries(&to), entries(&from));
}

#[test]
fn a_file_that_is_no_journal_of_this_copy_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy");
    for bytes in [&b""[..], b"something", b"backsight copy 1\n\xff\xff"] {
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(Journal::open(&file, &sides()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
    std::fs::remove_file(&file).unwrap();
    attempt(&Memory::new(), &Memory::new(), folder.path()).unwrap();
    let others = Sides { to: "/c".to_owned(), ..sides() };
    assert!(Journal::open(&file, &others).unwrap_err().to_string().contains("another copy"));
}
