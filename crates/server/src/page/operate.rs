//! Running actions: the offered actions of an indicator, and starting a run.
//!
//! A form starts a run, never a link, so following a link sends no query. A pivot without scripts leads to the last run on the value,
//! or to a page with the form.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use operation::{Indicator, IndicatorType, Limits, Moment, Side, Window};
use serde::Deserialize;
use utoipa::ToSchema;
use workbench::integration::Filter;
use workbench::run::{Asking, Freshness, Page as Runs, Run, State as Standing, Wanted, Wish};
use workbench::{Error, Workbench};

use super::stamp::Stamp;
use super::{Frame, encoded, show};
use crate::access::{Fields, May, Posted, needs::RunOperations};
use crate::problem::Problem;
use crate::site::{Shared, Site};
use picture::text::defang;

/// The most records of one answer.
const RECORDS: usize = 100_000;
/// Runs that are listed beside an indicator.
const LISTED: usize = 8;
/// The path of a run's graph behind that of the run.
pub(super) const GRAPH: &str = "/graph";
/// The most steps of a trail.
const STEPS: usize = 10;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/runs", post(begin)).route("/run", get(pivot))
}

/// The Operations panel of an indicator.
#[derive(Default)]
pub(super) struct Panel {
    pub(super) offers: Vec<Offer>,
    pub(super) runs: Vec<Line>,
}

/// An action of an enabled operation.
pub(super) struct Offer {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) action: String,
}

/// A run in a list.
pub(crate) struct Line {
    pub(crate) id: i64,
    pub(crate) value: String,
    /// Which side of the records was asked for.
    pub(crate) side: Side,
    pub(crate) package: String,
    pub(crate) actor: String,
    pub(crate) began: Stamp,
    /// What it came to, and the class of that.
    pub(crate) said: String,
    pub(crate) class: &'static str,
    /// What became of its findings.
    pub(crate) library: &'static str,
    /// The run whose kept answer this one took.
    pub(crate) kept_from: Option<i64>,
}

