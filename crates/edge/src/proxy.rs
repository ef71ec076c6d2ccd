//! Reads the headers of a proxy in front of the server: [`forwarded`].
//!
//! The caller must know that there is a proxy; without one, any client can write this header.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client that the nearest proxy names: only the last entry of the list, which that proxy added itself.
pub fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED).iter().next_back()?.to_str().ok()?;
    node(last.rsplit(',').next()?)
}

/// An address as proxies write it: with or without a port, brackets around an IPv6 address, or quotes.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let plain = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = plain.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_name_clients_in_several_ways() {
        for (said, address) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("203.0.113.9, 192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:49152", Some("192.0.2.1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:49152", Some("2001:db8::1")),
            ("\"[2001:db8::1]:49152\"", Some("2001:db8::1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1,", None),
            ("unknown", None),
            ("192.0.2.1:x", None),
            ("192.0.2.1:99999", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(FORWARDED, said.parse().unwrap())]);
            assert_eq!(forwarded(&headers), address.map(|text| text.parse().unwrap()), "{said}");
        }
        let mut twice = HeaderMap::from_iter([(FORWARDED, "192.0.2.1".parse().unwrap())]);
        twice.append(FORWARDED, "[2001:db8::1]:1".parse().unwrap());
        assert_eq!(forwarded(&twice), Some("2001:db8::1".parse().unwrap()));
    }
}
