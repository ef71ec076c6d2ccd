//! Runs in progress for browsers and programs, and the most recently viewed answers.
//!
//! A job outlives the request that started it. Its [`Progress`] can be watched, and it can be cancelled. [`Runs`] stores its
//! result, so a restart loses nothing: a run that was in progress is shown as interrupted, with the records it had received,
//! and is resumed when the server is back (`run_request::resume`).

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cof::Record;
use edge::problem::Problem;
use operation::{Finding, Findings, Indicator};
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;
use workbench::run::{Asking, Ending, Kept, Progress, Reason, Run, Runs, State};
use workbench::{Desk, Error};

use crate::content::{Content, Prepared};

/// Concurrent jobs; a client over this limit has to try again later.
const MOST: usize = 64;
/// The most records of one answer that pages and programs show.
pub(crate) const SHOWN: usize = 100_000;
/// Concurrent reads of answers from their evidence. An answer is read by one task at a time, and others wait for it: reading a
/// large one takes seconds on a slow machine, and a browser may ask every second.
const READING: usize = 4;
/// The number of cached answers, and of their records in total.
const ANSWERS: usize = 16;
const RECORDS: usize = 300_000;

/// The jobs of a site, shared by all requests.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    runs: Runs,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    live: Mutex<HashMap<i64, Live>>,
    /// Runs whose end could not be stored because the disk was full: the reason, by number.
    unwritten: Mutex<HashMap<i64, Reason>>,
    /// One permit per job.
    places: Places,
    answers: Mutex<VecDeque<Arc<Answer>>>,
    /// Locks for reading answers, selected by the run's number.
    turns: [Arc<tokio::sync::Mutex<()>>; READING],
}

/// Limits concurrent jobs, including those whose start is being recorded.
#[derive(Debug)]
struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

#[derive(Debug)]
struct Live {
    progress: Arc<Progress>,
    abort: AbortHandle,
    /// Closed when the job has ended, however it did.
    ended: watch::Receiver<()>,
}

/// An answer with its findings and the prepared content of its pages.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) kept: Kept,
    pub(crate) findings: Findings,
    prepared: Prepared,
}

impl Answer {
    pub(crate) fn new(kept: Kept, findings: Findings) -> Self {
        Self { kept, findings, prepared: Prepared::default() }
    }
}

impl Content for Answer {
    fn asked(&self) -> Option<&Indicator> {
        Some(&self.kept.run.indicator)
    }

    fn records(&self) -> &[Record] {
        &self.kept.records
    }

    fn flagged(&self) -> HashSet<usize> {
        let flagged = self.findings.list.iter().filter(|finding| !finding.is_selected());
        let flagged = flagged.filter_map(|finding| match finding {
            Finding::Indicator { records, .. } => Some(records),
            _ => None,
        });
        flagged.flatten().copied().collect()
    }

    fn prepared(&self) -> &Prepared {
        &self.prepared
    }
}

impl Jobs {
    pub(crate) fn new(runs: Runs) -> Self {
        Self { runs, shared: Arc::default() }
    }

    pub(crate) fn desk(&self) -> &Desk {
        self.runs.desk()
    }

    /// The answer of a run, without records while it is in progress; a run without a worker is settled first.
    pub(crate) async fn settled(&self, id: i64) -> Result<Arc<Answer>, Problem> {
        let run = self.under_way(id).await?;
        if run.is_some() && self.progress(id).is_none() {
            self.runs.desk().change("", |workbench| workbench.settle_runs().map(drop)).await?;
        }
        match self.under_way(id).await? {
            Some(run) => Ok(Self::without_records(run)),
            None => self.answer(id).await,
        }
    }

    /// The run, if it is in progress.
    async fn under_way(&self, id: i64) -> Result<Option<Run>, Problem> {
        let run = self.run(id).await?;
        Ok((run.ending.state == State::Running).then_some(run))
    }

    /// Starts a run and returns its number; the run continues in the background.
    pub(crate) async fn start(&self, asking: &Asking, indicator: &Indicator) -> Result<i64, Problem> {
        // Taken before the run is recorded, so that concurrent requests do not exceed the limit.
        let place = Arc::clone(&self.shared.places.0).try_acquire_owned().map_err(|_| {
            Problem::busy(format!("{MOST} runs are in progress; wait for one to end, or cancel one"))
        })?;
        let begun = self.runs.begin(asking, indicator).await?;
        let (id, progress) = (begun.id(), begun.progress());
        let shared = Arc::clone(&self.shared);
        let (end, ended) = watch::channel(());
        // The lock is held until the job is listed, so that a job that ends at once is removed after that.
        let mut live = lock(&self.shared.live);
        let job = tokio::spawn(async move {
            let (_place, _end) = (place, end);
            // The run itself states why it failed, unless that could not be stored either.
            if let Err(error) = begun.hold().await {
                lock(&shared.unwritten).insert(id, Reason::of(&error));
            }
            lock(&shared.live).remove(&id);
        });
        live.insert(id, Live { progress, abort: job.abort_handle(), ended });
        Ok(id)
    }

