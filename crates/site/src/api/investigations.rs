//! Investigations: listed, created, shown, changed and removed. Their members and notes are in [`super::members`], and their source
//! reports in [`super::reports`].

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use edge::problem::Problem;
use operation::{Given, Indicator, Line, Marking, Tlp};
use serde::Deserialize;
use workbench::investigation::{Edit, Investigation, MOST_MEMBERS, NewInvestigation, Status, Wanted};
use workbench::json::indicator::Refused;
use workbench::json::investigation as json;
use workbench::{Error, Workbench};

use super::reports::{self, Source};
use super::{Asked, Changing, Named, Reading};
use crate::access::{Confirmed, May, Most, Sent, Visitor, needs::EditLibrary};
use crate::basis::{Basis, change_if_match};
use crate::site::Shared;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The default and the largest number of investigations per page.
const USUAL: usize = 50;
const MOST: usize = 1_000;
pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(OpenApiRouter::new().routes(routes!(list, create)).layer(Most::octets(reports::BODY)))
        .routes(routes!(show, edit, remove))
        .routes(routes!(restore))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wish {
    /// `open`, `on hold` or `closed`.
    status: Option<String>,
    /// Only those with this text in their name, ignoring case.
    search: Option<String>,
    /// Removed investigations instead of present ones.
    removed: bool,
    limit: Option<usize>,
    /// How many to skip: `next` of the page before.
    skip: Option<usize>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvestigation)]
pub(super) struct New {
    /// The name. No other investigation may have it, ignoring case.
    name: String,
    /// A level of the Traffic Light Protocol. Its members get it, too, unless they have a stricter one.
    #[serde(default)]
    tlp: Option<String>,
    /// Domain names, IP addresses and URLs, defanged or not. A text may contain several; other words are skipped.
    #[serde(default)]
    values: Vec<String>,
    /// A report in free text, which is stored as the source of its values.
    #[serde(default)]
    report: Option<Source>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = InvestigationChange)]
pub(super) struct Change {
    /// The new name; left out to leave it.
    name: Option<String>,
    /// `open`, `on hold` or `closed`; left out to leave it.
    status: Option<String>,
    /// The new level of the Traffic Light Protocol, or `none` to remove the marking; left out to leave it.
    tlp: Option<String>,
    /// What its report says first; left out to leave it.
    summary: Option<String>,
}

/// Indicators that were given, and what is none.
#[derive(Default)]
pub(super) struct Values {
    pub(super) indicators: Vec<Indicator>,
    pub(super) refused: Vec<Refused>,
    pub(super) skipped: usize,
}

/// List investigations
#[utoipa::path(
    get, path = "/investigations", tag = "investigations", operation_id = "investigations_list",
    params(Wish),
    responses((status = 200, description = "a page of investigations", body = json::InvestigationPage), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Asked(wish): Asked<Wish>,
) -> Result<Json<json::InvestigationPage>, Problem> {
    let wanted = wish.wanted()?;
    let page = site.desk.read(move |workbench| workbench.investigation_page(&wanted)).await?;
    Ok(Json(json::page(&page.investigations, page.next)))
}

