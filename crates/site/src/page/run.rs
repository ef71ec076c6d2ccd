//! A run: its answer as history, graph, changes and raw bytes, and adding findings to the library.
//!
//! [`Head`] is at the top of all views: the query, its completeness, figures and tabs. There is one file per view: `history`
//! (timeline and table), `net`, `changes`, `raw`; `selection` previews and adds, `download` sends files. A run in progress only
//! has `progress`.

mod changes;
mod download;
mod head;
mod history;
mod net;
mod progress;
mod raw;
mod selection;
mod uses;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use edge::problem::Problem;
use workbench::Error;
use workbench::run::State as Standing;

use self::head::Head;
use super::operate::{self, run_address};
use super::records::selection::Selection;
use super::records::{text, turn};
use super::{Frame, go};
use crate::access::{May, Posted, needs::EditLibrary, needs::RunOperations};
use crate::job::Answer;
use crate::run_request::RunRequest;
use crate::site::Shared;
use picture::links::Links;
pub(super) use progress::ENDED;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/runs/{id}", get(history::look))
        .route("/runs/{id}/graph", get(net::look))
        .route("/runs/{id}/changes", get(changes::look))
        .route("/runs/{id}/raw", get(raw::look))
        .route("/runs/{id}/progress", get(progress::look))
        .route("/runs/{id}/files/{file}", get(download::give))
        .route("/runs/{id}/cancel", post(cancel))
        .route("/runs/{id}/again", post(again))
        .route("/runs/{id}/selection", post(selection::add))
        .route("/runs/{id}/undo", post(undo))
}

/// A run that is being viewed: the visitor, the run's answer and the parameters of the address.
struct Looked {
    site: Shared,
    frame: Frame,
    answer: Arc<Answer>,
    selection: Selection,
    /// Whether the provider supports queries by data; `None` before it has answered anything.
    by_data: Option<bool>,
    /// The parameters of the address, including the selection.
    parameters: Vec<(String, String)>,
}

impl FromRequestParts<Shared> for Looked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Shared) -> Result<Self, Problem> {
        let frame = Frame::from_request_parts(parts, site).await?;
        let id = id_of(parts, site).await?;
        let Query(parameters) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).unwrap_or_default();
        let (selection, mut parameters) = Selection::take(parameters);
        turn(&mut parameters);
        let answer = site.jobs.settled(id).await?;
        let provider = answer.kept.run.provider.clone();
        let by_data =
            site.desk.read(move |workbench| Ok::<_, Error>(workbench.answers_by_data(&provider))).await?;
        Ok(Self { site: Arc::clone(site), frame, answer, selection, by_data, parameters })
    }
}

async fn id_of(parts: &mut Parts, site: &Shared) -> Result<i64, Problem> {
    let Path(named) = Path::<Vec<(String, String)>>::from_request_parts(parts, site)
        .await
        .map_err(|_| Problem::missing("there is no such run"))?;
    let id = named.iter().find(|(name, _)| name == "id").and_then(|(_, id)| id.parse().ok());
    id.ok_or_else(|| Problem::missing("there is no such run"))
}

impl Looked {
    fn id(&self) -> i64 {
        self.answer.kept.run.id
    }

    fn is_running(&self) -> bool {
        self.answer.kept.run.ending.state == Standing::Running
    }

    /// A parameter of the address, empty if it is missing.
    fn parameter(&self, name: &str) -> &str {
        text(&self.parameters, name)
    }

    /// Links from one of the run's views; a pivot keeps the trail.
    fn links(&self, view: &str) -> Links {
        let id = self.id();
        let steps = operate::trail_of(self.parameter("trail"));
        let trail = operate::trail_text(&steps.into_iter().chain([id]).collect::<Vec<_>>());
        let like = if view == operate::GRAPH { "view=graph&" } else { "" };
        let pivot = format!("/run?{like}trail={trail}&value=");
        let by_data = (self.by_data == Some(true)).then(|| {
            let operation = self.answer.kept.run.operation();
            format!("/run?{like}side=data&operation={operation}&trail={trail}&value=")
        });
        Links::new(&format!("/runs/{id}{view}"), &self.parameters, &pivot).with_data_pivot(by_data)
    }

    async fn head(&self, view: &'static str) -> Result<Head, Problem> {
        Head::of(self, view).await
    }
}

async fn cancel(
    axum::extract::State(site): axum::extract::State<Shared>,
    may: May<RunOperations>,
    Path(id): Path<i64>,
    Posted(_): Posted,
) -> Result<Response, Problem> {
    let cancelled = site.jobs.cancel(id, may.name());
    Ok(go(&format!("/runs/{id}"), if cancelled { "cancelled" } else { "nothing" }))
}

/// Runs the same query again, even if there is a stored answer.
async fn again(
    axum::extract::State(site): axum::extract::State<Shared>,
    may: May<RunOperations>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let run = site.desk.read(move |workbench| workbench.run(id)).await?;
    let started = RunRequest::again(&run).carry_out(&site, may.name()).await?;
    let id = started.runs.first().copied().unwrap_or_default();
    Ok(Redirect::to(&run_address(id, "", sent.text("trail"))).into_response())
}

async fn undo(
    axum::extract::State(site): axum::extract::State<Shared>,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Posted(_): Posted,
) -> Result<Response, Problem> {
    let undone = site.desk.change(may.name(), move |workbench| workbench.undo(id)).await?;
    Ok(go(&format!("/runs/{id}"), if undone.claims > 0 { "undone" } else { "nothing" }))
}
