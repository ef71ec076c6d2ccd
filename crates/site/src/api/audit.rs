//! The audit trail.

use axum::Json;
use axum::extract::State;
use edge::problem::Problem;
use serde::Deserialize;
use workbench::user::Permission;
use workbench::{audit, json};

use super::{Asked, Reading};
use crate::access::Visitor;
use crate::site::Shared;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The default and the largest number of entries per page.
const USUAL: usize = 100;
const MOST: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wish {
    before: Option<i64>,
    limit: Option<usize>,
    /// Seconds since the epoch.
    since: Option<i64>,
}

/// The audit trail
#[utoipa::path(
    get, path = "/audit", tag = "audit", operation_id = "audit_list",
    params(Wish),
    responses((status = 200, description = "the entries, newest first", body = json::audit::AuditPage), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    visitor: Visitor,
    Asked(wish): Asked<Wish>,
) -> Result<Json<json::audit::AuditPage>, Problem> {
    let limit = Some(wish.limit.unwrap_or(USUAL).clamp(1, MOST));
    let filter = audit::Filter { since: wish.since, before: wish.before, limit };
    let page = site.desk.read(move |workbench| workbench.audit(&filter)).await?;
    let manages = visitor.may(Permission::ManageUsers);
    Ok(Json(json::audit::page(&if manages { page } else { page.without_addresses() })))
}
