//! A ThreatQ: pulls from it, and executions of the operations that are installed there. Both go on in the background, and are
//! remembered until the server ends.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use edge::problem::Problem;
use operation::Indicator;
use platform::threatq::json as shapes;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workbench::json::threatq as json;

use super::{Changing, Named, Reading};
use crate::access::{Confirmed, May, Sent, Visitor, needs};
use crate::executions;
use crate::instances::Instance;
use crate::pulls::{self, Destination, PullWish};
use crate::site::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(names))
        .routes(routes!(preview))
        .routes(routes!(pull))
        .routes(routes!(show_pull))
        .routes(routes!(cancel_pull))
        .routes(routes!(operations))
        .routes(routes!(execute))
        .routes(routes!(show_execution))
}

/// What is pulled, and into what.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = PullRequest)]
pub(super) struct PullAsked {
    /// The types; without any, all that the threat library has, too.
    types: Vec<String>,
    /// The statuses, by their names there; without any, all.
    statuses: Vec<String>,
    /// The number of an investigation that they become members of, too.
    investigation: Option<i64>,
    /// The name of a new investigation that they become members of, too.
    new_investigation: String,
    /// How many indicators are passed over, in the order of their numbers there.
    offset: u64,
    /// The most indicators that are read: 10000 unless it is set, at most 100000; a preview reads at most 500.
    limit: Option<u64>,
}

/// What is executed on what.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ExecutionRequest)]
pub(super) struct ExecutionAsked {
    /// The title, name or number of the operation there.
    operation: String,
    /// The action; not needed if the operation has one.
    action: Option<String>,
    /// The domain name or IP address, defanged or not, which the ThreatQ has.
    value: String,
}

impl PullAsked {
    fn wish(self) -> Result<PullWish, Problem> {
        let into = match (self.investigation, self.new_investigation.trim()) {
            (None, "") => Destination::Library,
            (Some(id), "") => Destination::Existing(id),
            (None, name) => Destination::New(name.to_owned()),
            (Some(_), _) => {
                return Err(Problem::bad_request("investigation and new_investigation exclude each other"));
            }
        };
        let Self { types, statuses, offset, limit, .. } = self;
        Ok(PullWish { types, statuses, into, offset, limit })
    }
}

/// List the types and statuses that can be pulled from a ThreatQ
#[utoipa::path(
    get, path = "/threatq/{name}/names", tag = "threatq", operation_id = "threatq_names",
    params(("name" = String, Path, description = "the name of the integration")),
    responses((status = 200, description = "the names, as the instance writes them", body = json::ThreatqNames), Reading),
    security(("session" = []))
)]
pub(super) async fn names(
    State(site): State<Shared>,
    _: May<needs::RunOperations>,
    Named(name): Named<String>,
) -> Result<Json<json::ThreatqNames>, Problem> {
    let instance = Instance::of(&site, &name).await?;
    Ok(Json(shapes::names(pulls::names(&instance).await?)))
}

