//! What a push does if nothing goes wrong.

use operation::provider::Standing;
use operation::{Tlp, provider::Step};
use platform::PlatformError;
use serde_json::{Value, json};
use workbench::library::Status;
use workbench::push::{Outcome, Request, RowKind, State};

use crate::kit::{KEY, Lab, library, relate, value};

const EVENT: &str = "3d7ec8a8-3a8d-4a5b-9b5e-4f0f6a3f2c11";

fn named(uuid: &str) -> Request {
    Request { options: [("event".to_owned(), uuid.to_owned())].into(), ..library() }
}

fn list<'a>(event: &'a Value, key: &str) -> &'a Vec<Value> {
    event["Event"][key].as_array().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_push_creates_and_a_second_one_changes_nothing() {
    let lab = Lab::new().await;
    let before = lab.preview(&library()).await.unwrap();
    assert_eq!((before.counts.create, before.counts.total(), lab.misp.size()), (10, 10, 0));
    let push = lab.push().await;
    assert_eq!((push.state, push.reason.as_deref()), (State::Done, None));
    assert_eq!(push.target.as_deref(), Some(before.target.as_str()));
    let counts = lab.counts(&push);
    assert_eq!((counts.created, counts.total()), (10, 10));
    let event = lab.misp.event(&before.target).unwrap();
    assert_eq!((list(&event, "Attribute").len(), list(&event, "Object").len()), (6, 3));
    let (size, changes) = (lab.misp.size(), lab.misp.changes());

    let again = lab.push().await;
    let counts = lab.counts(&again);
    assert_eq!((again.state, counts.unchanged, counts.total()), (State::Done, 10, 10));
    assert_eq!((lab.misp.size(), lab.misp.changes()), (size, changes), "nothing was sent");
    assert_eq!(lab.misp.event(&before.target).unwrap(), event);
    let sent = lab.bench().sent(&value("h1.c2.example")).unwrap();
    let sent: Vec<_> = sent.iter().map(|sent| (sent.push.id, sent.outcome)).collect();
    assert_eq!(sent, [(2, Outcome::Unchanged), (1, Outcome::Created)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_updated_and_what_is_no_longer_right_is_deleted() {
    let lab = Lab::new().await;
    let push = lab.push().await;
    let uuid = push.target.unwrap();
    let last = |event: &Value| -> Vec<String> {
        let attributes =
            list(event, "Object").iter().flat_map(|object| object["Attribute"].as_array().unwrap());
        let last = attributes.filter(|one| one["object_relation"] == "time_last");
        last.map(|one| one["value"].as_str().unwrap().get(..4).unwrap().to_owned()).collect()
    };
    assert_eq!(last(&lab.misp.event(&uuid).unwrap()), ["2024"; 3]);
    let mut bench = lab.bench();
    relate(&mut bench, 2, 3, "2025-06-01 00:00:00");
    bench.set_status(&value("h0.c2.example"), Status::Review).unwrap();
    let again = lab.push().await;
    let counts = lab.counts(&again);
    assert_eq!((again.state, counts.created, counts.updated), (State::Done, 0, 4), "{counts:?}");
    let event = lab.misp.event(&uuid).unwrap();
    assert_eq!(last(&event), ["2025"; 3], "the earlier times are gone");
    let host = list(&event, "Attribute").iter().find(|one| one["value"] == "h0.c2.example").unwrap();
    assert!(host["comment"].as_str().unwrap().contains("Review"), "{host}");
    let third = lab.push().await;
    assert_eq!(lab.counts(&third).unchanged, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_marked_too_strictly_is_named_and_never_sent() {
    let lab = Lab::new().await;
    lab.bench().add_marked(&[value("h1.c2.example")], Status::Active, Some(Tlp::Red)).unwrap();
    let push = lab.push().await;
    assert_eq!(push.state, State::Done);
    let rows = lab.bench().push_rows(push.id, Some(Outcome::Held), None, 10).unwrap();
    let rows: Vec<(RowKind, String)> =
        rows.into_iter().map(|shown| (shown.row.kind, shown.row.label)).collect();
    let records = "1 records and relationships".to_owned();
    assert_eq!(rows, [(RowKind::Indicator, "h1.c2.example".to_owned()), (RowKind::Record, records)]);
    assert!(!lab.received().contains("h1.c2"), "{}", lab.received());
    assert!(lab.received().contains("h2.c2"));
    assert!(lab.bench().sent(&value("h1.c2.example")).unwrap().is_empty());
    let stricter = Request { max_tlp: Some("clear".to_owned()), ..library() };
    lab.bench().add_marked(&[value("h2.c2.example")], Status::Active, Some(Tlp::Green)).unwrap();
    assert_eq!(lab.preview(&stricter).await.unwrap().counts.held, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_event_is_joined_if_it_is_ours_and_marked_enough() {
    let lab = Lab::new().await;
    let missing = lab.preview(&named(EVENT)).await.unwrap_err();
    assert_eq!(missing, PlatformError::NoEvent(EVENT.to_owned()));
    let event =
        json!({"uuid": EVENT, "info": "Campaign", "Tag": [{"name": "tlp:green"}], "distribution": "0"});
    lab.misp.store(&event, true);
    let id = lab.begin(named(EVENT));
    let push = lab.work(id).await;
    assert_eq!((push.state, push.target.as_deref()), (State::Done, Some(EVENT)));
    let joined = lab.misp.event(EVENT).unwrap();
    assert_eq!((joined["Event"]["info"].as_str(), list(&joined, "Object").len()), (Some("Campaign"), 3));
    assert_eq!(lab.misp.events().len(), 1);

    let other = "3d7ec8a8-3a8d-4a5b-9b5e-000000000002";
    lab.misp.store(&json!({"uuid": other, "info": "theirs"}), false);
    assert_eq!(lab.preview(&named(other)).await.unwrap_err(), PlatformError::Foreign(other.to_owned()));
    let id = lab.begin(named(other));
    let failed = lab.work(id).await;
    assert_eq!(failed.state, State::Failed);
    assert!(failed.reason.unwrap().contains("belongs to another organisation"));

    lab.bench().add_marked(&[value("h0.c2.example")], Status::Active, Some(Tlp::Green)).unwrap();
    let open = "3d7ec8a8-3a8d-4a5b-9b5e-000000000003";
    lab.misp.store(&json!({"uuid": open, "info": "open"}), true);
    let weaker = lab.preview(&named(open)).await.unwrap_err();
    assert!(matches!(weaker, PlatformError::Weaker { tlp: Tlp::Green, .. }), "{weaker}");
    for wrong in ["7", "../x"] {
        assert!(matches!(lab.preview(&named(wrong)).await, Err(PlatformError::Option(_))), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_deleted_there_stays_deleted() {
    let lab = Lab::new().await;
    let push = lab.push().await;
    let rows = lab.bench().push_rows(push.id, None, None, 20).unwrap();
    let key =
        |label: &str| rows.iter().find(|shown| shown.row.label.starts_with(label)).unwrap().row.key.clone();
    lab.misp.delete(&key("h0.c2.example"));
    lab.misp.delete(&key("h1.c2.example A"));
    let again = lab.push().await;
    let counts = lab.counts(&again);
    assert_eq!((again.state, counts.refused, counts.unchanged), (State::Done, 2, 8));
    let refused = lab.bench().push_rows(again.id, Some(Outcome::Refused), None, 10).unwrap();
    assert!(
        refused
            .iter()
            .all(|shown| shown.row.reason.as_deref() == Some("somebody deleted it on the platform"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marking_that_becomes_stricter_replaces_the_weaker_tag() {
    let lab = Lab::new().await;
    let event = lab.push().await.target.unwrap();
    let tags = |lab: &Lab| list(&lab.misp.event(&event).unwrap(), "Tag").clone();
    assert!(tags(&lab).is_empty());
    lab.bench().add_marked(&[value("h0.c2.example")], Status::Active, Some(Tlp::Clear)).unwrap();
    lab.push().await;
    assert_eq!(tags(&lab), [json!({"name": "tlp:clear"})]);
    lab.bench().add_marked(&[value("h0.c2.example")], Status::Active, Some(Tlp::Green)).unwrap();
    lab.push().await;
    assert_eq!(tags(&lab), [json!({"name": "tlp:green"})]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_the_connection_names_the_user_and_the_version() {
    let lab = Lab::new().await;
    let checked = platform::check(&lab.recipient()).await;
    assert_eq!(checked.failure(), None);
    let detail = |step: Step| checked.steps.iter().find(|(one, _)| *one == step).unwrap().1.detail().unwrap();
    assert_eq!(detail(Step::Login), "accepted, as analyst@misp.example with the role User");
    assert_eq!(detail(Step::Format), "MISP 2.4.193");
    assert_eq!(lab.misp.changes(), 0);

    let mut bench = lab.bench();
    let secrets = vec![("user_token".to_owned(), operation::Secret::new("wrong-key"))];
    bench.configure("misp", &workbench::integration::Changes { secrets, ..Default::default() }).unwrap();
    let checked = platform::check(&lab.recipient()).await;
    let failed = checked.steps.iter().find(|(_, standing)| matches!(standing, Standing::Failed(_))).unwrap();
    assert_eq!(failed.0, Step::Login);
    let text = format!("{checked:?}");
    assert!(!text.contains("wrong-key") && !text.contains(KEY), "{text}");
}
