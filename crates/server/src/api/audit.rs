//! The audit trail.

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;
use workbench::{audit, json};

use crate::access::Visitor;
use crate::problem::Problem;
use crate::site::Shared;

/// Entries unless more or fewer are asked for, and the most that are given.
const USUAL: usize = 100;
const MOST: usize = 1_000;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/audit", get(list))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wish {
    before: Option<i64>,
    limit: Option<usize>,
    /// Seconds since the epoch.
    since: Option<i64>,
}

async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Json<Value>, Problem> {
    let limit = Some(wish.limit.unwrap_or(USUAL).clamp(1, MOST));
    let filter = audit::Filter { since: wish.since, before: wish.before, limit };
    let page = site.desk.read(move |workbench| workbench.audit(&filter)).await?;
    Ok(Json(json::audit::page(&page)))
}
