//! The threat library.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use edge::problem::Problem;
use operation::{Given, Indicator, IndicatorType, Line, Marking, Tlp};
use serde::Deserialize;
use workbench::json::indicator::{self as json, Refused};
use workbench::library::{Filter, Order, Setting, Status, Tag};
use workbench::{Error, Workbench};

use super::{Asked, Changing, Named, Reading};
use crate::access::{Confirmed, May, Most, Sent, Visitor, needs::EditLibrary};
use crate::basis::{Basis, change_if_match};
use crate::site::Shared;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The default and the largest number of indicators per page.
const USUAL: usize = 50;
const MOST: usize = 1_000;
/// The most values that are added at once, and the largest body in bytes.
const VALUES: usize = 10_000;
const BODY: usize = 3 << 20;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(OpenApiRouter::new().routes(routes!(list, add)).layer(Most::octets(BODY)))
        .routes(routes!(show, set, remove))
        .routes(routes!(note))
        .routes(routes!(restore))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wish {
    r#type: Option<String>,
    status: Option<String>,
    /// A level of the Traffic Light Protocol, or `none` for indicators without a marking.
    tlp: Option<String>,
    source: Option<String>,
    /// Only indicators with this tag, ignoring case.
    tag: Option<String>,
    search: Option<String>,
    removed: bool,
    /// `added`, `last-seen`, `relationships`, `updated` or `value`.
    sort: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewIndicators)]
pub(super) struct Many {
    /// Domain names, IP addresses and URLs, defanged or not. A text may contain several; other words are skipped.
    values: Vec<String>,
    #[serde(default)]
    status: Option<String>,
    /// A level of the Traffic Light Protocol for each of them. An indicator that has a stricter one keeps it.
    #[serde(default)]
    tlp: Option<String>,
    /// Only preview the result.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = IndicatorStatus)]
pub(super) struct Change {
    /// The new status; left out to leave it.
    status: Option<String>,
    /// The new level of the Traffic Light Protocol, or `none` to remove the marking; left out to leave it.
    tlp: Option<String>,
    /// Tags that it gets: up to 50 characters without a comma.
    tag: Vec<String>,
    /// Tags that it loses.
    untag: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Note)]
pub(super) struct Text {
    text: String,
}

/// List indicators
#[utoipa::path(
    get, path = "/indicators", tag = "indicators", operation_id = "indicators_list",
    params(Wish),
    responses((status = 200, description = "a page of indicators", body = json::IndicatorPage), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Asked(wish): Asked<Wish>,
) -> Result<Json<json::IndicatorPage>, Problem> {
    let filter = wish.filter()?;
    let read = move |workbench: &Workbench| {
        Ok((workbench.indicators(&filter)?, workbench.count_indicators(&filter)?))
    };
    let (page, counts) = site.desk.read(read).await?;
    Ok(Json(json::page(&page, counts)))
}

