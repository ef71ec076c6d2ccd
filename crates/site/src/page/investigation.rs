//! One investigation: what it is, its members, what was asked about them, and notes.
//!
//! Every page of it has the same [`Head`], with the progress of its job until that has ended. `overview` has what users write and how
//! operations are asked; `asking` starts and controls the job; `shared` compares the members, and `pictures` draws all of them at once.

mod asking;
mod findings;
mod head;
mod members;
mod notes;
mod overview;
mod paste;
mod pictures;
mod progress;
mod report;
mod shared;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use edge::problem::Problem;
use operation::Indicator;
use store::Store;
use workbench::investigation::{Investigation, MOST_MEMBERS};

use crate::access::{Fields, Most};
use crate::comparisons::Comparison;
use crate::shelf;
use crate::site::{Shared, Site};

/// The largest form, in bytes: the values of ten thousand members.
const FORM: usize = 3 << 20;
/// The largest form with a report, in bytes: its text, or a file, and the ticks of its preview.
const PASTE: usize = operation::report::MOST_BYTES + (1 << 20);

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/investigations/new", get(paste::look).post(paste::read).layer(Most::octets(PASTE)))
        .route("/investigations/create", post(overview::create).layer(Most::octets(FORM)))
        .route("/investigations/{id}", get(overview::look).post(overview::edit))
        .route("/investigations/{id}/remove", post(overview::remove))
        .route("/investigations/{id}/restore", post(overview::restore))
        .route("/investigations/{id}/source/{report}", get(overview::source))
        .route("/investigations/{id}/members", get(members::look))
        .route("/investigations/{id}/members/add", post(members::add).layer(Most::octets(FORM)))
        .route("/investigations/{id}/members/ticked", post(members::change))
        .route(
            "/investigations/{id}/findings",
            get(findings::look).post(findings::add).layer(Most::octets(FORM)),
        )
        .route("/investigations/{id}/shared", get(shared::look))
        .route("/investigations/{id}/timeline", get(pictures::timeline))
        .route("/investigations/{id}/graph", get(pictures::graph))
        .route("/investigations/{id}/report", get(report::look))
        .route("/investigations/{id}/report.html", get(report::file))
        .route("/investigations/{id}/notes", get(notes::look).post(notes::add))
        .route("/investigations/{id}/ask", get(asking::look).post(asking::begin).layer(Most::octets(FORM)))
        .route("/investigations/{id}/job", get(progress::look))
        .route("/investigations/{id}/job/pause", post(asking::pause))
        .route("/investigations/{id}/job/resume", post(asking::resume))
        .route("/investigations/{id}/job/cancel", post(asking::cancel))
}

/// The address of an investigation.
pub(super) fn address(id: i64) -> String {
    format!("/investigations/{id}")
}

/// The investigation, even if it is removed.
async fn found(site: &Site, id: i64) -> Result<Investigation, Problem> {
    Ok(site.desk.read(move |workbench| workbench.investigation(id)).await?)
}

/// What the members share, with the records that say so.
async fn compared(site: &Shared, id: i64) -> Result<Arc<Comparison>, Problem> {
    site.comparisons.of(store(site), shelf::rules(site).await?, id).await
}

/// The own database, if this server has one.
fn store(site: &Site) -> Option<Arc<dyn Store>> {
    site.rows.as_ref().map(|rows| Arc::clone(&rows.store))
}

/// The indicators of ticked boxes.
fn ticked(sent: &Fields) -> Result<Vec<Indicator>, Problem> {
    let read =
        |value: &str| Indicator::existing(value).map_err(|error| Problem::bad_request(error.to_string()));
    sent.all("pick").take(MOST_MEMBERS).map(read).collect()
}
