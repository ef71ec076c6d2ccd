//! Pushes to platforms: what one would do, the list, and how far one is.
//!
//! The page "Hand over" leads to the preview with its options in the address; the preview's form sends the same options again, so the
//! server keeps nothing in between.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use edge::problem::Problem;
use platform::push::Preview;
use serde::Deserialize;
use workbench::Workbench;
use workbench::push::{Counts, Outcome, Push, Row, Shown, State as Standing};

use super::stamp::Stamp;
use super::{Frame, encoded, go, show};
use crate::access::{May, Posted, Visitor, needs::RunOperations};
use crate::handovers::HandoverWish;
use crate::pushes;
use crate::site::{Shared, Site};
use picture::timeline::words::thousands;

/// The fields that only a push has.
const PLATFORM: &str = "platform";
const EVENT: &str = "event";
/// Tells `ended.js` to load the page again, which then has the rows.
const ENDED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("hx-trigger-after-swap"), HeaderValue::from_static("run-ended"));
/// The most rows that are shown at once.
const ROWS: usize = 100;
/// Pushes per page.
const PUSHES: usize = 50;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/pushes", get(list).post(begin))
        .route("/pushes/new", get(look))
        .route("/pushes/{id}", get(one))
        .route("/pushes/{id}/progress", get(progress))
        .route("/pushes/{id}/pause", post(pause))
        .route("/pushes/{id}/resume", post(resume))
        .route("/pushes/{id}/cancel", post(cancel))
}

/// The address of a push.
pub(crate) fn address(id: i64) -> String {
    format!("/pushes/{id}")
}

#[derive(Template)]
#[template(path = "push-new.html")]
struct NewPage {
    frame: Frame,
    platform: String,
    /// Whether the platform has events, so that one can be named.
    has_events: bool,
    event: String,
    /// All fields of the handover, for the next forms.
    fields: Vec<(String, String)>,
    /// What would be done, or why nothing can be.
    preview: Result<Preview, String>,
}

#[derive(Template)]
#[template(path = "push.html")]
struct Page {
    frame: Frame,
    part: Part,
    rows: Vec<Shown>,
    outcome: Option<Outcome>,
    next: Option<i64>,
}

/// How far a push is; loaded again while it goes on.
#[derive(Template)]
#[template(path = "push-progress.html")]
struct Progress {
    part: Part,
}

/// A push, and how far it is.
struct Part {
    push: Push,
    counts: Counts,
    is_worked_on: bool,
}

#[derive(Template)]
#[template(path = "pushes.html")]
struct ListPage {
    frame: Frame,
    lines: Vec<(Push, Counts)>,
    next: Option<i64>,
    later: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    before: Option<i64>,
    after: Option<i64>,
    outcome: String,
}

/// What is to be pushed where, from the fields of a form or an address.
struct Asked {
    platform: String,
    event: String,
    fields: Vec<(String, String)>,
    wish: HandoverWish,
}

impl Asked {
    fn of(fields: Vec<(String, String)>) -> Result<Self, Problem> {
        let text = |name: &str| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let (platform, event) = (text(PLATFORM), text(EVENT));
        let of_push = |name: &str| name == PLATFORM || name == EVENT;
        let fields: Vec<(String, String)> =
            fields.into_iter().filter(|(name, value)| !of_push(name) && !value.is_empty()).collect();
        let pair = |(name, value): &(String, String)| [encoded(name), encoded(value)].join("=");
        let query: Vec<String> = fields.iter().map(pair).collect();
        let uri = ["/?", &query.join("&")].concat().parse::<Uri>();
        let uri = uri.map_err(|_| Problem::bad_request("the form cannot be read"))?;
        let wish = Query::<HandoverWish>::try_from_uri(&uri);
        let Query(wish) = wish.map_err(|error| Problem::bad_request(error.body_text()))?;
        Ok(Self { platform, event, fields, wish })
    }
}

async fn look(
    State(site): State<Shared>,
    frame: Frame,
    _: May<RunOperations>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let Asked { platform, event, fields, wish } = Asked::of(fields)?;
    let has_events = pushes::has_events(&site, &platform).await?;
    let preview = match wish.suited(has_events).push(&site, &event) {
        Ok(request) => pushes::preview(&site, &platform, &request).await,
        Err(problem) => Err(problem),
    };
    let preview = match preview {
        Ok(preview) => Ok(preview),
        Err(problem) if problem.status.is_client_error() => Err(problem.detail),
        Err(problem) => return Err(problem),
    };
    show(&NewPage { frame, platform, has_events, event, fields, preview })
}

async fn begin(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let Asked { platform, event, wish, .. } = Asked::of(sent.without_token())?;
    let has_events = pushes::has_events(&site, &platform).await?;
    let request = wish.suited(has_events).push(&site, &event)?;
    let push = pushes::begin(&site, may.name(), &platform, request).await?;
    Ok(go(&address(push.id), "pushing"))
}

async fn list(
    State(site): State<Shared>,
    frame: Frame,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let read = move |workbench: &Workbench| {
        let mut pushes = workbench.pushes(wish.before, PUSHES + 1)?;
        let is_more = pushes.len() > PUSHES;
        pushes.truncate(PUSHES);
        let next = pushes.last().filter(|_| is_more).map(|push| push.id);
        let counted = |push: Push| Ok((workbench.push_counts(push.id)?, push));
        let lines = pushes.into_iter().map(counted).collect::<Result<Vec<_>, workbench::Error>>()?;
        Ok((lines, next))
    };
    let (lines, next) = site.desk.read(read).await?;
    let lines = lines.into_iter().map(|(counts, push)| (push, counts)).collect();
    show(&ListPage { frame, lines, next, later: wish.before.is_some() })
}

