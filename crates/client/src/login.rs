//! Logins as HTTP headers, and their removal from text.
//!
//! Headers are marked as sensitive, so that debug output hides their values. [`without`] removes our logins from text that
//! comes from outside.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;

/// The longest user name of a proxy's login, in bytes.
const MAX_USER: usize = 256;
/// The longest password of a proxy's login, in bytes: together with the user it fits into the 8 KiB that proxies accept as a
/// head.
pub const MAX_PASSWORD: usize = 1024;

/// The header value for a login with HTTP Basic (RFC 7617) as `user:password`.
pub fn basic(login: &[u8]) -> String {
    format!("Basic {}", STANDARD.encode(login))
}

/// The fault of a user name for HTTP Basic (RFC 7617 section 2).
pub fn proxy_user_fault(user: &[u8]) -> Option<&'static str> {
    if user.contains(&b':') {
        Some("a user name cannot contain a colon: everything after it would be the password")
    } else if user.len() > MAX_USER {
        Some("a user name can have at most 256 bytes")
    } else if user.iter().any(u8::is_ascii_control) {
        Some("a user name cannot contain control characters")
    } else {
        None
    }
}

/// The header that sends a login to a proxy (RFC 7617), marked as sensitive.
///
/// # Errors
/// The fault of the user or the password, without repeating them.
pub fn proxy_authorization(user: &[u8], password: &[u8]) -> Result<HeaderValue, &'static str> {
    if let Some(fault) = proxy_user_fault(user) {
        return Err(fault);
    }
    if password.len() > MAX_PASSWORD || password.iter().any(u8::is_ascii_control) {
        return Err("a password can have at most 1024 bytes and no control characters");
    }
    let value = basic(&[user, password].join(&b':'));
    let mut value = HeaderValue::try_from(value).map_err(|_| "the login is too long for a header")?;
    value.set_sensitive(true);
    Ok(value)
}

/// Replaces our logins in text that comes from outside.
pub fn without<'a>(mut text: String, logins: impl IntoIterator<Item = Option<&'a HeaderValue>>) -> String {
    for secret in logins.into_iter().flatten().flat_map(forms) {
        text = text.replace(&secret, "[login]");
    }
    text
}

/// The forms in which a login could be repeated: the header value, the text after the scheme, and the password in it.
fn forms(login: &HeaderValue) -> Vec<String> {
    let Ok(value) = login.to_str() else { return Vec::new() };
    let bare = value.split_once(' ').map_or(value, |(_, bare)| bare.trim());
    let plain = STANDARD.decode(bare).ok().and_then(|plain| String::from_utf8(plain).ok());
    let password =
        plain.as_ref().and_then(|plain| plain.split_once(':')).map(|(_, password)| password.to_owned());
    let mut all: Vec<String> =
        [Some(value.to_owned()), Some(bare.to_owned()), plain, password].into_iter().flatten().collect();
    all.retain(|secret| !secret.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_login_is_bounded_and_never_printed() {
        let header = proxy_authorization("b\u{fc}ro".as_bytes(), b"hunter:2").unwrap();
        assert_eq!(header.to_str().unwrap(), format!("Basic {}", STANDARD.encode("b\u{fc}ro:hunter:2")));
        assert!(header.is_sensitive() && !format!("{header:?}").contains("Basic"));
        assert!(proxy_authorization(&[b'u'; MAX_USER], &[b'p'; MAX_PASSWORD]).is_ok());
        for (user, password, part) in [
            ("a:b".to_owned(), "p".to_owned(), "cannot contain a colon"),
            ("a\r\nx".to_owned(), "p".to_owned(), "control"),
            ("u".repeat(MAX_USER + 1), "p".to_owned(), "256"),
            ("u".to_owned(), "p\n".to_owned(), "control"),
            ("u".to_owned(), "p".repeat(MAX_PASSWORD + 1), "1024"),
        ] {
            let why = proxy_authorization(user.as_bytes(), password.as_bytes()).unwrap_err();
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn what_repeats_a_login_is_taken_out() {
        let (service, proxy) =
            (HeaderValue::from_static("Bearer abc"), proxy_authorization(b"user", b"hunter2").unwrap());
        let text = "Bearer abc, user:hunter2, hunter2, dXNlcjpodW50ZXIy".to_owned();
        assert_eq!(without(text, [Some(&service), Some(&proxy)]), "[login], [login], [login], [login]");
        assert_eq!(without("abc".to_owned(), [None]), "abc");
    }
}
