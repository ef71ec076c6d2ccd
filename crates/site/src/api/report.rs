//! The report of an investigation, as a file.

use axum::extract::State;
use axum::response::Response;
use edge::problem::Problem;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Named, Reading};
use crate::access::Visitor;
use crate::report::{self, Options};
use crate::site::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show))
}

/// What a report contains.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Look {
    /// Whether names, addresses and URLs are defanged; they are if it is left out.
    defang: Option<bool>,
    /// Only these sections, separated by commas: `asked`, `members`, `shared`, `timeline`, `findings`, `left-out`, `notes`, `sources`.
    section: Option<String>,
}

/// Show the report of an investigation, as a page that needs no other file
#[utoipa::path(
    get, path = "/investigations/{id}/report", tag = "investigations", operation_id = "investigations_report",
    params(("id" = i64, Path, description = "the number"), Look),
    responses((status = 200, description = "the page, without scripts", body = String, content_type = "text/html; charset=utf-8"), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    visitor: Visitor,
    Named(id): Named<i64>,
    Asked(look): Asked<Look>,
) -> Result<Response, Problem> {
    let sections = Options::sections(look.section.as_deref());
    let sections = sections.map_err(|error| Problem::bad_request(format!("section: {error}")))?;
    let options = Options { defang: look.defang.unwrap_or(true), sections };
    report::download(&site, id, visitor.name(), &options).await
}
