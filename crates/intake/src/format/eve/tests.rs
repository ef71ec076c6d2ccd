use proptest::prelude::*;
use serde_json::{Value, json};

use crate::batches::Order;
use crate::format::Format;
use crate::format::testing::{self, Found};
use crate::tally::{Dropped, Reason};

const AT: u64 = 1_521_911_720;

fn order() -> Order {
    Order { format: Format::Eve, ..testing::order() }
}

fn event(dns: &Value) -> Value {
    json!({
        "timestamp": "2018-03-24T17:15:20.333141+0000", "flow_id": 1_234_567, "pcap_cnt": 2, "event_type": "dns",
        "src_ip": "10.1.2.3", "src_port": 53, "dest_ip": "10.1.2.4", "dest_port": 40_123, "proto": "UDP", "dns": dns,
    })
}

/// One event of version 1.
fn v1(rrname: &str, rrtype: &str, rdata: &str) -> Value {
    event(
        &json!({"type": "answer", "id": 1, "flags": "8180", "qr": true, "rcode": "NOERROR", "rrname": rrname, "rrtype": rrtype,
        "ttl": 60, "rdata": rdata}),
    )
}

fn v2(rrname: &str, rrtype: &str, answers: &Value) -> Value {
    event(
        &json!({"version": 2, "type": "answer", "id": 1, "flags": "8180", "qr": true, "rd": true, "ra": true, "rrname": rrname,
        "rrtype": rrtype, "rcode": "NOERROR", "answers": answers, "grouped": {"A": ["185.194.93.99"]},
        "authorities": [{"rrname": "example", "rrtype": "NS", "ttl": 60}]}),
    )
}

fn v3(rrname: &str, rrtype: &str, answers: &Value) -> Value {
    event(
        &json!({"version": 3, "type": "response", "tx_id": 1, "id": 1, "flags": "8180", "qr": true, "rd": true, "ra": true,
        "opcode": 0, "rcode": "NOERROR", "queries": [{"rrname": rrname, "rrtype": rrtype}], "answers": answers,
        "authorities": [{"rrname": "example", "rrtype": "NS", "ttl": 60, "rdata": "ns.example"}],
        "additionals": [{"rrname": "", "rrtype": "OPT", "ttl": 0, "opt": []}], "grouped": {"A": ["185.194.93.99"]}}),
    )
}

fn answer(rrname: &str, rrtype: &str, rdata: &str) -> Value {
    json!({"rrname": rrname, "rrtype": rrtype, "ttl": 60, "rdata": rdata})
}

fn found(events: &[Value]) -> Found {
    let lines: String = events.iter().map(|event| event.to_string() + "\n").collect();
    assert_eq!(Format::of(lines.as_bytes(), true), Some(Format::Eve));
    testing::read(lines.as_bytes(), &order())
}

/// What an answer comes to, which must be the same in versions 2 and 3.
fn of_answers(rrname: &str, rrtype: &str, answers: &Value) -> Found {
    let found_in = found(&[v2(rrname, rrtype, answers)]);
    let other = found(&[v3(rrname, rrtype, answers)]);
    assert_eq!(
        (&found_in.rows, found_in.dropped(), found_in.rejected()),
        (&other.rows, other.dropped(), other.rejected())
    );
    found_in
}

fn rows(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| format!("{row} {AT} 1 -")).collect()
}

#[test]
fn answers_on_the_chain_are_taken_and_the_grouped_ones_are_not_taken_again() {
    let answers = json!([
        answer("WWW.example", "CNAME", "cdn.example"),
        answer("cdn.example", "A", "185.194.93.1"),
        answer("cdn.example", "AAAA", "2001:0678:06d4:0000:0000:0000:0000:0001"),
        answer("other.example", "A", "185.194.93.2"),
    ]);
    let found = of_answers("www.example", "A", &answers);
    let expected =
        ["cdn.example A 185.194.93.1", "cdn.example AAAA 2001:678:6d4::1", "www.example CNAME cdn.example"];
    assert_eq!(found.rows, rows(&expected));
    assert_eq!(found.dropped(), [(Dropped::OffChain, 1)]);
    assert_eq!((found.tally.units, found.tally.messages), (1, 1));
}

