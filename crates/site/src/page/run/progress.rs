//! A run in progress: records received, elapsed time, and cancelling.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use edge::problem::Problem;
use workbench::run::State as Standing;

use super::Looked;
use super::head::{Head, size};
use crate::page::{FormToken, Frame, show};
use crate::site::{Shared, Site};
use picture::timeline::words::{counted, thousands};

/// Tells our script to load the page again after the job has ended; otherwise it would ask again every second while the page is
/// being loaded.
pub(in crate::page) const ENDED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("hx-trigger-after-swap"), HeaderValue::from_static("run-ended"));

#[derive(Template)]
#[template(path = "run-progress.html")]
struct Page {
    frame: Frame,
    head: Head,
    job: Job,
}

/// The job alone, which the page loads every second.
#[derive(Template)]
#[template(path = "run-job.html")]
struct Job {
    id: i64,
    arrived: String,
    seconds: String,
    may_run: bool,
    frame: FormToken,
}

/// Replaces the job when it has ended, while the page is loaded again.
#[derive(Template)]
#[template(path = "run-ended.html")]
struct Ended {
    id: i64,
}

pub(super) fn page(looked: Looked, head: Head) -> Result<Response, Problem> {
    let job = Job::of(&looked.site, looked.id(), looked.answer.kept.run.started_at, &looked.frame);
    show(&Page { job, head, frame: looked.frame })
}

pub(super) async fn look(
    State(site): State<Shared>,
    frame: Frame,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // The job alone is not a page, so a visitor is redirected to the run.
    if !headers.contains_key("hx-request") {
        return Ok(Redirect::to(&format!("/runs/{id}")).into_response());
    }
    let run = site.desk.read(move |workbench| workbench.run(id)).await?;
    if run.ending.state == Standing::Running {
        return show(&Job::of(&site, id, run.started_at, &frame));
    }
    let mut response = show(&Ended { id })?;
    let (name, value) = ENDED;
    response.headers_mut().insert(name, value);
    Ok(response)
}

impl Job {
    fn of(site: &Site, id: i64, started_at: i64, frame: &Frame) -> Self {
        let progress = site.jobs.progress(id);
        let (records, bytes) = progress.map_or((0, 0), |progress| (progress.records(), progress.bytes()));
        let now = i64::try_from(site.desk.clock().seconds()).unwrap_or(i64::MAX);
        let records = counted(usize::try_from(records).unwrap_or(usize::MAX), "record");
        Self {
            id,
            arrived: format!("{records}, {}", size(bytes)),
            seconds: thousands(u64::try_from(now.saturating_sub(started_at)).unwrap_or_default()),
            may_run: frame.may_run(),
            frame: frame.token(),
        }
    }
}
