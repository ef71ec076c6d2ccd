//! Asking: the cache, or the provider with the evidence written as it comes.

use std::sync::Arc;
use std::time::Duration;

use cof::{Damage, Record};
use operation::provider::{Outcome, Stop};
use operation::{Collector, Completeness, Filter, Indicator, Package, Provider, Sink};

use super::evidence::{Recorder, Stored, forget_part};
use super::keep::{Begun, Ended};
use super::worker::Worker;
use super::{Ending, Reason, Run, State};
use crate::{Desk, Error, Workbench};

/// What runs are made with. A snapshot: what is configured later does not touch it (G-27).
#[derive(Clone, Debug)]
pub struct Asking {
    /// The package, as it is installed.
    pub package: Arc<Package>,
    /// Its action, as it is offered.
    pub action: String,
    /// Who is asked.
    pub provider: Arc<Provider>,
    /// Which records are wanted of an answer.
    pub filter: Filter,
    /// How many of them at most.
    pub most: usize,
    /// How old an answer may be.
    pub freshness: Freshness,
    /// Who asks.
    pub actor: String,
}

/// How old an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It must be asked for now.
    Fresh,
    /// Any age: nothing is ever sent.
    Offline,
    /// Not older than this.
    Within(Duration),
}

/// A run with what it holds.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The run.
    pub run: Run,
    /// Its records, each tuple once, in the order in which they first came.
    pub records: Vec<Record>,
    /// The first stretches that are no records.
    pub damages: Vec<Damage>,
}

/// Asks on behalf of the tasks of this process.
#[derive(Clone, Debug)]
pub struct Runs {
    desk: Desk,
    pub(super) worker: Arc<Worker>,
}

impl Runs {
    /// Gets ready to ask, and settles what others left unfinished.
    ///
    /// # Errors
    /// [`Error`], when the folder cannot be worked in.
    pub async fn new(desk: Desk) -> Result<Self, Error> {
        let worker = Arc::new(Worker::new(desk.folder())?);
        desk.change("", |workbench| workbench.settle_runs().map(drop)).await?;
        Ok(Self { desk, worker })
    }

    /// Where runs are kept.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Runs an action on an indicator and holds the answer.
    ///
    /// # Errors
    /// [`Error`], when it cannot be kept; [`Error::Refused`], when nothing may be sent and nothing is kept.
    /// What the provider does wrong is told in the run's [`Ending`].
    pub async fn ask(&self, asking: &Asking, indicator: &Indicator) -> Result<Kept, Error> {
        let mut collector = Collector::new(asking.filter.clone(), asking.most);
        let (guard, ended) = self.run(asking, indicator, &mut collector).await?;
        self.end(guard, asking, ended, collector).await
    }

