//! Checks the origin of requests.
//!
//! A page of another site can make a browser send us requests, but it cannot choose `Origin` and `Sec-Fetch-Site`. Programs send
//! neither header; they pass this check and still need the token of their session. `gate` checks whether a request is meant for us.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName};
use edge::problem::Problem;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A request that changes something must come from our own pages, or from no page.
pub(super) fn check_source(request: &Request) -> Result<(), Problem> {
    if request.method().is_safe() {
        return Ok(());
    }
    let headers = request.headers();
    let refused = || {
        Problem::forbidden(
            "the request comes from another site, or the browser did not name its site; \
             use the pages of this server, over https or on this machine",
        )
    };
    if let Some(site) = text(headers, &FETCH_SITE) {
        return if site == "same-origin" { Ok(()) } else { Err(refused()) };
    }
    let Some(origin) = text(headers, &ORIGIN) else { return Ok(()) };
    let same = origin.split_once("://").is_some_and(|(_, authority)| {
        host(request).is_some_and(|host| host.as_str().eq_ignore_ascii_case(authority))
    });
    if same { Ok(()) } else { Err(refused()) }
}

fn host(request: &Request) -> Option<Authority> {
    let mut given = request.headers().get_all(HOST).iter();
    let first = given.next()?;
    // A request with two hosts is refused.
    if given.next().is_some() {
        return None;
    }
    let host: Authority = first.to_str().ok()?.parse().ok()?;
    (!host.as_str().contains('@')).then_some(host)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or(""))
}
