//! Fields of record data that are neither a simple number nor a name: hexadecimal, base64, hardware addresses, durations, and
//! numbers with mnemonics.
//!
//! Parsing accepts every spelling that the RFC of the field or BIND allows; printing always produces the same one. `None` means
//! that the text is not valid for the field.

use std::fmt::Write as _;

use domain::utils::{base32, base64};
use smallvec::SmallVec;

use super::layout::Mnemonics;
use crate::{RrType, escape};

/// Numbers of DNS security algorithms with mnemonics (IANA, "DNS Security Algorithm Numbers"; RFC 4034 appendix A.1).
pub(super) const ALGORITHMS: Mnemonics = &[
    ("DELETE", 0),
    ("RSAMD5", 1),
    ("DH", 2),
    ("DSA", 3),
    ("RSASHA1", 5),
    ("NSEC3DSA", 6),
    ("DSA-NSEC3-SHA1", 6),
    ("NSEC3RSASHA1", 7),
    ("RSASHA1-NSEC3-SHA1", 7),
    ("RSASHA256", 8),
    ("RSASHA512", 10),
    ("ECCGOST", 12),
    ("ECC-GOST", 12),
    ("ECDSAP256SHA256", 13),
    ("ECDSAP384SHA384", 14),
    ("ED25519", 15),
    ("ED448", 16),
    ("INDIRECT", 252),
    ("PRIVATEDNS", 253),
    ("PRIVATEOID", 254),
];

/// Types of certificates (RFC 4398 section 2.1).
pub(super) const CERTIFICATES: Mnemonics = &[
    ("PKIX", 1),
    ("SPKI", 2),
    ("PGP", 3),
    ("IPKIX", 4),
    ("ISPKI", 5),
    ("IPGP", 6),
    ("ACPKIX", 7),
    ("IACPKIX", 8),
    ("URI", 253),
    ("OID", 254),
];

/// Digest types of DS (IANA, "Digest Algorithms"; mnemonics of BIND).
pub(super) const DIGESTS: Mnemonics =
    &[("SHA-1", 1), ("SHA1", 1), ("SHA-256", 2), ("SHA256", 2), ("GOST", 3), ("SHA-384", 4), ("SHA384", 4)];

/// Protocols of KEY and DNSKEY (RFC 2535 section 7.1).
pub(super) const PROTOCOLS: Mnemonics =
    &[("NONE", 0), ("TLS", 1), ("EMAIL", 2), ("DNSSEC", 3), ("IPSEC", 4), ("ALL", 255)];

/// Usages, selectors and matching types of TLSA and SMIMEA (RFC 7218).
pub(super) const USAGES: Mnemonics =
    &[("PKIX-TA", 0), ("PKIX-EE", 1), ("DANE-TA", 2), ("DANE-EE", 3), ("PRIVCERT", 255)];
pub(super) const SELECTORS: Mnemonics = &[("CERT", 0), ("SPKI", 1), ("PRIVSEL", 255)];
pub(super) const MATCHINGS: Mnemonics = &[("FULL", 0), ("SHA2-256", 1), ("SHA2-512", 2), ("PRIVMATCH", 255)];

/// Keys and fingerprints of SSHFP (IANA, "DNS SSHFP Resource Record Parameters").
pub(super) const SSH_KEYS: Mnemonics =
    &[("RSA", 1), ("DSA", 2), ("DSS", 2), ("ECDSA", 3), ("ED25519", 4), ("ED448", 6)];
pub(super) const FINGERPRINTS: Mnemonics = &[("SHA-1", 1), ("SHA1", 1), ("SHA-256", 2), ("SHA256", 2)];

/// Schemes and digests of ZONEMD (RFC 8976 section 5).
pub(super) const ZONE_SCHEMES: Mnemonics = &[("SIMPLE", 1)];
pub(super) const ZONE_DIGESTS: Mnemonics = &[("SHA384", 1), ("SHA-384", 1), ("SHA512", 2), ("SHA-512", 2)];

/// Hashes of NSEC3 (IANA, "DNSSEC NSEC3 Hash Algorithms").
pub(super) const HASHES: Mnemonics = &[("SHA-1", 1), ("SHA1", 1)];

/// Schemes of DSYNC (RFC 9859 section 2.1).
pub(super) const SCHEMES: Mnemonics = &[("NOTIFY", 1)];

/// A number, or one of its mnemonics.
pub(super) fn number_or_mnemonic(token: &str, mnemonics: Mnemonics) -> Option<u16> {
    let known = mnemonics.iter().find(|(word, _)| word.eq_ignore_ascii_case(token));
    known.map(|(_, number)| *number).or_else(|| token.parse().ok())
}

/// The number of a record type: a mnemonic, `TYPEn` or a number.
pub(super) fn rrtype_code(token: &str) -> Option<u16> {
    RrType::parse(token).ok()?.code()
}

