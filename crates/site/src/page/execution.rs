//! The operations that are installed on a ThreatQ: the list, executing one on an indicator, and what came.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use cof::Record;
use edge::problem::Problem;
use operation::Indicator;
use percent_encoding::percent_decode_str;
use picture::timeline::class_of;
use picture::timeline::words::{counted, thousands};
use platform::threatq::operations::Operation;
use serde::Deserialize;

use super::stamp::Stamp;
use super::{Frame, encoded, explorer_address, go, show};
use crate::access::{May, Posted, Visitor, needs::RunOperations};
use crate::executing::{Answer, Executing, State as Standing};
use crate::executions;
use crate::instances::Instance;
use crate::site::Shared;

/// How many records are shown.
const RECORDS: usize = 200;
/// Separates the number of an operation from the encoded name of its action in the value of a choice. A browser may change
/// characters of a value that are not encoded.
const BETWEEN: char = ' ';
/// Tells `ended.js` to load the page again, which then has the result.
const ENDED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("hx-trigger-after-swap"), HeaderValue::from_static("run-ended"));

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/integrations/{name}/operations", get(look).post(begin))
        .route("/executions/{id}", get(one))
        .route("/executions/{id}/progress", get(progress))
}

/// The address of the operations of an instance; with a value, they are executed on it.
pub(super) fn address_of(platform: &str, value: &str) -> String {
    let path = format!("/integrations/{}/operations", encoded(platform));
    if value.is_empty() { path } else { format!("{path}?value={}", encoded(value)) }
}

#[derive(Template)]
#[template(path = "operations.html")]
struct ListPage {
    frame: Frame,
    platform: String,
    value: String,
    /// The operations, or why the instance cannot be asked.
    operations: Result<Vec<Operation>, String>,
    /// The last executions there.
    lines: Vec<Executing>,
}

#[derive(Template)]
#[template(path = "execution.html")]
struct Page {
    frame: Frame,
    part: Executing,
}

/// How far an execution is; loaded again while it goes on.
#[derive(Template)]
#[template(path = "execution-progress.html")]
struct Progress {
    part: Executing,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    value: String,
}

async fn look(
    State(site): State<Shared>,
    frame: Frame,
    _: May<RunOperations>,
    Path(platform): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let instance = Instance::of(&site, &platform).await?;
    let operations = match executions::operations(&instance).await {
        Ok(operations) => Ok(operations),
        Err(problem) => Err(problem.detail),
    };
    let lines = site.executions.newest().into_iter().filter(|one| one.platform == platform);
    let lines = lines.collect();
    show(&ListPage { frame, platform, value: wish.value.trim().to_owned(), operations, lines })
}

async fn begin(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Path(platform): Path<String>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let indicator =
        Indicator::existing(sent.text("value")).map_err(|error| Problem::bad_request(error.to_string()))?;
    let chosen = sent.text("action").split_once(BETWEEN);
    let (operation, action) = chosen.ok_or_else(|| Problem::bad_request("choose an action"))?;
    let action = percent_decode_str(action).decode_utf8_lossy().into_owned();
    let chosen = (operation.to_owned(), Some(action));
    let instance = Instance::of(&site, &platform).await?;
    let id = executions::begin(&site, may.name(), instance, chosen, indicator).await?;
    Ok(go(&format!("/executions/{id}"), "executing"))
}

async fn one(State(site): State<Shared>, frame: Frame, Path(id): Path<i64>) -> Result<Response, Problem> {
    show(&Page { frame, part: site.executions.find(id)? })
}

async fn progress(State(site): State<Shared>, _: Visitor, Path(id): Path<i64>) -> Result<Response, Problem> {
    let part = site.executions.find(id)?;
    let has_ended = !part.goes_on();
    let progress = show(&Progress { part })?;
    Ok(if has_ended { ([ENDED], progress).into_response() } else { progress })
}

impl ListPage {
    /// The actions that can be chosen: the value of the choice, the operation, and the name.
    fn actions(operations: &[Operation]) -> Vec<(String, &Operation, &str)> {
        let enabled = operations.iter().filter(|one| one.enabled != Some(false));
        let all = enabled.flat_map(|one| one.actions.iter().map(move |action| (one, action)));
        all.map(|(one, action)| {
            let value = [one.id.to_string(), BETWEEN.to_string(), encoded(&action.name)].concat();
            (value, one, action.name.as_str())
        })
        .collect()
    }

    fn enabled(operation: &Operation) -> &'static str {
        match operation.enabled {
            Some(true) => "Enabled",
            Some(false) => "Disabled",
            None => "",
        }
    }

    fn names(operation: &Operation) -> String {
        let names: Vec<&str> = operation.actions.iter().map(|action| action.name.as_str()).collect();
        names.join(", ")
    }
}

impl Page {
    fn answer(&self) -> Option<&Answer> {
        match &self.part.state {
            Standing::Done(answer) => Some(answer),
            _ => None,
        }
    }

    fn rows(answer: &Answer) -> Vec<Row> {
        answer.records.iter().take(RECORDS).map(Row::of).collect()
    }

    fn again(&self) -> String {
        address_of(&self.part.platform, &value(&self.part))
    }
}

/// A record in the table.
struct Row {
    name: String,
    name_address: Option<String>,
    rrtype: String,
    class: &'static str,
    data: String,
    data_address: Option<String>,
    first: Option<Stamp>,
    last: Option<Stamp>,
    count: String,
}

impl Row {
    fn of(record: &Record) -> Self {
        let explore = |one: Indicator| explorer_address(&one.as_typed());
        let seen = |seconds: Option<u64>| {
            seconds.map(|seconds| Stamp::of(i64::try_from(seconds).unwrap_or(i64::MAX)))
        };
        Self {
            name: record.rrname.to_string(),
            name_address: Indicator::of_owner(record).map(explore),
            class: class_of(record.rrtype),
            data: record.rdata.to_text(record.rrtype),
            data_address: Indicator::of_target(&record.rdata, record.rrtype).map(explore),
            first: seen(record.time_first.or(record.zone_time_first)),
            last: seen(record.time_last.or(record.zone_time_last)),
            rrtype: record.rrtype.to_string(),
            count: record.count.map(thousands).unwrap_or_default(),
        }
    }
}

/// The indicator in its printed form.
fn value(part: &Executing) -> String {
    part.ready.indicator.to_string()
}

/// Its state in one word, and its style class.
fn standing(part: &Executing) -> (&'static str, &'static str) {
    match &part.state {
        Standing::Running => ("Executing", "indirect"),
        Standing::Done(_) => ("Done", "on"),
        Standing::Failed { .. } => ("Failed", "failed"),
    }
}

fn failure(part: &Executing) -> Option<(&str, bool)> {
    match &part.state {
        Standing::Failed { reason, may_have_acted } => Some((reason, *may_have_acted)),
        _ => None,
    }
}

fn time(seconds: i64) -> Stamp {
    Stamp::of(seconds)
}

fn records(count: usize) -> String {
    counted(count, "record")
}