async fn one(
    State(site): State<Shared>,
    frame: Frame,
    Path(id): Path<i64>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let part = Part::of(&site, id).await?;
    let outcome = Outcome::from_word(&wish.outcome);
    let read = move |workbench: &Workbench| workbench.push_rows(id, outcome, wish.after, ROWS + 1);
    let mut rows = site.desk.read(read).await?;
    let is_more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let next = rows.last().filter(|_| is_more).map(|shown| shown.place);
    show(&Page { frame, part, rows, outcome, next })
}

async fn progress(State(site): State<Shared>, _: Visitor, Path(id): Path<i64>) -> Result<Response, Problem> {
    let part = Part::of(&site, id).await?;
    let has_ended = !part.push.state.is_active();
    let progress = show(&Progress { part })?;
    Ok(if has_ended { ([ENDED], progress).into_response() } else { progress })
}

async fn pause(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Path(id): Path<i64>,
    Posted(_): Posted,
) -> Result<Response, Problem> {
    let push = site.desk.change(may.name(), move |workbench| workbench.pause_push(id)).await?;
    site.live_pushes.notice(&push);
    Ok(go(&address(id), "push-paused"))
}

async fn resume(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Path(id): Path<i64>,
    Posted(_): Posted,
) -> Result<Response, Problem> {
    let push = site.desk.change(may.name(), move |workbench| workbench.resume_push(id)).await?;
    pushes::start(&site, &push);
    Ok(go(&address(id), "push-resumed"))
}

async fn cancel(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Path(id): Path<i64>,
    Posted(_): Posted,
) -> Result<Response, Problem> {
    let push = site.desk.change(may.name(), move |workbench| workbench.cancel_push(id)).await?;
    site.live_pushes.notice(&push);
    Ok(go(&address(id), "push-cancelled"))
}

impl Part {
    async fn of(site: &Site, id: i64) -> Result<Self, Problem> {
        let read = move |workbench: &Workbench| {
            let push = workbench.push(id)?;
            let (counts, is_worked_on) = (workbench.push_counts(id)?, workbench.is_sent_by_somebody(&push));
            Ok(Self { push, counts, is_worked_on })
        };
        Ok(site.desk.read(read).await?)
    }

    /// Its state for people.
    fn state(&self) -> &'static str {
        match self.push.state {
            Standing::Running if self.is_worked_on => "Sending",
            Standing::Running | Standing::Waiting => "Waiting for a process that goes on",
            Standing::Paused => "Paused",
            Standing::Cancelled => "Cancelled",
            Standing::Done => "Done",
            Standing::Failed => "Failed",
        }
    }

    fn figures(&self) -> Vec<(&'static str, String)> {
        figures(&self.counts)
    }

    /// How many rows have their outcome.
    fn done(&self) -> u64 {
        self.counts.total() - self.counts.left()
    }
}

/// How many rows have each outcome, without those that none has.
fn figures(counts: &Counts) -> Vec<(&'static str, String)> {
    let Counts { create, update, created, updated, unchanged, held, refused } = *counts;
    let all = [
        ("to create", create),
        ("to update", update),
        ("created", created),
        ("updated", updated),
        ("unchanged", unchanged),
        ("held back", held),
        ("refused", refused),
    ];
    all.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name, thousands(count))).collect()
}

/// What a target is: the UUID of an event, or the address of an instance without events.
fn target_name(target: &str) -> &'static str {
    if target.contains("://") { "Instance" } else { "Event" }
}

/// An outcome for people.
fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Create => "Create",
        Outcome::Update => "Update",
        Outcome::Created => "Created",
        Outcome::Updated => "Updated",
        Outcome::Unchanged => "Unchanged",
        Outcome::Held => "Held back",
        Outcome::Refused => "Refused",
    }
}

impl NewPage {
    /// The rows that are shown: what would change first.
    fn rows(preview: &Preview) -> Vec<&Row> {
        let mut rows: Vec<&Row> = preview.rows.iter().collect();
        rows.sort_by_key(|row| row.outcome == Outcome::Unchanged);
        rows.truncate(ROWS);
        rows
    }

    /// The address of the page "Hand over" with the same options.
    fn back(&self) -> String {
        let pair = |(name, value): &(String, String)| [encoded(name), encoded(value)].join("=");
        let query: Vec<String> = self.fields.iter().map(pair).collect();
        ["/handover?", &query.join("&")].concat()
    }

    /// Whether anything would be sent.
    fn sends(preview: &Preview) -> bool {
        preview.counts.left() > 0
    }
}

impl Page {
    /// The filters by outcome: word, name, number, and whether it is the chosen one.
    fn filters(&self) -> Vec<(&'static str, &'static str, String, bool)> {
        let Counts { create, update, created, updated, unchanged, held, refused } = self.part.counts;
        let counts = [create, update, created, updated, unchanged, held, refused];
        let all = Outcome::ALL.into_iter().zip(counts);
        all.filter(|(_, count)| *count > 0)
            .map(|(outcome, count)| {
                (outcome.word(), words(outcome), thousands(count), self.outcome == Some(outcome))
            })
            .collect()
    }

    /// The address of the following rows.
    fn next_address(&self) -> Option<String> {
        let next = self.next?;
        let outcome = self.outcome.map_or("", Outcome::word);
        Some(format!("{}?outcome={outcome}&after={next}", address(self.part.push.id)))
    }
}

fn time(seconds: i64) -> Stamp {
    Stamp::of(seconds)
}
