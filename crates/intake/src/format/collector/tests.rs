use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::batches::Order;
use crate::format::testing::{self, Found};
use crate::format::{Format, Side};
use crate::tally::{Dropped, Reason};

const AT: u64 = 1_521_911_720;

fn order() -> Order {
    Order { format: Format::Collector, ..testing::order() }
}

/// A message as DNS-collector prints it, nested.
fn message(operation: &str, qname: &str, answers: &Value) -> Value {
    json!({
        "network": {"family": "IPv4", "protocol": "UDP", "query-ip": "10.1.2.3", "query-port": "36232",
            "response-ip": "10.1.2.4", "response-port": "53", "ip-defragmented": false},
        "dns": {"length": 82, "id": 34_555, "opcode": 0, "rcode": "NOERROR", "qname": qname, "qclass": "IN", "qtype": "A",
            "qdcount": 1, "ancount": 1, "nscount": 0, "arcount": 0,
            "flags": {"qr": true, "tc": false, "aa": false, "ra": true, "ad": false, "rd": true, "cd": false},
            "resource-records": {"an": answers, "ns": [], "ar": []}, "malformed-packet": false},
        "edns": {"udp-size": 1_232, "rcode": 0, "version": 0, "dnssec-ok": 0, "options": []},
        "dnstap": {"operation": operation, "identity": "foo", "version": "-", "extra": "-", "latency": 0.01,
            "timestamp-rfc3339ns": "2018-03-24T17:15:20.664534902Z", "policy-rule": "-", "policy-type": "-",
            "policy-action": "NXDOMAIN", "policy-match": "QNAME", "policy-value": "-", "peer-name": "-", "query-zone": "-"},
    })
}

fn record(name: &str, rrtype: &str, rdata: &str) -> Value {
    json!({"name": name, "rdatatype": rrtype, "class": "IN", "ttl": 300, "rdata": rdata})
}

/// The same message, flat: keys joined by dots, and empty lists as a dash.
fn flat(value: &Value) -> Value {
    fn add(path: &str, value: &Value, out: &mut Map<String, Value>) {
        let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| add(&join(key), value, out)),
            Value::Array(items) if items.is_empty() => drop(out.insert(path.to_owned(), json!("-"))),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, item)| add(&join(&at.to_string()), item, out));
            }
            _ => drop(out.insert(path.to_owned(), value.clone())),
        }
    }
    let mut out = Map::new();
    add("", value, &mut out);
    Value::Object(out)
}

/// What messages come to, which must be the same in both forms.
fn found_with(messages: &[Value], order: &Order) -> Found {
    let lines = |form: fn(&Value) -> Value| -> String {
        messages.iter().map(|message| form(message).to_string() + "\n").collect()
    };
    let (nested, flat) = (lines(Value::clone), lines(flat));
    let found = testing::read(nested.as_bytes(), order);
    let other = testing::read(flat.as_bytes(), order);
    assert_eq!(found.rows, other.rows);
    assert_eq!((found.dropped(), found.rejected()), (other.dropped(), other.rejected()));
    for text in [&nested, &flat] {
        assert!(
            !messages.is_empty() && Format::of(text.as_bytes(), true) == Some(Format::Collector),
            "{text}"
        );
    }
    found
}

fn found(messages: &[Value]) -> Found {
    found_with(messages, &order())
}

fn rows(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| format!("{row} {AT} 1 -")).collect()
}

fn with(mut message: Value, path: &str, value: Value) -> Value {
    *message.pointer_mut(path).unwrap() = value;
    message
}

#[test]
fn answers_on_the_chain_are_taken_with_their_owners() {
    let answers = json!([
        record("edge.example", "A", "185.194.93.1"),
        record("WWW.example", "CNAME", "cdn.example"),
        record("cdn.example", "CNAME", "edge.EXAMPLE"),
        record("edge.example", "AAAA", "2001:678:6d4::1"),
        record("other.example", "A", "185.194.93.2"),
        record("edge.example", "RRSIG", "-"),
        record("edge.example", "UNKNOWN", "-"),
    ]);
    let found = found(&[message("RESOLVER_RESPONSE", "www.example", &answers)]);
    let expected = [
        "cdn.example CNAME edge.example",
        "edge.example A 185.194.93.1",
        "edge.example AAAA 2001:678:6d4::1",
        "www.example CNAME cdn.example",
    ];
    assert_eq!(found.rows, rows(&expected));
    assert_eq!(found.dropped(), [(Dropped::OffChain, 1), (Dropped::PartialData, 2)]);
    assert_eq!((found.tally.units, found.tally.messages), (1, 1));
}

