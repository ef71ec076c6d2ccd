//! The address of a service as a user writes it: [`Address`].
//!
//! A login would be visible to everybody who sees the address, and a query or fragment means nothing here, so both are refused.

use std::fmt;
use std::net::IpAddr;

use crate::dial::authority;
use crate::proxy::host_and_port;

/// The longest address, in bytes.
const LONGEST: usize = 2_048;

/// `https://host[:port][/prefix]`, or the same with `http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whether it is plain HTTP.
    pub http: bool,
    /// A name or an address without brackets, in lower case.
    pub host: String,
    /// Its port; 443 or 80 unless another is given.
    pub port: u16,
    /// The part of the path before that of the service: empty, or with a slash at its beginning and none at its end.
    pub prefix: String,
}

/// Why a text is no address of a service. The messages do not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// It is something else.
    #[error("write https://host, with a port and a path if they are needed")]
    Form,
    /// It contains a user or a password.
    #[error("write it without user and password, because it is shown")]
    Login,
    /// It is plain HTTP to another machine.
    #[error("plain HTTP is only for this machine, because others could read the token: write https://host")]
    Clear,
}

impl Address {
    /// Parses an address that a secret is sent to: plain HTTP is only for this machine.
    ///
    /// # Errors
    /// [`AddressFault`].
    pub fn for_secrets(text: &str) -> Result<Self, AddressFault> {
        let address = Self::parse(text)?;
        if address.http && !address.is_loopback() { Err(AddressFault::Clear) } else { Ok(address) }
    }

    fn parse(text: &str) -> Result<Self, AddressFault> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(AddressFault::Form)?;
        let http = scheme.eq_ignore_ascii_case("http");
        if text.len() > LONGEST || !(http || scheme.eq_ignore_ascii_case("https")) {
            return Err(AddressFault::Form);
        }
        let (place, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if place.contains('@') {
            return Err(AddressFault::Login);
        }
        let (host, port) = host_and_port(place).map_err(|_| AddressFault::Form)?;
        let of_paths = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%/".contains(c);
        if !path.chars().all(of_paths) {
            return Err(AddressFault::Form);
        }
        let port = port.unwrap_or(if http { 80 } else { 443 });
        let prefix = path.trim_end_matches('/').to_owned();
        Ok(Self { http, host: host.to_ascii_lowercase(), port, prefix })
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

/// As it was written, without a port that is the usual one.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.http { ("http", 80) } else { ("https", 443) };
        let place = authority(&self.host, self.port);
        let place = place.strip_suffix(&format!(":{usual}")).unwrap_or(&place);
        write!(f, "{scheme}://{place}{}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_perhaps_a_port_and_a_path() {
        for (text, host, port, prefix, shown) in [
            ("https://pdns.example.org", "pdns.example.org", 443, "", "https://pdns.example.org"),
            ("HTTPS://PDNS.example.org:443/", "pdns.example.org", 443, "", "https://pdns.example.org"),
            ("https://h:8443/a/b/", "h", 8443, "/a/b", "https://h:8443/a/b"),
            ("https://[2001:db8::1]/a", "2001:db8::1", 443, "/a", "https://[2001:db8::1]/a"),
            ("http://127.0.0.1:8053", "127.0.0.1", 8053, "", "http://127.0.0.1:8053"),
            ("http://[::1]", "::1", 80, "", "http://[::1]"),
            (" http://localhost ", "localhost", 80, "", "http://localhost"),
        ] {
            let address = Address::for_secrets(text).unwrap();
            assert_eq!(
                (address.host.as_str(), address.port, address.prefix.as_str(), address.to_string()),
                (host, port, prefix, shown.to_owned())
            );
        }
    }

    #[test]
    fn what_is_none_or_would_show_a_secret_is_refused() {
        for (text, fault) in [
            ("pdns.example.org", AddressFault::Form),
            ("ftp://h", AddressFault::Form),
            ("https://", AddressFault::Form),
            ("https://h:0", AddressFault::Form),
            ("https://h/a?b=c", AddressFault::Form),
            ("https://h/a#b", AddressFault::Form),
            ("https://h/a b", AddressFault::Form),
            ("https://h?b", AddressFault::Form),
            ("https://user:hunter2@h", AddressFault::Login),
            ("http://pdns.example.org", AddressFault::Clear),
            ("http://127.0.0.1.example.org", AddressFault::Clear),
            ("http://192.0.2.1", AddressFault::Clear),
        ] {
            assert_eq!(Address::for_secrets(text), Err(fault), "{text}");
        }
    }
}
