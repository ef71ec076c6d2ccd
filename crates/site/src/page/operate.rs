//! Running actions: the actions that are offered for an indicator, and starting a run.
//!
//! A form starts a run, never a link, so following a link sends no query. A pivot without scripts leads to the last run on the
//! value, or to a page with the form.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use edge::problem::Problem;
use operation::shown::counted;
use operation::{Indicator, IndicatorType, Side, Tlp};
use serde::Deserialize;
use workbench::run::{Cost, Page as Runs, Run, State as Standing, Wanted};
use workbench::{Error, Workbench};

use super::stamp::Stamp;
use super::{Frame, show};
use crate::access::{May, Posted, needs::RunOperations};
use crate::instances;
use crate::run_request::{Offer, RunRequest, Started, indicator, offers};
use crate::site::{Shared, Site};
use picture::text::defang;

/// The number of runs shown next to an indicator.
const LISTED: usize = 8;
/// The path of a run's graph, after that of the run.
pub(super) const GRAPH: &str = "/graph";
/// The most steps in a trail.
const STEPS: usize = 10;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/runs", post(begin)).route("/run", get(pivot))
}

/// The Operations panel of an indicator.
#[derive(Default)]
pub(super) struct Panel {
    pub(super) offers: Vec<Offer>,
    pub(super) runs: Vec<Line>,
    /// The level of the indicator in the library.
    pub(super) tlp: Option<Tlp>,
    /// The enabled ThreatQ instances, whose own operations can be executed.
    pub(super) elsewhere: Vec<Elsewhere>,
}

/// A ThreatQ whose operations can be executed on an indicator.
pub(super) struct Elsewhere {
    pub(super) title: String,
    /// The page with its operations; `None` if the indicator is held back.
    pub(super) address: Option<String>,
}

/// A run in a list.
pub(crate) struct Line {
    pub(crate) id: i64,
    pub(crate) value: String,
    /// Which side of the records was queried.
    pub(crate) side: Side,
    pub(crate) package: String,
    pub(crate) actor: String,
    pub(crate) began: Stamp,
    /// The result as text, and its style class.
    pub(crate) said: String,
    pub(crate) class: &'static str,
    /// What happened to its findings.
    pub(crate) library: &'static str,
    /// The run whose stored answer was reused.
    pub(crate) kept_from: Option<i64>,
}

impl Panel {
    pub(super) fn of(workbench: &Workbench, indicator: &Indicator) -> Result<Self, Error> {
        let wanted =
            Wanted { indicator: Some(indicator.clone()), before: None, limit: LISTED, ..Wanted::default() };
        let Runs { runs, .. } = workbench.runs(&wanted)?;
        let runs = runs.iter().map(Line::of).collect();
        let tlp = workbench.lookup(indicator)?.and_then(|entry| entry.tlp);
        let value = indicator.to_string();
        let elsewhere = instances::offered(workbench)?.into_iter().map(|one| Elsewhere {
            address: (tlp <= Some(one.max_tlp)).then(|| super::execution::address_of(&one.name, &value)),
            title: one.title,
        });
        let elsewhere = elsewhere.collect();
        Ok(Self { offers: offers(workbench, indicator.kind())?, runs, tlp, elsewhere })
    }

    /// Adds what each operation would cost; nobody is asked for it.
    pub(super) async fn with_costs(mut self, site: &Site, value: &str, by: &str) -> Result<Self, Problem> {
        for offer in &mut self.offers {
            let wanted = RunRequest {
                value: value.to_owned(),
                operation: offer.name.clone(),
                ..RunRequest::default()
            };
            offer.cost = wanted.costs(site, by, false).await?.first().map(words);
        }
        Ok(self)
    }

    /// Whether the costs can still be shown.
    pub(super) fn lacks_costs(&self) -> bool {
        self.offers.iter().all(|offer| offer.cost.is_none())
    }

    /// Whether an operation may not be asked about the indicator.
    pub(super) fn holds_back(&self, offer: &Offer) -> bool {
        self.tlp.is_some_and(|tlp| tlp > offer.max_tlp)
    }
}

/// What one value costs.
fn words(cost: &Cost) -> String {
    let requests = match (cost.stored, cost.requests) {
        (0, 0) => "no request".to_owned(),
        (_, 0) => "answered from a stored answer".to_owned(),
        (_, requests) => format!("at least {}", counted(requests, "request")),
    };
    let rate = if cost.requests > 0 && cost.rate > 0.0 {
        format!(", at most {} per second", cost.rate)
    } else {
        String::new()
    };
    match &cost.quota {
        Some(said) => format!("{requests}{rate}; the provider said: {}", said.quota),
        None => format!("{requests}{rate}"),
    }
}

