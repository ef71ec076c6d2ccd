//! The promises of the trait, each tested with an example.

#![expect(clippy::unwrap_used, reason = "a failed test says so")]

use std::sync::Arc;

use cof::{Batch, Name, Observation, Position, Rdata, Record, RrType, Source, SourceKind};
use store::{Apart, BatchFault, Fences, Memory, Order, Question, Selection, Store, StoreError, Subject};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn source(kind: SourceKind, origin: Option<&str>) -> Source {
    Source { kind, origin: origin.map(Arc::from), sensor: None }
}

fn record(rrname: &str, rrtype: RrType, rdata: &str) -> Record {
    let rdata = Rdata::parse(rrtype, rdata);
    Record { time_first: Some(10), time_last: Some(20), ..Record::new(name(rrname), rrtype, rdata) }
}

fn said(record: impl std::borrow::Borrow<Record>, kind: SourceKind) -> Batch {
    let mut batch = Batch::default();
    assert!(batch.add(record.borrow(), kind).is_taken());
    batch
}

fn rows(store: &Memory, text: &str) -> Vec<Record> {
    store.lookup(&Question::new(Subject::parse(text).unwrap())).unwrap().records
}

fn www() -> Record {
    record("www.example.com", RrType::A, "192.0.2.1")
}

#[test]
fn counts_of_observations_add_up_and_of_reports_do_not() {
    let store = Memory::new();
    let counted = |count| Record { count, ..www() };
    let count = || rows(&store, "www.example.com")[0].count;
    for (kind, given, shown) in [
        (SourceKind::Observation, None, None),
        (SourceKind::Zone, Some(4), Some(4)),
        (SourceKind::Observation, Some(2), Some(2)),
        (SourceKind::Observation, Some(3), Some(5)),
        (SourceKind::Observation, None, Some(5)),
        (SourceKind::Report, Some(5), Some(5)),
        (SourceKind::Report, Some(9), Some(9)),
        (SourceKind::Report, Some(9), Some(9)),
        (SourceKind::Observation, Some(5), Some(10)),
        (SourceKind::Observation, Some(u64::MAX), Some(u64::MAX)),
    ] {
        store.absorb(said(counted(given), kind)).unwrap();
        assert_eq!(count(), shown, "{kind:?} {given:?}");
    }
}

#[test]
fn zone_times_stay_apart_and_fence_only_what_has_no_others() {
    let store = Memory::new();
    let zone = Record {
        time_first: None,
        time_last: None,
        zone_time_first: Some(1),
        zone_time_last: Some(2),
        ..www()
    };
    store.absorb(said(zone.clone(), SourceKind::Report)).unwrap();
    assert_eq!(rows(&store, "www.example.com"), [zone]);
    let mut question = Question::new(Subject::parse("www.example.com").unwrap());
    question.fences.last_before = Some(2);
    assert_eq!(store.lookup(&question).unwrap().records.len(), 1);
    store.absorb(said(www(), SourceKind::Report)).unwrap();
    assert_eq!(store.lookup(&question).unwrap().records.len(), 0);
    let [row] = &rows(&store, "www.example.com")[..] else { panic!("one row") };
    assert_eq!((row.time_first, row.zone_time_first, row.zone_time_last), (Some(10), Some(1), Some(2)));
}

#[test]
fn a_merged_row_passes_a_fence_by_all_its_times() {
    let store = Memory::new();
    let zone = Record { zone_time_first: Some(1), zone_time_last: Some(90), ..www() };
    let zone = Record { time_first: None, time_last: None, ..zone };
    store.absorb(said(zone, SourceKind::Report)).unwrap();
    store.absorb(said(www(), SourceKind::Observation)).unwrap();
    let found = |fences: Fences| {
        let question = Question { fences, ..Question::new(Subject::parse("www.example.com").unwrap()) };
        store.lookup(&question).unwrap().records.len()
    };
    let fences = Fences::default();
    assert_eq!(found(Fences { last_after: Some(50), ..fences }), 1, "the zone had it, though nobody saw it");
    assert_eq!(found(Fences { last_before: Some(50), ..fences }), 0);
    assert_eq!(found(Fences { first_after: Some(5), ..fences }), 0);
    assert_eq!(found(Fences { first_before: Some(5), ..fences }), 1);
}

#[test]
fn zones_and_sensors_are_rows_with_times_and_counts_of_their_own_when_asked() {
    let store = Memory::new();
    let zone = Record { zone_time_first: Some(1), zone_time_last: Some(2), count: Some(90), ..www() };
    let zone = Record { time_first: None, time_last: None, ..zone };
    let seen = Record { count: Some(5), ..www() };
    store.absorb(said(zone.clone(), SourceKind::Report)).unwrap();
    store.absorb(said(seen.clone(), SourceKind::Observation)).unwrap();
    for apart in [Apart::Kind, Apart::BailiwickAndKind] {
        let mut question = Question { apart, ..Question::new(Subject::parse("www.example.com").unwrap()) };
        assert_eq!(store.lookup(&question).unwrap().records, [seen.clone(), zone.clone()]);
        question.fences.last_before = Some(2);
        assert_eq!(store.lookup(&question).unwrap().records, std::slice::from_ref(&zone));
        assert_eq!(store.summarise(&question).unwrap().count, Some(90));
    }
}

