//! Passive DNS for programs, below `/api/v1`: `records` are sent, `lookup`, `summary` and `stats` are queried. `file` imports a
//! file that a user loads in the browser, in the same way.
//!
//! Clients use a token (see `gate`), not a session: these routes are for sensors and partners, not for browsers. Every answer
//! is one JSON object; errors are problem details. The OpenAPI document is generated from the definitions here.

mod file;
mod intake;
mod receipt;
mod records;
mod sequence;
mod served;

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use cof::{Dialect, Writer};
use edge::compress;
use edge::gate::{self, Gate, Pass};
use edge::problem::{Details, Problem};
use serde::Serialize;
use store::Question;
use utoipa::{IntoResponses, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::request::Ask;

pub use file::{Bringing, File, Spool, Unusable};
pub use receipt::{Receipt, Rejected};
pub use records::Unfinished;
pub use sequence::Names;
pub use served::PassiveDns;

/// The routes, from the root.
pub fn routes(gate: &Gate) -> OpenApiRouter<Arc<PassiveDns>> {
    let asked = OpenApiRouter::new()
        .routes(routes!(lookup))
        .routes(routes!(summary))
        .routes(routes!(stats))
        .route_layer(from_fn_with_state(gate.clone(), gate::read));
    let brought = OpenApiRouter::new()
        .routes(routes!(records::bring))
        .route_layer(from_fn_with_state(gate.clone(), gate::write));
    asked.merge(brought)
}

/// Rows of an answer.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is written by hand, for the sake of the records in it")]
struct Found {
    /// The value that was looked up.
    value: String,
    /// Records of the Common Output Format, data as an array of one.
    records: Vec<serde_json::Map<String, serde_json::Value>>,
    /// The `cursor` for the next page; null at the end.
    next: Option<String>,
    /// Whether there are rows beyond these.
    more: bool,
    /// The limit that was applied.
    limit: usize,
}

/// An answer without its rows.
#[derive(Serialize, ToSchema)]
struct Summed {
    /// The value that was looked up.
    value: String,
    /// The number of rows.
    rows: u64,
    /// The sum of their counts; null if all are unknown.
    count: Option<u64>,
    /// The earliest time, in seconds since the epoch; null without rows.
    time_first: Option<u64>,
    /// The latest time, in seconds since the epoch; null without rows.
    time_last: Option<u64>,
}

/// The size of the database.
#[derive(Serialize, ToSchema)]
struct Counted {
    /// Tuples, each with a bailiwick and source.
    entries: u64,
    /// Sources ever seen.
    sources: u64,
    /// Inputs with a stored position.
    inputs: u64,
}

/// The possible error responses for every client.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes what Problem writes")]
pub(crate) enum Refused {
    /// Invalid request, or a token in the address.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Details),
    /// No valid token or login.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Details),
    /// The token lacks the permission.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Details),
    /// Unknown host name.
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Details),
    /// The address is too long.
    #[response(status = 414, content_type = "application/problem+json")]
    Long(Details),
    /// Too many requests, or the daily quota is used up; `Retry-After` says when to try again.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Details),
    /// The database failed.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Details),
    /// Too many concurrent requests; `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(Details),
}

