//! A round of a push to a ThreatQ: what [`threatq::push`](crate::threatq::push) plans and tells becomes the rows of the push.

use std::sync::atomic::Ordering;

use export::Handover;
use workbench::Error;
use workbench::push::{Counts, Outcome, Row, RowKind};

use super::{Fault, Preview, Round, Working};
use crate::PlatformError;
use crate::misp::held;
use crate::threatq::Threatq;
use crate::threatq::push::{self as sending, GoOn, PushError, Wanted, Watch};

/// What is to be noted of rows: their keys, what became of them, and why.
type Noted = Vec<(String, Outcome, Option<String>)>;

/// What a push to a ThreatQ would do.
///
/// # Errors
/// [`PlatformError`] if the instance cannot be asked.
pub(super) async fn preview(threatq: &Threatq, handover: &Handover) -> Result<Preview, PlatformError> {
    let mut planned = Planned(Vec::new());
    let wanted = Wanted::of(handover);
    let result = sending::push(threatq.connection(), &wanted, &threatq.terms(true), &mut planned).await;
    result.map_err(failure)?;
    let rows: Vec<Row> = planned.0.into_iter().chain(held(handover)).collect();
    let (title, target) = (handover.title.clone(), threatq.connection().base().to_owned());
    Ok(Preview { title, target, counts: Counts::of(&rows), rows })
}

impl Working<'_> {
    /// Reads what the instance has, and sends the difference.
    pub(super) async fn round_threatq(&self, threatq: &Threatq, handover: &Handover) -> Result<Round, Fault> {
        let wanted = Wanted::of(handover);
        let target = threatq.connection().base();
        let mut keeper = Keeper { working: self, target, held: held(handover).collect(), error: None };
        let result = sending::push(threatq.connection(), &wanted, &threatq.terms(false), &mut keeper).await;
        if let Some(error) = keeper.error {
            return Err(Fault::Workbench(error));
        }
        match result {
            Ok(()) => Ok(Round::Done),
            Err(PushError::Stopped) => Ok(Round::Stopped),
            Err(error) => Err(Fault::Platform(failure(error))),
        }
    }
}

fn failure(error: PushError) -> PlatformError {
    match error {
        PushError::Threatq(error) => error.into(),
        // Nothing stops a preview.
        PushError::Stopped => PlatformError::Option("it was stopped".to_owned()),
    }
}

/// Takes the plan of a dry run.
struct Planned(Vec<Row>);

impl Watch for Planned {
    fn planned<'a>(&'a mut self, rows: &'a [sending::Row]) -> GoOn<'a> {
        self.0 = rows.iter().map(row).collect();
        Box::pin(std::future::ready(true))
    }

    fn told<'a>(&'a mut self, _: &'a [sending::Row]) -> GoOn<'a> {
        Box::pin(std::future::ready(true))
    }
}

/// Stores the plan and the results of a push.
struct Keeper<'a> {
    working: &'a Working<'a>,
    target: &'a str,
    held: Vec<Row>,
    error: Option<Error>,
}

impl Watch for Keeper<'_> {
    fn planned<'a>(&'a mut self, rows: &'a [sending::Row]) -> GoOn<'a> {
        Box::pin(async move {
            let held = std::mem::take(&mut self.held);
            let rows: Vec<Row> = rows.iter().map(row).chain(held).collect();
            let live = self.working.live;
            let left = rows.iter().filter(|row| row.outcome.waits()).count() as u64;
            live.total.store(live.done() + left, Ordering::Relaxed);
            let stored = self.working.store(self.target, rows).await;
            self.goes_on(stored.map(workbench::push::State::is_active))
        })
    }

    fn told<'a>(&'a mut self, rows: &'a [sending::Row]) -> GoOn<'a> {
        Box::pin(async move {
            let noted: Noted = rows.iter().filter_map(noted).collect();
            let stored = self.working.note(noted).await;
            self.goes_on(stored.map(workbench::push::State::is_active))
        })
    }

    fn wants_stop(&self) -> bool {
        self.working.live.stops()
    }
}

impl Keeper<'_> {
    fn goes_on(&mut self, stored: Result<bool, Error>) -> bool {
        match stored {
            Ok(is_active) => is_active && !self.working.live.stops(),
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }
}

/// A row as it is stored before anything is sent.
fn row(row: &sending::Row) -> Row {
    let outcome = match &row.outcome {
        sending::Outcome::Created => Outcome::Create,
        sending::Outcome::Updated => Outcome::Update,
        sending::Outcome::Existing => Outcome::Unchanged,
        sending::Outcome::Refused(_) | sending::Outcome::Failed(_) | sending::Outcome::Unsent(_) => {
            Outcome::Refused
        }
    };
    let value = row.thing.to_string();
    let (kind, label, indicator) = match &row.related {
        None => (RowKind::Indicator, value, row.thing.indicator().cloned()),
        Some(other) => (RowKind::Relationship, [&value, " – ", &other.to_string()].concat(), None),
    };
    let reason = row.outcome.reason().map(str::to_owned);
    Row { key: key(row), kind, label, indicator, outcome, reason }
}

/// What became of a row; `None` if it still has to be sent.
fn noted(row: &sending::Row) -> Option<(String, Outcome, Option<String>)> {
    let outcome = match &row.outcome {
        sending::Outcome::Created => Outcome::Created,
        sending::Outcome::Updated => Outcome::Updated,
        sending::Outcome::Existing => Outcome::Unchanged,
        sending::Outcome::Refused(_) | sending::Outcome::Failed(_) => Outcome::Refused,
        sending::Outcome::Unsent(_) => return None,
    };
    Some((key(row), outcome, row.outcome.reason().map(str::to_owned)))
}

/// Values have no spaces.
fn key(row: &sending::Row) -> String {
    let value = row.thing.to_string();
    row.related.as_ref().map_or_else(|| value.clone(), |other| [&value, " ", &other.to_string()].concat())
}