/// A number of seconds, or a duration as in master files: `1h30m`, `1W`.
pub(super) fn seconds(token: &str) -> Option<u32> {
    if let Ok(number) = token.parse() {
        return Some(number);
    }
    let (mut sum, mut number) = (0_u32, None::<u32>);
    for octet in token.bytes() {
        if octet.is_ascii_digit() {
            let digit = u32::from(octet - b'0');
            number = Some(number.unwrap_or_default().checked_mul(10)?.checked_add(digit)?);
            continue;
        }
        let unit: u32 = match octet.to_ascii_lowercase() {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        sum = sum.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    number.is_none().then_some(sum).filter(|_| !token.is_empty())
}

/// The time of a signature (RFC 4034 section 3.2): `YYYYMMDDHHmmSS` in UTC, or seconds since 1970. Both are 32-bit serial
/// numbers.
pub(super) fn signature_time(token: &str) -> Option<u32> {
    if token.len() != 14 || !token.bytes().all(|octet| octet.is_ascii_digit()) {
        return token.parse().ok();
    }
    let number = |from, to| token.get(from..to)?.parse::<i8>().ok();
    let date = jiff::civil::DateTime::new(
        token.get(..4)?.parse().ok()?,
        number(4, 6)?,
        number(6, 8)?,
        number(8, 10)?,
        number(10, 12)?,
        number(12, 14)?,
        0,
    );
    let seconds = jiff::tz::Offset::UTC.to_timestamp(date.ok()?).ok()?.as_second();
    u32::try_from(seconds.rem_euclid(1 << 32)).ok()
}

/// The bytes of hexadecimal digits, ignoring white space between them.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Vec<u8> =
        text.split_ascii_whitespace().flat_map(str::chars).map(digit).collect::<Option<_>>()?;
    let whole = digits.len().is_multiple_of(2);
    whole.then(|| digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, d| sum << 4 | d)).collect())
}

pub(super) fn push_hex(octets: &[u8], out: &mut String) {
    for octet in octets {
        let _ = write!(out, "{octet:02X}");
    }
}

/// The bytes of base64 text, ignoring white space in it; the padding at its end may be missing.
pub(super) fn unbase64(text: &str) -> Option<Vec<u8>> {
    let mut digits: String = text.split_ascii_whitespace().collect();
    while !digits.len().is_multiple_of(4) {
        digits.push('=');
    }
    base64::decode(&digits).ok()
}

pub(super) fn push_base64(octets: &[u8], out: &mut String) {
    let _ = base64::display(octets, out);
}

/// The bytes of base32 text with the extended hexadecimal alphabet, without padding (RFC 5155 section 3.3).
pub(super) fn unbase32(token: &str) -> Option<Vec<u8>> {
    base32::decode_hex(token).ok()
}

pub(super) fn push_base32(octets: &[u8], out: &mut String) {
    let _ = base32::display_hex(octets, out);
}

/// The text between the quotes of a token, if it is quoted.
pub(super) fn unquote(token: &str) -> Option<&str> {
    token.strip_prefix('"').map_or(Some(token), |token| token.strip_suffix('"'))
}

/// The bytes of a character string, with escapes decoded.
pub(super) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [octet, after @ ..] = rest {
        rest = after;
        if *octet == b'\\' {
            let (octet, taken) = escape::unescape(rest)?;
            out.push(octet);
            rest = rest.get(taken..)?;
        } else {
            out.push(*octet);
        }
    }
    Some(out)
}

/// Exactly `N` bytes in hexadecimal, in groups separated by `-` or `:`: `00-00-5e-00-53-2a`. Groups are as long as they are
/// printed; leading zeros may be missing in groups of four digits (RFC 6742).
pub(super) fn grouped<const N: usize>(token: &str, digits: usize) -> Option<SmallVec<[u8; 8]>> {
    let mut octets = SmallVec::new();
    // Hardware addresses may also be written without separators.
    if digits == 2 && token.len() == 2 * N {
        octets.extend_from_slice(&unhex(token)?);
        return Some(octets).filter(|octets| octets.len() == N);
    }
    for group in token.split(['-', ':']) {
        let fits =
            (1..=digits).contains(&group.len()) && group.bytes().all(|octet| octet.is_ascii_hexdigit());
        let number = u16::from_str_radix(group, 16).ok().filter(|_| fits)?;
        if digits == 2 && group.len() != 2 {
            return None;
        }
        octets.extend_from_slice(number.to_be_bytes().get(2 - digits / 2..)?);
    }
    (octets.len() == N).then_some(octets)
}

pub(super) fn push_grouped(octets: &[u8], size: usize, separator: char, out: &mut String) {
    for (at, group) in octets.chunks(size).enumerate() {
        if at > 0 {
            out.push(separator);
        }
        for octet in group {
            let _ = write!(out, "{octet:02x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_master_files_have_them() {
        assert_eq!(seconds("3600"), Some(3600));
        assert_eq!(seconds("1h30M"), Some(5400));
        assert_eq!(seconds("1w2d"), Some(777_600));
        for none in ["", "h", "1h1", "-1", "1x", "9999999999", "99999w"] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }

    #[test]
    fn groups_of_hexadecimal_must_be_whole() {
        assert_eq!(grouped::<6>("00-00-5E-00-53-2a", 2).unwrap().as_slice(), [0, 0, 0x5e, 0, 0x53, 0x2a]);
        assert_eq!(
            grouped::<8>("14:4fff:ff20:ee64", 4).unwrap().as_slice(),
            [0, 0x14, 0x4f, 0xff, 0xff, 0x20, 0xee, 0x64]
        );
        for none in ["", "00-00-5e-00-53", "0-0-5e-00-53-2a", "00-00-5e-00-53-+a", "00-00-5e-00-53-2a-"] {
            assert_eq!(grouped::<6>(none, 2), None, "{none}");
        }
    }

    #[test]
    fn base64_may_be_split_and_lack_its_padding() {
        assert_eq!(unbase64("YWJ jZA").unwrap(), b"abcd");
        assert_eq!(unbase64("YWJjZA==").unwrap(), b"abcd");
        assert_eq!(unbase64("YWJj!"), None);
        assert_eq!(unbase64("Y"), None);
    }
}
