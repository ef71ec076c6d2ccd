//! DNSDB's interface, version 2, on a store: the requests of dnsdbq, dnsdb2 and the integrations built on them.
//!
//! ```text
//! GET /dnsdb/v2/lookup/rrset/name/OWNER[/RRTYPE[/BAILIWICK]]     records of a name
//! GET /dnsdb/v2/lookup/rrset/raw/HEX[/RRTYPE]                    the same, the name in wire format
//! GET /dnsdb/v2/lookup/rdata/name/NAME[/RRTYPE]                  records with a name in their data
//! GET /dnsdb/v2/lookup/rdata/ip/ADDRESS[/RRTYPE]                 records with an address, `net,len`, or `first-last`
//! GET /dnsdb/v2/lookup/rdata/raw/HEX[/RRTYPE]                    records whose data is these bytes
//! GET /dnsdb/v2/summarize/…                                      the same, summarised in one object
//! GET /dnsdb/v2/{regex|glob}/{rrnames|rdata}/PATTERN[/RRTYPE]    flexible search
//! GET /dnsdb/v2/rate_limit, /dnsdb/v2/ping
//! ```
//!
//! The same paths without `/dnsdb/v2`, except for patterns, are version 1: bare objects instead of frames, and 404 if nothing
//! was found.
//!
//! `reference` describes the interface for clients. It differs from DNSDB itself as follows: each object has one record, so
//! `rdata` is an array of one element; the order is fixed ([`store::Order::Key`]; data of a flexible search by type and bytes),
//! so that `offset` pages through an answer; time filters that exclude each other are 400; `+.example.com` means the names
//! directly below a name.
//!
//! `path` and `parameters` parse a request, and `search` decides what to read and send. `scan` reads the store with `gather`,
//! which writes the results as `object`s within the `frame`; `answer` sends them. An error is a `refusal`, a line of text.
//! Permissions are only checked in `Dnsdb::admit`.

mod accept;
mod answer;
mod budget;
mod figures;
mod frame;
mod gather;
mod object;
mod parameters;
mod path;
mod pattern;
mod quota;
mod refusal;
mod scan;
mod search;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cof::time::Clock;

pub use budget::Budget;
use parameters::Parameters;
pub use parameters::{DEFAULT_LIMIT, KNOWN, MAX_LIMIT, MAX_OFFSET};
use path::{Call, Version};
use quota::Quota;
use refusal::Refusal;
use scan::{Bounds, Scan};
use search::Search;

use edge::compress;
use edge::gate::{self, Gate, Need, Pass, Peer, has_stray_token};
use edge::limits::MAX_URI;
use edge::problem::Problem;

use crate::rows::Rows;

/// The service: a store, the clients that may query it, and the clock.
#[derive(Clone)]
pub struct Dnsdb {
    /// The store.
    pub rows: Rows,
    /// The clients that may query it.
    pub gate: Gate,
    /// The clock that determines "now".
    pub clock: Clock,
    /// The memory limit of all searches.
    pub budget: Budget,
}

/// How many records a search reads at most, and for how long: the reference states these limits.
pub const SEARCHED: (u64, u64) = (Bounds::USUAL.rows, Bounds::USUAL.time.as_secs());

impl Dnsdb {
    /// Everything below `/dnsdb`, and the paths of version 1.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/dnsdb", get(call))
            .route("/dnsdb/{*call}", get(call))
            // Version 1.
            .route("/lookup", get(call))
            .route("/lookup/", get(call))
            .route("/lookup/{*call}", get(call))
            .route("/rate_limit", get(call))
            .route("/rate_limit/", get(call))
            .route("/rate_limit/{*call}", get(call))
            .route("/summarize", get(call))
            .route("/summarize/", get(call))
            .route("/summarize/{*call}", get(call))
            .method_not_allowed_fallback(async || Refusal::method())
            .with_state(Arc::new(self))
    }

    /// Admits a client, and counts the request.
    ///
    /// # Errors
    /// 403 for an unknown key: clients expect 401 for a known key without permission. 429 and 503.
    fn admit(&self, uri: &Uri, headers: &HeaderMap, from: Peer) -> Result<Pass, Refusal> {
        self.gate.admit(uri, headers, from, Need::Read).map_err(Refusal::from)
    }

    /// The remaining quota, which this request does not change.
    fn left(&self, headers: &HeaderMap, from: Peer) -> Result<Quota, Refusal> {
        self.gate.quota(headers, from).map(Quota::from).map_err(Refusal::from)
    }

    async fn answer(&self, uri: &Uri, headers: &HeaderMap, from: Peer) -> Result<Response, Refusal> {
        if uri.path_and_query().is_some_and(|path| path.as_str().len() > MAX_URI) {
            return Err(Problem::uri_too_long(MAX_URI).into());
        }
        if has_stray_token(uri) {
            return Err(Problem::stray_token().into());
        }
        let call = Call::of(uri.path());
        if call == Ok(Call::Ping) {
            return Ok(json("{\"ping\":\"ok\"}\n".to_owned()));
        }
        if call == Ok(Call::RateLimit) {
            return Ok(json(self.left(headers, from)?.body()));
        }
        let pass = self.admit(uri, headers, from)?;
        if !accept::takes_ours(headers) {
            return Err(Refusal::media_type());
        }
        let Call::Search { verb, wanted, types } = call? else { return Err(Refusal::not_found()) };
        let parameters = Parameters::of(uri, verb, self.clock.seconds())?;
        let version = Version::of(uri.path());
        let search = Search::of(version, verb, wanted, types, &parameters)?;
        let body =
            answer::body(Scan::new(search, Bounds::USUAL, &self.budget), self.rows.of(pass.asker)).await?;
        let mut response = body.into_response();
        compress::mark(&mut response);
        // Without a charset: a client that is told one splits lines at Unicode's other line ends.
        mark(
            &mut response,
            if version == Version::Two { "application/x-ndjson" } else { "application/json" },
        );
        pass.quota.map_or(Quota::UNLIMITED, Quota::from).tell(response.headers_mut());
        // The place among the running requests is held until the last byte is sent.
        response.extensions_mut().insert(pass);
        Ok(response)
    }
}

async fn call(State(dnsdb): State<Arc<Dnsdb>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let from = gate::peer(&parts.extensions);
    dnsdb.answer(&parts.uri, &parts.headers, from).await.into_response()
}

fn json(body: String) -> Response {
    let mut response = body.into_response();
    mark(&mut response, "application/json");
    response
}

fn mark(response: &mut Response, kind: &'static str) {
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // The answer depends on the client, not only on the address.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
}
