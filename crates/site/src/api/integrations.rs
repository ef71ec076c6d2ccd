//! Integrations.
//!
//! `install` accepts `{"bundled":"NAME[@VERSION]"}` for a package of the catalogue, or `{"file":"NAME.toml","manifest":"…"}`, with `"overwrite":true` to
//! replace stored values by defaults. If the plan must be confirmed, the answer is 409 with the plan, unless the request has
//! `"confirm":true`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use edge::problem::{Details, Problem};
use operation::{Marking, Package, Secret, Tlp};
use serde::Deserialize;
use workbench::integration::{Changes, Filter, Plan};
use workbench::json::integration as json;
use workbench::{Error, Workbench};

use super::{Asked, Changing, Named, Reading};
use crate::access::needs::{ConfigureIntegrations, InstallIntegrations};
use crate::access::{Confirmed, May, Most, Sent, Visitor};
use crate::basis::{Basis, change_if_match};
use crate::connection;
use crate::site::{Shared, Site};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A manifest of 1 MiB in escaped form; the manifest parser accepts far less, and says so.
const BODY: usize = 2 << 20;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(OpenApiRouter::new().routes(routes!(list, install)).layer(Most::octets(BODY)))
        .routes(routes!(show, configure, remove))
        .routes(routes!(enable))
        .routes(routes!(disable))
        .routes(routes!(test))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wish {
    r#type: Option<String>,
    enabled: Option<bool>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Install)]
pub(super) struct Install {
    bundled: Option<String>,
    file: Option<String>,
    manifest: Option<String>,
    overwrite: bool,
    confirm: bool,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Configure)]
pub(super) struct Configure {
    values: std::collections::BTreeMap<String, String>,
    secrets: std::collections::BTreeMap<String, String>,
    reset: Vec<String>,
    /// The strictest level of the Traffic Light Protocol that it is asked about, or `default` for that of its protocol.
    max_tlp: Option<String>,
}

