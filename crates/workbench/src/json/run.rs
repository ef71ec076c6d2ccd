//! Runs: listed, added, undone. One that is shown is an [`answer`](super::answer).

use serde_json::{Value, json};

use super::answer::tally;
use super::at;
use crate::library::{Tally, Undone};
use crate::run::{Page, Run};

/// A page of runs.
pub fn page(page: &Page) -> Value {
    json!({"runs": page.runs.iter().map(run).collect::<Vec<_>>(), "next": page.next})
}

/// The result of adding a run's findings, or the preview of it.
pub fn added(run: &Run, added: &Tally, dry_run: bool) -> Value {
    let (value, kind) = named(run);
    json!({"run": run.id, "value": value, "type": kind, "dry_run": dry_run, "added": tally(added)})
}

/// What undoing a run came to.
pub fn undone(run: &Run, undone: &Undone) -> Value {
    let (value, kind) = named(run);
    json!({
        "run": run.id,
        "value": value,
        "type": kind,
        "claims": undone.claims,
        "indicators": undone.indicators,
        "attributes": undone.attributes,
        "relationships": undone.relationships,
        "kept": undone.kept,
    })
}

/// One run, without its records.
pub fn run(run: &Run) -> Value {
    let (value, kind) = named(run);
    let reason = run.ending.reason.as_ref();
    json!({
        "run": run.id,
        "batch": run.batch,
        "value": value,
        "type": kind,
        "asked": run.filter().side.word(),
        "operation": run.package,
        "action": run.action,
        "provider": run.provider,
        "actor": run.actor,
        "state": run.ending.state.word(),
        "reason": reason.map(|reason| &reason.text),
        "hint": reason.map(|reason| reason.hint.to_string()),
        "started_at": at(run.started_at),
        "ended_at": run.ended_at.map(at),
        "records": run.records,
        "errors": run.damages,
        "bytes": run.bytes,
        "cached": run.is_cached(),
        "fetched_by": run.fetched.by,
        "fetched_at": at(run.fetched.at),
        "added_at": run.added_at.map(at),
        "undone_at": run.undone_at.map(at),
    })
}

fn named(run: &Run) -> (String, &'static str) {
    (run.indicator.to_string(), run.indicator.kind().name())
}
