//! Queries: a stored answer is reused, or the provider is queried and the evidence is written as it arrives.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use cof::{Damage, Record};
use operation::provider::Outcome;
use operation::{Collector, Completeness, Indicator, ProviderError, Sink};
use tokio::time::timeout;

use super::ability;
use super::asking::{Asking, Freshness};
use super::evidence::{Recorded, Recorder, SOON, Stored, forget_part, keep_part};
use super::keep::{Ended, Entered};
use super::quota::{self, Said};
use super::recording::{Counting, Recording, Tape};
use super::worker::Worker;
use super::{Ending, Reason, Run, State};
use crate::database::Change;
use crate::{Desk, Error, Hint, Workbench};

/// A run with its content.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The run.
    pub run: Run,
    /// Its records, each tuple once, in the order of arrival.
    pub records: Vec<Record>,
    /// The first parts of the answer that are not records.
    pub damages: Vec<Damage>,
}

/// Sends queries for the tasks of this process.
#[derive(Clone, Debug)]
pub struct Runs {
    desk: Desk,
    pub(super) worker: Arc<Worker>,
}

impl Runs {
    /// Prepares for queries, and settles runs that other processes left unfinished.
    ///
    /// # Errors
    /// [`Error`] if the folder cannot be written.
    pub async fn new(desk: Desk) -> Result<Self, Error> {
        Self::of(desk, false).await
    }

    /// Like [`Self::new`], for a server: when it is restarted, [`crate::Workbench::stopped_runs`] returns the runs to resume.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub async fn serving(desk: Desk) -> Result<Self, Error> {
        Self::of(desk, true).await
    }

    async fn of(desk: Desk, serves: bool) -> Result<Self, Error> {
        let worker = Arc::new(Worker::new(desk.folder(), serves)?);
        desk.change("", |workbench| workbench.settle_runs().map(drop)).await?;
        Ok(Self { desk, worker })
    }

    /// The name of this process among the workers of the data folder.
    pub fn worker(&self) -> &str {
        self.worker.name()
    }

    /// The desk of the data folder where runs are stored.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Runs an action on an indicator and returns the whole answer in memory.
    ///
    /// # Errors
    /// [`Error`] if it cannot be stored; [`Error::Refused`] if nothing may be sent and there is no stored answer. Failures of
    /// the provider are in the run's [`Ending`].
    pub async fn ask(&self, asking: &Asking, indicator: &Indicator) -> Result<Kept, Error> {
        self.begin(asking, indicator).await?.hold().await
    }

    /// Records a run before anything is sent. If the result is dropped before the run ends, the run is interrupted.
    ///
    /// # Errors
    /// [`Error`] if it cannot be stored; [`Error::Held`] if the operation may not be asked about the indicator.
    pub async fn begin(&self, asking: &Asking, indicator: &Indicator) -> Result<Begun, Error> {
        let (snapshot, about, worker) = (asking.clone(), indicator.clone(), Arc::clone(&self.worker));
        let begin = move |change: &Change<'_>| change.begin_run(&snapshot, &about, worker.name());
        let entering = self.desk.change_together(begin);
        let (runs, asking, indicator) = (self.clone(), asking.clone(), indicator.clone());
        // In a separate task, so that the run is ended even if nobody waits for it any more.
        let beginning = tokio::spawn(async move {
            let Entered { id, cached, login } = entering.await?;
            let quota = quota::file_of(runs.desk.folder(), &asking.provider.name(), login.as_ref());
            let progress = Arc::<Progress>::default();
            let progress_of = Arc::clone(&progress);
            let guard = Guard { runs, id, ended: false, progress: progress_of, why: OnceLock::new() };
            Ok(Begun { guard, cached, quota, asking, indicator, progress })
        });
        beginning.await.unwrap_or_else(|ended| Err(Error::Bug(format!("beginning a run ended: {ended}"))))
    }
}

/// A run that was started.
#[derive(Debug)]
pub struct Begun {
    guard: Guard,
    /// A stored answer that may be reused.
    cached: Option<Run>,
    /// The file with what the provider last said about its quota.
    quota: PathBuf,
    asking: Asking,
    indicator: Indicator,
    progress: Arc<Progress>,
}

