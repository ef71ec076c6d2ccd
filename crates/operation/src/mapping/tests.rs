//! The findings of answers: the example of the integration guide, and what must never be selected.

use std::fmt::Write as _;

use cof::{Name, Rdata, Reader, RrType};

use super::gathering::MOST_PROPOSED;
use super::*;
use crate::{Finding, Package, Relation};

/// The guide's seven records (its section 6).
const SAMPLE: &str = include_str!("../../tests/guide.json");

fn guide() -> Vec<Record> {
    let mut reader = Reader::new(1_790_000_000);
    reader.feed(SAMPLE.as_bytes());
    reader.close();
    std::iter::from_fn(|| reader.next()).map(Result::unwrap).collect()
}

fn record(rrname: &str, rrtype: RrType, rdata: &str) -> Record {
    let mut record = Record::new(Name::parse(rrname).unwrap(), rrtype, Rdata::parse(rrtype, rdata));
    (record.time_first, record.time_last, record.count) = (Some(1_500_000_000), Some(1_600_000_000), Some(2));
    record
}

fn asked(value: &str) -> Indicator {
    Indicator::parse(value).unwrap()
}

fn package(version: &str) -> Package {
    crate::package::find(&format!("circl-passive-dns@{version}")).unwrap()
}

fn findings(value: &str, records: &[Record]) -> Findings {
    package("1.1.0").into_mapping().findings(&asked(value), records)
}

/// One finding per line: `!` before those that are not selected, and the positions of its records after it.
fn listed(findings: &Findings) -> String {
    let mut out = String::new();
    for finding in &findings.list {
        let mark = if finding.is_selected() { ' ' } else { '!' };
        let (text, records) = match finding {
            Finding::Attribute { name, value, records, .. } => (format!("{name} = {value}"), records),
            Finding::Indicator { indicator, records, .. } => {
                (format!("{} {indicator}", indicator.kind()), records)
            }
            Finding::Relationship { from, to, attributes, records, .. } => {
                let attributes: Vec<_> =
                    attributes.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                (format!("{from} -> {to}: {}", attributes.join(", ")), records)
            }
        };
        writeln!(out, "{mark}{} {text} {records:?}", finding.kind()).unwrap();
    }
    for warning in &findings.warnings {
        writeln!(out, "warning: {warning}").unwrap();
    }
    out
}

fn of_kind(findings: &Findings, kind: &str) -> Vec<Finding> {
    findings.list.iter().filter(|finding| finding.kind() == kind).cloned().collect()
}

fn relationships(findings: &Findings) -> Vec<String> {
    let show = |finding: &Finding| match finding {
        Finding::Relationship { from, to, .. } => Some(format!("{from} -> {to}")),
        _ => None,
    };
    findings.list.iter().filter_map(show).collect()
}

fn indicators(findings: &Findings) -> Vec<String> {
    let show = |finding: &Finding| match finding {
        Finding::Indicator { indicator, .. } => Some(indicator.to_string()),
        _ => None,
    };
    findings.list.iter().filter_map(show).collect()
}

/// This many names on one address, each with its own name server.
fn hosting(names: usize) -> Vec<Record> {
    let records = (0..names).flat_map(|n| {
        let name = format!("n{n}.example");
        [record(&name, RrType::NS, &format!("ns{n}.example.net")), record(&name, RrType::A, "192.0.2.1")]
    });
    records.collect()
}

