//! Pushes to platforms, and their rows.

use serde::Serialize;
use utoipa::ToSchema;

use super::at;
use crate::push::{Counts, Push, Row, Shown};

/// Pushes, newest first.
#[derive(Serialize, ToSchema)]
pub struct PushList {
    /// The value of `before` for older ones; null if there are none.
    #[schema(required)]
    next: Option<i64>,
    /// The pushes.
    pushes: Vec<PushShown>,
}

/// Something that is sent to a platform.
#[derive(Serialize, ToSchema)]
pub struct PushShown {
    /// Who started it.
    actor: String,
    /// How many rows have each outcome.
    counts: PushCounts,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ended or was cancelled; null if it did not.
    #[schema(required, format = DateTime)]
    ended_at: Option<String>,
    /// Its number.
    id: i64,
    /// The platform's package, as NAME@VERSION when it was created.
    package: String,
    /// The host and port of the platform at that time.
    place: String,
    /// The name of the platform's integration.
    platform: String,
    /// Why it is paused or failed; null if somebody asked for that, or it is neither.
    #[schema(required)]
    reason: Option<String>,
    /// `waiting`, `running`, `paused`, `cancelled`, `done` or `failed`.
    state: &'static str,
    /// What it is on the platform, such as the UUID of an event; null until that is known.
    #[schema(required)]
    target: Option<String>,
    /// What is handed over.
    title: String,
    /// Whether a living process works on it.
    worked_on: bool,
}

/// How many rows of a push have each outcome.
#[derive(Serialize, ToSchema)]
pub struct PushCounts {
    /// To be created.
    create: u64,
    /// Created.
    created: u64,
    /// Held back because of a marking.
    held: u64,
    /// Refused by the platform.
    refused: u64,
    /// The platform has it as it is.
    unchanged: u64,
    /// To be updated.
    update: u64,
    /// Updated.
    updated: u64,
}

/// What a push would do.
#[derive(Serialize, ToSchema)]
pub struct PushPreview {
    /// How many rows have each outcome.
    counts: PushCounts,
    /// The name of the platform's integration.
    platform: String,
    /// Every row with what would be done; the API sends the first 1000.
    rows: Vec<PushRow>,
    /// What it is on the platform, such as the UUID of an event.
    target: String,
    /// What is handed over.
    title: String,
}

/// Rows of a push, in their order.
#[derive(Serialize, ToSchema)]
pub struct PushRows {
    /// The value of `after` for the following rows; null if there are none.
    #[schema(required)]
    next: Option<i64>,
    /// The rows.
    rows: Vec<PushRow>,
}

/// A row of a push.
#[derive(Serialize, ToSchema)]
pub struct PushRow {
    /// When its outcome was determined; null in a preview.
    #[schema(required, format = DateTime)]
    at: Option<String>,
    /// Identifies it on the platform.
    key: String,
    /// `event`, `indicator`, `record`, `relationship` or `text`.
    kind: &'static str,
    /// What it is.
    label: String,
    /// `create`, `update`, `created`, `updated`, `unchanged`, `held` or `refused`.
    outcome: &'static str,
    /// Why it is held back or refused; null otherwise.
    #[schema(required)]
    reason: Option<String>,
}

/// A push with how far it is.
pub fn shown(push: &Push, counts: &Counts, worked_on: bool) -> PushShown {
    PushShown {
        actor: push.actor.clone(),
        counts: counted(counts),
        created_at: at(push.created_at),
        ended_at: push.ended_at.map(at),
        id: push.id,
        package: push.package.clone(),
        place: push.place.clone(),
        platform: push.platform.clone(),
        reason: push.reason.clone(),
        state: push.state.word(),
        target: push.target.clone(),
        title: push.title.clone(),
        worked_on,
    }
}

/// Pushes, with the number to go on below.
pub fn list(pushes: Vec<PushShown>, next: Option<i64>) -> PushList {
    PushList { next, pushes }
}

/// The rows of a preview.
pub fn preview(platform: &str, title: &str, target: &str, counts: &Counts, rows: &[Row]) -> PushPreview {
    PushPreview {
        counts: counted(counts),
        platform: platform.to_owned(),
        rows: rows.iter().map(|one| row(one, None)).collect(),
        target: target.to_owned(),
        title: title.to_owned(),
    }
}

/// Stored rows, with the place to go on after.
pub fn rows(rows: &[Shown], next: Option<i64>) -> PushRows {
    PushRows { next, rows: rows.iter().map(|shown| row(&shown.row, Some(shown.at))).collect() }
}

fn row(row: &Row, seconds: Option<i64>) -> PushRow {
    PushRow {
        at: seconds.map(at),
        key: row.key.clone(),
        kind: row.kind.word(),
        label: row.label.clone(),
        outcome: row.outcome.word(),
        reason: row.reason.clone(),
    }
}

fn counted(counts: &Counts) -> PushCounts {
    let Counts { create, update, created, updated, unchanged, held, refused } = *counts;
    PushCounts { create, created, held, refused, unchanged, update, updated }
}
