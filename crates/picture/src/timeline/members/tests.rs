//! Timelines of many members.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;
use crate::links::Links;
use crate::sample::record;

const START: u64 = 1_780_000_000;
const DAY: u64 = 86_400;

/// Members with their records.
struct Campaign {
    indicators: Vec<Indicator>,
    records: Vec<Vec<Record>>,
}

fn line(name: &str, rrtype: RrType, data: &str, first: u64, last: u64) -> Record {
    record((name, rrtype, data, START + first * DAY, START + last * DAY, 3))
}

impl Campaign {
    fn new(members: &[(&str, Vec<Record>)]) -> Self {
        Self {
            indicators: members.iter().map(|(value, _)| Indicator::parse(value).unwrap()).collect(),
            records: members.iter().map(|(_, records)| records.clone()).collect(),
        }
    }

    /// Three members that had one address, one of them before the others, and one without records.
    fn small() -> Self {
        let a = RrType::A;
        Self::new(&[
            (
                "pay.example",
                vec![
                    line("pay.example", a, "203.0.113.19", 0, 40),
                    line("pay.example", RrType::NS, "ns1.example.net", 0, 90),
                ],
            ),
            (
                "toll.example",
                vec![
                    line("toll.example", a, "203.0.113.19", 20, 90),
                    line("toll.example", a, "198.51.100.7", 91, 120),
                ],
            ),
            ("late.example", vec![line("late.example", a, "203.0.113.19", 100, 130)]),
            ("quiet.example", Vec::new()),
        ])
    }

    /// Members with so many records each; every tenth member has one address.
    fn large(members: u64, each: u64) -> Self {
        let member = |number: u64| {
            let name = format!("m{number}.example");
            let one = |n: u64| {
                let (rrtype, data) = match n % 9 {
                    0 => (RrType::NS, format!("ns{}.dns{}.example", n % 4, number % 20)),
                    1 => (RrType::AAAA, format!("2001:db8:{:x}::{n:x}", number % 40)),
                    _ => (RrType::A, format!("198.51.{}.{}", number % 100, n % 250)),
                };
                line(&name, rrtype, &data, (n * 7) % 300, (n * 7) % 300 + n % 30)
            };
            let mut records: Vec<Record> = (0..each).map(one).collect();
            if number.is_multiple_of(10) {
                records.push(line(&name, RrType::A, "203.0.113.19", number, number + 30));
            }
            (name, records)
        };
        let all: Vec<(String, Vec<Record>)> = (0..members).map(member).collect();
        Self::new(&all.iter().map(|(name, records)| (name.as_str(), records.clone())).collect::<Vec<_>>())
    }

    fn labels(&self) -> Vec<String> {
        self.indicators.iter().map(ToString::to_string).collect()
    }

    fn shown(&self, query: &[(&str, &str)]) -> (MembersTimeline, String) {
        let query: Vec<_> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let labels = self.labels();
        let strands: Vec<Strand<'_>> = self
            .indicators
            .iter()
            .zip(&labels)
            .zip(&self.records)
            .map(|((indicator, label), records)| Strand {
                label,
                indicator: Some(indicator),
                follow: None,
                labels: Labels::Data,
                records: records.iter().collect(),
            })
            .collect();
        let links = Links::new("/investigations/1/timeline", &query, "/explorer?value=");
        let wanted = links.value("follow").to_owned();
        let is_in = |_: &Strand<'_>, record: &Record| record.rdata_text() == wanted;
        let followed = (!wanted.is_empty()).then_some(Followed { label: &wanted, is_in: &is_in });
        let timeline = MembersTimeline::new(&TimelineView::of(&query), &strands, followed, None);
        let html = timeline.part(&links).to_string();
        (timeline, html)
    }
}

#[test]
fn members_are_lanes_and_one_address_is_followed_through_them() {
    let (timeline, page) = Campaign::small().shown(&[("follow", "203.0.113.19")]);
    // From day 20 to day 40.
    assert_eq!(timeline.days_at_once(), Some(20));
    assert_eq!(timeline.counts(), (5, 5));
    assert_eq!(page.matches("class=\"bar hit rr-a\"").count(), 3);
    assert!(page.contains("in 3 lanes") && page.contains("Two or more at once: 20 days"), "{page}");
    assert!(page.contains(">20 d at once</text>") && page.contains("class=\"band\""), "{page}");
    assert!(page.contains("3 of 4 have records") && page.contains("/explorer?value=198.51.100.7"), "{page}");
    insta::assert_snapshot!(page);
    let (timeline, page) = Campaign::small().shown(&[("hide", "NS"), ("at", "2026-06-10")]);
    assert_eq!((timeline.days_at_once(), timeline.counts()), (None, (5, 4)));
    assert!(page.contains("On 2026-06-10, 1 of 5 records were alive.") && !page.contains("hit"), "{page}");
}