/// The progress of a run.
#[derive(Debug, Default)]
pub struct Progress {
    pub(super) records: AtomicU64,
    pub(super) bytes: AtomicU64,
    cancelled_by: OnceLock<String>,
}

impl Progress {
    /// Records who cancels the run; the caller then drops the run.
    pub fn cancel(&self, actor: &str) {
        // Only the first one counts.
        let _ = self.cancelled_by.set(actor.to_owned());
    }

    /// Records that have arrived and match the filter.
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Bytes that have arrived, after decompression.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Begun {
    /// The run's number.
    pub fn id(&self) -> i64 {
        self.guard.id
    }

    /// The progress, for other tasks.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Executes the run, and returns the whole answer in memory.
    ///
    /// # Errors
    /// As [`Runs::ask`].
    pub async fn hold(mut self) -> Result<Kept, Error> {
        let mut collector = Collector::new(self.asking.filter.clone(), self.asking.most);
        let mut ended = self.run(&mut collector).await?;
        let answer = collector.into_answer(Completeness::new(None, true));
        // Each tuple is counted once.
        ended.records = answer.records.len() as u64;
        let run = self.end(ended).await?;
        Ok(Kept { run, records: answer.records, damages: answer.damages })
    }

    /// Executes the run, and passes the answer to `sink` while it arrives or is read; `sink` applies its own filter.
    ///
    /// # Errors
    /// As [`Runs::ask`].
    pub async fn stream(mut self, sink: &mut dyn Sink) -> Result<Run, Error> {
        let ended = self.run(sink).await?;
        self.end(ended).await
    }

    fn desk(&self) -> &Desk {
        &self.guard.runs.desk
    }

    /// Everything except recording the end.
    async fn run(&mut self, sink: &mut dyn Sink) -> Result<Ended, Error> {
        let result = match self.take_cached(sink).await {
            Ok(None) => self.fetch(sink).await,
            Ok(Some(ended)) => Ok(ended),
            Err(error) => Err(error),
        };
        if let Err(error) = &result {
            // The part of the answer cannot be stored, and its space is needed to record the end of the run.
            forget_part(self.desk().folder(), self.guard.id);
            // The run states the reason if that can still be written; otherwise the guard keeps trying.
            if self.end(Ended::failed(error)).await.is_err() {
                let _ = self.guard.why.set(Ended::failed(error));
            }
        }
        result
    }

    async fn end(&mut self, ended: Ended) -> Result<Run, Error> {
        let (id, recorded) = (self.guard.id, ended.recorded.clone());
        let end = move |change: &Change<'_>| change.end_run(id, &ended);
        let mut ending = pin!(self.desk().change_together(end));
        let soon = timeout(SOON, &mut ending).await;
        if !matches!(soon, Ok(Ok(_))) {
            keep_part(self.desk().folder(), id, &recorded);
        }
        let run = match soon {
            Ok(ended) => ended?,
            Err(_) => ending.await?,
        };
        self.guard.ended = true;
        forget_part(self.desk().folder(), id);
        Ok(run)
    }

    /// Answers a run from a stored answer, if there is a suitable one.
    async fn take_cached(&self, sink: &mut dyn Sink) -> Result<Option<Ended>, Error> {
        let offline = self.asking.freshness == Freshness::Offline;
        let Some(cached) = self.cached.clone() else {
            return if offline { Err(nothing_kept()) } else { Ok(None) };
        };
        let run = cached.clone();
        let evidence = match self.desk().read(move |workbench| workbench.verified_evidence(&run)).await {
            // If the stored answer is lost, the provider is queried again.
            Err(_) if !offline => return Ok(None),
            evidence => evidence?,
        };
        let mut counting = Counting::new(sink, &self.asking.filter, &self.progress);
        cached.replay(evidence, &mut counting)?;
        let (records, damages) = (counting.records, counting.damages);
        let ending = match counting.full {
            None => cached.ending.clone(),
            // The limit of this run may differ from the limit with which the answer was fetched.
            Some(most) => {
                let reason = ProviderError::Records(most);
                Ending::from(&Completeness::new(Some(reason), true))
            }
        };
        let recorded = Recorded::again(Stored { hash: cached.evidence.clone(), bytes: cached.bytes });
        let (orientation, fetched) = (cached.orientation, Some(cached.fetched));
        Ok(Some(Ended { ending, records, damages, recorded, orientation, whole: false, fetched }))
    }

    /// Queries the provider.
    async fn fetch(&self, sink: &mut dyn Sink) -> Result<Ended, Error> {
        let now = self.desk().clock().seconds();
        let used_up = quota::read(&self.quota).and_then(|said| said.quota.used_up_until(said.at, now));
        if let Some(until) = used_up {
            let reason = Some(ProviderError::QuotaUsedUp(until));
            return Ok(Ended::unsent(Ending::from(&Completeness::new(reason, false))));
        }
        let tape = Tape::new(Recorder::new(self.desk().folder(), self.guard.id));
        let counting = Counting::new(sink, &self.asking.filter, &self.progress);
        let mut recording = Recording { counting, tape: &tape, failed: false };
        let outcome = {
            let mut asking = pin!(self.asking.provider.ask(&self.indicator, &mut recording));
            if let Ok(outcome) = timeout(SOON, &mut asking).await {
                outcome
            } else {
                tape.write_through();
                asking.await
            }
        };
        if let Some(quota) = self.asking.provider.quota() {
            quota::note(&self.quota, Said { quota, at: now });
        }
        let (records, damages) = (recording.counting.records, recording.counting.damages);
        let finished = match tape.into_recorder() {
            Err(fault) => Err(fault),
            // A small answer is finished faster here than on another thread.
            Ok(recorder) if !recorder.is_large() => recorder.finish(),
            Ok(recorder) => tokio::task::spawn_blocking(move || recorder.finish())
                .await
                .unwrap_or_else(|ended| Err(Error::Bug(ended.to_string()))),
        };
        let recorded = finished?;
        let Outcome { completeness, whole, orientation, by_data, .. } = outcome;
        if let Some(by_data) = by_data {
            ability::note(self.desk().folder(), &self.asking.provider.name(), by_data);
        }
        let ending = if whole || !completeness.is_complete() {
            Ending::from(&completeness)
        } else {
            Ending { state: State::Truncated, reason: Some(enough(records)) }
        };
        Ok(Ended { ending, records, damages, recorded, orientation, whole, fetched: None })
    }
}

fn nothing_kept() -> Error {
    Error::missing("no stored answer to this query, and no request was allowed")
}

fn enough(records: u64) -> Reason {
    Reason {
        text: format!("stopped at the limit of {records} records"),
        hint: Hint::RaiseLimit,
        refused: false,
    }
}

/// Ensures that a run that is dropped before its end is recorded as interrupted.
#[derive(Debug)]
struct Guard {
    runs: Runs,
    id: i64,
    ended: bool,
    progress: Arc<Progress>,
    /// The result of the run, if it could not be written.
    why: OnceLock<Ended>,
}

/// How often, and with how many seconds in between, recording the end of a run is tried: for an hour.
const TRIES: u32 = 720;
const BETWEEN: u64 = 5;

impl Drop for Guard {
    fn drop(&mut self) {
        // Without a runtime this process is about to end, and the next process settles the run.
        if let (false, Ok(runtime)) = (self.ended, tokio::runtime::Handle::try_current()) {
            let (desk, id) = (self.runs.desk.clone(), self.id);
            let (by, why) = (self.progress.cancelled_by.get().cloned(), self.why.take());
            runtime.spawn(async move {
                // Only a full disk prevents this; it is written as soon as there is room.
                for _ in 0..TRIES {
                    let (by, why) = (by.clone(), why.clone());
                    let settle = move |workbench: &mut Workbench| match why {
                        Some(why) => workbench.end_unwritten(id, &why),
                        None => workbench.settle_run(id, by.as_deref()),
                    };
                    match desk.change("", settle).await {
                        Err(Error::Full(_) | Error::Busy(_)) => {
                            tokio::time::sleep(std::time::Duration::from_secs(BETWEEN)).await;
                        }
                        _ => break,
                    }
                }
            });
        }
    }
}