/// Show what a pull would do with the first 500 indicators; nothing is changed
#[utoipa::path(
    post, path = "/threatq/{name}/pulls/preview", tag = "threatq", operation_id = "pulls_preview",
    params(("name" = String, Path, description = "the name of the integration")),
    request_body = PullAsked,
    responses((status = 200, description = "what would be done", body = json::PullReport), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn preview(
    State(site): State<Shared>,
    _: May<needs::RunOperations>,
    Named(name): Named<String>,
    Sent(asked): Sent<PullAsked>,
) -> Result<Json<json::PullReport>, Problem> {
    let instance = Instance::of(&site, &name).await?;
    let report = pulls::preview(&site, &instance, &asked.wish()?).await?;
    Ok(Json(shapes::report(&report, true)))
}

/// Pull indicators from a ThreatQ into the library, and an investigation if one is named
#[utoipa::path(
    post, path = "/threatq/{name}/pulls", tag = "threatq", operation_id = "pulls_begin",
    params(("name" = String, Path, description = "the name of the integration")),
    request_body = PullAsked,
    responses((status = 202, description = "the pull, which continues in the background", body = json::PullShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn pull(
    State(site): State<Shared>,
    may: May<needs::RunOperations>,
    _: May<needs::EditLibrary>,
    Named(name): Named<String>,
    Sent(asked): Sent<PullAsked>,
) -> Result<Response, Problem> {
    let wish = asked.wish()?;
    let instance = Instance::of(&site, &name).await?;
    let id = pulls::begin(&site, may.name(), instance, &wish).await?;
    Ok((StatusCode::ACCEPTED, Json(site.pulls.find(id)?.shown())).into_response())
}

/// Show a pull
#[utoipa::path(
    get, path = "/pulls/{id}", tag = "threatq", operation_id = "pulls_show",
    params(("id" = i64, Path, description = "the number of the pull")),
    responses((status = 200, description = "the pull, and what it did so far", body = json::PullShown), Reading),
    security(("session" = []))
)]
pub(super) async fn show_pull(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
) -> Result<Json<json::PullShown>, Problem> {
    Ok(Json(site.pulls.find(id)?.shown()))
}

/// End a pull after the page that is under way; what was read stays in the library
#[utoipa::path(
    post, path = "/pulls/{id}/cancel", tag = "threatq", operation_id = "pulls_cancel",
    params(("id" = i64, Path, description = "the number of the pull")),
    responses((status = 200, description = "the pull", body = json::PullShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn cancel_pull(
    State(site): State<Shared>,
    _: May<needs::RunOperations>,
    Named(id): Named<i64>,
    _: Confirmed,
) -> Result<Json<json::PullShown>, Problem> {
    Ok(Json(pulls::cancel(&site, id)?.shown()))
}

/// List the operations that are installed on a ThreatQ
#[utoipa::path(
    get, path = "/threatq/{name}/operations", tag = "threatq", operation_id = "threatq_operations",
    params(("name" = String, Path, description = "the name of the integration")),
    responses((status = 200, description = "the operations that the login may see", body = json::ThreatqOperations), Reading),
    security(("session" = []))
)]
pub(super) async fn operations(
    State(site): State<Shared>,
    _: May<needs::RunOperations>,
    Named(name): Named<String>,
) -> Result<Json<json::ThreatqOperations>, Problem> {
    let instance = Instance::of(&site, &name).await?;
    Ok(Json(shapes::operations(&executions::operations(&instance).await?)))
}

/// Execute an operation of a ThreatQ on one of its indicators, exactly once
#[utoipa::path(
    post, path = "/threatq/{name}/executions", tag = "threatq", operation_id = "executions_begin",
    params(("name" = String, Path, description = "the name of the integration")),
    request_body = ExecutionAsked,
    responses((status = 202, description = "the execution, which continues in the background", body = json::ExecutionShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn execute(
    State(site): State<Shared>,
    may: May<needs::RunOperations>,
    Named(name): Named<String>,
    Sent(asked): Sent<ExecutionAsked>,
) -> Result<Response, Problem> {
    let ExecutionAsked { operation, action, value } = asked;
    let indicator = Indicator::existing(&value).map_err(|error| Problem::bad_request(error.to_string()))?;
    let instance = Instance::of(&site, &name).await?;
    let id = executions::begin(&site, may.name(), instance, (operation, action), indicator).await?;
    Ok((StatusCode::ACCEPTED, Json(site.executions.find(id)?.shown())).into_response())
}

/// Show an execution
#[utoipa::path(
    get, path = "/executions/{id}", tag = "threatq", operation_id = "executions_show",
    params(("id" = i64, Path, description = "the number of the execution")),
    responses((status = 200, description = "the execution, with what came", body = json::ExecutionShown), Reading),
    security(("session" = []))
)]
pub(super) async fn show_execution(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
) -> Result<Json<json::ExecutionShown>, Problem> {
    Ok(Json(site.executions.find(id)?.shown()))
}
