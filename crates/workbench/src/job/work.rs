//! A process works on a job: [`Runs::work_on`].
//!
//! Queries of different providers do not wait for each other: each provider has a lane, in which many are under way at once. The
//! rate limit of a provider is that of all processes. Operations that would ask a provider the same question about a subject take
//! turns, so that the second one gets the stored answer of the first.
//!
//! Errors: [`Error`] if a run cannot be stored; the job is then paused, as soon as that can be stored.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use operation::Indicator;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{Job, State, Task};
use crate::run::{self, Asking, Batch, Freshness, Kept, Runs};
use crate::{Error, Workbench};

/// The most queries of one provider that are under way at once.
const CONCURRENCY: usize = 32;
/// The fewest, and how many seconds of a rate limit are under way: more would only wait for it, and be sent after a pause.
const FEWEST: usize = 4;
const AHEAD: f64 = 3.0;
/// How many queries of a provider may fail one after the other before its lane stops.
const MOST_FAILURES: usize = 10;
/// How old the answer of another operation to the same question may be, if no stored answer is wanted.
const SAME_JOB: Duration = Duration::from_mins(10);
/// How often the stored state is read: somebody may have paused or cancelled the job in another process.
const LOOK: Duration = Duration::from_secs(1);
/// How often, and with what pause, storing the end of a job is tried while the disk is full: for an hour.
const TRIES: u32 = 720;
const BETWEEN: Duration = Duration::from_secs(5);

/// What happens to a job while this process works on it.
#[derive(Debug, Default)]
pub struct Live {
    /// Queries that have ended since this process began.
    ended: AtomicU64,
    /// How many of these failed.
    failed: AtomicU64,
    /// Records that arrived since then.
    records: AtomicU64,
    /// Whether nothing more is begun.
    stops: AtomicBool,
    /// Whether what is under way is dropped, too.
    cancels: AtomicBool,
    changed: Notify,
}

