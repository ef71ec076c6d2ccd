//! The cookies: one holds a session's token, the other what was chosen last when a document was made for another platform.
//!
//! `HttpOnly`, `SameSite=Strict`, for the whole site. Behind TLS they are `Secure` and their names begin with `__Host-`, so that
//! neither a page without TLS nor a neighbouring name can set them.

use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use crate::site::Site;

/// The longest cookie that can be ours, in bytes.
const LONGEST: usize = 256;
/// How long the choices are kept, in seconds: a year.
const YEAR: u64 = 365 * 24 * 3_600;

/// A cookie: its name without TLS, and behind it.
struct Cookie {
    plain: &'static str,
    secure: &'static str,
}

const SESSION: Cookie = Cookie { plain: "backsight", secure: "__Host-backsight" };
const CHOICES: Cookie = Cookie { plain: "backsight-handover", secure: "__Host-backsight-handover" };

/// The session token of a request.
pub(super) fn token(site: &Site, headers: &HeaderMap) -> Option<String> {
    SESSION.read(site, headers)
}

/// The `Set-Cookie` header that keeps a session's token for this long.
pub(crate) fn remember(site: &Site, token: &str, age: Duration) -> HeaderValue {
    SESSION.set(site, token, age.as_secs())
}

/// The `Set-Cookie` header that removes it.
pub(crate) fn forget(site: &Site) -> HeaderValue {
    SESSION.set(site, "", 0)
}

/// What was chosen last for a document: a query string, which anything can have written.
pub(crate) fn choices(site: &Site, headers: &HeaderMap) -> Option<String> {
    CHOICES.read(site, headers)
}

/// The `Set-Cookie` header that keeps the choices for a document, a query string.
pub(crate) fn remember_choices(site: &Site, query: &str) -> HeaderValue {
    CHOICES.set(site, query, YEAR)
}

impl Cookie {
    fn read(&self, site: &Site, headers: &HeaderMap) -> Option<String> {
        let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(known, _)| *known == self.name(site))?;
        (!value.is_empty() && value.len() <= LONGEST).then(|| value.to_owned())
    }

    fn set(&self, site: &Site, value: &str, age: u64) -> HeaderValue {
        let secure = if site.over_tls { "; Secure" } else { "" };
        let name = self.name(site);
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
        // Tokens are hexadecimal and query strings are escaped, so this does not fail for one of ours.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    fn name(&self, site: &Site) -> &'static str {
        if site.over_tls { self.secure } else { self.plain }
    }
}
