//! Users, for those who may manage them: the list, roles, invitations, sessions.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use edge::problem::Problem;
use operation::Secret;
use serde::Deserialize;
use workbench::Workbench;
use workbench::user::{Role, Session, User};

use super::stale::{Differing, Side, Stale};
use super::stamp::Stamp;
use super::{Frame, encoded, go, show, show_as};
use crate::access::{Fields, May, Posted, needs::ManageUsers};
use crate::basis::{Basis, Claim, change_from};
use crate::site::{Once, Shared, Site};

const PATH: &str = "/users";

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/users", get(list))
        .route("/users/invite", post(invite))
        .route("/users/role", post(set_role))
        .route("/users/disable", post(disable))
        .route("/users/enable", post(enable))
        .route("/users/reset", post(reset))
        .route("/users/sessions", get(sessions))
        .route("/users/sessions/end", post(end_session))
}

#[derive(Template)]
#[template(path = "users.html")]
struct Page {
    frame: Frame,
    users: Vec<(User, usize)>,
    link: Option<Once>,
    refused: Option<String>,
}

#[derive(Template)]
#[template(path = "user-sessions.html")]
struct SessionsPage {
    frame: Frame,
    name: String,
    sessions: Vec<Session>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    name: String,
}

async fn list(State(site): State<Shared>, frame: Frame, _: May<ManageUsers>) -> Result<Response, Problem> {
    let link = site.shown_once(frame.visitor.session.id, PATH);
    Page { link, ..Page::of(&site, frame).await? }.show(StatusCode::OK)
}

async fn invite(
    State(site): State<Shared>,
    may: May<ManageUsers>,
    headers: HeaderMap,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let role = role(sent.text("role"))?;
    let token = site.desk.change(may.name(), move |workbench| workbench.invite(role)).await?;
    let lead = format!(
        "This link creates one user with the role {}. It works once, within seven days.",
        role.name()
    );
    Ok(show_once(&site, may.session.id, Once { text: link(&site, &headers, &token), lead }))
}

async fn reset(
    State(site): State<Shared>,
    frame: Frame,
    may: May<ManageUsers>,
    headers: HeaderMap,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let name = sent.text("name").to_owned();
    let lead = format!("With this link {name} can set a new password. It works once, within one day.");
    let (asked, who) = (name.clone(), name.clone());
    let stored = move |workbench: &Workbench| Basis::of_user_named(workbench, &asked);
    let reset = move |workbench: &mut Workbench| workbench.reset_link(&name);
    let token = match change_from(&site, may.name(), Claim::of_form(&sent), stored, reset).await? {
        Ok(token) => token,
        Err(stored) => {
            let places = ("/users/reset", "/users");
            return Stale::new(frame, &who, places, &stored, &sent).button("Create the link anyway").show();
        }
    };
    Ok(show_once(&site, may.session.id, Once { text: link(&site, &headers, &token), lead }))
}

async fn set_role(
    State(site): State<Shared>,
    frame: Frame,
    may: May<ManageUsers>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let (name, role) = (sent.text("name").to_owned(), role(sent.text("role"))?);
    change(&site, frame, may.name(), &sent, "role", move |workbench| workbench.set_role(&name, role)).await
}

async fn disable(
    State(site): State<Shared>,
    frame: Frame,
    may: May<ManageUsers>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let name = sent.text("name").to_owned();
    change(&site, frame, may.name(), &sent, "user-disabled", move |workbench| workbench.disable_user(&name))
        .await
}

async fn enable(
    State(site): State<Shared>,
    frame: Frame,
    may: May<ManageUsers>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let name = sent.text("name").to_owned();
    change(&site, frame, may.name(), &sent, "user-enabled", move |workbench| workbench.enable_user(&name))
        .await
}

