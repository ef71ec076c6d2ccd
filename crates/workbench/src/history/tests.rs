use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use context::Placing;
use operation::{Filter, Package};
use testkit::{Exchange, Script};

use super::*;
use crate::library::Tally;
use crate::run::tests::{HOST, Lab, host, line};
use crate::run::{Arrangement, Asking, Freshness, Sort};

const DAY: u64 = 86_400;
/// First seen of every line of [`line`].
const FIRST: u64 = 1_500_000_100;

/// A lab whose provider gives these answers in turn.
async fn lab(answers: &[String]) -> Lab {
    Lab::new(Script::new(answers.iter().map(|answer| Exchange::ok(answer.clone())))).await
}

/// The operation of the lab under another name.
fn named(lab: &Lab, name: &str) -> Asking {
    let asking = lab.asking();
    let source = asking.package.source.replace("circl-passive-dns", name);
    let source = source.replace("title = \"CIRCL Passive DNS\"", &format!("title = \"{name}\""));
    let package = Package::parse(name, &source).unwrap();
    assert_eq!((package.name.as_str(), package.title.as_str()), (name, name));
    Asking { package: Arc::new(package), freshness: Freshness::Fresh, ..asking }
}

fn history(lab: &Lab) -> History {
    lab.bench().history(&host(), usize::MAX).unwrap()
}

fn place(history: &History, rdata: &str) -> usize {
    history.records.iter().position(|record| record.rdata_text() == rdata).unwrap()
}

/// What each part says: the last digits of last seen, and the count.
fn said(history: &History, rdata: &str) -> Vec<Option<(u64, u64)>> {
    let of = |record: &Record| (record.time_last.unwrap(), record.count.unwrap());
    history.said(place(history, rdata)).map(|record| record.map(of)).collect()
}

#[tokio::test]
async fn answers_are_merged_and_each_keeps_its_own_dates_and_count() {
    let (both, other) = ("185.194.93.1", "185.194.93.2");
    let far = FIRST + 200 * DAY;
    let lab = lab(&[
        line(HOST, both, FIRST + 50, 3) + &line(HOST, other, FIRST + 10, 1),
        line(HOST, both, far, 7),
        line(HOST, both, FIRST + 60, 2),
    ])
    .await;
    for name in ["one", "three", "two"] {
        lab.ask(&named(&lab, name)).await;
    }
    let history = history(&lab);
    assert_eq!(history.records.len(), 2);
    let merged = &history.records[place(&history, both)];
    assert_eq!((merged.time_first, merged.time_last), (Some(FIRST), Some(far)));
    assert_eq!(merged.count, Some(7), "counts are never added up");
    assert_eq!(said(&history, both), [Some((FIRST + 50, 3)), Some((far, 7)), Some((FIRST + 60, 2))]);
    assert_eq!(said(&history, other), [Some((FIRST + 10, 1)), None, None]);
    assert!(history.is_complete());

    let (both, other) = (place(&history, both), place(&history, other));
    assert_eq!(history.agreement(both, APART), Agreement::Apart(199));
    assert_eq!(history.agreement(both, 199), Agreement::All);
    assert_eq!(history.agreement(other, APART), Agreement::Only(0));
    assert_eq!(history.parts[1].silence(&history.records[other]), Silence::NotSeen);
    let only = Differing { only_one: true, apart: None };
    let apart = Differing { only_one: false, apart: Some(APART) };
    for (differing, expected) in
        [(Differing::default(), [true, true]), (only, [false, true]), (apart, [true, false])]
    {
        assert_eq!([both, other].map(|place| history.differs(place, differing)), expected, "{differing:?}");
    }
}

