//! The history of an indicator: what all operations know about it, as timeline, table, graph and changes, and adding its findings to
//! the library.
//!
//! [`Head`](head::Head) is at the top of all views: one box per operation, figures and tabs. There is one file per view: `look`
//! (timeline and table), `net`, `changes`; `selection` previews and adds, `files` sends files. The address has the value as a
//! parameter, so that every link and form of the page keeps it.

mod changes;
mod column;
mod files;
mod head;
mod look;
mod net;
mod selection;

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use context::NetworksNow;
use edge::problem::Problem;
use operation::Indicator;
use picture::links::Links;
use workbench::Workbench;
use workbench::history::{APART, Agreement};

use super::records::narrowing::Narrowing;
use super::records::selection::Selection;
use super::records::{text, turn};
use super::{Frame, encoded, go};
use crate::access::{May, Posted, needs::EditLibrary};
use crate::histories::HistoryAnswer;
use crate::site::Shared;

/// The path of the page.
const PATH: &str = "/history";

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(PATH, get(look::look))
        .route("/history/graph", get(net::look))
        .route("/history/changes", get(changes::look))
        .route("/history/files/{file}", get(files::give))
        .route("/history/selection", post(selection::add))
        .route("/history/undo", post(undo))
}

/// The address of the history of a value.
pub(crate) fn address(value: &str) -> String {
    format!("{PATH}?value={}", encoded(value))
}

/// A history that is being viewed: the visitor, the history and the parameters of the address.
struct Looked {
    site: Shared,
    frame: Frame,
    answer: Arc<HistoryAnswer>,
    selection: Selection,
    /// The parameters of the address, including the selection.
    parameters: Vec<(String, String)>,
}

/// The filter for disagreements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agree {
    /// Every record.
    Any,
    /// Records that all answers have, with similar dates.
    All,
    /// Records that only one answer has.
    Only,
    /// Records with dates that are far apart.
    Apart,
}

impl FromRequestParts<Shared> for Looked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Shared) -> Result<Self, Problem> {
        let frame = Frame::from_request_parts(parts, site).await?;
        let Query(parameters) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).unwrap_or_default();
        let (selection, mut parameters) = Selection::take(parameters);
        turn(&mut parameters);
        let indicator = indicator(&mut parameters)?;
        let answer = site.histories.of(&indicator).await?;
        Ok(Self { site: Arc::clone(site), frame, answer, selection, parameters })
    }
}

/// The value among the parameters, which becomes the normalised one.
fn indicator(parameters: &mut Vec<(String, String)>) -> Result<Indicator, Problem> {
    let indicator = Indicator::existing(text(parameters, "value"))
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    parameters.retain(|(name, _)| name != "value");
    parameters.insert(0, ("value".to_owned(), indicator.to_string()));
    Ok(indicator)
}

impl Looked {
    /// A parameter of the address, empty if it is missing.
    fn parameter(&self, name: &str) -> &str {
        text(&self.parameters, name)
    }

    /// Links from one of the views. A pivot leads to the history of another value.
    fn links(&self, view: &str) -> Links {
        Links::new(&format!("{PATH}{view}"), &self.parameters, "/history?value=")
    }

    /// The filters that the table has, in addition to those of the timeline.
    fn narrowing(&self) -> Narrowing {
        narrowing(&self.answer, &self.parameters, self.site.networks.now())
    }
}

/// From how many days on dates are far apart.
fn apart(parameters: &[(String, String)]) -> u64 {
    text(parameters, "apart").trim().parse().unwrap_or(APART)
}

fn narrowing(answer: &HistoryAnswer, parameters: &[(String, String)], networks: NetworksNow) -> Narrowing {
    let agree = Agree::of(text(parameters, "agree"));
    let places = || agreements(answer, parameters).iter().map(|agreement| agree.keeps(*agreement)).collect();
    Narrowing::of(parameters, networks).among((agree != Agree::Any).then(places))
}

impl Agree {
    fn of(word: &str) -> Self {
        match word {
            "all" => Self::All,
            "only" => Self::Only,
            "apart" => Self::Apart,
            _ => Self::Any,
        }
    }

    fn keeps(self, agreement: Agreement) -> bool {
        match self {
            Self::Any => true,
            Self::All => agreement == Agreement::All,
            Self::Only => matches!(agreement, Agreement::Only(_)),
            Self::Apart => matches!(agreement, Agreement::Apart(_)),
        }
    }
}

/// Whether the answers agree about each record.
fn agreements<'a>(answer: &'a HistoryAnswer, parameters: &[(String, String)]) -> Cow<'a, [Agreement]> {
    match apart(parameters) {
        APART => Cow::Borrowed(answer.agreements()),
        apart => {
            let places = 0..answer.history.records.len();
            Cow::Owned(places.map(|place| answer.history.agreement(place, apart)).collect())
        }
    }
}

/// Undoes what the runs of a history added.
async fn undo(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let mut parameters = sent.without_token();
    let indicator = indicator(&mut parameters)?;
    let back = address(&indicator.to_string());
    let undo = move |workbench: &mut Workbench| {
        let runs = workbench.history(&indicator, 0)?.added();
        let mut claims = 0;
        for run in runs {
            claims += workbench.undo(run)?.claims;
        }
        Ok(claims)
    };
    let claims = site.desk.change(may.name(), undo).await?;
    Ok(go(&back, if claims > 0 { "undone" } else { "nothing" }))
}
