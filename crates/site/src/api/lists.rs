//! Warning lists: imported, listed, disabled and removed; and what is known against a value.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use context::lists::MAX_BYTES;
use edge::problem::Problem;
use operation::Indicator;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workbench::json::list as json;

use super::{Asked, Changing, Named, Reading};
use crate::access::{Confirmed, May, Most, Visitor, needs::EditLibrary};
use crate::shelf;
use crate::site::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(OpenApiRouter::new().routes(routes!(show, import)).layer(Most::octets(MAX_BYTES)))
        .routes(routes!(remove))
        .routes(routes!(restore))
        .routes(routes!(enable))
        .routes(routes!(disable))
        .routes(routes!(check))
}

/// A warning list in MISP's format.
#[derive(ToSchema)]
#[schema(as = WarningListFile)]
#[expect(dead_code, reason = "it describes what the crate that keeps lists reads")]
pub(super) struct ListFile {
    /// Its name, which identifies it: a list of the same name is replaced.
    name: String,
    /// What it is.
    description: Option<String>,
    /// Its version.
    version: Option<u64>,
    /// `cidr`, `hostname`, `regex`, `string` or `substring`.
    r#type: String,
    /// The kinds of attributes that it is about, as MISP names them; without any, it is about all.
    matching_attributes: Option<Vec<String>>,
    /// Its entries.
    list: Vec<String>,
}

/// List the warning lists
#[utoipa::path(
    get, path = "/lists", tag = "lists", operation_id = "lists_show",
    responses((status = 200, description = "the lists, as printed by `list show --format json`", body = json::WarningLists), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    _: Visitor,
) -> Result<Json<json::WarningLists>, Problem> {
    let (abouts, damaged) = shelf::all(&site).await?;
    Ok(Json(json::lists(&abouts, damaged)))
}

/// Import a warning list; one of the same name is replaced
#[utoipa::path(
    post, path = "/lists", tag = "lists", operation_id = "lists_import",
    request_body = ListFile,
    responses((status = 200, description = "the list", body = json::ImportedList), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn import(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    _: Confirmed,
    body: Bytes,
) -> Result<Json<json::ImportedList>, Problem> {
    let (about, replaced) = shelf::import(&site, may.name(), body.into()).await??;
    Ok(Json(json::received(&about, replaced)))
}

/// Remove a warning list
#[utoipa::path(
    delete, path = "/lists/{name}", tag = "lists", operation_id = "lists_remove",
    params(("name" = String, Path, description = "its name")),
    responses((status = 200, description = "removed", body = json::RemovedList), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn remove(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(name): Named<String>,
    _: Confirmed,
) -> Result<Json<json::RemovedList>, Problem> {
    shelf::remove(&site, may.name(), &name).await?;
    Ok(Json(json::removed(&name, true)))
}

/// Restore the warning list that was removed last
#[utoipa::path(
    post, path = "/lists/{name}/restore", tag = "lists", operation_id = "lists_restore",
    params(("name" = String, Path, description = "its name")),
    responses((status = 200, description = "restored", body = json::RemovedList), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn restore(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(name): Named<String>,
    _: Confirmed,
) -> Result<Json<json::RemovedList>, Problem> {
    shelf::restore(&site, may.name(), &name).await?;
    Ok(Json(json::removed(&name, false)))
}

/// Use a disabled warning list again
#[utoipa::path(
    post, path = "/lists/{name}/enable", tag = "lists", operation_id = "lists_enable",
    params(("name" = String, Path, description = "its name")),
    responses((status = 200, description = "enabled", body = json::SwitchedList), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn enable(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(name): Named<String>,
    _: Confirmed,
) -> Result<Json<json::SwitchedList>, Problem> {
    let changed = shelf::switch(&site, may.name(), &name, true).await?;
    Ok(Json(json::switched(&name, true, changed)))
}

/// Keep a warning list, but do not use it
#[utoipa::path(
    post, path = "/lists/{name}/disable", tag = "lists", operation_id = "lists_disable",
    params(("name" = String, Path, description = "its name")),
    responses((status = 200, description = "disabled", body = json::SwitchedList), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn disable(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(name): Named<String>,
    _: Confirmed,
) -> Result<Json<json::SwitchedList>, Problem> {
    let changed = shelf::switch(&site, may.name(), &name, false).await?;
    Ok(Json(json::switched(&name, false, changed)))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The domain name or IP address.
    value: String,
    /// Whether it is the name server of others.
    name_server: bool,
}

/// Tell which warning lists have a value, and why it says little if several indicators share it
#[utoipa::path(
    get, path = "/weak", tag = "lists", operation_id = "weak_check",
    params(Wanted),
    responses((status = 200, description = "what is known, as printed by `list check --format json`", body = json::ListHits), Reading),
    security(("session" = []))
)]
pub(super) async fn check(
    State(site): State<Shared>,
    _: Visitor,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<json::ListHits>, Problem> {
    let indicator = Indicator::existing(&wanted.value)
        .map_err(|error| Problem::bad_request(format!("value: {error}")))?;
    let reasons = shelf::reasons(&site, &indicator, wanted.name_server).await?;
    Ok(Json(json::hits(&indicator, &reasons)))
}
