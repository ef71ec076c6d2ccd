//! DNSDB's interface, version 2, on a store: what dnsdbq, dnsdb2 and the integrations built on them ask.
//!
//! ```text
//! GET /dnsdb/v2/lookup/rrset/name/OWNER[/RRTYPE[/BAILIWICK]]     records of a name
//! GET /dnsdb/v2/lookup/rrset/raw/HEX[/RRTYPE]                    the same, the name as octets
//! GET /dnsdb/v2/lookup/rdata/name/NAME[/RRTYPE]                  records whose data names a name
//! GET /dnsdb/v2/lookup/rdata/ip/ADDRESS[/RRTYPE]                 … an address, `net,len`, or `first-last`
//! GET /dnsdb/v2/lookup/rdata/raw/HEX[/RRTYPE]                    … is these octets
//! GET /dnsdb/v2/summarize/…                                      the same as one object
//! GET /dnsdb/v2/{regex|glob}/{rrnames|rdata}/PATTERN[/RRTYPE]    flexible search
//! GET /dnsdb/v2/rate_limit, /dnsdb/v2/ping
//! ```
//!
//! The same without `/dnsdb/v2`, patterns aside, is version 1: bare objects instead of frames, 404 for nothing found.
//!
//! `reference` describes them for those who ask. What is ours: one record an object, so that `rdata` is an array of one;
//! a fixed order, that of [`store::Order::Key`] (data of a flexible search by type and octets), so that `offset` walks;
//! fences that exclude each other are 400; `+.example.com` asks for what stands directly below a name.
//!
//! A request goes through `path` and `parameters` (what is said), to `search` (what is read, and sent); `scan` goes through
//! the store with `gather`, which says what was found by `object` within `frame`; `answer` sends it. What is not answered is
//! a `refusal`, a line of text. Who may ask what is in `Dnsdb::admit` alone.

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
mod text;

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

/// A store, with who may ask it and when "now" is.
#[derive(Clone)]
pub struct Dnsdb {
    /// The store.
    pub rows: Rows,
    /// Who may ask it.
    pub gate: Gate,
    /// When "now" is.
    pub clock: Clock,
    /// Of all searches together.
    pub budget: Budget,
}

/// How many records a search looks at, and how long: what the reference says.
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

    /// Lets in whoever may ask, and counts the question.
    ///
    /// # Errors
    /// 403 for a key that is none: clients take 401 for one that is known but may not use this interface. 429 and 503.
    fn admit(&self, uri: &Uri, headers: &HeaderMap, from: Peer) -> Result<Pass, Refusal> {
        self.gate.admit(uri, headers, from, Need::Read).map_err(Refusal::from)
    }

    /// What is left of a quota, which asking for it does not change.
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
        // Without a charset: a client that is told one cuts lines where Unicode has other line ends.
        mark(
            &mut response,
            if version == Version::Two { "application/x-ndjson" } else { "application/json" },
        );
        pass.quota.map_or(Quota::UNLIMITED, Quota::from).tell(response.headers_mut());
        // A place among those who are answered, until the last octet is sent.
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
    // The same address answers differently to other people.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
}