/// Create an investigation
#[utoipa::path(
    post, path = "/investigations", tag = "investigations", operation_id = "investigations_create",
    request_body = New,
    responses((status = 200, description = "its number, and what became of each value", body = json::MembersAdded), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn create(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Sent(body): Sent<New>,
) -> Result<Json<json::MembersAdded>, Problem> {
    let values = Values::read(&body.values)?;
    let tlp = body.tlp.as_deref().map(str::parse::<Tlp>).transpose();
    let tlp = tlp.map_err(|error| Problem::bad_request(format!("tlp: {error}")))?;
    let (mut report, mut members) = (None, Vec::new());
    if let Some(source) = &body.report {
        report = Some(source.stored(tlp, site.desk.clock())?);
        members = source.members().await?;
    }
    let new = NewInvestigation { name: body.name, tlp, report, members };
    let create = move |workbench: &mut Workbench| workbench.create_with(&new, &values.indicators);
    let created = site.desk.change(may.name(), create).await?;
    Ok(Json(json::added(created.id, &created.joined, &values.refused, values.skipped)))
}

/// Show an investigation
#[utoipa::path(
    get, path = "/investigations/{id}", tag = "investigations", operation_id = "investigations_show",
    params(("id" = i64, Path, description = "the number")),
    responses((status = 200, description = "the investigation, without what it contains", body = json::InvestigationSummary), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
) -> Result<Response, Problem> {
    let investigation = site.desk.read(move |workbench| workbench.investigation(id)).await?;
    Ok(shown(&investigation))
}

/// Change name, status, marking or summary of an investigation
#[utoipa::path(
    patch, path = "/investigations/{id}", tag = "investigations", operation_id = "investigations_change",
    params(("id" = i64, Path, description = "the number")),
    request_body = Change,
    responses((status = 200, description = "the investigation as it is now", body = json::InvestigationSummary), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn edit(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    headers: HeaderMap,
    Sent(change): Sent<Change>,
) -> Result<Response, Problem> {
    let edit = change.edit()?;
    let set = move |workbench: &mut Workbench| workbench.edit_investigation(id, &edit);
    let now = change_if_match(&site, may.name(), &headers, stored(id), set).await??;
    Ok(shown(&now))
}

/// Remove an investigation; its members stay in the library
#[utoipa::path(
    delete, path = "/investigations/{id}", tag = "investigations", operation_id = "investigations_remove",
    params(("id" = i64, Path, description = "the number")),
    responses((status = 200, description = "the investigation, which can be restored", body = json::InvestigationPresence), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn remove(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    headers: HeaderMap,
    _: Confirmed,
) -> Result<Json<json::InvestigationPresence>, Problem> {
    let remove = move |workbench: &mut Workbench| {
        workbench.remove_investigation(id)?;
        workbench.investigation(id)
    };
    let now = change_if_match(&site, may.name(), &headers, stored(id), remove).await??;
    Ok(Json(json::presence(&now)))
}

/// Restore a removed investigation
#[utoipa::path(
    post, path = "/investigations/{id}/restore", tag = "investigations", operation_id = "investigations_restore",
    params(("id" = i64, Path, description = "the number")),
    responses((status = 200, description = "the investigation", body = json::InvestigationPresence), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn restore(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    headers: HeaderMap,
    _: Confirmed,
) -> Result<Json<json::InvestigationPresence>, Problem> {
    let restore = move |workbench: &mut Workbench| {
        workbench.restore_investigation(id)?;
        workbench.investigation(id)
    };
    let now = change_if_match(&site, may.name(), &headers, stored(id), restore).await??;
    Ok(Json(json::presence(&now)))
}

/// The stored state of an investigation.
pub(super) fn stored(id: i64) -> impl Fn(&Workbench) -> Result<Option<Basis>, Error> + Send + 'static {
    move |workbench| {
        workbench.investigation(id).map(|investigation| Some(Basis::of_investigation(&investigation)))
    }
}

fn shown(investigation: &Investigation) -> Response {
    let body = Json(json::summary(investigation));
    (Basis::of_investigation(investigation).etag(), body).into_response()
}

impl Values {
    /// Reads texts, each of which may contain several values.
    pub(super) fn read(texts: &[String]) -> Result<Self, Problem> {
        let too_many = || Problem::bad_request(format!("too many values: at most {MOST_MEMBERS} at once"));
        if texts.len() > MOST_MEMBERS {
            return Err(too_many());
        }
        let mut values = Self::default();
        for line in texts.iter().map(|text| Line::of(text)) {
            values.skipped += line.skipped;
            for Given { text, indicator } in line.given {
                match indicator {
                    Ok(indicator) => values.indicators.push(indicator),
                    Err(error) => values.refused.push(Refused { text, reason: error.to_string() }),
                }
            }
        }
        if values.indicators.len() + values.refused.len() > MOST_MEMBERS {
            return Err(too_many());
        }
        Ok(values)
    }
}

impl Wish {
    fn wanted(self) -> Result<Wanted, Problem> {
        Ok(Wanted {
            status: self.status.as_deref().map(status).transpose()?,
            text: self.search,
            removed: self.removed,
            skip: self.skip.unwrap_or_default(),
            limit: self.limit.unwrap_or(USUAL).clamp(1, MOST),
        })
    }
}

impl Change {
    fn edit(self) -> Result<Edit, Problem> {
        let edit = Edit {
            name: self.name,
            status: self.status.as_deref().map(status).transpose()?,
            tlp: self.tlp.as_deref().map(marking).transpose()?,
            summary: self.summary,
        };
        if edit == Edit::default() {
            return Err(Problem::bad_request("give name, status, tlp or summary"));
        }
        Ok(edit)
    }
}

fn status(word: &str) -> Result<Status, Problem> {
    word.parse::<Status>().map_err(|error| Problem::bad_request(format!("status: {error}")))
}

fn marking(text: &str) -> Result<Marking, Problem> {
    text.parse::<Marking>().map_err(|error| Problem::bad_request(format!("tlp: {error}, or none")))
}
