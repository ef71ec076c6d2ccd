//! Tests of the library, case by case; `model` compares it with a simple model.

mod handing;
mod listing;
mod marking;
mod model;
mod tagging;

use std::time::Duration;

use cof::RrType;
use cof::time::Clock;
use operation::{Finding, Indicator};
use tempfile::TempDir;

use super::*;
use crate::{Error, Kind, Workbench};

/// A workbench in a temporary folder.
struct Bench {
    workbench: Workbench,
    _folder: TempDir,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let clock = testkit::clock_from(Duration::from_secs(1_000));
    Bench { workbench: Workbench::open(folder.path(), clock, "ann").unwrap(), _folder: folder }
}

fn value(text: &str) -> Indicator {
    Indicator::parse(text).unwrap()
}

fn indicator(text: &str) -> Finding {
    Finding::Indicator { indicator: value(text), records: vec![], caution: None }
}

fn attribute(name: &str, value: &str) -> Finding {
    Finding::Attribute { name: name.to_owned(), value: value.to_owned(), records: vec![], caution: None }
}

fn relationship(from: &str, to: &str, last_seen: &str) -> Finding {
    Finding::Relationship {
        from: value(from),
        to: value(to),
        rrtype: RrType::A,
        attributes: vec![("Last Seen".to_owned(), last_seen.to_owned())],
        records: vec![],
        caution: None,
    }
}

fn count(new: u64, known: u64) -> Count {
    Count { new, known, ..Count::default() }
}

const SOURCE: &str = "CIRCL Passive DNS";

#[tokio::test]
async fn what_is_added_again_is_known_and_gets_another_source() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let values = [value("hxxp://www[.]example[.]com/x"), value("192.0.2.1")];
    let added = workbench.add_indicators(&values, Status::Active).unwrap();
    assert_eq!(added.iter().map(|adding| adding.outcome).collect::<Vec<_>>(), [Outcome::New, Outcome::New]);
    let found = [indicator("www.example.com")];
    workbench.add_findings(1, SOURCE, &value("192.0.2.1"), &found).unwrap();
    let again = workbench.add_indicators(&values, Status::Review).unwrap();
    assert!(again.iter().all(|adding| (adding.outcome, adding.status) == (Outcome::Known, Status::Active)));
    let entry = workbench.lookup(&values[0]).unwrap().unwrap();
    assert_eq!(entry.sources, ["ann", SOURCE]);
    assert_eq!(
        workbench.details(&values[0]).unwrap().unwrap().history.len(),
        1,
        "what changed nothing is no event"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_removed_is_kept_hidden_and_comes_back_by_adding_or_restoring() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let host = value("www.example.com");
    workbench.add_indicators(std::slice::from_ref(&host), Status::Review).unwrap();
    workbench.add_findings(1, SOURCE, &host, &[attribute("Resource Type", "A")]).unwrap();
    assert!(workbench.remove_indicator(&host).unwrap());
    assert!(!workbench.remove_indicator(&host).unwrap(), "once is enough");
    assert!(workbench.indicators(&Filter { limit: 9, ..Filter::default() }).unwrap().entries.is_empty());
    assert_eq!(workbench.set_status(&host, Status::Active).unwrap_err().kind(), Some(Kind::Conflict));
    assert_eq!(workbench.note(&host, "x").unwrap_err().kind(), Some(Kind::Conflict));
    let found = [indicator("www.example.com"), attribute("Resource Type", "NS")];
    let tally = workbench.add_findings(2, SOURCE, &host, &found).unwrap();
    assert_eq!((tally.indicators.removed, tally.attributes.removed), (1, 1), "no run brings it back");
    assert!(workbench.restore_indicator(&host).unwrap());
    assert!(!workbench.restore_indicator(&host).unwrap());
    workbench.remove_indicator(&host).unwrap();
    let added = workbench.add_indicators(std::slice::from_ref(&host), Status::Active).unwrap();
    assert_eq!((added[0].outcome, added[0].status), (Outcome::Restored, Status::Review));
    let details = workbench.details(&host).unwrap().unwrap();
    assert_eq!(details.attributes.len(), 1);
    let events: Vec<&str> = details.history.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(
        events,
        [
            "indicator.add",
            "indicator.remove",
            "indicator.restore",
            "indicator.remove",
            "run.add",
            "indicator.add"
        ]
    );
    for unknown in
        [workbench.remove_indicator(&value("x.example")), workbench.restore_indicator(&value("x.example"))]
    {
        assert_eq!(unknown.unwrap_err().kind(), Some(Kind::Missing));
    }
}

