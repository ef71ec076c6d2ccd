//! Authentication and authorisation of requests to the workbench.
//!
//! [`guard`] runs before every page and the API, after `gate::check_host`. A change must come from our own pages (`origin`), and an
//! address must not contain a token. The guard identifies the visitor and adds security headers to every answer. Handlers declare
//! what they need with an extractor: a [`Visitor`] is signed in, [`May`] has a permission, and [`Posted`] and [`Confirmed`] also
//! carry the token of the visitor's session.
//!
//! All refusals are [`Problem`]s: 401 signs in, 403 names the permission that is missing.

mod cookie;
mod origin;
mod posted;
mod visitor;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use edge::gate::has_stray_token;
use edge::problem::Problem;

pub(crate) use cookie::{choices, forget, remember, remember_choices};
pub(crate) use posted::{Confirmed, Fields, Most, Posted, Rejects, Sent, Upload};
pub(crate) use visitor::{Caller, May, Visitor, form_token, needs};

use crate::site::Shared;

/// Only our own files are loaded, each only for its purpose, and no script or style within a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The page of a one-time link; its token works once, and is not logged.
const WELCOME: &str = "/welcome";

/// Passes a request to its handler, or answers it.
pub(crate) async fn guard(State(site): State<Shared>, mut request: Request, next: Next) -> Response {
    let mut response = match admit(&site, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    harden(response.headers_mut());
    response
}

async fn admit(site: &Shared, request: &mut Request) -> Result<(), Problem> {
    if has_stray_token(request.uri()) && request.uri().path() != WELCOME {
        return Err(Problem::stray_token());
    }
    origin::check_source(request)?;
    if let Some(token) = cookie::token(site, request.headers())
        && let Some(visitor) = Visitor::of(site, &token).await?
    {
        request.extensions_mut().insert(visitor);
    }
    Ok(())
}

/// Adds the security headers.
pub(crate) fn harden(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Assets set their own caching; everything else is for one reader at one time.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
