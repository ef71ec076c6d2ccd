//! Generated observations and queries, drawn from few values so that they match each other.

use std::net::IpAddr;

use crate::{Apart, Fences, Order, Question, Subject};
use cof::{Batch, Name, Observation, Rdata, RrType, SourceKind};
use proptest::prelude::*;
use proptest::sample::select;

use super::model::source;

const NAMES: &[&str] = &[
    ".",
    "com",
    "example.com",
    "www.example.com",
    "a.www.example.com",
    "xample.com",
    "example.net",
    "ns1.example.net",
    r"\000.example.net",
    r"\001.example.net",
    "*.example.com",
];
const ADDRESSES: &[&str] = &[
    "192.0.2.0",
    "192.0.2.1",
    "192.0.2.255",
    "192.0.3.0",
    "0.1.0.1",
    "255.255.255.255",
    "2001:db8::",
    "2001:db8::1",
    "ffff::",
    "::",
    "::ffff:192.0.2.1",
    "::ffff:192.0.3.0",
];

/// Parses a valid name.
pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// One of a few names.
pub fn any_name() -> impl Strategy<Value = Name> {
    select(NAMES).prop_map(name)
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    select(ADDRESSES).prop_map(|text| text.parse().unwrap())
}

fn any_data() -> impl Strategy<Value = (RrType, Rdata)> {
    let address = any_address().prop_map(|address| match address {
        IpAddr::V4(_) => ("A", address.to_string()),
        IpAddr::V6(_) => ("AAAA", address.to_string()),
    });
    let data = prop_oneof![
        4 => address,
        2 => (select(&["NS", "CNAME", "PTR"][..]), select(NAMES).prop_map(str::to_owned)),
        1 => (Just("MX"), (0_u8..3, select(NAMES)).prop_map(|(preference, name)| format!("{preference} {name}"))),
        // Data with two names, which may be the same.
        3 => (select(&["SOA", "RP"][..]), select(NAMES), select(NAMES)).prop_map(|(rrtype, one, other)| {
            (rrtype, if rrtype == "SOA" { format!("{one} {other} 1 2 3 4 5") } else { format!("{one} {other}") })
        }),
        1 => (Just("AFSDB"), select(NAMES).prop_map(|name| format!("1 {name}"))),
        // Keys whose common prefix is longer than a cursor holds.
        1 => (Just("TXT"), (0_u8..4).prop_map(|number| "x".repeat(600) + &number.to_string())),
        1 => (select(&["A", "WORD", "TYPE65534"][..]), Just("no data".to_owned())),
    ];
    data.prop_map(|(rrtype, text)| {
        let rrtype = RrType::parse(rrtype).unwrap();
        (rrtype, Rdata::parse(rrtype, &text))
    })
}

fn any_observation(sources: usize) -> impl Strategy<Value = Observation> {
    // From 1, because readers treat 0 as unknown.
    let count = prop::option::of(prop_oneof![9 => 1..100_u64, 1 => u64::MAX - 1..=u64::MAX]);
    let bailiwick = prop::option::of(any_name());
    (any_name(), any_data(), bailiwick, 0..20_u64, 0..20_u64, count, 0..sources).prop_map(
        |(rrname, (rrtype, rdata), bailiwick, a, b, count, source)| Observation {
            rrname,
            rrtype,
            rdata,
            bailiwick,
            time_first: a.min(b),
            time_last: a.max(b),
            count,
            source,
        },
    )
}

/// A batch of fewer observations than `most`.
pub fn any_batch(most: usize) -> impl Strategy<Value = Batch> {
    let kind = select(&[SourceKind::Observation, SourceKind::Report, SourceKind::Zone][..]);
    let origin = select(&[None, Some("https://a.example"), Some("https://b.example")][..]);
    let sources = prop::collection::vec((kind, origin).prop_map(|(kind, origin)| source(kind, origin)), 1..4);
    sources.prop_flat_map(move |sources| {
        let observations = prop::collection::vec(any_observation(sources.len()), 0..most);
        observations.prop_map(move |observations| Batch {
            sources: sources.clone(),
            observations,
            position: None,
        })
    })
}

/// Any kind of subject.
pub fn any_subject() -> impl Strategy<Value = Subject> {
    let length = prop_oneof![
        Just(0_u8),
        Just(16),
        Just(23),
        Just(24),
        Just(32),
        Just(96),
        Just(120),
        Just(128),
        any::<u8>()
    ];
    prop_oneof![
        any_address().prop_map(Subject::Address),
        any_name().prop_map(Subject::Name),
        any_address().prop_map(Subject::NamesOn),
        (any_address(), length).prop_map(|(address, length)| Subject::Network(address, length)),
        (any_address(), any_address()).prop_map(|(first, last)| Subject::Range(first, last)),
        any_name().prop_map(Subject::RdataName),
        any_name().prop_map(Subject::RdataSuffix),
        any_name().prop_map(Subject::Suffix),
    ]
}

fn any_fences() -> impl Strategy<Value = Fences> {
    let fence = || prop::option::weighted(0.2, 0..20_u64);
    (fence(), fence(), fence(), fence()).prop_map(|(first_after, first_before, last_after, last_before)| {
        Fences { first_after, first_before, last_after, last_before }
    })
}

/// A query in key order, without a cursor.
pub fn any_question() -> impl Strategy<Value = Question> {
    let rrtype =
        select(&["A", "AAAA", "NS", "TXT", "WORD"][..]).prop_map(|text| RrType::parse(text).unwrap());
    let rrtypes = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(rrtype, 1..3)];
    let apart = prop_oneof![
        2 => Just(Apart::Merged),
        1 => Just(Apart::Kind),
        1 => Just(Apart::Bailiwick),
        1 => Just(Apart::BailiwickAndKind),
        1 => Just(Apart::Source),
    ];
    let rest = (any_fences(), 1..7_usize, apart, prop_oneof![Just(usize::MAX), 0..9_usize]);
    (any_subject(), rrtypes, rest).prop_map(|(subject, rrtypes, (fences, limit, apart, reach))| Question {
        subject,
        rrtypes,
        fences,
        limit,
        cursor: None,
        order: Order::Key,
        apart,
        reach,
    })
}
