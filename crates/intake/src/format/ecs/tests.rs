use proptest::prelude::*;
use serde_json::{Value, json};

use crate::batches::Order;
use crate::format::Format;
use crate::format::testing::{self, Found};
use crate::tally::{Dropped, Reason};

const AT: u64 = 1_521_911_720;

/// An event of Packetbeat 5.
fn old(name: &str, rrtype: &str, answers: &Value) -> Value {
    json!({"@timestamp": "2018-03-24T17:15:20.865Z", "beat": {"hostname": "h"}, "type": "dns", "client_ip": "10.1.2.3", "port": 53,
        "dns": {"id": 1, "op_code": "QUERY", "response_code": "NOERROR", "flags": {"truncated_response": false},
            "question": {"name": name, "type": rrtype, "class": "IN"}, "answers": answers, "answers_count": 1}})
}

/// The same in the Elastic Common Schema.
fn new(name: &str, rrtype: &str, answers: &Value) -> Value {
    json!({"@timestamp": "2018-03-24T17:15:20.865Z", "event": {"dataset": "dns", "kind": "event"}, "source": {"ip": "10.1.2.3"},
        "destination": {"ip": "10.1.2.4", "port": 53},
        "dns": {"type": "answer", "op_code": "QUERY", "response_code": "NOERROR", "header_flags": ["RD", "RA"],
            "question": {"name": name, "type": rrtype, "class": "IN"}, "answers": answers}})
}

/// The same with joined keys.
fn joined(name: &str, rrtype: &str, answers: &Value) -> Value {
    json!({"@timestamp": "2018-03-24T17:15:20.865Z", "event.dataset": "dns", "source.ip": "10.1.2.3", "destination.port": 53,
        "dns.type": "answer", "dns.response_code": "NOERROR", "dns.header_flags": ["RD"], "dns.question.name": name,
        "dns.question.type": rrtype, "dns.question.class": "IN", "dns.answers": answers})
}

fn answer(name: &str, rrtype: &str, data: &str) -> Value {
    json!({"name": name, "class": "IN", "type": rrtype, "data": data, "ttl": "60"})
}

fn found(events: &[Value]) -> Found {
    let lines: String = events.iter().map(|event| event.to_string() + "\n").collect();
    assert_eq!(Format::of(lines.as_bytes(), true), Some(Format::Ecs), "{lines}");
    testing::read(lines.as_bytes(), &Order { format: Format::Ecs, ..testing::order() })
}

/// What answers come to, which must be the same in all forms.
fn of_answers(name: &str, rrtype: &str, answers: &Value) -> Found {
    let found_in = found(&[old(name, rrtype, answers)]);
    for other in [new(name, rrtype, answers), joined(name, rrtype, answers)] {
        let other = found(&[other]);
        assert_eq!((&found_in.rows, found_in.dropped()), (&other.rows, other.dropped()));
        assert!(!format!("{other:?}").contains("10.1.2."), "an address of a client");
    }
    found_in
}

fn rows(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| format!("{row} {AT} 1 -")).collect()
}

#[test]
fn answers_on_the_chain_are_taken_with_their_owners() {
    let answers = json!([
        answer("www.example.", "CNAME", "cdn.example."),
        answer("CDN.example", "A", "185.194.93.1"),
        answer("other.example", "A", "185.194.93.2"),
    ]);
    let found = of_answers("www.example", "A", &answers);
    assert_eq!(found.rows, rows(&["cdn.example A 185.194.93.1", "www.example CNAME cdn.example"]));
    assert_eq!(found.dropped(), [(Dropped::OffChain, 1)]);
}

#[test]
fn data_is_put_together_from_its_fields() {
    let long = "x".repeat(255);
    for (rrtype, fields, expected) in [
        ("MX", json!({"data": "mail.example", "preference": 10}), Some("10 mail.example")),
        ("MX", json!({"data": "mail.example", "preference": "10"}), Some("10 mail.example")),
        ("MX", json!({"data": "mail.example"}), None),
        (
            "SRV",
            json!({"data": "h.example", "priority": 1, "weight": 2, "port": 443}),
            Some("1 2 443 h.example"),
        ),
        ("SRV", json!({"data": "h.example", "priority": 1}), None),
        (
            "SOA",
            json!({"data": "ns.example", "rname": "host.example", "serial": 1, "refresh": 2, "retry": 3, "expire": 4, "minimum": 5}),
            Some("ns.example host.example 1 2 3 4 5"),
        ),
        ("TXT", json!({"data": "v=1 \\\"x\\\""}), Some("\"v=1 \\\"x\\\"\"")),
        ("TXT", json!({"data": long}), None),
        ("CAA", json!({"data": "x"}), None),
    ] {
        let mut record = fields;
        record["name"] = json!("a.example");
        record["type"] = json!(rrtype);
        let found = of_answers("a.example", rrtype, &json!([record]));
        match expected {
            Some(expected) => assert_eq!(found.rows, rows(&[&format!("a.example {rrtype} {expected}")])),
            None => assert_eq!(found.dropped(), [(Dropped::PartialData, 1)], "{rrtype}"),
        }
    }
}

#[test]
fn what_is_no_answer_is_dropped_by_reason() {
    let good = new("a.example", "A", &json!([answer("a.example", "A", "185.194.93.1")]));
    for (path, value, why) in [
        ("/dns/type", json!("query"), Dropped::Query),
        ("/dns/op_code", json!("UPDATE"), Dropped::Opcode),
        ("/dns/header_flags", json!(["TC"]), Dropped::TruncatedResponse),
        ("/dns/response_code", json!("NXDOMAIN"), Dropped::Rcode),
        ("/dns/question/class", json!("CH"), Dropped::Class),
        ("/dns/question/type", json!("AXFR"), Dropped::MetaType),
        ("/dns/question", json!({}), Dropped::Questions),
        ("/dns/answers", json!([]), Dropped::Empty),
        ("/destination/port", json!(5_353), Dropped::LocalName),
    ] {
        let mut event = good.clone();
        *event.pointer_mut(path).unwrap() = value;
        let found = found(&[event]);
        assert_eq!((&found.rows, found.dropped()), (&vec![], vec![(why, 1)]), "{path}");
    }
}

#[test]
fn bad_and_other_events_cost_themselves_alone() {
    let good = new("a.example", "A", &json!([answer("a.example", "A", "185.194.93.1")]));
    let mut without_time = good.clone();
    without_time["@timestamp"] = json!("now");
    let mut bad = good.clone();
    bad["dns"] = json!(7);
    let found =
        found(&[without_time, bad, json!({"@timestamp": "2018-03-24T17:15:20Z", "type": "http"}), good]);
    assert_eq!(found.rows, rows(&["a.example A 185.194.93.1"]));
    assert_eq!(found.rejected(), [(Reason::WithoutTime, 1), (Reason::Line, 1)]);
    assert_eq!(found.dropped(), [(Dropped::NotDns, 1)]);
}

proptest! {
    #[test]
    fn no_line_panics(name in "\\PC{0,30}", data in "\\PC{0,30}", rrtype in "[A-Z]{0,6}", cut in 0_usize..600) {
        let answers = json!([answer(&name, &rrtype, &data), answer(&data, "TXT", &name)]);
        let text = new(&name, &rrtype, &answers).to_string();
        let cut = (0..=cut.min(text.len())).rev().find(|cut| text.is_char_boundary(*cut)).unwrap();
        let input = format!("{text}\n{}\n{}", joined(&name, &rrtype, &answers), &text[..cut]);
        let _ = testing::read(input.as_bytes(), &Order { format: Format::Ecs, ..testing::order() });
    }
}
