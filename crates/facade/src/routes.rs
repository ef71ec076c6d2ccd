//! All routes of the facade: [`routes`].
//!
//! A page of another site must not use it through somebody's browser: requests that say they come from one are refused.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use edge::gate::has_stray_token;

use crate::reply::Fault;
use crate::state::{Facade, Shared};
use crate::{attached, execute, indicators, kinds, plugins, token};

/// The largest body, in bytes: of most requests, and of those with many indicators.
const BODY: usize = 256 * 1024;
const MANY: usize = 4 << 20;
/// Where clients send a refresh token in the address, because ThreatQ wants it there.
const TOKEN: &str = "/api/token";

/// The routes. They answer below `/api` and at `/assets/js/config.js`, and nowhere else.
pub fn routes(facade: Facade) -> Router {
    let create = || post(indicators::create).layer(DefaultBodyLimit::max(MANY));
    let indicator = "/api/indicators/{id}";
    Router::new()
        .route("/assets/js/config.js", get(token::config))
        .route(TOKEN, post(token::grant))
        .route("/api/plugins", get(plugins::list))
        .route("/api/plugins/{id}", get(plugins::show))
        .route("/api/plugins/{id}/execute", post(execute::execute))
        .route("/api/objects", get(kinds::objects))
        .route("/api/users/current", get(kinds::current))
        .route("/api/indicator/types", get(kinds::types))
        .route("/api/indicator/statuses", get(kinds::statuses))
        .route("/api/indicator/statuses/{id}", get(kinds::one_status))
        .route("/api/indicators", get(indicators::list).merge(create()))
        .route("/api/indicators/query", post(indicators::query))
        .route("/api/indicators/consume", create())
        .route("/api/indicators/consume/new", create())
        .route(indicator, get(indicators::show).put(indicators::set))
        .route(&format!("{indicator}/attributes"), get(attached::attributes).post(attached::add_attributes))
        .route(&format!("{indicator}/sources"), get(attached::sources).post(attached::add_sources))
        .route(&format!("{indicator}/indicators"), get(attached::related).post(attached::relate))
        .method_not_allowed_fallback(async || {
            Fault::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not allowed here")
        })
        .fallback(async || Fault::missing("there is nothing at this address"))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn(guard))
        .with_state::<()>(Arc::new(facade) as Shared)
}

/// Runs before every route.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = match admit(&request) {
        Ok(()) => next.run(request).await,
        Err(fault) => fault.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn admit(request: &Request) -> Result<(), Fault> {
    if request.uri().path() != TOKEN && has_stray_token(request.uri()) {
        let why = "a token must not be part of the address, because logs and histories keep addresses";
        return Err(Fault::bad(why));
    }
    let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    match site {
        None | Some(b"none" | b"same-origin") => Ok(()),
        Some(_) => {
            let why = "the request comes from a page of another site";
            Err(Fault::new(StatusCode::FORBIDDEN, why))
        }
    }
}
