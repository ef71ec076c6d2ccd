//! Signing in and out, and the signed-in user.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use edge::problem::Problem;
use serde::{Deserialize, Serialize};
use workbench::Workbench;
use workbench::user::{Permission, SignIn};

use super::{Changing, Reading, SigningIn, Told};
use crate::access::{Caller, Confirmed, Visitor, forget, remember};
use crate::site::Shared;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long the cookie is kept; the session itself may end earlier.
const AGE: Duration = Duration::from_hours(7 * 24);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show, sign_in, sign_out))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login)]
pub(super) struct Login {
    name: String,
    password: String,
}

/// The signed-in user.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionShown {
    /// What the role permits.
    may: Vec<&'static str>,
    /// The name of the user.
    name: String,
    /// The role of the user.
    role: &'static str,
    /// The number of the session.
    session: i64,
    /// The value of `x-backsight-token` for requests that change something.
    token: String,
}

/// A user who signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedIn {
    /// The name of the user.
    name: String,
    /// The role of the user.
    role: &'static str,
}

/// Show the signed-in user, and the token required for changes
#[utoipa::path(
    get, path = "/session", tag = "session", operation_id = "session_show",
    responses((status = 200, description = "the user, and the token for changes", body = SessionShown), Reading),
    security(("session" = []))
)]
pub(super) async fn show(visitor: Visitor) -> Json<SessionShown> {
    let user = &visitor.session.user;
    let may = Permission::ALL.into_iter().filter(|one| user.role.may(*one)).map(Permission::name);
    Json(SessionShown {
        may: may.collect(),
        name: user.name.clone(),
        role: user.role.name(),
        session: visitor.session.id,
        token: visitor.form_token.clone(),
    })
}

/// Sign in; sets the cookie
#[utoipa::path(
    post, path = "/session", tag = "session", operation_id = "session_sign_in",
    request_body = Login,
    responses((status = 200, description = "signed in", body = SignedIn), SigningIn),
    security(())
)]
pub(super) async fn sign_in(
    State(site): State<Shared>,
    Caller(client): Caller,
    Told(login): Told<Login>,
) -> Result<Response, Problem> {
    let signing = move |workbench: &mut Workbench| workbench.sign_in(&login.name, &login.password, &client);
    match site.desk.change_with_password("", signing).await? {
        SignIn::Welcome { token, user } => {
            let cookie = remember(&site, token.reveal(), AGE);
            let signed_in = SignedIn { role: user.role.name(), name: user.name };
            Ok(([(SET_COOKIE, cookie)], Json(signed_in)).into_response())
        }
        SignIn::Refused => Err(Problem::new(StatusCode::UNAUTHORIZED, "wrong name or password")),
        SignIn::Wait(wait) => {
            let seconds = wait.as_secs().max(1);
            let detail = format!("too many failed attempts; wait {seconds} s, then try again");
            Err(Problem::throttled(seconds, detail))
        }
    }
}

/// Sign out
#[utoipa::path(
    delete, path = "/session", tag = "session", operation_id = "session_sign_out",
    responses((status = 204, description = "done"), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn sign_out(
    State(site): State<Shared>,
    visitor: Visitor,
    _: Confirmed,
) -> Result<Response, Problem> {
    let token = visitor.token.clone();
    site.desk.change(visitor.name(), move |workbench| workbench.sign_out(token.reveal())).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, forget(&site))]).into_response())
}
