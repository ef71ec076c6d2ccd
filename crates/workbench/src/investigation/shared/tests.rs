//! Who shares what, by kind of resource, and when.

mod campaign;
mod properties;
mod ranking;

use cof::{Name, Rdata, Record, RrType};
use operation::Indicator;

use super::*;

/// The first day of the tests: 2026-01-01.
const START: u64 = 20_454;
const DAY: u64 = 86_400;

/// First and last days, counted from the first one.
type Days = Vec<(u64, u64)>;

/// A record of so many days after the first one, at noon.
fn record(name: &str, rrtype: RrType, data: &str, (first, last): (u64, u64)) -> Record {
    let mut record = undated(name, rrtype, data);
    let noon = |day| Some((START + day) * DAY + DAY / 2);
    (record.time_first, record.time_last) = (noon(first), noon(last));
    record
}

fn undated(name: &str, rrtype: RrType, data: &str) -> Record {
    Record::new(Name::parse(name).unwrap(), rrtype, Rdata::parse(rrtype, data))
}

/// Members with their answers.
#[derive(Clone, Debug, Default)]
struct Case(Vec<(Indicator, Vec<Record>)>);

impl Case {
    fn with(mut self, member: &str, records: Vec<Record>) -> Self {
        self.0.push((Indicator::parse(member).unwrap(), records));
        self
    }

    fn members(&self) -> Vec<Member<'_>> {
        self.0.iter().map(|(indicator, records)| Member { indicator, records }).collect()
    }

    fn shared(&self) -> Shared {
        self.shared_with(&Options::default())
    }

    fn shared_with(&self, options: &Options<'_>) -> Shared {
        compare(&self.members(), options)
    }

    fn candidates(&self, ids: &[&str]) -> Vec<String> {
        let resources: Vec<Resource> = ids.iter().map(|id| Resource::parse(id).unwrap()).collect();
        let found = candidates(&self.members(), &resources);
        found.into_iter().map(|candidate| candidate.indicator.to_string()).collect()
    }
}

impl Shared {
    fn find(&self, id: &str) -> Option<&SharedResource> {
        self.list.iter().find(|shared| shared.resource.id() == id)
    }

    fn ids(&self) -> Vec<String> {
        self.list.iter().map(|shared| shared.resource.id()).collect()
    }
}

impl SharedResource {
    /// Its members, how they have it, and on which days after the first one.
    fn who(&self) -> Vec<(usize, How, Days)> {
        let days = |span: &Span| (span.first / DAY - START, span.last / DAY - START);
        let who = self.sharers.iter();
        who.map(|sharer| (sharer.member, sharer.how, sharer.spans.iter().map(days).collect())).collect()
    }
}

#[test]
fn every_kind_of_resource_is_found() {
    for (rrtype, data, ids) in [
        (RrType::A, "5.6.7.8", &["addr:5.6.7.8", "net:5.6.7.0/24"][..]),
        (RrType::AAAA, "2a00:1::5", &["addr:2a00:1::5", "net:2a00:1::/48"]),
        (RrType::AAAA, "::ffff:5.6.7.8", &["addr:5.6.7.8", "net:5.6.7.0/24"]),
        (RrType::CNAME, "kit.cdn.example", &["cname:kit.cdn.example", "domain:cdn.example"]),
        (RrType::DNAME, "kit.cdn.example", &["cname:kit.cdn.example", "domain:cdn.example"]),
        (RrType::MX, "10 mx.relay.example", &["mx:mx.relay.example", "domain:relay.example"]),
        (RrType::NS, "ns1.quiet.example", &["ns:ns1.quiet.example", "domain:quiet.example"]),
        (
            RrType::SOA,
            "ns1.quiet.example h.quiet.example 1 2 3 4 5",
            &["ns:ns1.quiet.example", "soa:h.quiet.example", "domain:quiet.example"],
        ),
        (RrType::SOA, "ns1.quiet.example . 1 2 3 4 5", &["ns:ns1.quiet.example", "domain:quiet.example"]),
        (RrType::SOA, ". h.quiet.example 1 2 3 4 5", &["soa:h.quiet.example", "domain:quiet.example"]),
        (
            RrType::SOA,
            "one.quiet.example one.quiet.example 1 2 3 4 5",
            &["ns:one.quiet.example", "soa:one.quiet.example", "domain:quiet.example"],
        ),
        (RrType::TXT, "MS=ms12345678", &["txt:MS=ms12345678"]),
        (RrType::SPF, "v=spf1 include:_spf.relay.example -all", &["spf:include:_spf.relay.example"]),
        (RrType::MX, "0 .", &[]),
        (RrType::A, "not an address", &[]),
        (RrType::PTR, "host.quiet.example", &[]),
        (RrType::TXT, "parked", &[]),
    ] {
        let case = Case::default()
            .with("a.example", vec![record("a.example", rrtype, data, (1, 5))])
            .with("b.example", vec![record("b.example", rrtype, data, (3, 9))]);
        let shared = case.shared();
        assert_eq!(shared.ids(), ids, "{rrtype} {data}");
        for shared in &shared.list {
            let who = [(0, How::Direct, vec![(1, 5)]), (1, How::Direct, vec![(3, 9)])];
            assert_eq!((shared.who(), shared.overlap.days), (who.to_vec(), 2), "{rrtype} {data}");
        }
        let resources: Vec<Resource> = ids.iter().map(|id| Resource::parse(id).unwrap()).collect();
        let found = Finder::new(&resources).of(&record("x.example", rrtype, data, (1, 5)));
        assert_eq!(found, (0..ids.len()).collect::<Vec<_>>(), "{rrtype} {data}");
    }
}

