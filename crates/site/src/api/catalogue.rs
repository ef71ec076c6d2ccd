//! The catalogue: the packages that can be installed by name, and their files.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use edge::problem::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workbench::integration::Filter;
use workbench::json::catalogue as json;

use super::{Named, Reading};
use crate::access::Visitor;
use crate::site::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(file))
}

/// List the packages that can be installed by name
#[utoipa::path(
    get, path = "/catalogue", tag = "integrations", operation_id = "catalogue_list",
    responses((status = 200, description = "the packages, and the files that cannot be used", body = json::CatalogueList), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    _: Visitor,
) -> Result<Json<json::CatalogueList>, Problem> {
    let catalogue = site.catalogue().await?;
    let installed = site.desk.read(|workbench| workbench.list(&Filter::default())).await?.integrations;
    Ok(Json(json::catalogue(&catalogue, &installed)))
}

/// The file of a package
#[utoipa::path(
    get, path = "/catalogue/{name}/{version}", tag = "integrations", operation_id = "catalogue_file",
    params(
        ("name" = String, Path, description = "the name of the package"),
        ("version" = String, Path, description = "its version")
    ),
    responses((status = 200, description = "the manifest", body = String, content_type = "application/toml"), Reading),
    security(("session" = []))
)]
pub(super) async fn file(
    State(site): State<Shared>,
    _: Visitor,
    Named((name, version)): Named<(String, String)>,
) -> Result<Response, Problem> {
    site.manifest(&name, &version).await
}