impl Live {
    /// Queries that have ended since this process began to work on the job.
    pub fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    /// How many of these failed.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Records that arrived since then.
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Begins nothing more. What is under way is finished.
    pub fn stop(&self) {
        self.stops.store(true, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Begins nothing more, and drops what is under way: these runs are interrupted.
    pub fn cancel(&self) {
        self.cancels.store(true, Ordering::Relaxed);
        self.stop();
    }

    fn stops(&self) -> bool {
        self.stops.load(Ordering::Relaxed)
    }

    /// Returns when what is under way is to be dropped.
    async fn cancelled(&self) {
        loop {
            let changed = self.changed.notified();
            if self.cancels.load(Ordering::Relaxed) {
                return;
            }
            changed.await;
        }
    }
}

/// The queries of one provider about one subject that ask the same: they take turns.
struct Turn {
    indicator: Indicator,
    askings: Vec<Asking>,
}

impl Turn {
    /// How many queries of its provider are under way at once.
    fn concurrency(&self) -> usize {
        let rate = self.askings.first().map_or(0.0, |asking| asking.provider.rate());
        if rate <= 0.0 {
            return CONCURRENCY;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
        let ahead = (rate * AHEAD).ceil() as usize;
        ahead.clamp(FEWEST, CONCURRENCY)
    }
}

/// What a lane does.
struct Lane {
    runs: Runs,
    live: Arc<Live>,
    failures: AtomicUsize,
    why: std::sync::Mutex<Option<String>>,
    stops: AtomicBool,
}

impl Runs {
    /// Works on a job until everything is asked, or it is paused or cancelled; returns it as it is then. `askings` are its operations,
    /// in the order of its request; one that cannot be asked is an error with its reason.
    ///
    /// # Errors
    /// [`Error::Refused`] if the job is not running, or another process works on it; [`Error`] if runs cannot be stored.
    pub async fn work_on(
        &self,
        job: i64,
        askings: Vec<Result<Asking, String>>,
        live: &Arc<Live>,
    ) -> Result<Job, Error> {
        let worker = self.worker().to_owned();
        let claim = move |workbench: &mut Workbench| workbench.claim_job(job, &worker);
        if !self.desk().change("", claim).await? {
            return Err(Error::conflict(format!("job {job} is not running, or another process works on it")));
        }
        let read = move |workbench: &Workbench| {
            let job = workbench.job(job)?;
            let tasks = workbench.job_tasks(&job)?;
            Ok((job, tasks))
        };
        let (found, tasks) = self.desk().read(read).await?;
        // Aborted when it is dropped.
        let mut looking = JoinSet::new();
        looking.spawn(look(self.clone(), job, Arc::clone(live)));
        let result = self.ask_all(&found, tasks, askings, live).await;
        drop(looking);
        match result {
            // Something may be left; whoever stopped it has stored why.
            Ok(None) if live.stops() => self.desk().read(move |workbench| workbench.job(job)).await,
            result => self.finish(&found, result).await,
        }
    }

    /// Asks everything; returns why something is left, if so.
    async fn ask_all(
        &self,
        job: &Job,
        tasks: Vec<Task>,
        askings: Vec<Result<Asking, String>>,
        live: &Arc<Live>,
    ) -> Result<Option<String>, Error> {
        let mut whys: Vec<String> =
            askings.iter().filter_map(|asking| asking.as_ref().err().cloned()).collect();
        let batch = Batch::Job(job.id);
        let prepare = |asking: Asking| Asking { batch: batch.clone(), actor: job.actor.clone(), ..asking };
        let askings: Vec<Option<Asking>> =
            askings.into_iter().map(|asking| asking.ok().map(prepare)).collect();
        // Tasks of their own, so that several cores read answers; all of them are aborted if this one is.
        let mut working = JoinSet::new();
        for turns in lanes(tasks, &askings).into_values() {
            let lane = Arc::new(Lane::new(self.clone(), Arc::clone(live)));
            working.spawn(lane.carry_out(turns));
        }
        while let Some(ended) = working.join_next().await {
            whys.extend(ended.unwrap_or_else(|ended| Err(broken_off(&ended)))?);
        }
        whys.dedup();
        Ok(if whys.is_empty() { None } else { Some(whys.join("; ")) })
    }

    /// Stores how the work on a job ended.
    async fn finish(&self, job: &Job, result: Result<Option<String>, Error>) -> Result<Job, Error> {
        let (id, actor) = (job.id, job.actor.clone());
        let why = match &result {
            Ok(why) => why.clone(),
            Err(error) => Some(error.to_string()),
        };
        let mut tries = 0;
        loop {
            let (why, worker) = (why.clone(), self.worker().to_owned());
            let end = move |workbench: &mut Workbench| workbench.end_job(id, &worker, why.as_deref());
            match self.desk().change(&actor, end).await {
                // Only a full disk prevents this; it is written as soon as there is room.
                Err(Error::Full(_) | Error::Busy(_)) if tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(BETWEEN).await;
                }
                ended => return result.and(ended),
            }
        }
    }
}

fn broken_off(ended: &tokio::task::JoinError) -> Error {
    Error::Bug(format!("a task of a job ended: {ended}"))
}

/// Stops when the job was paused or cancelled in another process or by another task.
async fn look(runs: Runs, job: i64, live: Arc<Live>) {
    loop {
        tokio::time::sleep(LOOK).await;
        match runs.desk().read(move |workbench| workbench.job(job)).await.map(|job| job.state) {
            Ok(State::Running) | Err(_) => {}
            Ok(State::Paused | State::Ended) => live.stop(),
            Ok(State::Cancelled) => live.cancel(),
        }
    }
}

/// The turns of each provider, by its name.
fn lanes(tasks: Vec<Task>, askings: &[Option<Asking>]) -> BTreeMap<String, Vec<Turn>> {
    let mut lanes: BTreeMap<String, Vec<Turn>> = BTreeMap::new();
    let mut questions: BTreeMap<String, String> = BTreeMap::new();
    for Task { indicator, operation } in tasks {
        let Some(Some(asking)) = askings.get(operation) else { continue };
        let (provider, question) = (asking.provider.name(), asking.provider.question(&indicator));
        let turns = lanes.entry(provider.clone()).or_default();
        let is_same = questions.get(&provider) == Some(&question);
        match turns.last_mut() {
            Some(turn) if is_same && turn.indicator == indicator => {
                let freshness = match asking.freshness {
                    Freshness::Fresh => Freshness::Within(SAME_JOB),
                    freshness => freshness,
                };
                turn.askings.push(Asking { freshness, ..asking.clone() });
            }
            _ => turns.push(Turn { indicator, askings: vec![asking.clone()] }),
        }
        questions.insert(provider, question);
    }
    lanes
}

impl Lane {
    fn new(runs: Runs, live: Arc<Live>) -> Self {
        let (failures, stops) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { runs, live, failures, why: std::sync::Mutex::default(), stops }
    }

    /// Asks in the order of the turns, many at once; returns why the lane stopped, if it did.
    async fn carry_out(self: Arc<Self>, turns: Vec<Turn>) -> Result<Option<String>, Error> {
        let most = turns.first().map_or(CONCURRENCY, Turn::concurrency);
        let (mut turns, mut asking, mut failed) = (turns.into_iter(), JoinSet::new(), None);
        loop {
            while asking.len() < most
                && !self.stops()
                && let Some(turn) = turns.next()
            {
                asking.spawn(Arc::clone(&self).take(turn));
            }
            let Some(asked) = asking.join_next().await else { break };
            if let Err(error) = asked.unwrap_or_else(|ended| Err(broken_off(&ended))) {
                // The others would fail, too.
                self.stops.store(true, Ordering::Relaxed);
                failed.get_or_insert(error);
            }
        }
        let why = self.why.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        failed.map_or(Ok(why), Err)
    }

    fn stops(&self) -> bool {
        self.stops.load(Ordering::Relaxed) || self.live.stops()
    }

    async fn take(self: Arc<Self>, turn: Turn) -> Result<(), Error> {
        for asking in &turn.askings {
            if self.stops() {
                return Ok(());
            }
            let asked = tokio::select! {
                // Dropped, the run is interrupted.
                () = self.live.cancelled() => return Ok(()),
                asked = self.runs.ask(asking, &turn.indicator) => asked,
            };
            match asked {
                // It was marked after the job began; the progress counts it.
                Err(Error::Held(_)) => {}
                asked => self.note(&asked?),
            }
        }
        Ok(())
    }

    /// Counts a run, and stops the lane if asking further makes no sense.
    fn note(&self, kept: &Kept) {
        self.live.ended.fetch_add(1, Ordering::Relaxed);
        self.live.records.fetch_add(kept.run.records, Ordering::Relaxed);
        let failed = kept.run.ending.state == run::State::Failed;
        self.live.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
        let reason = kept.run.ending.reason.as_ref();
        let in_a_row = if failed { self.failures.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
        if !failed {
            self.failures.store(0, Ordering::Relaxed);
        }
        let refused = failed && reason.is_some_and(|reason| reason.refused);
        if refused || in_a_row >= MOST_FAILURES {
            self.stop(kept, in_a_row);
        }
    }

    fn stop(&self, kept: &Kept, in_a_row: usize) {
        self.stops.store(true, Ordering::Relaxed);
        let text = kept.run.ending.reason.as_ref().map(|reason| reason.text.clone()).unwrap_or_default();
        let many = if in_a_row > 1 {
            format!("{in_a_row} queries failed one after the other: ")
        } else {
            String::new()
        };
        let mut why = self.why.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        why.get_or_insert_with(|| format!("{}: {many}{text}", kept.run.package));
    }
}
