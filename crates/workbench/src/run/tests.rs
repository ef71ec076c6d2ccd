//! Runs against a scripted provider on this machine, with a clock that the test controls.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cof::time::Clock;
use operation::{Budget, Config, Filter, Indicator, Limits, Provider, Secret, Settings, Tcp, Tlp, Window};
use tempfile::TempDir;
use testkit::{Exchange, Script, ScriptedProvider, answer};

use super::*;
use crate::library::{Count, Status};
use crate::{Desk, Error, Hint, Kind, Workbench};

pub(crate) const HOST: &str = "www.example.com";

pub(crate) struct Lab {
    runs: Runs,
    provider: ScriptedProvider,
    address: SocketAddr,
    /// Seconds since the epoch.
    now: Arc<AtomicU64>,
    pub(crate) folder: TempDir,
}

pub(crate) fn line(rrname: &str, rdata: &str, last: u64, count: u64) -> String {
    format!(
        "{{\"rrname\":\"{rrname}\",\"rrtype\":\"A\",\"rdata\":\"{rdata}\",\"time_first\":1500000100,\"time_last\":{last},\"count\":{count}}}\n"
    )
}

pub(crate) fn host() -> Indicator {
    Indicator::parse(HOST).unwrap()
}

impl Lab {
    pub(crate) async fn new(script: Script) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicU64::new(1_790_000_000));
        let ticking = Arc::clone(&now);
        let clock = Clock::telling(move || Duration::from_secs(ticking.load(Ordering::Relaxed)));
        let desk = Desk::open(folder.path(), clock).unwrap();
        let provider = ScriptedProvider::new(script);
        let address = provider.listen().await.unwrap();
        Self { runs: Runs::new(desk).await.unwrap(), provider, address, now, folder }
    }

    pub(crate) async fn answering(body: String) -> Self {
        Self::new(Script::always(Exchange::ok(body))).await
    }

    pub(crate) fn asking(&self) -> Asking {
        self.asking_with(&[], None)
    }

    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    pub(crate) fn asking_with(&self, set: &[(&str, &str)], token: Option<&str>) -> Asking {
        let package = operation::package::newest().unwrap();
        let mut settings = Settings::default();
        let (address, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let usual = [("host", address.as_str()), ("port", &port), ("use_http", "on"), ("page_size", "0")];
        for (key, value) in usual.iter().chain(set) {
            settings.set(&package, key, value).unwrap();
        }
        if let Some(token) = token {
            settings.set_secret(&package, "user_token", Secret::new(token)).unwrap();
        }
        let clock = Clock::system();
        let Config::Http(config) = Config::new(&package, &settings, Limits::HELD, &clock).unwrap() else {
            panic!("CIRCL is a service");
        };
        let budget = Budget::new(0.0, "test", None, clock.clone());
        Asking {
            batch: Batch::default(),
            action: package.actions()[0].name.clone(),
            package: Arc::new(package),
            provider: Arc::new(Provider::http(*config, Arc::new(Tcp), budget, clock, 1).unwrap()),
            filter: Filter::default(),
            most: 1_000,
            freshness: Freshness::Within(Duration::from_hours(24)),
            actor: "ann".to_owned(),
        }
    }

    pub(crate) async fn ask(&self, asking: &Asking) -> Kept {
        self.runs.ask(asking, &host()).await.unwrap()
    }

    pub(crate) fn bench(&self) -> Workbench {
        Workbench::open(self.folder.path(), self.runs.desk().clock().clone(), "ann").unwrap()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    pub(crate) fn asked(&self) -> usize {
        self.provider.requests().len()
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.folder.path().join("answers")) else { return vec![] };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

#[tokio::test]
async fn a_run_keeps_what_came_octet_for_octet_and_reads_the_same_again() {
    let body = line(HOST, "185.194.93.1", 1_500_000_200, 3)
        + "{broken}\n"
        + &line(HOST, "185.194.93.2", 1_500_000_300, 1);
    let lab = Lab::answering(body.clone()).await;
    let kept = lab.ask(&lab.asking()).await;
    let run = &kept.run;
    assert_eq!((run.id, run.ending.state, run.records, run.damages), (1, State::Partial, 2, 1));
    let reason = run.ending.reason.as_ref().unwrap();
    assert!(reason.text.contains("1 sections of the answer are unreadable"), "{reason:?}");
    assert_eq!((run.actor.as_str(), run.provider.clone()), ("ann", lab.address.to_string()));
    assert_eq!((run.started_at, run.ended_at), (1_790_000_000, Some(1_790_000_000)));

    let again = lab.bench().answer(1).unwrap();
    assert_eq!((&again.run, &again.records, &again.damages), (run, &kept.records, &kept.damages));
    let mut evidence = String::new();
    lab.bench().evidence(1).unwrap().unwrap().read_to_string(&mut evidence).unwrap();
    assert_eq!(evidence, body);
    assert_eq!(lab.files(), [""; 0], "it is in the database");
}

#[tokio::test]
async fn a_whole_answer_answers_again_for_a_day_and_an_incomplete_one_never() {
    let body = line(HOST, "185.194.93.1", 1_500_000_200, 3);
    let broken = Exchange::ok(body.clone() + "{broken}\n");
    let lab = Lab::new(Script::new([broken, Exchange::ok(body)]).repeat_last()).await;
    let asking = lab.asking();
    assert!(!lab.ask(&asking).await.run.ending.is_complete());
    let fetched = lab.ask(&asking).await;
    assert_eq!((lab.asked(), fetched.run.is_cached()), (2, false));

    lab.pass(Duration::from_hours(24) - Duration::from_secs(1));
    let cached = lab.ask(&asking).await;
    assert_eq!((lab.asked(), cached.run.is_cached()), (2, true));
    assert_eq!((cached.run.id, cached.run.fetched), (3, Fetched { by: 2, at: 1_790_000_000 }));
    assert_eq!((cached.records, cached.run.ending.state), (fetched.records, State::Complete));

    lab.pass(Duration::from_secs(1));
    assert!(!lab.ask(&asking).await.run.is_cached(), "what was cached makes nothing younger");
    let fresh = Asking { freshness: Freshness::Fresh, ..asking };
    assert!(!lab.ask(&fresh).await.run.is_cached());
    assert_eq!(lab.asked(), 4);
}

#[tokio::test]
async fn another_login_filter_or_flag_is_another_question_and_a_filter_of_ours_is_not() {
    let lab = Lab::answering(line(HOST, "185.194.93.1", 1_500_000_200, 3)).await;
    let after = async |asking: Asking| {
        let before = lab.asked();
        let run = lab.ask(&asking).await.run;
        assert_eq!(run.is_cached(), lab.asked() == before);
        run
    };
    assert!(!after(lab.asking()).await.is_cached());
    for (set, token) in [
        (&[("active_query", "on")][..], None),
        (&[("rrtype", "A")], None),
        (&[], Some("user:password")),
        (&[], Some("user:other")),
    ] {
        assert!(!after(lab.asking_with(set, token)).await.is_cached(), "{set:?} {token:?}");
        assert!(after(lab.asking_with(set, token)).await.is_cached(), "{set:?} {token:?}");
    }
    let window = Window { seen_after: Some(1_600_000_000), seen_before: None };
    let late = Asking { filter: Filter { window, ..Filter::default() }, ..lab.asking() };
    let run = after(late).await;
    assert_eq!((run.is_cached(), run.records), (true, 0));
    let again = lab.bench().answer(run.id).unwrap();
    assert!(again.records.is_empty(), "it is shown as it was filtered");

    let few = Asking { most: 1, ..lab.asking() };
    assert_eq!(after(few).await.ending.state, State::Complete);
    assert!(after(lab.asking_with(&[("page_size", "5")], None)).await.is_cached());
}

#[tokio::test]
async fn a_login_is_not_in_the_folder() {
    let lab = Lab::answering(line(HOST, "185.194.93.1", 1_500_000_200, 3)).await;
    lab.ask(&lab.asking_with(&[], Some("user:correct-horse"))).await;
    let header = lab.provider.requests()[0].header("authorization").unwrap().to_owned();
    for entry in std::fs::read_dir(lab.folder.path()).unwrap().map(Result::unwrap) {
        let Ok(octets) = std::fs::read(entry.path()) else { continue };
        for secret in ["correct-horse", header.strip_prefix("Basic ").unwrap()] {
            assert!(!octets.windows(secret.len()).any(|part| part == secret.as_bytes()), "{entry:?}");
        }
    }
}

#[tokio::test]
async fn offline_nothing_is_sent_and_any_age_will_do() {
    let lab = Lab::answering(line(HOST, "185.194.93.1", 1_500_000_200, 3)).await;
    let offline = Asking { freshness: Freshness::Offline, ..lab.asking() };
    let error = lab.runs.ask(&offline, &host()).await.unwrap_err();
    assert_eq!(error.kind(), Some(Kind::Missing), "{error}");
    assert_eq!((lab.asked(), lab.bench().run(1).unwrap().ending.state), (0, State::Failed));
    lab.ask(&lab.asking()).await;
    lab.pass(Duration::from_hours(24 * 365));
    assert!(lab.ask(&offline).await.run.is_cached());
    assert_eq!(lab.asked(), 1);
}

#[tokio::test]
async fn lost_or_changed_evidence_is_asked_for_again_and_never_shown() {
    let lab = Lab::answering(line(HOST, "185.194.93.1", 1_500_000_200, 3)).await;
    lab.ask(&lab.asking()).await;
    let other = line(HOST, "185.194.93.66", 1_500_000_200, 3);
    let other = zstd::encode_all(other.as_bytes(), 1).unwrap();
    let sql = "UPDATE answers SET body = ?";
    lab.bench().change(|change| Ok(change.transaction.execute(sql, [other])?)).unwrap();
    assert!(matches!(lab.bench().answer(1), Err(Error::Evidence { .. })));
    let offline = Asking { freshness: Freshness::Offline, ..lab.asking() };
    assert!(matches!(lab.runs.ask(&offline, &host()).await, Err(Error::Evidence { .. })));
    let again = lab.ask(&lab.asking()).await;
    assert!(!again.run.is_cached());
    assert_eq!(again.records[0].rdata_text(), "185.194.93.1");
}

#[tokio::test]
async fn small_and_large_answers_are_reused_verified_backed_up_and_restored() {
    let small = line(HOST, "185.194.93.1", 1_500_000_200, 3);
    let addresses = (0..900).map(|n| format!("198.51.{}.{}", n / 250, n % 250));
    let large: String = addresses.map(|address| line("big.example", &address, 1_500_000_200, 3)).collect();
    let lab = Lab::new(Script::new([small.clone(), small, large].map(Exchange::ok))).await;
    let big = Indicator::parse("big.example").unwrap();
    let asking = lab.asking();
    lab.ask(&asking).await;
    lab.ask(&Asking { freshness: Freshness::Fresh, ..lab.asking() }).await;
    lab.runs.ask(&asking, &big).await.unwrap();
    assert!(
        lab.runs.ask(&asking, &big).await.unwrap().run.is_cached() && lab.ask(&asking).await.run.is_cached()
    );
    assert_eq!(lab.files().len(), 1, "the large one: {:?}", lab.files());
    let place = tempfile::tempdir().unwrap();
    let (to, back) = (place.path().join("copy"), place.path().join("back"));
    let made = lab.bench().backup(&to, true, &mut |_, _| ()).unwrap();
    assert_eq!((made.verified.answers, made.verified.faults), (2, vec![]));
    let restored = crate::restore(&to, &back, Clock::system()).unwrap();
    assert_eq!((restored.answers, restored.faults), (2, vec![]));
    let restored = Workbench::open(&back, Clock::system(), "ann").unwrap();
    for run in 1..=5 {
        assert_eq!(restored.answer(run).unwrap().records, lab.bench().answer(run).unwrap().records);
    }
    // Each is noticed where it is lost.
    std::fs::remove_dir_all(back.join("answers")).unwrap();
    let lost =
        |change: &crate::database::Change<'_>| Ok(change.transaction.execute("DELETE FROM answers", [])?);
    lab.bench().change(lost).unwrap();
    for (workbench, run) in [(restored, 3), (lab.bench(), 1)] {
        let faults = workbench.verify(&mut |_, _| ()).unwrap().faults;
        let [fault] = &faults[..] else { panic!("{faults:?}") };
        assert!(fault.contains(&format!("the evidence of run {run} (")), "{fault}");
    }
}

#[tokio::test]
async fn an_empty_answer_is_an_answer() {
    let lab = Lab::new(Script::always(answer::not_found())).await;
    let kept = lab.ask(&lab.asking()).await;
    assert_eq!((kept.run.ending.state, kept.run.records), (State::Complete, 0));
    assert!(lab.ask(&lab.asking()).await.run.is_cached());
    assert!(lab.bench().evidence(1).unwrap().is_none());
}

/// Repeats an attempt until it returns a value, for at most half a minute.
async fn until<T>(what: &str, attempt: impl Fn() -> Option<T>) -> T {
    for _ in 0..6_000 {
        if let Some(found) = attempt() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain until {what}");
}

#[tokio::test]
async fn a_run_that_is_dropped_was_interrupted_with_what_it_had() {
    let body = line(HOST, "185.194.93.1", 1_500_000_200, 3) + &line(HOST, "185.194.93.2", 1_500_000_200, 3);
    let lab = Lab::new(Script::always(answer::body_stalls(body.clone(), body.len() / 2 + 10))).await;
    let asking = lab.asking();
    let part = lab.folder.path().join("answers/run-1.part");
    let (about, writing) = (host(), async {
        until("the first bytes are kept", || {
            (std::fs::metadata(&part).map_or(0, |part| part.len()) >= 50).then_some(())
        })
        .await;
    });
    tokio::select! {
        ended = lab.runs.ask(&asking, &about) => panic!("{ended:?}"),
        () = writing => {}
    }
    let run = until("the run has ended", || {
        Some(lab.bench().run(1).unwrap()).filter(|run| run.ending.state != State::Running)
    })
    .await;
    assert_eq!((run.ending.state, run.records), (State::Interrupted, 1));
    assert_eq!(lab.bench().answer(1).unwrap().records.len(), 1);
    assert!(!part.exists());
}

#[tokio::test]
async fn a_run_that_is_dropped_at_once_keeps_what_it_held() {
    let body = line(HOST, "185.194.93.1", 1_500_000_200, 3) + &line(HOST, "185.194.93.2", 1_500_000_200, 3);
    let lab = Lab::new(Script::always(answer::body_stalls(body.clone(), body.len() / 2 + 10))).await;
    let begun = lab.runs.begin(&lab.asking(), &host()).await.unwrap();
    let progress = begun.progress();
    tokio::select! {
        ended = begun.hold() => panic!("{ended:?}"),
        () = until("the first bytes have arrived", || (progress.bytes() > 0).then_some(())) => {}
    }
    let run = until("the run has ended", || {
        Some(lab.bench().run(1).unwrap()).filter(|run| run.ending.state != State::Running)
    })
    .await;
    assert_eq!((run.ending.state, run.records), (State::Interrupted, 1));
    until("the part is removed", || lab.files().is_empty().then_some(())).await;
}

#[tokio::test]
async fn a_run_of_a_process_that_is_gone_is_settled_by_whoever_comes_next() {
    let lab = Lab::answering(String::new()).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let swapped = b"{\"rrname\":\"185.194.93.1\",\"rrtype\":\"A\",\"rdata\":\"www.example.com\",\"time_first\":1500000001,\"time_last\":1500000002}\n";
    let begun = bench.change(|change| change.begin_run(&asking, &host(), "0123")).unwrap();
    let mut recorder = evidence::Recorder::new(lab.folder.path(), begun.id);
    recorder.write(swapped).unwrap();
    recorder.write(b"{\"rrname\":\"cut").unwrap();
    recorder.write_through().unwrap();
    std::mem::forget(recorder);
    assert_eq!(bench.run(begun.id).unwrap().ending.state, State::Running);
    assert_eq!(bench.settle_runs().unwrap(), 1);
    let kept = bench.answer(begun.id).unwrap();
    assert_eq!((kept.run.ending.state, kept.run.records, kept.run.damages), (State::Interrupted, 1, 1));
    assert_eq!(kept.records[0].rrname.to_string(), HOST, "turned, as it would have been");
    assert_eq!(bench.settle_runs().unwrap(), 0);

    assert!(bench.stopped_runs().unwrap().is_empty(), "nobody waits for the answer of a command");

    // A run of a process that is alive is not settled.
    let own =
        lab.bench().change(|change| change.begin_run(&asking, &host(), lab.runs.worker.name())).unwrap();
    assert_eq!(bench.settle_runs().unwrap(), 0);
    assert_eq!(bench.run(own.id).unwrap().ending.state, State::Running);
    let refused = bench.add_run(own.id, &Pick::All, false).unwrap_err().to_string();
    assert!(refused.contains("has not finished"), "{refused}");
}

/// An answer that is older, or has less, never replaces what is known, in whatever order answers are added.
#[tokio::test]
async fn relationships_merge_to_the_earliest_the_latest_and_the_largest() {
    let unknown = format!("{{\"rrname\":\"{HOST}\",\"rrtype\":\"A\",\"rdata\":\"185.194.93.1\"}}\n");
    let answers = [
        line(HOST, "185.194.93.1", 1_770_000_000, 99),
        line(HOST, "185.194.93.1", 1_700_000_000, 10)
            .replace("\"time_first\":1500000100", "\"time_first\":1500000050"),
        unknown,
    ];
    let lab = Lab::new(Script::new(answers.map(Exchange::ok))).await;
    let mut bench = lab.bench();
    bench.add_indicators(&[host()], Status::Active).unwrap();
    for _ in 0..3 {
        lab.ask(&Asking { freshness: Freshness::Fresh, ..lab.asking() }).await;
    }
    let shown = |bench: &Workbench| -> Vec<String> {
        let details = bench.details(&host()).unwrap().unwrap();
        let attributes = details.relationships.first().map(|one| one.attributes.clone()).unwrap_or_default();
        attributes.into_iter().map(|(name, value)| format!("{name} {value}")).collect()
    };
    let (first, both) = ("First Seen 2017-07-14 02:40:50", "First Seen 2017-07-14 02:41:40");
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1], [1, 3, 2]] {
        for run in order {
            bench.add_run(run, &Pick::All, false).unwrap();
            lab.pass(Duration::from_secs(1));
        }
        let merged = shown(&bench);
        for part in [first, "Last Seen 2026-02-02 02:40:00", "Count 99"] {
            assert!(merged.iter().any(|text| text == part), "{order:?}: no {part} in {merged:?}");
        }
        // What only the older run stated is removed with it, then what the newer one stated.
        bench.undo(2).unwrap();
        assert!(shown(&bench).iter().any(|text| text == both), "{:?}", shown(&bench));
        bench.undo(1).unwrap();
        assert!(!shown(&bench).iter().any(|text| text.starts_with("Count")), "{:?}", shown(&bench));
        bench.undo(3).unwrap();
        assert_eq!(shown(&bench), [""; 0]);
    }
}

#[tokio::test]
async fn findings_are_added_by_pick_as_a_dry_run_says_and_undone_as_they_were() {
    let lab = Lab::answering(line(HOST, "185.194.93.1", 1_500_000_200, 3)).await;
    let mut bench = lab.bench();
    bench.add_indicators(&[host()], Status::Active).unwrap();
    let kept = lab.ask(&lab.asking()).await;
    let findings = bench.findings(&kept).unwrap().list;
    let all = bench.add_run(1, &Pick::All, true).unwrap();
    assert!(
        bench.lookup(&Indicator::parse("185.194.93.1").unwrap()).unwrap().is_none(),
        "a dry run adds nothing"
    );
    assert_eq!(bench.add_run(1, &Pick::All, false).unwrap(), all);
    assert_eq!(all.indicators, Count { new: 1, ..Count::default() });
    let run = bench.run(1).unwrap();
    assert_eq!((run.added_at, run.undone_at), (Some(1_790_000_000), None));
    let again = bench.add_run(1, &Pick::All, false).unwrap();
    assert_eq!((again.attributes.new, again.relationships.new), (0, 0));
    lab.pass(Duration::from_secs(5));
    assert!(bench.undo(1).unwrap().claims > 0);
    assert_eq!(bench.run(1).unwrap().undone_at, Some(1_790_000_005));
    assert!(bench.details(&host()).unwrap().unwrap().attributes.is_empty());

    let beyond = Pick::Numbers(vec![(findings.len() + 1, findings.len() + 1)]);
    assert_eq!(bench.add_run(1, &beyond, false).unwrap_err().kind(), Some(Kind::Invalid));
    let one = bench.add_run(1, &Pick::Numbers(vec![(1, 1)]), false).unwrap();
    assert_eq!(one.attributes.new + one.indicators.new + one.relationships.new, 1);
}

#[tokio::test]
async fn an_answer_is_compared_with_the_complete_one_before_it() {
    let bodies = [
        line(HOST, "185.194.93.1", 1_500_000_200, 3)
            + &line(HOST, "185.194.93.2", 1_500_000_200, 3)
            + &line(HOST, "185.194.93.3", 1_500_000_200, 3),
        line(HOST, "185.194.93.1", 1_500_000_200, 3) + "{broken}",
        line(HOST, "185.194.93.1", 1_500_000_200, 3)
            + &line(HOST, "185.194.93.2", 1_500_000_250, 4)
            + &line(HOST, "185.194.93.4", 1_500_000_200, 1),
        line(HOST, "185.194.93.4", 1_500_000_200, 1)
            + &line(HOST, "185.194.93.5", 1_500_000_200, 1)
            + &line(HOST, "185.194.93.6", 1_500_000_200, 1),
    ];
    let lab = Lab::new(Script::new(bodies.map(Exchange::ok))).await;
    let fresh = Asking { freshness: Freshness::Fresh, ..lab.asking() };
    let bench = lab.bench();
    let first = lab.ask(&fresh).await;
    assert!(bench.changes(&first, None).unwrap().is_none());
    let partial = bench.changes(&lab.ask(&fresh).await, None).unwrap().unwrap();
    assert!(partial.gone.is_none() && partial.new.is_empty());
    let third = lab.ask(&fresh).await;
    let cached = lab.ask(&lab.asking()).await;
    for kept in [&third, &cached] {
        let changes = bench.changes(kept, None).unwrap().unwrap();
        let [new] = &changes.new[..] else { panic!("{:?}", changes.new) };
        assert_eq!((changes.since.id, new.rdata_text().as_str()), (1, "185.194.93.4"));
        assert_eq!(changes.gone.unwrap()[0].rdata_text(), "185.194.93.3");
        let [different] = &changes.different[..] else { panic!("{:?}", changes.different) };
        assert_eq!((different.before.count, different.now.count), (Some(3), Some(4)));
    }
    let comparable: Vec<i64> = bench.comparable(&third.run).unwrap().iter().map(|run| run.id).collect();
    assert_eq!(comparable, [1], "the second was incomplete");
    let fifth = lab.ask(&fresh).await;
    let ids = |runs: Vec<super::Run>| runs.iter().map(|run| run.id).collect::<Vec<_>>();
    assert_eq!(ids(bench.comparable(&fifth.run).unwrap()), [3, 1]);
    for (since, new) in [(None, 2), (Some(3), 2), (Some(1), 3)] {
        let changes = bench.changes(&fifth, since).unwrap().unwrap();
        assert_eq!((changes.since.id, changes.new.len()), (since.unwrap_or(3), new));
    }
    for since in [2, 4, 5, 99] {
        assert_eq!(bench.changes(&fifth, Some(since)).unwrap_err().kind(), Some(Kind::Invalid), "{since}");
    }
    let page = bench
        .runs(&Wanted { indicator: Some(host()), before: Some(5), limit: 3, ..Wanted::default() })
        .unwrap();
    assert_eq!(page.runs.iter().map(|run| run.id).collect::<Vec<_>>(), [4, 3, 2]);
    let rest = Wanted { before: page.next, limit: 3, ..Wanted::default() };
    assert_eq!(bench.runs(&rest).unwrap().runs.len(), 1);
    let other = Wanted { indicator: Indicator::parse("185.194.93.9").ok(), limit: 3, ..Wanted::default() };
    assert_eq!(bench.runs(&other).unwrap(), Page::default());
}

#[tokio::test]
async fn a_package_that_is_replaced_does_not_change_what_its_runs_propose() {
    let lab = Lab::answering(line(HOST, "185.194.93.1", 1_500_000_200, 3)).await;
    let guide = Arc::new(operation::package::find("circl-passive-dns@1.0.0").unwrap());
    let kept = lab.ask(&Asking { package: guide, ..lab.asking() }).await;
    assert_eq!(kept.run.package, "circl-passive-dns@1.0.0");
    let newer = lab.ask(&lab.asking()).await;
    let bench = lab.bench();
    assert_eq!(bench.findings(&kept).unwrap().list.len(), 2, "the guide's two attributes");
    assert!(bench.findings(&newer).unwrap().list.len() > 2);
}

#[tokio::test]
async fn what_a_server_was_stopped_at_is_asked_again_but_not_for_ever() {
    let lab = Lab::answering(line(HOST, "185.194.93.1", 1_500_000_200, 3)).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let stop = |bench: &mut Workbench| {
        let begun = bench.change(|change| change.begin_run(&asking, &host(), "serving-0123")).unwrap();
        bench.settle_runs().unwrap();
        begun.id
    };
    let ids = |bench: &Workbench| bench.stopped_runs().unwrap().iter().map(|run| run.id).collect::<Vec<_>>();
    let first = stop(&mut bench);
    assert_eq!(ids(&bench), [first]);
    let second = stop(&mut bench);
    assert_eq!(ids(&bench), [second], "only the last of those that asked the same");
    stop(&mut bench);
    assert!(ids(&bench).is_empty(), "it may be what ends the server");
    lab.now.fetch_add(3_601, std::sync::atomic::Ordering::SeqCst);
    let later = stop(&mut bench);
    assert_eq!(ids(&bench), [later]);
    lab.ask(&Asking { freshness: Freshness::Fresh, ..lab.asking() }).await;
    assert!(ids(&bench).is_empty(), "somebody asked meanwhile");
    lab.now.fetch_add(3_601, std::sync::atomic::Ordering::SeqCst);
    stop(&mut bench);
    lab.now.fetch_add(3_601, std::sync::atomic::Ordering::SeqCst);
    assert!(ids(&bench).is_empty(), "nobody waits that long");
}

#[tokio::test]
async fn what_is_marked_stricter_than_the_maximum_is_not_sent_by_any_way() {
    let lab = Lab::answering(line(HOST, "185.194.93.1", 1_500_000_200, 3)).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let package = Arc::clone(&asking.package);
    lab.ask(&asking).await;
    bench.add_marked(&[host()], Status::Active, Some(Tlp::Amber)).unwrap();
    let other = Indicator::parse("other.example").unwrap();
    let held = bench.held_back(&package, &[other.clone(), host()]).unwrap();
    assert_eq!(
        held.iter().map(|held| (&held.indicator, held.tlp, held.max_tlp)).collect::<Vec<_>>(),
        [(&host(), Tlp::Amber, Tlp::Green)]
    );
    // A stored answer would be sent again if it were lost, so it is not used either.
    for freshness in [Freshness::Fresh, Freshness::Within(Duration::from_hours(24))] {
        let refused = lab.runs.ask(&Asking { freshness, ..asking.clone() }, &host()).await.unwrap_err();
        assert!(matches!(&refused, Error::Held(one) if *one == held[0]), "{refused}");
        assert_eq!((refused.kind(), refused.hint()), (Some(Kind::Conflict), Some(Hint::ChangeMarking)));
    }
    let offline = Asking { freshness: Freshness::Offline, ..asking.clone() };
    assert_eq!(lab.runs.ask(&offline, &host()).await.unwrap().records.len(), 1, "nothing is sent");
    // A removed indicator keeps its marking.
    bench.remove_indicator(&host()).unwrap();
    assert!(lab.runs.ask(&asking, &host()).await.is_err());
    assert_eq!(lab.asked(), 1);
    lab.runs.ask(&asking, &other).await.unwrap();
    let plan = bench.plan_install((*package).clone(), false).unwrap();
    bench.install(plan.confirm()).unwrap();
    let changes = crate::integration::Changes { max_tlp: Some(Tlp::Amber.into()), ..Default::default() };
    bench.configure(&package.name, &changes).unwrap();
    assert_eq!(bench.held_back(&package, &[host()]).unwrap(), []);
    lab.ask(&asking).await;
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_respected_until_it_is_renewed_and_for_a_day_at_most() {
    let headers = |remaining: &'static str, reset: &'static str| {
        let headers =
            [("x-ratelimit-limit", "2"), ("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)];
        Exchange::status(200, &headers, line(HOST, "185.194.93.1", 1_500_000_200, 3))
    };
    let lab = Lab::new(Script::new([
        headers("1", "1790003600"),
        headers("0", "1790003600"),
        headers("2", "1790007200"),
        // It says that nothing is left for a year.
        headers("0", "1820000000"),
        headers("1", "1820000000"),
        headers("1", "1820000000"),
    ]))
    .await;
    let fresh = Asking { freshness: Freshness::Fresh, ..lab.asking() };
    let bench = lab.bench();
    for remaining in [1, 0] {
        assert!(lab.ask(&fresh).await.run.ending.is_complete());
        let said = bench.quota(&fresh.provider).unwrap().unwrap();
        assert_eq!((said.quota.remaining, said.at), (Some(remaining), 1_790_000_000));
    }
    let cost = bench.cost(&fresh, &[host()]).unwrap();
    assert!((cost.requests, cost.stored) == (1, 0) && cost.exceeds_quota(), "{cost:?}");
    let unsent = lab.ask(&fresh).await.run;
    let reason = unsent.ending.reason.as_ref().unwrap();
    assert_eq!((unsent.ending.state, reason.refused), (State::Failed, true));
    assert!(reason.text.contains("used up until 2026-09-21 15:13:20 UTC"), "{}", reason.text);
    assert_eq!(lab.asked(), 2, "nothing was sent");
    // A stored answer needs no request, and another login has its own quota.
    let cost = bench.cost(&lab.asking(), &[host()]).unwrap();
    assert_eq!((cost.requests, cost.stored, cost.exceeds_quota()), (0, 1, false));
    assert!(lab.ask(&lab.asking()).await.run.is_cached());
    let other = Asking { freshness: Freshness::Fresh, ..lab.asking_with(&[], Some("ann:other")) };
    assert!(lab.ask(&other).await.run.ending.is_complete());
    assert_eq!(bench.quota(&other.provider).unwrap().unwrap().quota.remaining, Some(2));
    lab.pass(Duration::from_hours(1));
    assert!(lab.ask(&fresh).await.run.ending.is_complete());
    lab.pass(Duration::from_hours(23));
    assert_eq!(lab.ask(&fresh).await.run.ending.state, State::Failed);
    lab.pass(Duration::from_hours(1));
    assert!(lab.ask(&fresh).await.run.ending.is_complete(), "it is asked again after a day");
    assert_eq!(lab.asked(), 5);
}
