//! Saved searches of the library; each user has their own.

use axum::Json;
use axum::extract::State;
use edge::problem::Problem;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workbench::Workbench;
use workbench::json::search as json;

use super::{Changing, Named, Reading};
use crate::access::{Confirmed, Sent, Visitor};
use crate::listed::Wish;
use crate::site::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list, save)).routes(routes!(delete))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSearch)]
pub(super) struct New {
    /// Its name: up to 60 characters. A search of the same name is replaced.
    name: String,
    /// The filters, as a query string: `q`, `type`, `status`, `tlp`, `tag`, `source`, `sort` and `removed`.
    #[serde(default)]
    query: String,
}

/// List your saved searches
#[utoipa::path(
    get, path = "/searches", tag = "indicators", operation_id = "searches_list",
    responses((status = 200, description = "the searches by name", body = json::SavedSearches), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    visitor: Visitor,
) -> Result<Json<json::SavedSearches>, Problem> {
    let user = visitor.session.user.id;
    let searches = site.desk.read(move |workbench| workbench.saved_searches(user)).await?;
    Ok(Json(json::all(&searches)))
}

/// Save a search
#[utoipa::path(
    post, path = "/searches", tag = "indicators", operation_id = "searches_save",
    request_body = New,
    responses((status = 200, description = "the search", body = json::SavedSearch), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn save(
    State(site): State<Shared>,
    visitor: Visitor,
    Sent(new): Sent<New>,
) -> Result<Json<json::SavedSearch>, Problem> {
    let (user, query) = (visitor.session.user.id, Wish::checked(&new.query)?.query());
    let save = move |workbench: &mut Workbench| workbench.save_search(user, &new.name, &query);
    let saved = site.desk.change(visitor.name(), save).await?;
    Ok(Json(json::saved(&saved)))
}

/// Delete a saved search
#[utoipa::path(
    delete, path = "/searches/{id}", tag = "indicators", operation_id = "searches_delete",
    params(("id" = i64, Path, description = "its number")),
    responses((status = 200, description = "the search that was deleted", body = json::SavedSearch), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn delete(
    State(site): State<Shared>,
    visitor: Visitor,
    Named(id): Named<i64>,
    _: Confirmed,
) -> Result<Json<json::SavedSearch>, Problem> {
    let user = visitor.session.user.id;
    let delete = move |workbench: &mut Workbench| workbench.delete_search(user, id);
    let deleted = site.desk.change(visitor.name(), delete).await?;
    Ok(Json(json::saved(&deleted)))
}
