use std::sync::Arc;
use std::time::Duration;

use cof::time::Clock;
use cof::{Batch, Name, Observation, Rdata, Record, RrType, Source, SourceKind};
use proptest::prelude::*;
use store::{Apart, Memory, Question, Store as _, Subject};

use super::*;

/// 2026-11-29.
const NOW: u64 = 1_795_900_000;

fn parse(text: &str) -> Result<Inquiry, InquiryError> {
    Inquiry::parse(text, &Clock::telling(|| Duration::from_secs(NOW)))
}

/// How each word of a line was read.
fn read(text: &str) -> Vec<String> {
    parse(text).unwrap().parts().iter().map(|part| format!("{}: {}", part.label, part.value)).collect()
}

#[test]
fn every_form_is_recognised_and_said() {
    for (text, said) in [
        ("www.example.com", "name: www.example.com"),
        ("hxxp://www[.]example[.]com/x?y=*", "name: www.example.com"),
        ("*.example.com", "at or below: example.com"),
        ("192.0.2.1", "address: 192.0.2.1"),
        ("192.0.2.0/24", "network: 192.0.2.0/24"),
        ("192.0.2.*", "network: 192.0.2.0/24"),
        ("192.0.2.1 - 192.0.2.9", "range: 192.0.2.1 to 192.0.2.9"),
        ("rdata: ns1.example.com", "in data: ns1.example.com"),
        ("rdata:*.example.com", "in data, at or below: example.com"),
        ("name:*.example.com", "at or below: example.com"),
        ("*harbor*", "pattern in name or data: *harbor*"),
        ("mail?.example.com", "pattern in name or data: mail?.example.com"),
        ("www.example.*", "pattern in name or data: www.example.*"),
        ("name:*harbor*", "pattern in name: *harbor*"),
        ("RDATA:*v=spf1 include*", "pattern in data: *v=spf1 include*"),
        ("/^mail[0-9]+/", "regular expression in name or data: /^mail[0-9]+/"),
        ("rdata:/spf1/", "regular expression in data: /spf1/"),
        ("exact: \"a  type:A\"", "data is exactly: \"a  type:A\""),
        ("type:a,ns", "types: A, NS"),
        ("below:example.com", "at or below: example.com"),
        ("in:192.0.2.7/24", "address in: 192.0.2.7/24"),
        ("in:2001:db8::1", "address in: 2001:db8::1/128"),
        ("source:\"Zeek, office\"", "source: Zeek, office"),
        ("by:source", "a row for each: source"),
        ("after:2026-05-01", "seen after: 2026-05-01"),
        ("before:20260501", "seen before: 2026-05-01"),
        ("last-after:2026-05-01T10:00:00Z", "last seen after: 2026-05-01 10:00:00 UTC"),
    ] {
        assert_eq!(read(text), [said], "{text}");
    }
    assert_eq!(read("type:A *x* after:2026-01-01").len(), 3);
}

#[test]
fn what_no_store_can_answer_is_refused_with_its_word() {
    for (text, words) in [
        ("", "empty query"),
        ("user@example.com", "'@' must be escaped"),
        ("a.example b.example", "' ' must be escaped"),
        ("192.0.2.0/33", "not a network"),
        ("44d88612fea8a8f36de82e1278abb02f", "this is an MD5 hash"),
        ("/(/", "the pattern: unclosed group"),
        ("type:A type:NS a.example", "type: given more than once"),
        ("type: a.example", "type: needs a value"),
        ("exact:", "exact: needs a value"),
        ("a.example exact:b", "exact: given more than once"),
        ("type:A_,", "type:A_,: takes up to 64"),
        ("after:yesterday a.example", "after: \"yesterday\" is not a time"),
        ("after:2026-02-01 last-before:2026-01-01", "last-after, last-before: no time"),
        ("in:example.com", "in:example.com: not an address"),
        ("below:192.0.2.1", "below:192.0.2.1: not a domain name"),
        ("by:day", "by:day: takes source"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.starts_with(words), "{text}: {error}");
    }
    assert_eq!(parse(&"a".repeat(LONGEST + 1)).unwrap_err(), InquiryError::Long(LONGEST + 1));
}

