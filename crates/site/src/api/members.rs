//! Members of an investigation, and notes on it and on them.

use axum::Json;
use axum::extract::State;
use edge::problem::Problem;
use operation::Indicator;
use serde::Deserialize;
use workbench::Workbench;
use workbench::investigation::{Origin, Verdict};
use workbench::json::investigation as json;

use super::investigations::Values;
use super::{Changing, Named, Reading};
use crate::access::{May, Most, Sent, Visitor, needs::EditLibrary};
use crate::site::Shared;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The largest body with values, in bytes.
const BODY: usize = 3 << 20;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    let with_values = OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(remove))
        .routes(routes!(judge))
        .layer(Most::octets(BODY));
    OpenApiRouter::new().merge(with_values).routes(routes!(notes, note))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberValues)]
pub(super) struct Several {
    /// Domain names, IP addresses and URLs, defanged or not. A text may contain several; other words are skipped.
    values: Vec<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberVerdict)]
pub(super) struct Judgement {
    /// The members.
    values: Vec<String>,
    /// `open`, `benign`, `suspicious` or `malicious`.
    verdict: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvestigationNote)]
pub(super) struct Text {
    /// The member that it is about; left out if it is about the whole investigation.
    #[serde(default)]
    member: Option<String>,
    text: String,
}

/// List the members of an investigation
#[utoipa::path(
    get, path = "/investigations/{id}/members", tag = "investigations", operation_id = "members_list",
    params(("id" = i64, Path, description = "the number of the investigation")),
    responses((status = 200, description = "its members", body = json::MemberList), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
) -> Result<Json<json::MemberList>, Problem> {
    let members = site.desk.read(move |workbench| workbench.members(id)).await?;
    Ok(Json(json::members(&members)))
}

/// Add members to an investigation
#[utoipa::path(
    post, path = "/investigations/{id}/members", tag = "investigations", operation_id = "members_add",
    params(("id" = i64, Path, description = "the number of the investigation")),
    request_body = Several,
    responses((status = 200, description = "what became of each value", body = json::MembersAdded), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn add(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    Sent(body): Sent<Several>,
) -> Result<Json<json::MembersAdded>, Problem> {
    let Values { indicators, refused, skipped } = Values::read(&body.values)?;
    let add = move |workbench: &mut Workbench| workbench.add_members(id, &indicators, &Origin::User);
    let joined = site.desk.change(may.name(), add).await?;
    Ok(Json(json::added(id, &joined, &refused, skipped)))
}

/// Remove members from an investigation; they stay in the library
#[utoipa::path(
    post, path = "/investigations/{id}/members/remove", tag = "investigations", operation_id = "members_remove",
    params(("id" = i64, Path, description = "the number of the investigation")),
    request_body = Several,
    responses((status = 200, description = "how many were removed", body = json::MembersChanged), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn remove(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    Sent(body): Sent<Several>,
) -> Result<Json<json::MembersChanged>, Problem> {
    let indicators = existing(&body.values)?;
    let remove = move |workbench: &mut Workbench| {
        let others = workbench.not_members(id, &indicators)?;
        Ok((workbench.remove_members(id, &indicators)?, others))
    };
    let (changed, others) = site.desk.change(may.name(), remove).await?;
    Ok(Json(json::changed(id, changed, &others)))
}

/// Set what people think about members
#[utoipa::path(
    post, path = "/investigations/{id}/members/verdict", tag = "investigations", operation_id = "members_judge",
    params(("id" = i64, Path, description = "the number of the investigation")),
    request_body = Judgement,
    responses((status = 200, description = "how many had another verdict", body = json::MembersChanged), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn judge(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    Sent(body): Sent<Judgement>,
) -> Result<Json<json::MembersChanged>, Problem> {
    let indicators = existing(&body.values)?;
    let verdict = body.verdict.parse::<Verdict>();
    let verdict = verdict.map_err(|error| Problem::bad_request(format!("verdict: {error}")))?;
    let judge = move |workbench: &mut Workbench| {
        let others = workbench.not_members(id, &indicators)?;
        Ok((workbench.judge_members(id, &indicators, verdict)?, others))
    };
    let (changed, others) = site.desk.change(may.name(), judge).await?;
    Ok(Json(json::changed(id, changed, &others)))
}

/// List the notes of an investigation
#[utoipa::path(
    get, path = "/investigations/{id}/notes", tag = "investigations", operation_id = "investigations_notes",
    params(("id" = i64, Path, description = "the number of the investigation")),
    responses((status = 200, description = "the notes on it and on its members", body = json::NoteList), Reading),
    security(("session" = []))
)]
pub(super) async fn notes(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
) -> Result<Json<json::NoteList>, Problem> {
    let notes = site.desk.read(move |workbench| workbench.investigation_notes(id)).await?;
    Ok(Json(json::notes(&notes)))
}

/// Add a note to an investigation or to one of its members
#[utoipa::path(
    post, path = "/investigations/{id}/notes", tag = "investigations", operation_id = "investigations_note",
    params(("id" = i64, Path, description = "the number of the investigation")),
    request_body = Text,
    responses((status = 200, description = "the note", body = json::InvestigationNote), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn note(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    Sent(body): Sent<Text>,
) -> Result<Json<json::InvestigationNote>, Problem> {
    let member = body.member.as_deref().map(one).transpose()?;
    let write =
        move |workbench: &mut Workbench| workbench.note_investigation(id, member.as_ref(), &body.text);
    let note = site.desk.change(may.name(), write).await?;
    Ok(Json(json::note(&note)))
}

/// The indicators of members.
pub(super) fn existing(values: &[String]) -> Result<Vec<Indicator>, Problem> {
    values.iter().map(|value| one(value)).collect()
}

fn one(text: &str) -> Result<Indicator, Problem> {
    Indicator::existing(text).map_err(|error| Problem::bad_request(format!("{text:?}: {error}")))
}
