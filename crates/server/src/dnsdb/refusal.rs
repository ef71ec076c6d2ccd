//! What is not answered: a status, and a line of plain text that DNSDB's clients print.
//!
//! Everything else on this server refuses with problem details; DNSDB's clients show the body's first line as it is.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use store::StoreError;

use crate::problem::Problem;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// One line without its end; what the asker can do about it, and nothing about our insides.
    pub(super) line: String,
}

impl Refusal {
    pub(super) fn bad_request(line: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, line: line.into() }
    }

    /// The key is missing, or is none of ours: which of the two is not said.
    pub(super) fn forbidden() -> Self {
        Self { status: StatusCode::FORBIDDEN, line: "this service needs a valid key in X-API-Key".into() }
    }

    pub(super) fn method() -> Self {
        Self { status: StatusCode::METHOD_NOT_ALLOWED, line: "this answers GET and HEAD only".into() }
    }

    pub(super) fn not_found() -> Self {
        let line = "nothing here; ask lookup, summarize, regex, glob, rate_limit or ping below /dnsdb/v2, \
                    as /docs/pdns describes";
        Self { status: StatusCode::NOT_FOUND, line: line.into() }
    }

    pub(super) fn media_type() -> Self {
        let line = "answers are application/x-ndjson, which the Accept header does not allow";
        Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, line: line.into() }
    }

    pub(super) fn offset(most: u64) -> Self {
        Self { status: StatusCode::RANGE_NOT_SATISFIABLE, line: format!("offset: may be {most} at most") }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { status: problem.status, line: problem.detail }
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
        (self.status, headers, format!("Error: {}\n", self.line)).into_response()
    }
}
