//! The user's own account: password and sessions.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use edge::problem::Problem;
use workbench::user::Session;

use super::stamp::Stamp;
use super::{Frame, go, show_as};
use crate::access::{Posted, Visitor};
use crate::site::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/account", get(look))
        .route("/account/password", post(set_password))
        .route("/account/sessions/end", post(end_session))
}

#[derive(Template)]
#[template(path = "account.html")]
struct Page {
    frame: Frame,
    sessions: Vec<Session>,
    refused: Option<String>,
}

async fn look(State(site): State<Shared>, frame: Frame) -> Result<Response, Problem> {
    page(&site, frame, StatusCode::OK, None).await
}

async fn set_password(
    State(site): State<Shared>,
    frame: Frame,
    visitor: Visitor,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let (old, new) = (sent.text("old").to_owned(), sent.text("new").to_owned());
    if new != sent.text("again") {
        return page(&site, frame, StatusCode::BAD_REQUEST, Some("the two new passwords differ".to_owned()))
            .await;
    }
    let session = visitor.session.clone();
    let setting = move |workbench: &mut workbench::Workbench| workbench.set_password(&session, &old, &new);
    match site.desk.change_with_password(visitor.name(), setting).await {
        Ok(()) => Ok(go("/account", "password")),
        Err(error) if error.is_users() => {
            let problem = Problem::from(error);
            page(&site, frame, problem.status, Some(problem.detail)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn end_session(
    State(site): State<Shared>,
    visitor: Visitor,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let id = sent.text("id").parse().map_err(|_| Problem::bad_request("there is no such session"))?;
    let name = visitor.name().to_owned();
    let ended = site.desk.change(visitor.name(), move |workbench| workbench.end_session(&name, id)).await?;
    Ok(go("/account", if ended { "session" } else { "nothing" }))
}

async fn page(
    site: &Shared,
    frame: Frame,
    status: StatusCode,
    refused: Option<String>,
) -> Result<Response, Problem> {
    let name = frame.name().to_owned();
    let sessions = site.desk.read(move |workbench| workbench.sessions(&name)).await?;
    show_as(status, &Page { frame, sessions, refused })
}
