use proptest::prelude::*;

use super::*;
use crate::batches::Order;
use crate::format::Format;
use crate::format::testing::{self, Found};

const AT: u64 = 1_521_911_720;

fn order() -> Order {
    Order { format: Format::PassiveDns, ..testing::order() }
}

fn line(query: &str, rrtype: &str, answer: &str, count: u64) -> String {
    format!("{AT}.865716||10.1.2.3||10.1.2.4||IN||{query}||{rrtype}||{answer}||60||{count}\n")
}

fn object(query: &str, rrtype: &str, answer: &str, count: u64) -> String {
    let object = serde_json::json!({"timestamp": "2018-03-24 18:15:20", "timestamp_s": AT, "timestamp_ms": 865_716,
        "client": "10.1.2.3", "server": "10.1.2.4", "class": "IN", "query": query, "type": rrtype, "answer": answer, "ttl": 60,
        "count": count});
    object.to_string() + "\n"
}

fn found(input: &str) -> Found {
    assert_eq!(Format::of(input.as_bytes(), true), Some(Format::PassiveDns), "{input}");
    testing::read(input.as_bytes(), &order())
}

/// What a record comes to, which must be the same in both forms.
fn of_record(query: &str, rrtype: &str, answer: &str) -> Found {
    let found_in = found(&line(query, rrtype, answer, 4));
    let other = found(&object(query, rrtype, answer, 4));
    assert_eq!(
        (&found_in.rows, found_in.dropped(), found_in.rejected()),
        (&other.rows, other.dropped(), other.rejected())
    );
    assert!(!format!("{found_in:?}{other:?}").contains("10.1.2."), "the address of a client");
    found_in
}

#[test]
fn records_are_taken_with_their_counts() {
    for (rrtype, answer, expected) in [
        ("A", "185.194.93.1", "A 185.194.93.1"),
        ("AAAA", "2001:678:6d4::1", "AAAA 2001:678:6d4::1"),
        ("CNAME", "b.example.", "CNAME b.example"),
        ("TXT", "\"a||b||c \\\"\"", "TXT \"a||b||c \\\"\""),
    ] {
        let found = of_record("A.example.", rrtype, answer);
        assert_eq!((found.rows, found.tally.units), (vec![format!("a.example {expected} {AT} 4 -")], 1));
    }
    let twice = line("a.example.", "A", "185.194.93.1", 4) + &line("a.example.", "A", "185.194.93.1", 3);
    assert_eq!(found(&twice).rows, [format!("a.example A 185.194.93.1 {AT} 7 -")]);
}

#[test]
fn what_is_partial_or_an_error_is_dropped() {
    let long = format!("\"{}\"", "x".repeat(255));
    for (rrtype, answer, why) in [
        ("MX", "mail.example.", Dropped::PartialData),
        ("SRV", "host.example.", Dropped::PartialData),
        ("SOA", "ns.example.", Dropped::PartialData),
        ("TXT", &long, Dropped::PartialData),
        ("TXT", "\"cut", Dropped::PartialData),
        ("A", "NXDOMAIN", Dropped::Rcode),
        ("CNAME", "SERVFAIL", Dropped::Rcode),
    ] {
        let found = of_record("a.example.", rrtype, answer);
        assert_eq!((&found.rows, found.dropped()), (&vec![], vec![(why, 1)]), "{rrtype} {answer}");
    }
    let chaos = line("a.example.", "A", "185.194.93.1", 1).replace("||IN||", "||CH||");
    assert_eq!(found(&chaos).dropped(), [(Dropped::Class, 1)]);
    let cut = line("a.example.", "TXT", &format!("\"{}\"||", "||".repeat(500)), 1);
    assert_eq!(found(&cut).dropped(), [(Dropped::PartialData, 1)]);
}

#[test]
fn columns_are_those_of_the_option() {
    let read = |columns: &str, line: &str| {
        let columns = columns.parse().unwrap();
        testing::read(line.as_bytes(), &Order { passivedns_columns: columns, ..order() }).rows
    };
    let expected = [format!("a.example A 185.194.93.1 {AT} 1 -")];
    assert_eq!(read("SQTA", &format!("{AT}||a.example.||A||185.194.93.1\n")), expected);
    assert_eq!(read("AHtTQSM", &format!("185.194.93.1||x||60||A||a.example.||{AT}.1\n")), expected);
    assert_eq!(read("SMcsCQTAtn", &line("a.example.", "A", "185.194.93.1", 1)), expected);
    assert_eq!("SMcsCQTAtn".parse(), Ok(Columns::default()));
    for (columns, error) in [
        ("SQT", ColumnsError::Missing('A')),
        ("HQTA", ColumnsError::Missing('S')),
        ("SQTAx", ColumnsError::Letter('x')),
        ("SQTAQ", ColumnsError::Twice('Q')),
    ] {
        assert_eq!(columns.parse::<Columns>(), Err(error));
    }
}

#[test]
fn bad_lines_cost_themselves_alone() {
    let good = line("a.example.", "A", "185.194.93.1", 1);
    let bad = good.replace("||1\n", "\n") + &good.replace("||1\n", "||x\n") + "no columns\n{\"query\":7}\n";
    let without_time = "{\"query\":\"a.example.\",\"type\":\"A\",\"answer\":\"185.194.93.1\"}\n";
    let found = found(&(good.clone() + &bad + without_time + good.trim_end()));
    assert_eq!(found.rows, [format!("a.example A 185.194.93.1 {AT} 1 -")]);
    assert_eq!(found.rejected(), [(Reason::WithoutTime, 1), (Reason::Line, 4), (Reason::Cut, 1)]);
}

proptest! {
    #[test]
    fn no_line_panics(query in "\\PC{0,20}", answer in "\\PC{0,20}", columns in "[|0-9a-zA-Z.]{0,60}") {
        let input = line(&query, "TXT", &answer, 1) + &object(&query, "A", &answer, 1) + &columns + "\n" + &columns;
        let _ = testing::read(input.as_bytes(), &order());
    }

    #[test]
    fn no_columns_panic(columns in "[SMHcsphCQLTAltnwW]{0,10}", text in "\\PC{0,10}") {
        let _ = columns.parse::<Columns>();
        let _ = text.parse::<Columns>();
    }
}
