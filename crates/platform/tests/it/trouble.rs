//! What a push does if something goes wrong: nothing is doubled, every row has its outcome, and secrets stay out of all texts.

use std::sync::Arc;

use operation::Tlp;
use platform::push::{Live, work};
use testkit::misp::Fault;
use workbench::integration::Changes;
use workbench::push::{Outcome, State};
use workbench::run::Runs;

use crate::kit::{KEY, Lab, library, relate};

/// A library that needs several batches.
async fn large() -> Lab {
    let lab = Lab::new().await;
    relate(&mut lab.bench(), 2, 120, "2024-01-01 00:00:00");
    lab
}

/// Rows of [`large`]: an event, 240 indicators, 120 relationships.
const LARGE: u64 = 361;

#[track_caller]
fn check_whole(lab: &Lab, push: &workbench::push::Push) {
    let counts = lab.counts(push);
    assert_eq!((push.state, push.reason.as_deref()), (State::Done, None));
    assert_eq!((counts.created, counts.total()), (LARGE, LARGE), "{counts:?}");
    let event = lab.misp.event(push.target.as_ref().unwrap()).unwrap();
    let count = |key: &str| event["Event"][key].as_array().unwrap().len();
    assert_eq!((count("Attribute"), count("Object"), lab.misp.events().len()), (240, 120, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_doubles_nothing() {
    for change in [0, 1] {
        for fault in [Fault::CutAfter, Fault::CutBefore, Fault::Status(500), Fault::Busy(1)] {
            let lab = Lab::new().await;
            lab.misp.fail(change, fault.clone());
            let push = lab.push().await;
            assert_eq!((push.state, lab.counts(&push).created), (State::Done, 10), "{change} {fault:?}");
            assert_eq!((lab.misp.events().len(), lab.misp.size()), (1, 9 + 3 * 6), "{change} {fault:?}");
        }
    }
    let lab = large().await;
    lab.misp.fail(3, Fault::CutAfter);
    let push = lab.push().await;
    check_whole(&lab, &push);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_keeps_failing_pauses_the_push_which_can_be_resumed() {
    let lab = large().await;
    // The event and the first batch arrive, and then four attempts fail.
    for change in 2..6 {
        lab.misp.fail(change, Fault::Status(500));
    }
    let push = lab.push().await;
    assert_eq!(push.state, State::Paused);
    assert!(push.reason.as_ref().unwrap().contains("500"), "{:?}", push.reason);
    let counts = lab.counts(&push);
    assert!(counts.created > 0 && counts.left() > 0 && counts.total() == LARGE, "{counts:?}");
    lab.bench().resume_push(push.id).unwrap();
    let push = lab.work(push.id).await;
    check_whole(&lab, &push);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_killed_goes_on_in_another_process_and_doubles_nothing() {
    let lab = Arc::new(large().await);
    let id = lab.begin(library());
    let first = Runs::new(lab.runs.desk().clone()).await.unwrap();
    let (live, shared) = (Arc::<Live>::default(), Arc::clone(&lab));
    let working = Arc::clone(&live);
    let task = tokio::spawn(async move {
        let recipient = shared.recipient();
        work(&first, id, Ok((&recipient, Tlp::Green)), &working).await
    });
    while live.done() < 100 {
        tokio::task::yield_now().await;
    }
    task.abort();
    let _ = task.await;
    while lab.bench().orphaned_pushes().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let push = lab.work(id).await;
    check_whole(&lab, &push);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_is_paused_stops_after_its_batch_and_goes_on_when_resumed() {
    let lab = Arc::new(large().await);
    let id = lab.begin(library());
    let (live, shared) = (Arc::<Live>::default(), Arc::clone(&lab));
    let working = Arc::clone(&live);
    let task = tokio::spawn(async move {
        let recipient = shared.recipient();
        work(&shared.runs, id, Ok((&recipient, Tlp::Green)), &working).await
    });
    while live.done() < 50 {
        tokio::task::yield_now().await;
    }
    lab.bench().pause_push(id).ok();
    let push = task.await.unwrap().unwrap();
    if push.state == State::Paused {
        assert!(lab.counts(&push).left() > 0);
        lab.bench().resume_push(id).unwrap();
        let push = lab.work(id).await;
        check_whole(&lab, &push);
    } else {
        check_whole(&lab, &push);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_large_is_halved() {
    let lab = large().await;
    lab.misp.limit(20_000);
    let push = lab.push().await;
    check_whole(&lab, &push);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_instance_leaves_out_silently_is_refused_with_a_reason() {
    let lab = Lab::new().await;
    lab.misp.leave_out("h1.c2.example");
    let push = lab.push().await;
    assert_eq!(push.state, State::Done);
    let refused = lab.bench().push_rows(push.id, Some(Outcome::Refused), None, 10).unwrap();
    let refused: Vec<_> =
        refused.iter().map(|shown| (shown.row.label.as_str(), shown.row.reason.as_deref())).collect();
    let why = "the platform did not store it, and did not say why";
    assert_eq!(refused, [("h1.c2.example", Some(why))]);
    assert_eq!(lab.counts(&push).total(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_pauses_the_push_and_is_in_no_text() {
    let lab = Lab::new().await;
    let secrets = vec![("user_token".to_owned(), operation::Secret::new("s3cretThatIsWrong"))];
    lab.bench().configure("misp", &Changes { secrets, ..Changes::default() }).unwrap();
    let push = lab.push().await;
    assert_eq!(push.state, State::Paused);
    let reason = push.reason.clone().unwrap();
    assert!(reason.contains("does not accept the API key") && !reason.contains("s3cret"), "{reason}");
    assert_eq!(lab.misp.changes(), 0);
    let text = format!("{push:?} {:?}", lab.recipient());
    assert!(!text.contains("s3cret") && !text.contains(KEY), "{text}");
    let trail = lab.bench().audit(&workbench::audit::Filter::default()).unwrap();
    assert!(!format!("{trail:?}").contains("s3cret"));
    let secrets = vec![("user_token".to_owned(), operation::Secret::new(KEY))];
    lab.bench().configure("misp", &Changes { secrets, ..Changes::default() }).unwrap();
    lab.bench().resume_push(push.id).unwrap();
    let push = lab.work(push.id).await;
    assert_eq!((push.state, lab.counts(&push).created), (State::Done, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_not_misps_and_missing_rights_are_said() {
    let lab = Lab::new().await;
    lab.misp.fail(1, Fault::WebPage);
    let push = lab.push().await;
    assert_eq!(push.state, State::Paused);
    assert!(push.reason.unwrap().contains("not an answer of MISP: it begins"));
    lab.bench().resume_push(push.id).unwrap();
    let push = lab.work(push.id).await;
    assert_eq!((push.state, lab.counts(&push).created), (State::Done, 10), "it had acted before that answer");

    let lab = Lab::new().await;
    lab.misp.forbid_adding();
    let push = lab.push().await;
    assert_eq!(push.state, State::Paused);
    assert!(push.reason.unwrap().contains("may not add events"));
    let missing = workbench::push::Request::of(workbench::push::What::Run(99));
    let id = lab.begin(missing);
    let push = lab.work(id).await;
    assert_eq!((push.state, push.reason.unwrap().contains("99")), (State::Failed, true));
}
