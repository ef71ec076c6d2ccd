//! Pulls from a ThreatQ: what one would do, the pulls of this server, and how far one is.
//!
//! The form shows with its options in the address what a pull would do; the form below the preview sends the same options again, so the
//! server keeps nothing in between.

mod form;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use edge::problem::Problem;
use operation::shown::{counted, thousands};
use platform::threatq::taking::{self, Named, Report};
use workbench::Workbench;
use workbench::library::Taken;

use self::form::{Form, PREVIEW};
use super::sending::Choices;
use super::stamp::Stamp;
use super::{Frame, encoded, go, show};
use crate::access::{May, Posted, Visitor, needs};
use crate::instances::Instance;
use crate::pulling::{Pulling, State as Standing};
use crate::pulls::{self, PREVIEWED, USUAL};
use crate::site::Shared;

/// Tells `ended.js` to load the page again, which then has the indicators.
const ENDED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("hx-trigger-after-swap"), HeaderValue::from_static("run-ended"));

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/integrations/{name}/pull", get(look).post(begin))
        .route("/pulls", get(list))
        .route("/pulls/{id}", get(one))
        .route("/pulls/{id}/progress", get(progress))
        .route("/pulls/{id}/cancel", post(cancel))
}

/// The address of the page that pulls from an instance.
pub(super) fn address_of(platform: &str) -> String {
    format!("/integrations/{}/pull", encoded(platform))
}

fn address(id: i64) -> String {
    format!("/pulls/{id}")
}

#[derive(Template)]
#[template(path = "pull-new.html")]
struct NewPage {
    frame: Frame,
    platform: String,
    form: Form,
    /// What the instance has, or why it cannot be asked.
    offer: Result<Offer, String>,
    investigations: Choices,
    /// What a pull would do, or why it is refused, if that was asked.
    preview: Option<Result<Report, String>>,
    /// The last pulls from this instance.
    lines: Vec<Pulling>,
}

/// The names that can be chosen.
struct Offer {
    types: Vec<String>,
    statuses: Vec<String>,
}

#[derive(Template)]
#[template(path = "pull.html")]
struct Page {
    frame: Frame,
    part: Part,
    /// The number and name of the investigation, if there is one.
    into: Option<(i64, String)>,
}

/// How far a pull is; loaded again while it goes on.
#[derive(Template)]
#[template(path = "pull-progress.html")]
struct Progress {
    part: Part,
}

/// A pull, and how far it is.
struct Part {
    pull: Pulling,
}

#[derive(Template)]
#[template(path = "pulls.html")]
struct ListPage {
    frame: Frame,
    lines: Vec<Pulling>,
}

async fn look(
    State(site): State<Shared>,
    frame: Frame,
    may: May<needs::RunOperations>,
    Path(platform): Path<String>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let instance = Instance::of(&site, &platform).await?;
    let form = Form { fields };
    let user = may.name().to_owned();
    let investigations = site.desk.read(move |workbench| Choices::of(workbench, &user)).await?;
    let offer = match pulls::names(&instance).await {
        Ok(names) => {
            Ok(Offer { types: taking::types(names), statuses: names.statuses().map(str::to_owned).collect() })
        }
        Err(problem) => Err(problem.detail),
    };
    let preview = match form.wish() {
        _ if !form.is_asked() || offer.is_err() => None,
        Ok(wish) => Some(told(pulls::preview(&site, &instance, &wish).await)?),
        Err(problem) => Some(Err(problem.detail)),
    };
    let lines = site.pulls.newest().into_iter().filter(|pull| pull.order.platform == platform);
    let lines = lines.collect();
    show(&NewPage { frame, platform, form, offer, investigations, preview, lines })
}

/// What the form can change is said beside it; all other problems have a page of their own.
fn told<T>(result: Result<T, Problem>) -> Result<Result<T, String>, Problem> {
    match result {
        Ok(found) => Ok(Ok(found)),
        Err(problem) if problem.status.is_client_error() => Ok(Err(problem.detail)),
        Err(problem) => Err(problem),
    }
}

async fn begin(
    State(site): State<Shared>,
    may: May<needs::RunOperations>,
    _: May<needs::EditLibrary>,
    Path(platform): Path<String>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let wish = Form { fields: sent.without_token() }.wish()?;
    let instance = Instance::of(&site, &platform).await?;
    let id = pulls::begin(&site, may.name(), instance, &wish).await?;
    Ok(go(&address(id), "pulling"))
}

async fn list(State(site): State<Shared>, frame: Frame) -> Result<Response, Problem> {
    show(&ListPage { frame, lines: site.pulls.newest() })
}

async fn one(State(site): State<Shared>, frame: Frame, Path(id): Path<i64>) -> Result<Response, Problem> {
    let pull = site.pulls.find(id)?;
    let into = pull.order.into;
    let name = move |workbench: &Workbench| {
        into.map(|id| workbench.investigation(id).map(|found| (id, found.name))).transpose()
    };
    let into = site.desk.read(name).await?;
    show(&Page { frame, part: Part { pull }, into })
}

