//! Runs that are under way on behalf of browsers and programs, and the answers that were looked at last.
//!
//! A job outlives the request that began it; its [`Progress`] can be watched and it can be cancelled. What it comes to is
//! kept by [`Runs`], so that a restart loses nothing: a run that was under way shows as interrupted, with what it had, and is asked
//! again when the server is back (`run_request::resume`).

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cof::{Name, Rdata, Record, RrType};
use edge::problem::Problem;
use operation::{Findings, Indicator, Relation};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use workbench::run::{Asking, Ending, Kept, Progress, Reason, Run, Runs, State};
use workbench::{Desk, Error};

use picture::graph::Graph;
use picture::timeline::{Timeline, TimelineView};

/// Jobs at a time; who comes then is told to come again.
const MOST: usize = 64;
/// Records of one answer that pages and programs are shown.
pub(crate) const SHOWN: usize = 100_000;
/// Answers that are read from their evidence at a time. A run's own is read by one task at a time, whoever else wants it
/// waits for that: reading a large one takes seconds on a slow machine, and a browser may ask every second.
const READING: usize = 4;
/// Answers that are remembered, and how many records they have together.
const ANSWERS: usize = 16;
const RECORDS: usize = 300_000;

/// The jobs of a site, shared by its requests.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    runs: Runs,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    live: Mutex<HashMap<i64, Live>>,
    /// Runs that ended without that having been written down: the disk was full. Why, by number.
    unwritten: Mutex<HashMap<i64, Reason>>,
    /// One permit a job.
    places: Places,
    answers: Mutex<VecDeque<Arc<Answer>>>,
    /// Whose turn it is to read, by a run's number.
    turns: [Arc<tokio::sync::Mutex<()>>; READING],
}

/// So many jobs there may be at a time, those that are being written down among them.
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
}

/// An answer with what it proposes, and what its pages make of it: laid out once, and looked at many times.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) kept: Kept,
    pub(crate) findings: Findings,
    relations: OnceLock<Vec<Relation>>,
    figures: OnceLock<Figures>,
    timeline: OnceLock<Timeline>,
    graph: OnceLock<Graph>,
}

/// An answer in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) direct: usize,
    pub(crate) names: usize,
    pub(crate) addresses: usize,
    /// Nothing where not one record says how often it was seen.
    pub(crate) sightings: Option<u64>,
    /// When the first record was first seen, and the last one last, in seconds since the epoch.
    pub(crate) span: Option<(u64, u64)>,
}

impl Answer {
    pub(crate) fn new(kept: Kept, findings: Findings) -> Self {
        Self {
            kept,
            findings,
            relations: OnceLock::new(),
            figures: OnceLock::new(),
            timeline: OnceLock::new(),
            graph: OnceLock::new(),
        }
    }

    /// How each record stands to what was asked about.
    pub(crate) fn relations(&self) -> &[Relation] {
        let Kept { run, records, .. } = &self.kept;
        let of = |record| Relation::of(&run.indicator, record);
        self.relations.get_or_init(|| records.iter().map(of).collect())
    }

    pub(crate) fn figures(&self) -> Figures {
        *self.figures.get_or_init(|| {
            let records = &self.kept.records;
            let is_address = |record: &&Record| matches!(record.rrtype, RrType::A | RrType::AAAA);
            let addresses: HashSet<&Rdata> =
                records.iter().filter(is_address).map(|record| &record.rdata).collect();
            let names: HashSet<&Name> = records.iter().map(|record| &record.rrname).collect();
            let spans = records.iter().filter_map(Record::span);
            Figures {
                direct: self.relations().iter().filter(|relation| **relation == Relation::Direct).count(),
                names: names.len(),
                addresses: addresses.len(),
                sightings: records.iter().filter_map(|record| record.count).reduce(u64::saturating_add),
                span: spans.reduce(|(first, last), (a, b)| (first.min(a), last.max(b))),
            }
        })
    }

    /// The timeline of all records, as it is before anybody chooses anything.
    pub(crate) fn timeline(&self) -> &Timeline {
        let Kept { run, records, .. } = &self.kept;
        let whole = || Timeline::new(&TimelineView::default(), &run.indicator, records);
        self.timeline.get_or_init(whole)
    }