#[test]
fn a_related_record_is_about_its_owner_whoever_was_asked() {
    let answer = || {
        vec![
            record("x.example", RrType::A, "5.6.7.8", (1, 5)),
            record("x.example", RrType::NS, "ns1.quiet.example", (1, 5)),
        ]
    };
    let y = || vec![record("y.example", RrType::NS, "ns1.quiet.example", (1, 5))];
    let case = Case::default().with("5.6.7.8", answer()).with("y.example", y());
    assert!(case.shared().list.is_empty(), "the address has no name server");
    let case = case.with("x.example", vec![]);
    let shared = case.shared();
    let users = [(1, How::Direct, vec![(1, 5)]), (2, How::Direct, vec![(1, 5)])];
    assert_eq!(shared.find("ns:ns1.quiet.example").unwrap().who(), users);
}

#[test]
fn an_address_that_is_a_member_is_shared_with_the_names_on_it() {
    let case = Case::default()
        .with("5.6.7.8", vec![record("z.example", RrType::A, "5.6.7.8", (1, 9))])
        .with("x.example", vec![record("x.example", RrType::A, "5.6.7.8", (3, 5))])
        .with("y.example", vec![record("y.example", RrType::A, "5.6.7.8", (20, 30))]);
    let shared = case.shared();
    let address = shared.find("addr:5.6.7.8").unwrap();
    assert_eq!(address.who()[0], (0, How::Itself, vec![(1, 9), (20, 30)]));
    assert_eq!((address.overlap.days, address.answer_names), (0, 1));
    assert!(address.why.contains(&Why::IsMember) && address.why.contains(&Why::OneAfterAnother));
    assert_eq!(case.candidates(&["addr:5.6.7.8"]), ["z.example"]);
}

#[test]
fn addresses_share_networks_and_the_domains_that_they_host() {
    let case = Case::default()
        .with("5.6.7.8", vec![record("x.evil.example", RrType::A, "5.6.7.8", (1, 9))])
        .with("5.6.7.9", vec![record("y.evil.example", RrType::A, "5.6.7.9", (5, 12))])
        .with("9.9.7.9", vec![]);
    let shared = case.shared();
    assert_eq!(shared.ids(), ["domain:evil.example", "net:5.6.7.0/24"]);
    let who = |how| [(0, how, vec![(1, 9)]), (1, how, vec![(5, 12)])];
    assert_eq!(shared.find("domain:evil.example").unwrap().who(), who(How::Hosts));
    assert_eq!(shared.find("net:5.6.7.0/24").unwrap().who(), who(How::Within));
    assert_eq!(case.candidates(&["domain:evil.example"]), ["y.evil.example", "x.evil.example"]);
}

#[test]
fn names_below_one_domain_share_it_even_without_records() {
    let case = Case::default().with("www.evil.example", vec![]).with("evil.example", vec![]);
    let shared = case.shared();
    assert_eq!(shared.ids(), ["domain:evil.example"]);
    assert_eq!(shared.list[0].who(), [(0, How::Within, vec![]), (1, How::Within, vec![])]);
    assert!(shared.list[0].why.contains(&Why::UnknownTimes));
}

#[test]
fn a_cname_leads_to_addresses_while_both_records_hold() {
    let case = Case::default()
        .with(
            "x.example",
            vec![
                record("x.example", RrType::CNAME, "y.cdn.example", (1, 10)),
                record("y.cdn.example", RrType::CNAME, "z.cdn.example", (0, 30)),
                record("z.cdn.example", RrType::A, "5.6.7.8", (5, 20)),
                record("z.cdn.example", RrType::A, "5.6.7.9", (15, 20)),
                record("z.cdn.example", RrType::NS, "ns1.cdn.example", (1, 20)),
            ],
        )
        .with("u.example", vec![record("u.example", RrType::A, "5.6.7.8", (0, 40))])
        .with("v.example", vec![record("v.example", RrType::A, "5.6.7.9", (0, 40))])
        .with("w.example", vec![record("w.example", RrType::NS, "ns1.cdn.example", (0, 40))]);
    let shared = case.shared();
    let address = shared.find("addr:5.6.7.8").unwrap();
    assert_eq!(address.who(), [(0, How::Through, vec![(5, 10)]), (1, How::Direct, vec![(0, 40)])]);
    assert_eq!(address.sharers[0].through.as_ref().unwrap().to_string(), "z.cdn.example");
    assert_eq!((address.overlap.days, address.answer_names), (5, 0), "z is the way, not another name");
    assert!(address.why.contains(&Why::Through(1)));
    assert_eq!(shared.find("addr:5.6.7.9"), None, "z had it after x had left");
    assert_eq!(
        shared.find("ns:ns1.cdn.example"),
        None,
        "name servers of a target are not those of the owner"
    );
}

