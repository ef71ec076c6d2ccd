//! The error answers in the OpenAPI document: [`Reading`], [`Changing`] and [`SigningIn`] list the possible statuses.
#![expect(dead_code, reason = "they describe what Problem writes")]

use edge::problem::Details;
use utoipa::IntoResponses;

/// Error answers of requests that only read.
#[derive(IntoResponses)]
pub(crate) enum Reading {
    /// Invalid request.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Details),
    /// Not signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    SignIn(Details),
    /// The role lacks the required permission.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Details),
    /// Not found.
    #[response(status = 404, content_type = "application/problem+json")]
    Missing(Details),
    /// The request conflicts with the present state.
    #[response(status = 409, content_type = "application/problem+json")]
    Refused(Details),
    /// The stored answer is lost.
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(Details),
    /// Unknown host name.
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Details),
    /// The data folder cannot be used.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Details),
    /// Too many concurrent requests.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(Details),
}

/// Error answers of requests that change something.
#[derive(IntoResponses)]
pub(crate) enum Changing {
    /// Invalid request.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Details),
    /// Not signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    SignIn(Details),
    /// The role lacks the required permission, or the session's token is missing.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Details),
    /// Not found.
    #[response(status = 404, content_type = "application/problem+json")]
    Missing(Details),
    /// The body arrived too slowly.
    #[response(status = 408, content_type = "application/problem+json")]
    Slow(Details),
    /// The request conflicts with the present state.
    #[response(status = 409, content_type = "application/problem+json")]
    Refused(Details),
    /// `If-Match` does not match the stored state any more.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(Details),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    Large(Details),
    /// The content type is not JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    Type(Details),
    /// Unknown host name.
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Details),
    /// The JSON body does not have the expected members.
    #[response(status = 422, content_type = "application/problem+json")]
    Body(Details),
    /// Too many attempts; `Retry-After` says how many seconds to wait.
    #[response(status = 429, content_type = "application/problem+json")]
    Wait(Details),
    /// The data folder cannot be used.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Details),
    /// Too many concurrent requests.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(Details),
}

/// Error answers of signing in.
#[derive(IntoResponses)]
pub(crate) enum SigningIn {
    /// The body is not JSON.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Details),
    /// Wrong name or password.
    #[response(status = 401, content_type = "application/problem+json")]
    Wrong(Details),
    /// The request comes from another site.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Details),
    /// The body arrived too slowly.
    #[response(status = 408, content_type = "application/problem+json")]
    Slow(Details),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    Large(Details),
    /// The content type is not JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    Type(Details),
    /// Unknown host name.
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Details),
    /// The JSON body does not have the expected members.
    #[response(status = 422, content_type = "application/problem+json")]
    Body(Details),
    /// Too many failed attempts; `Retry-After` says how long to wait.
    #[response(status = 429, content_type = "application/problem+json")]
    Wait(Details),
    /// The data folder cannot be used.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Details),
}
