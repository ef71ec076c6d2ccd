//! Types whose fields depend on each other: APL (RFC 3123), AMTRELAY (RFC 8777), HIP (RFC 8005), IPSECKEY (RFC 4025),
//! LOC (RFC 1876) and WKS (RFC 1035).
//!
//! Each has its own function to read and print it. `None` means that the text or the bytes do not have that form. The caller
//! compares the printed form with what it is parsed into, so a form that is valid but not canonical is printed generically
//! instead.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use smallvec::SmallVec;

use super::encoding::{push_base64, push_hex, unbase64, unhex};
use super::presentation::{skip_brackets, take_token};
use super::{location, services};
use crate::name::NameRef;
use crate::{Name, RrType};

type Wire = SmallVec<[u8; 16]>;

/// The relay or gateway of AMTRELAY and IPSECKEY: the numbers of the kinds.
const NONE: u8 = 0;
const V4: u8 = 1;
const V6: u8 = 2;
const NAME: u8 = 3;
/// The bit of AMTRELAY that lets a client use the relay without discovery.
const DISCOVERY: u8 = 0x80;

/// Whether this module reads and prints data of this type.
pub(super) fn knows(rrtype: RrType) -> bool {
    matches!(
        rrtype,
        RrType::AMTRELAY | RrType::APL | RrType::HIP | RrType::IPSECKEY | RrType::LOC | RrType::WKS
    )
}

/// Parses the presentation format.
pub(super) fn parse(rrtype: RrType, text: &str) -> Option<Wire> {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    skip_brackets(&mut rest);
    // A semicolon starts a comment up to the end of the line.
    while !rest.is_empty() && !rest.starts_with(';') {
        words.push_str(take_token(&mut rest)?);
        skip_brackets(&mut rest);
        if !rest.is_empty() && !rest.starts_with(';') {
            words.push(' ');
        }
    }
    parse_words(rrtype, &words)
}

fn parse_words(rrtype: RrType, text: &str) -> Option<Wire> {
    match rrtype {
        RrType::AMTRELAY => parse_relay(text),
        RrType::APL => parse_prefixes(text),
        RrType::HIP => parse_identity(text),
        RrType::IPSECKEY => parse_key(text),
        RrType::LOC => location::parse(text),
        RrType::WKS => services::parse(text),
        _ => None,
    }
}

/// Prints the presentation format; names end in a dot if `absolute` is set.
pub(super) fn push(rrtype: RrType, wire: &[u8], absolute: bool, out: &mut String) -> Option<()> {
    match rrtype {
        RrType::AMTRELAY => push_relay(wire, absolute, out),
        RrType::APL => push_prefixes(wire, out),
        RrType::HIP => push_identity(wire, absolute, out),
        RrType::IPSECKEY => push_key(wire, absolute, out),
        RrType::LOC => location::push(wire, out),
        RrType::WKS => services::push(wire, out),
        _ => None,
    }
}

/// Converts names to lower case, and removes the trailing zeros of addresses in APL, which are not allowed.
pub(super) fn canonicalise(rrtype: RrType, wire: &mut Wire) {
    if rrtype == RrType::APL {
        if let Some(short) = without_zeros(wire) {
            *wire = short;
        }
        return;
    }
    for name in names(rrtype, wire) {
        if let Some(name) = wire.get_mut(name) {
            name.make_ascii_lowercase();
        }
    }
}

/// The positions of the names that are hosts.
pub(super) fn names(rrtype: RrType, wire: &[u8]) -> SmallVec<[Range<usize>; 1]> {
    let (mut at, most) = match (rrtype, wire) {
        (RrType::AMTRELAY, [_, kind, ..]) if kind & !DISCOVERY == NAME => (2, 1),
        (RrType::IPSECKEY, [_, NAME, _, ..]) => (3, 1),
        (RrType::HIP, [tag, _, high, low, ..]) => {
            (4 + usize::from(*tag) + usize::from(u16::from_be_bytes([*high, *low])), usize::MAX)
        }
        _ => return SmallVec::new(),
    };
    let mut found = SmallVec::new();
    while let Some((name, _)) = wire.get(at..).and_then(NameRef::split_canonical) {
        if found.len() == most {
            break;
        }
        let end = at + name.as_wire().len();
        found.push(at..end);
        at = end;
    }
    found
}

