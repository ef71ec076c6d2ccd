//! What a store finds by itself: every form of [`Subject::parse`], and what people paste in its place.
//!
//! Text that is neither is a [`QuestionError`], with the forms that are accepted.

use std::net::IpAddr;

use operation::{Host, Indicator};
use store::{QuestionError, Subject};

/// Reads a subject, or a pasted value in its place: defanged, a URL, or with a port.
pub(super) fn parse(text: &str) -> Result<Subject, QuestionError> {
    let parsed = Subject::parse(text);
    let found = match &parsed {
        Ok(_) if !is_pasted(text) => None,
        _ => pasted(text),
    };
    found.map_or(parsed, Ok)
}

/// What it is, and its value, for people.
pub(super) fn shown(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Address(address) => ("address", address.to_string()),
        Subject::Name(name) => ("name", name.to_string()),
        Subject::NamesOn(address) => ("names with address", address.to_string()),
        Subject::Network(address, length) => ("network", format!("{address}/{length}")),
        Subject::Range(first, last) => ("range", format!("{first} to {last}")),
        Subject::RdataName(name) => ("in data", name.to_string()),
        Subject::RdataSuffix(name) => ("in data, at or below", name.to_string()),
        Subject::Suffix(name) => ("at or below", name.to_string()),
    }
}

/// Whether an address is in a network; an IPv4-mapped IPv6 address is the IPv4 address.
pub(super) fn holds((network, length): (IpAddr, u8), address: IpAddr) -> bool {
    let is_mapped = network.is_ipv6() && network.to_canonical().is_ipv4();
    let length = if is_mapped { length.saturating_sub(96) } else { length };
    let (network, address, width) = match (network.to_canonical(), address.to_canonical()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    let free = u32::from(width - u8::min(length, width));
    network.checked_shr(free) == address.checked_shr(free)
}

/// Whether a text that could be a name is more likely a defanged one, or a URL.
fn is_pasted(text: &str) -> bool {
    let has_path = |(host, _): (&str, &str)| host.contains('.') && host.parse::<IpAddr>().is_err();
    ["(.)", "{.}", "(dot)"].iter().any(|defanged| text.contains(defanged))
        || text.split_once('/').is_some_and(has_path)
}

/// Parses pasted text, also after `rdata:` and `*.`.
fn pasted(text: &str) -> Option<Subject> {
    let text = text.trim();
    let (in_data, text) = match text.split_at_checked(6) {
        Some((tag, rest)) if tag.eq_ignore_ascii_case("rdata:") => (true, rest.trim_start()),
        _ => (false, text),
    };
    let (below, text) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
    let indicator = Indicator::parse(text).ok()?;
    Some(match (indicator.host().clone(), below, in_data) {
        (Host::Address(_), true, _) => return None,
        (Host::Address(address), false, _) => Subject::Address(address),
        (Host::Name(name), false, false) => Subject::Name(name),
        (Host::Name(name), false, true) => Subject::RdataName(name),
        (Host::Name(name), true, false) => Subject::Suffix(name),
        (Host::Name(name), true, true) => Subject::RdataSuffix(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_asks_what_it_stands_for() {
        for (pasted, plain) in [
            ("hxxp://www[.]threatq[.]com/x", "www.threatq.com"),
            ("https://user:pw@www.threatq.com:8443/a?b#c", "www.threatq.com"),
            ("www(.)threatq{.}com", "www.threatq.com"),
            ("www[dot]threatq[dot]com", "www.threatq.com"),
            ("www.threatq.com:443", "www.threatq.com"),
            ("www.threatq.com/path", "www.threatq.com"),
            ("<www.threatq.com>", "www.threatq.com"),
            ("\u{201c}www.threatq.com\u{201d}", "www.threatq.com"),
            ("\u{ab}www.threatq.com\u{bb}", "www.threatq.com"),
            ("\u{300c}www.threatq.com\u{300d}", "www.threatq.com"),
            ("`www.threatq.com`", "www.threatq.com"),
            ("104[.]196[.]175[.]197", "104.196.175.197"),
            ("104.196.175.197:443", "104.196.175.197"),
            ("http://[2001:db8::1]:80/", "2001:db8::1"),
            ("*.threatq[.]com", "*.threatq.com"),
            ("rdata:ns1[.]example[.]com", "rdata:ns1.example.com"),
            ("RDATA:*.example[.]com", "rdata:*.example.com"),
        ] {
            assert_eq!(parse(pasted).ok(), Subject::parse(plain).ok(), "{pasted}");
            assert!(Subject::parse(plain).is_ok(), "{plain}");
        }
    }

    #[test]
    fn what_is_no_paste_is_asked_as_it_stands() {
        for text in [
            "www.example.com",
            "*.example.com",
            r"\*.example.com",
            r"rdata:h\.hofer.zone.example",
            "192.0.2.0/24",
            "192.0.2.1-192.0.2.9",
            "2001:db8::/32",
            "::ffff:192.0.2.1",
            "0/26.2.0.192.in-addr.arpa",
            "rdata:*.example.com",
            "_dmarc.example.com",
            ".",
        ] {
            assert_eq!(parse(text).ok(), Subject::parse(text).ok(), "{text}");
            assert!(parse(text).is_ok(), "{text}");
        }
        for wrong in ["", "user@example.com", "192.0.2.0/33", "300.1.1.1", "a b.example"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_hold_their_addresses_of_either_form() {
        for (network, length, address, wanted) in [
            ("192.0.2.0", 24, "192.0.2.255", true),
            ("192.0.2.7", 24, "192.0.2.1", true),
            ("192.0.2.0", 24, "192.0.3.0", false),
            ("192.0.2.0", 24, "::ffff:192.0.2.9", true),
            ("0.0.0.0", 0, "203.0.113.9", true),
            ("::", 0, "2001:db8::1", true),
            ("2001:db8::", 48, "2001:db8::1", true),
            ("2001:db8::", 48, "2001:db8:1::1", false),
            ("2001:db8::1", 128, "2001:db8::1", true),
            ("192.0.2.1", 32, "192.0.2.2", false),
            ("192.0.2.0", 24, "2001:db8::1", false),
            ("::ffff:192.0.2.0", 120, "192.0.2.9", true),
            ("::ffff:192.0.2.0", 120, "192.0.3.9", false),
        ] {
            assert_eq!(
                holds((network.parse().unwrap(), length), address.parse().unwrap()),
                wanted,
                "{network}/{length} {address}"
            );
        }
    }
}
