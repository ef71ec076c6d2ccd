//! Users, for clients that may manage them, and the own sessions and password of every user.
//!
//! Times are in RFC 3339. Invitations and resets return a token that is shown only once, for `/welcome?token=…`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use cof::time;
use edge::problem::Problem;
use serde::{Deserialize, Serialize};
use workbench::Workbench;
use workbench::user::{Role, Session, User};

use super::{Changing, Named, Reading};
use crate::access::{Confirmed, May, Sent, Visitor, needs::ManageUsers};
use crate::basis::{Basis, change_if_match};
use crate::site::Shared;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(invite))
        .routes(routes!(change))
        .routes(routes!(reset))
        .routes(routes!(sessions))
        .routes(routes!(end_session))
        .routes(routes!(own_sessions))
        .routes(routes!(end_own_session))
        .routes(routes!(set_password))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Invitation)]
pub(super) struct Invitation {
    role: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserChange)]
pub(super) struct Change {
    role: Option<String>,
    disabled: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Passwords)]
pub(super) struct Passwords {
    old: String,
    new: String,
}

/// The users.
#[derive(Serialize, ToSchema)]
pub(super) struct UserList {
    /// The users, by name.
    users: Vec<UserShown>,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct UserShown {
    /// When the account was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was disabled; null if it is not.
    #[schema(required, format = DateTime)]
    disabled_at: Option<String>,
    /// The value of `If-Match` for a change of this user.
    etag: String,
    /// The name.
    name: String,
    /// The role.
    role: &'static str,
}

/// A user who was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct UserChanged {
    /// Whether this changed anything.
    changed: bool,
    /// The user; null if the account was deleted meanwhile.
    #[schema(required)]
    user: Option<UserShown>,
}

/// A token that works once, on `/welcome?token=…`.
#[derive(Serialize, ToSchema)]
pub(super) struct OneTimeToken {
    /// The token, which is shown this once.
    token: String,
}

/// The sessions of a user.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionList {
    /// The sessions.
    sessions: Vec<SessionOfUser>,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionOfUser {
    /// The address of the client that signed in.
    address: String,
    /// The program that signed in, as it describes itself.
    agent: String,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Its number.
    id: i64,
    /// When it was last used.
    #[schema(format = DateTime)]
    last_seen_at: String,
}

/// A session that was ended.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionEnded {
    /// Whether it was open.
    ended: bool,
    /// Its number.
    id: i64,
}

/// List users
#[utoipa::path(
    get, path = "/users", tag = "users", operation_id = "users_list",
    responses((status = 200, description = "the users", body = UserList), Reading),
    security(("session" = []))
)]
pub(super) async fn list(State(site): State<Shared>, _: May<ManageUsers>) -> Result<Json<UserList>, Problem> {
    let users = site.desk.read(Workbench::users).await?;
    Ok(Json(UserList { users: users.iter().map(user).collect() }))
}

