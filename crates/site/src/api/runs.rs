//! Runs: started, watched, read, added and undone.
//!
//! With `?changes=true`, a run is shown with its `changes` since the previous answer. Its files are the same as on its page.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use cof::time::Clock;
use edge::problem::Problem;
use serde::{Deserialize, Serialize};
use workbench::Workbench;
use workbench::json::{answer, cost, run as shape};
use workbench::run::{Arrangement, Compared, Pick, Shown, Sort};

use super::{Asked, Changing, Named, Reading, placing};
use crate::access::{Confirmed, May, Sent, Visitor, needs::EditLibrary, needs::RunOperations};
use crate::narrowed::Narrowed;
use crate::run_request::{RunRequest, Started};
use crate::site::Shared;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The default and the largest number of runs per page.
const USUAL: usize = 50;
const MOST: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, begin))
        .routes(routes!(show, cancel))
        .routes(routes!(add))
        .routes(routes!(file))
        .routes(routes!(costs))
        .routes(routes!(undo))
        .routes(routes!(undo_batch))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Look {
    /// Also show new, gone and changed records since the previous answer.
    changes: bool,
    /// The same, since the answer of this run.
    since: Option<i64>,
    /// Only records with an address of these autonomous systems, separated by commas, if files say where addresses are.
    #[serde(default)]
    as_number: String,
    /// Only records with an address in these countries, separated by commas, if files say where addresses are.
    #[serde(default)]
    country: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Adding)]
pub(super) struct Adding {
    /// `all`, numbers of findings such as `1,3-5`, or values such as `www.example.com`, for the findings of their records.
    pick: String,
    #[serde(default)]
    dry_run: bool,
}

/// The runs that were started.
#[derive(Serialize, ToSchema)]
pub(super) struct RunBegun {
    /// The operations that were not asked, although others were.
    refused: Vec<OperationRefused>,
    /// The number of the first run, which also names the batch.
    run: i64,
    /// The numbers of all runs, in the order of the operations.
    runs: Vec<i64>,
}

/// An operation that was not asked.
#[derive(Serialize, ToSchema)]
pub(super) struct OperationRefused {
    /// Its name.
    operation: String,
    /// Why it was not asked.
    reason: String,
}

/// A run that was cancelled.
#[derive(Serialize, ToSchema)]
pub(super) struct RunCancelled {
    /// Whether it was running.
    cancelled: bool,
    /// Its number.
    run: i64,
}

/// The runs of a batch that had added something.
#[derive(Serialize, ToSchema)]
pub(super) struct BatchUndone {
    /// What undoing each of them removed.
    undone: Vec<shape::RunUndone>,
}

/// List runs
#[utoipa::path(
    get, path = "/runs", tag = "runs", operation_id = "runs_list",
    params(Narrowed),
    responses((status = 200, description = "a page of runs", body = shape::RunPage), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Asked(narrowed): Asked<Narrowed>,
) -> Result<Json<shape::RunPage>, Problem> {
    let limit = narrowed.limit.unwrap_or(USUAL).clamp(1, MOST);
    let wanted = narrowed.wanted(&Clock::system(), limit).map_err(Problem::bad_request)?;
    let page = site.desk.read(move |workbench| workbench.runs(&wanted)).await?;
    Ok(Json(shape::page(&page)))
}