#[test]
fn words_are_taken_off_and_put_on() {
    let inquiry = parse("type:A  *x*   after:90d").unwrap();
    assert_eq!(inquiry.text(), "*x* type:A after:90d");
    let place = inquiry.place("type").unwrap();
    assert_eq!(inquiry.without(place), "*x* after:90d");
    assert_eq!(inquiry.without(0), "type:A after:90d");
    assert_eq!(inquiry.with("type", "NS"), "*x* after:90d type:NS");
    assert_eq!(inquiry.with("source", "a \"b\""), "*x* type:A after:90d source:\"a \\\"b\\\"\"");
    let exact = parse("exact:\"a b\"").unwrap();
    assert_eq!(exact.with("type", "TXT"), "type:TXT exact:\"a b\"");
}

#[test]
fn a_store_reads_no_more_than_it_has_to() {
    for (text, subject) in [
        ("*x* below:example.com", "*.example.com"),
        ("*x* in:192.0.2.0/24", "192.0.2.0/24"),
        ("type:MX exact:10 mx.example.com", "rdata:mx.example.com"),
        ("www.example.com below:example.com", "www.example.com"),
        ("type:TXT exact:\"x\"", "*."),
    ] {
        assert_eq!(parse(text).unwrap().subject(), Subject::parse(subject).unwrap(), "{text}");
    }
    assert!(parse("*x*").unwrap().reads_everything() && !parse("a.example").unwrap().reads_everything());
    assert!(parse("a.example type:A after:1d").unwrap().plain().is_some());
    assert!(parse("a.example source:x").unwrap().plain().is_none());
}

#[test]
fn an_indicator_is_recognised() {
    let of = |text| parse(text).unwrap().indicator().map(|(one, in_data)| (one.to_string(), in_data));
    assert_eq!(of("www.example.com type:A"), Some(("www.example.com".to_owned(), false)));
    assert_eq!(of("rdata:ns1.example.com"), Some(("ns1.example.com".to_owned(), true)));
    assert_eq!(of("2001:db8::1"), Some(("2001:db8::1".to_owned(), false)));
    assert_eq!(of("com"), Some(("com".to_owned(), false)));
    for text in ["*.example.com", "192.0.2.0/24", "*x*", "type:A"] {
        assert_eq!(of(text), None, "{text}");
    }
}

fn observation(rrname: &str, rrtype: RrType, rdata: &str, source: usize) -> Observation {
    Observation {
        rrname: Name::parse(rrname).unwrap(),
        rrtype,
        rdata: Rdata::parse(rrtype, rdata),
        bailiwick: None,
        time_first: 1_700_000_000,
        time_last: 1_700_000_000,
        count: Some(1),
        source,
    }
}

fn stored(observations: Vec<Observation>) -> Memory {
    let sensor =
        |name: &str| Source { kind: SourceKind::Observation, origin: None, sensor: Some(name.into()) };
    let source = |kind, origin: Option<&str>| Source { kind, origin: origin.map(Arc::from), sensor: None };
    let sources = vec![
        sensor("ams-1"),
        sensor("vie-1"),
        source(SourceKind::Report, Some("https://pdns.example/")),
        source(SourceKind::Report, None),
        source(SourceKind::Zone, None),
    ];
    let store = Memory::new();
    store.absorb(Batch { sources, observations, position: None }).unwrap();
    store
}

/// All rows, read in slices of this many tuples, and the sources.
fn scanned(store: &Memory, inquiry: Inquiry, reach: usize) -> (Vec<Row>, Vec<String>) {
    let mut scan = Scan::new(Arc::new(inquiry));
    let mut rows = Vec::new();
    while !scan.is_over() {
        rows.extend(scan.step(store, reach).unwrap());
    }
    (rows, scan.sources().iter().map(ToString::to_string).collect())
}

fn found(store: &Memory, text: &str) -> Vec<String> {
    let (rows, _) = scanned(store, parse(text).unwrap(), 2);
    let one = |row: &Row| format!("{} {} {}", row.record.rrname, row.record.rrtype, row.record.rdata_text());
    rows.iter().map(one).collect()
}