/// Create a one-time token for a new user
#[utoipa::path(
    post, path = "/users/invitations", tag = "users", operation_id = "users_invite",
    request_body = Invitation,
    responses((status = 200, description = "the token", body = OneTimeToken), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn invite(
    State(site): State<Shared>,
    may: May<ManageUsers>,
    Sent(body): Sent<Invitation>,
) -> Result<Json<OneTimeToken>, Problem> {
    let role = role(&body.role)?;
    let token = site.desk.change(may.name(), move |workbench| workbench.invite(role)).await?;
    Ok(Json(OneTimeToken { token: token.reveal().to_owned() }))
}

/// Create a one-time token for a new password
#[utoipa::path(
    post, path = "/users/{name}/reset", tag = "users", operation_id = "users_reset",
    params(("name" = String, Path, description = "the name of the user")),
    responses((status = 200, description = "the token", body = OneTimeToken), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn reset(
    State(site): State<Shared>,
    may: May<ManageUsers>,
    Named(name): Named<String>,
    headers: HeaderMap,
    _: Confirmed,
) -> Result<Json<OneTimeToken>, Problem> {
    let asked = name.clone();
    let stored = move |workbench: &Workbench| Basis::of_user_named(workbench, &asked);
    let reset = move |workbench: &mut Workbench| workbench.reset_link(&name);
    let token = change_if_match(&site, may.name(), &headers, stored, reset).await??;
    Ok(Json(OneTimeToken { token: token.reveal().to_owned() }))
}

/// Change the role of a user, or disable or enable the user
#[utoipa::path(
    patch, path = "/users/{name}", tag = "users", operation_id = "users_change",
    params(("name" = String, Path, description = "the name of the user")),
    request_body = Change,
    responses((status = 200, description = "the user as it is now", body = UserChanged), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn change(
    State(site): State<Shared>,
    may: May<ManageUsers>,
    Named(name): Named<String>,
    headers: HeaderMap,
    Sent(body): Sent<Change>,
) -> Result<Json<UserChanged>, Problem> {
    let role = body.role.as_deref().map(role).transpose()?;
    let asked = name.clone();
    let stored = move |workbench: &Workbench| Basis::of_user_named(workbench, &asked);
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
    let (found, changed) = change_if_match(&site, may.name(), &headers, stored, change).await??;
    Ok(Json(UserChanged { changed, user: found.as_ref().map(user) }))
}

/// List the sessions of a user
#[utoipa::path(
    get, path = "/users/{name}/sessions", tag = "users", operation_id = "users_sessions",
    params(("name" = String, Path, description = "the name of the user")),
    responses((status = 200, description = "the sessions", body = SessionList), Reading),
    security(("session" = []))
)]
pub(super) async fn sessions(
    State(site): State<Shared>,
    _: May<ManageUsers>,
    Named(name): Named<String>,
) -> Result<Json<SessionList>, Problem> {
    listed(&site, name).await
}

/// List your own sessions
#[utoipa::path(
    get, path = "/session/sessions", tag = "users", operation_id = "users_own_sessions",
    responses((status = 200, description = "the sessions", body = SessionList), Reading),
    security(("session" = []))
)]
pub(super) async fn own_sessions(
    State(site): State<Shared>,
    visitor: Visitor,
) -> Result<Json<SessionList>, Problem> {
    listed(&site, visitor.name().to_owned()).await
}

async fn listed(site: &Shared, name: String) -> Result<Json<SessionList>, Problem> {
    let sessions = site.desk.read(move |workbench| workbench.sessions(&name)).await?;
    Ok(Json(SessionList { sessions: sessions.iter().map(session).collect() }))
}

/// End a session of a user
#[utoipa::path(
    delete, path = "/users/{name}/sessions/{id}", tag = "users", operation_id = "users_end_session",
    params(("name" = String, Path, description = "the name of the user"), ("id" = i64, Path, description = "the number")),
    responses((status = 200, description = "whether it was open", body = SessionEnded), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn end_session(
    State(site): State<Shared>,
    may: May<ManageUsers>,
    Named((name, id)): Named<(String, i64)>,
    _: Confirmed,
) -> Result<Json<SessionEnded>, Problem> {
    ended(&site, may.name(), name, id).await
}

/// End one of your own sessions
#[utoipa::path(
    delete, path = "/session/sessions/{id}", tag = "users", operation_id = "users_end_own_session",
    params(("id" = i64, Path, description = "the number")),
    responses((status = 200, description = "whether it was open", body = SessionEnded), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn end_own_session(
    State(site): State<Shared>,
    visitor: Visitor,
    Named(id): Named<i64>,
    _: Confirmed,
) -> Result<Json<SessionEnded>, Problem> {
    ended(&site, visitor.name(), visitor.name().to_owned(), id).await
}

async fn ended(site: &Shared, actor: &str, name: String, id: i64) -> Result<Json<SessionEnded>, Problem> {
    let ended = site.desk.change(actor, move |workbench| workbench.end_session(&name, id)).await?;
    Ok(Json(SessionEnded { ended, id }))
}

/// Change your own password
#[utoipa::path(
    put, path = "/session/password", tag = "users", operation_id = "users_set_password",
    request_body = Passwords,
    responses((status = 204, description = "done"), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn set_password(
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
        Problem::bad_request(format!("unknown role; the roles are {}", Role::ALL.map(Role::name).join(", ")))
    })
}

fn user(user: &User) -> UserShown {
    UserShown {
        created_at: at(user.created_at),
        disabled_at: user.disabled_at.map(at),
        etag: Basis::of_user(user).mark().to_owned(),
        name: user.name.clone(),
        role: user.role.name(),
    }
}

fn session(session: &Session) -> SessionOfUser {
    SessionOfUser {
        address: session.address.clone(),
        agent: session.agent.clone(),
        created_at: at(session.created_at),
        expires_at: at(session.expires_at),
        id: session.id,
        last_seen_at: at(session.last_seen_at),
    }
}

fn at(seconds: i64) -> String {
    time::rfc3339(u64::try_from(seconds).unwrap_or_default())
}