async fn sessions(
    State(site): State<Shared>,
    frame: Frame,
    _: May<ManageUsers>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let name = wish.name.clone();
    let sessions = site.desk.read(move |workbench| workbench.sessions(&name)).await?;
    show(&SessionsPage { frame, name: wish.name, sessions })
}

async fn end_session(
    State(site): State<Shared>,
    may: May<ManageUsers>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let name = sent.text("name").to_owned();
    let id = sent.text("id").parse().map_err(|_| Problem::bad_request("there is no such session"))?;
    let back = format!("/users/sessions?name={}", encoded(&name));
    let ended = site.desk.change(may.name(), move |workbench| workbench.end_session(&name, id)).await?;
    Ok(go(&back, if ended { "session" } else { "nothing" }))
}

/// Changes a user; a refusal is shown on the page.
async fn change(
    site: &Shared,
    frame: Frame,
    actor: &str,
    sent: &Fields,
    word: &str,
    change: impl FnOnce(&mut Workbench) -> Result<bool, workbench::Error> + Send + 'static,
) -> Result<Response, Problem> {
    let name = sent.text("name").to_owned();
    let stored = move |workbench: &Workbench| Basis::of_user_named(workbench, &name);
    match change_from(site, actor, Claim::of_form(sent), stored, change).await {
        Ok(Ok(changed)) => Ok(go("/users", if changed { word } else { "nothing" })),
        Ok(Err(stored)) => stale(frame, &stored, sent, word),
        Err(error) if error.is_users() => {
            let problem = Problem::from(error);
            Page { refused: Some(problem.detail), ..Page::of(site, frame).await? }.show(problem.status)
        }
        Err(error) => Err(error.into()),
    }
}

/// The page for a form that is based on another state of a user.
fn stale(frame: Frame, stored: &Basis, sent: &Fields, word: &str) -> Result<Response, Problem> {
    let now = stored.state.first().map_or("", |(_, role)| role);
    let (path, button) = match word {
        "role" => ("/users/role", "Set the role"),
        "user-disabled" => ("/users/disable", "Disable anyway"),
        _ => ("/users/enable", "Enable anyway"),
    };
    let stale = Stale::new(frame, sent.text("name"), (path, "/users"), stored, sent).button(button);
    if word != "role" || now == sent.text("role") {
        return stale.show();
    }
    let (mine, stored) = (Side::plain(sent.text("role")), Side::plain(now));
    stale
        .differing(vec![Differing { label: "Role".to_owned(), name: "role".to_owned(), mine, stored }])
        .show()
}

fn role(name: &str) -> Result<Role, Problem> {
    Role::named(name).ok_or_else(|| Problem::bad_request("there is no such role"))
}

/// The link with the token, with the host name that the client uses.
fn link(site: &Site, headers: &HeaderMap, token: &Secret) -> Secret {
    // The guard has checked that this is a name of this server.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let scheme = if site.over_tls { "https" } else { "http" };
    Secret::new(&format!("{scheme}://{host}/welcome?token={}", token.reveal()))
}

/// Redirects to the page that shows a link once: loading it again, or going back, creates no other link.
fn show_once(site: &Site, session: i64, once: Once) -> Response {
    site.show_once(session, PATH, once);
    Redirect::to(PATH).into_response()
}

impl Page {
    async fn of(site: &Shared, frame: Frame) -> Result<Self, Problem> {
        let read = |workbench: &Workbench| {
            let users = workbench.users()?.into_iter();
            users.map(|user| workbench.sessions(&user.name).map(|sessions| (user, sessions.len()))).collect()
        };
        Ok(Self { frame, users: site.desk.read(read).await?, link: None, refused: None })
    }

    fn show(&self, status: StatusCode) -> Result<Response, Problem> {
        show_as(status, self)
    }

    /// The mark that the forms of a user contain.
    fn mark(user: &User) -> String {
        Basis::of_user(user).mark().to_owned()
    }

    fn roles() -> [&'static str; 4] {
        Role::ALL.map(Role::name)
    }
}