#[test]
fn chains_end_in_circles_at_limits_and_without_times() {
    let circle = Case::default()
        .with("x.example", vec![undated("x.example", RrType::CNAME, "y.example")])
        .with("y.example", vec![undated("y.example", RrType::CNAME, "x.example")]);
    assert!(circle.shared().unfollowed.is_empty());
    let to = |name: &str| vec![undated(name, RrType::CNAME, "y.cdn.example")];
    let addresses =
        |count: usize| (0..count).map(|n| undated("y.cdn.example", RrType::A, &format!("5.6.7.{n}")));
    let few = Case::default().with("a.example", to("a.example").into_iter().chain(addresses(64)).collect());
    let few = few.with("b.example", to("b.example")).shared();
    assert!(few.find("addr:5.6.7.63").is_some() && few.unfollowed.is_empty());
    let many = Case::default().with("a.example", to("a.example").into_iter().chain(addresses(65)).collect());
    let many = many.with("b.example", to("b.example")).shared();
    assert!(many.find("cname:y.cdn.example").is_some() && many.find("addr:5.6.7.63").is_none());
    assert_eq!(many.unfollowed, [Name::parse("y.cdn.example").unwrap()]);
}

#[test]
fn zone_times_count_where_there_are_no_others() {
    let mut zone = undated("a.example", RrType::NS, "ns1.quiet.example");
    (zone.zone_time_first, zone.zone_time_last) = (Some((START + 1) * DAY), Some((START + 9) * DAY));
    let mut half = undated("b.example", RrType::NS, "ns1.quiet.example");
    half.time_last = Some((START + 4) * DAY);
    let case = Case::default().with("a.example", vec![zone]).with("b.example", vec![half]);
    let shared = case.shared();
    assert_eq!(shared.list[0].who(), [(0, How::Direct, vec![(1, 9)]), (1, How::Direct, vec![(4, 4)])]);
    assert_eq!(
        shared.list[0].why,
        [Why::Others { count: 0, counted: false, kind: Kind::NameServer }, Why::SingleDays(1)]
    );
}

#[test]
fn following_a_resource_finds_who_else_is_behind_it() {
    let case = Case::default()
        .with(
            "a.example",
            vec![
                record("a.example", RrType::NS, "ns1.quiet.example", (1, 5)),
                record("b.example", RrType::NS, "ns1.quiet.example", (1, 5)),
                record("c.example", RrType::NS, "ns1.quiet.example", (7, 9)),
                record("*.d.example", RrType::NS, "ns1.quiet.example", (7, 9)),
                record("c.example", RrType::A, "5.6.7.8", (7, 9)),
                record("8.7.6.5.in-addr.arpa", RrType::PTR, "p.example", (1, 1)),
                record("e.example", RrType::TXT, "MS=ms12345678", (1, 1)),
                record("f.example", RrType::SOA, "ns1.quiet.example h.quiet.example 1 2 3 4 5", (1, 2)),
            ],
        )
        .with("b.example", vec![record("c.example", RrType::NS, "ns1.quiet.example", (7, 8))]);
    assert_eq!(case.candidates(&["ns:ns1.quiet.example"]), ["c.example", "ns1.quiet.example", "f.example"]);
    assert_eq!(case.candidates(&["addr:5.6.7.8"]), ["c.example", "5.6.7.8", "p.example"]);
    assert_eq!(case.candidates(&["net:5.6.7.0/24"]), ["c.example", "5.6.7.8", "p.example"]);
    assert_eq!(case.candidates(&["txt:MS=ms12345678"]), ["e.example"]);
    assert_eq!(case.candidates(&["soa:h.quiet.example"]), ["f.example"]);
    assert_eq!(case.candidates(&["domain:quiet.example"]), ["c.example", "ns1.quiet.example", "f.example"]);
    assert_eq!(case.candidates(&["addr:5.6.7.8", "ns:ns1.quiet.example"])[0], "c.example");
    let members = case.members();
    let found = candidates(&members, &[Resource::parse("ns:ns1.quiet.example").unwrap()]);
    assert_eq!((&found[0].members[..], &found[0].resources[..]), (&[0, 1][..], &[0][..]));
}