/// The address of a relay or gateway, if it has one.
pub(super) fn address(rrtype: RrType, wire: &[u8]) -> Option<IpAddr> {
    let (kind, rest) = match (rrtype, wire) {
        (RrType::AMTRELAY, [_, kind, rest @ ..]) => (kind & !DISCOVERY, rest),
        (RrType::IPSECKEY, [_, kind, _, rest @ ..]) => (*kind, rest),
        _ => return None,
    };
    match kind {
        V4 => rest.first_chunk::<4>().map(|octets| IpAddr::from(*octets)),
        V6 => rest.first_chunk::<16>().map(|octets| IpAddr::from(*octets)),
        _ => None,
    }
}

fn parse_relay(text: &str) -> Option<Wire> {
    let mut rest = text;
    let mut wire = Wire::new();
    wire.push(take_token(&mut rest)?.parse().ok()?);
    let discovery: u8 = take_token(&mut rest)?.parse().ok().filter(|bit| *bit <= 1)?;
    let kind: u8 = take_token(&mut rest)?.parse().ok()?;
    wire.push(discovery << 7 | kind);
    let root_is_nothing = kind == NONE && rest.is_empty();
    if !root_is_nothing {
        push_gateway(kind, take_token(&mut rest)?, &mut wire)?;
    }
    rest.is_empty().then_some(wire)
}

fn push_relay(wire: &[u8], absolute: bool, out: &mut String) -> Option<()> {
    let [precedence, kind, rest @ ..] = wire else { return None };
    let (discovery, kind) = (kind >> 7, kind & !DISCOVERY);
    let _ = write!(out, "{precedence} {discovery} {kind} ");
    let rest = print_gateway(kind, rest, absolute, out)?;
    rest.is_empty().then_some(())
}

fn parse_key(text: &str) -> Option<Wire> {
    let mut rest = text;
    let mut wire = Wire::new();
    for _ in 0..3 {
        wire.push(take_token(&mut rest)?.parse().ok()?);
    }
    push_gateway(*wire.get(1)?, take_token(&mut rest)?, &mut wire)?;
    wire.extend_from_slice(&unbase64(rest)?);
    Some(wire)
}

fn push_key(wire: &[u8], absolute: bool, out: &mut String) -> Option<()> {
    let [precedence, kind, algorithm, rest @ ..] = wire else { return None };
    let _ = write!(out, "{precedence} {kind} {algorithm} ");
    let key = print_gateway(*kind, rest, absolute, out)?;
    if !key.is_empty() {
        out.push(' ');
        push_base64(key, out);
    }
    Some(())
}

/// Appends the bytes of a relay or gateway.
fn push_gateway(kind: u8, token: &str, wire: &mut Wire) -> Option<()> {
    match kind {
        NONE if token == "." => {}
        V4 => wire.extend_from_slice(&token.parse::<Ipv4Addr>().ok()?.octets()),
        V6 => wire.extend_from_slice(&token.parse::<Ipv6Addr>().ok()?.octets()),
        NAME => wire.extend_from_slice(Name::parse(token).ok()?.as_wire()),
        _ => return None,
    }
    Some(())
}

/// Prints a relay or gateway, and returns the rest.
fn print_gateway<'a>(kind: u8, octets: &'a [u8], absolute: bool, out: &mut String) -> Option<&'a [u8]> {
    match kind {
        NONE => {
            out.push('.');
            Some(octets)
        }
        V4 => {
            let (address, rest) = octets.split_first_chunk::<4>()?;
            let _ = write!(out, "{}", Ipv4Addr::from(*address));
            Some(rest)
        }
        V6 => {
            let (address, rest) = octets.split_first_chunk::<16>()?;
            let _ = write!(out, "{}", Ipv6Addr::from(*address));
            Some(rest)
        }
        NAME => {
            let (name, rest) = NameRef::split_canonical(octets)?;
            print_name(name, absolute, out);
            Some(rest)
        }
        _ => None,
    }
}

