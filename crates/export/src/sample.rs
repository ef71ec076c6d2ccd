//! A made-up matter for the tests of documents.

use cof::{Name, Rdata, Record, RrType};
use operation::{Indicator, Tlp};

use crate::{Kind, Levels, Link, Matter, Reported, Source, Value};

pub(crate) fn indicator(text: &str) -> Indicator {
    Indicator::parse(text).unwrap()
}

pub(crate) fn levels(marked: &[(&str, Tlp)]) -> Levels {
    marked.iter().map(|(value, tlp)| (indicator(value), *tlp, 0)).collect()
}

/// A record that was fetched about `c2.example`.
pub(crate) fn reported(
    rrname: &str,
    rrtype: RrType,
    rdata: &str,
    (first, last): (u64, u64),
    count: Option<u64>,
) -> Reported {
    let mut record = Record::new(Name::parse(rrname).unwrap(), rrtype, Rdata::parse(rrtype, rdata));
    (record.time_first, record.time_last, record.count) = (Some(first), Some(last), count);
    Reported {
        asked: indicator("c2.example"),
        record,
        provider: "CIRCL Passive DNS".to_owned(),
        fetched_at: 1_700_000_000,
    }
}

fn value(text: &str, facts: &[(&str, &str)]) -> Value {
    let facts = facts.iter().map(|(name, fact)| ((*name).to_owned(), (*fact).to_owned()));
    Value {
        indicator: indicator(text),
        facts: facts.collect(),
        created_at: 1_690_000_000,
        changed_at: 1_690_000_100,
    }
}

/// An investigation with two members and one record of every kind.
pub(crate) fn matter() -> Matter {
    let link = Link {
        from: indicator("login.c2.example"),
        to: indicator("192.0.2.80"),
        rrtype: RrType::A,
        first: Some(1_600_000_000),
        last: Some(1_600_000_000),
        changed_at: 1_690_000_200,
    };
    Matter {
        kind: Kind::Investigation,
        key: "investigation 1 1680000000 ann".to_owned(),
        title: "Campaign 7".to_owned(),
        summary: "Seen in May.".to_owned(),
        tlp: None,
        is_closed: false,
        created_at: 1_680_000_000,
        changed_at: 1_680_000_500,
        sources: vec![Source { title: "report.txt".to_owned(), dated_at: Some(1_679_000_000) }],
        values: vec![
            value("c2.example", &[("Status", "Active"), ("Verdict", "malicious")]),
            value("192.0.2.80", &[]),
        ],
        reported: records(),
        links: vec![link],
        left_out: 0,
        marked_at: 0,
        levels: Levels::default(),
    }
}

/// One record of every kind.
pub(crate) fn records() -> Vec<Reported> {
    let (time, large) = ((1_496_995_637, 1_499_951_111), 12_345_678_901);
    let mut zoned = reported("c2.example", RrType::NS, "ns2.c2.example", (0, 0), None);
    (zoned.record.time_first, zoned.record.time_last) = (None, None);
    (zoned.record.zone_time_first, zoned.record.zone_time_last) = (Some(time.0), Some(time.1));
    let mut timeless = reported("c2.example", RrType::TXT, "\"no time\"", (0, 0), None);
    (timeless.record.time_first, timeless.record.time_last) = (None, None);
    let mut origin = reported("c2.example", RrType::A, "198.51.100.7", time, Some(6));
    origin.record.origin = Some("https://pdns.example/".into());
    origin.record.bailiwick = Some(Name::parse("c2.example").unwrap());
    origin.record.sensor_id = Some("vienna-1".into());
    vec![
        origin,
        zoned,
        timeless,
        reported("c2.example", RrType::A, "192.0.2.80", (time.0, time.0), Some(1)),
        reported("c2.example", RrType::AAAA, "2001:db8::80", time, Some(large)),
        reported("www.c2.example", RrType::CNAME, "c2.example", time, Some(0)),
        reported("c2.example", RrType::MX, "10 mx.c2.example", time, Some(3)),
        reported("c2.example", RrType::MX, "20 mx.c2.example", time, None),
        reported("c2.example", RrType::SOA, "ns1.c2.example hostmaster.c2.example 1 2 3 4 5", time, Some(4)),
        reported("80.2.0.192.in-addr.arpa", RrType::PTR, "c2.example", time, Some(5)),
        reported("c2.example", RrType::TXT, "\"v=spf1 <b>&amp; -all\"", time, Some(7)),
        reported("*.c2.example", RrType::TXT, "\"no host\"", time, Some(8)),
    ]
}
