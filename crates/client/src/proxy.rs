//! HTTP proxies: their address, their login, and the meaning of their refusals.
//!
//! A setting of the caller or the environment determines the [`Proxy`]. Its [`Refusal`] states what a user should do if the
//! proxy requires a login. An invalid address is a [`ProxyFault`].

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
    /// The environment variable that configures it; `None` for a configured proxy.
    pub variable: Option<&'static str>,
    /// The meaning of an answer 407.
    pub refusal: Refusal,
}

/// The meaning of an answer 407 of a proxy that accepts HTTP Basic, as sentences about "it" that state what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// If a login was sent.
    pub refused: String,
    /// If no login was sent.
    pub wanted: String,
}

/// Why a text is not the address of an HTTP proxy. The messages do not repeat the text, because it may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFault {
    /// It is not `http://host:port`.
    #[error("write http://host:port")]
    Form,
    /// It contains a user or a password.
    #[error("write http://host:port without user and password, because this value is shown")]
    Login,
    /// A SOCKS proxy.
    #[error("SOCKS proxies are not supported, only HTTP proxies: write http://host:port")]
    Socks,
    /// A proxy that is itself accessed over TLS.
    #[error(
        "TLS to the proxy itself is not supported: write http://host:port; HTTPS requests through it stay encrypted"
    )]
    Tls,
}

impl Proxy {
    /// The failure of this proxy with this reason.
    pub fn failed(&self, why: String) -> ClientError {
        ClientError::Proxy { proxy: self.to_string(), why }
    }

    /// The meaning of an answer 407, depending on whether the proxy accepts HTTP Basic; see [`takes_basic`].
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

/// Whether a proxy that offers these schemes (RFC 9110 section 11.7.1) accepts HTTP Basic; one that names none may accept it.
pub fn takes_basic<'a>(challenges: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut challenges = challenges.peekable();
    let is_basic = |challenge: &[u8]| {
        let mut parts = challenge.split(|byte| *byte == b',').map(<[u8]>::trim_ascii_start);
        parts.any(|part| part.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic")))
    };
    challenges.peek().is_none() || challenges.any(is_basic)
}

/// Parses the address of a proxy, `http://host:port`.
///
/// # Errors
/// [`ProxyFault`], which does not repeat the text.
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

/// The text after `http://`; other kinds of proxies are refused by name.
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
