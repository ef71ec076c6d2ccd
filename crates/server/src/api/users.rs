//! Users, for those who may manage them; and one's own sessions and password, for everybody.
//!
//! - A user: `{"name","role","created_at","disabled_at"}`; a session: `{"id","address","agent","created_at","last_seen_at",
//!   "expires_at"}`. Times are RFC 3339.
//! - Invitations and resets answer `{"token"}`, which is shown this once: `/welcome?token=…` takes it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use cof::time;
use serde::Deserialize;
use serde_json::{Value, json};
use workbench::Workbench;
use workbench::user::{Role, Session, User};

use crate::access::{Confirmed, May, Sent, Visitor, needs::ManageUsers};
use crate::problem::Problem;
use crate::site::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/users", get(list))
        .route("/users/invitations", post(invite))
        .route("/users/{name}", axum::routing::patch(change))
        .route("/users/{name}/reset", post(reset))
        .route("/users/{name}/sessions", get(sessions))
        .route("/users/{name}/sessions/{id}", delete(end_session))
        .route("/session/password", put(set_password))
        .route("/session/sessions", get(own_sessions))
        .route("/session/sessions/{id}", delete(end_own_session))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invitation {
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    role: Option<String>,
    disabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Passwords {
    old: String,
    new: String,
}

async fn list(State(site): State<Shared>, _: May<ManageUsers>) -> Result<Json<Value>, Problem> {
    let users = site.desk.read(Workbench::users).await?;
    Ok(Json(json!({ "users": users.iter().map(user).collect::<Vec<_>>() })))
}

async fn invite(
    State(site): State<Shared>,
    may: May<ManageUsers>,
    Sent(body): Sent<Invitation>,
) -> Result<Json<Value>, Problem> {
    let role = role(&body.role)?;
    let token = site.desk.change(may.name(), move |workbench| workbench.invite(role)).await?;
    Ok(Json(json!({ "token": token.reveal() })))
}

async fn reset(
    State(site): State<Shared>,
    may: May<ManageUsers>,
    Path(name): Path<String>,
    _: Confirmed,
) -> Result<Json<Value>, Problem> {
    let token = site.desk.change(may.name(), move |workbench| workbench.reset_link(&name)).await?;
    Ok(Json(json!({ "token": token.reveal() })))
}

async fn change(
    State(site): State<Shared>,
    may: May<ManageUsers>,
    Path(name): Path<String>,
    Sent(body): Sent<Change>,
) -> Result<Json<Value>, Problem> {
    let role = body.role.as_deref().map(role).transpose()?;
    let change = move |workbench: &mut Workbench| {
        let mut changed = false;
        if let Some(role) = role {
            changed |= workbench.set_role(&name, role)?;
        }
        match body.disabled {
            Some(true) => changed |= workbench.disable_user(&name)?,
            Some(false) => changed |= workbench.enable_user(&name)?,
            None => {}
        }
        let found = workbench.users()?.into_iter().find(|one| one.name == name);
        Ok((found, changed))
    };
    let (found, changed) = site.desk.change(may.name(), change).await?;
    Ok(Json(json!({ "user": found.as_ref().map(user), "changed": changed })))
}

async fn sessions(
    State(site): State<Shared>,
    _: May<ManageUsers>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    listed(&site, name).await
}

async fn own_sessions(State(site): State<Shared>, visitor: Visitor) -> Result<Json<Value>, Problem> {
    listed(&site, visitor.name().to_owned()).await
}

async fn listed(site: &Shared, name: String) -> Result<Json<Value>, Problem> {
    let sessions = site.desk.read(move |workbench| workbench.sessions(&name)).await?;
    Ok(Json(json!({ "sessions": sessions.iter().map(session).collect::<Vec<_>>() })))
}

async fn end_session(
    State(site): State<Shared>,
    may: May<ManageUsers>,
    Path((name, id)): Path<(String, i64)>,
    _: Confirmed,
) -> Result<Json<Value>, Problem> {
    ended(&site, may.name(), name, id).await
}

async fn end_own_session(
    State(site): State<Shared>,
    visitor: Visitor,
    Path(id): Path<i64>,
    _: Confirmed,
) -> Result<Json<Value>, Problem> {
    ended(&site, visitor.name(), visitor.name().to_owned(), id).await
}

async fn ended(site: &Shared, actor: &str, name: String, id: i64) -> Result<Json<Value>, Problem> {
    let ended = site.desk.change(actor, move |workbench| workbench.end_session(&name, id)).await?;
    Ok(Json(json!({ "id": id, "ended": ended })))
}

async fn set_password(
    State(site): State<Shared>,
    visitor: Visitor,
    Sent(body): Sent<Passwords>,
) -> Result<StatusCode, Problem> {
    let session = visitor.session.clone();
    let setting = move |workbench: &mut Workbench| workbench.set_password(&session, &body.old, &body.new);
    site.desk.change_with_password(visitor.name(), setting).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn role(name: &str) -> Result<Role, Problem> {
    Role::named(name).ok_or_else(|| {
        Problem::bad_request(format!(
            "there is no such role; there is {}",
            Role::ALL.map(Role::name).join(", ")
        ))
    })
}

fn user(user: &User) -> Value {
    json!({
        "name": user.name,
        "role": user.role.name(),
        "created_at": at(user.created_at),
        "disabled_at": user.disabled_at.map(at),
    })
}

fn session(session: &Session) -> Value {
    json!({
        "id": session.id,
        "address": session.address,
        "agent": session.agent,
        "created_at": at(session.created_at),
        "last_seen_at": at(session.last_seen_at),
        "expires_at": at(session.expires_at),
    })
}

fn at(seconds: i64) -> String {
    time::rfc3339(u64::try_from(seconds).unwrap_or_default())
}
