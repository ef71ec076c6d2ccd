//! The durable engine in a folder of the file system: who has it, its backups, and what is left in it.

use std::fs;
use std::path::Path;

use cof::{Batch, Rdata, Record, RrType, SourceKind};
use store::runs::{Options, restore};
use store::{Question, Runs, Store, StoreError, Subject};

use crate::tuples::name;

fn open(folder: &Path) -> Result<Runs, StoreError> {
    Runs::open(folder, Options::default())
}

fn read(folder: &Path) -> Result<Runs, StoreError> {
    Runs::open(folder, Options { read_only: true, ..Options::default() })
}

fn said(number: u8) -> Batch {
    let rdata = Rdata::from_wire(RrType::A, &[192, 0, 2, number]).unwrap();
    let record = Record::new(name("www.example"), RrType::A, rdata);
    let record = Record { time_first: Some(1), time_last: Some(2), count: Some(3), ..record };
    let mut batch = Batch::default();
    assert!(batch.add(&record, SourceKind::Observation));
    batch
}

fn rows(store: &Runs) -> usize {
    store.lookup(&Question::new(Subject::parse("*.").unwrap())).unwrap().records.len()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn one_writes_or_many_read() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(folder.path()).err(), Some(StoreError::Missing { file: "MANIFEST".into() }));
    let writer = open(folder.path()).unwrap();
    writer.absorb(said(1)).unwrap();
    let locked = StoreError::Locked { process: Some(std::process::id()) };
    assert_eq!(open(folder.path()).err(), Some(locked.clone()));
    assert_eq!(read(folder.path()).err(), Some(locked));
    drop(writer);
    let readers = [read(folder.path()).unwrap(), read(folder.path()).unwrap()];
    assert_eq!(readers.each_ref().map(rows), [1, 1]);
    assert!(matches!(open(folder.path()), Err(StoreError::Locked { .. })));
    drop(readers);
    assert_eq!(rows(&open(folder.path()).unwrap()), 1);
}

#[test]
fn closing_leaves_runs_and_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3 {
        open(folder.path()).unwrap().absorb(said(number)).unwrap();
    }
    assert_eq!(rows(&open(folder.path()).unwrap()), 3);
    let left = names(folder.path());
    assert_eq!(left.iter().filter(|name| name.ends_with(".run")).count(), 3, "{left:?}");
    assert!(left.iter().all(|name| !name.ends_with(".journal")), "{left:?}");
}

#[test]
fn a_backup_opens_as_the_store_was_and_a_second_one_does_not_overwrite_it() {
    let folder = tempfile::tempdir().unwrap();
    let [live, backup, restored] = ["live", "backup", "restored"].map(|name| folder.path().join(name));
    let store = open(&live).unwrap();
    store.absorb(said(1)).unwrap();
    store.backup(&backup, &live).unwrap();
    store.absorb(said(2)).unwrap();
    store.compact().unwrap();
    let error = store.backup(&backup, &live).unwrap_err();
    assert!(matches!(error, StoreError::Io { kind: std::io::ErrorKind::AlreadyExists, .. }), "{error}");
    restore(&backup, &restored).unwrap();
    assert_eq!((rows(&store), rows(&open(&restored).unwrap())), (2, 1));
    // Half a backup is no database, and is not restored either.
    fs::remove_file(backup.join("MANIFEST")).unwrap();
    let other = folder.path().join("other");
    assert_eq!(restore(&backup, &other), Err(StoreError::Foreign));
    assert!(!other.exists());
}

#[test]
fn another_folder_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("holiday.jpg"), b"x").unwrap();
    assert_eq!(open(folder.path()).err(), Some(StoreError::Foreign));
    assert_eq!(names(folder.path()), ["holiday.jpg"]);
    let newer = tempfile::tempdir().unwrap();
    fs::write(newer.path().join("MANIFEST"), b"backsight passive-dns store, format 7").unwrap();
    assert_eq!(open(newer.path()).err(), Some(StoreError::Newer { found: 7, known: 1 }));
    assert_eq!(names(newer.path()), ["MANIFEST"]);
}
