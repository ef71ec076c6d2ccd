//! The pages: rendered on the server from templates. Every control is a link or a form; scripts only save page loads.
//!
//! A handler takes a [`Frame`] (the user and the place), works through the [`Desk`](workbench::Desk), and passes [`show`] a
//! template based on `base.html`. After a change it redirects with [`go`] and the key of a message ([`said`]). [`dress`] turns
//! every [`Problem`] into a page, and sends users without a session to the sign-in page.

mod account;
mod agent;
mod audit;
mod catalogue;
mod database;
mod execution;
mod explorer;
mod frame;
mod handover;
mod history;
mod indicator;
mod install;
mod integration;
mod integrations;
mod investigation;
mod investigations;
mod library;
mod lists;
mod offers;
mod operate;
mod paste;
mod pull;
mod push;
mod records;
mod run;
mod runs;
mod said;
mod searches;
mod selected;
mod sending;
mod sensors;
mod signin;
mod stale;
mod stamp;
mod ticked;
mod unremove;
mod unsent;
mod users;
mod welcome;

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use edge::problem::{Problem, Remedy};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub(crate) use explorer::address as explorer_address;
pub(crate) use frame::{FormToken, Frame, asset};
pub(crate) use handover::of_history as handover_of_history;
pub(crate) use history::address as history_address;
pub(crate) use indicator::{address as indicator_address, path_of as indicator_path};
use investigation::address as investigation_address;
pub(crate) use sending::address as sending_address;

pub(crate) use picture::text::begun;

use crate::access::Visitor;
use crate::site::Shared;

/// The characters that are escaped in an address: all except the unreserved ones of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The routes of the pages. Each page has a function like this one, which is merged here.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(async || Redirect::to("/library")))
        .merge(signin::routes())
        .merge(welcome::routes())
        .merge(integrations::routes())
        .merge(install::routes())
        .merge(catalogue::routes())
        .merge(integration::routes())
        .merge(library::routes())
        .merge(paste::routes())
        .merge(ticked::routes())
        .merge(unremove::routes())
        .merge(selected::routes())
        .merge(searches::routes())
        .merge(sending::routes())
        .merge(indicator::routes())
        .merge(operate::routes())
        .merge(runs::routes())
        .merge(run::routes())
        .merge(history::routes())
        .merge(handover::routes())
        .merge(push::routes())
        .merge(pull::routes())
        .merge(execution::routes())
        .merge(investigations::routes())
        .merge(investigation::routes())
        .merge(explorer::routes())
        .merge(audit::routes())
        .merge(users::routes())
        .merge(account::routes())
        .merge(database::routes())
        .merge(sensors::routes())
        .merge(lists::routes())
        .fallback(async || Problem::missing("there is no page at this address"))
}

/// Makes htmx load another page, whichever part it requested.
const GO_TO: HeaderName = HeaderName::from_static("hx-redirect");

/// A page from a template.
pub(crate) fn show(template: &impl Template) -> Result<Response, Problem> {
    let page = template.render().map_err(|_| Problem::internal_page())?;
    Ok(Html(page).into_response())
}

/// A page from a template, with the status of an error.
pub(crate) fn show_as(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let mut response = show(template)?;
    *response.status_mut() = status;
    Ok(response)
}

/// Redirects to a page after a change; `word` is the key of a message in [`said`].
pub(crate) fn go(path: &str, word: &str) -> Response {
    let join = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{join}said={word}")).into_response()
}

/// A text, escaped for an address.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// The problem in a refusal of axum: its text about an unreadable address or form is meant for programmers.
fn foreign(response: &Response) -> Option<Problem> {
    let status = response.status();
    let ours =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !status.is_client_error() || ours {
        return None;
    }
    let detail = match status {
        StatusCode::BAD_REQUEST => {
            "this page cannot read the parameters in the address: go back and try another link"
        }
        StatusCode::METHOD_NOT_ALLOWED => return Some(Problem::method_of_page()),
        StatusCode::NOT_FOUND => "there is no page at this address",
        StatusCode::PAYLOAD_TOO_LARGE => "the request is too large: send less at once",
        _ => "the form could not be read: load the page again, then send it",
    };
    Some(Problem::new(status, detail))
}

/// Converts problems into pages.
pub(crate) async fn dress(request: Request, next: Next) -> Response {
    let visitor = request.extensions().get::<Visitor>().cloned();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let is_part = request.headers().contains_key("hx-request");
    let shown = request.headers().get("hx-current-url").and_then(|shown| shown.to_str().ok());
    let shown = shown.and_then(|shown| shown.parse::<Uri>().ok());
    let had_session = visitor.is_none() && unsent::had_session(request.headers());
    let (kept, request) = if had_session { unsent::of(request).await } else { (None, request) };
    let response = next.run(request).await;
    // The API is for programs, which read JSON.
    if uri.path() == "/api" || uri.path().starts_with("/api/") {
        return response;
    }
    let problem = response.extensions().get::<Problem>().cloned().or_else(|| foreign(&response));
    let Some(problem) = problem else { return response };
    if problem.remedy == Remedy::SignIn {
        // A sign-in form cannot be shown in a part of a page, so the whole page is loaded.
        if is_part {
            let back = shown.as_ref().and_then(Uri::path_and_query).map(PathAndQuery::as_str);
            return (StatusCode::UNAUTHORIZED, [(GO_TO, signin::address(back))]).into_response();
        }
        if let Some(kept) = kept {
            return signin::keeping(kept);
        }
        let back = uri.path_and_query().filter(|_| method == Method::GET).map(PathAndQuery::as_str);
        let address = signin::address(back);
        if had_session {
            let join = if address.contains('?') { '&' } else { '?' };
            return Redirect::to(&format!("{address}{join}said=ended")).into_response();
        }
        return Redirect::to(&address).into_response();
    }
    let frame = visitor.map(|visitor| Frame::new(visitor, &uri));
    let page = frame::Trouble { frame, status: problem.status, detail: &problem.detail }.render();
    page.map_or(response, |page| (problem.status, Html(page)).into_response())
}