impl Panel {
    pub(super) fn of(workbench: &Workbench, indicator: &Indicator) -> Result<Self, Error> {
        let wanted =
            Wanted { indicator: Some(indicator.clone()), before: None, limit: LISTED, ..Wanted::default() };
        let Runs { runs, .. } = workbench.runs(&wanted)?;
        let runs = runs.iter().map(Line::of).collect();
        Ok(Self { offers: offers(workbench, indicator.kind())?, runs })
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

/// What a run came to, in two words, and the class that gives it its mark.
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

/// The actions that enabled operations offer for a type of indicator. Disabled operations offer none.
pub(super) fn offers(workbench: &Workbench, kind: IndicatorType) -> Result<Vec<Offer>, Error> {
    let enabled = Filter { kind: None, enabled: Some(true) };
    let mut offers = Vec::new();
    for summary in workbench.list(&enabled)?.integrations {
        let Some(package) = workbench.show(&summary.name)?.package else { continue };
        let taken = package.actions.iter().filter(|action| action.types.contains(&kind));
        offers.extend(taken.map(|action| Offer {
            name: summary.name.clone(),
            title: package.title.clone(),
            version: summary.version.clone(),
            action: action.name.clone(),
        }));
    }
    Ok(offers)
}

/// The parameters of a new run.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Run)]
pub(crate) struct Order {
    /// A domain name or an address.
    pub(crate) value: String,
    /// The installed operation, NAME or NAME@VERSION; by default the usual one.
    pub(crate) operation: String,
    /// Only these types: A,NS.
    pub(crate) rrtype: String,
    /// Only records last seen at this time or later.
    pub(crate) seen_after: String,
    /// Only records first seen at this time or earlier.
    pub(crate) seen_before: String,
    /// Query records with the name in their data instead of those it owns, if the provider supports this.
    pub(crate) by_data: bool,
    /// Query the provider even if a stored answer is fresh enough.
    pub(crate) fresh: bool,
}

impl Order {
    fn of(fields: &Fields) -> Self {
        let text = |name| fields.text(name).trim().to_owned();
        Self {
            value: text("value"),
            operation: text("operation"),
            rrtype: text("rrtype"),
            seen_after: text("seen_after"),
            seen_before: text("seen_before"),
            by_data: fields.text("side") == Side::Data.word(),
            fresh: fields.has("fresh"),
        }
    }

    /// What a run asked, whatever is kept.
    pub(crate) fn again(run: &Run) -> Self {
        let types: Vec<String> = run.filter().rrtypes.iter().map(ToString::to_string).collect();
        let moment = |seconds: Option<u64>| seconds.map(cof::time::rfc3339).unwrap_or_default();
        Self {
            value: run.indicator.as_typed(),
            operation: run.operation().to_owned(),
            rrtype: types.join(","),
            seen_after: moment(run.filter().window.seen_after),
            seen_before: moment(run.filter().window.seen_before),
            by_data: run.filter().side == Side::Data,
            fresh: true,
        }
    }

    /// Begins the run, and gives its number.
    pub(crate) async fn carry_out(self, site: &Site, actor: &str) -> Result<i64, Problem> {
        let indicator = indicator(&self.value, self.side())?;
        let asking = self.asking(site, &indicator, actor).await?;
        site.jobs.start(&asking, &indicator).await
    }

    async fn asking(&self, site: &Site, indicator: &Indicator, actor: &str) -> Result<Asking, Problem> {
        let (wanted, kind) = (self.operation.clone(), indicator.kind());
        let find = move |workbench: &Workbench| {
            let offers = offers(workbench, kind)?;
            let found = offers.into_iter().find(|offer| wanted.is_empty() || offer.name == wanted);
            let Some(offer) = found else {
                return Err(Error::conflict(format!(
                    "no enabled operation can query {} {kind}: install and enable one first",
                    if kind == IndicatorType::Fqdn { "an" } else { "an indicator of type" }
                )));
            };
            workbench.settings(&offer.name)
        };
        let configured = site.desk.read(find).await?;
        let wish = Wish { rrtypes: self.rrtypes()?, window: self.window(site)?, side: self.side() };
        let asking = crate::connection::asking(site, configured, Limits::HELD, wish, actor)
            .await?
            .map_err(|error| Problem::refused(error.to_string()))?;
        let freshness = if self.fresh { Freshness::Fresh } else { asking.freshness };
        Ok(Asking { most: RECORDS, freshness, ..asking })
    }

    fn side(&self) -> Side {
        if self.by_data { Side::Data } else { Side::Owner }
    }

    fn rrtypes(&self) -> Result<Vec<cof::RrType>, Problem> {
        let words = self.rrtype.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
        let parsed = words.map(|word| cof::RrType::parse(word).map_err(|_| word));
        parsed.collect::<Result<_, _>>().map_err(|word| {
            Problem::bad_request(format!("{word:?} is not a record type; write them as A, NS"))
        })
    }

    fn window(&self, site: &Site) -> Result<Window, Problem> {
        let moment = |text: &str| match text {
            "" => Ok(None),
            text => Moment::parse(text, site.desk.clock())
                .map(Some)
                .map_err(|error| Problem::bad_request(error.to_string())),
        };
        Ok(Window {
            seen_after: moment(&self.seen_after)?.map(|moment| moment.start),
            seen_before: moment(&self.seen_before)?.map(|moment| moment.end),
        })
    }
}

/// Asks again what was being asked when the server was stopped. What cannot be asked any more, because its operation is
/// disabled or gone, stays interrupted, as its page says.
pub(crate) async fn resume(site: Shared) {
    let stopped = site.desk.read(workbench::Workbench::stopped_runs).await;
    for run in stopped.unwrap_or_default() {
        let _ = Order::again(&run).carry_out(&site, &run.actor).await;
    }
}

async fn begin(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let id = Order::of(&sent).carry_out(&site, may.name()).await?;
    Ok(Redirect::to(&run_address(id, view_of(sent.text("view")), sent.text("trail"))).into_response())
}

/// The address of a view of a run, with the way that led there.
pub(super) fn run_address(id: i64, view: &str, trail: &str) -> String {
    let steps = trail_of(trail);
    let query = if steps.is_empty() { String::new() } else { format!("?trail={}", trail_text(&steps)) };
    format!("/runs/{id}{view}{query}")
}

/// The view that a pivot leads to: the graph from a graph, the history otherwise.
fn view_of(word: &str) -> &'static str {
    if word == "graph" { GRAPH } else { "" }
}

/// The runs of a trail, the last [`STEPS`] of them.
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

/// The page that asks whether to run.
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

/// A name or address that was clicked on: its last run, or the form for one.
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

/// What is asked about on one side of the records.
fn indicator(text: &str, side: Side) -> Result<Indicator, Problem> {
    let parsed = match side {
        Side::Owner => Indicator::parse(text),
        Side::Data => Indicator::parse_in_data(text),
    };
    parsed.map_err(|error| Problem::bad_request(error.to_string()))
}

impl Page {
    /// Whether it can be asked about from two sides.
    fn has_sides(&self) -> bool {
        self.kind == IndicatorType::Fqdn.name()
    }

    fn indicator_address(&self) -> String {
        format!("/library/indicator?value={}", encoded(&self.value))
    }
}
