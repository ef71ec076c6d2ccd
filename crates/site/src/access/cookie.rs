//! The cookie that holds a session's token.
//!
//! `HttpOnly`, `SameSite=Strict`, for the whole site. Behind TLS it is `Secure` and its name begins with `__Host-`, so that
//! neither a page without TLS nor a neighbouring name can set it.

use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use crate::site::Site;

const PLAIN: &str = "backsight";
const SECURE: &str = "__Host-backsight";
/// The longest cookie that can be ours, in bytes.
const LONGEST: usize = 256;

/// The session token of a request.
pub(super) fn token(site: &Site, headers: &HeaderMap) -> Option<String> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, token) = pairs.find(|(known, _)| *known == name(site))?;
    (!token.is_empty() && token.len() <= LONGEST).then(|| token.to_owned())
}

/// The `Set-Cookie` header that keeps a session's token for this long.
pub(crate) fn remember(site: &Site, token: &str, age: Duration) -> HeaderValue {
    set(site, token, age.as_secs())
}

/// The `Set-Cookie` header that removes it.
pub(crate) fn forget(site: &Site) -> HeaderValue {
    set(site, "", 0)
}

fn set(site: &Site, token: &str, age: u64) -> HeaderValue {
    let secure = if site.over_tls { "; Secure" } else { "" };
    let text = format!("{}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}", name(site));
    // Tokens are hexadecimal, so this does not fail for one of ours.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

fn name(site: &Site) -> &'static str {
    if site.over_tls { SECURE } else { PLAIN }
}