    /// Runs an action on an indicator and passes the answer on as it comes, or as it came; `sink` filters for itself.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn stream(
        &self,
        asking: &Asking,
        indicator: &Indicator,
        sink: &mut dyn Sink,
    ) -> Result<Run, Error> {
        let (guard, ended) = self.run(asking, indicator, sink).await?;
        self.write_end(guard, asking, ended).await
    }

    /// Everything up to a run's end, which is still to be written down.
    async fn run(
        &self,
        asking: &Asking,
        indicator: &Indicator,
        sink: &mut dyn Sink,
    ) -> Result<(Guard, Ended), Error> {
        let begun = self.begin(asking, indicator).await?;
        let mut guard = Guard { runs: self.clone(), id: begun.id, ended: false };
        let result = match self.take_cached(&begun, asking, sink).await {
            Ok(None) => self.fetch(begun.id, asking, indicator, sink).await,
            Ok(Some(ended)) => Ok(ended),
            Err(error) => Err(error),
        };
        match result {
            Ok(ended) => Ok((guard, ended)),
            Err(error) => {
                // The run says why, if that can still be written.
                let (id, ended) = (begun.id, Ended::failed(&error));
                let end = move |workbench: &mut Workbench| workbench.end_run(id, &ended);
                guard.ended = self.desk.change(&asking.actor, end).await.is_ok();
                if guard.ended {
                    forget_part(self.desk.folder(), id);
                }
                Err(error)
            }
        }
    }

    async fn begin(&self, asking: &Asking, indicator: &Indicator) -> Result<Begun, Error> {
        let (snapshot, indicator) = (asking.clone(), indicator.clone());
        let worker = Arc::clone(&self.worker);
        let begin =
            move |workbench: &mut Workbench| workbench.begin_run(&snapshot, &indicator, worker.name());
        self.desk.change(&asking.actor, begin).await
    }

    /// Answers a run from what is kept, if there is something that may answer it.
    async fn take_cached(
        &self,
        begun: &Begun,
        asking: &Asking,
        sink: &mut dyn Sink,
    ) -> Result<Option<Ended>, Error> {
        let offline = asking.freshness == Freshness::Offline;
        let Some(cached) = begun.cached.clone() else {
            return if offline { Err(nothing_kept()) } else { Ok(None) };
        };
        let (folder, run) = (self.desk.folder().to_owned(), cached.clone());
        let verified = tokio::task::spawn_blocking(move || run.verify(&folder)).await;
        match verified.unwrap_or_else(|ended| Err(Error::Bug(ended.to_string()))) {
            // What is lost is asked for again.
            Err(_) if !offline => return Ok(None),
            verified => verified?,
        }
        let mut counting = Counting::new(sink, asking);
        cached.replay(self.desk.folder(), &mut counting)?;
        let (records, damages) = (counting.records, counting.damages);
        let ending = match counting.full {
            None => cached.ending.clone(),
            // It is held by another limit than it was fetched by.
            Some(most) => {
                let reason = operation::ProviderError::Records(most);
                Ending::from(&Completeness::new(Some(reason), true))
            }
        };
        let stored = Stored { hash: cached.evidence.clone(), bytes: cached.bytes };
        let (orientation, fetched) = (cached.orientation, Some(cached.fetched));
        Ok(Some(Ended { ending, records, damages, stored, orientation, whole: false, fetched }))
    }

    /// Asks the provider.
    async fn fetch(
        &self,
        id: i64,
        asking: &Asking,
        indicator: &Indicator,
        sink: &mut dyn Sink,
    ) -> Result<Ended, Error> {
        let mut recording = Recording {
            counting: Counting::new(sink, asking),
            recorder: Recorder::new(self.desk.folder(), id),
            fault: None,
        };
        let outcome = asking.provider.ask(indicator, &mut recording).await;
        let Recording { counting, recorder, fault } = recording;
        let (records, damages) = (counting.records, counting.damages);
        let finished = match fault {
            Some(fault) => Err(fault),
            None => tokio::task::spawn_blocking(move || recorder.finish())
                .await
                .unwrap_or_else(|ended| Err(Error::Bug(ended.to_string()))),
        };
        let stored = finished?;
        let Outcome { completeness, whole, orientation, .. } = outcome;
        let ending = if whole || !completeness.is_complete() {
            Ending::from(&completeness)
        } else {
            Ending { state: State::Truncated, reason: Some(enough(records)) }
        };
        Ok(Ended { ending, records, damages, stored, orientation, whole, fetched: None })
    }

    async fn end(
        &self,
        guard: Guard,
        asking: &Asking,
        mut ended: Ended,
        collector: Collector,
    ) -> Result<Kept, Error> {
        let answer = collector.into_answer(Completeness::new(None, true));
        // Each tuple counts once.
        ended.records = answer.records.len() as u64;
        let run = self.write_end(guard, asking, ended).await?;
        Ok(Kept { run, records: answer.records, damages: answer.damages })
    }

    async fn write_end(&self, mut guard: Guard, asking: &Asking, ended: Ended) -> Result<Run, Error> {
        let id = guard.id;
        let end = move |workbench: &mut Workbench| workbench.end_run(id, &ended);
        let run = self.desk.change(&asking.actor, end).await?;
        guard.ended = true;
        forget_part(self.desk.folder(), id);
        Ok(run)
    }
}

fn nothing_kept() -> Error {
    Error::Refused("nothing was sent, and no answer to this question is kept".to_owned())
}

fn enough(records: u64) -> Reason {
    Reason {
        text: format!("no more than {records} records were wanted"),
        hint: "leave --limit out to have all of them".to_owned(),
        refused: false,
    }
}

/// Sees to it that a run that is dropped before its end is one that was interrupted.
struct Guard {
    runs: Runs,
    id: i64,
    ended: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Without a runtime this process is about to end, and who comes next settles it.
        if let (false, Ok(runtime)) = (self.ended, tokio::runtime::Handle::try_current()) {
            let (desk, id) = (self.runs.desk.clone(), self.id);
            runtime.spawn(async move { desk.change("", move |workbench| workbench.settle_run(id)).await });
        }
    }
}

/// Counts what a sink takes.
struct Counting<'a> {
    sink: &'a mut dyn Sink,
    filter: &'a Filter,
    records: u64,
    damages: u64,
    /// The sink's limit, once it is full.
    full: Option<usize>,
}

impl<'a> Counting<'a> {
    fn new(sink: &'a mut dyn Sink, asking: &'a Asking) -> Self {
        Self { sink, filter: &asking.filter, records: 0, damages: 0, full: None }
    }
}

impl Sink for Counting<'_> {
    fn record(&mut self, record: Record) -> Result<(), Stop> {
        let wanted = self.filter.keeps(&record);
        let taken = self.sink.record(record);
        match taken {
            Ok(()) => self.records += u64::from(wanted),
            Err(Stop::Full(most)) => self.full = Some(most),
            Err(Stop::Gone) => {}
        }
        taken
    }

    fn damage(&mut self, damage: Damage) {
        self.damages += 1;
        self.sink.damage(damage);
    }

    fn pause(&mut self) {
        self.sink.pause();
    }
}

/// Keeps the evidence of what a sink takes.
struct Recording<'a> {
    counting: Counting<'a>,
    recorder: Recorder,
    /// Why it cannot be kept: then no more is wanted.
    fault: Option<Error>,
}

impl Sink for Recording<'_> {
    fn record(&mut self, record: Record) -> Result<(), Stop> {
        if self.fault.is_some() { Err(Stop::Gone) } else { self.counting.record(record) }
    }

    fn damage(&mut self, damage: Damage) {
        self.counting.damage(damage);
    }

    fn pause(&mut self) {
        self.counting.pause();
    }

    fn raw(&mut self, octets: &[u8]) {
        if self.fault.is_none() {
            self.fault = self.recorder.write(octets).err();
        }
    }
}