#[test]
fn g_67_version_1_0_0_on_the_guides_sample() {
    let found = package("1.0.0").into_mapping().findings(&asked("104.196.175.197"), &guide());
    insta::assert_snapshot!(listed(&found), @r"
     attribute Resource Type = A [0, 6]
     attribute Resource Type = NS [1, 2, 3, 4, 5]
     attribute Resource Data = 104.196.175.197 [0, 6]
     attribute Resource Data = dns04.gpn.register.com [1]
     attribute Resource Data = dns01.gpn.register.com [2]
     attribute Resource Data = dns02.gpn.register.com [3]
     attribute Resource Data = dns05.gpn.register.com [4]
     attribute Resource Data = dns03.gpn.register.com [5]
    ");
}

#[test]
fn g_53_direct_are_the_first_and_the_last() {
    let direct = |value: &str| {
        let of = |record: &Record| Relation::of(&asked(value), record) == Relation::Direct;
        guide().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(direct("104.196.175.197"), [true, false, false, false, false, false, true]);
    assert_eq!(direct("www.threatq.com"), [true, false, false, false, false, false, false]);
    assert_eq!(direct("dns04.gpn.register.com"), [false, true, false, false, false, false, false]);
}

#[test]
fn version_1_1_0_on_the_guides_sample() {
    insta::assert_snapshot!(listed(&findings("104.196.175.197", &guide())));
}

#[test]
fn only_direct_records_lead_to_the_asked_indicator() {
    let found = relationships(&findings("104.196.175.197", &guide()));
    let to_asked: Vec<_> = found.iter().filter(|one| one.contains("104.196.175.197")).collect();
    assert_eq!(to_asked, ["www.threatq.com -> 104.196.175.197", "threatsketch.com -> 104.196.175.197"]);
    assert!(found.contains(&"threatsketch.com -> dns04.gpn.register.com".to_owned()), "{found:?}");
}

#[test]
fn shared_hosting_is_flagged_unselected_and_warned_of() {
    let found = findings("192.0.2.1", &hosting(101));
    assert_eq!(
        found.warnings,
        ["192.0.2.1 has 101 names: shared hosting; findings from it are not selected"]
    );
    let proposed = [of_kind(&found, "indicator"), of_kind(&found, "relationship")].concat();
    // Each name and its server; each name's address and its server.
    assert_eq!(proposed.len(), 404);
    let selected: Vec<_> = proposed.iter().filter(|finding| finding.is_selected()).collect();
    assert!(selected.is_empty(), "{selected:?}");
    assert!(!indicators(&found).contains(&"192.0.2.1".to_owned()), "the asked indicator is never proposed");
}

#[test]
fn a_hundred_names_are_no_shared_hosting() {
    let found = findings("192.0.2.1", &hosting(100));
    assert!(found.warnings.is_empty() && found.list.iter().all(Finding::is_selected));
}

#[test]
fn a_direct_record_beside_the_crowd_vouches_in_either_order() {
    let mut records = hosting(101);
    records.push(record("www.example", RrType::A, "192.0.2.1"));
    records.push(record("n7.example", RrType::CNAME, "www.example"));
    records.push(record("www.example", RrType::NS, "ns.example.net"));
    for _ in 0..2 {
        let found = findings("www.example", &records);
        let selected: Vec<String> = [of_kind(&found, "indicator"), of_kind(&found, "relationship")]
            .concat()
            .iter()
            .filter(|finding| finding.is_selected())
            .map(|finding| match finding {
                Finding::Relationship { from, to, .. } => format!("{from} -> {to}"),
                Finding::Indicator { indicator, .. } => indicator.to_string(),
                Finding::Attribute { .. } => String::new(),
            })
            .collect();
        let mut selected = selected;
        selected.sort();
        let vouched =
            ["n7.example", "n7.example -> www.example", "ns.example.net", "www.example -> ns.example.net"];
        assert_eq!(selected, vouched);
        records.reverse();
    }
}

#[test]
fn caps_are_said_aloud() {
    let names = |number: usize| -> Vec<Record> {
        let of = |n: usize| [record("www.example", RrType::CNAME, &format!("t{n}.example"))];
        (0..number).flat_map(of).collect()
    };
    let within = findings("www.example", &names(MOST_PROPOSED));
    assert_eq!((indicators(&within).len(), within.warnings.len()), (1_000, 0));
    // Each finding is counted once, however many records propose it.
    let mut twice = names(MOST_PROPOSED + 7);
    twice.extend(names(MOST_PROPOSED + 7));
    let beyond = findings("www.example", &twice);
    assert_eq!((indicators(&beyond).len(), relationships(&beyond).len()), (1_000, 1_000));
    insta::assert_snapshot!(beyond.warnings.join("\n"), @r"
    7 values of Resource Data beyond the first 1,000 are not proposed
    7 values of Passive DNS Record beyond the first 1,000 are not proposed
    7 related indicators beyond the first 1,000 are not proposed
    7 relationships beyond the first 1,000 are not proposed
    ");
}

#[test]
fn no_relationship_hangs_in_the_air() {
    // The limit on indicators is reached first: each record has two.
    let records: Vec<_> =
        (0..700).map(|n| record(&format!("a{n}.example"), RrType::CNAME, &format!("b{n}.example"))).collect();
    let found = findings("www.example", &records);
    assert_eq!((indicators(&found).len(), relationships(&found).len()), (1_000, 500));
    assert!(
        found.warnings.contains(&"200 relationships beyond the first 500 are not proposed".to_owned()),
        "{:?}",
        found.warnings
    );
}

#[test]
fn an_mx_with_two_preferences_is_one_relationship() {
    let mut records = vec![
        record("example.com", RrType::MX, "10 mail.example.com"),
        record("example.com", RrType::MX, "20 mail.example.com"),
        record("example.com", RrType::NS, "mail.example.com"),
    ];
    records[1].time_last = Some(1_700_000_000);
    let found = findings("example.com", &records);
    insta::assert_snapshot!(listed(&Findings { list: of_kind(&found, "relationship"), ..Findings::default() }), @r"
     relationship example.com -> mail.example.com: First Seen = 2017-07-14 02:40:00, Last Seen = 2023-11-14 22:13:20, Count = 2, Resource Type = MX [0, 1]
     relationship example.com -> mail.example.com: First Seen = 2017-07-14 02:40:00, Last Seen = 2020-09-13 12:26:40, Count = 2, Resource Type = NS [2]
    ");
}

#[test]
fn a_reverse_name_becomes_its_address() {
    let records = [record("1.2.0.192.in-addr.arpa", RrType::PTR, "www.example.com")];
    let found = findings("www.example.com", &records);
    assert_eq!(indicators(&found), ["192.0.2.1"]);
    assert_eq!(relationships(&found), ["192.0.2.1 -> www.example.com"]);
    assert_eq!(Relation::of(&asked("192.0.2.1"), &records[0]), Relation::Direct);
    assert_eq!(indicators(&findings("192.0.2.1", &records)), ["www.example.com"]);
}

#[test]
fn what_is_no_host_gives_nothing() {
    for (rrname, rrtype, rdata) in [
        // The root, on either side, and the "null MX" of RFC 7505.
        (".", RrType::NS, "a.root-servers.net"),
        ("example.com", RrType::MX, "0 ."),
        ("*.example.com", RrType::A, "192.0.2.1"),
        ("example.com", RrType::TXT, "www.example.com"),
        ("example.com", RrType::A, "not an address"),
        // Names that cannot be an indicator: they would be refused if they were entered.
        ("example.com", RrType::CNAME, r"<script>.example.com"),
        (r"a\032b.example.com", RrType::CNAME, "example.com"),
        ("example.com", RrType::CNAME, "192.0.2.1"),
        ("example.com", RrType::CNAME, "*.example.com"),
    ] {
        let found = findings("www.example", &[record(rrname, rrtype, rdata)]);
        assert!(relationships(&found).is_empty(), "{rrname} {rrtype} {rdata}: {found:?}");
        for indicator in indicators(&found) {
            assert_eq!(asked(&indicator).to_string(), indicator);
        }
    }
}

#[test]
fn a_name_that_points_at_itself_is_no_relationship() {
    let found = findings("www.example", &[record("example.com", RrType::CNAME, "example.com")]);
    assert_eq!((indicators(&found), relationships(&found)), (vec!["example.com".to_owned()], vec![]));
}

#[test]
fn what_a_record_lacks_is_left_out_of_its_relationship() {
    let bare =
        Record::new(Name::parse("www.example").unwrap(), RrType::A, Rdata::parse(RrType::A, "192.0.2.1"));
    let found = findings("www.example", &[bare]);
    let [Finding::Relationship { attributes, .. }] = &of_kind(&found, "relationship")[..] else { panic!() };
    assert_eq!(attributes, &[("Resource Type".to_owned(), "A".to_owned())]);
}

#[test]
fn special_purpose_addresses_are_proposed_unselected_in_every_mapping() {
    let addresses = [
        (RrType::A, "127.0.0.1"),
        (RrType::A, "0.0.0.0"),
        (RrType::A, "10.1.2.3"),
        (RrType::A, "255.255.255.255"),
        (RrType::A, "203.0.113.7"),
        (RrType::AAAA, "::1"),
        (RrType::AAAA, "fe80::1"),
        (RrType::AAAA, "::ffff:192.168.1.1"),
    ];
    let records: Vec<_> =
        addresses.map(|(rrtype, address)| record("parked.example", rrtype, address)).to_vec();
    for version in ["1.0.0", "1.1.0"] {
        let found = package(version).into_mapping().findings(&asked("parked.example"), &records);
        for finding in &found.list {
            let holds = match finding {
                Finding::Attribute { name, .. } => name != "Resource Type",
                Finding::Indicator { .. } | Finding::Relationship { .. } => true,
            };
            assert_eq!(finding.is_selected(), !holds, "{finding:?}");
            let said = finding.caution().map(ToString::to_string).unwrap_or_default();
            assert_eq!(said.starts_with("special-purpose address: "), holds, "{said}");
        }
    }
    // A direct record does not support such an address, and its own records do not count against the queried indicator.
    let found = findings("10.1.2.3", &[record("parked.example", RrType::A, "10.1.2.3")]);
    assert!(found.list.iter().all(Finding::is_selected), "{found:?}");
    let reverse = [record("3.2.1.10.in-addr.arpa", RrType::PTR, "www.example.com")];
    let found = findings("www.example.com", &reverse);
    assert!(of_kind(&found, "indicator").iter().all(|finding| !finding.is_selected()), "{found:?}");
}

#[test]
fn what_somebody_picks_has_no_bound_and_what_is_selected_comes_first() {
    let mut records: Vec<_> =
        (0..5_002).map(|n| record(&format!("n{n}.example"), RrType::CNAME, "www.example")).collect();
    let last = records.len() - 1;
    let picked =
        package("1.1.0").into_mapping().findings_picked(&asked("www.example"), &records, &[last].into());
    assert_eq!(indicators(&picked), ["n5001.example"]);
    let every = (0..records.len()).collect();
    let picked = package("1.1.0").into_mapping().findings_picked(&asked("www.example"), &records, &every);
    assert_eq!((indicators(&picked).len(), picked.beyond), (5_002, 0));
    let among = package("1.1.0").into_mapping().findings_among(&asked("www.example"), &records, &every);
    assert_eq!(indicators(&among).len(), MOST_PROPOSED);
    assert!(among.beyond >= 8_004, "indicators and relationships: {}", among.beyond);
    // 1,100 flagged addresses do not displace one good name.
    records = (0..1_100_u32)
        .map(|n| record("www.example", RrType::A, &format!("10.0.{}.{}", n >> 8, n & 255)))
        .collect();
    records.push(record("good.example", RrType::CNAME, "www.example"));
    let found = findings("www.example", &records);
    assert!(indicators(&found).contains(&"good.example".to_owned()));
    assert_eq!(indicators(&found).len(), MOST_PROPOSED);
}

#[test]
fn fast_flux_is_flagged_and_its_name_is_not() {
    let flux = |addresses: u32, days: u64| -> Vec<Record> {
        let of = |n: u32| {
            let mut one = record("flux.example", RrType::A, &format!("8.8.{}.{}", n >> 8, n & 255));
            one.time_last = Some(1_500_000_000 + days * 86_400);
            one
        };
        (0..addresses).map(of).collect()
    };
    let found = findings("flux.example", &flux(812, 1));
    let proposed = [of_kind(&found, "indicator"), of_kind(&found, "relationship")].concat();
    assert!(proposed.len() == 1_624 && proposed.iter().all(|finding| !finding.is_selected()));
    assert_eq!(
        found.warnings.first().map(String::as_str),
        Some(
            "flux.example had 812 addresses, 812 of them for 3 days or less, as far as is known: fast flux; they are not selected"
        )
    );
    for (addresses, days) in [(30, 1), (812, 4)] {
        let found = findings("flux.example", &flux(addresses, days));
        assert!(found.list.iter().all(Finding::is_selected), "{addresses} addresses for {days} days");
    }
    // Nothing shows that targets without times stayed; other kinds of targets flux too.
    let mut timeless = flux(400, 0);
    for one in &mut timeless {
        (one.time_first, one.time_last) = (None, None);
    }
    let target = |rrtype| -> Vec<Record> {
        let of = |n| Record {
            time_last: Some(1_500_000_000),
            ..record("flux.example", rrtype, &format!("h{n}.example"))
        };
        (0..400).map(of).collect()
    };
    for records in [timeless, target(RrType::NS), target(RrType::CNAME)] {
        let found = findings("flux.example", &records);
        assert!(of_kind(&found, "indicator").iter().all(|finding| !finding.is_selected()));
        assert!(found.warnings[0].starts_with("flux.example had 400 "), "{:?}", found.warnings);
    }
    assert!(
        findings("flux.example", &target(RrType::MX)).list.iter().all(Finding::is_selected),
        "mail servers do not flux"
    );
    // For one of its addresses, the name is what the query was for.
    let found = findings("8.8.0.1", &flux(812, 1));
    let name: Vec<_> = of_kind(&found, "indicator");
    assert!(
        name.iter().any(|finding| finding.is_selected()
            && matches!(finding, Finding::Indicator { indicator, .. } if indicator.to_string() == "flux.example"))
    );
    assert_eq!(name.iter().filter(|finding| finding.is_selected()).count(), 1);
}

#[test]
fn a_lookalike_is_proposed_with_its_caution_and_selected() {
    let found = findings("8.8.8.8", &[record("xn--pple-43d.com", RrType::A, "8.8.8.8")]);
    let name = of_kind(&found, "indicator");
    assert!(
        name[0].is_selected() && name[0].caution().unwrap().to_string().contains("аpple.com"),
        "{name:?}"
    );
}

#[test]
fn what_is_no_host_is_not_proposed_and_a_single_label_is_not_selected() {
    let texts = [
        "44d88612fea8a8f36de82e1278abb02f",
        "CVE-2024-1234",
        "a.exe",
        "ldap",
        "com",
        "localhost",
        "b.example",
    ];
    let records: Vec<_> = texts.map(|text| record("nm2.test", RrType::CNAME, text)).into();
    let found = findings("nm2.test", &records);
    assert_eq!(indicators(&found), ["ldap", "com", "localhost", "b.example"]);
    let selected = |kind: &str| of_kind(&found, kind).iter().filter(|one| one.is_selected()).count();
    assert_eq!((selected("indicator"), selected("relationship")), (1, 1));
    assert_eq!(
        found.warnings,
        [
            "44d88612fea8a8f36de82e1278abb02f is an MD5 hash, an imphash or a JA3 fingerprint, not a host: it is not \
          proposed as an indicator, nor are 2 more names of this kind"
        ]
    );
    let flagged = of_kind(&found, "indicator").iter().find_map(|one| one.caution().cloned());
    assert_eq!(
        flagged.unwrap().to_string(),
        "single label: \"ldap\" is a top-level domain or a local name, probably not a host"
    );
    let values = of_kind(&found, "attribute");
    let is_there = |text: &&str| {
        let text = text.to_ascii_lowercase();
        values.iter().any(|one| matches!(one, Finding::Attribute { value, .. } if *value == text))
    };
    assert!(texts.iter().all(is_there), "every record stays an attribute: {values:?}");
}

#[test]
fn a_top_level_domain_that_was_asked_keeps_its_name_servers_selected() {
    let found = findings("com.", &[record("com", RrType::NS, "a.gtld-servers.example")]);
    assert_eq!(indicators(&found), ["a.gtld-servers.example"]);
    assert!(found.list.iter().all(Finding::is_selected), "{found:?}");
}

#[test]
fn an_unknown_time_stays_unknown_and_what_was_repaired_is_counted() {
    let line = |data: &str, first: &str, last: &str| {
        format!(
            r#"{{"rrname":"t.example","rrtype":"A","rdata":"{data}","time_first":{first},"time_last":{last}}}"#
        )
    };
    let sent = [
        line("198.18.0.1", "1500000000", "4102444800"),
        line("198.18.0.2", "1500000000000", "1600000000000000"),
        line("198.18.0.3", "1600000000", "1500000000"),
    ]
    .join("\n");
    let mut reader = Reader::new(1_790_000_000);
    reader.feed(sent.as_bytes());
    reader.close();
    let records: Vec<_> = std::iter::from_fn(|| reader.next()).map(Result::unwrap).collect();
    let found = findings("t.example", &records);
    assert_eq!(
        found.warnings,
        [
            "1 record with an implausible time, treated as unknown; 1 record with a time converted from another \
          unit; 1 record with first seen after last seen, swapped"
        ]
    );
    let times: Vec<Vec<_>> = of_kind(&found, "relationship")
        .iter()
        .map(|one| match one {
            Finding::Relationship { attributes, .. } => attributes
                .iter()
                .filter(|(name, _)| name.contains("Seen"))
                .map(|(_, value)| value.clone())
                .collect(),
            _ => Vec::new(),
        })
        .collect();
    let (first, last) = ("2017-07-14 02:40:00", "2020-09-13 12:26:40");
    assert_eq!(times, [vec![first], vec![first, last], vec![first, last]]);
}
