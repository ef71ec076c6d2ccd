use std::sync::Arc;
use std::time::Duration;

use cof::time::Clock;
use cof::{Batch, Name, Observation, Rdata, RrType, Source, SourceKind};
use edge::limits::Limits;
use store::{Memory, Store as _};

use super::*;
use crate::content::Content;

/// Long enough for every answer here; nothing waits as long.
const WAIT: Wait = Wait::Whole(Duration::from_mins(1));

fn observation(rrname: &str, rrtype: RrType, rdata: &str) -> Observation {
    Observation {
        rrname: Name::parse(rrname).unwrap(),
        rrtype,
        rdata: Rdata::parse(rrtype, rdata),
        bailiwick: None,
        time_first: 1_700_000_000,
        time_last: 1_700_000_000,
        count: Some(1),
        source: 0,
    }
}

fn rows(observations: Vec<Observation>) -> Rows {
    let source = Source { kind: SourceKind::Observation, origin: None, sensor: Some("vienna".into()) };
    let store = Memory::new();
    store.absorb(Batch { sources: vec![source], observations, position: None }).unwrap();
    Rows::new(Arc::new(store), &Limits::default())
}

fn inquiry(text: &str) -> Inquiry {
    Inquiry::parse(text, &Clock::system()).unwrap()
}

fn bounded(bounds: Bounds) -> Explorer {
    Explorer { bounds, ..Explorer::default() }
}

/// A hundred names on one address.
fn hundred() -> Vec<Observation> {
    (0..100).map(|n| observation(&format!("n{n}.d{}.example", n % 7), RrType::A, "192.0.2.1")).collect()
}

#[tokio::test]
async fn an_answer_is_whole_or_says_where_it_was_cut_off() {
    let many = (0..12_000).map(|n| observation(&format!("n{n}.many.example"), RrType::A, "192.0.2.2"));
    let rows = rows(hundred().into_iter().chain(many).collect());
    let cut = bounded(Bounds { tuples: 1, ..Bounds::default() });
    let cut = cut.of(&rows, inquiry("192.0.2.2"), (WAIT, Again::No)).await.unwrap();
    assert_eq!(
        (cut.progress.end.clone(), cut.records().len()),
        (Some(End::Tuples), 4_999),
        "one tuple waits for its other rows"
    );
    for (bounds, end, found) in [
        (Bounds::default(), End::Complete, 100),
        (Bounds { rows: 30, ..Bounds::default() }, End::Rows, 30),
        (Bounds { rows: 100, ..Bounds::default() }, End::Complete, 100),
        // A slice of the store is read in any case.
        (Bounds { tuples: 0, ..Bounds::default() }, End::Complete, 100),
    ] {
        let answer = bounded(bounds).of(&rows, inquiry("192.0.2.1"), (WAIT, Again::No)).await.unwrap();
        assert_eq!((answer.progress.end.clone(), answer.records().len()), (Some(end), found), "{bounds:?}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_until_it_is_read_again() {
    let rows = rows(hundred());
    let explorer = Explorer::default();
    let first = explorer.of(&rows, inquiry("type:A  192.0.2.1"), (WAIT, Again::No)).await.unwrap();
    let same = explorer.of(&rows, inquiry("192.0.2.1 type:A"), (WAIT, Again::No)).await.unwrap();
    assert!(Arc::ptr_eq(&first, &same), "the words are the same in another order");
    let again = explorer.of(&rows, inquiry("192.0.2.1 type:A"), (WAIT, Again::Yes)).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &again));
    // The page whose link reads an answer again is loaded twice.
    let this = Again::This(again.progress.number);
    let second = explorer.of(&rows, inquiry("192.0.2.1 type:A"), (WAIT, this)).await.unwrap();
    let same = explorer.of(&rows, inquiry("192.0.2.1 type:A"), (WAIT, this)).await.unwrap();
    assert!(!Arc::ptr_eq(&again, &second) && Arc::ptr_eq(&second, &same));
    let (progress, number) = explorer.watch(&rows, inquiry("192.0.2.1 type:A")).unwrap();
    assert_eq!((progress.end, number), (Some(End::Complete), 100));
}

#[tokio::test]
async fn few_answers_are_kept() {
    let rows = rows(hundred());
    let explorer = Explorer::default();
    for n in 0..KEPT + 5 {
        explorer.of(&rows, inquiry(&format!("n{n}.d0.example")), (WAIT, Again::No)).await.unwrap();
    }
    assert!(explorer.readings.lock().unwrap().len() <= KEPT + 1);
}

#[tokio::test]
async fn what_was_found_says_who_else_has_a_value() {
    let ns = |n: usize| observation(&format!("z{n}.example"), RrType::NS, "ns1.host.example");
    let mut seen: Vec<Observation> = (0..80).map(ns).collect();
    seen.push(observation("z0.example", RrType::TXT, "\"v=spf1 -all\""));
    seen.push(observation("z1.example", RrType::TXT, "\"v=spf1 -all\""));
    seen.push(observation("z0.example", RrType::SOA, "ns1.host.example mail.host.example 1 2 3 4 5"));
    seen.push(observation("z0.example", RrType::A, "192.0.2.1"));
    let rows = rows(seen);
    let explorer = Explorer::default();
    let found = explorer.of(&rows, inquiry("*.example"), (WAIT, Again::No)).await.unwrap();
    let of = |rrtype: RrType| found.records().iter().position(|record| record.rrtype == rrtype).unwrap();
    let places = [of(RrType::NS), of(RrType::TXT), of(RrType::SOA), of(RrType::A)];
    let uses = uses(&found, &rows, &places).await.unwrap();
    let said: Vec<_> = uses
        .iter()
        .map(|one| one.as_ref().map(|one| (one.line.as_str(), one.names.count, one.names.at_least)))
        .collect();
    assert_eq!(
        said,
        [
            Some(("rdata:ns1.host.example type:NS", 80, false)),
            Some(("type:TXT exact:\"v=spf1 -all\"", 2, true)),
            Some(("rdata:mail.host.example type:SOA", 1, false)),
            None,
        ]
    );
    // Each line finds what was counted.
    for one in uses.iter().flatten() {
        let answer = explorer.of(&rows, inquiry(&one.line), (WAIT, Again::No)).await.unwrap();
        assert_eq!(answer.records().len(), one.names.count, "{}", one.line);
    }
}