#[test]
fn a_dname_leads_to_the_name_that_it_makes() {
    let answers = json!([
        record("old.example", "DNAME", "-"),
        record("www.old.example", "CNAME", "www.new.example"),
        record("www.new.example", "A", "185.194.93.1"),
    ]);
    let partial = found(&[message("RESOLVER_RESPONSE", "www.old.example", &answers)]);
    assert_eq!((partial.rows.len(), partial.dropped()), (2, vec![(Dropped::OffChain, 1)]));
    let answers = json!([
        record("old.example", "DNAME", "new.example"),
        record("www.new.example", "A", "185.194.93.1"),
    ]);
    let found = found(&[message("RESOLVER_RESPONSE", "www.old.example", &answers)]);
    assert_eq!(found.rows, rows(&["old.example DNAME new.example", "www.new.example A 185.194.93.1"]));
}

#[test]
fn one_side_of_the_resolver_is_collected() {
    let answer = |name: &str| json!([record(name, "A", "185.194.93.1")]);
    let operations = [
        "AUTH_RESPONSE",
        "RESOLVER_RESPONSE",
        "CLIENT_RESPONSE",
        "FORWARDER_RESPONSE",
        "STUB_RESPONSE",
        "CLIENT_QUERY",
        "-",
    ];
    let messages: Vec<Value> = operations
        .iter()
        .enumerate()
        .map(|(at, operation)| {
            message(operation, &format!("{at}.example"), &answer(&format!("{at}.example")))
        })
        .collect();
    let server = found(&messages);
    let expected = [
        "0.example A 185.194.93.1",
        "1.example A 185.194.93.1",
        "3.example A 185.194.93.1",
        "6.example A 185.194.93.1",
    ];
    assert_eq!(server.rows, rows(&expected));
    assert_eq!(server.dropped(), [(Dropped::Query, 1), (Dropped::OtherSide, 2)]);
    let client = found_with(&messages, &Order { side: Side::Client, ..order() });
    assert_eq!(client.rows, rows(&["2.example A 185.194.93.1", "6.example A 185.194.93.1"]));
    assert_eq!(client.dropped(), [(Dropped::Query, 1), (Dropped::OtherSide, 4)]);
}

#[test]
fn the_zone_of_the_server_bounds_all_sections() {
    let good = message("RESOLVER_RESPONSE", "www.sub.example", &json!([]));
    let good = with(
        good,
        "/dns/resource-records/ns",
        json!([
            record("sub.example", "NS", "ns.example"),
            record("sub.example", "NS", "ns.other"),
            record("other", "NS", "ns.other"),
        ]),
    );
    let good = with(
        good,
        "/dns/resource-records/ar",
        json!([
            record("ns.example", "A", "185.194.93.1"),
            record("ns.other", "A", "185.194.93.1"),
            record("a.example", "A", "185.194.93.1"),
        ]),
    );
    assert_eq!(found(std::slice::from_ref(&good)).dropped(), [(Dropped::Empty, 1)]);
    let found = found(&[with(good, "/dnstap/query-zone", json!("Example"))]);
    let expected = ["ns.example A 185.194.93.1", "sub.example NS ns.example", "sub.example NS ns.other"];
    assert_eq!(found.rows, expected.map(|row| format!("{row} {AT} 1 example")));
    assert_eq!(found.dropped(), [(Dropped::OutOfBailiwick, 2)]);
}

#[test]
fn what_is_no_answer_is_dropped_by_reason() {
    let good = message("RESOLVER_RESPONSE", "a.example", &json!([record("a.example", "A", "185.194.93.1")]));
    for (path, value, why) in [
        ("/dns/flags/qr", json!(false), Dropped::Query),
        ("/dns/flags/tc", json!(true), Dropped::TruncatedResponse),
        ("/dns/opcode", json!(4), Dropped::Opcode),
        ("/dns/rcode", json!("NXDOMAIN"), Dropped::Rcode),
        ("/dns/qdcount", json!(2), Dropped::Questions),
        ("/dns/qname", json!("-"), Dropped::Questions),
        ("/dns/qclass", json!("CH"), Dropped::Class),
        ("/dns/qtype", json!("AXFR"), Dropped::MetaType),
        ("/dns/resource-records/an", json!([]), Dropped::Empty),
        ("/dnstap/policy-action", json!("LOCAL_DATA"), Dropped::Rewritten),
        ("/dnstap/policy-rule", json!("a.example"), Dropped::Rewritten),
    ] {
        let found = found(&[with(good.clone(), path, value)]);
        assert_eq!((&found.rows, found.dropped()), (&vec![], vec![(why, 1)]), "{path}");
    }
    for (path, value, why) in [
        ("/dns/malformed-packet", json!(1), Reason::Message),
        ("/dnstap/timestamp-rfc3339ns", json!("-"), Reason::WithoutTime),
        ("/dns/resource-records/an/0/rdata", json!("nowhere"), Reason::Data),
    ] {
        let found = found(&[with(good.clone(), path, value)]);
        assert_eq!((&found.rows, found.rejected()), (&vec![], vec![(why, 1)]), "{path}");
    }
    let passed = with(with(good, "/dnstap/policy-rule", json!("a")), "/dnstap/policy-action", json!("PASS"));
    assert_eq!(found(&[passed]).rows, rows(&["a.example A 185.194.93.1"]));
}