    /// The progress of a run, if it is a job of this process.
    pub(crate) fn progress(&self, id: i64) -> Option<Arc<Progress>> {
        lock(&self.shared.live).get(&id).map(|live| Arc::clone(&live.progress))
    }

    /// Ready when a run is no longer a job of this process.
    pub(crate) async fn ended(&self, id: i64) {
        let ended = lock(&self.shared.live).get(&id).map(|live| live.ended.clone());
        if let Some(mut ended) = ended {
            // Nothing is ever sent: this ends when the job drops the other end.
            while ended.changed().await.is_ok() {}
        }
    }

    /// Cancels a job; returns whether there was one. The run is then interrupted, keeps what it had received, and names the
    /// user.
    pub(crate) fn cancel(&self, id: i64, actor: &str) -> bool {
        let live = lock(&self.shared.live).remove(&id);
        let end = |live: &Live| {
            live.progress.cancel(actor);
            live.abort.abort();
        };
        live.as_ref().inspect(|live| end(live)).is_some()
    }

    /// A run by its number, without its records.
    pub(crate) async fn run(&self, id: i64) -> Result<Run, Problem> {
        let mut run = self.desk().read(move |workbench| workbench.run(id)).await.map_err(lost)?;
        let mut unwritten = lock(&self.shared.unwritten);
        match unwritten.get(&id) {
            Some(reason) if run.ending.state == State::Running => {
                run.ending = Ending { state: State::Interrupted, reason: Some(reason.clone()) };
            }
            // The end has been stored by now.
            Some(_) => drop(unwritten.remove(&id)),
            None => {}
        }
        Ok(run)
    }

    /// A run with its records and findings. Those of an ended run never change, so they are cached.
    pub(crate) async fn answer(&self, id: i64) -> Result<Arc<Answer>, Problem> {
        let run = self.run(id).await?;
        if let Some(answer) = self.remembered(&run) {
            return Ok(answer);
        }
        // A separate task, so that the result is cached for other requests even if this one is cancelled.
        let jobs = self.clone();
        let reading = tokio::spawn(async move {
            let _turn = jobs.turn(id).lock_owned().await;
            match jobs.remembered(&run) {
                Some(answer) => Ok(answer),
                None => jobs.read(id).await,
            }
        });
        reading.await.unwrap_or_else(|_| Err(Problem::internal_page()))
    }

    /// A run in progress, without the records received so far.
    pub(crate) fn without_records(run: Run) -> Arc<Answer> {
        Arc::new(Answer::new(Kept { run, records: Vec::new(), damages: Vec::new() }, Findings::default()))
    }

    /// The lock for reading the answer of a run.
    fn turn(&self, id: i64) -> Arc<tokio::sync::Mutex<()>> {
        let at = usize::try_from(id).unwrap_or_default() % READING;
        self.shared.turns.get(at).map(Arc::clone).unwrap_or_default()
    }

    async fn read(&self, id: i64) -> Result<Arc<Answer>, Problem> {
        let read = move |workbench: &workbench::Workbench| {
            let kept = workbench.answer_within(id, SHOWN)?;
            let mut findings = workbench.findings(&kept)?;
            if kept.records.len() == SHOWN && kept.run.records > SHOWN as u64 {
                findings.warnings.push(format!(
                    "only the first {SHOWN} of {} records are shown here; the raw evidence has all of them",
                    kept.run.records
                ));
            }
            let answer = Answer::new(kept, findings);
            // Computed here, where nothing waits; otherwise a page would do it while others wait.
            let _ = (answer.figures(), answer.timeline());
            Ok::<_, Error>(Arc::new(answer))
        };
        let answer = self.desk().read(read).await.map_err(lost)?;
        self.remember(&answer);
        Ok(answer)
    }

    /// The cached answer with the current state of the run: findings may have been added or undone since.
    fn remembered(&self, run: &Run) -> Option<Arc<Answer>> {
        lock(&self.shared.answers).iter().find(|answer| answer.kept.run == *run).cloned()
    }

    fn remember(&self, answer: &Arc<Answer>) {
        if answer.kept.run.ending.state == State::Running {
            return;
        }
        let mut answers = lock(&self.shared.answers);
        answers.retain(|known| known.kept.run.id != answer.kept.run.id);
        answers.push_front(Arc::clone(answer));
        let mut records = 0;
        answers.truncate(ANSWERS);
        answers.retain(|known| {
            records += known.kept.records.len();
            records <= RECORDS || known.kept.run.id == answer.kept.run.id
        });
    }
}

/// The problem for lost evidence: running the query again creates new evidence.
fn lost(error: Error) -> Problem {
    match error {
        Error::Evidence { .. } => {
            Problem::gone("the stored answer of this run is lost or damaged; run it again")
        }
        error => error.into(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
