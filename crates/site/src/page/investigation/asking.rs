//! Asking operations about members: what it would cost, starting the job, and pausing, resuming and cancelling it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use edge::problem::Problem;
use operation::Indicator;
use workbench::Workbench;
use workbench::job::{Job, Subjects};

use super::head::{Head, Tab};
use super::{address, ticked};
use crate::access::{Fields, May, Posted, needs::RunOperations};
use crate::enrichment::start;
use crate::page::offers::Offers;
use crate::page::{Frame, go, show};
use crate::site::{Shared, Site};
use picture::timeline::words::{counted, thousands};

#[derive(Template)]
#[template(path = "investigation-ask.html")]
struct Page {
    frame: Frame,
    head: Head,
    /// The chosen members; all if `None`.
    chosen: Option<Vec<Indicator>>,
    /// How many members are asked about.
    count: usize,
    /// How many are left out, because they were removed from the library.
    gone: usize,
    offers: Offers,
}

pub(super) async fn look(
    State(site): State<Shared>,
    frame: Frame,
    _: May<RunOperations>,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    show_for(&site, frame, id, None, &Fields::default()).await
}

/// Shows what asking would cost, with the choice in a form.
pub(super) async fn show_for(
    site: &Shared,
    frame: Frame,
    id: i64,
    chosen: Option<Vec<Indicator>>,
    sent: &Fields,
) -> Result<Response, Problem> {
    let head = Head::of(site, id, Tab::Other, &frame).await?;
    let Subjects { indicators, gone } = subjects(site, id, chosen.clone()).await?;
    let subjects = Arc::new(indicators);
    let offers = Offers::of(site, sent, &subjects).await?;
    show(&Page { frame, head, chosen, count: subjects.len(), gone, offers })
}

/// Starts a job, or shows the costs of another choice.
pub(super) async fn begin(
    State(site): State<Shared>,
    frame: Frame,
    may: May<RunOperations>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let chosen = Some(ticked(&sent)?).filter(|chosen| !chosen.is_empty());
    if sent.text("do") != "ask" {
        return show_for(&site, frame, id, chosen, &sent).await;
    }
    let subjects = Arc::new(subjects(&site, id, chosen).await?.indicators);
    let request = Offers::request(&site, &sent, &subjects).await?;
    let create = move |workbench: &mut Workbench| workbench.create_job(id, &request, &subjects);
    let job = site.desk.change(may.name(), create).await?;
    start(&site, job);
    Ok(go(&address(id), "asking"))
}

pub(super) async fn pause(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let job = turn(&site, &may, id, &sent, Workbench::pause_job).await?;
    site.live_jobs.notice(&job);
    Ok(go(&address(id), "paused"))
}

pub(super) async fn resume(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let job = turn(&site, &may, id, &sent, Workbench::resume_job).await?;
    start(&site, job);
    Ok(go(&address(id), "resumed"))
}

pub(super) async fn cancel(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let job = turn(&site, &may, id, &sent, Workbench::cancel_job).await?;
    site.live_jobs.notice(&job);
    Ok(go(&address(id), "cancelled"))
}

/// Changes the state of the job that a form names, which must belong to the investigation.
async fn turn(
    site: &Site,
    may: &May<RunOperations>,
    id: i64,
    sent: &Fields,
    change: fn(&mut Workbench, i64) -> Result<Job, workbench::Error>,
) -> Result<Job, Problem> {
    let number =
        sent.text("job").parse::<i64>().map_err(|_| Problem::bad_request("the job has no number"))?;
    let turn = move |workbench: &mut Workbench| {
        if workbench.job(number)?.investigation != id {
            return Err(workbench::Error::missing(format!("investigation {id} has no job {number}")));
        }
        change(workbench, number)
    };
    Ok(site.desk.change(may.name(), turn).await?)
}

/// The chosen members, or all of them that are in the library.
async fn subjects(site: &Site, id: i64, chosen: Option<Vec<Indicator>>) -> Result<Subjects, Problem> {
    let chosen = chosen.unwrap_or_default();
    Ok(site.desk.read(move |workbench| workbench.job_subjects(id, &chosen)).await?)
}

impl Page {
    fn members(&self) -> String {
        counted(self.count, "member")
    }

    /// `3 members of 24`.
    fn asked(&self) -> String {
        match self.chosen {
            Some(_) => format!("{} of {}", self.members(), thousands(self.head.investigation.members)),
            None => self.members(),
        }
    }
}
