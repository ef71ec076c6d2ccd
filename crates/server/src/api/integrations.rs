//! Integrations.
//!
//! `install` takes `{"bundled":"NAME[@VERSION]"}` or `{"file":"NAME.toml","manifest":"…"}`, with `"overwrite":true` for
//! defaults in place of stored values. What must be confirmed is 409 and the plan, until `"confirm":true` comes with it.

use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use operation::{Package, Secret, package};
use serde::Deserialize;
use serde_json::Value;
use workbench::Error;
use workbench::integration::{Changes, Filter, Plan};
use workbench::json::integration as json;

use crate::access::needs::{ConfigureIntegrations, InstallIntegrations};
use crate::access::{Confirmed, May, Sent, Visitor};
use crate::connection;
use crate::problem::Problem;
use crate::site::Shared;

/// A manifest of 1 MiB, escaped; the manifest's reader takes far less and says so.
const BODY: usize = 2 << 20;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/integrations", get(list).post(install).layer(DefaultBodyLimit::max(BODY)))
        .route("/integrations/{name}", get(show).patch(configure).delete(remove))
        .route("/integrations/{name}/enable", post(enable))
        .route("/integrations/{name}/disable", post(disable))
        .route("/integrations/{name}/test", post(test))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wish {
    r#type: Option<String>,
    enabled: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Install {
    bundled: Option<String>,
    file: Option<String>,
    manifest: Option<String>,
    overwrite: bool,
    confirm: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Configure {
    values: std::collections::BTreeMap<String, String>,
    secrets: std::collections::BTreeMap<String, String>,
    reset: Vec<String>,
}

async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Json<Value>, Problem> {
    let filter = Filter { kind: wish.r#type.filter(|kind| kind != "all"), enabled: wish.enabled };
    let listing = site.desk.read(move |workbench| workbench.list(&filter)).await?;
    Ok(Json(json::listing(&listing)))
}

async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let details = site.desk.read(move |workbench| workbench.show(&name)).await.map_err(missing)?;
    Ok(Json(json::details(&details)))
}

async fn install(
    State(site): State<Shared>,
    may: May<InstallIntegrations>,
    Sent(wish): Sent<Install>,
) -> Result<Response, Problem> {
    let (package, overwrite, confirm) = (wish.package()?, wish.overwrite, wish.confirm);
    let installing = move |workbench: &mut workbench::Workbench| {
        let plan = workbench.plan_install(package, overwrite)?;
        let done = confirm || plan.questions().is_empty();
        if done {
            workbench.install(plan.clone().confirm())?;
        }
        Ok((plan, done))
    };
    let (plan, done): (Plan, bool) = site.desk.change(may.name(), installing).await?;
    let status = if done { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok((status, Json(json::plan(&plan))).into_response())
}

async fn configure(
    State(site): State<Shared>,
    may: May<ConfigureIntegrations>,
    Path(name): Path<String>,
    Sent(wish): Sent<Configure>,
) -> Result<Json<Value>, Problem> {
    let secrets = wish.secrets.into_iter().map(|(key, secret)| (key, Secret::new(&secret))).collect();
    let changes = Changes { values: wish.values.into_iter().collect(), secrets, reset: wish.reset };
    let details = site.desk.change(may.name(), move |workbench| workbench.configure(&name, &changes)).await?;
    Ok(Json(json::details(&details)))
}

async fn enable(
    State(site): State<Shared>,
    may: May<InstallIntegrations>,
    Path(name): Path<String>,
    _: Confirmed,
) -> Result<Json<Value>, Problem> {
    let wanted = name.clone();
    let changed = site.desk.change(may.name(), move |workbench| workbench.enable(&wanted)).await?;
    Ok(Json(json::switched(&name, true, changed)))
}

async fn disable(
    State(site): State<Shared>,
    may: May<InstallIntegrations>,
    Path(name): Path<String>,
    _: Confirmed,
) -> Result<Json<Value>, Problem> {
    let wanted = name.clone();
    let changed = site.desk.change(may.name(), move |workbench| workbench.disable(&wanted)).await?;
    Ok(Json(json::switched(&name, false, changed)))
}

async fn remove(
    State(site): State<Shared>,
    may: May<InstallIntegrations>,
    Path(name): Path<String>,
    _: Confirmed,
) -> Result<Json<Value>, Problem> {
    let wanted = name.clone();
    site.desk.change(may.name(), move |workbench| workbench.remove(&wanted)).await.map_err(missing)?;
    Ok(Json(json::removed(&name)))
}

async fn test(
    State(site): State<Shared>,
    _: May<ConfigureIntegrations>,
    Path(name): Path<String>,
    _: Confirmed,
) -> Result<Json<Value>, Problem> {
    let checked = connection::test(&site, &name).await?;
    Ok(Json(json::checked(&name, &checked)))
}

impl Install {
    fn package(&self) -> Result<Package, Problem> {
        match (&self.bundled, &self.manifest) {
            (Some(name), None) => {
                package::find(name).map_err(|error| Problem::bad_request(error.to_string()))
            }
            (None, Some(manifest)) => {
                let file = self.file.as_deref().unwrap_or("manifest.toml");
                Package::parse(file, manifest).map_err(|error| Problem::bad_request(error.to_string()))
            }
            _ => Err(Problem::bad_request("give either a bundled package's name or a manifest")),
        }
    }
}

/// What is not installed is not found.
fn missing(error: Error) -> Problem {
    match error {
        Error::Refused(why) => Problem::missing(why),
        error => error.into(),
    }
}