#[tokio::test]
async fn the_newest_usable_answer_counts_and_a_failure_since_is_known() {
    let body = line(HOST, "185.194.93.1", FIRST + 5, 1);
    let lab = Lab::new(Script::new([
        Exchange::ok(line(HOST, "185.194.93.9", FIRST + 5, 1)),
        Exchange::ok(body.clone()),
        Exchange::ok("<html>".to_owned()),
        Exchange::ok(body.clone() + "{broken}\n"),
        Exchange::ok(line(HOST, "185.194.93.3", FIRST + 5, 1)),
    ]))
    .await;
    let first = named(&lab, "first");
    for _ in 0..3 {
        lab.ask(&first).await;
    }
    lab.ask(&named(&lab, "second")).await;
    let narrow = Filter { rrtypes: vec![cof::RrType::MX], ..Filter::default() };
    lab.ask(&Asking { filter: narrow, ..named(&lab, "third") }).await;
    let history = history(&lab);
    let runs: Vec<_> = history.parts.iter().map(|part| (part.run().unwrap().id, part.latest.id)).collect();
    assert_eq!(runs, [(2, 3), (4, 4), (5, 5)]);
    assert!(history.parts[0].is_older() && !history.is_complete());
    assert_eq!(said(&history, "185.194.93.1"), [Some((FIRST + 5, 1)), Some((FIRST + 5, 1)), None]);
    let record = &history.records[0];
    let silences: Vec<Silence> = history.parts.iter().map(|part| part.silence(record)).collect();
    assert_eq!(silences, [Silence::NotSeenUpTo(1_790_000_000), Silence::NotAmong(1), Silence::NotAsked]);
}

#[tokio::test]
async fn an_operation_that_only_failed_has_a_part_without_an_answer() {
    let lab = lab(&["<html>".to_owned()]).await;
    lab.ask(&named(&lab, "one")).await;
    let history = history(&lab);
    assert_eq!((history.parts.len(), history.records.len()), (1, 0));
    assert!(history.parts[0].kept.is_none() && !history.is_complete());
    assert!(lab.bench().history_changes(&history).unwrap().is_none());
}

#[tokio::test]
async fn lost_evidence_is_replaced_by_an_older_answer() {
    let lab =
        lab(&[line(HOST, "185.194.93.1", FIRST + 5, 1), line(HOST, "185.194.93.2", FIRST + 5, 1)]).await;
    lab.ask(&named(&lab, "one")).await;
    let newest = lab.ask(&named(&lab, "one")).await;
    let sql = "DELETE FROM answers WHERE hash = unhex(?)";
    let lost = newest.run.evidence_hash().unwrap();
    assert_eq!(lab.bench().change(|change| Ok(change.transaction.execute(sql, [lost])?)).unwrap(), 1);
    let history = history(&lab);
    assert_eq!((history.parts[0].run().unwrap().id, history.parts[0].latest.id), (1, 2));
}

#[tokio::test]
async fn findings_are_claimed_by_the_runs_that_they_come_from_and_taken_back_with_them() {
    let (both, other) = ("185.194.93.1", "185.194.93.2");
    let lab = lab(&[
        line(HOST, both, FIRST + 50, 3),
        line(HOST, both, FIRST + 90, 7) + &line(HOST, other, FIRST + 10, 1),
    ])
    .await;
    for name in ["one", "two"] {
        lab.ask(&named(&lab, name)).await;
    }
    let (mut bench, history) = (lab.bench(), history(&lab));
    let all = bench.proposals(&history).unwrap();
    let runs_of = |wanted: &str| -> Vec<Vec<i64>> {
        let is_it = |proposal: &&Proposal| matches!(&proposal.finding, operation::Finding::Indicator { indicator, .. } if indicator.to_string() == wanted);
        all.list.iter().filter(is_it).map(|proposal| history.runs_of(proposal)).collect()
    };
    assert_eq!((runs_of(both), runs_of(other)), (vec![vec![1, 2]], vec![vec![2]]));

    let previewed = bench.preview_proposals(&history, &all.list).unwrap();
    assert_eq!(bench.add_proposals(&history, &all.list).unwrap(), previewed);
    assert_eq!(previewed.indicators.new, 3, "the asked name and two addresses: {previewed:?}");
    let claims = |bench: &Workbench, value: &str| {
        let details = bench.details(&Indicator::parse(value).unwrap()).unwrap().unwrap();
        details.claims.iter().map(|claim| (claim.source.clone(), claim.run)).collect::<Vec<_>>()
    };
    assert_eq!(claims(&bench, both), [("one".to_owned(), Some(1)), ("two".to_owned(), Some(2))]);
    let mut known = history.clone();
    known = bench.history(&known.indicator, usize::MAX).unwrap();
    assert_eq!(known.added(), [1, 2]);
    assert_eq!(bench.add_proposals(&known, &all.list).unwrap().indicators.new, 0);

    bench.undo(2).unwrap();
    assert_eq!(claims(&bench, both), [("one".to_owned(), Some(1))]);
    assert!(bench.lookup(&Indicator::parse(other).unwrap()).unwrap().is_none());
    bench.undo(1).unwrap();
    assert!(bench.lookup(&Indicator::parse(both).unwrap()).unwrap().is_none());
}

