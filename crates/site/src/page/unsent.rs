//! A form that was sent after the session had ended: kept in the sign-in form, and offered again after signing in.
//!
//! The server stores nothing of it: the form contains it unchanged. Secrets and passwords are left out, and so is the token of
//! the ended session. After signing in, the form is shown with a button that sends it; nothing is sent automatically. The guard
//! has already checked the origin of the request.

use askama::Template;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{HeaderMap, Method};

use super::FormToken;

/// The largest form that is kept, in bytes, and the most fields in it.
const MOST: usize = 64 * 1024;
const FIELDS: usize = 200;

/// A form that was not accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unsent {
    /// The address it was sent to, with its query.
    pub(super) to: String,
    pub(super) fields: Vec<(String, String)>,
    /// Whether secrets were left out.
    pub(super) lacks_secrets: bool,
}

/// The page after signing in.
#[derive(Template)]
#[template(path = "unsent.html")]
pub(super) struct Page {
    pub(super) unsent: Unsent,
    pub(super) frame: FormToken,
}

impl Page {
    /// The fields that the user entered or chose, for display.
    fn readable(&self) -> impl Iterator<Item = &(String, String)> {
        self.unsent.fields.iter().filter(|(name, value)| !value.is_empty() && !is_hidden(name))
    }
}

/// Reads the form of a client that is not signed in, and returns the request with its complete body.
pub(super) async fn of(request: Request) -> (Option<Unsent>, Request) {
    let kind = request.headers().get(CONTENT_TYPE).map(axum::http::HeaderValue::as_bytes).unwrap_or_default();
    let is_form = kind.starts_with(b"application/x-www-form-urlencoded");
    let to = request.uri().path_and_query().map(|to| to.as_str().to_owned()).unwrap_or_default();
    let leads_in = ["/signin", "/signout", "/welcome"].iter().any(|path| to.starts_with(path));
    if request.method() != Method::POST || !is_form || leads_in {
        return (None, request);
    }
    let (head, body) = request.into_parts();
    // A larger form is refused, as if it had no body.
    let Ok(bytes) = to_bytes(body, MOST).await else {
        return (None, Request::from_parts(head, Body::empty()));
    };
    let unsent = Unsent::parse(&to, &bytes);
    (unsent, Request::from_parts(head, Body::from(bytes)))
}

/// Whether the client had a session.
pub(super) fn had_session(headers: &HeaderMap) -> bool {
    let mut cookies = headers.get_all(COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    cookies.any(|cookie| {
        cookie.split(';').any(|pair| {
            let name = pair.split('=').next().unwrap_or_default().trim();
            name == "backsight" || name == "__Host-backsight"
        })
    })
}

impl Unsent {
    fn parse(to: &str, form: &Bytes) -> Option<Self> {
        let fields: Vec<(String, String)> = serde_urlencoded::from_bytes(form).ok()?;
        if fields.is_empty() || fields.len() > FIELDS {
            return None;
        }
        let (secret, mut plain): (Vec<_>, Vec<_>) =
            fields.into_iter().partition(|(name, value)| is_secret(name) || holds_login(name, value));
        let lacks_secrets = secret.iter().any(|(_, value)| !value.is_empty());
        plain.retain(|(name, _)| name != "form_token");
        Some(Self { to: to.to_owned(), fields: plain, lacks_secrets })
    }

    /// Reads it from two fields of the sign-in form; `None` if they are missing.
    pub(super) fn read(to: &str, form: &str, lacks_secrets: bool) -> Option<Self> {
        if to.is_empty() || form.len() > 2 * MOST {
            return None;
        }
        let unsent = Self::parse(to, &Bytes::copy_from_slice(form.as_bytes()))?;
        Some(Self { lacks_secrets: lacks_secrets || unsent.lacks_secrets, ..unsent })
    }

    /// The fields as one text.
    pub(super) fn form(&self) -> String {
        serde_urlencoded::to_string(&self.fields).unwrap_or_default()
    }
}

/// Whether the field is a secret, whose value is never shown again.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name != "form_token" && ["secret", "password", "token"].iter().any(|part| name.contains(part))
}

/// Whether the field holds a login in its value.
fn holds_login(name: &str, value: &str) -> bool {
    name == "value.proxy" && value.contains('@')
}

fn is_hidden(name: &str) -> bool {
    ["basis", "trail", "before", "fingerprint", "package"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_kept_without_its_secrets_and_read_back() {
        let form = Bytes::from_static(
            b"form_token=abc&note=a+%26+b&user_token=hunter2&password=x&value.proxy=http://u:p@h:1&basis=7",
        );
        let unsent = Unsent::parse("/library/indicator/note", &form).unwrap();
        let kept =
            [("note", "a & b"), ("basis", "7")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!((unsent.fields.as_slice(), unsent.lacks_secrets), (&kept[..], true));
        assert_eq!(Unsent::read(&unsent.to, &unsent.form(), true), Some(unsent));
        assert_eq!(Unsent::read("", "note=x", false), None);
        let many = "a=1&".repeat(FIELDS + 1);
        assert_eq!(Unsent::parse("/x", &Bytes::from(many)), None);
    }
}