impl Line {
    pub(crate) fn of(run: &Run) -> Self {
        let (said, class) = standing(run);
        Self {
            id: run.id,
            value: run.indicator.as_typed(),
            side: run.filter().side,
            package: run.package.clone(),
            actor: run.actor.clone(),
            began: Stamp::of(run.started_at),
            said,
            class,
            library: match (run.added_at, run.undone_at) {
                (None, _) => "",
                (Some(added), Some(undone)) if undone >= added => "Undone",
                (Some(_), _) => "Added",
            },
            kept_from: run.is_cached().then_some(run.fetched.by),
        }
    }
}

/// The result of a run in two words, and its style class.
pub(super) fn standing(run: &Run) -> (String, &'static str) {
    let count = picture::timeline::words::thousands(run.records);
    match run.ending.state {
        Standing::Complete => (format!("Complete, {count}"), "on"),
        Standing::Partial | Standing::Truncated => (format!("Incomplete, {count}"), "review"),
        Standing::Interrupted => (format!("Interrupted, {count}"), "review"),
        Standing::Failed => ("Failed".to_owned(), "failed"),
        Standing::Running => ("Running".to_owned(), "indirect"),
    }
}

async fn begin(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    if sent.has("choice") && !sent.has("operation") {
        return Err(Problem::bad_request("choose at least one operation"));
    }
    let Started { runs, refused } = RunRequest::of(&sent).carry_out(&site, may.name()).await?;
    if let Some((name, problem)) = refused.into_iter().next() {
        let begun = runs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(Problem {
            detail: format!(
                "{name} was not asked: {}. The others are being asked: run {begun}",
                problem.detail
            ),
            ..problem
        });
    }
    Ok(match runs.as_slice() {
        [run] => Redirect::to(&run_address(*run, view_of(sent.text("view")), sent.text("trail"))),
        [first, ..] => Redirect::to(&format!("/runs?batch={first}")),
        [] => Redirect::to("/runs"),
    }
    .into_response())
}

/// The address of a view of a run, with the trail that led there.
pub(super) fn run_address(id: i64, view: &str, trail: &str) -> String {
    let steps = trail_of(trail);
    let query = if steps.is_empty() { String::new() } else { format!("?trail={}", trail_text(&steps)) };
    format!("/runs/{id}{view}{query}")
}

/// The view that a pivot leads to: from a graph the graph, otherwise the history.
fn view_of(word: &str) -> &'static str {
    if word == "graph" { GRAPH } else { "" }
}

/// The runs of a trail, at most the last [`STEPS`].
pub(super) fn trail_of(text: &str) -> Vec<i64> {
    let mut steps: Vec<i64> =
        text.split('.').filter_map(|step| step.parse().ok()).filter(|step| *step > 0).collect();
    let first = steps.len().saturating_sub(STEPS);
    steps.split_off(first)
}

pub(super) fn trail_text(steps: &[i64]) -> String {
    steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pivot {
    value: String,
    trail: String,
    view: String,
    /// `data` for the records that have the name in their data.
    side: String,
    operation: String,
}

/// The page that asks whether to run a query.
#[derive(Template)]
#[template(path = "pivot.html")]
struct Page {
    frame: Frame,
    value: String,
    defanged: String,
    kind: &'static str,
    caution: Option<String>,
    trail: String,
    view: String,
    side: Side,
    operation: String,
    panel: Panel,
}

/// A clicked name or address: shows its last run, or the form for a new one.
async fn pivot(
    State(site): State<Shared>,
    frame: Frame,
    Query(wish): Query<Pivot>,
) -> Result<Response, Problem> {
    let wanted = Side::from_word(&wish.side).unwrap_or_default();
    let indicator = indicator(&wish.value, wanted)?;
    let asked = indicator.clone();
    let panel = site.desk.read(move |workbench| Panel::of(workbench, &asked)).await?;
    let asked_for = if indicator.kind() == IndicatorType::Fqdn { wanted } else { Side::Owner };
    if let Some(last) = panel.runs.iter().find(|run| run.side == asked_for) {
        return Ok(Redirect::to(&run_address(last.id, view_of(&wish.view), &wish.trail)).into_response());
    }
    let value = indicator.as_typed();
    let (defanged, kind) = (defang(&value), indicator.kind().name());
    show(&Page {
        frame,
        defanged,
        kind,
        caution: indicator.caution().map(|caution| caution.to_string()),
        trail: trail_text(&trail_of(&wish.trail)),
        view: wish.view,
        side: asked_for,
        operation: wish.operation,
        value,
        panel,
    })
}

impl Page {
    /// Whether it can be queried on both sides of records.
    fn has_sides(&self) -> bool {
        self.kind == IndicatorType::Fqdn.name()
    }

    fn indicator_address(&self) -> String {
        super::indicator_path(&self.value)
    }
}
