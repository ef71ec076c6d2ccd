//! Brings indicators and their relationships to a ThreatQ: [`push`].
//!
//! What is there already is read first, so that a second push changes nothing and an interrupted one continues. Whitelisted indicators
//! are never touched, and no status is ever changed: new indicators are Indirect, others are sent with the status that they have.
//! Everything has one source, and the level that it is marked with here. `wanted` says what is to be there, `plan` compares it with
//! what is there (both pure), `sending` sends a batch and finds out what became of it, and `relating` does the same for relationships.
//!
//! A request that fails may have been carried out. Then the indicators are read again before anything is sent once more. All rows are
//! planned before anything is sent, and every row that is sent has a result in the end, also if the push stops early.

mod plan;
mod relating;
mod sending;
mod thing;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use super::connection::Connection;
use super::error::ThreatqError;
use super::names::INDIRECT;
use plan::{Decision, State};
use sending::Job;
pub use thing::Thing;
pub use wanted::{Item, Wanted};

/// The most relationships that a ThreatQ takes for an object from one source; it silently takes no more.
pub const MOST_RELATIONSHIPS: u64 = 10_000;

/// How things are pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The name of the source of everything.
    pub source: String,
    /// How many relationships an indicator may have there, below [`MOST_RELATIONSHIPS`].
    pub most_relationships: u64,
    /// The wait between two batches.
    pub pause: Duration,
    /// Whether nothing is sent.
    pub dry_run: bool,
}

/// A row with its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub thing: Thing,
    /// The other one, if the row is a relationship.
    pub related: Option<Thing>,
    /// What became of it.
    pub outcome: Outcome,
    /// Its number there, or that of the first indicator of a relationship.
    pub id: Option<u64>,
}

/// What became of a row. In a dry run: what would become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is new there.
    Created,
    /// It was there, just so.
    Existing,
    /// It was there, and has another source, level or attribute now.
    Updated,
    /// The instance does not take it, or it is left out, for this reason.
    Refused(String),
    /// It was sent, and is not there afterwards, for this reason.
    Failed(String),
    /// It was not sent, or its result is not known, because the push ended early for this reason. Another push continues it.
    Unsent(String),
}

/// How many rows had each result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// New rows.
    pub created: u64,
    /// Rows that were there.
    pub existing: u64,
    /// Rows that were there, and were changed.
    pub updated: u64,
    /// Rows that are refused or left out.
    pub refused: u64,
    /// Rows that failed.
    pub failed: u64,
    /// Rows that were not reached.
    pub unsent: u64,
}

/// Whether the push should go on, as soon as that is known.
pub type GoOn<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// Receives what is to be done, and the results.
pub trait Watch: Send + Sync {
    /// Receives all rows with what is to become of them, once, before anything is sent.
    fn planned<'a>(&'a mut self, rows: &'a [Row]) -> GoOn<'a>;

    /// Receives rows that were to be created or updated, with their results, after each request.
    fn told<'a>(&'a mut self, rows: &'a [Row]) -> GoOn<'a>;

    /// Whether the push should end before the next request.
    fn wants_stop(&self) -> bool {
        false
    }
}

/// Why a push ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The ThreatQ, or the way to it.
    #[error(transparent)]
    Threatq(#[from] ThreatqError),
    /// [`Watch::wants_stop`].
    #[error("the push was stopped; another one continues it")]
    Stopped,
}

impl Outcome {
    /// Its word in outputs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Existing => "existing",
            Self::Updated => "updated",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Unsent(_) => "unsent",
        }
    }

    /// Why it is not there.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused(reason) | Self::Failed(reason) | Self::Unsent(reason) => Some(reason),
            _ => None,
        }
    }

    /// Whether the row is there now.
    pub const fn is_there(&self) -> bool {
        matches!(self, Self::Created | Self::Existing | Self::Updated)
    }
}

impl Tally {
    /// Counts a row.
    pub fn add(&mut self, outcome: &Outcome) {
        let count = match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Existing => &mut self.existing,
            Outcome::Updated => &mut self.updated,
            Outcome::Refused(_) => &mut self.refused,
            Outcome::Failed(_) => &mut self.failed,
            Outcome::Unsent(_) => &mut self.unsent,
        };
        *count += 1;
    }

    /// All rows.
    pub const fn all(&self) -> u64 {
        self.created + self.existing + self.updated + self.refused + self.failed + self.unsent
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { created, existing, updated, refused, failed, unsent } = self;
        write!(f, "{created} new, {updated} changed, {existing} already there, ")?;
        write!(f, "{refused} refused, {failed} failed, {unsent} not sent")
    }
}

/// Pushes what is wanted; in a dry run, only plans it. Each row that was planned to be created or updated gets its result exactly once.
///
/// # Errors
/// [`PushError`] if it ended early; the rows that were not reached are unsent for that reason, if there was a plan already.
pub async fn push(
    connection: &Connection,
    wanted: &Wanted,
    terms: &Terms,
    watch: &mut dyn Watch,
) -> Result<(), PushError> {
    let open = (BTreeSet::new(), BTreeSet::new());
    let mut push = Push { connection, terms, watch, states: BTreeMap::new(), open, told: Vec::new() };
    let result = push.all(wanted).await;
    if let Err(error) = &result {
        push.leave_rest(&error.to_string());
    }
    let told = push.hand_on().await;
    result.and(told)
}