/// Add indicators
#[utoipa::path(
    post, path = "/indicators", tag = "indicators", operation_id = "indicators_add",
    request_body = Many,
    responses((status = 200, description = "what was added, or would be", body = json::AddedIndicators), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn add(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Sent(body): Sent<Many>,
) -> Result<Json<json::AddedIndicators>, Problem> {
    if body.values.len() > VALUES {
        return Err(Problem::bad_request(format!("too many values: at most {VALUES} at once")));
    }
    let status = body.status.as_deref().map_or(Ok(Status::Active), status)?;
    let tlp = body.tlp.as_deref().map(level).transpose()?;
    let (mut indicators, mut refused, mut skipped) = (Vec::new(), Vec::new(), 0);
    for line in body.values.iter().map(|text| Line::of(text)) {
        skipped += line.skipped;
        for Given { text, indicator } in line.given {
            match indicator {
                Ok(indicator) => indicators.push(indicator),
                Err(error) => refused.push(Refused { text, reason: error.to_string() }),
            }
        }
    }
    if indicators.len() + refused.len() > VALUES {
        return Err(Problem::bad_request(format!("too many values: at most {VALUES} at once")));
    }
    let added = if body.dry_run {
        site.desk.read(move |workbench| workbench.preview_indicators(&indicators, status, tlp)).await?
    } else {
        let add = move |workbench: &mut Workbench| workbench.add_marked(&indicators, status, tlp);
        site.desk.change(may.name(), add).await?
    };
    Ok(Json(json::added(&added, &refused, skipped)))
}

/// Show an indicator
#[utoipa::path(
    get, path = "/indicators/{value}", tag = "indicators", operation_id = "indicators_show",
    params(("value" = String, Path, description = "a domain name or an address")),
    responses((status = 200, description = "the indicator with its claims, attributes, relationships, notes and history", body = json::IndicatorDetails), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Named(value): Named<String>,
) -> Result<Response, Problem> {
    let indicator = one(&value)?;
    let missing = Problem::missing(format!("{indicator} is not in the library"));
    let details = site.desk.read(move |workbench| workbench.details(&indicator)).await?;
    let details = details.ok_or(missing)?;
    Ok((Basis::of_details(&details).etag(), Json(json::details(&details))).into_response())
}

/// Set status, marking and tags of an indicator
#[utoipa::path(
    patch, path = "/indicators/{value}", tag = "indicators", operation_id = "indicators_set",
    params(("value" = String, Path, description = "a domain name or an address")),
    request_body = Change,
    responses((status = 200, description = "status, marking and tags before and after", body = json::IndicatorStatusSet), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn set(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(value): Named<String>,
    headers: HeaderMap,
    Sent(change): Sent<Change>,
) -> Result<Json<json::IndicatorStatusSet>, Problem> {
    let indicator = one(&value)?;
    let setting = Setting {
        status: change.status.as_deref().map(status).transpose()?,
        tlp: change.tlp.as_deref().map(marking).transpose()?,
        tag: tags("tag", &change.tag)?,
        untag: tags("untag", &change.untag)?,
    };
    if setting == Setting::default() {
        return Err(Problem::bad_request("give status, tlp, tag or untag"));
    }
    let wanted = indicator.clone();
    let set = move |workbench: &mut Workbench| workbench.set_indicator(&wanted, &setting);
    let done = change_if_match(&site, may.name(), &headers, stored(&indicator), set).await??;
    Ok(Json(json::set(&indicator, done)))
}

/// Add a note to an indicator
#[utoipa::path(
    post, path = "/indicators/{value}/notes", tag = "indicators", operation_id = "indicators_note",
    params(("value" = String, Path, description = "a domain name or an address")),
    request_body = Text,
    responses((status = 200, description = "the note", body = json::IndicatorNoted), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn note(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(value): Named<String>,
    headers: HeaderMap,
    Sent(note): Sent<Text>,
) -> Result<Json<json::IndicatorNoted>, Problem> {
    let indicator = one(&value)?;
    let (on, text) = (indicator.clone(), note.text.clone());
    let write = move |workbench: &mut Workbench| workbench.note(&on, &text);
    change_if_match(&site, may.name(), &headers, stored(&indicator), write).await??;
    Ok(Json(json::noted(&indicator, &note.text)))
}

/// Remove an indicator
#[utoipa::path(
    delete, path = "/indicators/{value}", tag = "indicators", operation_id = "indicators_remove",
    params(("value" = String, Path, description = "a domain name or an address")),
    responses((status = 200, description = "whether this changed anything", body = json::IndicatorPresence), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn remove(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(value): Named<String>,
    headers: HeaderMap,
    _: Confirmed,
) -> Result<Json<json::IndicatorPresence>, Problem> {
    let indicator = one(&value)?;
    let wanted = indicator.clone();
    let remove = move |workbench: &mut Workbench| workbench.remove_indicator(&wanted);
    let changed = change_if_match(&site, may.name(), &headers, stored(&indicator), remove).await??;
    Ok(Json(json::presence(&indicator, true, changed)))
}

/// Restore a removed indicator
#[utoipa::path(
    post, path = "/indicators/{value}/restore", tag = "indicators", operation_id = "indicators_restore",
    params(("value" = String, Path, description = "a domain name or an address")),
    responses((status = 200, description = "whether this changed anything", body = json::IndicatorPresence), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn restore(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(value): Named<String>,
    headers: HeaderMap,
    _: Confirmed,
) -> Result<Json<json::IndicatorPresence>, Problem> {
    let indicator = one(&value)?;
    let wanted = indicator.clone();
    let restore = move |workbench: &mut Workbench| workbench.restore_indicator(&wanted);
    let changed = change_if_match(&site, may.name(), &headers, stored(&indicator), restore).await??;
    Ok(Json(json::presence(&indicator, false, changed)))
}

/// The stored state of an indicator.
fn stored(indicator: &Indicator) -> impl Fn(&Workbench) -> Result<Option<Basis>, Error> + Send + 'static {
    let indicator = indicator.clone();
    move |workbench| Basis::of_indicator(workbench, &indicator)
}

impl Wish {
    fn filter(self) -> Result<Filter, Problem> {
        let kind = self.r#type.as_deref().map(|name| {
            IndicatorType::from_name(name).ok_or_else(|| Problem::bad_request("unknown indicator type"))
        });
        let order = self.sort.as_deref().map(|word| {
            let words = Order::ALL.map(Order::word).join(", ");
            Order::from_word(word).ok_or_else(|| Problem::bad_request(format!("sort: takes one of {words}")))
        });
        Ok(Filter {
            kind: kind.transpose()?,
            status: self.status.as_deref().map(status).transpose()?,
            tlp: self.tlp.as_deref().map(marking).transpose()?,
            source: self.source,
            tag: self.tag,
            search: self.search.as_deref().map(str::parse).transpose()?,
            removed: self.removed,
            order: order.transpose()?,
            after: self.after.as_deref().map(str::parse).transpose()?,
            limit: self.limit.unwrap_or(USUAL).clamp(1, MOST),
        })
    }
}

fn one(text: &str) -> Result<Indicator, Problem> {
    Indicator::existing(text).map_err(|error| Problem::bad_request(error.to_string()))
}

fn status(name: &str) -> Result<Status, Problem> {
    Status::from_name(name).ok_or_else(|| Problem::bad_request("unknown status"))
}

fn level(text: &str) -> Result<Tlp, Problem> {
    text.parse::<Tlp>().map_err(|error| Problem::bad_request(format!("tlp: {error}")))
}

fn marking(text: &str) -> Result<Marking, Problem> {
    text.parse::<Marking>().map_err(|error| Problem::bad_request(format!("tlp: {error}, or none")))
}

fn tags(field: &str, texts: &[String]) -> Result<Vec<Tag>, Problem> {
    let tags = Tag::several(texts.iter().map(String::as_str));
    tags.map_err(|error| Problem::bad_request(format!("{field}: {error}")))
}
