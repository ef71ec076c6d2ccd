//! How far the job of an investigation is: the line in its head, which loads itself every second while the job goes on.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use edge::problem::Problem;
use workbench::job::{Job, Progress, State as JobState};

use crate::access::Visitor;
use crate::page::run::ENDED;
use crate::page::show;
use crate::site::{Shared, Site};

/// The progress of a job.
#[derive(Template)]
#[template(path = "investigation-job.html")]
pub(super) struct JobLine {
    investigation: i64,
    pub(super) job: Job,
    pub(super) progress: Progress,
    /// Whether a process works on it.
    is_worked_on: bool,
    /// Queries per minute since this server began, if it works on it.
    per_minute: Option<f64>,
}

impl JobLine {
    /// The job that has not ended, if there is one.
    pub(super) async fn of(site: &Site, investigation: i64) -> Result<Option<Self>, Problem> {
        let read = move |workbench: &workbench::Workbench| {
            let Some(job) = workbench.jobs(investigation)?.into_iter().find(Job::is_open) else {
                return Ok(None);
            };
            let progress = workbench.progress(&job)?;
            let is_worked_on = workbench.is_worked_on(&job);
            Ok(Some((job, progress, is_worked_on)))
        };
        let Some((job, progress, is_worked_on)) = site.desk.read(read).await? else { return Ok(None) };
        let per_minute = site.live_jobs.begun(job.id).and_then(|begun| {
            let seconds = site.desk.clock().seconds().saturating_sub(begun.at);
            #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
            (seconds > 0 && begun.live.ended() > 0).then(|| begun.live.ended() as f64 * 60.0 / seconds as f64)
        });
        Ok(Some(Self { investigation, job, progress, is_worked_on, per_minute }))
    }

    pub(super) fn is_paused(&self) -> bool {
        self.job.state == JobState::Paused
    }

    /// The names of the operations.
    fn operations(&self) -> String {
        let names = self.job.request.operations.iter().map(|operation| operation.package.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    fn rate(&self) -> Option<String> {
        let per_minute = self.per_minute?;
        if per_minute >= 120.0 {
            return Some(format!("{:.0} a second", per_minute / 60.0));
        }
        Some(format!("{per_minute:.0} a minute"))
    }

    /// How long it takes at the present rate.
    fn time_left(&self) -> Option<String> {
        #[expect(clippy::cast_precision_loss, reason = "a time for people")]
        let minutes = self.progress.left as f64 / self.per_minute?;
        Some(match minutes {
            minutes if minutes < 1.0 => "less than a minute left".to_owned(),
            minutes if minutes < 90.0 => format!("about {minutes:.0} min left"),
            minutes => format!("about {:.0} h left", minutes / 60.0),
        })
    }
}

/// The line alone, which the page loads every second.
pub(super) async fn look(
    State(site): State<Shared>,
    _: Visitor,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // The line alone is not a page, so a visitor is redirected.
    if !headers.contains_key("hx-request") {
        return Ok(Redirect::to(&super::address(id)).into_response());
    }
    let line = JobLine::of(&site, id).await?;
    if let Some(line) = line.filter(|line| !line.is_paused()) {
        return show(&line);
    }
    // The page is loaded again, with everything that changed.
    let mut response = "".into_response();
    let (name, value) = ENDED;
    response.headers_mut().insert(name, value);
    Ok(response)
}
