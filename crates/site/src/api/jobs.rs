//! Jobs of investigations: what they cost, started, watched, paused, resumed and cancelled. This server works on those that it starts or
//! resumes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use edge::problem::Problem;
use operation::{Indicator, Package};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workbench::Workbench;
use workbench::job::{Job, Operation, Request};
use workbench::json::{cost, job as json};
use workbench::run::Cost;

use super::members::existing;
use super::{Changing, Named, Reading};
use crate::access::{Confirmed, May, Most, Sent, Visitor, needs::RunOperations};
use crate::enrichment;
use crate::run_request::RunRequest;
use crate::site::{Shared, Site};

/// Stands for every enabled operation that accepts a member.
const ALL: &str = "all";
/// The largest body with members, in bytes.
const BODY: usize = 3 << 20;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    let with_members =
        OpenApiRouter::new().routes(routes!(list, begin)).routes(routes!(costs)).layer(Most::octets(BODY));
    OpenApiRouter::new()
        .merge(with_members)
        .routes(routes!(show))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(cancel))
}

/// What a job asks.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = JobRequest)]
pub(super) struct Wish {
    /// The installed operations; `all` stands for every enabled one that accepts a member.
    operations: Vec<String>,
    /// Only about these members; about all of them if empty.
    members: Vec<String>,
    /// Only these types: A,NS.
    rrtype: String,
    /// Only records last seen at this time or later.
    seen_after: String,
    /// Only records first seen at this time or earlier.
    seen_before: String,
    /// Query the providers even if stored answers are fresh enough.
    fresh: bool,
}

/// A request that was read, with the costs of its operations.
struct Planned {
    request: Request,
    members: Arc<Vec<Indicator>>,
    costs: Vec<(Arc<Package>, Cost)>,
}

/// List the jobs of an investigation
#[utoipa::path(
    get, path = "/investigations/{id}/jobs", tag = "investigations", operation_id = "jobs_list",
    params(("id" = i64, Path, description = "the number of the investigation")),
    responses((status = 200, description = "its jobs, newest first", body = json::JobList), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
) -> Result<Json<json::JobList>, Problem> {
    Ok(Json(site.desk.read(move |workbench| json::list(workbench, id)).await?))
}

