//! Answers: data in ThreatQ's envelope ([`data`], [`page`]), and [`Fault`], the only error that is sent.
//!
//! An error has one of two shapes: `{"errors": ["text", …]}`, or `{"data": {"errors": {"field": ["text", …]}}}` for a field of what
//! was sent. The statuses are those that clients of ThreatQ know: 400 for everything that the client can correct, 401 for an access
//! token, 403 for a permission, 404 for what does not exist.

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use edge::problem::{Problem, Remedy};
use serde_json::{Value, json};

/// Why a request was not carried out.
#[derive(Debug)]
pub(crate) struct Fault {
    status: StatusCode,
    /// The field that it is about, if there is one.
    field: Option<&'static str>,
    detail: String,
    /// When to try again, in seconds.
    wait: Option<u64>,
}

impl Fault {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, field: None, detail: detail.into(), wait: None }
    }

    /// The request cannot be understood or carried out.
    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// A field of what was sent cannot be used.
    pub(crate) fn field(field: &'static str, detail: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::bad(detail) }
    }

    /// The access token is missing, unknown or expired.
    pub(crate) fn unauthorized() -> Self {
        let detail = "a valid access token is required: get one at /api/token";
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    pub(crate) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self { wait: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// Too many attempts.
    pub(crate) fn throttled(seconds: u64) -> Self {
        let detail = format!("too many failed attempts: wait {seconds} s, then try again");
        Self { wait: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    pub(crate) fn internal() -> Self {
        let detail = "the server failed; contact its administrator";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// What is wrong.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

/// One thing.
pub(crate) fn data(data: &Value) -> Json<Value> {
    Json(json!({ "data": data }))
}

/// Several things, all of them.
pub(crate) fn all(data: Vec<Value>) -> Json<Value> {
    Json(json!({ "total": data.len(), "data": Value::Array(data) }))
}

/// Several things of more.
pub(crate) fn page(total: u64, data: Vec<Value>, limit: usize, offset: u64) -> Json<Value> {
    Json(json!({ "total": total, "data": Value::Array(data), "limit": limit, "offset": offset }))
}

/// 201 with what was created.
pub(crate) fn created(answer: Json<Value>) -> Response {
    (StatusCode::CREATED, answer).into_response()
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        let status = match problem.status {
            // ThreatQ has no other status for what conflicts with the present state.
            StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            StatusCode::GONE => StatusCode::NOT_FOUND,
            status => status,
        };
        let wait = match problem.remedy {
            Remedy::Wait(seconds) => Some(seconds),
            _ => None,
        };
        Self { wait, ..Self::new(status, problem.detail) }
    }
}

impl From<workbench::Error> for Fault {
    fn from(error: workbench::Error) -> Self {
        Problem::from(error).into()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = match self.field {
            Some(field) => json!({ "data": { "errors": { field: [self.detail] } } }),
            None => json!({ "errors": [self.detail] }),
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.wait {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
