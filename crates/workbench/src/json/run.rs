//! Runs: lists, added and undone findings. A single run with its records is an [`answer`](super::answer).

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{LibraryTally, tally};
use super::{at, named};
use crate::library::{Tally, Undone};
use crate::run::{Page, Run};

/// A page of runs.
#[derive(Serialize, ToSchema)]
pub struct RunPage {
    /// The value of `before` for the next page; null at the end.
    #[schema(required)]
    next: Option<i64>,
    /// The runs, newest first.
    runs: Vec<RunSummary>,
}

/// A run, without its records.
#[derive(Serialize, ToSchema)]
pub struct RunSummary {
    /// The action of the operation.
    action: String,
    /// Who started it.
    actor: String,
    /// When its findings were added to the library; null if they were not.
    #[schema(required, format = DateTime)]
    added_at: Option<String>,
    /// `owner`, or `data` for a query of records with the name in their data.
    asked: &'static str,
    /// The first run of the same command; with a single indicator this is the run itself.
    batch: i64,
    /// The size of the answer.
    bytes: u64,
    /// Whether a stored answer was used.
    cached: bool,
    /// When it ended; null if it is running or was interrupted.
    #[schema(required, format = DateTime)]
    ended_at: Option<String>,
    /// The number of parts of the answer that could not be read.
    errors: u64,
    /// When the provider was queried.
    #[schema(format = DateTime)]
    fetched_at: String,
    /// The run that queried the provider.
    fetched_by: i64,
    /// What to do about the reason.
    #[schema(required)]
    hint: Option<String>,
    /// The name of the operation.
    operation: String,
    /// The provider.
    provider: String,
    /// Why the answer is not complete.
    #[schema(required)]
    reason: Option<String>,
    /// The number of records.
    records: u64,
    /// Its number.
    run: i64,
    /// When it was started.
    #[schema(format = DateTime)]
    started_at: String,
    /// `complete`, `truncated`, `partial`, `failed`, `interrupted` or `running`.
    state: &'static str,
    /// The type of the indicator.
    r#type: &'static str,
    /// When its findings were removed from the library again; null if they were not.
    #[schema(required, format = DateTime)]
    undone_at: Option<String>,
    /// The indicator.
    value: String,
}

/// What adding the findings of a run changed, or would change.
#[derive(Serialize, ToSchema)]
pub struct RunAdded {
    /// What became of the findings.
    added: LibraryTally,
    /// Whether nothing was changed.
    dry_run: bool,
    /// The run.
    run: i64,
    /// The type of the indicator.
    r#type: &'static str,
    /// The indicator.
    value: String,
}

/// What undoing a run removed from the library.
#[derive(Serialize, ToSchema)]
pub struct RunUndone {
    /// The number of removed attributes.
    attributes: u64,
    /// The number of removed claims.
    claims: u64,
    /// The number of removed indicators.
    indicators: u64,
    /// The number of the run's rows that stay.
    kept: u64,
    /// The number of removed relationships.
    relationships: u64,
    /// The run.
    run: i64,
    /// The type of the indicator.
    r#type: &'static str,
    /// The indicator.
    value: String,
}

/// A page of runs.
pub fn page(page: &Page) -> RunPage {
    RunPage { next: page.next, runs: page.runs.iter().map(run).collect() }
}

/// The result of adding a run's findings, or the preview of it.
pub fn added(run: &Run, added: &Tally, dry_run: bool) -> RunAdded {
    let (value, kind) = named(&run.indicator);
    RunAdded { added: tally(added), dry_run, run: run.id, r#type: kind, value }
}

/// What undoing a run removed.
pub fn undone(run: &Run, undone: &Undone) -> RunUndone {
    let (value, kind) = named(&run.indicator);
    RunUndone {
        attributes: undone.attributes,
        claims: undone.claims,
        indicators: undone.indicators,
        kept: undone.kept,
        relationships: undone.relationships,
        run: run.id,
        r#type: kind,
        value,
    }
}

/// One run, without its records.
pub fn run(run: &Run) -> RunSummary {
    let (value, kind) = named(&run.indicator);
    let reason = run.ending.reason.as_ref();
    RunSummary {
        action: run.action.clone(),
        actor: run.actor.clone(),
        added_at: run.added_at.map(at),
        asked: run.filter().side.word(),
        batch: run.batch,
        bytes: run.bytes,
        cached: run.is_cached(),
        ended_at: run.ended_at.map(at),
        errors: run.damages,
        fetched_at: at(run.fetched.at),
        fetched_by: run.fetched.by,
        hint: reason.map(|reason| reason.hint.to_string()),
        operation: run.package.clone(),
        provider: run.provider.clone(),
        reason: reason.map(|reason| reason.text.clone()),
        records: run.records,
        run: run.id,
        started_at: at(run.started_at),
        state: run.ending.state.word(),
        r#type: kind,
        undone_at: run.undone_at.map(at),
        value,
    }
}
