//! Runs: asked, watched, read, added and undone.
//!
//! A run's `changes` since the answer before come with `?changes=true`; its files are those of its page.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use operation::Indicator;
use serde::Deserialize;
use serde_json::{Value, json};
use workbench::Workbench;
use workbench::json::{answer, run as shape};
use workbench::run::{Arrangement, Compared, Pick, Shown, Sort, Wanted};

use crate::access::{Confirmed, May, Sent, Visitor, needs::EditLibrary, needs::RunOperations};
use crate::page::{Order, run_files};
use crate::problem::Problem;
use crate::site::Shared;

/// Runs unless more or fewer are asked for, and the most that are given.
const USUAL: usize = 50;
const MOST: usize = 1_000;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/runs", get(list).post(begin))
        .route("/runs/{id}", get(show).delete(cancel))
        .route("/runs/{id}/add", post(add))
        .route("/runs/{id}/files/{file}", run_files())
        .route("/runs/{id}/undo", post(undo))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wish {
    indicator: Option<String>,
    before: Option<i64>,
    limit: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Look {
    changes: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Adding {
    /// `all`, or numbers of findings such as `1,3-5`.
    pick: String,
    #[serde(default)]
    dry_run: bool,
}

async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Json<Value>, Problem> {
    let indicator = wish.indicator.as_deref().map(Indicator::parse).transpose();
    let indicator = indicator.map_err(|error| Problem::bad_request(error.to_string()))?;
    let limit = wish.limit.unwrap_or(USUAL).clamp(1, MOST);
    let wanted = Wanted { indicator, before: wish.before, limit, ..Wanted::default() };
    let page = site.desk.read(move |workbench| workbench.runs(&wanted)).await?;
    Ok(Json(shape::page(&page)))
}

/// 202 with the run's number: it goes on by itself.
async fn begin(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Sent(order): Sent<Order>,
) -> Result<Response, Problem> {
    let id = order.carry_out(&site, may.name()).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "run": id }))).into_response())
}

async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Path(id): Path<i64>,
    Query(look): Query<Look>,
) -> Result<Response, Problem> {
    let known = site.jobs.answer(id).await?;
    let shown = move |workbench: &Workbench| {
        let package = workbench.package_of(&known.kept.run)?;
        let mut shown =
            Shown::new(known.kept.clone(), &package, Arrangement { sort: Sort::Last, limit: None });
        if look.changes {
            shown.compared = Compared::of(&known.kept, workbench, Sort::Last)?;
        }
        Ok(shown)
    };
    let shown = site.desk.read(shown).await?;
    let text = answer::shown(&shown).map_err(|_| Problem::internal_page())?;
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

async fn cancel(
    State(site): State<Shared>,
    _: May<RunOperations>,
    Path(id): Path<i64>,
    _: Confirmed,
) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "run": id, "cancelled": site.jobs.cancel(id) })))
}

async fn add(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Sent(body): Sent<Adding>,
) -> Result<Json<Value>, Problem> {
    let pick: Pick =
        body.pick.parse().map_err(|error: workbench::Error| Problem::bad_request(error.to_string()))?;
    let add = move |workbench: &mut workbench::Workbench| {
        Ok((workbench.run(id)?, workbench.add_run(id, &pick, body.dry_run)?))
    };
    let (run, tally) = site.desk.change(may.name(), add).await?;
    Ok(Json(shape::added(&run, &tally, body.dry_run)))
}

async fn undo(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    _: Confirmed,
) -> Result<Json<Value>, Problem> {
    let undo = move |workbench: &mut workbench::Workbench| Ok((workbench.run(id)?, workbench.undo(id)?));
    let (run, undone) = site.desk.change(may.name(), undo).await?;
    Ok(Json(shape::undone(&run, &undone)))
}
