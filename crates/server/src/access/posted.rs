//! What pages and programs send to change something, with the token that proves it is meant.
//!
//! The token belongs to the session and is made of its secret, so that it need not be kept: whoever can read our pages has it,
//! nobody else. Forms carry it in a field, programs in a header.

use axum::Json;
use axum::extract::{Form, FromRequest, FromRequestParts, Multipart, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use constant_time_eq::constant_time_eq;
use serde::de::DeserializeOwned;

use super::Visitor;
use crate::problem::Problem;

/// The field of a form that holds the token.
const FORM_TOKEN: &str = "form_token";
/// The header in which programs send it.
const TOKEN_HEADER: &str = "x-backsight-token";
/// The largest file that is taken, in octets: four times the largest manifest, so that the manifest's reader can say why.
const FILE: usize = 1 << 20;

/// The fields of a form, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

/// A form of our own pages.
pub(crate) struct Posted(pub(crate) Fields);

/// A form with a file.
pub(crate) struct Upload {
    pub(crate) fields: Fields,
    /// Name and content; `None` where no file was chosen.
    pub(crate) file: Option<(String, Vec<u8>)>,
}

/// A request of a program, that changes something and has no body.
pub(crate) struct Confirmed;

/// The same with a body.
pub(crate) struct Sent<T>(pub(crate) T);

impl Fields {
    /// A field's text, empty where it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether a field is there: how boxes say that they are ticked.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// All of them but the proof that they are meant.
    pub(crate) fn without_token(self) -> Vec<(String, String)> {
        self.0.into_iter().filter(|(name, _)| name != FORM_TOKEN).collect()
    }

    fn check(&self, visitor: &Visitor) -> Result<(), Problem> {
        check(visitor, self.text(FORM_TOKEN))
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let visitor = Visitor::among(request.extensions())?;
        let Form(pairs) = Form::from_request(request, state)
            .await
            .map_err(|error| rejected(&error.body_text(), error.status()))?;
        let fields = Fields(pairs);
        fields.check(&visitor)?;
        Ok(Self(fields))
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let visitor = Visitor::among(request.extensions())?;
        let failed = |text: String, status| rejected(&text, status);
        let mut parts = Multipart::from_request(request, state)
            .await
            .map_err(|error| failed(error.body_text(), error.status()))?;
        let mut upload = Self { fields: Fields::default(), file: None };
        while let Some(part) =
            parts.next_field().await.map_err(|error| failed(error.body_text(), error.status()))?
        {
            let name = part.name().unwrap_or_default().to_owned();
            let file = part.file_name().map(str::to_owned);
            let content = part.bytes().await.map_err(|error| failed(error.body_text(), error.status()))?;
            match file {
                // A file that was not chosen comes as one without name and content.
                Some(file) if !file.is_empty() => upload.file = Some((file, content.to_vec())),
                Some(_) => {}
                None => upload.fields.0.push((name, String::from_utf8_lossy(&content).into_owned())),
            }
        }
        upload.fields.check(&visitor)?;
        Ok(upload)
    }
}

impl Upload {
    /// Whether the file is larger than any package.
    pub(crate) fn is_too_large(&self) -> bool {
        self.file.as_ref().is_some_and(|(_, content)| content.len() > FILE)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Confirmed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        check(&Visitor::among(&parts.extensions)?, header(&parts.headers)).map(|()| Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        check(&Visitor::among(request.extensions())?, header(request.headers()))?;
        let Json(body) = Json::from_request(request, state)
            .await
            .map_err(|error| rejected(&error.body_text(), error.status()))?;
        Ok(Self(body))
    }
}

fn header(headers: &HeaderMap) -> &str {
    headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn check(visitor: &Visitor, given: &str) -> Result<(), Problem> {
    if constant_time_eq(visitor.form_token.as_bytes(), given.as_bytes()) {
        return Ok(());
    }
    Err(Problem::forbidden("the form is not one of this session: load the page again, then send it"))
}

/// What axum says of a body that it could not read.
pub(crate) fn rejected(text: &str, status: axum::http::StatusCode) -> Problem {
    Problem { status, detail: text.to_ascii_lowercase() }
}
