//! The only error that the server sends: problem details (RFC 9457).
//!
//! A [`Problem`] states what the client can do about it, and reveals nothing internal. It is sent as JSON; if a page was
//! requested, `page` turns it into a page, and finds the problem among the response's extensions.

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::{StoreError, StoreErrorKind};
use utoipa::ToSchema;
use workbench::Kind;
use workbench::user::Permission;

/// A fault of a request, or of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The status of the answer.
    pub status: StatusCode,
    /// What is wrong and what to do about it.
    pub detail: String,
    /// What the client can do, as far as a header or page can state it.
    pub remedy: Remedy,
}

/// The remedy for a problem, as far as a header or a page can point to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remedy {
    /// Sending credentials: `WWW-Authenticate`.
    Credentials,
    /// No header helps.
    #[default]
    None,
    /// Signing in on the sign-in page.
    SignIn,
    /// Trying again after this many seconds: `Retry-After`.
    Wait(u64),
}

/// Problem details (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Details {
    /// `about:blank`: the status is the type of the problem.
    r#type: Cow<'static, str>,
    /// The status in words.
    title: Cow<'static, str>,
    /// The status.
    status: u16,
    /// What is wrong and what to do about it.
    detail: String,
}

impl Problem {
    /// A problem without an extra header.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), remedy: Remedy::None }
    }

    /// Too many requests; the client may try again after this many seconds.
    pub fn throttled(seconds: u64, detail: impl Into<String>) -> Self {
        Self { remedy: Remedy::Wait(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// The request is invalid.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The passive-DNS database failed. The log has the details.
    pub fn internal() -> Self {
        let detail = "the passive-DNS database failed; contact the administrator of this service";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// A fault of the data folder, or a bug. The log has the details, which are for the administrator.
    pub fn workbench(error: &workbench::Error) -> Self {
        let detail = match error {
            workbench::Error::Busy(_) => "the data folder is locked by another process; try again",
            workbench::Error::Full(_) => "the disk with the data folder is full",
            workbench::Error::Key { .. } | workbench::Error::KeyExposed { .. } => {
                "the encryption key secret.key cannot be used; contact the administrator of this service"
            }
            _ => "the data folder cannot be used; contact the administrator of this service",
        };
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// The server is at a limit.
    pub fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// The resource existed and was lost.
    pub fn gone(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, detail)
    }

    /// The client may not do this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// The user's role lacks a permission.
    pub fn lacks(permission: Permission) -> Self {
        Self::forbidden(format!(
            "your role does not have the permission \"{}\"; an administrator can give you another role",
            permission.name()
        ))
    }

    /// A page could not be rendered.
    pub fn internal_page() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the page could not be rendered; please report this error",
        )
    }

    /// The method is not allowed; the answer has an `Allow` header.
    pub fn method() -> Self {
        let detail = "this method is not allowed here; the Allow header lists the allowed methods";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, detail)
    }

    /// The method is not allowed on a page.
    pub fn method_of_page() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not allowed here")
    }

    pub(crate) fn misdirected(host: &str) -> Self {
        // Anything that is not a host name is not repeated, because it may be a token.
        let name = host.len() <= 253 && !host.contains(workbench::token::MARK);
        let detail = if name {
            format!(
                "unknown host name {host:?}; the administrator of this service can add it to its host names"
            )
        } else {
            "unknown host name".to_owned()
        };
        Self::new(StatusCode::MISDIRECTED_REQUEST, detail)
    }

    /// The resource does not exist.
    pub fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The server is not ready for requests.
    pub fn not_ready(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// There is nothing at this address.
    pub fn not_found() -> Self {
        let detail = "there is nothing at this address; passive DNS is at /pdns/query/VALUE, see /docs/pdns";
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The request conflicts with the present state.
    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// Not signed in.
    pub fn sign_in() -> Self {
        Self { remedy: Remedy::SignIn, ..Self::new(StatusCode::UNAUTHORIZED, "sign in first") }
    }

    /// A body that arrives too slowly, or not at all.
    pub fn slow_body() -> Self {
        let detail = "the request body arrived too slowly; send it again, in smaller parts if possible";
        Self::new(StatusCode::REQUEST_TIMEOUT, detail)
    }

    /// The disk under the database is full, or what else it stores to.
    pub fn full() -> Self {
        let detail =
            "the passive-DNS database has no room for more: send this again once its operator has made room";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, detail)
    }

    /// A token in the address.
    pub fn stray_token() -> Self {
        Self::bad_request(
            "a token must not be part of the address, because logs and histories keep addresses: send it in a header \
             (Authorization or X-API-Key), and revoke this token because it may have been exposed",
        )
    }

    /// Credentials are missing or wrong.
    pub fn unauthorized() -> Self {
        let detail = "valid credentials are required: user and password (Basic), or a token";
        Self { remedy: Remedy::Credentials, ..Self::new(StatusCode::UNAUTHORIZED, detail) }
    }

    /// The address is longer than this many bytes.
    pub fn uri_too_long(most: usize) -> Self {
        Self::new(
            StatusCode::URI_TOO_LONG,
            format!("the address is too long: at most {most} bytes are allowed"),
        )
    }
}

impl Problem {
    /// The problem details as sent (RFC 9457).
    pub fn details(&self) -> Details {
        Details {
            r#type: "about:blank".into(),
            title: self.status.canonical_reason().unwrap_or_default().into(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error.kind() {
            StoreErrorKind::Refused if error == StoreError::NotPaged => Self::bad_request(error.to_string()),
            // The client's data cannot be stored on any server.
            StoreErrorKind::Refused => Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
            // The client's data is valid, but this server has no room for it. What an engine reports about its disk is not for
            // clients.
            StoreErrorKind::Full if matches!(error, StoreError::Engine { .. }) => Self::full(),
            StoreErrorKind::Full => Self::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string()),
            StoreErrorKind::Absent
            | StoreErrorKind::Damaged
            | StoreErrorKind::Foreign
            | StoreErrorKind::Incompatible
            | StoreErrorKind::Locked
            | StoreErrorKind::Outdated
            | StoreErrorKind::ReadOnly
            | StoreErrorKind::Unavailable => Self::internal(),
        }
    }
}

impl From<workbench::Error> for Problem {
    fn from(error: workbench::Error) -> Self {
        let mut detail = error.to_string();
        if let Some(hint) = error.hint().filter(|_| error.is_users()) {
            detail = format!("{detail}; {hint}");
        }
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
