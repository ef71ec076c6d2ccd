//! What the members of an investigation share, who else is behind it, and what their answers propose.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use edge::problem::Problem;
use operation::Indicator;
use serde::Deserialize;
use store::Store;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workbench::Workbench;
use workbench::investigation::Choice;
use workbench::investigation::shared::{Candidate, Kind, Resource, SharedResource};
use workbench::json::{found as proposed, shared as json};
use workbench::library::Entry;

use super::members::existing;
use super::{Asked, Changing, Named, Reading};
use crate::access::{May, Most, Sent, Visitor, needs::EditLibrary};
use crate::comparisons::Comparison;
use crate::shelf;
use crate::site::{Shared, Site};

/// The default and the largest number of resources or findings in an answer.
const USUAL: usize = 200;
const MOST: usize = 10_000;
/// The most resources that are followed at once.
const FOLLOWED: usize = 50;
/// The largest body with values, in bytes.
const BODY: usize = 3 << 20;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    let findings = OpenApiRouter::new().routes(routes!(findings, add)).layer(Most::octets(BODY));
    OpenApiRouter::new().merge(findings).routes(routes!(list)).routes(routes!(candidates))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wish {
    /// Only this kind: `addr`, `cname`, `domain`, `mx`, `net`, `ns`, `soa` or `txt`.
    kind: Option<String>,
    /// Only those that at least so many members share.
    least: Option<usize>,
    /// Only those that several members had on the same day.
    at_once: bool,
    /// Without those that say little.
    strong: bool,
    limit: Option<usize>,
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Listing {
    limit: Option<usize>,
}

/// Which findings are added.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = AddFindings)]
pub(super) struct Adding {
    /// Only count what would be added.
    dry_run: bool,
    /// Those about these proposed indicators; left out for all that have no caution.
    values: Option<Vec<String>>,
}

/// List what the members of an investigation share
#[utoipa::path(
    get, path = "/investigations/{id}/shared", tag = "investigations", operation_id = "investigations_shared",
    params(("id" = i64, Path, description = "the number of the investigation"), Wish),
    responses((status = 200, description = "the resources, the strongest first", body = json::SharedResources), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
    Asked(wish): Asked<Wish>,
) -> Result<Json<json::SharedResources>, Problem> {
    let kind = wish.kind()?;
    let most = wish.limit.unwrap_or(USUAL).clamp(1, MOST);
    let comparison = site.comparisons.of(store(&site), shelf::rules(&site).await?, id).await?;
    let ranked = comparison.shared.list.iter().enumerate().map(|(place, shared)| (place + 1, shared));
    let mut listed: Vec<_> = ranked.filter(|(_, shared)| wish.keeps(kind, shared)).collect();
    let matching = listed.len();
    listed.truncate(most);
    let members = (members(&comparison), comparison.records.left_out);
    Ok(Json(json::resources(id, &comparison.shared, (&listed, matching), (&members.0, members.1))))
}

/// Follow shared resources to the names and addresses behind them
///
/// Each `follow` is the id of a shared resource; at most 50.
#[utoipa::path(
    get, path = "/investigations/{id}/shared/candidates", tag = "investigations", operation_id = "investigations_candidates",
    params(
        ("id" = i64, Path, description = "the number of the investigation"),
        ("follow" = Vec<String>, Query, description = "the id of a shared resource, such as ns:ns1.example", max_items = 50)
    ),
    responses((status = 200, description = "who is behind them and no member", body = json::Candidates), Reading),
    security(("session" = []))
)]
pub(super) async fn candidates(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
    Asked(pairs): Asked<Vec<(String, String)>>,
) -> Result<Json<json::Candidates>, Problem> {
    let resources = followed(&pairs)?;
    let store = store(&site);
    let comparison = site.comparisons.of(store.clone(), shelf::rules(&site).await?, id).await?;
    let (known, ids) = (members(&comparison), resources.iter().map(Resource::id).collect::<Vec<_>>());
    let behind = move |workbench: &Workbench| {
        let candidates = comparison.candidates(&resources, store.as_deref()).into_iter();
        let known = candidates.map(|candidate| {
            let entry = workbench.lookup(&candidate.indicator)?;
            Ok((candidate, entry))
        });
        known.collect::<Result<Vec<(Candidate, Option<Entry>)>, workbench::Error>>()
    };
    let found = site.desk.read(behind).await?;
    Ok(Json(json::candidates(id, &found, (&ids, &known))))
}

