//! How a connection logs in: [`Login`], and the request for a token.

use std::fmt;

use bytes::Bytes;
use client::basic;
use hyper::Request;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::json;

/// The longest part of a login, in bytes.
const LONGEST: usize = 4_096;

/// A login. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// The credentials of an OAuth client.
    Client {
        /// Its id.
        id: String,
        /// Its secret.
        secret: String,
    },
    /// A user with a password.
    Password {
        /// The id of the client of the web pages, which is public.
        client_id: String,
        /// The user.
        email: String,
        /// The password.
        password: String,
    },
}

/// Why a login cannot be used. The messages do not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginFault {
    /// A part is empty.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A part has characters that cannot be sent, or is too long.
    #[error("{0} has a control character, or is longer than 4096 bytes")]
    Form(&'static str),
    /// HTTP Basic has no place for it.
    #[error("the client ID cannot contain a colon")]
    Colon,
}

impl Login {
    /// Checks it before anything is sent.
    ///
    /// # Errors
    /// [`LoginFault`].
    pub fn check(&self) -> Result<(), LoginFault> {
        let parts = match self {
            Self::Client { id, secret } => vec![("the client ID", id), ("the client secret", secret)],
            Self::Password { client_id, email, password } => {
                vec![("the client ID", client_id), ("the e-mail address", email), ("the password", password)]
            }
        };
        for (name, part) in parts {
            if part.is_empty() {
                return Err(LoginFault::Missing(name));
            }
            if part.len() > LONGEST || part.chars().any(char::is_control) {
                return Err(LoginFault::Form(name));
            }
        }
        match self {
            Self::Client { id, .. } if id.contains(':') => Err(LoginFault::Colon),
            _ => Ok(()),
        }
    }

    /// The parts that must never be shown.
    pub(crate) fn secrets(&self) -> Vec<String> {
        match self {
            Self::Client { id, secret } => {
                let sent = basic(format!("{id}:{secret}").as_bytes());
                vec![secret.clone(), sent.trim_start_matches("Basic ").to_owned()]
            }
            Self::Password { password, .. } => vec![password.clone()],
        }
    }

    /// The request for a token; `None` if the login cannot be sent.
    pub(crate) fn request(&self, base: &str) -> Option<Request<Bytes>> {
        match self {
            Self::Client { id, secret } => {
                let mut value = HeaderValue::try_from(basic(format!("{id}:{secret}").as_bytes())).ok()?;
                value.set_sensitive(true);
                let request = Request::post(format!("{base}/api/token?grant_type=client_credentials"));
                request
                    .header(AUTHORIZATION, value)
                    .header(ACCEPT, "application/json")
                    .body(Bytes::new())
                    .ok()
            }
            Self::Password { client_id, email, password } => {
                let body = json!({
                    "email": email, "password": password, "grant_type": "password", "client_id": client_id,
                });
                let request = Request::post(format!("{base}/api/token"));
                let request =
                    request.header(CONTENT_TYPE, "application/json").header(ACCEPT, "application/json");
                request.body(Bytes::from(body.to_string())).ok()
            }
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client { .. } => "Login::Client",
            Self::Password { .. } => "Login::Password",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str, secret: &str) -> Login {
        Login::Client { id: id.to_owned(), secret: secret.to_owned() }
    }

    #[test]
    fn a_login_is_checked_without_repeating_it() {
        assert_eq!(client("a", "b").check(), Ok(()));
        assert_eq!(client("a:b", "c").check(), Err(LoginFault::Colon));
        assert_eq!(client("a", "").check(), Err(LoginFault::Missing("the client secret")));
        assert_eq!(client("a", "b\n").check(), Err(LoginFault::Form("the client secret")));
        assert!(!format!("{:?}", client("a", "hunter2")).contains("hunter2"));
    }

    #[test]
    fn a_client_logs_in_with_basic_and_a_user_with_json() {
        let request = client("id", "s").request("https://tq.example:443").unwrap();
        assert_eq!(request.uri().path_and_query().unwrap(), "/api/token?grant_type=client_credentials");
        assert_eq!(request.headers()[AUTHORIZATION], "Basic aWQ6cw==");
        let user = Login::Password {
            client_id: "c".to_owned(),
            email: "ann@x.example".to_owned(),
            password: "p\"q".to_owned(),
        };
        let request = user.request("https://tq.example:443").unwrap();
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!((&body["password"], &body["grant_type"]), (&json!("p\"q"), &json!("password")));
        assert!(request.headers().get(AUTHORIZATION).is_none());
    }
}