#[test]
fn data_is_read_as_it_is_printed() {
    let long = "x".repeat(255);
    let name = "a.example";
    for (rrtype, rdata, expected) in [
        ("MX", "10 mail.example", Some("10 mail.example")),
        ("MX", "0 ", Some("0 .")),
        ("SRV", "1 2 443 host.example", Some("1 2 443 host.example")),
        ("SOA", "ns.example host.example 1 2 3 4 5", Some("ns.example host.example 1 2 3 4 5")),
        ("TXT", "say \"hello\\\"; b", Some("\"say \\\"hello\\\\\\\"; b\"")),
        ("TXT", &long, None),
        ("HTTPS", "1 . alpn=h2,h3", Some("1 . alpn=h2,h3")),
        ("HTTPS", "1 . ech=abcd", None),
        ("CAA", "-", None),
    ] {
        let found = found(&[message("RESOLVER_RESPONSE", name, &json!([record(name, rrtype, rdata)]))]);
        match expected {
            Some(expected) => assert_eq!(found.rows, rows(&[&format!("{name} {rrtype} {expected}")])),
            None => assert_eq!(found.dropped(), [(Dropped::PartialData, 1)], "{rrtype} {rdata}"),
        }
    }
    let odd = [("a b.example", "CNAME", "c\u{e9}.example"), ("a b.example", "CNAME", "c\u{fffd}.example")];
    let answers: Vec<Value> = odd.iter().map(|(name, rrtype, rdata)| record(name, rrtype, rdata)).collect();
    let found = found(&[message("RESOLVER_RESPONSE", "a b.example", &json!(answers))]);
    assert_eq!(found.rows, rows(&["a\\032b.example CNAME c\\195\\169.example"]));
    assert_eq!(found.rejected(), [(Reason::Data, 1)]);
}

#[test]
fn messages_from_powerdns_lack_flags_and_are_escaped() {
    let answers = json!([
        record("www.example.", "CNAME", "a\\.b.example."),
        record("a\\.b.example.", "TXT", "\"one\" \"two\""),
    ]);
    let mut message = message("RESOLVER_RESPONSE", "www.example", &answers);
    message["dns"]["flags"] = json!({"qr": false, "tc": false});
    message["dns"]["qclass"] = json!("-");
    message["dns"]["qdcount"] = json!(0);
    message["powerdns"] =
        json!({"tags": [], "applied-policy": "", "applied-policy-kind": "NoAction", "metadata": {}});
    let found_in = found(std::slice::from_ref(&message));
    assert_eq!(
        found_in.rows,
        rows(&["a\\.b.example TXT \"one\" \"two\"", "www.example CNAME a\\.b.example"])
    );
    message["powerdns"]["applied-policy-kind"] = json!("Custom");
    assert_eq!(found(&[message]).dropped(), [(Dropped::Rewritten, 1)]);
}

#[test]
fn other_lines_cost_themselves_alone() {
    let good = message("RESOLVER_RESPONSE", "a.example", &json!([record("a.example", "A", "185.194.93.1")]))
        .to_string();
    let many = "{\"dns.resource-records.an.99999.name\":\"a\"}";
    let input = format!("{{\"a\":1}}\n[]\n{many}\n{good}\n{}", &good[..good.len() / 2]);
    let found = testing::read(input.as_bytes(), &order());
    assert_eq!(found.rows, rows(&["a.example A 185.194.93.1"]));
    assert_eq!(found.rejected(), [(Reason::Line, 2), (Reason::Cut, 1)]);
    assert_eq!(found.dropped(), [(Dropped::NotDns, 1)]);
}

#[test]
fn no_address_of_a_client_is_kept() {
    let found = found(&[message(
        "RESOLVER_RESPONSE",
        "a.example",
        &json!([record("a.example", "A", "185.194.93.1")]),
    )]);
    assert!(!format!("{found:?}").contains("10.1.2."));
}

proptest! {
    #[test]
    fn no_line_panics(name in "\\PC{0,30}", rdata in "\\PC{0,30}", rrtype in "[A-Z]{0,6}", cut in 0_usize..900, zone in "[a-z.-]{0,9}") {
        let message = message("RESOLVER_RESPONSE", &name, &json!([record(&name, &rrtype, &rdata), record(&rdata, "TXT", &name)]));
        let message = with(message, "/dnstap/query-zone", json!(zone));
        let text = message.to_string();
        let cut = (0..=cut.min(text.len())).rev().find(|cut| text.is_char_boundary(*cut)).unwrap();
        let input = format!("{text}\n{}\n{}", flat(&message), &text[..cut]);
        let _ = testing::read(input.as_bytes(), &order());
    }
}
