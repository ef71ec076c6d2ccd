//! Rows that an earlier version stored separately because of their spelling are still found, and become one row when runs are
//! merged.

use cof::{Batch, Rdata, Record, RrType, SourceKind};
use runs::{Options, Runs};
use store::{Question, Store, Subject};

use store::conformance::tuples::name;

const WANTED: &str = "1 svc.example alpn=h2 port=443";
/// Each as an earlier version stored it: as text.
const SPELLINGS: [&str; 3] = [
    r"1 svc.example key1=\002h2 key3=\001\187",
    r#"1 svc.example. key3="\001\187" alpn=h2"#,
    "1 SVC.example ALPN=h2 port=443",
];

fn said(rrtype: RrType, rdata: Rdata) -> Batch {
    let record = Record::new(name("www.example"), rrtype, rdata);
    let record = Record { time_first: Some(10), time_last: Some(20), count: Some(3), ..record };
    let mut batch = Batch::default();
    assert!(batch.add(&record, SourceKind::Observation).is_taken());
    batch
}

fn rows(store: &Runs, question: &str) -> Vec<(String, Option<u64>)> {
    let found = store.lookup(&Question::new(Subject::parse(question).unwrap())).unwrap().records;
    found.iter().map(|row| (row.rdata.to_text(row.rrtype), row.count)).collect()
}

fn old_rows(store: &Runs) {
    for text in SPELLINGS {
        store.absorb(said(RrType::SVCB, Rdata::from_text(text))).unwrap();
        store.flush().unwrap();
    }
    store.absorb(said(RrType::CDS, Rdata::from_text("0 0 0 0"))).unwrap();
    store.absorb(said(RrType::A, Rdata::from_text("no address"))).unwrap();
    store.absorb(said(RrType::A, Rdata::parse(RrType::A, "192.0.2.1"))).unwrap();
    store.flush().unwrap();
}

fn merged() -> Vec<(String, Option<u64>)> {
    [("192.0.2.1", 3), ("no address", 3), ("0 0 0 00", 3), (WANTED, 12)]
        .map(|(text, count)| (text.to_owned(), Some(count)))
        .to_vec()
}

#[test]
fn rows_of_one_record_in_older_spellings_are_found_and_meet_when_runs_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let store = Runs::open(folder.path(), Options::default()).unwrap();
    old_rows(&store);
    store.absorb(said(RrType::SVCB, Rdata::parse(RrType::SVCB, WANTED))).unwrap();
    let found = rows(&store, "www.example");
    assert_eq!(found.len(), 7, "{found:?}");
    for text in SPELLINGS {
        assert!(found.iter().any(|(row, _)| row == text), "{text}");
    }
    assert_eq!(rows(&store, "rdata:svc.example"), [(WANTED.to_owned(), Some(3))]);

    store.compact().unwrap();
    assert_eq!(rows(&store, "www.example"), merged());
    assert_eq!(rows(&store, "rdata:svc.example"), [(WANTED.to_owned(), Some(12))]);
    assert_eq!(store.sizes().runs, 1);
    store.verify(&mut |_, _| {}).unwrap();
    drop(store);
    let again = Runs::open(folder.path(), Options::default()).unwrap();
    assert_eq!(rows(&again, "www.example"), merged());
    again.compact().unwrap();
    assert_eq!(rows(&again, "www.example"), merged());
}

#[test]
fn one_run_with_older_spellings_is_compacted_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = Runs::open(folder.path(), Options::default()).unwrap();
    let mut batch = said(RrType::SVCB, Rdata::from_text(SPELLINGS[0]));
    batch.observations.extend(said(RrType::SVCB, Rdata::from_text(SPELLINGS[1])).observations);
    store.absorb(batch).unwrap();
    store.flush().unwrap();
    assert_eq!((store.sizes().runs, rows(&store, "www.example").len()), (1, 2));
    store.compact().unwrap();
    assert_eq!(store.sizes().runs, 1);
    assert_eq!(rows(&store, "www.example"), [(WANTED.to_owned(), Some(6))]);
    let before = store.sizes();
    store.compact().unwrap();
    assert_eq!(store.sizes(), before);
}

#[test]
fn dropping_looks_at_what_was_said_and_renews_what_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = Runs::open(folder.path(), Options::default()).unwrap();
    old_rows(&store);
    assert_eq!(store.drop_where(&store::Selection::Suffix(name("other.example"))).unwrap(), 0);
    assert_eq!(rows(&store, "rdata:svc.example"), [(WANTED.to_owned(), Some(9))]);
    store.verify(&mut |_, _| {}).unwrap();
}
