//! Add New Integration: choose a package, see what installing it would change, and confirm.
//!
//! Nothing is written before the last "yes". Between the steps, the form itself contains the package, so that the server stores
//! nothing that would have to expire. It also contains a fingerprint of the plan that was shown: only that plan is carried out.
//! A file that is not a package is refused in the dialog, with the line and the reason.

mod comparison;
mod offer;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use edge::problem::Problem;
use operation::IndicatorType;
use operation::package::{Catalogue, Listed};
use serde::Deserialize;
use workbench::Workbench;
use workbench::integration::{Plan, Question, Relation};

use self::comparison::Comparison;
use self::offer::{Offer, Refusal};
use super::integrations::{Listing, Wish, tile};
use super::{Frame, encoded, go, show, show_as};
use crate::access::{May, Most, Posted, Upload, needs::InstallIntegrations};
use crate::site::Shared;

/// The largest upload, in bytes: larger than any package, so that the dialog can report the error.
const UPLOAD: usize = 8 << 20;
/// The largest confirmation, in bytes: several times a package in base64, and the rest of the form.
const CONFIRMATION: usize = 2 << 20;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/integrations/new", get(ask).post(choose).layer(Most::octets(UPLOAD)))
        .route("/integrations/new/confirm", post(confirm).layer(Most::octets(CONFIRMATION)))
}

/// A package of the catalogue.
struct Bundled {
    name: String,
    title: String,
    tile: String,
    version: String,
    kind: &'static str,
    types: String,
    parameters: usize,
    state: BundledState,
}

enum BundledState {
    /// It can replace this version: `true` for an upgrade, `false` for a downgrade.
    Instead(String, bool),
    Installed,
    New,
}

#[derive(Template)]
#[template(path = "install.html")]
struct Choose {
    frame: Frame,
    listing: Listing,
    bundled: Vec<Bundled>,
    refusal: Option<Refusal>,
}

/// The first confirmation: the integration is already installed.
#[derive(Template)]
#[template(path = "install-exists.html")]
struct Exists {
    frame: Frame,
    listing: Listing,
    plan: Plan,
    offer: Offer,
    seen: String,
}

