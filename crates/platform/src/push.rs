//! Carries out pushes: [`work`], and says beforehand what one would do: [`preview`].
//!
//! ```text
//! claim ─> gather ─> read the platform, compare ─> store the rows ─> a batch ─> store its outcomes ─> … ─> read again ─> end
//! ```
//! Nothing is remembered about what is under way: after a failure, a lost answer or a kill, the platform is read again, and only the
//! difference is sent. So nothing is doubled, and every row has its outcome at the end.
//!
//! Errors: [`Error`] if the outcome cannot be stored. What the platform did is in the push: it pauses with the reason, or fails if
//! it could never succeed.

mod threatq;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use export::Handover;
use operation::{ProviderError, Tlp};
use workbench::push::{Counts, End, Outcome, Push, Request, Row, State};
use workbench::run::Runs;
use workbench::{Desk, Error, Workbench};

use crate::gathered::gathered;
use crate::misp::{Misp, Plan};
use crate::threatq::ThreatqError;
use crate::{PlatformError, Recipient};

/// How often the same is tried if nothing of it succeeds.
const TRIES: u32 = 4;
/// The pause before the second attempt; it doubles for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// If a platform asks for a longer pause than this, the push pauses.
const PATIENCE: Duration = Duration::from_mins(1);
/// Why a row is refused that was sent and is not there.
const NOT_TAKEN: &str = "the platform did not store it, and did not say why";

/// How far a push is, while this process works on it.
#[derive(Debug, Default)]
pub struct Live {
    total: AtomicU64,
    done: AtomicU64,
    stops: AtomicBool,
}

/// What a push would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What is handed over, for people.
    pub title: String,
    /// What it is on the platform, such as the UUID of an event.
    pub target: String,
    /// Every row with what would be done.
    pub rows: Vec<Row>,
    /// How many have each outcome.
    pub counts: Counts,
}

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The platform, or what is handed over.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The workbench.
    #[error(transparent)]
    Workbench(#[from] Error),
}

impl Live {
    /// Rows that have to be sent.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// How many of these were sent.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Sends nothing more after the batch that is under way.
    pub fn stop(&self) {
        self.stops.store(true, Ordering::Relaxed);
    }

    fn stops(&self) -> bool {
        self.stops.load(Ordering::Relaxed)
    }
}

/// What is handed over, for people; nothing is asked of a platform.
///
/// # Errors
/// [`PushError`] if it cannot be handed over.
pub async fn title(desk: &Desk, request: &Request, max: Tlp) -> Result<String, PushError> {
    Ok(gathered(desk, request, max).await??.title)
}

/// What a push would do. Nothing is changed on the platform.
///
/// # Errors
/// [`PushError`] if it cannot be handed over, or the platform cannot be asked.
pub async fn preview(
    desk: &Desk,
    recipient: &Recipient,
    request: &Request,
    max: Tlp,
) -> Result<Preview, PushError> {
    let handover = gathered(desk, request, max).await??;
    let misp = match recipient {
        Recipient::Misp(misp) => misp,
        Recipient::Threatq(instance) => return Ok(threatq::preview(instance, &handover).await?),
    };
    let plan = misp.plan(&handover, request).await?;
    let rows = plan.rows().to_vec();
    Ok(Preview { title: handover.title, target: plan.uuid().to_owned(), counts: Counts::of(&rows), rows })
}

/// Works on a push until it has ended, or is paused or cancelled; returns it as it is then. `recipient` is its platform with the
/// strictest level that it may get, or why it cannot be used.
///
/// # Errors
/// [`Error::Refused`] if the push is not to go on, or another process works on it; [`Error`] if outcomes cannot be stored.
pub async fn work(
    runs: &Runs,
    id: i64,
    recipient: Result<(&Recipient, Tlp), String>,
    live: &Live,
) -> Result<Push, Error> {
    let worker = runs.worker().to_owned();
    let claim = move |workbench: &mut Workbench| workbench.claim_push(id, &worker);
    if !runs.desk().change("", claim).await? {
        return Err(Error::conflict(format!("push {id} is not waiting, or another process works on it")));
    }
    let push = runs.desk().read(move |workbench| workbench.push(id)).await?;
    let working = Working { runs, push: &push, live };
    let end = match recipient {
        Err(why) => Some(End::Paused(why)),
        Ok((recipient, max)) => working.carry_out(recipient, max).await?,
    };
    match end {
        // Whoever stopped it has stored that; a process that ends leaves the rest to another one.
        None => runs.desk().read(move |workbench| workbench.push(id)).await,
        Some(end) => {
            let worker = runs.worker().to_owned();
            let finish = move |workbench: &mut Workbench| workbench.end_push(id, &worker, &end);
            runs.desk().change(&push.actor, finish).await
        }
    }
}

/// A push that this process works on.
struct Working<'a> {
    runs: &'a Runs,
    push: &'a Push,
    live: &'a Live,
}

/// How one round ended.
enum Round {
    /// Everything was sent, and is there.
    Done,
    /// Somebody paused or cancelled the push.
    Stopped,
}

/// What went wrong in a round.
enum Fault {
    Platform(PlatformError),
    Workbench(Error),
}

