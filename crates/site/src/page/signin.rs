//! Signing in and out.
//!
//! A wrong name and a wrong password get the same answer. The address contains the page to return to, which must be a path of
//! this site.

use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use edge::problem::Problem;
use serde::Deserialize;
use workbench::user::SignIn;

use super::said::{self, Said};
use super::unsent::{self, Unsent};
use super::{FormToken, encoded, show_as};
use crate::access::{Caller, Posted, Visitor, forget, remember};
use crate::site::{Shared, Site};

/// How long a browser keeps the cookie: as long as a session can last. The session itself may end earlier.
const AGE: Duration = Duration::from_hours(7 * 24);

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/signin", get(ask).post(sign_in)).route("/signout", post(sign_out))
}

/// The address of the sign-in page, which leads back to `next`.
pub(super) fn address(next: Option<&str>) -> String {
    match next.filter(|next| !next.is_empty() && *next != "/") {
        Some(next) => format!("/signin?next={}", encoded(next)),
        None => "/signin".to_owned(),
    }
}

#[derive(Template)]
#[template(path = "signin.html")]
struct Page {
    /// Whether there are no users yet.
    first: bool,
    said: Option<Said>,
    refused: Option<String>,
    name: String,
    next: String,
    /// The form that was sent after the session had ended.
    unsent: Option<Unsent>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    name: String,
    password: String,
    next: String,
    said: String,
    /// An unsent form: its address, its fields as one text, and whether secrets were left out.
    to: String,
    form: String,
    lacks: String,
}

impl Wish {
    fn unsent(&self) -> Option<Unsent> {
        Unsent::read(&own(&self.to), &self.form, !self.lacks.is_empty())
    }
}

/// The sign-in page for a form that was sent after the session had ended.
pub(super) fn keeping(unsent: Unsent) -> Response {
    let page = Page {
        first: false,
        said: None,
        refused: Some("Your session has ended. Sign in to send what you typed.".to_owned()),
        name: String::new(),
        next: String::new(),
        unsent: Some(unsent),
    };
    show_as(StatusCode::UNAUTHORIZED, &page).unwrap_or_else(IntoResponse::into_response)
}

async fn ask(State(site): State<Shared>, Query(wish): Query<Wish>) -> Result<Response, Problem> {
    let page = Page {
        first: is_first(&site).await?,
        said: said::of(&wish.said),
        refused: None,
        name: String::new(),
        next: own(&wish.next),
        unsent: None,
    };
    show_as(StatusCode::OK, &page)
}

async fn sign_in(
    State(site): State<Shared>,
    Caller(client): Caller,
    Form(wish): Form<Wish>,
) -> Result<Response, Problem> {
    let unsent = wish.unsent();
    let (name, password) = (wish.name.trim().to_owned(), wish.password);
    let asked = name.clone();
    let signing = move |workbench: &mut workbench::Workbench| workbench.sign_in(&asked, &password, &client);
    let mut wait = None;
    let (status, refused) = match site.desk.change_with_password("", signing).await? {
        SignIn::Welcome { token, .. } => {
            return match unsent {
                None => Ok(welcome(&site, token.reveal(), &own(&wish.next))),
                Some(unsent) => resume(&site, token.reveal(), unsent),
            };
        }
        SignIn::Refused => (StatusCode::UNAUTHORIZED, "Wrong name or password.".to_owned()),
        SignIn::Wait(longer) => {
            let seconds = longer.as_secs().max(1);
            wait = Some((RETRY_AFTER, seconds.to_string()));
            (
                StatusCode::TOO_MANY_REQUESTS,
                format!("Too many failed attempts. Wait {seconds} s, then try again."),
            )
        }
    };
    let page = Page {
        first: is_first(&site).await?,
        said: None,
        refused: Some(refused),
        name,
        next: own(&wish.next),
        unsent,
    };
    // An empty header list adds no header.
    Ok((AppendHeaders(wait), show_as(status, &page)?).into_response())
}

async fn sign_out(State(site): State<Shared>, visitor: Visitor, _: Posted) -> Result<Response, Problem> {
    let token = visitor.token.clone();
    site.desk.change(visitor.name(), move |workbench| workbench.sign_out(token.reveal())).await?;
    Ok(([(SET_COOKIE, forget(&site))], Redirect::to("/signin")).into_response())
}

/// Redirects a user who has just signed in.
pub(super) fn welcome(site: &Site, token: &str, next: &str) -> Response {
    let next = if next.is_empty() { "/library" } else { next };
    ([(SET_COOKIE, remember(site, token, AGE))], Redirect::to(next)).into_response()
}

/// Offers to send the unsent form.
fn resume(site: &Site, token: &str, unsent: Unsent) -> Result<Response, Problem> {
    let page = unsent::Page { unsent, frame: FormToken::of_session(token) };
    Ok(([(SET_COOKIE, remember(site, token, AGE))], show_as(StatusCode::OK, &page)?).into_response())
}

async fn is_first(site: &Shared) -> Result<bool, Problem> {
    Ok(site.desk.read(workbench::Workbench::users).await?.is_empty())
}

/// A path of this site, or nothing: `//elsewhere` and `/\elsewhere` lead to other sites.
fn own(next: &str) -> String {
    let rest = next.strip_prefix('/');
    let ours = rest.is_some_and(|rest| {
        !rest.starts_with(['/', '\\']) && rest.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'\\')
    });
    if ours { next.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_are_gone_back_to() {
        assert_eq!(own("/library?q=a"), "/library?q=a");
        for elsewhere in
            ["//a.example", "/\\a.example", "https://a.example", "", "/a\r\nb", "/a\\b", "library"]
        {
            assert_eq!(own(elsewhere), "", "{elsewhere}");
        }
        assert_eq!(address(Some("/a?b=c d")), "/signin?next=%2Fa%3Fb%3Dc%20d");
    }
}
