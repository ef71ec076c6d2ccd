//! The one error that leaves the server: problem details (RFC 9457).
//!
//! A [`Problem`] says what the asker can do about it and nothing about our insides. It leaves as JSON; where a page was asked
//! for, `page` makes a page of it, which finds the problem among the response's extensions.

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;
use workbench::Kind;
use workbench::user::Permission;

use crate::answer::Unanswered;

/// What is wrong with a request, or with us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) detail: String,
    /// What the asker can do that headers or pages say.
    pub(crate) remedy: Remedy,
}

/// What solves a problem, as far as a header or a page can lead there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Sending credentials: `WWW-Authenticate`.
    Credentials,
    /// Nothing that a header says.
    #[default]
    None,
    /// Signing in on the sign-in page.
    SignIn,
    /// Asking again after so many seconds: `Retry-After`.
    Wait(u64),
}

/// The problem as it is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Details {
    /// `about:blank`: the status says it all.
    r#type: Cow<'static, str>,
    /// The status in words.
    title: Cow<'static, str>,
    /// The status.
    status: u16,
    /// What is wrong, and what to do about it.
    detail: String,
}

impl Problem {
    /// One that no header says more about.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), remedy: Remedy::None }
    }

    /// Too many requests; the asker may come again after so many seconds.
    pub(crate) fn throttled(seconds: u64, detail: impl Into<String>) -> Self {
        Self { remedy: Remedy::Wait(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn internal() -> Self {
        let detail = "the passive-DNS database failed to answer; ask whoever runs this service";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// The workbench's folder or a bug; what is wrong is for whoever runs the service.
    pub(crate) fn workbench(error: &workbench::Error) -> Self {
        let detail = match error {
            workbench::Error::Busy(_) => {
                "another process works on the data folder and does not finish; try again"
            }
            workbench::Error::Full(_) => "there is no room left on the disk that holds the data folder",
            workbench::Error::Key { .. } | workbench::Error::KeyExposed { .. } => {
                "the key that secrets are encrypted with cannot be used; ask whoever runs this service to look at secret.key"
            }
            _ => "the data folder cannot be worked with; ask whoever runs this service",
        };
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// Too much is under way already.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// It was there, and is lost.
    pub(crate) fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// Who asks lacks a permission.
    pub(crate) fn lacks(permission: Permission) -> Self {
        Self::forbidden(format!(
            "your role does not have the permission \"{}\"; an administrator can give you another role",
            permission.name()
        ))
    }

    pub(crate) fn internal_page() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be made; please report it")
    }

    pub(crate) fn method() -> Self {
        let detail = "this address does not take that method; Allow says which it takes";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, detail)
    }

    pub(crate) fn method_of_page() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "this address does not take that method")
    }

    pub(crate) fn misdirected(host: &str) -> Self {
        // What is no name of a host is not repeated: it may be anything, a token too.
        let name = host.len() <= 253 && !host.contains(workbench::token::MARK);
        let detail = if name {
            format!(
                "this service is not called {host:?}; whoever runs it can let it be called so with --hostname"
            )
        } else {
            "this service is not called so".to_owned()
        };
        Self::new(StatusCode::MISDIRECTED_REQUEST, detail)
    }

    pub(crate) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Not to be sent requests now.
    pub(crate) fn not_ready(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    pub(crate) fn not_found() -> Self {
        let detail = "nothing here; passive DNS is at /pdns/query/VALUE, as /docs/pdns describes";
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// What was asked cannot be done as things stand.
    pub(crate) fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// Nobody is signed in.
    pub(crate) fn sign_in() -> Self {
        Self { remedy: Remedy::SignIn, ..Self::new(StatusCode::UNAUTHORIZED, "sign in first") }
    }

    /// A body that comes too slowly, or not at all.
    pub(crate) fn slow_body() -> Self {
        let detail =
            "the body of the request came too slowly; send it again, in smaller parts if there are any";
        Self::new(StatusCode::REQUEST_TIMEOUT, detail)
    }

    /// A token in the address.
    pub(crate) fn stray_token() -> Self {
        Self::bad_request(
            "a token does not belong in the address, where logs and histories keep it: send it as a header (Authorization \
             or X-API-Key), and have this one revoked, for it has been seen",
        )
    }

    pub(crate) fn unauthorized() -> Self {
        let detail = "this service needs the right credentials: user and password (Basic) or a token";
        Self { remedy: Remedy::Credentials, ..Self::new(StatusCode::UNAUTHORIZED, detail) }
    }

    pub(crate) fn uri_too_long(most: usize) -> Self {
        Self::new(StatusCode::URI_TOO_LONG, format!("the address may have {most} octets"))
    }
}

impl Problem {
    /// As it is sent.
    pub(crate) fn details(&self) -> Details {
        Details {
            r#type: "about:blank".into(),
            title: self.status.canonical_reason().unwrap_or_default().into(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
        }
    }
}

impl From<Unanswered> for Problem {
    fn from(error: Unanswered) -> Self {
        match error {
            Unanswered::Busy => Self::busy(
                "too much else is being looked up here; ask again in a few seconds, or ask for less",
            ),
            Unanswered::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotPaged => Self::bad_request(error.to_string()),
            // What was sent cannot be kept, here or elsewhere.
            error if error.is_of_the_batch() => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            // What was sent is all right, and this server has no place for it.
            StoreError::Full { .. } => Self::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string()),
            _ => Self::internal(),
        }
    }
}

impl From<workbench::Error> for Problem {
    fn from(error: workbench::Error) -> Self {
        let detail = error.to_string();
        match error.kind() {
            Some(Kind::Conflict) => Self::refused(detail),
            Some(Kind::Forbidden) => Self::forbidden(detail),
            Some(Kind::Invalid) => Self::bad_request(detail),
            Some(Kind::Missing) => Self::missing(detail),
            Some(Kind::Throttled(wait)) => Self::throttled(wait.as_secs().max(1), detail),
            None => Self::workbench(&error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self.details()).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        response.extensions_mut().insert(self.clone());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.remedy {
            Remedy::Credentials => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"passive DNS\""));
            }
            Remedy::Wait(seconds) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            Remedy::None | Remedy::SignIn => {}
        }
        response
    }
}