#[tokio::test]
async fn the_findings_of_some_records_are_those_of_the_answers_that_have_them() {
    let lab = lab(&[
        line(HOST, "185.194.93.1", FIRST + 50, 3),
        line(HOST, "185.194.93.2", FIRST + 50, 3) + &line(HOST, "185.194.93.1", FIRST + 50, 3),
    ])
    .await;
    for name in ["one", "two"] {
        lab.ask(&named(&lab, name)).await;
    }
    let (mut bench, history) = (lab.bench(), history(&lab));
    let second = place(&history, "185.194.93.2");
    let found = bench.proposals_of(&history, &BTreeSet::from([second]), true).unwrap();
    assert!(found.list.iter().all(|proposal| history.runs_of(proposal) == [2]), "{found:?}");
    let tally: Tally = bench.add_proposals(&history, &found.list).unwrap();
    assert_eq!(tally.relationships.new, 1);
    assert_eq!(bench.history(&host(), usize::MAX).unwrap().added(), [2]);

    let choice = Choice {
        filter: Filter::default(),
        placing: Placing::default(),
        differing: Differing { only_one: true, apart: None },
        apart: APART,
        arrangement: Arrangement { sort: Sort::Last, limit: Some(1) },
    };
    let shown = ShownHistory::new(history, &choice, &bench).unwrap();
    assert_eq!((shown.matching, shown.places.as_slice()), (1, &[second][..]));
    assert!(
        shown
            .proposals
            .list
            .iter()
            .all(|proposal| format!("{:?}", proposal.finding).contains("records: [0]"))
    );
}

#[tokio::test]
async fn changes_are_those_of_the_operations_that_answered_before() {
    let (stays, goes, comes) = ("185.194.93.1", "185.194.93.2", "185.194.93.3");
    let lab = lab(&[
        line(HOST, stays, FIRST + 1, 1) + &line(HOST, goes, FIRST + 1, 1),
        line(HOST, stays, FIRST + 1, 1),
        line(HOST, stays, FIRST + 9, 2) + &line(HOST, comes, FIRST + 9, 2),
        line(HOST, stays, FIRST + 1, 1),
        line(HOST, "185.194.93.4", FIRST + 9, 2),
    ])
    .await;
    for name in ["one", "two", "one", "two", "new"] {
        lab.ask(&named(&lab, name)).await;
        lab.pass(Duration::from_mins(1));
    }
    let history = history(&lab);
    let changes = lab.bench().history_changes(&history).unwrap().unwrap();
    let rdata = |records: &[Record]| records.iter().map(Record::rdata_text).collect::<Vec<_>>();
    assert_eq!(
        (rdata(&changes.new), changes.gone.as_deref().map(rdata)),
        (vec![comes.into()], Some(vec![goes.into()]))
    );
    assert_eq!(changes.different.len(), 1);
    assert_eq!(changes.since.iter().map(|run| run.id).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(changes.without, ["new"]);
}