/// Start a run, or one for each of several operations
#[utoipa::path(
    post, path = "/runs", tag = "runs", operation_id = "runs_begin",
    request_body = RunRequest,
    responses((status = 202, description = "the runs, which continue in the background", body = RunBegun), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn begin(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Sent(wanted): Sent<RunRequest>,
) -> Result<Response, Problem> {
    let Started { runs, refused } = wanted.carry_out(&site, may.name()).await?;
    let refused = refused
        .into_iter()
        .map(|(operation, problem)| OperationRefused { operation, reason: problem.detail });
    let begun = RunBegun { run: runs.first().copied().unwrap_or_default(), refused: refused.collect(), runs };
    Ok((StatusCode::ACCEPTED, Json(begun)).into_response())
}

/// Show what runs would cost, without starting them; no value is sent
#[utoipa::path(
    post, path = "/runs/cost", tag = "runs", operation_id = "runs_cost",
    request_body = RunRequest,
    responses((status = 200, description = "the cost of each operation", body = cost::Costs), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn costs(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Sent(wanted): Sent<RunRequest>,
) -> Result<Json<cost::Costs>, Problem> {
    let costs = wanted.costs(&site, may.name(), true).await?;
    Ok(Json(cost::costs(&costs)))
}

/// Show a run
#[utoipa::path(
    get, path = "/runs/{id}", tag = "runs", operation_id = "runs_show",
    params(("id" = i64, Path, description = "the number"), Look),
    responses((status = 200, description = "the answer, as printed by `query --format json`", body = answer::Answer), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
    Asked(look): Asked<Look>,
) -> Result<Response, Problem> {
    let placing = placing(&site, &look.as_number, &look.country)?;
    let known = site.jobs.answer(id).await?;
    let shown = move |workbench: &Workbench| {
        let package = workbench.package_of(&known.kept.run)?;
        let arrangement = Arrangement { sort: Sort::Last, limit: None };
        let mut shown = Shown::new(known.kept.clone(), &package, arrangement, placing);
        if look.changes || look.since.is_some() {
            shown.compared = Compared::of(&known.kept, workbench, look.since, Sort::Last)?;
        }
        Ok(shown)
    };
    let shown = site.desk.read(shown).await?;
    let text = answer::shown(&shown).map_err(|_| Problem::internal_page())?;
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

/// The file has all records: a filter that it would ignore is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Everything {}

/// Download a file of a run
#[utoipa::path(
    get, path = "/runs/{id}/files/{file}", tag = "runs", operation_id = "runs_file",
    params(
        ("id" = i64, Path, description = "the number"),
        ("file" = String, Path, description = "`records.cof`, `records.json`, `records.csv`, or `evidence`: the exact bytes received"),
    ),
    responses((status = 200, description = "the file", content(
        (String = "application/octet-stream"),
        (String = "application/x-ndjson"),
        (answer::Answer = "application/json"),
        (String = "text/csv; charset=utf-8"),
    )), Reading),
    security(("session" = []))
)]
pub(super) async fn file(
    State(site): State<Shared>,
    _: Visitor,
    Named((id, name)): Named<(i64, String)>,
    Asked(Everything {}): Asked<Everything>,
) -> Result<Response, Problem> {
    let answer = site.jobs.settled(id).await?;
    site.downloads.file(&answer, (id, ""), &name).await
}

/// Cancel a run
#[utoipa::path(
    delete, path = "/runs/{id}", tag = "runs", operation_id = "runs_cancel",
    params(("id" = i64, Path, description = "the number")),
    responses((status = 200, description = "whether it was running", body = RunCancelled), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn cancel(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Named(id): Named<i64>,
    _: Confirmed,
) -> Result<Json<RunCancelled>, Problem> {
    Ok(Json(RunCancelled { cancelled: site.jobs.cancel(id, may.name()), run: id }))
}

/// Add the findings of a run to the library
#[utoipa::path(
    post, path = "/runs/{id}/add", tag = "runs", operation_id = "runs_add",
    params(("id" = i64, Path, description = "the number")),
    request_body = Adding,
    responses((status = 200, description = "what was added, or would be", body = shape::RunAdded), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn add(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    Sent(body): Sent<Adding>,
) -> Result<Json<shape::RunAdded>, Problem> {
    let pick: Pick =
        body.pick.parse().map_err(|error: workbench::Error| Problem::bad_request(error.to_string()))?;
    let add = move |workbench: &mut workbench::Workbench| {
        Ok((workbench.run(id)?, workbench.add_run(id, &pick, body.dry_run)?))
    };
    let (run, tally) = site.desk.change(may.name(), add).await?;
    Ok(Json(shape::added(&run, &tally, body.dry_run)))
}

/// Undo what a run added
#[utoipa::path(
    post, path = "/runs/{id}/undo", tag = "runs", operation_id = "runs_undo",
    params(("id" = i64, Path, description = "the number")),
    responses((status = 200, description = "what was removed", body = shape::RunUndone), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn undo(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    _: Confirmed,
) -> Result<Json<shape::RunUndone>, Problem> {
    let undo = move |workbench: &mut workbench::Workbench| Ok((workbench.run(id)?, workbench.undo(id)?));
    let (run, undone) = site.desk.change(may.name(), undo).await?;
    Ok(Json(shape::undone(&run, &undone)))
}

/// Undo what the runs of a batch added
#[utoipa::path(
    post, path = "/runs/batch/{batch}/undo", tag = "runs", operation_id = "runs_undo_batch",
    params(("batch" = i64, Path, description = "the number of the first run of the batch")),
    responses((status = 200, description = "what was removed, for each run that had added something", body = BatchUndone), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn undo_batch(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(batch): Named<i64>,
    _: Confirmed,
) -> Result<Json<BatchUndone>, Problem> {
    let undone = site.desk.change(may.name(), move |workbench| workbench.undo_batch(batch)).await?;
    let undone = undone.iter().map(|(run, undone)| shape::undone(run, undone)).collect();
    Ok(Json(BatchUndone { undone }))
}
