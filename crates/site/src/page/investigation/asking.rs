//! Asking operations about members: what it would cost, starting the job, and pausing, resuming and cancelling it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use edge::problem::Problem;
use operation::{Indicator, Package};
use workbench::Workbench;
use workbench::job::{Job, Request, Subjects};
use workbench::run::Cost;

use super::head::{Head, Tab};
use super::{address, ticked};
use crate::access::{Fields, May, Posted, needs::RunOperations};
use crate::enrichment::{costs, operations, start};
use crate::page::{Frame, go, show};
use crate::run_request::RunRequest;
use crate::site::{Shared, Site};
use picture::timeline::words::counted;

/// The most held-back values of an operation that are named.
const NAMED: usize = 20;

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
    offers: Vec<Offer>,
    form: Form,
}

/// An operation that can be asked, with what it would cost.
struct Offer {
    package: Arc<Package>,
    cost: Cost,
    is_chosen: bool,
}

/// What is asked, as it was entered.
#[derive(Default)]
struct Form {
    rrtype: String,
    seen_after: String,
    seen_before: String,
    fresh: bool,
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
    let form = Form::of(sent);
    let costs = costs(site, &form.request(site)?, &subjects).await?;
    let is_first = !sent.has("choice");
    let offers = costs.into_iter().map(|(package, cost)| {
        let is_ticked = sent.all("operation").any(|name| name == package.name);
        let is_useful = cost.values > cost.held.len() as u64;
        Offer { is_chosen: is_useful && (is_first || is_ticked), package, cost }
    });
    let (count, offers) = (subjects.len(), offers.collect());
    show(&Page { frame, head, chosen, count, gone, offers, form })
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
    let form = Form::of(&sent);
    let request = form.request(&site)?;
    let costs = costs(&site, &request, &subjects).await?;
    let names: Vec<String> = sent.all("operation").map(str::to_owned).collect();
    let request = Request { operations: operations(&costs, &names), ..request };
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

impl Form {
    fn of(sent: &Fields) -> Self {
        let text = |name: &str| sent.text(name).trim().to_owned();
        Self {
            rrtype: text("rrtype"),
            seen_after: text("seen_after"),
            seen_before: text("seen_before"),
            fresh: sent.has("fresh"),
        }
    }

    fn request(&self, site: &Site) -> Result<Request, Problem> {
        let wish = RunRequest {
            rrtype: self.rrtype.clone(),
            seen_after: self.seen_after.clone(),
            seen_before: self.seen_before.clone(),
            ..RunRequest::default()
        };
        let (rrtypes, window) = (wish.rrtypes()?, wish.window(site)?);
        Ok(Request { operations: Vec::new(), rrtypes, window, fresh: self.fresh })
    }
}

impl Page {
    /// The requests of the chosen operations.
    fn requests(&self) -> u64 {
        self.chosen_offers().map(|offer| offer.cost.requests).sum()
    }

    /// The stored answers of the chosen operations.
    fn stored(&self) -> u64 {
        self.chosen_offers().map(|offer| offer.cost.stored).sum()
    }

    fn held(&self) -> usize {
        self.chosen_offers().map(|offer| offer.cost.held.len()).sum()
    }

    fn minutes(&self) -> u64 {
        self.chosen_offers().map(|offer| offer.cost.seconds()).max().unwrap_or_default().div_ceil(60)
    }

    fn chosen_offers(&self) -> impl Iterator<Item = &Offer> {
        self.offers.iter().filter(|offer| offer.is_chosen)
    }

    fn members(&self) -> String {
        counted(self.count, "member")
    }
}

impl Offer {
    /// What the provider said about its quota.
    fn quota(&self) -> String {
        self.cost.quota.as_ref().map(|said| said.quota.to_string()).unwrap_or_default()
    }

    /// The first values that are held back.
    fn held(&self) -> String {
        let named = self.cost.held.iter().take(NAMED).map(|held| held.indicator.to_string());
        let mut named = named.collect::<Vec<_>>().join(", ");
        if self.cost.held.len() > NAMED {
            named.push_str(" and more");
        }
        named
    }
}
