//! The page `/docs/pdns`, which describes the passive-DNS interfaces for clients.
//!
//! It contains nothing secret, and needs no sign-in. Every limit in it comes from the code.

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use edge::problem::Problem;
use pdns::dnsdb;
use pdns::request::PAGE;

use operation::shown::thousands;

use crate::{access, asset, page};

/// The address of the page.
const ADDRESS: &str = "/docs/pdns";

/// The page, and shorter addresses that redirect to it. Without the workbench's pages, `assets` are served too.
pub fn routes(assets: bool) -> Router {
    let routes = Router::new()
        .route(ADDRESS, get(async || show()))
        .route("/pdns/", get(async || Redirect::permanent(ADDRESS)))
        .route("/dnsdb/", get(async || Redirect::permanent(ADDRESS)));
    let routes = if assets { routes.route("/assets/{file}", get(asset::serve)) } else { routes };
    routes.method_not_allowed_fallback(async || Problem::method()).layer(map_response(harden))
}

#[derive(Template)]
#[template(path = "reference.html")]
struct Reference {
    /// The address of the server in the examples.
    server: &'static str,
    page: String,
    newest: String,
    limit: String,
    most: String,
    offset: String,
    searched: String,
    seconds: u64,
}

fn show() -> Result<Response, Problem> {
    let (searched, seconds) = dnsdb::SEARCHED;
    page::show_as(
        StatusCode::OK,
        &Reference {
            server: "http://127.0.0.1:8053",
            page: thousands(PAGE as u64),
            newest: thousands(store::MAX_LIMIT as u64),
            limit: thousands(dnsdb::DEFAULT_LIMIT),
            most: thousands(dnsdb::MAX_LIMIT),
            offset: thousands(dnsdb::MAX_OFFSET),
            searched: thousands(searched),
            seconds,
        },
    )
}

async fn harden(response: Response) -> Response {
    let mut response = response.into_response();
    access::harden(response.headers_mut());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_described() {
        let template = include_str!("../templates/reference.html");
        let (circl, dnsdb) = template.split_once("id=\"dnsdb\"").unwrap();
        for (part, known) in [(circl, &pdns::parameters::KNOWN[..]), (dnsdb, &dnsdb::KNOWN)] {
            for name in known {
                let described = [format!("<code>{name}</code>"), format!("<code>{name}=")];
                // The type is part of the path; as a parameter, only one client sends it.
                let spared = *name == "rrtype" && known.len() == dnsdb::KNOWN.len();
                assert!(spared || described.iter().any(|words| part.contains(words)), "{name}");
            }
        }
    }
}