impl From<PlatformError> for Fault {
    fn from(error: PlatformError) -> Self {
        Self::Platform(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Workbench(error)
    }
}

impl Working<'_> {
    /// How the push ends; `None` if somebody paused or cancelled it.
    async fn carry_out(&self, recipient: &Recipient, max: Tlp) -> Result<Option<End>, Error> {
        let handover = match gathered(self.runs.desk(), &self.push.request, max).await {
            Ok(Ok(handover)) => handover,
            Ok(Err(error)) => return Ok(Some(error.end())),
            // What it was made from is gone, or the request is wrong.
            Err(error @ Error::Refused(_)) => return Ok(Some(End::Failed(error.to_string()))),
            Err(error) => return Err(error),
        };
        let mut tries = 0;
        loop {
            let before = self.live.done();
            let error = match self.round(recipient, &handover).await {
                Ok(Round::Done) => return Ok(Some(End::Done)),
                Ok(Round::Stopped) => return Ok(None),
                Err(Fault::Workbench(error)) => return Err(error),
                Err(Fault::Platform(error)) => error,
            };
            tries = if self.live.done() > before { 1 } else { tries + 1 };
            match pause(&error, tries) {
                Some(pause) if !self.live.stops() => tokio::time::sleep(pause).await,
                _ => return Ok(Some(error.end())),
            }
        }
    }

    /// Reads what the platform has, and sends the difference.
    async fn round(&self, recipient: &Recipient, handover: &Handover) -> Result<Round, Fault> {
        match recipient {
            Recipient::Misp(misp) => self.round_misp(misp, handover).await,
            Recipient::Threatq(threatq) => self.round_threatq(threatq, handover).await,
        }
    }

    async fn round_misp(&self, misp: &Misp, handover: &Handover) -> Result<Round, Fault> {
        let plan = misp.plan(handover, &self.push.request).await?;
        let left = plan.rows().iter().filter(|row| row.outcome.waits()).count() as u64;
        self.live.total.store(self.live.done() + left, Ordering::Relaxed);
        if !self.store(plan.uuid(), plan.rows().to_vec()).await?.is_active() || self.live.stops() {
            return Ok(Round::Stopped);
        }
        if let Some(event) = plan.rows().first().filter(|_| plan.head().is_some()) {
            misp.send_head(&plan).await?;
            self.note(vec![(event.key.clone(), event.outcome.done(), None)]).await?;
        }
        let batches = plan.batches();
        for batch in &batches {
            if self.live.stops() {
                return Ok(Round::Stopped);
            }
            let noted = misp.send(&plan, batch.clone()).await?;
            if !self.note(noted).await?.is_active() {
                return Ok(Round::Stopped);
            }
        }
        if !batches.is_empty() {
            self.verify(misp, handover, &plan).await?;
        }
        Ok(Round::Done)
    }

    /// Reads the event again: what was sent and is not there, the platform did not take.
    async fn verify(&self, misp: &Misp, handover: &Handover, sent: &Plan) -> Result<(), Fault> {
        let now = misp.plan(handover, &self.push.request).await?;
        let lacking: std::collections::HashSet<&str> = now
            .rows()
            .iter()
            .filter(|row| row.outcome == Outcome::Create)
            .map(|row| row.key.as_str())
            .collect();
        let steps = sent.steps().iter().filter(|step| lacking.contains(step.key.as_str()));
        let refused = steps.map(|step| (step.key.clone(), Outcome::Refused, NOT_TAKEN.to_owned()));
        // One that was refused with a reason keeps it.
        let known = self.refused().await?;
        let refused = refused.filter(|(key, ..)| !known.contains(key));
        let refused: Vec<_> = refused.map(|(key, outcome, why)| (key, outcome, Some(why))).collect();
        let (id, worker) = (self.push.id, self.runs.worker().to_owned());
        if !refused.is_empty() {
            let note = move |workbench: &mut Workbench| workbench.note_push(id, &worker, &refused);
            self.runs.desk().change(&self.push.actor, note).await?;
        }
        Ok(())
    }

    /// The keys of the rows that are refused already.
    async fn refused(&self) -> Result<std::collections::HashSet<String>, Error> {
        let id = self.push.id;
        let read = move |workbench: &Workbench| {
            workbench.push_rows(id, Some(Outcome::Refused), None, usize::MAX >> 1)
        };
        let rows = self.runs.desk().read(read).await?;
        Ok(rows.into_iter().map(|shown| shown.row.key).collect())
    }

    /// Stores what is to be done.
    async fn store(&self, target: &str, rows: Vec<Row>) -> Result<State, Error> {
        let (id, worker) = (self.push.id, self.runs.worker().to_owned());
        let target = target.to_owned();
        let store = move |workbench: &mut Workbench| workbench.plan_push(id, &worker, &target, &rows);
        self.runs.desk().change(&self.push.actor, store).await
    }

    /// Stores what became of rows.
    async fn note(&self, noted: Vec<(String, Outcome, Option<String>)>) -> Result<State, Error> {
        let (id, worker, count) = (self.push.id, self.runs.worker().to_owned(), noted.len() as u64);
        let note = move |workbench: &mut Workbench| workbench.note_push(id, &worker, &noted);
        let state = self.runs.desk().change(&self.push.actor, note).await?;
        self.live.done.fetch_add(count, Ordering::Relaxed);
        Ok(state)
    }
}

/// How long to wait before the platform is asked again; `None` if that makes no sense.
fn pause(error: &PlatformError, tries: u32) -> Option<Duration> {
    if !error.is_temporary() || tries >= TRIES {
        return None;
    }
    let asked = match error {
        PlatformError::Service(error) => match error.bare() {
            ProviderError::RateLimited(wait) | ProviderError::Unavailable(wait) => *wait,
            _ => None,
        },
        PlatformError::Threatq(ThreatqError::Busy(wait)) => *wait,
        _ => None,
    };
    let own = FIRST_PAUSE * 2_u32.saturating_pow(tries.saturating_sub(1));
    Some(asked.unwrap_or(own).max(FIRST_PAUSE)).filter(|pause| *pause <= PATIENCE)
}
