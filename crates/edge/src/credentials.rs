//! Logins and tokens from the command line and its environment, and the credentials of a request.
//!
//! `presented` reads the credentials of a request. [`Credentials`] compares them in a time that only depends on the number of
//! known secrets: every secret is padded to the same length, and all of them are compared. Secrets are never printed: nothing
//! here implements `Debug`.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use constant_time_eq::constant_time_eq_n;

/// The longest token, and the longest user name, colon and password, in bytes.
const LONGEST: usize = 512;
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The clients with configured credentials.
#[derive(Clone, Default)]
pub struct Credentials {
    /// `user:password`.
    logins: Vec<Secret>,
    tokens: Vec<Secret>,
}

/// Why a secret cannot be used, or could be used by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The name contains a colon, which ends the name in the Basic scheme.
    #[error("a user name cannot contain a colon")]
    Colon,
    /// The secret is empty, like a variable that was not set.
    #[error("a user name, password or token cannot be empty")]
    Empty,
    /// The secret is longer than the longest that is compared.
    #[error("a token, or a user name and password together, can have at most {LONGEST} bytes")]
    Long,
}

/// The length, the bytes, and zeros.
#[derive(Clone)]
struct Secret([u8; LONGEST + 2]);

impl Credentials {
    /// Adds a login that may read.
    ///
    /// # Errors
    /// [`CredentialError`] if the name contains a colon, or something is empty or too long.
    pub fn add_user(&mut self, name: &str, password: &str) -> Result<(), CredentialError> {
        if name.contains(':') {
            return Err(CredentialError::Colon);
        }
        if name.is_empty() || password.is_empty() {
            return Err(CredentialError::Empty);
        }
        let secret = Secret::of(format!("{name}:{password}").as_bytes());
        self.logins.push(secret.ok_or(CredentialError::Long)?);
        Ok(())
    }

    /// Adds a token that may read.
    ///
    /// # Errors
    /// [`CredentialError`] if it is empty or too long.
    pub fn add_token(&mut self, token: &str) -> Result<(), CredentialError> {
        if token.is_empty() {
            return Err(CredentialError::Empty);
        }
        self.tokens.push(Secret::of(token.as_bytes()).ok_or(CredentialError::Long)?);
        Ok(())
    }

    /// Whether a request with these headers has valid credentials.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        let authorization = headers.get(AUTHORIZATION).is_some_and(|value| self.authorize(value.as_bytes()));
        let key = headers.get(API_KEY).is_some_and(|value| any_is(&self.tokens, value.as_bytes()));
        authorization | key
    }

    fn authorize(&self, value: &[u8]) -> bool {
        if let Some(encoded) = after_scheme(value, b"Basic ") {
            return decode(encoded).is_some_and(|login| any_is(&self.logins, &login));
        }
        any_is(&self.tokens, after_scheme(value, b"Bearer ").unwrap_or(value))
    }
}

impl Secret {
    fn of(octets: &[u8]) -> Option<Self> {
        let mut padded = [0; LONGEST + 2];
        let (length, rest) = padded.split_first_chunk_mut()?;
        *length = u16::try_from(octets.len()).ok()?.to_be_bytes();
        rest.get_mut(..octets.len())?.copy_from_slice(octets);
        Some(Self(padded))
    }
}

/// The possible tokens in these headers: the password of Basic, the text after Bearer, a bare `Authorization`, `X-API-Key`.
pub(crate) fn presented(headers: &HeaderMap) -> Vec<String> {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| {
        let value = value.as_bytes();
        let Some(encoded) = after_scheme(value, b"Basic ") else {
            return Some(after_scheme(value, b"Bearer ").unwrap_or(value).to_vec());
        };
        let login = decode(encoded)?;
        let colon = login.iter().position(|octet| *octet == b':')?;
        login.get(colon + 1..).map(<[u8]>::to_vec)
    });
    let key = headers.get(API_KEY).map(|value| value.as_bytes().to_vec());
    authorization.into_iter().chain(key).filter_map(|octets| String::from_utf8(octets).ok()).collect()
}

/// Whether a request has any credentials.
pub(crate) fn shows_any(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) || headers.contains_key(API_KEY)
}

