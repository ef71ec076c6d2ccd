//! Untrusted names are refused before they fill what a store keeps permanently, and the store can be opened again.

use std::sync::Arc;

use cof::{Batch, Position, Rdata, Record, RrType, SourceKind};
use runs::Options;
use runs::Runs;
use store::{Limits, Memory, Remembered, Store, StoreError};

use crate::disk::Disk;
use crate::engine::SMALL;
use store::conformance::tuples::name;

const FEW: Limits = Limits {
    sources: 100,
    batch_sources: 40,
    origin: 30,
    sensor: 10,
    input: 20,
    inputs: 10,
    keys: 20,
    named: 200,
};

/// Runs a test with a store with small limits, in memory and on disk.
fn each(test: impl Fn(&dyn Store)) {
    test(&Memory::with_limits(FEW));
    let disk = Disk::default();
    let options = Options { limits: FEW, ..SMALL };
    let opened = || Runs::open_files(Arc::new(disk.clone()), options).unwrap();
    test(&opened());
    let (reopened, disk) = (opened(), disk.clone());
    reopened.verify(&mut |_, _| {}).unwrap();
    let manifest = disk.files().into_iter().find(|(name, _)| name == "MANIFEST").unwrap();
    assert!(manifest.1 < 4_096, "the manifest holds nothing that strangers make up: {manifest:?}");
}

/// Records with new origins.
fn origins(from: usize, count: usize) -> Batch {
    let mut batch = Batch::default();
    for number in from..from + count {
        let rdata = Rdata::parse(RrType::A, "192.0.2.1");
        let record = Record {
            time_first: Some(1_500_000_000),
            origin: Some(format!("https://{number}.example/").into()),
            ..Record::new(name("a.example"), RrType::A, rdata)
        };
        assert!(batch.add(&record, SourceKind::Report).is_taken());
    }
    batch
}

fn key(number: usize) -> Position {
    Position { expires: Some(1_000 + number as u64), ..Position::new(format!("key {number}"), 1) }
}

fn at(position: Position) -> Batch {
    Batch { position: Some(position), ..origins(0, 1) }
}

#[test]
fn made_up_origins_are_refused_as_a_whole_and_known_ones_are_not() {
    each(|store| {
        let many = StoreError::ManySources { new: 41, most: 40 };
        assert_eq!(store.absorb(origins(0, 41)), Err(many));
        assert_eq!(store.stats().unwrap(), store::Stats::default(), "nothing of it was taken in");
        for from in [0, 40] {
            store.absorb(origins(from, 40)).unwrap();
        }
        store.absorb(origins(0, 80)).unwrap();
        let full = StoreError::Full { of: Remembered::Sources, most: 100 };
        assert_eq!(store.absorb(origins(80, 21)), Err(full.clone()));
        store.absorb(origins(80, 20)).unwrap();
        assert_eq!(store.absorb(origins(100, 1)), Err(full));
        store.absorb(origins(50, 50)).unwrap();
        assert_eq!(store.stats().unwrap().sources, 100);
    });
}

#[test]
fn names_that_are_too_long_are_refused() {
    each(|store| {
        let long =
            |what: &'static str, bytes, most| Err(StoreError::TooLong { what: what.into(), bytes, most });
        let mut batch = origins(0, 1);
        batch.sources[0].origin = Some("x".repeat(31).into());
        assert_eq!(store.absorb(batch.clone()), long("an origin", 31, 30));
        batch.sources[0].origin = None;
        batch.sources[0].sensor = Some("x".repeat(11).into());
        assert_eq!(store.absorb(batch), long("the name of a sensor", 11, 10));
        assert_eq!(store.absorb(at(Position::new("x".repeat(21), 1))), long("the name of an input", 21, 20));
        assert_eq!(store.stats().unwrap(), store::Stats::default());
    });
}

#[test]
fn keys_are_as_many_as_there_may_be_until_they_expire_and_take_no_place_of_files() {
    each(|store| {
        for number in 0..20 {
            store.absorb(at(key(number))).unwrap();
        }
        let full = StoreError::Full { of: Remembered::Keys, most: 20 };
        assert_eq!(store.absorb(at(key(20))), Err(full));
        store.absorb(at(Position { offset: 2, ..key(3) })).unwrap();
        for number in 0..10 {
            store.absorb(at(Position::new(format!("file {number}"), 1))).unwrap();
        }
        let full = StoreError::Full { of: Remembered::Inputs, most: 10 };
        assert_eq!(store.absorb(at(Position::new("file 10", 1))), Err(full));
        assert_eq!(store.forget_expired(1_004), Ok(5));
        store.absorb(at(key(20))).unwrap();
    });
}

#[test]
fn inputs_cannot_name_sources_without_end() {
    each(|store| {
        let named = |number: usize, from| Batch { position: Some(key(number)), ..origins(from, 40) };
        for number in 0..5 {
            store.absorb(named(number, number % 2 * 40)).unwrap();
        }
        assert!(matches!(store.absorb(named(5, 0)), Err(StoreError::Full { .. })));
    });
}

/// The cost of a batch on disk does not depend on the size of the ledger, and files with outdated entries are rewritten.
#[test]
fn the_ledger_is_appended_to_and_written_anew_now_and_then() {
    let disk = Disk::default();
    let options = Options { memory: 1 << 20, ..SMALL };
    let opened = || Runs::open_files(Arc::new(disk.clone()), options).unwrap();
    let ledgers = || {
        let files = disk.files().into_iter().filter(|(name, _)| name.contains(".ledger"));
        files.map(|(_, len)| len).collect::<Vec<_>>()
    };
    let store = opened();
    for number in 0..2_000 {
        store.absorb(at(Position::new(format!("file {number}"), 1))).unwrap();
    }
    store.flush().unwrap();
    let before: usize = ledgers().iter().sum();
    store.absorb(at(Position::new("file 7", 2))).unwrap();
    store.flush().unwrap();
    let after: usize = ledgers().iter().sum();
    assert!(before > 20_000 && after - before < 100, "{before} {after}");
    drop(store);
    for round in 0..40 {
        let store = opened();
        store.absorb(at(Position::new("file 8", 3 + round))).unwrap();
    }
    assert!(ledgers().len() <= 16 && ledgers().iter().sum::<usize>() < before * 2, "{:?}", ledgers());
    let store = opened();
    let offset = |input: &str| store.position(input).unwrap().map(|reached| reached.offset);
    assert_eq!(["file 7", "file 8", "file 1999"].map(offset), [Some(2), Some(42), Some(1)]);
    assert_eq!(store.stats().unwrap().inputs, 2_000);
}
