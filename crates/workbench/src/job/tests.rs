//! Jobs against a scripted provider on this machine.

use std::sync::Arc;

use operation::{Indicator, Tlp};
use testkit::{Exchange, Script, answer};

use super::*;
use crate::investigation::{NewInvestigation, Origin};
use crate::run::tests::{Lab, line};
use crate::run::{Asking, Freshness, Runs};
use crate::{Error, Kind, Workbench};

fn names(count: usize) -> Vec<Indicator> {
    (0..count).map(|n| Indicator::parse(&format!("h{n}.example.com")).unwrap()).collect()
}

/// An investigation with these members, and a job that asks about all of them.
fn job_of(workbench: &mut Workbench, asking: &Asking, members: &[Indicator]) -> Job {
    let new = NewInvestigation {
        name: "test".to_owned(),
        members: members.to_vec(),
        ..NewInvestigation::default()
    };
    let id = workbench.create_investigation(&new).unwrap().id;
    let request = Request { operations: vec![Operation::of(&asking.package)], ..Request::default() };
    workbench.create_job(id, &request, members).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_begin_leaves_nothing_behind() {
    let lab = Lab::answering(String::new()).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let first = job_of(&mut bench, &asking, &names(1));
    let (request, all) = (first.request.clone(), names(3));
    let new = |name: &str| {
        let (name, members) = (name.to_owned(), all.clone());
        Joining::New(Box::new(NewInvestigation { name, members, ..NewInvestigation::default() }))
    };
    let entries = bench.audit(&crate::audit::Filter::default()).unwrap().total;
    for (joining, request, kind) in [
        (Joining::Existing(first.investigation), request.clone(), Kind::Conflict),
        (Joining::Existing(99), request.clone(), Kind::Missing),
        (new("test"), request.clone(), Kind::Conflict),
        (new("second"), Request::default(), Kind::Invalid),
    ] {
        let error = bench.join_and_create_job(&joining, &request, &all).unwrap_err();
        assert_eq!(error.kind(), Some(kind), "{joining:?}: {error}");
    }
    assert_eq!(bench.members(first.investigation).unwrap().len(), 1, "nobody joined for a second job");
    assert!(bench.lookup(&all[2]).unwrap().is_none(), "nothing came into the library");
    assert_eq!(bench.audit(&crate::audit::Filter::default()).unwrap().total, entries);
    let begun = bench.join_and_create_job(&new("second"), &request, &all).unwrap();
    assert_eq!((begun.subjects.len(), bench.members(begun.investigation).unwrap().len()), (3, 3));
    bench.cancel_job(first.id).unwrap();
    let begun = bench.join_and_create_job(&Joining::Existing(first.investigation), &request, &all).unwrap();
    assert_eq!((begun.subjects.len(), bench.members(begun.investigation).unwrap().len()), (3, 3));
}

async fn work(lab: &Lab, job: &Job, asking: &Asking) -> Result<Job, Error> {
    lab.runs().work_on(job.id, vec![Ok(asking.clone())], &Arc::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_asks_about_every_member_once() {
    let lab = Lab::answering(line("www.example.com", "185.194.93.1", 1_500_000_200, 3)).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let job = job_of(&mut bench, &asking, &names(50));
    let progress = bench.progress(&job).unwrap();
    assert_eq!((progress.total, progress.left, progress.done()), (50, 50, 0));
    let ended = work(&lab, &job, &asking).await.unwrap();
    assert_eq!((ended.state, lab.asked()), (State::Ended, 50));
    let progress = bench.progress(&ended).unwrap();
    assert_eq!((progress.answered, progress.left, progress.records), (50, 0, 50));
    assert_eq!(bench.batch_size(ended.batch.unwrap()).unwrap(), 50);
    let again = work(&lab, &job, &asking).await.unwrap_err();
    assert_eq!(again.kind(), Some(Kind::Conflict));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_killed_goes_on_and_asks_nothing_twice() {
    let lab = Lab::answering(line("www.example.com", "185.194.93.1", 1_500_000_200, 3)).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let job = job_of(&mut bench, &asking, &names(200));
    let live = Arc::<Live>::default();
    let (first, working, asked) =
        (Runs::new(lab.runs().desk().clone()).await.unwrap(), Arc::clone(&live), asking.clone());
    let number = job.id;
    let task = tokio::spawn(async move { first.work_on(number, vec![Ok(asked)], &working).await });
    while live.ended() < 20 {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let done =
        lab.bench().runs(&crate::run::Wanted { limit: 1_000, ..Default::default() }).unwrap().runs.len();
    assert!((20..200).contains(&done), "{done}");
    // What was under way is recorded as interrupted in the background.
    let running = crate::run::Wanted { state: Some(crate::run::State::Running), ..Default::default() };
    while !bench.runs(&running).unwrap().runs.is_empty() {
        tokio::task::yield_now().await;
    }
    let found = bench.job(job.id).unwrap();
    while bench.is_worked_on(&found) {
        tokio::task::yield_now().await;
    }
    let (left, before) = (bench.job_tasks(&found).unwrap().len(), lab.asked());
    let ended = lab.runs().work_on(job.id, vec![Ok(asking)], &Arc::default()).await.unwrap();
    assert_eq!(ended.state, State::Ended);
    assert_eq!(lab.asked() - before, left, "only what was left is asked");
    assert_eq!(bench.progress(&ended).unwrap().answered, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_resumed_while_its_worker_finishes_is_not_ended_by_it() {
    let slow = Exchange::ok(line("www.example.com", "185.194.93.1", 1_500_000_200, 3));
    let lab = Lab::new(Script::always(slow.after(std::time::Duration::from_millis(200)))).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let job = job_of(&mut bench, &asking, &names(100));
    let live = Arc::<Live>::default();
    let (runs, working, asked, number) = (lab.runs(), Arc::clone(&live), asking.clone(), job.id);
    let runs = Runs::new(runs.desk().clone()).await.unwrap();
    let task = tokio::spawn(async move { runs.work_on(number, vec![Ok(asked)], &working).await });
    while lab.asked() < 10 {
        tokio::task::yield_now().await;
    }
    bench.pause_job(job.id).unwrap();
    live.stop();
    bench.resume_job(job.id).unwrap();
    let left_alone = task.await.unwrap().unwrap();
    assert_eq!(left_alone.state, State::Running);
    assert!(bench.progress(&left_alone).unwrap().left > 0);
    let ended = work(&lab, &job, &asking).await.unwrap();
    assert_eq!(
        (ended.state, bench.progress(&ended).unwrap().answered, lab.asked()),
        (State::Ended, 100, 100)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_refuses_pauses_the_job_and_it_can_be_resumed() {
    let good = Exchange::ok(line("www.example.com", "185.194.93.1", 1_500_000_200, 3));
    let script = Script::new([answer::unauthorized(), good]).repeat_last();
    let lab = Lab::new(script).await;
    let (mut asking, mut bench) = (lab.asking(), lab.bench());
    asking.freshness = Freshness::Fresh;
    let job = job_of(&mut bench, &asking, &names(1));
    let paused = work(&lab, &job, &asking).await.unwrap();
    assert_eq!(paused.state, State::Paused);
    let progress = bench.progress(&paused).unwrap();
    assert_eq!((progress.failed, progress.failures.len(), progress.failures[0].count), (1, 1, 1));
    assert!(paused.reason.as_ref().unwrap().contains(&progress.failures[0].reason), "{:?}", paused.reason);
    let resumed = bench.resume_job(job.id).unwrap();
    assert_eq!(bench.progress(&resumed).unwrap().left, 1, "what failed is asked again");
    let ended = work(&lab, &resumed, &asking).await.unwrap();
    assert_eq!((ended.state, ended.reason), (State::Ended, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_dies_stops_the_job_after_ten_failures() {
    let lab = Lab::new(Script::always(answer::html_page())).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let job = job_of(&mut bench, &asking, &names(400));
    let paused = work(&lab, &job, &asking).await.unwrap();
    assert_eq!(paused.state, State::Paused);
    assert!(
        paused.reason.as_ref().unwrap().contains("queries failed one after the other"),
        "{:?}",
        paused.reason
    );
    assert!(lab.asked() < 100, "{}", lab.asked());
    assert!(bench.progress(&paused).unwrap().left > 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn marked_members_are_counted_and_never_asked() {
    let lab = Lab::answering(line("www.example.com", "185.194.93.1", 1_500_000_200, 3)).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let job = job_of(&mut bench, &asking, &names(3));
    bench.add_marked(&names(1), crate::library::Status::Active, Some(Tlp::Red)).unwrap();
    let plan = bench.plan_install((*asking.package).clone(), false).unwrap();
    bench.install(plan.confirm()).unwrap();
    let progress = bench.progress(&job).unwrap();
    assert_eq!((progress.total, progress.left, progress.held.len()), (3, 2, 1));
    let ended = work(&lab, &job, &asking).await.unwrap();
    assert_eq!((ended.state, lab.asked()), (State::Ended, 2));
    let progress = bench.progress(&ended).unwrap();
    assert_eq!((progress.answered, progress.left, progress.held.len()), (2, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_of_two_operations_is_asked_once() {
    let lab = Lab::answering(line("www.example.com", "185.194.93.1", 1_500_000_200, 3)).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let mut other = asking.clone();
    let package = operation::Package::parse(
        "copy",
        &asking.package.source.replace("name = \"circl-passive-dns\"", "name = \"copy\""),
    );
    other.package = Arc::new(package.unwrap());
    let new = NewInvestigation { name: "test".to_owned(), members: names(5), ..NewInvestigation::default() };
    let id = bench.create_investigation(&new).unwrap().id;
    let operations = [&asking, &other].map(|asking| Operation::of(&asking.package)).to_vec();
    let job = bench.create_job(id, &Request { operations, ..Request::default() }, &names(5)).unwrap();
    let ended = lab.runs().work_on(job.id, vec![Ok(asking), Ok(other)], &Arc::default()).await.unwrap();
    assert_eq!((ended.state, lab.asked()), (State::Ended, 5));
    let progress = bench.progress(&ended).unwrap();
    assert_eq!((progress.total, progress.answered, progress.stored), (10, 10, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_paused_resumed_and_cancelled_and_there_is_one_at_a_time() {
    let lab = Lab::answering(String::new()).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let job = job_of(&mut bench, &asking, &names(2));
    let request = job.request.clone();
    let second = bench.create_job(job.investigation, &request, &names(1)).unwrap_err();
    assert_eq!(second.kind(), Some(Kind::Conflict));
    assert_eq!(bench.pause_job(job.id).unwrap().state, State::Paused);
    assert_eq!(bench.pause_job(job.id).unwrap_err().kind(), Some(Kind::Conflict));
    assert_eq!(work(&lab, &job, &asking).await.unwrap_err().kind(), Some(Kind::Conflict));
    assert_eq!(bench.orphaned_jobs().unwrap(), []);
    assert_eq!(bench.resume_job(job.id).unwrap().state, State::Running);
    assert_eq!(bench.orphaned_jobs().unwrap().len(), 1);
    assert_eq!(bench.cancel_job(job.id).unwrap().state, State::Cancelled);
    assert_eq!(bench.resume_job(job.id).unwrap_err().kind(), Some(Kind::Conflict));
    bench.add_members(job.investigation, &names(3), &Origin::User).unwrap();
    assert!(bench.create_job(job.investigation, &request, &names(3)).is_ok());
    let nothing = bench.create_job(job.investigation, &Request::default(), &names(1)).unwrap_err();
    assert_eq!(nothing.kind(), Some(Kind::Invalid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_resumed_while_it_stops_goes_on() {
    let lab = Lab::answering(line("www.example.com", "185.194.93.1", 1_500_000_200, 3)).await;
    let (asking, mut bench) = (lab.asking(), lab.bench());
    let job = job_of(&mut bench, &asking, &names(100));
    let live = Arc::<Live>::default();
    live.stop();
    bench.pause_job(job.id).unwrap();
    bench.resume_job(job.id).unwrap();
    let stopped = lab.runs().work_on(job.id, vec![Ok(asking.clone())], &live).await.unwrap();
    assert_eq!((stopped.state, lab.asked()), (State::Running, 0), "what is left is not called ended");
    let ended = work(&lab, &job, &asking).await.unwrap();
    assert_eq!((ended.state, lab.asked()), (State::Ended, 100));
}
