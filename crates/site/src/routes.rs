//! All routes of the workbench: [`routes`].

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use edge::problem::Problem;

use crate::access::Most;
use crate::site::Shared;
use crate::{access, api, asset, page};

/// The largest body of a request unless its route allows more, in bytes: a form with a note of 10,000 characters.
const BODY: usize = 128 * 1024;

/// Pages and API of the workbench.
pub fn routes(site: Shared) -> Router {
    let refused = async || Problem::method_of_page();
    let pages = page::routes().method_not_allowed_fallback(refused).layer(from_fn(page::dress));
    Router::new()
        .merge(pages)
        .nest(api::ROOT, api::routes().into())
        .route("/assets/{file}", get(asset::serve))
        .method_not_allowed_fallback(refused)
        .layer(Most::octets(BODY))
        .layer(from_fn_with_state(Arc::clone(&site), access::guard))
        .with_state(site)
}