#[test]
fn patterns_and_filters_select_rows() {
    let store = stored(vec![
        observation("www.quietharbor.example", RrType::A, "203.0.113.30", 0),
        observation("www.quietharbor.example", RrType::A, "203.0.113.30", 2),
        observation("parcel.example", RrType::NS, "ns1.quietharbor.example", 1),
        observation("parcel.example", RrType::TXT, "\"v=spf1 -all\"", 1),
        observation("other.example", RrType::TXT, "\"v=spf1 -all\"", 4),
        observation("other.example", RrType::AAAA, "2001:db8::1", 0),
    ]);
    let a = "www.quietharbor.example A 203.0.113.30";
    let (ns, spf) = ("parcel.example NS ns1.quietharbor.example", "parcel.example TXT \"v=spf1 -all\"");
    let other = "other.example TXT \"v=spf1 -all\"";
    for (text, wanted) in [
        ("*quietharbor*", vec![ns, a]),
        ("name:*QuietHarbor*", vec![a]),
        ("rdata:*quietharbor*", vec![ns]),
        ("rdata:ns?.quietharbor.example", vec![ns]),
        ("rdata:ns?.quietharbor.example.", vec![ns]),
        (r"/harbor\.example$/", vec![ns, a]),
        (r"name:/^parcel\.example\.$/", vec![ns, spf]),
        ("exact:\"v=spf1 -all\"", vec![other, spf]),
        ("exact:\"v=spf1\"", vec![]),
        ("type:TXT", vec![other, spf]),
        ("*.example source:ams-1 type:A", vec![a]),
        ("*.example source:vie-1", vec![ns, spf]),
        ("*.example source:\"zone files\"", vec![other]),
        ("*.example in:203.0.113.0/24", vec![a]),
        ("*.example in:2001:db8::/32", vec!["other.example AAAA 2001:db8::1"]),
        ("*.example below:quietharbor.example", vec![a]),
        ("*.example after:2024-01-01", vec![]),
        ("www.quietharbor.example by:source", vec![a, a]),
    ] {
        assert_eq!(found(&store, text), wanted, "{text}");
    }
    let (rows, sources) = scanned(&store, parse("www.quietharbor.example").unwrap(), 1);
    let names: Vec<&str> = rows[0].sources.iter().map(|at| sources[*at as usize].as_str()).collect();
    assert_eq!(names, ["ams-1", "https://pdns.example/"]);
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let rrname = prop::sample::select(vec!["a.example", "b.example", "x.a.example", "example"]);
    let data = prop::sample::select(vec![
        (RrType::A, "192.0.2.1"),
        (RrType::A, "192.0.2.2"),
        (RrType::NS, "a.example"),
        (RrType::SOA, "a.example b.example 1 2 3 4 5"),
        (RrType::TXT, "\"x\""),
    ]);
    let bailiwick = prop::option::of(prop::sample::select(vec!["example", "a.example"]));
    let times = (1_600_000_000..1_600_000_009u64, 0..9u64);
    (rrname, data, bailiwick, times, prop::option::of(1..9u64), 0..5usize).prop_map(
        |(rrname, (rrtype, rdata), bailiwick, (first, more), count, source)| Observation {
            bailiwick: bailiwick.map(|name| Name::parse(name).unwrap()),
            time_first: first,
            time_last: first + more,
            count,
            ..observation(rrname, rrtype, rdata, source)
        },
    )
}

proptest! {
    #[test]
    fn rows_are_merged_as_a_store_does_it(
        observations in prop::collection::vec(any_observation(), 0..40),
        subject in prop::sample::select(vec!["*.example", "a.example", "192.0.2.0/24", "rdata:*.example", "rdata:b.example"]),
        after in prop::option::of(1_600_000_000..1_600_000_018u64),
        reach in 1..9usize,
    ) {
        let store = stored(observations);
        let subject = Subject::parse(subject).unwrap();
        let mut inquiry = Inquiry::about(subject.clone());
        inquiry.fences.last_after = after;
        for (by_source, apart) in [(false, Apart::Merged), (true, Apart::Source)] {
            let inquiry = Inquiry { by_source, ..inquiry.clone() };
            let asked = Question { apart, fences: inquiry.fences, ..Question::new(subject.clone()) };
            let (rows, _) = scanned(&store, inquiry, reach);
            let records: Vec<Record> = rows.into_iter().map(|row| row.record).collect();
            prop_assert_eq!(records, store.lookup(&asked).unwrap().records);
        }
    }

    #[test]
    fn no_line_panics_and_its_text_means_the_same(line in "(type:A |in:192.0.2.0/24 |source:\"a b\" |after:90d |exact:|rdata:|name:|\\*|/|[ -~]|\\PC){0,12}") {
        if let Ok(inquiry) = parse(&line) {
            let text = inquiry.text();
            let again = parse(&text);
            prop_assert!(again.is_ok(), "{text:?}: {again:?}");
            prop_assert_eq!(again.unwrap().text(), text);
        }
    }
}
