//! Requests that change something, with the token that proves the user's intent.
//!
//! The token is derived from the secret of the session, so that it need not be stored: only code that can read our pages knows it.
//! Forms send it in a field, programs in a header.

use axum::extract::{DefaultBodyLimit, Form, FromRequest, FromRequestParts, Multipart, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use constant_time_eq::constant_time_eq;
use edge::problem::Problem;
use operation::package::MAX_BYTES;
use serde::de::DeserializeOwned;

use super::Visitor;

/// The field of a form that holds the token.
const FORM_TOKEN: &str = "form_token";
/// The header in which programs send it.
const TOKEN_HEADER: &str = "x-backsight-token";

/// The largest body of a request, in bytes; attached to the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most(usize);

/// The fields of a form, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

/// A form of our own pages.
pub(crate) struct Posted(pub(crate) Fields);

/// A form with a file.
pub(crate) struct Upload {
    pub(crate) fields: Fields,
    /// Name and content; `None` if no file was chosen.
    pub(crate) file: Option<(String, Vec<u8>)>,
}

/// A request of a program that changes something and has no body.
pub(crate) struct Confirmed;

/// A request of a program that changes something and has a body.
pub(crate) struct Sent<T>(pub(crate) T);

impl Fields {
    /// The text of a field, empty if the field is missing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The texts of all fields of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a field exists: this is how ticked boxes are sent.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// All fields except the token.
    pub(crate) fn without_token(self) -> Vec<(String, String)> {
        self.0.into_iter().filter(|(name, _)| name != FORM_TOKEN).collect()
    }

    /// Checks that the fields contain the token of the visitor's session.
    ///
    /// # Errors
    /// A [`Problem`] that asks the user to load the page again.
    pub(crate) fn check(&self, visitor: &Visitor) -> Result<(), Problem> {
        check(visitor, self.text(FORM_TOKEN))
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let visitor = Visitor::among(request.extensions())?;
        let most = Most::of(&request);
        let Form(pairs) = Form::from_request(request, state)
            .await
            .map_err(|error| most.rejected(&error.body_text(), error.status()))?;
        let fields = Fields(pairs);
        fields.check(&visitor)?;
        Ok(Self(fields))
    }
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let visitor = Visitor::among(request.extensions())?;
        let most = Most::of(&request);
        let failed = |text: String, status| most.rejected(&text, status);
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
                // A file input without a chosen file is sent as a file without name and content.
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
    /// Whether the file is larger than any valid package.
    pub(crate) fn is_too_large(&self) -> bool {
        self.file.as_ref().is_some_and(|(_, content)| content.len() > MAX_BYTES)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Confirmed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        check_header(&Visitor::among(&parts.extensions)?, &parts.headers).map(|()| Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        check_header(&Visitor::among(request.extensions())?, request.headers())?;
        let most = Most::of(&request);
        let Json(body) = Json::from_request(request, state)
            .await
            .map_err(|error| most.rejected(&error.body_text(), error.status()))?;
        Ok(Self(body))
    }
}

fn check(visitor: &Visitor, given: &str) -> Result<(), Problem> {
    if is_token(visitor, given) {
        return Ok(());
    }
    Err(Problem::forbidden("the form belongs to another session: load the page again, then send it"))
}

fn check_header(visitor: &Visitor, headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
    if given.is_some_and(|given| is_token(visitor, given)) {
        return Ok(());
    }
    let what = if given.is_some() { "does not match this session" } else { "is missing" };
    Err(Problem::forbidden(format!(
        "the header {TOKEN_HEADER} {what}: set it to the \"token\" from GET /api/v1/session"
    )))
}

fn is_token(visitor: &Visitor, given: &str) -> bool {
    constant_time_eq(visitor.form_token.as_bytes(), given.as_bytes())
}

impl Most {
    /// A layer that sets the largest body of a route, and makes it known to error messages.
    pub(crate) const fn octets(octets: usize) -> (DefaultBodyLimit, Extension<Self>) {
        (DefaultBodyLimit::max(octets), Extension(Self(octets)))
    }

    /// The limit of a request.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        request.extensions().get::<Self>().copied()
    }
}

/// Converts errors of reading a body.
pub(crate) trait Rejects {
    /// The problem for an error of axum; for a body that is too large, it states the limit.
    fn rejected(&self, text: &str, status: StatusCode) -> Problem;
}

impl Rejects for Option<Most> {
    fn rejected(&self, text: &str, status: StatusCode) -> Problem {
        match self {
            Some(Most(octets)) if status == StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = format!(
                    "the request is larger than {} KiB, the limit here, and was not processed: send less, or send it in parts",
                    octets >> 10
                );
                Problem::new(status, detail)
            }
            _ => Problem::new(status, text.to_ascii_lowercase()),
        }
    }
}
