//! How the user is known to the server: [`Login`]. Nothing here fails, except for a password that is too long for a header.

use client::basic;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::http::request::Builder;

use crate::address::Address;

/// ClickHouse's headers for a user who shows a certificate.
const USER: &str = "X-ClickHouse-User";
const BY_CERTIFICATE: &str = "X-ClickHouse-SSL-Certificate-Auth";

/// How the user is known to the server.
#[derive(Clone, Debug)]
pub(super) enum Login {
    Password(HeaderValue),
    /// By the certificate of the connection, which has to belong to this user.
    Certificate(HeaderValue),
}

impl Login {
    /// `None` if the password is longer than a header.
    pub(super) fn new(address: &Address, password: &str) -> Option<Self> {
        if address.certificate.is_some() {
            return HeaderValue::try_from(&*address.user).ok().map(Self::Certificate);
        }
        let mut login =
            HeaderValue::try_from(basic(format!("{}:{password}", address.user).as_bytes())).ok()?;
        login.set_sensitive(true);
        Some(Self::Password(login))
    }

    /// Adds it to a request.
    pub(super) fn apply(&self, request: Builder) -> Builder {
        match self {
            Self::Password(login) => request.header(AUTHORIZATION, login.clone()),
            Self::Certificate(user) => request.header(USER, user.clone()).header(BY_CERTIFICATE, "on"),
        }
    }
}
