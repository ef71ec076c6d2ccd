//! Numbers that browsers interpret as an IPv4 address.
//!
//! `3232235777`, `0x7f000001`, `0300.0250.1.1` and `127.1` lead a browser to an address (WHATWG URL Standard, "IPv4 parser"),
//! so people paste them. They are refused, with the address that they mean, and never interpreted: some tools read `010.0.0.1`
//! as 10.0.0.1, browsers read it as 8.0.0.1.

use std::net::Ipv4Addr;

/// Whether a browser interprets a host as a number: its last label is one.
pub(super) fn is_number(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_digits = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    is_digits || part(last).is_some()
}

/// The address that a browser derives from such a host, if any.
pub(super) fn read_by_browsers(host: &str) -> Option<Ipv4Addr> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let parts: Vec<u64> = host.split('.').map(part).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    // The last part fills the remaining bytes.
    let left = 4 - u32::try_from(first.len()).ok()?;
    if *last >= 256_u64.pow(left) {
        return None;
    }
    let high = first.iter().zip([24, 16, 8]).map(|(part, shift)| part << shift).sum::<u64>();
    u32::try_from(high + last).ok().map(Ipv4Addr::from_bits)
}

/// A part in hexadecimal after `0x`, in octal after `0`, or in decimal. `0x` alone is 0.
fn part(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match lower.strip_prefix("0x") {
        Some("") => return Some(0),
        Some(digits) => (digits, 16),
        None => match lower.strip_prefix('0') {
            Some(digits) if !digits.is_empty() => (digits, 8),
            _ => (lower.as_str(), 10),
        },
    };
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_plain.then(|| u64::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_mean_what_they_mean_to_a_browser() {
        for (text, address) in [
            ("3232235777", "192.168.1.1"),
            ("0x7f000001", "127.0.0.1"),
            ("0300.0250.1.1", "192.168.1.1"),
            ("127.1", "127.0.0.1"),
            ("0x7f.1", "127.0.0.1"),
            ("192.0.2.001", "192.0.2.1"),
            ("192.0.513", "192.0.2.1"),
            ("010.0.0.1", "8.0.0.1"),
            ("127.1.", "127.0.0.1"),
            ("0", "0.0.0.0"),
            ("0x", "0.0.0.0"),
            ("4294967295", "255.255.255.255"),
        ] {
            assert!(is_number(text), "{text}");
            assert_eq!(read_by_browsers(text), Some(address.parse().unwrap()), "{text}");
        }
        for text in
            ["4294967296", "256.1", "1.2.3.4.5", "999.1.1.1", "08.1", "1..1", "a.1", "0x+1", "192.0.2.256"]
        {
            assert_eq!(read_by_browsers(text), None, "{text}");
        }
        for text in ["example.com", "1.example", "0xg", "", "x1", "-1", "+1"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