#[test]
fn version_1_has_an_event_per_record() {
    let sshfp = event(
        &json!({"type": "answer", "rcode": "NOERROR", "rrname": "h.example", "rrtype": "SSHFP", "ttl": 60,
        "sshfp": {"fingerprint": "12:34:ab", "algo": 1, "type": 1}}),
    );
    let found = found(&[
        v1("www.example", "CNAME", "cdn.example"),
        v1("cdn.example", "A", "185.194.93.1"),
        v1("example", "NS", "ns.example"),
        v1("example", "MX", "mail.example"),
        event(&json!({"type": "query", "id": 1, "rrname": "www.example", "rrtype": "A", "tx_id": 0})),
        event(&json!({"type": "answer", "id": 1, "rcode": "NXDOMAIN", "rrname": "www.example"})),
        sshfp,
    ]);
    let expected =
        ["cdn.example A 185.194.93.1", "h.example SSHFP 1 1 1234ab", "www.example CNAME cdn.example"];
    let text: Vec<String> = found.rows.iter().map(|row| row.to_lowercase()).collect();
    assert_eq!(text, rows(&expected).iter().map(|row| row.to_lowercase()).collect::<Vec<_>>());
    let expected =
        [(Dropped::Query, 1), (Dropped::Rcode, 1), (Dropped::OffChain, 1), (Dropped::PartialData, 1)];
    assert_eq!(found.dropped(), expected);
}

#[test]
fn structured_data_is_put_together() {
    let soa = json!({"mname": "ns.example", "rname": "host.example", "serial": 1, "refresh": 2, "retry": 3, "expire": 4, "minimum": 5});
    let srv = json!({"priority": 1, "weight": 2, "port": 443, "name": "host.example"});
    let sshfp = json!({"fingerprint": "12:34:ab", "algo": 1, "type": 1});
    for (rrtype, key, value, expected) in [
        ("SOA", "soa", soa, Some("ns.example host.example 1 2 3 4 5")),
        ("SRV", "srv", srv, Some("1 2 443 host.example")),
        ("SSHFP", "sshfp", sshfp, Some("1 1 1234AB")),
        ("MX", "rdata", json!("mail.example"), None),
        ("MX", "rdata", json!("10 mail.example"), Some("10 mail.example")),
        ("HTTPS", "other", json!(1), None),
        ("NAPTR", "rdata", json!("host.example"), None),
        ("SRV", "srv", json!({"priority": 1}), None),
    ] {
        let mut record = json!({"rrname": "a.example", "rrtype": rrtype, "ttl": 60});
        record[key] = value;
        let found = of_answers("a.example", rrtype, &json!([record]));
        match expected {
            Some(expected) => {
                let row = format!("a.example {rrtype} {expected}");
                assert_eq!(found.rows.join("").to_lowercase(), rows(&[&row]).join("").to_lowercase());
            }
            None => assert_eq!(
                (&found.rows, found.dropped()),
                (&vec![], vec![(Dropped::PartialData, 1)]),
                "{rrtype}"
            ),
        }
    }
}

#[test]
fn texts_are_octets_and_no_syntax() {
    let texts = |texts: &[&str]| {
        let answers: Vec<Value> = texts.iter().map(|text| answer("a.example", "TXT", text)).collect();
        of_answers("a.example", "TXT", &json!(answers))
    };
    assert_eq!(
        texts(&["v=1; \"x\" \\ y", ""]).rows,
        rows(&["a.example TXT \"\"", "a.example TXT \"v=1; \\\"x\\\" \\\\ y\""])
    );
    let long = "x".repeat(255);
    assert_eq!(texts(&[&long, "rest"]).dropped(), [(Dropped::PartialData, 2)]);
    assert_eq!(texts(&["a\\xffb"]).dropped(), [(Dropped::PartialData, 1)]);
}

#[test]
fn odd_names_are_escaped() {
    let found = of_answers(
        "a b.\\xffc",
        "A",
        &json!([answer("a b.\\xffc", "A", "185.194.93.1"), answer("a b.\\xffc", "A", "")]),
    );
    assert_eq!(found.rows, rows(&["a\\032b.\\255c A 185.194.93.1"]));
    assert_eq!(found.rejected(), [(Reason::Data, 1)]);
}

#[test]
fn grouped_answers_belong_to_the_question_only_without_aliases() {
    let grouped = |rrtype: &str, grouped: Value| {
        let mut event = v2("a.example", rrtype, &json!([]));
        let dns = event["dns"].as_object_mut().unwrap();
        dns.remove("answers");
        dns.insert("grouped".to_owned(), grouped);
        found(&[event])
    };
    let both = json!({"A": ["185.194.93.1", "185.194.93.2"], "TXT": ["x"]});
    assert_eq!(grouped("A", both).rows, rows(&["a.example A 185.194.93.1", "a.example A 185.194.93.2"]));
    assert_eq!(grouped("CNAME", json!({"CNAME": ["b.example"]})).rows, rows(&["a.example CNAME b.example"]));
    for (rrtype, groups, why) in [
        ("A", json!({"A": ["185.194.93.1"], "CNAME": ["b.example"]}), Dropped::PartialData),
        ("SRV", json!({"SRV": [{"priority": 1}]}), Dropped::PartialData),
        ("TXT", json!({"TXT": ["x".repeat(255)]}), Dropped::PartialData),
        ("A", json!({"AAAA": ["2001:678:6d4::1"]}), Dropped::Empty),
    ] {
        let found = grouped(rrtype, groups);
        assert_eq!((&found.rows, found.dropped()), (&vec![], vec![(why, 1)]));
    }
}

