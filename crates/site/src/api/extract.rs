//! Extractors whose errors are problem details: for the query string, parts of the path, and a body.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use edge::problem::Problem;
use serde::de::DeserializeOwned;

use crate::access::{Most, Rejects};

/// The query string.
pub(crate) struct Asked<T>(pub(crate) T);

/// Parts of the path.
pub(crate) struct Named<T>(pub(crate) T);

/// A body of a client that need not be signed in.
pub(crate) struct Told<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asked = Query::try_from_uri(&parts.uri);
        asked
            .map(|Query(asked)| Self(asked))
            .map_err(|error| None.rejected(&error.body_text(), error.status()))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = Path::from_request_parts(parts, state).await;
        named
            .map(|Path(named)| Self(named))
            .map_err(|error| None.rejected(&error.body_text(), error.status()))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let most = Most::of(&request);
        let told = Json::from_request(request, state).await;
        told.map(|Json(told)| Self(told)).map_err(|error| most.rejected(&error.body_text(), error.status()))
    }
}