#[test]
fn a_shared_resource_is_a_lane_of_its_owners() {
    let campaign = Campaign::small();
    let all: Vec<&Record> =
        campaign.records.iter().flatten().filter(|record| record.rdata_text() == "203.0.113.19").collect();
    let address = Indicator::parse("203.0.113.19").unwrap();
    let strand = Strand {
        label: "203.0.113.19",
        indicator: Some(&address),
        follow: Some("ip:203.0.113.19"),
        labels: Labels::Owner,
        records: all,
    };
    let links = Links::new("/investigations/1/timeline", &[], "/explorer?value=");
    let timeline = MembersTimeline::new(&TimelineView::default(), &[strand], None, None);
    let page = timeline.part(&links).to_string();
    for name in ["pay.example", "toll.example", "late.example"] {
        assert!(page.contains(&format!(">{name}</text>")), "{name}: {page}");
    }
    assert!(page.contains("follow=ip:203.0.113.19#tlh\">Follow"), "{page}");
}

#[test]
fn two_hundred_members_with_fifty_thousand_records_stay_small() {
    let campaign = Campaign::large(200, 250);
    let (timeline, page) = campaign.shown(&[("follow", "203.0.113.19")]);
    assert_eq!(timeline.counts().0, 50_020);
    assert!(page.len() < 180 << 10, "{} octets", page.len());
    let lanes = page.matches("<li class=\"tl-row").count();
    assert!(lanes > 170, "{lanes} lanes");
    // What has no room is counted: all lanes together have all records.
    let said = |row: &str| row.split(' ').next().unwrap().replace(',', "").parse::<usize>().unwrap();
    let rows = page.split("class=\"vh\"><bdi>").skip(1);
    let sum: usize = rows.filter(|row| row.split('<').next().unwrap().contains(" records, ")).map(said).sum();
    assert_eq!(sum, 50_020);
    let few = Campaign::large(200, 20).shown(&[("follow", "203.0.113.19")]).1;
    assert!(few.contains("<bdi>m199.example</bdi>") && few.len() < 180 << 10, "{} octets", few.len());
    // What is open has a limit, too.
    let keys: Vec<&str> = page.split("open=").skip(1).filter_map(|rest| rest.get(..8)).take(12).collect();
    let open: Vec<String> = keys.iter().map(|key| format!("{key}.200")).collect();
    let (_, page) = campaign.shown(&[("open", &open.join(","))]);
    assert!(page.len() < 180 << 10 && page.contains("aria-expanded=\"true\""), "{} octets", page.len());
}

#[test]
fn a_few_members_have_a_lane_for_each_type_and_folds_open() {
    let campaign = Campaign::large(3, 90);
    let (_, page) = campaign.shown(&[]);
    assert!(
        page.contains("<bdi>NS</bdi>") && page.contains(" values in ") || page.contains(" addresses in "),
        "{page}"
    );
    let key = page.split("open=").nth(1).unwrap().get(..8).unwrap();
    let (_, open) = campaign.shown(&[("open", key)]);
    assert!(open.contains("aria-expanded=\"true\"") && open.contains("198.51.0.0/24"), "{open}");
}

#[test]
fn names_fold_by_registered_domain_and_open() {
    let a = RrType::A;
    let mut members: Vec<(String, Vec<Record>)> = Vec::new();
    for n in 0..30 {
        let name = format!("h{n}.evil.example");
        let records = vec![
            line(&name, a, "203.0.113.19", n, n + 9),
            line(&name, RrType::NS, "ns1.x.example", n, n + 9),
        ];
        members.push((name, records));
    }
    members
        .push(("alone.other.example".to_owned(), vec![line("alone.other.example", a, "203.0.113.19", 0, 9)]));
    members.push(("203.0.113.19".to_owned(), vec![line("h1.evil.example", a, "203.0.113.19", 0, 9)]));
    let members: Vec<(&str, Vec<Record>)> =
        members.iter().map(|(name, records)| (name.as_str(), records.clone())).collect();
    let campaign = Campaign::new(&members);
    let (_, apart) = campaign.shown(&[]);
    assert!(apart.contains("fold=domain") && apart.contains("<bdi>h29.evil.example</bdi>"), "{apart}");
    let (timeline, page) = campaign.shown(&[("fold", "domain")]);
    assert_eq!(timeline.counts(), (62, 62));
    assert_eq!(page.matches("<li class=\"tl-row").count(), 3, "{page}");
    assert!(page.contains("<bdi>evil.example</bdi>") && page.contains("30 names"), "{page}");
    assert!(page.contains("<bdi>alone.other.example</bdi>") && !page.contains("<bdi>h1.evil.example</bdi>"));
    let key = page.split("open=").nth(1).unwrap().get(..8).unwrap();
    let (_, open) = campaign.shown(&[("fold", "domain"), ("open", key)]);
    assert!(
        open.contains("aria-expanded=\"true\"") && open.contains("<bdi>h24.evil.example</bdi>"),
        "{open}"
    );
    assert!(open.contains("<bdi>5 more</bdi>") && !open.contains("<bdi>h25.evil.example</bdi>"), "{open}");
    let more = format!("{key}.50");
    assert!(open.contains(&format!("open={more}")), "{open}");
    let (_, all) = campaign.shown(&[("fold", "domain"), ("open", &more)]);
    assert!(all.contains("<bdi>h29.evil.example</bdi>") && !all.contains(" more</bdi>"), "{all}");
    // Where no domain has two names, there is nothing to fold.
    assert!(!Campaign::small().shown(&[]).1.contains("fold=domain"));
}