/// Look up the records of a value
///
/// A name, `*.` and a name for all names below it, an address (with all records of the names that have it, unless `expand=0`),
/// a network, a range, or `rdata:` and a name.
#[utoipa::path(
    get, path = "/api/v1/lookup", tag = "passive DNS",
    params(
        ("value" = String, Query, description = "the value to look up"),
        ("limit" = Option<u64>, Query, minimum = 1, description = "the maximum number of rows; default 1,000, which is also the maximum (10,000 with sort=newest)"),
        ("cursor" = Option<String>, Query, pattern = "^[0-9]+$", description = "the `next` of the previous page"),
        ("rrtype" = Option<String>, Query, description = "only these types: A,NS"),
        ("time_first_after" = Option<u64>, Query, description = "first seen at this time or later, in seconds since the epoch"),
        ("time_first_before" = Option<u64>, Query, description = "first seen at this time or earlier"),
        ("time_last_after" = Option<u64>, Query, description = "last seen at this time or later"),
        ("time_last_before" = Option<u64>, Query, description = "last seen at this time or earlier"),
        ("expand" = Option<u8>, Query, maximum = 1, description = "0: for an address, only its own records"),
        ("sort" = Option<String>, Query, pattern = "^(key|newest)$", description = "newest: most recently seen first, without a cursor"),
    ),
    responses((status = 200, description = "the rows, possibly none", body = Found), Refused),
    security(("token" = []), ("bearer" = []), ("basic" = []), ())
)]
async fn lookup(
    State(dns): State<Arc<PassiveDns>>,
    Extension(pass): Extension<Pass>,
    uri: Uri,
) -> Result<Response, Problem> {
    let ask = Ask::of_query(&uri, &HeaderMap::new())?;
    let (value, question) = (ask.value, ask.question);
    let text = if ask.nothing {
        found(&value, &Found::none(&question))
    } else {
        let rows = dns.rows.of(pass.asker);
        let mut page = rows.page(question).await?;
        page.records.iter_mut().for_each(|record| rows.name_origin(record));
        found(&value, &page)
    };
    Ok(data(([(CONTENT_TYPE, "application/json")], text)))
}

/// Summarise the records of a value
///
/// Takes the same parameters as `lookup`, and returns no rows.
#[utoipa::path(
    get, path = "/api/v1/summary", tag = "passive DNS",
    params(
        ("value" = String, Query, description = "the value to look up"),
        ("rrtype" = Option<String>, Query, description = "only these types: A,NS"),
        ("time_first_after" = Option<u64>, Query, description = "first seen at this time or later, in seconds since the epoch"),
        ("time_first_before" = Option<u64>, Query, description = "first seen at this time or earlier"),
        ("time_last_after" = Option<u64>, Query, description = "last seen at this time or later"),
        ("time_last_before" = Option<u64>, Query, description = "last seen at this time or earlier"),
        ("expand" = Option<u8>, Query, maximum = 1, description = "0: for an address, only its own records"),
    ),
    responses((status = 200, description = "the sums", body = Summed), Refused),
    security(("token" = []), ("bearer" = []), ("basic" = []), ())
)]
async fn summary(
    State(dns): State<Arc<PassiveDns>>,
    Extension(pass): Extension<Pass>,
    uri: Uri,
) -> Result<Json<Summed>, Problem> {
    let ask = Ask::of_query(&uri, &HeaderMap::new())?;
    let (value, question) = (ask.value, ask.question);
    let sums = if ask.nothing {
        store::Summary::default()
    } else {
        dns.rows.of(pass.asker).summary(question).await?
    };
    Ok(Json(Summed {
        value,
        rows: sums.rows,
        count: sums.count,
        time_first: sums.first,
        time_last: sums.last,
    }))
}

/// Show the size of the database
#[utoipa::path(
    get, path = "/api/v1/stats", tag = "passive DNS",
    responses((status = 200, description = "the counts", body = Counted), Refused),
    security(("token" = []), ("bearer" = []), ("basic" = []), ())
)]
async fn stats(State(dns): State<Arc<PassiveDns>>) -> Result<Json<Counted>, Problem> {
    let stats = dns.rows.blocking(|store| store.stats()).await?;
    Ok(Json(Counted { entries: stats.entries, sources: stats.sources, inputs: stats.inputs }))
}

impl Found {
    /// The answer to a query for types that do not exist.
    fn none(question: &Question) -> store::Page {
        store::Page { records: Vec::new(), next: None, more: false, limit: question.limit }
    }
}

/// An answer that may be compressed.
fn data(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    compress::mark(&mut response);
    response
}

/// [`Found`] as JSON: the records are written by the same writer as everywhere.
fn found(value: &str, page: &store::Page) -> String {
    let mut writer = Writer::new(Dialect::Draft);
    let mut text = format!("{{\"value\":{},\"records\":[", serde_json::Value::from(value));
    for (at, record) in page.records.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        writer.write(record, &mut text);
        text.pop();
    }
    let next = page.next.as_ref().map(store::Cursor::to_decimal);
    let rest = serde_json::json!({ "next": next, "more": page.more, "limit": page.limit }).to_string();
    text.push_str("],");
    text.push_str(rest.get(1..).unwrap_or_default());
    text
}
