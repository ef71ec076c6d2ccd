//! HTTP proxies: their address, their login, and what their refusals mean.
//!
//! A [`Proxy`] is named by a setting of the caller or by the environment. Whoever names it says in its [`Refusal`] what a user
//! should do if the proxy wants a login. An address that is none of an HTTP proxy is a [`ProxyFault`].

use std::fmt;

use hyper::header::HeaderValue;

use crate::dial::authority;
use crate::error::ClientError;

/// An HTTP proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// A name or an address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The Proxy-Authorization header, marked as sensitive.
    pub login: Option<HeaderValue>,
    /// The variable of the environment that names it; none for a proxy that was configured.
    pub variable: Option<&'static str>,
    /// What it means when the proxy answers 407.
    pub refusal: Refusal,
}

/// What it means when a proxy that takes HTTP Basic answers 407, as sentences about "it" that say what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// It was sent a login.
    pub refused: String,
    /// It was sent none.
    pub wanted: String,
}

/// Why a text is not the address of an HTTP proxy. The messages repeat nothing of the text: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFault {
    /// It is not `http://host:port`.
    #[error("write http://host:port")]
    Form,
    /// It holds a user or a password.
    #[error("write http://host:port without user and password, because this value is shown")]
    Login,
    /// A SOCKS proxy.
    #[error("SOCKS proxies are not supported, only HTTP proxies: write http://host:port")]
    Socks,
    /// A proxy that is itself reached over TLS.
    #[error(
        "TLS to the proxy itself is not supported: write http://host:port; HTTPS requests through it stay encrypted"
    )]
    Tls,
}

impl Proxy {
    /// A failure of this proxy, for this reason.
    pub fn failed(&self, why: String) -> ClientError {
        ClientError::Proxy { proxy: self.to_string(), why }
    }

    /// What its answer 407 means, if it takes logins by HTTP Basic at all; see [`takes_basic`].
    pub fn wants_login(&self, basic: bool) -> ClientError {
        let why = match (basic, &self.login) {
            (false, _) => "it does not accept HTTP Basic logins, the only kind that is supported",
            (true, Some(_)) => &self.refusal.refused,
            (true, None) => &self.refusal.wanted,
        };
        self.failed(format!("407: {why}"))
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", authority(&self.host, self.port))?;
        match self.variable {
            None => Ok(()),
            Some(name) => write!(f, " (from {name})"),
        }
    }
}

/// Whether a proxy that asks for these logins (RFC 9110 section 11.7.1) takes HTTP Basic; one that names none may.
pub fn takes_basic<'a>(challenges: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut challenges = challenges.peekable();
    let is_basic = |challenge: &[u8]| {
        let mut parts = challenge.split(|byte| *byte == b',').map(<[u8]>::trim_ascii_start);
        parts.any(|part| part.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic")))
    };
    challenges.peek().is_none() || challenges.any(is_basic)
}

/// Reads the address of a proxy, `http://host:port`.
///
/// # Errors
/// [`ProxyFault`], which repeats nothing of the text.
pub fn proxy_address(text: &str) -> Result<(String, u16), ProxyFault> {
    let rest = http_part(text)?.trim_end_matches('/');
    if rest.contains('@') {
        return Err(ProxyFault::Login);
    }
    match host_and_port(rest)? {
        (host, Some(port)) => Ok((host, port)),
        (_, None) => Err(ProxyFault::Form),
    }
}

/// What follows `http://`; other kinds of proxies are refused by name.
pub(crate) fn http_part(text: &str) -> Result<&str, ProxyFault> {
    match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => Ok(rest),
        Some((scheme, _)) if scheme.to_ascii_lowercase().starts_with("socks") => Err(ProxyFault::Socks),
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => Err(ProxyFault::Tls),
        _ => Err(ProxyFault::Form),
    }
}

pub(crate) fn host_and_port(text: &str) -> Result<(String, Option<u16>), ProxyFault> {
    let bare = |host: &str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let of_hosts = |c: char| c.is_ascii_alphanumeric() || "-._~:%[]".contains(c);
    let good = |host: &str| !host.is_empty() && host.chars().all(of_hosts);
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => match port.parse() {
            Ok(port) if port > 0 => (host, Some(port)),
            _ => return Err(ProxyFault::Form),
        },
        _ => (text, None),
    };
    if good(host) { Ok((bare(host), port)) } else { Err(ProxyFault::Form) }
}
