//! Pushes: what was found is sent to a platform. This server works on those that it starts or resumes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use edge::problem::Problem;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workbench::Workbench;
use workbench::json::push as json;
use workbench::push::{Outcome, Push};

use super::{Asked, Changing, Named, Reading};
use crate::access::{Confirmed, May, Sent, Visitor, needs::RunOperations};
use crate::handovers::HandoverWish;
use crate::pushes;
use crate::site::{Shared, Site};

/// The most rows, and the most pushes, of an answer.
const MOST: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, begin))
        .routes(routes!(preview))
        .routes(routes!(show))
        .routes(routes!(rows))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(cancel))
}

/// What is sent where. One of `run`, `history`, `investigation` and `library` says what.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = PushRequest)]
pub(super) struct Wish {
    /// The name of the platform's integration.
    platform: String,
    /// The answer of the run with this number.
    run: Option<i64>,
    /// What all operations answered about this domain name or IP address.
    history: String,
    /// The investigation with this number: its members, and what all operations answered about them.
    investigation: Option<i64>,
    /// The indicators of the threat library, with attributes and relationships.
    library: bool,
    /// Of the library, only this type: `FQDN`, `IP Address` or `IPv6 Address`.
    r#type: String,
    /// Of the library, only this status.
    status: String,
    /// Of the library, only indicators with this source.
    source: String,
    /// Of the library, only values that match this search.
    search: String,
    /// Only records with findings that were added to the library.
    only_added: bool,
    /// Only records of these types, separated by commas.
    rrtype: String,
    /// Only records last seen at this time or later.
    seen_after: String,
    /// Only records first seen at this time or earlier.
    seen_before: String,
    /// Mark everything at least with this level of the Traffic Light Protocol.
    tlp: String,
    /// Hold back what is marked stricter than this level; the maximum of the platform applies, too.
    max_tlp: String,
    /// For MISP: the UUID of the event to send to; an event of its own if empty.
    event: String,
    /// For MISP: who gets a new event: `organisation` (the default), `community`, `connected` or `all`.
    distribution: String,
}

/// Which pushes or rows are wanted.
#[derive(Clone, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListWish {
    /// Only pushes with lower numbers.
    before: Option<i64>,
    /// How many; at most 1000.
    limit: Option<usize>,
}

/// Which rows are wanted.
#[derive(Clone, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RowsWish {
    /// Only rows with this outcome.
    outcome: String,
    /// Only rows after this place: `next` of the answer before.
    after: Option<i64>,
    /// How many; at most 1000.
    limit: Option<usize>,
}

/// List pushes, newest first
#[utoipa::path(
    get, path = "/pushes", tag = "pushes", operation_id = "pushes_list",
    params(ListWish),
    responses((status = 200, description = "the pushes", body = json::PushList), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Asked(wish): Asked<ListWish>,
) -> Result<Json<json::PushList>, Problem> {
    let limit = wish.limit.unwrap_or(100).clamp(1, MOST);
    let read = move |workbench: &Workbench| {
        let mut pushes = workbench.pushes(wish.before, limit + 1)?;
        let is_more = pushes.len() > limit;
        pushes.truncate(limit);
        let next = pushes.last().filter(|_| is_more).map(|push| push.id);
        let shown = pushes.iter().map(|push| shown(workbench, push)).collect::<Result<_, _>>()?;
        Ok(json::list(shown, next))
    };
    Ok(Json(site.desk.read(read).await?))
}

