//! What may be answered instead, for the document: [`Reading`], [`Changing`] and [`SigningIn`] say which statuses there are.
#![expect(dead_code, reason = "they describe what Problem writes")]

use utoipa::IntoResponses;

use crate::problem::Details;

/// To whoever reads.
#[derive(IntoResponses)]
pub(crate) enum Reading {
    /// The request cannot be understood.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Details),
    /// Nobody is signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    SignIn(Details),
    /// The role does not have the permission that this needs.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Details),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    Missing(Details),
    /// What was asked cannot be done as things stand.
    #[response(status = 409, content_type = "application/problem+json")]
    Refused(Details),
    /// What was kept of it is lost.
    #[response(status = 410, content_type = "application/problem+json")]
    Gone(Details),
    /// This service is not called by that name.
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Details),
    /// The data folder cannot be worked with.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Details),
    /// As much is under way as there may be.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(Details),
}

/// To whoever changes something.
#[derive(IntoResponses)]
pub(crate) enum Changing {
    /// The request cannot be understood.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Details),
    /// Nobody is signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    SignIn(Details),
    /// The role does not have the permission that this needs, or the session's token is missing.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Details),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    Missing(Details),
    /// The body came too slowly.
    #[response(status = 408, content_type = "application/problem+json")]
    Slow(Details),
    /// What was asked cannot be done as things stand.
    #[response(status = 409, content_type = "application/problem+json")]
    Refused(Details),
    /// What `If-Match` names is not what is stored any more.
    #[response(status = 412, content_type = "application/problem+json")]
    Stale(Details),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    Large(Details),
    /// The body is no JSON by its type.
    #[response(status = 415, content_type = "application/problem+json")]
    Type(Details),
    /// This service is not called by that name.
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Details),
    /// The body is JSON, but not what is wanted.
    #[response(status = 422, content_type = "application/problem+json")]
    Body(Details),
    /// Too many attempts; `Retry-After` says how many seconds to wait.
    #[response(status = 429, content_type = "application/problem+json")]
    Wait(Details),
    /// The data folder cannot be worked with.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Details),
    /// As much is under way as there may be.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(Details),
}

/// To whoever signs in.
#[derive(IntoResponses)]
pub(crate) enum SigningIn {
    /// The body is no JSON.
    #[response(status = 400, content_type = "application/problem+json")]
    BadRequest(Details),
    /// Name or password is wrong.
    #[response(status = 401, content_type = "application/problem+json")]
    Wrong(Details),
    /// Another site sent it.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Details),
    /// The body came too slowly.
    #[response(status = 408, content_type = "application/problem+json")]
    Slow(Details),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    Large(Details),
    /// The body is no JSON by its type.
    #[response(status = 415, content_type = "application/problem+json")]
    Type(Details),
    /// This service is not called by that name.
    #[response(status = 421, content_type = "application/problem+json")]
    Misdirected(Details),
    /// The body is JSON, but not what is wanted.
    #[response(status = 422, content_type = "application/problem+json")]
    Body(Details),
    /// Too many tries failed; `Retry-After` says how long to wait.
    #[response(status = 429, content_type = "application/problem+json")]
    Wait(Details),
    /// The data folder cannot be worked with.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Details),
}
