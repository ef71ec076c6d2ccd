use std::time::Duration;

use operation::Indicator;

use super::*;
use crate::audit::Filter;
use crate::integration::Changes;
use crate::{Error, Kind, Workbench};

fn bench(folder: &std::path::Path) -> Workbench {
    let clock = testkit::clock_from(Duration::from_secs(1_000));
    let mut bench = Workbench::open(folder, clock, "ann").unwrap();
    let package = operation::package::find("misp").unwrap();
    let plan = bench.plan_install(package, false).unwrap();
    bench.install(plan.confirm()).unwrap();
    let key = ("user_token".to_owned(), operation::Secret::new("k"));
    let values = vec![("host".to_owned(), "misp.example".to_owned())];
    bench.configure("misp", &Changes { values, secrets: vec![key], ..Changes::default() }).unwrap();
    bench.enable("misp").unwrap();
    bench
}

fn new() -> New {
    New {
        platform: "misp".to_owned(),
        package: "misp@1.0.0".to_owned(),
        place: "misp.example:443".to_owned(),
        title: "Passive DNS of a.example".to_owned(),
        request: Request::of(What::Run(1)),
    }
}

fn row(key: &str, outcome: Outcome) -> Row {
    Row {
        key: key.to_owned(),
        kind: RowKind::Indicator,
        label: key.to_owned(),
        indicator: Some(Indicator::parse(key).unwrap()),
        outcome,
        reason: None,
    }
}

fn outcomes(bench: &Workbench, id: i64) -> Vec<(String, &'static str)> {
    let rows = bench.push_rows(id, None, None, 100).unwrap();
    rows.into_iter().map(|shown| (shown.row.key, shown.row.outcome.word())).collect()
}

#[tokio::test]
async fn a_push_goes_from_waiting_to_done_with_the_outcome_of_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = bench(folder.path());
    let push = bench.create_push(&new()).unwrap();
    assert_eq!((push.state, push.id), (State::Waiting, 1));
    assert_eq!(bench.orphaned_pushes().unwrap().len(), 1);
    assert!(bench.claim_push(1, "me").unwrap());
    let rows = [row("a.example", Outcome::Create), row("b.example", Outcome::Unchanged)];
    assert_eq!(bench.plan_push(1, "me", "event-1", &rows).unwrap(), State::Running);
    let counts = bench.push_counts(1).unwrap();
    assert_eq!((counts.create, counts.unchanged, counts.left(), counts.total()), (1, 1, 1, 2));
    let noted = [("a.example".to_owned(), Outcome::Created, None)];
    assert_eq!(bench.note_push(1, "me", &noted).unwrap(), State::Running);
    let push = bench.end_push(1, "me", &End::Done).unwrap();
    assert_eq!((push.state, push.target.as_deref()), (State::Done, Some("event-1")));
    assert_eq!(bench.push_counts(1).unwrap().created, 1);
    let sent = bench.sent(&Indicator::parse("a.example").unwrap()).unwrap();
    assert_eq!((sent.len(), sent[0].push.id, sent[0].outcome), (1, 1, Outcome::Created));
    assert!(bench.sent(&Indicator::parse("c.example").unwrap()).unwrap().is_empty());
    let actions = bench.audit(&Filter::default()).unwrap().entries.into_iter().map(|entry| entry.action);
    let actions: Vec<String> = actions.filter(|action| action.starts_with("push.")).collect();
    assert_eq!(actions, ["push.end", "push.create"]);
}

#[tokio::test]
async fn what_was_sent_before_a_kill_is_not_called_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = bench(folder.path());
    bench.create_push(&new()).unwrap();
    bench.claim_push(1, "killed").unwrap();
    let rows = [
        row("a.example", Outcome::Create),
        row("b.example", Outcome::Update),
        row("c.example", Outcome::Create),
        row("d.example", Outcome::Held),
    ];
    bench.plan_push(1, "killed", "event-1", &rows).unwrap();
    bench.note_push(1, "killed", &[("a.example".to_owned(), Outcome::Created, None)]).unwrap();
    // Killed after the platform took b.example, and before that was recorded.
    assert!(bench.claim_push(1, "next").unwrap(), "no such worker lives");
    let again = [
        row("a.example", Outcome::Unchanged),
        row("b.example", Outcome::Unchanged),
        row("c.example", Outcome::Create),
    ];
    bench.plan_push(1, "next", "event-1", &again).unwrap();
    let wanted = [("a.example", "created"), ("b.example", "updated"), ("c.example", "create")];
    assert_eq!(outcomes(&bench, 1), wanted.map(|(key, outcome)| (key.to_owned(), outcome)));
    // The killed one, should it live after all, changes nothing.
    bench.note_push(1, "killed", &[("c.example".to_owned(), Outcome::Refused, None)]).unwrap();
    bench.end_push(1, "killed", &End::Done).unwrap();
    assert_eq!(bench.push(1).unwrap().state, State::Running);
    assert_eq!(outcomes(&bench, 1)[2].1, "create");
}

#[tokio::test]
async fn a_push_is_paused_resumed_and_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = bench(folder.path());
    bench.create_push(&new()).unwrap();
    let conflict = |error: Error| assert_eq!(error.kind(), Some(Kind::Conflict));
    conflict(bench.resume_push(1).unwrap_err());
    bench.claim_push(1, "me").unwrap();
    bench.plan_push(1, "me", "e", &[row("a.example", Outcome::Create)]).unwrap();
    bench.pause_push(1).unwrap();
    let noted = [("a.example".to_owned(), Outcome::Created, None)];
    assert_eq!(bench.note_push(1, "me", &noted).unwrap(), State::Paused, "what was sent is recorded");
    assert_eq!(bench.push_counts(1).unwrap().created, 1);
    assert!(!bench.claim_push(1, "me").unwrap());
    assert_eq!(bench.end_push(1, "me", &End::Done).unwrap().state, State::Paused);
    bench.disable("misp").unwrap();
    conflict(bench.resume_push(1).unwrap_err());
    conflict(bench.create_push(&new()).unwrap_err());
    bench.enable("misp").unwrap();
    assert_eq!(bench.resume_push(1).unwrap().state, State::Waiting);
    bench.claim_push(1, "me").unwrap();
    let push = bench.end_push(1, "me", &End::Paused("busy".to_owned())).unwrap();
    assert_eq!((push.state, push.reason.as_deref()), (State::Paused, Some("busy")));
    assert_eq!(bench.cancel_push(1).unwrap().state, State::Cancelled);
    conflict(bench.cancel_push(1).unwrap_err());
    assert!(bench.orphaned_pushes().unwrap().is_empty());
    assert_eq!(bench.push(2).unwrap_err().kind(), Some(Kind::Missing));
    assert!(bench.verify(&mut |_, _| {}).unwrap().faults.is_empty());
}