/// Two things.
type Pair = (Thing, Thing);

/// A push at work.
struct Push<'a> {
    connection: &'a Connection,
    terms: &'a Terms,
    watch: &'a mut dyn Watch,
    /// What is known of each indicator.
    states: BTreeMap<Thing, State>,
    /// What has no result yet.
    open: (BTreeSet<Thing>, BTreeSet<Pair>),
    /// Results that were not handed on yet.
    told: Vec<Row>,
}

impl Push<'_> {
    async fn all(&mut self, wanted: &Wanted) -> Result<(), PushError> {
        let names = self.connection.names().await?;
        let indirect = names.status_named(INDIRECT)?.to_owned();
        self.read_states(wanted).await?;
        let mut rows = Vec::new();
        let mut jobs = Vec::new();
        for item in wanted.items() {
            let decision = plan::decide(item, self.states.get(&item.thing));
            let state = self.states.entry(item.thing.clone()).or_default();
            state.is_new = decision == Decision::Create;
            if matches!(decision, Decision::Create | Decision::Update) {
                jobs.push(Job { item, is_new: state.is_new });
            }
            let outcome = decision.outcome();
            state.is_usable = outcome.is_there();
            rows.push(Row { thing: item.thing.clone(), related: None, outcome, id: state.id });
        }
        let pairs = self.missing_pairs(wanted, &mut rows).await?;
        if !self.watch.planned(&rows).await {
            return Err(PushError::Stopped);
        }
        if self.terms.dry_run {
            return Ok(());
        }
        self.open.0 = jobs.iter().map(|job| job.item.thing.clone()).collect();
        self.open.1 = pairs.iter().cloned().collect();
        self.send_all(&jobs, &indirect).await?;
        self.relate_all(wanted, pairs, &indirect).await
    }

    /// Reads what is there, and says for each type that is missing that its indicators are refused.
    async fn read_states(&mut self, wanted: &Wanted) -> Result<(), PushError> {
        let names = self.connection.names().await?;
        let mut asked = Vec::new();
        for item in wanted.items() {
            match names.type_id(item.thing.kind()) {
                Ok(_) => asked.push(item),
                Err(error) => drop(self.states.insert(item.thing.clone(), State::refused(&error))),
            }
        }
        let read = self.read(&asked).await?;
        self.states.extend(read);
        Ok(())
    }

    /// The state of these indicators as far as they are there.
    async fn read(&self, items: &[&Item]) -> Result<BTreeMap<Thing, State>, PushError> {
        let names = self.connection.names().await?;
        let keys: Vec<_> = items.iter().map(|item| item.key()).collect();
        let found = self.connection.find(&keys).await?;
        let mut states = BTreeMap::new();
        for (item, key) in items.iter().zip(&keys) {
            let Some(found) = found.get(key) else { continue };
            self.check_stop()?;
            let is_enough = item.attributes.is_empty()
                && found.tlp().is_some()
                && names.status_of(&found.status).is_some();
            let state = if is_enough {
                State::there(found, names, &self.terms.source)
            } else {
                State::there(&self.connection.details(found.id).await?, names, &self.terms.source)
            };
            states.insert(item.thing.clone(), state);
        }
        Ok(states)
    }

    /// Tells the result of an indicator.
    fn tell(&mut self, thing: &Thing, outcome: Outcome) {
        self.open.0.remove(thing);
        let state = self.states.entry(thing.clone()).or_default();
        state.is_usable = outcome.is_there();
        let row = Row { thing: thing.clone(), related: None, outcome, id: state.id };
        self.told.push(row);
    }

    /// Tells the result of a relationship.
    fn tell_pair(&mut self, pair: &Pair, outcome: Outcome) {
        self.open.1.remove(pair);
        let id = self.states.get(&pair.0).and_then(|state| state.id);
        let row = Row { thing: pair.0.clone(), related: Some(pair.1.clone()), outcome, id };
        self.told.push(row);
    }

    /// Hands results on.
    async fn hand_on(&mut self) -> Result<(), PushError> {
        let told = std::mem::take(&mut self.told);
        if told.is_empty() || self.watch.told(&told).await { Ok(()) } else { Err(PushError::Stopped) }
    }

    /// Tells all rows that were not reached.
    fn leave_rest(&mut self, reason: &str) {
        let (things, pairs) = std::mem::take(&mut self.open);
        for thing in &things {
            self.tell(thing, Outcome::Unsent(reason.to_owned()));
        }
        for pair in &pairs {
            self.tell_pair(pair, Outcome::Unsent(reason.to_owned()));
        }
    }

    fn check_stop(&self) -> Result<(), PushError> {
        if self.watch.wants_stop() { Err(PushError::Stopped) } else { Ok(()) }
    }
}