/// The second confirmation: the parameters change.
#[derive(Template)]
#[template(path = "install-parameters.html")]
struct Parameters {
    frame: Frame,
    listing: Listing,
    comparison: Comparison,
    plan: Plan,
    offer: Offer,
    seen: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Start {
    bundled: String,
}

async fn ask(
    State(site): State<Shared>,
    frame: Frame,
    _: May<InstallIntegrations>,
    Query(start): Query<Start>,
) -> Result<Response, Problem> {
    if start.bundled.is_empty() {
        return choice(&site, frame, None).await;
    }
    match Offer::listed(&site.catalogue().await?, &start.bundled) {
        Ok(offer) => exists(&site, frame, offer).await,
        Err(refusal) => choice(&site, frame, Some(refusal)).await,
    }
}

async fn choose(
    State(site): State<Shared>,
    frame: Frame,
    may: May<InstallIntegrations>,
    upload: Upload,
) -> Result<Response, Problem> {
    let offer = match Offer::of(&upload, &site.catalogue().await?) {
        Ok(offer) => offer,
        Err(refusal) => return choice(&site, frame, Some(refusal)).await,
    };
    let plan = offer.plan(&site, false).await?;
    if plan.changes_nothing() || !plan.questions().is_empty() {
        return exists(&site, frame, offer).await;
    }
    carry_out(&site, may.name(), &offer, &fingerprint(&plan), false).await
}

async fn confirm(
    State(site): State<Shared>,
    frame: Frame,
    may: May<InstallIntegrations>,
    Posted(fields): Posted,
) -> Result<Response, Problem> {
    let offer = Offer::carried(&fields)?;
    let plan = offer.plan(&site, false).await?;
    let seen = fields.text("seen");
    if fields.text("step") == "exists" && plan.questions().contains(&Question::Parameters) {
        return parameters(&site, frame, offer, plan, seen.to_owned()).await;
    }
    carry_out(&site, may.name(), &offer, seen, fields.text("keep") == "overwrite").await
}

async fn choice(site: &Shared, frame: Frame, refusal: Option<Refusal>) -> Result<Response, Problem> {
    let catalogue = site.catalogue().await?;
    let read = move |workbench: &Workbench| {
        Ok((Listing::of(workbench, &catalogue, Wish::default())?, Bundled::all(workbench, &catalogue)?))
    };
    let (listing, bundled) = site.desk.read(read).await?;
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    show_as(status, &Choose { frame, listing, bundled, refusal })
}

async fn exists(site: &Shared, frame: Frame, offer: Offer) -> Result<Response, Problem> {
    let plan = offer.plan(site, false).await?;
    let listing = listing(site).await?;
    let seen = fingerprint(&plan);
    show(&Exists { frame, listing, plan, offer, seen })
}

async fn parameters(
    site: &Shared,
    frame: Frame,
    offer: Offer,
    plan: Plan,
    seen: String,
) -> Result<Response, Problem> {
    let overwriting = offer.plan(site, true).await?;
    let shown = plan.clone();
    let compare = move |workbench: &Workbench| {
        let installed = workbench.show(&shown.package.name)?;
        Ok(Comparison::new(&installed, &shown, &overwriting))
    };
    let (listing, comparison) = (listing(site).await?, site.desk.read(compare).await?);
    show(&Parameters { frame, listing, comparison, plan, offer, seen })
}

/// The list below the dialog.
async fn listing(site: &Shared) -> Result<Listing, Problem> {
    let catalogue = site.catalogue().await?;
    Ok(site.desk.read(move |workbench| Listing::of(workbench, &catalogue, Wish::default())).await?)
}

/// Carries out the plan that was shown, or nothing if the state has changed since.
async fn carry_out(
    site: &Shared,
    actor: &str,
    offer: &Offer,
    seen: &str,
    overwrite: bool,
) -> Result<Response, Problem> {
    let (package, seen) = (offer.package.clone(), seen.to_owned());
    let install = move |workbench: &mut Workbench| {
        let shown = workbench.plan_install(package.clone(), false)?;
        if fingerprint(&shown) != seen {
            let why = format!(
                "the integration {} was changed in the meantime: review it again, then install",
                package.name
            );
            return Err(workbench::Error::conflict(why));
        }
        let plan = workbench.plan_install(package, overwrite)?;
        workbench.install(plan.clone().confirm())?;
        Ok(plan)
    };
    let plan = site.desk.change(actor, install).await?;
    let word = match plan.relation {
        _ if plan.changes_nothing() => "same",
        Relation::New => "installed",
        _ if plan.disables() => "switched-off",
        _ => "replaced",
    };
    Ok(go(&format!("/integrations/{}", encoded(&plan.package.name)), word))
}

/// The fingerprint of a plan.
fn fingerprint(plan: &Plan) -> String {
    blake3::hash(format!("{plan:?}").as_bytes()).to_hex().to_string()
}

impl Bundled {
    /// The packages of the catalogue.
    fn all(workbench: &Workbench, catalogue: &Catalogue) -> Result<Vec<Self>, workbench::Error> {
        let installed = workbench.list(&workbench::integration::Filter::default())?.integrations;
        let of = |Listed { package, .. }: &Listed| {
            let there = installed.iter().find(|summary| summary.name == package.name);
            let version = package.version.to_string();
            let state = match there {
                None => BundledState::New,
                Some(summary) if summary.version == version => BundledState::Installed,
                Some(summary) => {
                    let older = summary.version.parse().is_ok_and(|installed| package.version > installed);
                    BundledState::Instead(summary.version.clone(), older)
                }
            };
            let types = package.types().into_iter().map(IndicatorType::name);
            Self {
                tile: tile(&package.title),
                title: package.title.clone(),
                name: package.name.clone(),
                version,
                kind: match package.platform() {
                    Some(_) => "Platform",
                    None => "Operation",
                },
                types: types.collect::<Vec<_>>().join(", "),
                parameters: package.parameters.len(),
                state,
            }
        };
        Ok(catalogue.packages.iter().map(of).collect())
    }
}

impl Exists {
    /// The version that stays if the user declines.
    fn installed(&self) -> String {
        self.plan.relation.from().map_or_else(|| self.plan.package.version.to_string(), str::to_owned)
    }

    /// Whether there is anything to confirm.
    fn asks(&self) -> bool {
        !self.plan.changes_nothing()
    }

    fn word(&self) -> &'static str {
        match self.plan.relation {
            Relation::Changed => "Same version, different content",
            Relation::Downgrade { .. } => "Downgrade",
            Relation::New => "New",
            Relation::Same => "Same file",
            Relation::Upgrade { .. } => "Upgrade",
        }
    }

    fn is_upgrade(&self) -> bool {
        matches!(self.plan.relation, Relation::Upgrade { .. })
    }

    fn is_new(&self) -> bool {
        self.plan.relation == Relation::New
    }
}