async fn progress(State(site): State<Shared>, _: Visitor, Path(id): Path<i64>) -> Result<Response, Problem> {
    let part = Part { pull: site.pulls.find(id)? };
    let has_ended = part.pull.state != Standing::Running;
    let progress = show(&Progress { part })?;
    Ok(if has_ended { ([ENDED], progress).into_response() } else { progress })
}

async fn cancel(
    State(site): State<Shared>,
    _: May<needs::RunOperations>,
    Path(id): Path<i64>,
    Posted(_): Posted,
) -> Result<Response, Problem> {
    pulls::cancel(&site, id)?;
    Ok(go(&address(id), "pull-cancelled"))
}

impl NewPage {
    /// What it would take, for the button.
    fn counted(&self, report: &Report) -> String {
        let limit = self.form.text("limit").parse().unwrap_or(USUAL);
        match report.total {
            Some(total) => {
                let offset = self.form.text("offset").parse().unwrap_or(0);
                counted(total.saturating_sub(offset).min(limit), "indicator")
            }
            None => format!("at most {}", counted(limit, "indicator")),
        }
    }

    /// What the counts of the preview are about.
    fn extent(report: &Report) -> String {
        let read = thousands(report.read + report.left_out);
        match report.total {
            Some(total) if report.is_complete => format!("All {} of them were read", thousands(total)),
            Some(total) => format!("The first {read} of {} were read", thousands(total)),
            None if report.is_complete => format!("All {read} of them were read"),
            None => format!("The first {read} were read, and there are more"),
        }
    }

    fn is_previewed(&self) -> bool {
        matches!(self.preview, Some(Ok(_)))
    }

    fn previewed() -> String {
        thousands(PREVIEWED)
    }

    fn usual() -> u64 {
        USUAL
    }
}

impl Part {
    /// Its state for people.
    fn state(&self) -> &'static str {
        match self.pull.state {
            Standing::Running if self.pull.stops() => "Stops after this page",
            Standing::Running => "Reading",
            Standing::Done => "Done",
            Standing::Cancelled => "Cancelled",
            Standing::Failed => "Failed",
        }
    }

    fn runs(&self) -> bool {
        self.pull.state == Standing::Running
    }

    fn figures(&self) -> Vec<(&'static str, String)> {
        figures(&self.pull.report, self.pull.order.into.is_some())
    }

    /// How many are to be read, and how many were.
    fn extent(&self) -> Option<(u64, u64)> {
        let (report, selection) = (&self.pull.report, &self.pull.order.selection);
        let all = report.total?.saturating_sub(selection.offset).min(selection.most);
        (all > 0).then(|| (all, report.next.saturating_sub(selection.offset).min(all)))
    }

    /// The address of the form that continues where it ended.
    fn rest(&self) -> Option<String> {
        let order = &self.pull.order;
        if self.runs() || self.pull.report.is_complete {
            return None;
        }
        let types = order.selection.types.iter().map(|kind| ("type", kind.clone()));
        let statuses = order.selection.statuses.iter().map(|status| ("status", status.clone()));
        let into = order.into.map(|id| ("into", id.to_string()));
        let offset = ("offset", self.pull.report.next.to_string());
        let all = types.chain(statuses).chain(into).chain([offset, (PREVIEW, "yes".to_owned())]);
        let pairs: Vec<String> = all.map(|(name, value)| [name, "=", &encoded(&value)].concat()).collect();
        Some([&address_of(&order.platform), "?", &pairs.join("&")].concat())
    }
}

/// The numbers of a report, without those that are zero.
fn figures(report: &Report, has_members: bool) -> Vec<(&'static str, String)> {
    let Report { read, new, known, removed, joined, left_out, .. } = *report;
    let all = [
        ("read", read, true),
        ("new", new, true),
        ("known", known, true),
        ("removed here before", removed, removed > 0),
        ("members", joined, has_members),
        ("not ours", left_out, left_out > 0),
    ];
    let some = all.into_iter().filter(|(_, _, is_shown)| *is_shown);
    some.map(|(name, count, _)| (name, thousands(count))).collect()
}

/// What became of an indicator, for people; in a preview: what would.
fn words(named: &Named) -> &'static str {
    match named.taken {
        Taken::New => "New",
        Taken::Known => "Known",
        Taken::Removed => "Removed here, stays so",
    }
}

/// What is read, for people.
fn chosen(pull: &Pulling) -> String {
    let selection = &pull.order.selection;
    let statuses = match selection.statuses.as_slice() {
        [] => "any status".to_owned(),
        some => some.join(", "),
    };
    format!("{}; {statuses}", selection.types.join(", "))
}

fn time(seconds: i64) -> Stamp {
    Stamp::of(seconds)
}