/// List integrations
#[utoipa::path(
    get, path = "/integrations", tag = "integrations", operation_id = "integrations_list",
    params(Wish),
    responses((status = 200, description = "the installed integrations", body = json::IntegrationList), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Asked(wish): Asked<Wish>,
) -> Result<Json<json::IntegrationList>, Problem> {
    let filter = Filter { kind: wish.r#type.filter(|kind| kind != "all"), enabled: wish.enabled };
    let listing = site.desk.read(move |workbench| workbench.list(&filter)).await?;
    Ok(Json(json::listing(&listing)))
}

/// Show an integration
#[utoipa::path(
    get, path = "/integrations/{name}", tag = "integrations", operation_id = "integrations_show",
    params(("name" = String, Path, description = "the name of the integration")),
    responses((status = 200, description = "the integration with its actions and parameters", body = json::IntegrationDetails), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    let details = site.desk.read(move |workbench| workbench.show(&name)).await?;
    Ok((Basis::of_integration(&details).etag(), Json(json::details(&details))).into_response())
}

/// Install or upgrade an integration; without `confirm`, a change gets 409 and the plan
#[utoipa::path(
    post, path = "/integrations", tag = "integrations", operation_id = "integrations_install",
    request_body = Install,
    responses((status = 200, description = "what was changed", body = json::InstallPlan), Changing, (status = 409, description = "the plan, which must be confirmed; or a conflict", content((json::InstallPlan = "application/json"), (Details = "application/problem+json")))),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn install(
    State(site): State<Shared>,
    may: May<InstallIntegrations>,
    Sent(wish): Sent<Install>,
) -> Result<Response, Problem> {
    let (package, overwrite, confirm) = (wish.package(&site).await?, wish.overwrite, wish.confirm);
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

/// Configure an integration
#[utoipa::path(
    patch, path = "/integrations/{name}", tag = "integrations", operation_id = "integrations_configure",
    params(("name" = String, Path, description = "the name of the integration")),
    request_body = Configure,
    responses((status = 200, description = "the integration as it is now", body = json::IntegrationDetails), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn configure(
    State(site): State<Shared>,
    may: May<ConfigureIntegrations>,
    Named(name): Named<String>,
    headers: HeaderMap,
    Sent(wish): Sent<Configure>,
) -> Result<Response, Problem> {
    let max_tlp = wish.max_tlp.as_deref().map(max_tlp).transpose()?;
    let secrets = wish.secrets.into_iter().map(|(key, secret)| (key, Secret::new(&secret))).collect();
    let changes = Changes { values: wish.values.into_iter().collect(), secrets, reset: wish.reset, max_tlp };
    let configure = {
        let name = name.clone();
        move |workbench: &mut Workbench| workbench.configure(&name, &changes)
    };
    let details = change_if_match(&site, may.name(), &headers, stored(&name), configure).await??;
    Ok((Basis::of_integration(&details).etag(), Json(json::details(&details))).into_response())
}

/// Enable an integration
#[utoipa::path(
    post, path = "/integrations/{name}/enable", tag = "integrations", operation_id = "integrations_enable",
    params(("name" = String, Path, description = "the name of the integration")),
    responses((status = 200, description = "whether this changed anything", body = json::IntegrationSwitched), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn enable(
    State(site): State<Shared>,
    may: May<InstallIntegrations>,
    Named(name): Named<String>,
    headers: HeaderMap,
    _: Confirmed,
) -> Result<Json<json::IntegrationSwitched>, Problem> {
    let wanted = name.clone();
    let enable = move |workbench: &mut Workbench| workbench.enable(&wanted);
    let changed = change_if_match(&site, may.name(), &headers, stored(&name), enable).await??;
    Ok(Json(json::switched(&name, true, changed)))
}

/// Disable an integration
#[utoipa::path(
    post, path = "/integrations/{name}/disable", tag = "integrations", operation_id = "integrations_disable",
    params(("name" = String, Path, description = "the name of the integration")),
    responses((status = 200, description = "whether this changed anything", body = json::IntegrationSwitched), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn disable(
    State(site): State<Shared>,
    may: May<InstallIntegrations>,
    Named(name): Named<String>,
    headers: HeaderMap,
    _: Confirmed,
) -> Result<Json<json::IntegrationSwitched>, Problem> {
    let wanted = name.clone();
    let disable = move |workbench: &mut Workbench| workbench.disable(&wanted);
    let changed = change_if_match(&site, may.name(), &headers, stored(&name), disable).await??;
    Ok(Json(json::switched(&name, false, changed)))
}

/// Remove an integration
#[utoipa::path(
    delete, path = "/integrations/{name}", tag = "integrations", operation_id = "integrations_remove",
    params(("name" = String, Path, description = "the name of the integration")),
    responses((status = 200, description = "removed", body = json::IntegrationRemoved), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn remove(
    State(site): State<Shared>,
    may: May<InstallIntegrations>,
    Named(name): Named<String>,
    headers: HeaderMap,
    _: Confirmed,
) -> Result<Json<json::IntegrationRemoved>, Problem> {
    let wanted = name.clone();
    let remove = move |workbench: &mut Workbench| workbench.remove(&wanted);
    change_if_match(&site, may.name(), &headers, stored(&name), remove).await??;
    Ok(Json(json::removed(&name)))
}

/// Test the connection of an integration
#[utoipa::path(
    post, path = "/integrations/{name}/test", tag = "integrations", operation_id = "integrations_test",
    params(("name" = String, Path, description = "the name of the integration")),
    responses((status = 200, description = "the steps of the test", body = json::ConnectionTest), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn test(
    State(site): State<Shared>,
    _: May<ConfigureIntegrations>,
    Named(name): Named<String>,
    _: Confirmed,
) -> Result<Json<json::ConnectionTest>, Problem> {
    let (checked, said) = connection::test(&site, &name).await?;
    Ok(Json(json::checked(&name, &checked, said.as_ref())))
}

fn max_tlp(text: &str) -> Result<Marking, Problem> {
    if text == "default" {
        return Ok(Marking(None));
    }
    let tlp = text.parse::<Tlp>().map(Marking::from);
    tlp.map_err(|error| Problem::bad_request(format!("max_tlp: {error}, or default")))
}

impl Install {
    async fn package(&self, site: &Site) -> Result<Package, Problem> {
        match (&self.bundled, &self.manifest) {
            (Some(name), None) => {
                let catalogue = site.catalogue().await?;
                catalogue.find(name).cloned().map_err(|error| Problem::bad_request(error.to_string()))
            }
            (None, Some(manifest)) => {
                let file = self.file.as_deref().unwrap_or("manifest.toml");
                Package::parse(file, manifest).map_err(|error| Problem::bad_request(error.to_string()))
            }
            _ => {
                Err(Problem::bad_request("give either the name of a package in the catalogue or a manifest"))
            }
        }
    }
}

/// The stored state of an integration.
fn stored(name: &str) -> impl Fn(&Workbench) -> Result<Option<Basis>, Error> + Send + 'static {
    let name = name.to_owned();
    move |workbench| Ok(Some(Basis::of_integration(&workbench.show(&name)?)))
}