/// Show what a push would do; nothing is changed on the platform
#[utoipa::path(
    post, path = "/pushes/preview", tag = "pushes", operation_id = "pushes_preview",
    request_body = Wish,
    responses((status = 200, description = "what would be done, with the first 1000 rows", body = json::PushPreview), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn preview(
    State(site): State<Shared>,
    _: May<RunOperations>,
    Sent(wish): Sent<Wish>,
) -> Result<Json<json::PushPreview>, Problem> {
    let (platform, event, wish) = wish.split();
    let request = wish.push(&site, &event)?;
    let preview = pushes::preview(&site, &platform, &request).await?;
    let rows = preview.rows.get(..preview.rows.len().min(MOST)).unwrap_or_default();
    Ok(Json(json::preview(&platform, &preview.title, &preview.target, &preview.counts, rows)))
}

/// Send what was found to a platform
#[utoipa::path(
    post, path = "/pushes", tag = "pushes", operation_id = "pushes_begin",
    request_body = Wish,
    responses((status = 202, description = "the push, which continues in the background", body = json::PushShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn begin(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Sent(wish): Sent<Wish>,
) -> Result<Response, Problem> {
    let (platform, event, wish) = wish.split();
    let request = wish.push(&site, &event)?;
    let push = pushes::begin(&site, may.name(), &platform, request).await?;
    let shown = site.desk.read(move |workbench| shown(workbench, &push)).await?;
    Ok((StatusCode::ACCEPTED, Json(shown)).into_response())
}

/// Show a push
#[utoipa::path(
    get, path = "/pushes/{id}", tag = "pushes", operation_id = "pushes_show",
    params(("id" = i64, Path, description = "the number of the push")),
    responses((status = 200, description = "the push, and how far it is", body = json::PushShown), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
) -> Result<Json<json::PushShown>, Problem> {
    let read = move |workbench: &Workbench| shown(workbench, &workbench.push(id)?);
    Ok(Json(site.desk.read(read).await?))
}

/// List the rows of a push
#[utoipa::path(
    get, path = "/pushes/{id}/rows", tag = "pushes", operation_id = "pushes_rows",
    params(("id" = i64, Path, description = "the number of the push"), RowsWish),
    responses((status = 200, description = "its rows, in their order", body = json::PushRows), Reading),
    security(("session" = []))
)]
pub(super) async fn rows(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
    Asked(wish): Asked<RowsWish>,
) -> Result<Json<json::PushRows>, Problem> {
    let limit = wish.limit.unwrap_or(100).clamp(1, MOST);
    let outcome = match wish.outcome.as_str() {
        "" => None,
        word => Some(
            Outcome::from_word(word)
                .ok_or_else(|| Problem::bad_request(format!("outcome: {word:?} is no outcome")))?,
        ),
    };
    let read = move |workbench: &Workbench| {
        workbench.push(id)?;
        let mut rows = workbench.push_rows(id, outcome, wish.after, limit + 1)?;
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| is_more).map(|row| row.place);
        Ok(json::rows(&rows, next))
    };
    Ok(Json(site.desk.read(read).await?))
}

/// Pause a push; what is under way is finished
#[utoipa::path(
    post, path = "/pushes/{id}/pause", tag = "pushes", operation_id = "pushes_pause",
    params(("id" = i64, Path, description = "the number of the push")),
    responses((status = 200, description = "the push", body = json::PushShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn pause(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Named(id): Named<i64>,
    _: Confirmed,
) -> Result<Json<json::PushShown>, Problem> {
    let (shown, push) = turn(&site, may.name(), id, Workbench::pause_push).await?;
    site.live_pushes.notice(&push);
    Ok(Json(shown))
}

/// Resume a paused push; only what is missing is sent
#[utoipa::path(
    post, path = "/pushes/{id}/resume", tag = "pushes", operation_id = "pushes_resume",
    params(("id" = i64, Path, description = "the number of the push")),
    responses((status = 200, description = "the push, which continues in the background", body = json::PushShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn resume(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Named(id): Named<i64>,
    _: Confirmed,
) -> Result<Json<json::PushShown>, Problem> {
    let (shown, push) = turn(&site, may.name(), id, Workbench::resume_push).await?;
    pushes::start(&site, &push);
    Ok(Json(shown))
}

/// Cancel a push; what was sent stays on the platform
#[utoipa::path(
    post, path = "/pushes/{id}/cancel", tag = "pushes", operation_id = "pushes_cancel",
    params(("id" = i64, Path, description = "the number of the push")),
    responses((status = 200, description = "the push", body = json::PushShown), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn cancel(
    State(site): State<Shared>,
    may: May<RunOperations>,
    Named(id): Named<i64>,
    _: Confirmed,
) -> Result<Json<json::PushShown>, Problem> {
    let (shown, push) = turn(&site, may.name(), id, Workbench::cancel_push).await?;
    site.live_pushes.notice(&push);
    Ok(Json(shown))
}

/// Changes the state of a push.
async fn turn(
    site: &Site,
    actor: &str,
    id: i64,
    change: fn(&mut Workbench, i64) -> Result<Push, workbench::Error>,
) -> Result<(json::PushShown, Push), Problem> {
    let turn = move |workbench: &mut Workbench| {
        let push = change(workbench, id)?;
        Ok((shown(workbench, &push)?, push))
    };
    Ok(site.desk.change(actor, turn).await?)
}

fn shown(workbench: &Workbench, push: &Push) -> Result<json::PushShown, workbench::Error> {
    Ok(json::shown(push, &workbench.push_counts(push.id)?, workbench.is_sent_by_somebody(push)))
}

impl Wish {
    /// The platform, its event, and what is handed over.
    fn split(self) -> (String, String, HandoverWish) {
        let wish = HandoverWish {
            run: self.run,
            history: self.history,
            investigation: self.investigation,
            library: self.library,
            kind: self.r#type,
            status: self.status,
            source: self.source,
            search: self.search,
            only_added: self.only_added,
            rrtype: self.rrtype,
            seen_after: self.seen_after,
            seen_before: self.seen_before,
            tlp: self.tlp,
            max_tlp: self.max_tlp,
            distribution: self.distribution,
            ..HandoverWish::default()
        };
        (self.platform, self.event, wish)
    }
}