/// List what the answers about all members propose
#[utoipa::path(
    get, path = "/investigations/{id}/findings", tag = "investigations", operation_id = "investigations_findings",
    params(("id" = i64, Path, description = "the number of the investigation"), Listing),
    responses((status = 200, description = "the proposed indicators", body = proposed::InvestigationFindings), Reading),
    security(("session" = []))
)]
pub(super) async fn findings(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<proposed::InvestigationFindings>, Problem> {
    let most = listing.limit.unwrap_or(USUAL).clamp(1, MOST);
    let read = move |workbench: &Workbench| {
        Ok((workbench.member_findings(id)?.found, workbench.member_indicators(id)?))
    };
    let (mut found, members) = site.desk.read(read).await?;
    let total = found.len();
    found.truncate(most);
    Ok(Json(proposed::findings(id, &found, total, &members)))
}

/// Add what the answers about all members propose to the library
#[utoipa::path(
    post, path = "/investigations/{id}/findings", tag = "investigations", operation_id = "investigations_add_findings",
    params(("id" = i64, Path, description = "the number of the investigation")),
    request_body = Adding,
    responses((status = 200, description = "what was added, or would be", body = proposed::FindingsAdded), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn add(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    Sent(body): Sent<Adding>,
) -> Result<Json<proposed::FindingsAdded>, Problem> {
    let choice = match &body.values {
        None => Choice::All,
        Some(values) => Choice::Values(existing(values)?.into_iter().collect()),
    };
    let add = move |workbench: &mut Workbench| {
        let findings = workbench.member_findings(id)?;
        if body.dry_run {
            return workbench.preview_member_findings(&findings, &choice);
        }
        workbench.add_member_findings(&findings, &choice)
    };
    let tally = site.desk.change(may.name(), add).await?;
    Ok(Json(proposed::added(id, &tally, body.dry_run)))
}

impl Wish {
    fn kind(&self) -> Result<Option<Kind>, Problem> {
        let Some(word) = &self.kind else { return Ok(None) };
        let kind = Kind::of_word(word);
        let unknown = || {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
            Problem::bad_request(format!("kind: {word:?} is none of {}", known.join(", ")))
        };
        kind.map(Some).ok_or_else(unknown)
    }

    fn keeps(&self, kind: Option<Kind>, shared: &SharedResource) -> bool {
        kind.is_none_or(|kind| shared.resource.kind() == kind)
            && self.least.is_none_or(|least| shared.sharers.len() >= least)
            && (!self.at_once || shared.overlap.most > 1)
            && !(self.strong && shared.is_weak())
    }
}

fn followed(pairs: &[(String, String)]) -> Result<Vec<Resource>, Problem> {
    if let Some((name, _)) = pairs.iter().find(|(name, _)| name != "follow") {
        return Err(Problem::bad_request(format!("{name:?} is unknown here: only `follow` is")));
    }
    if pairs.is_empty() || pairs.len() > FOLLOWED {
        return Err(Problem::bad_request(format!("follow: name 1 to {FOLLOWED} shared resources")));
    }
    let mut resources: Vec<Resource> = Vec::new();
    for (_, id) in pairs {
        let resource =
            Resource::parse(id).map_err(|error| Problem::bad_request(format!("follow: {id:?}: {error}")))?;
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    Ok(resources)
}

fn members(comparison: &Comparison) -> Vec<Indicator> {
    comparison.records.members.iter().map(|member| member.indicator.clone()).collect()
}

/// The own database, if this server has one.
fn store(site: &Site) -> Option<Arc<dyn Store>> {
    site.rows.as_ref().map(|rows| Arc::clone(&rows.store))
}