#[tokio::test]
async fn findings_arrive_as_indirect_with_their_source_and_change_no_status() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let asked = value("www.threatq.com");
    workbench.add_indicators(std::slice::from_ref(&asked), Status::Review).unwrap();
    let findings = [
        attribute("Resource Type", "A"),
        attribute("Resource Data", "104.196.175.197"),
        indicator("104.196.175.197"),
        relationship("www.threatq.com", "104.196.175.197", "2017"),
        relationship("other.example", "104.196.175.197", "2018"),
    ];
    let proposed = workbench.propose(SOURCE, &asked, &findings).unwrap();
    let added = workbench.add_findings(7, SOURCE, &asked, &findings).unwrap();
    assert_eq!(proposed, added);
    assert_eq!(
        added,
        Tally { indicators: count(2, 0), attributes: count(2, 0), relationships: count(2, 0) },
        "a relationship brings the indicators that it needs"
    );
    let details = workbench.details(&asked).unwrap().unwrap();
    assert_eq!(
        (details.entry.status, details.attribute_count, details.relationship_count),
        (Status::Review, 2, 1)
    );
    assert_eq!(details.entry.sources, ["ann"], "a run that was asked about it does not say that it is one");
    let claim = &details.attributes[0].claims[0];
    assert_eq!((claim.source.as_str(), claim.run), (SOURCE, Some(7)));
    let other = &details.relationships[0];
    assert_eq!((other.outgoing, other.kind.as_str(), other.status), (true, "A", Status::Indirect));
    assert_eq!(other.attributes, [("Last Seen".to_owned(), "2017".to_owned())]);
    let back = workbench.details(&value("104.196.175.197")).unwrap().unwrap();
    assert_eq!((back.relationships.len(), back.relationships[0].outgoing), (2, false));
    // The same findings again: nothing is new, and nothing is recorded.
    let again = workbench.add_findings(7, SOURCE, &asked, &findings).unwrap();
    assert_eq!(again, Tally { indicators: count(0, 1), attributes: count(0, 2), relationships: count(0, 2) });
    assert_eq!(workbench.details(&asked).unwrap().unwrap(), details);
}

#[tokio::test]
async fn what_is_whitelisted_is_not_touched() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let (asked, white) = (value("a.example"), value("cdn.example"));
    workbench.add_indicators(std::slice::from_ref(&white), Status::Whitelisted).unwrap();
    let before = workbench.details(&white).unwrap();
    let findings = [
        indicator("cdn.example"),
        indicator("b.example"),
        relationship("a.example", "cdn.example", "2017"),
        relationship("cdn.example", "b.example", "2017"),
    ];
    let tally = workbench.add_findings(1, SOURCE, &asked, &findings).unwrap();
    assert_eq!(tally.indicators, Count { new: 1, whitelisted: 1, ..Count::default() });
    assert_eq!(tally.relationships, Count { whitelisted: 2, ..Count::default() });
    assert_eq!(workbench.details(&white).unwrap(), before);
    assert_eq!(workbench.lookup(&asked).unwrap(), None, "nothing hangs on it");
    // This also holds for the queried indicator.
    let tally = workbench.add_findings(2, SOURCE, &white, &[attribute("Resource Type", "A")]).unwrap();
    assert_eq!(tally.attributes, Count { whitelisted: 1, ..Count::default() });
    assert_eq!(workbench.details(&white).unwrap(), before);
}