#[test]
fn many_names_of_one_domain_have_a_limited_size_when_they_are_open() {
    let member = |n: u64| {
        let name = format!("m{n}.evil.example");
        let one = |k: u64| line(&name, RrType::A, &format!("198.51.{}.{}", n % 100, k), k % 300, k % 300 + 9);
        let records: Vec<Record> = (0..100).map(one).collect();
        (name, records)
    };
    let members: Vec<(String, Vec<Record>)> = (0..400).map(member).collect();
    let members: Vec<(&str, Vec<Record>)> =
        members.iter().map(|(name, records)| (name.as_str(), records.clone())).collect();
    let campaign = Campaign::new(&members);
    let (_, page) = campaign.shown(&[("fold", "domain")]);
    assert_eq!(page.matches("<li class=\"tl-row").count(), 1, "{page}");
    let key = page.split("open=").nth(1).unwrap().get(..8).unwrap();
    let (_, open) = campaign.shown(&[("fold", "domain"), ("open", &format!("{key}.200"))]);
    assert!(open.len() < 180 << 10 && open.contains(" more</bdi>"), "{} octets", open.len());
}

#[test]
fn nothing_is_said_to_be_nothing() {
    assert!(Campaign::new(&[]).shown(&[]).1.contains("No record matches the filters."));
    let page = Campaign::small().shown(&[("hide", "A,NS")]).1;
    assert!(page.contains("The filters leave none of 5 records") && page.contains(">Show all</a>"), "{page}");
}

#[test]
fn strangers_text_stays_text() {
    let evil = "\"><script>alert(1)</script>";
    let records = [
        line("x.example", RrType::TXT, evil, 1, 90),
        line(r#"a\"onload=x\"<svg>.example"#, RrType::A, "192.0.2.1", 1, 9),
    ];
    let strand = Strand {
        label: evil,
        indicator: None,
        follow: Some(evil),
        labels: Labels::Data,
        records: records.iter().collect(),
    };
    let is_in = |_: &Strand<'_>, _: &Record| true;
    let followed = Followed { label: evil, is_in: &is_in };
    let query = vec![("follow".to_owned(), evil.to_owned())];
    let links = Links::new("/investigations/1/timeline", &query, "/explorer?value=");
    let timeline = MembersTimeline::new(&TimelineView::default(), &[strand], Some(followed), None);
    let page = timeline.part(&links).to_string();
    assert!(!page.contains("<script") && !page.contains("\"onload") && !page.contains("style="), "{page}");
}

proptest! {
    #![proptest_config(Config { cases: 40, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_days_are_those_of_the_members_spans(
        spans in prop::collection::vec(prop::collection::vec((0u64..200, 0u64..40), 0..6), 0..8),
    ) {
        let members: Vec<(String, Vec<Record>)> = spans.iter().enumerate().map(|(at, spans)| {
            let name = format!("m{at}.example");
            let records = spans.iter().map(|(first, length)| line(&name, RrType::A, "203.0.113.19", *first, first + length));
            (name.clone(), records.collect())
        }).collect();
        let campaign = Campaign::new(&members.iter().map(|(name, records)| (name.as_str(), records.clone())).collect::<Vec<_>>());
        let (timeline, page) = campaign.shown(&[("follow", "203.0.113.19")]);
        let of = |records: &Vec<Record>| records.iter().filter_map(Record::span).collect::<Vec<_>>();
        let wanted: u64 = days::at_once(members.iter().map(|(_, records)| of(records))).iter().map(|one| one.days()).sum();
        prop_assert_eq!(timeline.days_at_once(), Some(wanted));
        prop_assert!(page.len() < 180 << 10);
        // Every record is a bar, or in a fold.
        let drawn: usize = timeline.picture.iter().flat_map(|picture| &picture.lanes)
            .filter(|one| one.lane.fold.is_none()).map(|one| one.lane.bars.len()).sum();
        let folds = timeline.picture.iter().flat_map(|picture| &picture.lanes).any(|one| one.lane.fold.is_some());
        prop_assert!(folds || drawn == timeline.counts().1);
    }
}