#[test]
fn origin_is_shown_only_where_all_agree_and_bailiwick_where_those_that_know_do() {
    let store = Memory::new();
    let from = |origin: Option<&str>, bailiwick: Option<&str>| Record {
        origin: origin.map(Arc::from),
        bailiwick: bailiwick.map(name),
        ..www()
    };
    let shown = |record| {
        store.absorb(said(record, SourceKind::Report)).unwrap();
        let row = rows(&store, "www.example.com").remove(0);
        (row.origin.map(|origin| origin.to_string()), row.bailiwick.map(|name| name.to_string()))
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(shown(from(Some("a"), None)), (text("a"), None));
    assert_eq!(shown(from(Some("a"), Some("example.com"))), (text("a"), text("example.com")));
    assert_eq!(shown(from(None, Some("example.net"))), (None, text("example.com")));
    assert_eq!(shown(from(None, Some("com"))), (None, None));
}

#[test]
fn an_address_brings_its_names_only_when_asked_to() {
    let store = Memory::new();
    let ns = record("www.example.com", RrType::NS, "ns1.example.net");
    let other = record("ftp.example.com", RrType::A, "192.0.2.2");
    for record in [www(), ns.clone(), other] {
        store.absorb(said(record, SourceKind::Report)).unwrap();
    }
    assert_eq!(rows(&store, "192.0.2.1"), [www()]);
    let mut question = Question::new(Subject::NamesOn("192.0.2.1".parse().unwrap()));
    assert_eq!(store.lookup(&question).unwrap().records, [www(), ns.clone()]);
    question.rrtypes = vec![RrType::NS];
    assert_eq!(store.lookup(&question).unwrap().records, [ns]);
    question.fences.last_after = Some(21);
    assert_eq!(store.lookup(&question).unwrap().records, []);
}

#[test]
fn a_batch_is_taken_in_whole_or_not_at_all() {
    let store = Memory::new();
    let good = said(www(), SourceKind::Observation);
    let [observation] = &good.observations[..] else { panic!("one observation") };
    let cases = [
        (Observation { source: 1, ..observation.clone() }, BatchFault::Source),
        (Observation { time_first: 21, ..observation.clone() }, BatchFault::Reversed),
        (Observation { rrtype: RrType::AAAA, ..observation.clone() }, BatchFault::Rdata),
    ];
    for (bad, fault) in cases {
        let mut batch = good.clone();
        batch.observations.push(bad);
        batch.position = Some(Position::new("file", 7));
        assert_eq!(store.absorb(batch), Err(StoreError::Batch { index: 1, fault }));
    }
    assert_eq!(store.stats().unwrap(), store::Stats::default());
    assert_eq!(store.position("file"), Ok(None));
}

#[test]
fn what_an_input_said_is_taken_in_once() {
    let store = Memory::new();
    let offset = |store: &Memory| store.position("file").unwrap().map(|reached| reached.offset);
    let batch = |offset| Batch {
        position: Some(Position::new("file", offset)),
        ..said(Record { count: Some(1), origin: Some("a".into()), ..www() }, SourceKind::Observation)
    };
    for (offset, repeated) in [(5, false), (5, true), (4, true), (9, false)] {
        assert_eq!(store.absorb(batch(offset)).unwrap().repeated, repeated, "{offset}");
    }
    assert_eq!(offset(&store), Some(9));
    assert_eq!(rows(&store, "www.example.com")[0].count, Some(2));
    assert_eq!(store.drop_where(&Selection::Origin(Some("b".into()))), Ok(0));
    assert_eq!(offset(&store), Some(9));
    assert_eq!(store.drop_where(&Selection::Origin(Some("a".into()))), Ok(1));
    assert_eq!(store.position("file"), Ok(None));
    assert!(!store.absorb(batch(5)).unwrap().repeated);
}

#[test]
fn limits_are_said_and_newest_first_has_no_pages() {
    let store = Memory::new();
    store.absorb(said(www(), SourceKind::Report)).unwrap();
    store.absorb(said(record("a.example.com", RrType::A, "192.0.2.1"), SourceKind::Report)).unwrap();
    let mut question = Question::new(Subject::Suffix(name("com")));
    for (asked, used) in [(0, 1), (1, 1), (5, 5), (usize::MAX, store::MAX_LIMIT)] {
        question.limit = asked;
        assert_eq!(store.lookup(&question).unwrap().limit, used);
    }
    question.limit = 1;
    let page = store.lookup(&question).unwrap();
    assert!(page.more);
    question.order = Order::NewestFirst;
    let newest = store.lookup(&question).unwrap();
    assert_eq!((newest.next, newest.more), (None, true));
    question.cursor = page.next;
    assert_eq!(store.lookup(&question), Err(StoreError::NotPaged));
}

#[test]
fn sources_are_counted_once() {
    let store = Memory::new();
    let batch = Batch { sources: vec![source(SourceKind::Zone, Some("a")); 2], ..Batch::default() };
    store.absorb(batch.clone()).unwrap();
    store.absorb(batch).unwrap();
    assert_eq!(store.stats().unwrap().sources, 1);
}
