//! Links that work once: for the first administrator, for new users, for a new password, and to sign in.
//!
//! Opening the page does not use up a link, because some programs open links before people do.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use edge::problem::Problem;
use serde::Deserialize;
use workbench::user::{Client, Purpose, SignIn};

use super::{show_as, signin};
use crate::access::Caller;
use crate::site::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/welcome", get(ask).post(accept))
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct Page {
    title: String,
    lead: String,
    button: &'static str,
    refused: Option<String>,
    token: String,
    name: String,
    asks_name: bool,
    asks_password: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    token: String,
    name: String,
    password: String,
    again: String,
}

impl Page {
    fn new(purpose: &Purpose, wish: &Wish, refused: Option<String>) -> Self {
        let (title, lead, button) = match purpose {
            Purpose::FirstAdministrator => (
                "Welcome".to_owned(),
                "Create the first administrator, who can invite others.".to_owned(),
                "Create administrator",
            ),
            Purpose::NewUser(role) => {
                ("Welcome".to_owned(), format!("You were invited as {}.", role.name()), "Create account")
            }
            Purpose::Password(user) => (
                "New password".to_owned(),
                format!("Choose a new password for {}.", user.name),
                "Set password",
            ),
            Purpose::SignIn(user) => {
                ("Sign in".to_owned(), format!("This link signs you in as {}, once.", user.name), "Sign in")
            }
        };
        let name = match purpose {
            Purpose::Password(user) | Purpose::SignIn(user) => user.name.clone(),
            Purpose::FirstAdministrator | Purpose::NewUser(_) => wish.name.clone(),
        };
        Self {
            title,
            lead,
            button,
            refused,
            token: wish.token.clone(),
            name,
            asks_name: matches!(purpose, Purpose::FirstAdministrator | Purpose::NewUser(_)),
            asks_password: !matches!(purpose, Purpose::SignIn(_)),
        }
    }
}

async fn ask(State(site): State<Shared>, Query(wish): Query<Wish>) -> Result<Response, Problem> {
    let purpose = purpose(&site, &wish).await?;
    show_as(StatusCode::OK, &Page::new(&purpose, &wish, None))
}

async fn accept(
    State(site): State<Shared>,
    Caller(client): Caller,
    Form(wish): Form<Wish>,
) -> Result<Response, Problem> {
    let purpose = purpose(&site, &wish).await?;
    if let Purpose::SignIn(_) = purpose {
        let token = wish.token.clone();
        let signed =
            site.desk.change("", move |workbench| workbench.sign_in_by_link(&token, &client)).await?;
        let (token, _) = signed.ok_or_else(void)?;
        return Ok(signin::welcome(&site, token.reveal(), ""));
    }
    if wish.password != wish.again {
        let refused = Some("the two passwords differ".to_owned());
        return show_as(StatusCode::BAD_REQUEST, &Page::new(&purpose, &wish, refused));
    }
    let (token, name, password) = (wish.token.clone(), wish.name.trim().to_owned(), wish.password.clone());
    let accepting = move |workbench: &mut workbench::Workbench| workbench.accept(&token, &name, &password);
    match site.desk.change_with_password("", accepting).await {
        Ok(user) => first_session(&site, user.name, wish.password, client).await,
        Err(error) if error.is_users() => {
            let problem = Problem::from(error);
            show_as(problem.status, &Page::new(&purpose, &wish, Some(problem.detail)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Signs in a user who has just chosen a password.
async fn first_session(
    site: &Shared,
    name: String,
    password: String,
    client: Client,
) -> Result<Response, Problem> {
    let signing = move |workbench: &mut workbench::Workbench| workbench.sign_in(&name, &password, &client);
    Ok(match site.desk.change_with_password("", signing).await? {
        SignIn::Welcome { token, .. } => signin::welcome(site, token.reveal(), ""),
        SignIn::Refused | SignIn::Wait(_) => Redirect::to("/signin?said=welcome").into_response(),
    })
}

async fn purpose(site: &Shared, wish: &Wish) -> Result<Purpose, Problem> {
    let token = wish.token.clone();
    let invitation = site.desk.read(move |workbench| workbench.invitation(&token)).await?;
    invitation.map(|invitation| invitation.purpose).ok_or_else(void)
}

fn void() -> Problem {
    Problem::missing(
        "this link is no longer valid: it was used, has expired or was replaced by a newer one; \
         ask for a new link, or restart the server to get one for the first administrator",
    )
}