/// The name of the login in a request.
pub fn user(headers: &HeaderMap) -> Option<Vec<u8>> {
    let mut login = decode(after_scheme(headers.get(AUTHORIZATION)?.as_bytes(), b"Basic ")?)?;
    login.truncate(login.iter().position(|octet| *octet == b':')?);
    Some(login)
}

fn any_is(known: &[Secret], given: &[u8]) -> bool {
    let Some(given) = Secret::of(given) else { return false };
    known.iter().fold(false, |found, secret| found | constant_time_eq_n(&secret.0, &given.0))
}

/// The text after the scheme, which may be in any case.
fn after_scheme<'a>(value: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = value.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then(|| rest.trim_ascii())
}

fn decode(encoded: &[u8]) -> Option<Vec<u8>> {
    // Four characters encode three bytes.
    (encoded.len() <= LONGEST * 2).then(|| STANDARD.decode(encoded).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(credentials: &Credentials, headers: &[(&'static str, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        credentials.admit(&headers.collect())
    }

    fn basic(login: &str) -> String {
        format!("Basic {}", STANDARD.encode(login))
    }

    #[test]
    fn nobody_is_let_in_by_no_credentials() {
        assert!(!admits(&Credentials::default(), &[]));
        assert!(!admits(&Credentials::default(), &[("authorization", "whatever")]));
    }

    #[test]
    fn a_token_may_be_shown_in_four_ways() {
        let shown = |headers: &[(&'static str, &str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            presented(&headers.collect())
        };
        assert_eq!(shown(&[("authorization", &basic("any:t:1"))]), ["t:1"]);
        assert_eq!(shown(&[("authorization", &basic(":t"))]), ["t"]);
        assert_eq!(shown(&[("authorization", "bearer t")]), ["t"]);
        assert_eq!(shown(&[("authorization", "t")]), ["t"]);
        assert_eq!(shown(&[("x-api-key", "t")]), ["t"]);
        assert_eq!(shown(&[("authorization", "Bearer a"), ("x-api-key", "b")]), ["a", "b"]);
        for nothing in ["Basic !", &basic("no colon"), "Basic "] {
            assert_eq!(shown(&[("authorization", nothing)]), [""; 0], "{nothing}");
        }
    }

    #[test]
    fn users_and_tokens_are_told_apart() {
        let mut credentials = Credentials::default();
        credentials.add_user("alice", "pass:word").unwrap();
        credentials.add_user("bob", "b").unwrap();
        credentials.add_token("t0ken").unwrap();
        let admitted = |name, value: &str| admits(&credentials, &[(name, value)]);
        for value in [
            basic("alice:pass:word"),
            basic("bob:b").replace("Basic", "bAsIc"),
            "bearer  t0ken".into(),
            "t0ken".into(),
        ] {
            assert!(admitted("authorization", &value), "{value}");
        }
        assert!(admitted("x-api-key", "t0ken"));
        for value in [
            basic("alice:"),
            basic("alice:pass:words"),
            basic("alice"),
            basic(":"),
            basic("t0ken"),
            basic("bob:pass:word"),
            "Basic".into(),
            "Basic !".into(),
            "Basic ".into(),
            "Bearer ".into(),
            "Bearer t0ke".into(),
            "alice:pass:word".into(),
            "t0ken\t\t".into(),
            format!("Bearer {}", "x".repeat(3000)),
            basic(&"x".repeat(3000)),
            String::new(),
        ] {
            // The blanks around a value are lost in transmission.
            assert!(!admitted("authorization", &value) || value.trim() == "t0ken", "{value}");
        }
        assert!(!admitted("x-api-key", "alice:pass:word"));
        assert!(!admits(&credentials, &[]));
    }

    #[test]
    fn secrets_that_cannot_be_meant_are_refused() {
        let mut credentials = Credentials::default();
        assert_eq!(credentials.add_user("a:b", "c"), Err(CredentialError::Colon));
        assert_eq!(credentials.add_user("", "c"), Err(CredentialError::Empty));
        assert_eq!(credentials.add_user("a", ""), Err(CredentialError::Empty));
        assert_eq!(credentials.add_token(""), Err(CredentialError::Empty));
        assert_eq!(credentials.add_token(&"x".repeat(LONGEST + 1)), Err(CredentialError::Long));
        assert_eq!(credentials.add_token(&"x".repeat(LONGEST)), Ok(()));
    }
}