/// Show what a job would cost, without starting it; no value is sent
#[utoipa::path(
    post, path = "/investigations/{id}/jobs/cost", tag = "investigations", operation_id = "jobs_cost",
    params(("id" = i64, Path, description = "the number of the investigation")),
    request_body = Wish,
    responses((status = 200, description = "the cost of each operation", body = cost::Costs), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn costs(
    State(site): State<Shared>,
    _: May<RunOperations>,
    Named(id): Named<i64>,
    Sent(wish): Sent<Wish>,
) -> Result<Json<cost::Costs>, Problem> {
    let costs: Vec<Cost> = wish.plan(&site, id).await?.costs.into_iter().map(|(_, cost)| cost).collect();
    Ok(Json(cost::costs(&costs)))
}

/// Start a job, which queries operations about the members of an investigation
#[utoipa::path(
    post, path = "/investigations/{id}/jobs", tag = "investigations", operation_id = "jobs_begin",
    params(("id" = i64, Path, description = "the number of the investigation")),
    request_body = Wish,
    responses((status = 202, description = "the job, which continues in the background", body = json::JobShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn begin(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Named(id): Named<i64>,
    Sent(wish): Sent<Wish>,
) -> Result<Response, Problem> {
    let Planned { mut request, members, costs } = wish.plan(&site, id).await?;
    request.operations = costs.iter().map(|(package, _)| Operation::of(package)).collect();
    let create = move |workbench: &mut Workbench| {
        let job = workbench.create_job(id, &request, &members)?;
        Ok((json::of(workbench, &job)?, job))
    };
    let (shown, job) = site.desk.change(may.name(), create).await?;
    enrichment::start(&site, job);
    Ok((StatusCode::ACCEPTED, Json(shown)).into_response())
}

/// Show a job
#[utoipa::path(
    get, path = "/investigations/{id}/jobs/{job}", tag = "investigations", operation_id = "jobs_show",
    params(
        ("id" = i64, Path, description = "the number of the investigation"),
        ("job" = i64, Path, description = "the number of the job"),
    ),
    responses((status = 200, description = "the job, and how far it is", body = json::JobShown), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Named((id, job)): Named<(i64, i64)>,
) -> Result<Json<json::JobShown>, Problem> {
    let read = move |workbench: &Workbench| json::of(workbench, &workbench.job_of(id, job)?);
    Ok(Json(site.desk.read(read).await?))
}

/// Pause a job; what is under way is finished
#[utoipa::path(
    post, path = "/investigations/{id}/jobs/{job}/pause", tag = "investigations", operation_id = "jobs_pause",
    params(
        ("id" = i64, Path, description = "the number of the investigation"),
        ("job" = i64, Path, description = "the number of the job"),
    ),
    responses((status = 200, description = "the job", body = json::JobShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn pause(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Named((id, job)): Named<(i64, i64)>,
    _: Confirmed,
) -> Result<Json<json::JobShown>, Problem> {
    let (shown, job) = turn(&site, may.name(), (id, job), Workbench::pause_job).await?;
    site.live_jobs.notice(&job);
    Ok(Json(shown))
}

/// Resume a paused job; what failed is asked again
#[utoipa::path(
    post, path = "/investigations/{id}/jobs/{job}/resume", tag = "investigations", operation_id = "jobs_resume",
    params(
        ("id" = i64, Path, description = "the number of the investigation"),
        ("job" = i64, Path, description = "the number of the job"),
    ),
    responses((status = 200, description = "the job, which continues in the background", body = json::JobShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn resume(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Named((id, job)): Named<(i64, i64)>,
    _: Confirmed,
) -> Result<Json<json::JobShown>, Problem> {
    let (shown, job) = turn(&site, may.name(), (id, job), Workbench::resume_job).await?;
    enrichment::start(&site, job);
    Ok(Json(shown))
}

/// Cancel a job; runs that are under way are interrupted
#[utoipa::path(
    post, path = "/investigations/{id}/jobs/{job}/cancel", tag = "investigations", operation_id = "jobs_cancel",
    params(
        ("id" = i64, Path, description = "the number of the investigation"),
        ("job" = i64, Path, description = "the number of the job"),
    ),
    responses((status = 200, description = "the job", body = json::JobShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn cancel(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Named((id, job)): Named<(i64, i64)>,
    _: Confirmed,
) -> Result<Json<json::JobShown>, Problem> {
    let (shown, job) = turn(&site, may.name(), (id, job), Workbench::cancel_job).await?;
    site.live_jobs.notice(&job);
    Ok(Json(shown))
}

/// Changes the state of a job of an investigation.
async fn turn(
    site: &Site,
    actor: &str,
    (investigation, job): (i64, i64),
    change: fn(&mut Workbench, i64) -> Result<Job, workbench::Error>,
) -> Result<(json::JobShown, Job), Problem> {
    let turn = move |workbench: &mut Workbench| {
        workbench.job_of(investigation, job)?;
        let job = change(workbench, job)?;
        Ok((json::of(workbench, &job)?, job))
    };
    Ok(site.desk.change(actor, turn).await?)
}

impl Wish {
    /// The request of a job, with the costs of the chosen operations.
    async fn plan(self, site: &Site, investigation: i64) -> Result<Planned, Problem> {
        let (request, members) = (self.request(site)?, existing(&self.members)?);
        let read = move |workbench: &Workbench| workbench.job_subjects(investigation, &members);
        let members = Arc::new(site.desk.read(read).await?.indicators);
        let enabled = enrichment::costs(site, &request, &members).await?;
        let costs = self.chosen(enabled)?;
        Ok(Planned { request, members, costs })
    }

    fn request(&self, site: &Site) -> Result<Request, Problem> {
        let wish = RunRequest {
            rrtype: self.rrtype.clone(),
            seen_after: self.seen_after.clone(),
            seen_before: self.seen_before.clone(),
            ..RunRequest::default()
        };
        let (rrtypes, window) = (wish.rrtypes()?, wish.window(site)?);
        Ok(Request { operations: Vec::new(), rrtypes, window, fresh: self.fresh })
    }

    /// The costs of the chosen operations.
    fn chosen(&self, enabled: Vec<(Arc<Package>, Cost)>) -> Result<Vec<(Arc<Package>, Cost)>, Problem> {
        if self.operations.is_empty() {
            return Err(Problem::bad_request("operations: name at least one, or `all`"));
        }
        if self.operations.as_slice() == [ALL] {
            return Ok(enabled.into_iter().filter(|(_, cost)| cost.values > 0).collect());
        }
        let is_enabled = |name: &&String| enabled.iter().any(|(package, _)| package.name == **name);
        if let Some(other) = self.operations.iter().find(|name| !is_enabled(name)) {
            return Err(Problem::refused(format!(
                "no enabled operation is called {other:?}, or it lacks settings"
            )));
        }
        Ok(enabled.into_iter().filter(|(package, _)| self.operations.contains(&package.name)).collect())
    }
}
