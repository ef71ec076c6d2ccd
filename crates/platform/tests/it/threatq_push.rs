//! Pushes of the workbench to a scripted ThreatQ: their rows are stored, they go on after a kill, and nothing too strict is sent.

use std::time::Duration;

use operation::provider::{Standing, Step};
use operation::{Secret, Tlp};
use platform::Recipient;
use platform::push::{Live, preview, work};
use tempfile::TempDir;
use testkit::threatq::{CLIENT_ID, CLIENT_SECRET, Fault, ScriptedThreatq};
use workbench::integration::Changes;
use workbench::library::Status;
use workbench::push::{Counts, New, Outcome, Push, State};
use workbench::run::Runs;
use workbench::{Desk, Workbench};

use crate::kit::{library, relate, value};

struct Lab {
    folder: TempDir,
    threatq: ScriptedThreatq,
    runs: Runs,
}

impl Lab {
    /// A library with this many names and addresses and their relationships.
    async fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let threatq = ScriptedThreatq::start().await.unwrap();
        let clock = testkit::clock_from(Duration::from_secs(1_700_000_000));
        let mut bench = Workbench::open(folder.path(), clock, "ann").unwrap();
        let plan = bench.plan_install(operation::package::find("threatq").unwrap(), false).unwrap();
        bench.install(plan.confirm()).unwrap();
        let port = threatq.address().port().to_string();
        let values =
            [("host", "127.0.0.1"), ("port", port.as_str()), ("use_http", "on"), ("client_id", CLIENT_ID)];
        let values = values.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let secrets = vec![("user_token".to_owned(), Secret::new(CLIENT_SECRET))];
        bench.configure("threatq", &Changes { values, secrets, ..Changes::default() }).unwrap();
        bench.enable("threatq").unwrap();
        relate(&mut bench, 1, count, "2024-01-01 00:00:00");
        let runs = Runs::new(Desk::of(bench)).await.unwrap();
        Self { folder, threatq, runs }
    }

    fn bench(&self) -> Workbench {
        let clock = testkit::clock_from(Duration::from_secs(1_700_000_000));
        Workbench::open(self.folder.path(), clock, "ann").unwrap()
    }

    fn recipient(&self) -> Recipient {
        let configured = self.bench().settings("threatq").unwrap();
        let clock = testkit::clock_from(Duration::from_secs(1_700_000_000));
        Recipient::new(&configured.package, &configured.settings, self.folder.path(), clock).unwrap()
    }

    fn begin(&self) -> i64 {
        let new = New {
            platform: "threatq".to_owned(),
            package: "threatq@1.0.0".to_owned(),
            place: self.recipient().place(),
            title: "Threat library".to_owned(),
            request: library(),
        };
        self.bench().create_push(&new).unwrap().id
    }

    async fn work(&self, id: i64, live: &Live) -> Push {
        work(&self.runs, id, Ok((&self.recipient(), Tlp::Green)), live).await.unwrap()
    }

    async fn push(&self) -> (Push, Counts) {
        let push = self.work(self.begin(), &Live::default()).await;
        let counts = self.bench().push_counts(push.id).unwrap();
        (push, counts)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_pushed_with_a_row_for_everything_and_once() {
    let lab = Lab::new(3).await;
    let shown = preview(lab.runs.desk(), &lab.recipient(), &library(), Tlp::Green).await.unwrap();
    assert_eq!((shown.counts.create, lab.threatq.changes()), (9, 0));
    let (push, counts) = lab.push().await;
    assert_eq!((push.state, counts), (State::Done, Counts { created: 9, ..Counts::default() }));
    assert_eq!(lab.threatq.object("h0.c2.example").unwrap().status, "Indirect");
    let sent = lab.bench().sent(&value("h0.c2.example")).unwrap();
    assert_eq!((sent.len(), sent[0].outcome), (1, Outcome::Created));
    let changes = lab.threatq.changes();
    let (_, counts) = lab.push().await;
    assert_eq!(counts, Counts { unchanged: 9, ..Counts::default() });
    assert_eq!(lab.threatq.changes(), changes);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_double_nothing_and_leave_no_row_out() {
    for fault in [Fault::ActAndCut, Fault::ActAndErrors, Fault::HalfAnd500, Fault::Busy(1)] {
        let lab = Lab::new(4).await;
        lab.threatq.fail("/consume", fault.clone());
        let (push, counts) = lab.push().await;
        assert_eq!(
            (push.state, counts),
            (State::Done, Counts { created: 12, ..Counts::default() }),
            "{fault:?}"
        );
        assert_eq!((lab.threatq.objects().len(), lab.threatq.faults_left()), (8, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_cannot_go_on_pauses_and_continues() {
    let lab = Lab::new(2).await;
    lab.threatq.fail("/consume", Fault::ActAndCut);
    // More patience than there is.
    lab.threatq.fail("/consume", Fault::Busy(86_400));
    let id = lab.begin();
    let push = lab.work(id, &Live::default()).await;
    assert_eq!(push.state, State::Paused);
    assert!(push.reason.as_deref().unwrap_or_default().contains("429"), "{:?}", push.reason);
    assert!(!format!("{push:?}").contains(CLIENT_SECRET));
    lab.bench().resume_push(id).unwrap();
    assert_eq!(lab.work(id, &Live::default()).await.state, State::Done);
    let counts = lab.bench().push_counts(id).unwrap();
    assert_eq!((counts.total(), counts.created + counts.updated), (6, 6), "{counts:?}");
    assert_eq!(lab.threatq.objects().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_strict_is_held_back_and_what_is_whitelisted_is_refused() {
    let lab = Lab::new(3).await;
    let strict = [value("h1.c2.example")];
    lab.bench().add_marked(&strict, Status::Active, Some(Tlp::Red)).unwrap();
    lab.threatq.put("185.194.93.2", "IP Address", "Whitelisted");
    let (push, counts) = lab.push().await;
    assert_eq!((push.state, counts.refused), (State::Done, 2), "{counts:?}");
    assert!(counts.held >= 1, "{counts:?}");
    let received = lab.threatq.received();
    assert!(!received.contains("h1.c2.example") && received.contains("h2.c2.example"), "{received}");
    let untouched = lab.threatq.object("185.194.93.2").unwrap();
    assert!(untouched.sources.is_empty() && untouched.related.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_is_tested_step_by_step() {
    let lab = Lab::new(1).await;
    let checked = platform::check(&lab.recipient()).await;
    assert!(checked.failure().is_none(), "{checked:?}");
    let secrets = vec![("user_token".to_owned(), Secret::new("wrong-secret-77"))];
    lab.bench().configure("threatq", &Changes { secrets, ..Changes::default() }).unwrap();
    let checked = platform::check(&lab.recipient()).await;
    let (_, login) = checked.steps.iter().find(|(step, _)| *step == Step::Login).unwrap();
    assert!(matches!(login, Standing::Failed(_)), "{checked:?}");
    assert!(!format!("{checked:?}").contains("wrong-secret-77"));
}
