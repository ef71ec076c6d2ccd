//! The list of runs, newest first, with filters; and undoing everything that a batch added.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use cof::time::Clock;
use edge::problem::Problem;
use workbench::run::State as Standing;

use super::operate::Line;
use super::{Frame, go, show};
use crate::access::{May, Posted, needs::EditLibrary};
use crate::narrowed::Narrowed;
use crate::site::Shared;

/// Runs per page.
const PAGE: usize = 100;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/runs", get(list)).route("/runs/batch/{batch}/undo", post(undo))
}

#[derive(Template)]
#[template(path = "runs.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    form: Narrowed,
    states: [Standing; 6],
    /// What is invalid in the form.
    refused: Option<String>,
    /// The shown batch, and the number of its runs with findings in the library.
    batch: Option<(i64, usize)>,
    next: Option<String>,
    later: bool,
}

async fn list(
    State(site): State<Shared>,
    frame: Frame,
    Query(form): Query<Narrowed>,
) -> Result<Response, Problem> {
    let (wanted, refused) = match form.wanted(&Clock::system(), PAGE) {
        Ok(wanted) => (Some(wanted), None),
        Err(error) => (None, Some(error)),
    };
    let (page, batch) = match wanted {
        None => (workbench::run::Page::default(), None),
        Some(wanted) => {
            let read = move |workbench: &workbench::Workbench| {
                let page = workbench.runs(&wanted)?;
                let batch = wanted.batch.filter(|_| !page.runs.is_empty());
                let added = |batch| Ok((batch, workbench.added_in_batch(batch)?.len()));
                Ok((page, batch.map(added).transpose()?))
            };
            site.desk.read(read).await?
        }
    };
    let query = form.query();
    show(&Page {
        frame,
        lines: page.runs.iter().map(Line::of).collect(),
        states: Standing::ALL,
        refused,
        batch,
        next: page.next.map(|next| format!("/runs?{query}&before={next}").replace("?&", "?")),
        later: form.before.is_some(),
        form,
    })
}

async fn undo(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Path(batch): Path<i64>,
    Posted(_): Posted,
) -> Result<Response, Problem> {
    let undone = site.desk.change(may.name(), move |workbench| workbench.undo_batch(batch)).await?;
    Ok(go(&format!("/runs?batch={batch}"), if undone.is_empty() { "nothing" } else { "undone" }))
}