#[test]
fn what_is_no_answer_is_dropped_by_reason() {
    let good = v3("a.example", "A", &json!([answer("a.example", "A", "185.194.93.1")]));
    let two = json!([{"rrname": "a.example", "rrtype": "A"}, {"rrname": "b.example", "rrtype": "A"}]);
    for (path, value, why) in [
        ("/event_type", json!("alert"), Dropped::NotDns),
        ("/dns/type", json!("request"), Dropped::Query),
        ("/dns/qr", json!(false), Dropped::Query),
        ("/dns/flags", json!("180"), Dropped::Query),
        ("/dns/flags", json!("8380"), Dropped::TruncatedResponse),
        ("/dns/flags", json!("a180"), Dropped::Opcode),
        ("/dns/opcode", json!(5), Dropped::Opcode),
        ("/dns/rcode", json!("SERVFAIL"), Dropped::Rcode),
        ("/dns/queries", two, Dropped::Questions),
        ("/dns/queries", json!([]), Dropped::Questions),
        ("/dns/queries/0/rrtype", json!("AXFR"), Dropped::MetaType),
        ("/dns/queries/0", json!({"rrname": "version.bind", "rrtype": "TXT"}), Dropped::Class),
        ("/dns/answers", json!([]), Dropped::Empty),
        ("/src_port", json!(5_353), Dropped::LocalName),
    ] {
        let mut event = good.clone();
        *event.pointer_mut(path).unwrap() = value;
        let found = found(&[event]);
        assert_eq!((&found.rows, found.dropped()), (&vec![], vec![(why, 1)]), "{path}");
    }
}

#[test]
fn later_versions_and_bad_lines_cost_themselves_alone() {
    let good = v3("a.example", "A", &json!([answer("a.example", "A", "185.194.93.1")]));
    let mut later = good.clone();
    later["dns"] = json!({"version": 4, "type": 7, "answers": "many"});
    let alert = json!({"timestamp": "2018-03-24T17:15:20.333141+0000", "event_type": "alert", "dns": {"answers": 5, "query": []}});
    let mut without_time = good.clone();
    without_time["timestamp"] = json!("now");
    let lines = [&later, &alert, &without_time, &good, &json!({"a": 1})].map(Value::to_string).join("\n");
    let input = format!("{lines}\n{{\n{}", good.to_string().trim_end_matches('}'));
    let found = testing::read(input.as_bytes(), &order());
    assert_eq!(found.rows, rows(&["a.example A 185.194.93.1"]));
    assert_eq!(
        found.rejected(),
        [(Reason::WithoutTime, 1), (Reason::Line, 1), (Reason::Version, 1), (Reason::Cut, 1)]
    );
    assert_eq!(found.dropped(), [(Dropped::NotDns, 2)]);
}

#[test]
fn an_event_with_two_bad_answers_is_kept_once_among_the_rejects() {
    let bad = [answer("a.example", "A", "nowhere"), answer("a.example", "A", "elsewhere")];
    let line = v3("a.example", "A", &json!(bad)).to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rejects");
    let mut rejects = crate::Rejects::open(&file).unwrap();
    let (tally, fault) =
        crate::batches::read(&mut line.as_bytes(), &order(), Some(&mut rejects), &mut |_, _| Ok(()));
    assert!(fault.is_none());
    assert_eq!(tally.count_of(Reason::Data), 2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), line + "\n");
}

#[test]
fn no_address_of_a_client_is_kept() {
    let found = found(&[v3("a.example", "A", &json!([answer("a.example", "A", "185.194.93.1")]))]);
    assert!(!format!("{found:?}").contains("10.1.2."));
}

proptest! {
    #[test]
    fn no_line_panics(name in "\\PC{0,30}", rdata in "\\PC{0,30}", rrtype in "[A-Z]{0,6}", cut in 0_usize..900, version in 0_u64..5) {
        let answers = json!([answer(&name, &rrtype, &rdata), answer(&rdata, "TXT", &name), {"rrname": 1}]);
        let mut input = String::new();
        for mut event in [v1(&name, &rrtype, &rdata), v2(&name, &rrtype, &answers), v3(&name, &rrtype, &answers)] {
            input += &(event.to_string() + "\n");
            event["dns"]["version"] = json!(version);
            event["dns"]["answers"].take();
            input += &(event.to_string() + "\n");
        }
        let cut = (0..=cut.min(input.len())).rev().find(|cut| input.is_char_boundary(*cut)).unwrap();
        let input = format!("{input}{}", &input[..cut]);
        let _ = testing::read(input.as_bytes(), &order());
    }
}