    pub(crate) fn graph(&self) -> &Graph {
        self.graph.get_or_init(|| Graph::new(&self.kept.run.indicator, &self.kept.records))
    }
}

impl Jobs {
    pub(crate) fn new(runs: Runs) -> Self {
        Self { runs, shared: Arc::default() }
    }

    pub(crate) fn desk(&self) -> &Desk {
        self.runs.desk()
    }

    /// The answer of a run, without records while it is under way; one that no process works on any more is settled first.
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

    /// The run, if it is under way.
    async fn under_way(&self, id: i64) -> Result<Option<Run>, Problem> {
        let run = self.run(id).await?;
        Ok((run.ending.state == State::Running).then_some(run))
    }

    /// Begins a run and gives its number; the run goes on by itself.
    pub(crate) async fn start(&self, asking: &Asking, indicator: &Indicator) -> Result<i64, Problem> {
        // Taken before the run is written down, so that many at once get no more than there are.
        let place = Arc::clone(&self.shared.places.0).try_acquire_owned().map_err(|_| {
            Problem::busy(format!("{MOST} runs are in progress; wait for one to end, or cancel one"))
        })?;
        let begun = self.runs.begin(asking, indicator).await?;
        let (id, progress) = (begun.id(), begun.progress());
        let shared = Arc::clone(&self.shared);
        // The lock is held until the job is listed, so that one that ends at once is taken off after that.
        let mut live = lock(&self.shared.live);
        let job = tokio::spawn(async move {
            let _place = place;
            // Why it failed is told by the run itself, unless that could not be written either.
            if let Err(error) = begun.hold().await {
                lock(&shared.unwritten).insert(id, Reason::of(&error));
            }
            lock(&shared.live).remove(&id);
        });
        live.insert(id, Live { progress, abort: job.abort_handle() });
        Ok(id)
    }

    /// How far a run is, if it is a job of this process.
    pub(crate) fn progress(&self, id: i64) -> Option<Arc<Progress>> {
        lock(&self.shared.live).get(&id).map(|live| Arc::clone(&live.progress))
    }

    /// Ends a job; says whether there was one. The run is interrupted then, with what it had, and says by whom.
    pub(crate) fn cancel(&self, id: i64, actor: &str) -> bool {
        let live = lock(&self.shared.live).remove(&id);
        let end = |live: &Live| {
            live.progress.cancel(actor);
            live.abort.abort();
        };
        live.as_ref().inspect(|live| end(live)).is_some()
    }

    /// A run by its number, without what came.
    pub(crate) async fn run(&self, id: i64) -> Result<Run, Problem> {
        let mut run = self.desk().read(move |workbench| workbench.run(id)).await.map_err(lost)?;
        let mut unwritten = lock(&self.shared.unwritten);
        match unwritten.get(&id) {
            Some(reason) if run.ending.state == State::Running => {
                run.ending = Ending { state: State::Interrupted, reason: Some(reason.clone()) };
            }
            // It is written down by now.
            Some(_) => drop(unwritten.remove(&id)),
            None => {}
        }
        Ok(run)
    }

    /// A run with its records and findings; of one that has ended they never change, so they are remembered for a while.
    pub(crate) async fn answer(&self, id: i64) -> Result<Arc<Answer>, Problem> {
        let run = self.run(id).await?;
        if let Some(answer) = self.remembered(&run) {
            return Ok(answer);
        }
        // A task of its own: who no longer wants the answer leaves it to the others, and it is remembered.
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

    /// A run that is under way, without what has arrived so far.
    pub(crate) fn without_records(run: Run) -> Arc<Answer> {
        Arc::new(Answer::new(Kept { run, records: Vec::new(), damages: Vec::new() }, Findings::default()))
    }

    /// The turn that stands for a run.
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
            // Here it holds up nobody; a page would lay it out while others wait.
            let _ = (answer.figures(), answer.timeline());
            Ok::<_, Error>(Arc::new(answer))
        };
        let answer = self.desk().read(read).await.map_err(lost)?;
        self.remember(&answer);
        Ok(answer)
    }

    /// What is known of a run as it is now: what was added and undone changes, and belongs to the run.
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

/// Evidence that is lost is told to who looks: running again brings a new one.
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
