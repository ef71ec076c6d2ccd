//! Finds the host in pasted text: after a scheme, complete or broken, and before a port and a path.
//!
//! A scheme is never the host. The list of schemes only matters if their colon is missing (`https//c2.example`); otherwise, any
//! word before `://` is a scheme.

use std::net::IpAddr;

use super::{IndicatorError, Other};

/// The most schemes in a row, as in `view-source:feed:http://…`.
const MOST_SCHEMES: usize = 8;

/// Words that start a URL even if the colon is missing, and that are not a host alone.
const SCHEMES: [&str; 52] = [
    "amqp", "amqps", "coap", "dns", "doh", "dot", "file", "ftp", "ftps", "fxp", "fxps", "git", "gopher",
    "http", "https", "icmp", "imap", "imaps", "irc", "ircs", "jdbc", "ldap", "ldaps", "mailto", "meow",
    "mongodb", "mqtt", "mqtts", "mysql", "nfs", "pop3", "pop3s", "quic", "rdp", "redis", "rtmp", "rtsp",
    "sftp", "sip", "sips", "smb", "smtp", "socks5", "ssh", "ssl", "tcp", "telnet", "tftp", "tls", "udp",
    "ws", "wss",
];

/// A host as it was written, and its context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written<'a> {
    /// Without brackets, port and zone.
    pub(super) host: &'a str,
    /// Whether a scheme with its slashes preceded it, so that it can only be a host.
    pub(super) in_url: bool,
}

/// Whether a word is the name of a scheme, defanged or not.
pub(super) fn is_scheme(word: &str) -> bool {
    let letter = |c: char| if c == '*' || c == '_' { 'x' } else { c.to_ascii_lowercase() };
    let word: String =
        word.chars().filter(|c| c.is_ascii_alphanumeric() || "*_".contains(*c)).map(letter).collect();
    let is_defanged =
        |plain: &str| word.len() == plain.len() && word.starts_with('h') && word.ends_with(&plain[3..]);
    SCHEMES.contains(&word.as_str())
        || matches!(word.as_str(), "htp" | "htps" | "hxp" | "hxps" | "xxp" | "xxps" | "hxxxp" | "hxxxps")
        || (word.contains('x') && (is_defanged("http") || is_defanged("https")))
}

/// Removes all schemes from the front of a text; returns whether one was followed by slashes.
pub(super) fn after_schemes(text: &str) -> (&str, bool) {
    let (mut rest, mut in_url) = (text, false);
    for _ in 0..MOST_SCHEMES {
        match after_scheme(rest) {
            // `http://user:password@c2.example`: this colon is not that of a scheme.
            Some((_, false)) if in_url => break,
            Some((after, slashes)) => {
                in_url = slashes;
                rest = after;
            }
            None => break,
        }
    }
    (rest, in_url)
}

/// The text after its scheme, and whether slashes followed it.
fn after_scheme(text: &str) -> Option<(&str, bool)> {
    let (head, tail) = text.split_at(text.find([':', '/', '\\', '?', '#', '@'])?);
    // `http.//c2.example`
    let dotted = head.strip_suffix('.').filter(|word| tail.starts_with("//") && is_scheme(word));
    let head = dotted.unwrap_or(head);
    if head.contains(['.', ' ', '\t']) || (head.starts_with('[') && !head.contains(']')) {
        return None;
    }
    let slashes = |text: &'static [char]| text;
    let any_slash = slashes(&['/', '\\']);
    if let Some(after) = tail.strip_prefix(':') {
        let rest = after.trim_start_matches(any_slash);
        if rest.len() < after.len() {
            return Some((rest, true));
        }
        // `udp:192.0.2.1`, `mailto:…`, `domain:…`. A number after the colon is a port, and an IPv6 address has more colons.
        let port = after.split(any_slash).next().unwrap_or_default();
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
        let is_word = head.starts_with(|c: char| c.is_ascii_alphabetic());
        let is_address = !after.contains("::") || after.parse::<IpAddr>().is_ok();
        return (is_word && !is_port && is_address).then_some((after, false));
    }
    let rest = tail.trim_start_matches(any_slash);
    let count = tail.len() - rest.len();
    (count > 0 && (is_scheme(head) || (head.is_empty() && count > 1))).then_some((rest, true))
}

/// Finds the host in a cleaned text.
///
/// # Errors
/// The other kind of text that it is.
pub(super) fn host_of(text: &str) -> Result<Written<'_>, IndicatorError> {
    let address = without_zone(text);
    if address.parse::<IpAddr>().is_ok() {
        return Ok(Written { host: address, in_url: false });
    }
    if let Some(other) = Other::of(text) {
        return Err(other.into());
    }
    let is_address = |text: &str| text.split('/').next().is_some_and(|first| first.parse::<IpAddr>().is_ok());
    let (rest, in_url) = if is_address(text) { (text, false) } else { after_schemes(text) };
    if rest.len() < text.len() {
        if rest.is_empty() {
            return Err(IndicatorError::Scheme);
        }
        // A label such as `sha256:` or `ip:` precedes this kind of value.
        if !in_url && let Some(other) = Other::of(rest) {
            return Err(other.into());
        }
    }
    if !in_url {
        check_network(rest)?;
    }
    authority(rest, in_url)
}