fn print_name(name: NameRef<'_>, absolute: bool, out: &mut String) {
    name.push_text(out);
    if absolute && name.as_wire() != [0] {
        out.push('.');
    }
}

/// `2 200100107B1A74DF365639CC39F1D578 AwEAAb… rvs.example`.
fn parse_identity(text: &str) -> Option<Wire> {
    let mut rest = text;
    let algorithm: u8 = take_token(&mut rest)?.parse().ok()?;
    let tag = unhex(take_token(&mut rest)?)?;
    let key = unbase64(take_token(&mut rest)?)?;
    let mut wire = Wire::new();
    wire.extend_from_slice(&[u8::try_from(tag.len()).ok()?, algorithm]);
    wire.extend_from_slice(&u16::try_from(key.len()).ok()?.to_be_bytes());
    wire.extend_from_slice(&tag);
    wire.extend_from_slice(&key);
    while !rest.is_empty() {
        wire.extend_from_slice(Name::parse(take_token(&mut rest)?).ok()?.as_wire());
    }
    Some(wire)
}

fn push_identity(wire: &[u8], absolute: bool, out: &mut String) -> Option<()> {
    let [tag_len, algorithm, high, low, rest @ ..] = wire else { return None };
    let (tag, rest) = rest.split_at_checked(usize::from(*tag_len))?;
    let (key, mut rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
    let _ = write!(out, "{algorithm} ");
    push_hex(tag, out);
    out.push(' ');
    push_base64(key, out);
    while !rest.is_empty() {
        let name;
        (name, rest) = NameRef::split_canonical(rest)?;
        out.push(' ');
        print_name(name, absolute, out);
    }
    Some(())
}

/// `1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32`.
fn parse_prefixes(text: &str) -> Option<Wire> {
    let mut rest = text;
    let mut wire = Wire::new();
    while !rest.is_empty() {
        let token = take_token(&mut rest)?;
        let (negated, item) = token.strip_prefix('!').map_or((0, token), |item| (DISCOVERY, item));
        let (family, network) = item.split_once(':')?;
        let (address, prefix) = network.rsplit_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let prefix: u8 = prefix.parse().ok()?;
        let (number, bits, octets) = match address {
            IpAddr::V4(address) => ("1", 32, SmallVec::<[u8; 16]>::from_slice(&address.octets())),
            IpAddr::V6(address) => ("2", 128, SmallVec::from_slice(&address.octets())),
        };
        if family.trim_start_matches('0') != number || prefix > bits {
            return None;
        }
        let len = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
        wire.extend_from_slice(&[0, number.parse().ok()?, prefix, negated | u8::try_from(len).ok()?]);
        wire.extend_from_slice(octets.get(..len)?);
    }
    Some(wire)
}

/// The prefixes of APL without the trailing zeros of addresses, which have no meaning (RFC 3123 section 4).
fn without_zeros(wire: &[u8]) -> Option<Wire> {
    let mut short = Wire::new();
    let mut rest = wire;
    while let [high, low, prefix, len, after @ ..] = rest {
        let (octets, after) = after.split_at_checked(usize::from(len & !DISCOVERY))?;
        let kept = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
        short.extend_from_slice(&[*high, *low, *prefix, len & DISCOVERY | u8::try_from(kept).ok()?]);
        short.extend_from_slice(octets.get(..kept)?);
        rest = after;
    }
    rest.is_empty().then_some(short)
}

fn push_prefixes(wire: &[u8], out: &mut String) -> Option<()> {
    let mut rest = wire;
    while let [0, family, prefix, len, after @ ..] = rest {
        if rest.len() < wire.len() {
            out.push(' ');
        }
        let (octets, after) = after.split_at_checked(usize::from(len & !DISCOVERY))?;
        let mut padded = [0; 16];
        padded.get_mut(..octets.len())?.copy_from_slice(octets);
        let address = match family {
            1 if octets.len() <= 4 => IpAddr::from(*padded.first_chunk::<4>()?),
            2 => IpAddr::from(padded),
            _ => return None,
        };
        let negated = if len & DISCOVERY == 0 { "" } else { "!" };
        let _ = write!(out, "{negated}{family}:{address}/{prefix}");
        rest = after;
    }
    rest.is_empty().then_some(())
}
