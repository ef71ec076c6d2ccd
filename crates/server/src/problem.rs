//! The one error that leaves the server: problem details (RFC 9457).
//!
//! A [`Problem`] says what the asker can do about it and nothing about our insides.

use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::StoreError;

/// What is wrong with a request, or with us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) detail: String,
}

#[derive(Serialize)]
struct Details<'a> {
    /// `about:blank`: the status says it all.
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl Problem {
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, detail: detail.into() }
    }

    pub(crate) fn internal() -> Self {
        let detail = "the passive-DNS database failed to answer; ask whoever runs this service";
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, detail: detail.into() }
    }

    pub(crate) fn method() -> Self {
        let detail = "this answers GET and HEAD only";
        Self { status: StatusCode::METHOD_NOT_ALLOWED, detail: detail.into() }
    }

    pub(crate) fn not_found() -> Self {
        let detail = "nothing here; passive DNS is at /pdns/query/VALUE";
        Self { status: StatusCode::NOT_FOUND, detail: detail.into() }
    }

    pub(crate) fn unauthorized() -> Self {
        let detail = "this service needs the right credentials: user and password (Basic) or a token";
        Self { status: StatusCode::UNAUTHORIZED, detail: detail.into() }
    }

    pub(crate) fn uri_too_long(most: usize) -> Self {
        Self { status: StatusCode::URI_TOO_LONG, detail: format!("the address may have {most} octets") }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotPaged => Self::bad_request(error.to_string()),
            StoreError::Batch { .. } | StoreError::Damaged | StoreError::Poisoned => Self::internal(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let details = Details {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        let body = serde_json::to_string(&details).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"passive DNS\""));
        }
        response
    }
}
