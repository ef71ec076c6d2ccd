//! Errors of DNSDB's interface: a status and one line of plain text, which DNSDB's clients print.
//!
//! All other errors of this server are problem details; DNSDB's clients show the first line of the body unchanged.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use edge::gate;
use edge::problem::Problem;
use store::StoreError;

use crate::rows::Unanswered;
use crate::texts::PatternError;

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// One line without its end: what the client can do about it, and nothing internal.
    pub(super) line: String,
    /// When to try again, and the remaining quota.
    headers: Box<HeaderMap>,
}

impl Refusal {
    fn new(status: StatusCode, line: impl Into<String>) -> Self {
        Self { status, line: line.into(), headers: Box::default() }
    }

    pub(super) fn bad_request(line: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, line)
    }

    /// The key is missing or unknown; the message does not state which.
    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "a valid key in X-API-Key is required")
    }

    pub(super) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are allowed")
    }

    pub(super) fn not_found() -> Self {
        let line = "there is nothing at this address; use lookup, summarize, regex, glob, rate_limit or ping below /dnsdb/v2, \
                    see /docs/pdns";
        Self::new(StatusCode::NOT_FOUND, line)
    }

    /// Nothing was found, in version 1; version 2 answers without objects.
    pub(super) fn nothing_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no results found for query.")
    }

    /// A search was stopped before it found anything; version 1 has no other way to report it.
    pub(super) fn stopped(why: String) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, why)
    }

    pub(super) fn media_type() -> Self {
        let line = "the answer is application/x-ndjson, which the Accept header does not allow";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, line)
    }

    pub(super) fn offset(most: u64) -> Self {
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, format!("offset: takes at most {most}"))
    }
}

impl From<PatternError> for Refusal {
    fn from(error: PatternError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::new(problem.status, problem.detail)
    }
}

impl From<gate::Refusal> for Refusal {
    fn from(refused: gate::Refusal) -> Self {
        let mut headers = Box::<HeaderMap>::default();
        refused.tell(&mut headers);
        let refusal = match refused.problem.status {
            StatusCode::UNAUTHORIZED => Self::forbidden(),
            _ => refused.problem.into(),
        };
        Self { headers, ..refusal }
    }
}

impl From<Unanswered> for Refusal {
    fn from(error: Unanswered) -> Self {
        Problem::from(error).into()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
        ];
        (self.status, headers, *self.headers, format!("Error: {}\n", self.line)).into_response()
    }
}