#[tokio::test]
async fn undoing_leaves_what_others_say_and_what_somebody_worked_with() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let asked = value("a.example");
    let findings: Vec<Finding> = ["added", "status", "noted", "joined", "alone"]
        .iter()
        .map(|name| indicator(&format!("{name}.example")))
        .collect();
    workbench.add_findings(1, SOURCE, &asked, &findings).unwrap();
    workbench.add_findings(1, SOURCE, &asked, &[attribute("Resource Type", "A")]).unwrap();
    workbench.add_indicators(&[value("added.example")], Status::Active).unwrap();
    workbench.set_status(&value("status.example"), Status::Whitelisted).unwrap();
    workbench.note(&value("noted.example"), "ours").unwrap();
    workbench
        .add_findings(2, SOURCE, &asked, &[relationship("a.example", "joined.example", "2017")])
        .unwrap();
    let undone = workbench.undo(1).unwrap();
    assert_eq!(undone, Undone { claims: 7, indicators: 1, attributes: 1, relationships: 0, kept: 5 });
    let there = |workbench: &Workbench, name: &str| workbench.lookup(&value(name)).unwrap().is_some();
    assert!(!there(workbench, "alone.example"));
    for name in ["added.example", "status.example", "noted.example", "joined.example", "a.example"] {
        assert!(there(workbench, name), "{name}");
    }
    assert_eq!(workbench.details(&asked).unwrap().unwrap().history[0].action, "run.undo");
    assert_eq!(workbench.undo(1).unwrap(), Undone::default(), "twice changes nothing");
    workbench.undo(2).unwrap();
    assert!(!there(workbench, "joined.example") && !there(workbench, "a.example"), "now nothing keeps them");
    assert_eq!(workbench.undo(77).unwrap(), Undone::default());
}

#[tokio::test]
async fn a_source_joins_an_indicator_to_ten_thousand_others_at_most() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let address = |n: u64| format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255);
    let findings = |from: u64, to: u64| -> Vec<Finding> {
        (from..to).map(|n| relationship("a.example", &address(n), "2017")).collect()
    };
    let asked = value("a.example");
    let first = workbench.add_findings(1, SOURCE, &asked, &findings(0, 6_000)).unwrap();
    assert_eq!(first.relationships, count(6_000, 0));
    let second = findings(5_000, 10_010);
    let proposed = workbench.propose(SOURCE, &asked, &second).unwrap();
    assert_eq!(proposed.relationships, Count { new: 4_000, known: 1_000, over_cap: 10, ..Count::default() });
    assert_eq!(proposed.indicators.new, 4_000, "what is left out brings nothing along");
    assert_eq!(workbench.add_findings(2, SOURCE, &asked, &second).unwrap(), proposed);
    // Other sources have their own count, and what a source already claims is not counted again.
    assert_eq!(workbench.propose("other", &asked, &findings(0, 10)).unwrap().relationships, count(0, 10));
    assert_eq!(workbench.propose(SOURCE, &asked, &findings(0, 10)).unwrap().relationships, count(0, 10));
}

#[tokio::test]
async fn notes_and_names_are_bounded_and_hostile_text_is_kept_as_it_is() {
    let mut bench = bench();
    let workbench = &mut bench.workbench;
    let host = value("a.example");
    workbench.add_indicators(std::slice::from_ref(&host), Status::Active).unwrap();
    for bad in ["", " \n", &"é".repeat(10_001)] {
        assert_eq!(workbench.note(&host, bad).unwrap_err().kind(), Some(Kind::Invalid));
    }
    let nasty = "'; DROP TABLE notes; --\u{0}\u{1b}[2J\u{202e}";
    workbench.note(&host, nasty).unwrap();
    workbench.add_findings(1, nasty, &host, &[attribute(nasty, nasty), attribute("", "")]).unwrap();
    let details = workbench.details(&host).unwrap().unwrap();
    assert_eq!(details.notes[0].text, nasty);
    assert_eq!((details.attributes[0].name.as_str(), details.attributes[0].value.as_str()), (nasty, nasty));
    assert_eq!(details.attributes[0].claims[0].source, nasty);
    assert_eq!(workbench.add_findings(1, "", &host, &[]).unwrap_err().kind(), Some(Kind::Invalid));
    assert_eq!(
        workbench.add_findings(1, &"x".repeat(300), &host, &[]).unwrap_err().kind(),
        Some(Kind::Invalid)
    );
    assert!(matches!(workbench.add_findings(0, SOURCE, &host, &[]), Err(Error::Bug(_))));
}