fn authority(text: &str, in_url: bool) -> Result<Written<'_>, IndicatorError> {
    if text.parse::<IpAddr>().is_ok() {
        return Ok(Written { host: text, in_url });
    }
    let authority = text.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once('@') {
        // Windows writes `\\host@SSL\share` and `\\host@8080\share`.
        Some((host, port)) if in_url && (port.eq_ignore_ascii_case("ssl") || is_digits(port)) => host,
        // The text before an @ is the user of a URL or of a mailbox; only a URL continues after the host.
        Some(_) if !in_url && authority.len() == text.len() => return Err(IndicatorError::Email),
        Some((_, host)) => host,
        None => authority,
    };
    if let Some(inside) = host.strip_prefix('[') {
        return Ok(Written { host: without_zone(inside.split(']').next().unwrap_or_default()), in_url });
    }
    if host.matches(':').count() > 1 {
        return Ok(Written { host: without_zone(host), in_url });
    }
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    Ok(Written { host, in_url })
}

/// An address without its zone (RFC 4007), which names a local interface.
fn without_zone(text: &str) -> &str {
    text.split_once('%').map_or(text, |(address, _)| address)
}

/// Refuses networks, ranges of addresses and patterns. A network of one address is that address.
fn check_network(text: &str) -> Result<(), IndicatorError> {
    if let Some((base, length)) = text.split_once('/') {
        let is_mask = length.parse::<std::net::Ipv4Addr>().is_ok();
        let (base, is_partial) = (base.parse::<IpAddr>(), is_numbers(base));
        if !is_digits(length) && !is_mask {
            return Ok(());
        }
        return match base {
            Ok(IpAddr::V4(_)) if length == "32" || length == "255.255.255.255" => Ok(()),
            Ok(IpAddr::V6(_)) if length == "128" => Ok(()),
            Ok(_) => Err(IndicatorError::Network),
            Err(_) if is_partial => Err(IndicatorError::Network),
            Err(_) => Ok(()),
        };
    }
    let is_range = text
        .split_once(['-', '–'])
        .is_some_and(|(first, last)| first.trim().parse::<IpAddr>().is_ok() && !last.is_empty());
    let labels: Vec<&str> = text.split('.').collect();
    let is_open = |label: &&str| matches!(*label, "*" | "x" | "X");
    let is_pattern = (2..=4).contains(&labels.len())
        && labels.first().is_some_and(|label| is_digits(label))
        && labels.iter().any(is_open)
        && labels.iter().all(|label| is_open(label) || is_digits(label));
    if is_range || is_pattern { Err(IndicatorError::Network) } else { Ok(()) }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_numbers(text: &str) -> bool {
    text.split('.').all(is_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Result<&str, IndicatorError> {
        host_of(text).map(|written| written.host)
    }

    #[test]
    fn no_scheme_is_ever_the_host() {
        for url in [
            "ldap://c2.example:1389/a",
            "tcp://c2.example:8989/bad",
            "http:/c2.example/",
            "https//c2.example/x",
            "hxxp:\\\\c2.example",
            "h**p://c2.example/",
            "h__p://c2.example",
            "ssh://root@c2.example",
            "udp:c2.example:53",
            "http:c2.example",
            "://c2.example",
            "//c2.example/x",
            "http:///c2.example/x",
            "http/c2.example/",
            "view-source:http://c2.example",
            "http://http://c2.example/",
            "git+ssh://c2.example/x",
            "h[tt]p://c2.example",
            "\\\\c2.example\\share\\x",
            "\\\\c2.example@SSL\\share",
            "\\\\c2.example@8080\\share",
            "http;//c2.example",
            "http.//c2.example",
            "hxxp.//c2.example/x",
            "tcp.//c2.example:80",
            "domain:c2.example",
            "unknown-scheme://c2.example",
            "hXXps://c2.example:443",
            "mqtt://c2.example",
            "hxxps//c2.example",
            "coap+tcp://c2.example?x#y",
            "ldap:c2.example",
            "tcp//c2.example",
            "ws:\\c2.example",
        ] {
            assert_eq!(host(url), Ok("c2.example"), "{url}");
        }
        for nothing in ["http://", "http//", "ldap:///", "://", "hxxp:\\\\", "tcp:", "//"] {
            let said = host(nothing);
            assert!(!said.clone().is_ok_and(|host| host.contains('.')), "{nothing}: {said:?}");
        }
    }

    #[test]
    fn ports_users_zones_and_prefixes_are_taken_off() {
        for (text, expected) in [
            ("c2.example:443", "c2.example"),
            ("https://user:pw@c2.example:8443/a?b#c", "c2.example"),
            ("user:pw@c2.example/x", "c2.example"),
            ("http://user@c2.example", "c2.example"),
            ("http://user:pw@c2.example", "c2.example"),
            ("http://user:pw@c2.example:8443", "c2.example"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("udp:192.0.2.1:53", "192.0.2.1"),
            ("192.0.2.1/32", "192.0.2.1"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("c2.example/24", "c2.example"),
            ("http://192.0.2.0/24", "192.0.2.0"),
        ] {
            assert_eq!(host(text), Ok(expected), "{text}");
        }
        for network in [
            "192.0.2.0/24",
            "2001:db8::/32",
            "10.0/16",
            "10/8",
            "192.0.2.0/255.255.255.0",
            "192.0.2.1-192.0.2.9",
            "192.0.2.1-9",
            "192.0.2.*",
            "192.0.2.x",
            "10.*.*.*",
            "192.0.2.0/33",
        ] {
            assert_eq!(host(network), Err(IndicatorError::Network), "{network}");
        }
        for mailbox in ["user@c2.example", "mailto:user@c2.example", "sip:user@c2.example"] {
            assert_eq!(host(mailbox), Err(IndicatorError::Email), "{mailbox}");
        }
    }
}
