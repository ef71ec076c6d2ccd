//! Record data between its canonical octets and its presentation form (RFC 1035 section 5.1, RFC 3597).
//!
//! Types with a plain layout are read and printed here, field by field; the others by `irregular` and `zonefile`.
//! Reading returns `None` where the text is no data of the type: the caller keeps the text.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use smallvec::SmallVec;

use super::encoding::{self, grouped, push_grouped, unbase64, unhex};
use super::layout::{self, Field};
use super::{MAX_WIRE, Rdata, Repr, irregular, zonefile};
use crate::name::NameRef;
use crate::{Name, RrType, escape};

type Wire = SmallVec<[u8; 16]>;

/// Reads data of `rrtype`; `None` when the text is none.
pub(super) fn parse(rrtype: RrType, text: &str) -> Option<Rdata> {
    let text = escape::trim(text);
    // The three shapes that make up nearly all of passive DNS, without going through tokens.
    match rrtype {
        RrType::A if !text.starts_with('\\') => return Some(wire(&text.parse::<Ipv4Addr>().ok()?.octets())),
        RrType::AAAA if !text.starts_with('\\') => {
            return Some(wire(&text.parse::<Ipv6Addr>().ok()?.octets()));
        }
        RrType::NS | RrType::CNAME | RrType::PTR if !text.starts_with("\\#") => {
            return Some(name(Name::parse(text).ok()?));
        }
        RrType::Word(_) => return None,
        RrType::Code(_) => {}
    }
    if let Some(generic) = text.strip_prefix("\\#") {
        return Rdata::from_wire(rrtype, &parse_generic(generic)?).ok();
    }
    match layout::of(rrtype) {
        Some(layout) if layout.text => parse_fields(layout.fields, text),
        _ if irregular::knows(rrtype) => {
            let octets = irregular::parse(rrtype, text).filter(|octets| octets.len() <= MAX_WIRE)?;
            Some(Rdata(Repr::Wire(octets)))
        }
        _ => Rdata::from_wire(rrtype, &zonefile::parse(rrtype, text)?).ok(),
    }
}

/// Prints canonical octets of `rrtype`; names end in a dot where `absolute` says so and the form is not our own row
/// of fields.
pub(super) fn push(rrtype: RrType, wire: &[u8], absolute: bool, out: &mut String) {
    let start = out.len();
    let layout = layout::of(rrtype);
    let printed = match layout {
        Some(layout) if layout.text => push_fields(layout.fields, wire, out),
        _ if irregular::knows(rrtype) => irregular::push(rrtype, wire, absolute, out),
        _ => zonefile::push(rrtype, wire, out),
    };
    // Octets that are kept although they are not the canonical form of these fields must not print as those that are.
    let may_differ = match layout {
        Some(layout) => layout.lenient,
        None => !zonefile::knows(rrtype),
    };
    let same = |text: &str| parse(rrtype, text).is_some_and(|back| back.as_wire() == Some(wire));
    if printed.is_none() || may_differ && !out.get(start..).is_some_and(same) {
        out.truncate(start);
        push_generic(wire, out);
    }
}

/// Reads what nearly all data of addresses and names is: plain text, not even blanks around it.
/// `None` is not yet a verdict.
pub(super) fn parse_plain(rrtype: RrType, text: &[u8]) -> Option<Rdata> {
    match rrtype {
        RrType::A => parse_v4(text).map(|octets| wire(&octets)),
        RrType::NS | RrType::CNAME | RrType::PTR => Name::parse_plain(text).map(name),
        _ => None,
    }
}

/// An IPv4 address as four decimal numbers, without leading zeros.
fn parse_v4(text: &[u8]) -> Option<[u8; 4]> {
    let mut octets = [0; 4];
    let mut numbers = text.split(|octet| *octet == b'.');
    for octet in &mut octets {
        *octet = match numbers.next()? {
            [a @ b'0'..=b'9'] => a - b'0',
            [a @ b'1'..=b'9', b @ b'0'..=b'9'] => (a - b'0') * 10 + (b - b'0'),
            [a @ b'1'..=b'2', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                ((a - b'0') * 100).checked_add((b - b'0') * 10 + (c - b'0'))?
            }
            _ => return None,
        };
    }
    numbers.next().is_none().then_some(octets)
}

fn name(name: Name) -> Rdata {
    Rdata(Repr::Wire(SmallVec::from_vec(name.into_wire())))
}

fn wire(octets: &[u8]) -> Rdata {
    Rdata(Repr::Wire(SmallVec::from_slice(octets)))
}

fn parse_fields(fields: &[Field], text: &str) -> Option<Rdata> {
    let mut out = Wire::new();
    if fields == [Field::Texts] && !text.starts_with('"') {
        push_strings(text, &mut out)?;
        return Some(Rdata(Repr::Wire(out)));
    }
    let mut rest = text;
    for field in fields {
        parse_field(*field, &mut rest, &mut out)?;
    }
    skip_brackets(&mut rest);
    (rest.is_empty() && !out.is_empty() && out.len() <= MAX_WIRE).then_some(Rdata(Repr::Wire(out)))
}

fn parse_field(field: Field, rest: &mut &str, out: &mut Wire) -> Option<()> {
    skip_brackets(rest);
    match field {
        Field::Texts => {
            while !rest.is_empty() {
                push_string(take_token(rest)?, out)?;
            }
        }
        Field::MaybeText if rest.is_empty() => {}
        Field::Base64 => {
            out.extend_from_slice(&unbase64(&take_rest(rest)).filter(|octets| !octets.is_empty())?);
        }
        Field::Hex => out.extend_from_slice(&unhex(&take_rest(rest)).filter(|octets| !octets.is_empty())?),
        Field::Types => out.extend_from_slice(&zonefile::parse_types(&take_rest(rest))?),
        Field::Rest => return None,
        field => parse_token(field, take_token(rest)?, out)?,
    }
    Some(())
}

fn parse_token(field: Field, token: &str, out: &mut Wire) -> Option<()> {
    match field {
        Field::V4 => out.extend_from_slice(&token.parse::<Ipv4Addr>().ok()?.octets()),
        Field::V6 => out.extend_from_slice(&token.parse::<Ipv6Addr>().ok()?.octets()),
        Field::U8 => out.push(token.parse().ok()?),
        Field::U16 => out.extend_from_slice(&token.parse::<u16>().ok()?.to_be_bytes()),
        Field::U32 => out.extend_from_slice(&token.parse::<u32>().ok()?.to_be_bytes()),
        Field::Seconds => out.extend_from_slice(&encoding::seconds(token)?.to_be_bytes()),
        Field::Type => out.extend_from_slice(&encoding::rrtype_code(token)?.to_be_bytes()),
        Field::Word8(words) => out.push(u8::try_from(encoding::number_or_mnemonic(token, words)?).ok()?),
        Field::Word16(words) => {
            out.extend_from_slice(&encoding::number_or_mnemonic(token, words)?.to_be_bytes());
        }
        Field::Eui48 => out.extend_from_slice(&grouped::<6>(token, 2)?),
        Field::Eui64 => out.extend_from_slice(&grouped::<8>(token, 2)?),
        Field::Locator => out.extend_from_slice(&grouped::<8>(token, 4)?),
        Field::Nsap => {
            let digits = token.strip_prefix("0x").or_else(|| token.strip_prefix("0X"))?;
            out.extend_from_slice(&unhex(&digits.replace('.', ""))?);
        }
        Field::Name => out.extend_from_slice(Name::parse(token).ok()?.as_wire()),
        Field::Text | Field::MaybeText => push_string(token, out)?,
        Field::LongText => out.extend_from_slice(&unescape(unquote(token)?)?),
        Field::Base64 | Field::Hex | Field::Rest | Field::Texts | Field::Types => return None,
    }
    Some(())
}

/// Passes over the parentheses that let master files break a record into lines.
pub(super) fn skip_brackets(rest: &mut &str) {
    while let Some(after) = rest.strip_prefix(['(', ')'])
        && (after.is_empty() || after.starts_with([' ', '\t']))
    {
        *rest = after.trim_start_matches([' ', '\t']);
    }
}

/// Takes everything that is left, without such parentheses.
fn take_rest(rest: &mut &str) -> String {
    let tokens = std::mem::take(rest).split_ascii_whitespace();
    tokens.filter(|token| !matches!(*token, "(" | ")")).collect::<Vec<_>>().join(" ")
}

/// Takes the next token off `rest`, quotes included; `None` at the end or at an open quote.
pub(super) fn take_token<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let bytes = rest.as_bytes();
    let quoted = bytes.first() == Some(&b'"');
    let mut at = usize::from(quoted);
    loop {
        match (bytes.get(at), quoted) {
            (Some(b'\\'), _) => at += 2,
            (Some(b'"'), true) => {
                at += 1;
                break;
            }
            (Some(b' ' | b'\t') | None, false) => break,
            (None, true) => return None,
            (Some(_), _) => at += 1,
        }
    }
    let (token, after) = rest.split_at_checked(at)?;
    // A closing quote ends its token: something glued to it is a mistake, not another token.
    let glued = quoted && !after.is_empty() && !after.starts_with([' ', '\t']);
    *rest = after.trim_start_matches([' ', '\t']);
    (!token.is_empty() && !glued).then_some(token)
}

/// Appends one character string from a token, quoted or not.
fn push_string(token: &str, out: &mut Wire) -> Option<()> {
    let octets = unescape(unquote(token)?)?;
    out.push(u8::try_from(octets.len()).ok()?);
    out.extend_from_slice(&octets);
    Some(())
}

/// What stands between the quotes of a token, if it has any.
fn unquote(token: &str) -> Option<&str> {
    token.strip_prefix('"').map_or(Some(token), |token| token.strip_suffix('"'))
}

/// Appends an unquoted text as one character string, as several where it is longer than one can be.
fn push_strings(text: &str, out: &mut Wire) -> Option<()> {
    let octets = unescape(text)?;
    for part in octets.chunks(255) {
        out.push(u8::try_from(part.len()).ok()?);
        out.extend_from_slice(part);
    }
    (!out.is_empty() && out.len() <= MAX_WIRE).then_some(())
}

fn unescape(text: &str) -> Option<Vec<u8>> {
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

/// Reads what follows `\#`: a length and that many octets in hexadecimal, blanks anywhere between digits.
fn parse_generic(text: &str) -> Option<Vec<u8>> {
    let (len, digits) = text.trim_start().split_once([' ', '\t']).unwrap_or((text.trim(), ""));
    let len: usize = len.parse().ok()?;
    let octets = unhex(digits)?;
    (octets.len() == len && len <= MAX_WIRE).then_some(octets)
}

fn push_generic(wire: &[u8], out: &mut String) {
    let _ = write!(out, "\\# {}", wire.len());
    if !wire.is_empty() {
        out.push(' ');
    }
    for octet in wire {
        let _ = write!(out, "{octet:02x}");
    }
}

fn push_fields(fields: &[Field], wire: &[u8], out: &mut String) -> Option<()> {
    let start = out.len();
    let mut rest = wire;
    for field in fields {
        let (octets, after) = rest.split_at_checked(layout::field_len(*field, rest)?)?;
        rest = after;
        if octets.is_empty() && *field != Field::LongText {
            continue;
        }
        if out.len() > start {
            out.push(' ');
        }
        push_field(*field, octets, out)?;
    }
    Some(())
}

fn push_field(field: Field, octets: &[u8], out: &mut String) -> Option<()> {
    let number = || octets.iter().fold(0_u32, |sum, octet| sum << 8 | u32::from(*octet));
    match field {
        Field::V4 => push_ipv4(octets, out),
        Field::V6 => write!(out, "{}", Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?)).ok()?,
        Field::U8 | Field::U16 | Field::U32 | Field::Seconds | Field::Word8(_) | Field::Word16(_) => {
            out.push_str(itoa::Buffer::new().format(number()));
        }
        Field::Type => write!(out, "{}", RrType::Code(u16::try_from(number()).ok()?)).ok()?,
        Field::Eui48 | Field::Eui64 => push_grouped(octets, 1, '-', out),
        Field::Locator => push_grouped(octets, 2, ':', out),
        Field::Hex => encoding::push_hex(octets, out),
        Field::Nsap => {
            out.push_str("0x");
            encoding::push_hex(octets, out);
        }
        Field::Base64 => encoding::push_base64(octets, out),
        Field::LongText => push_quoted(octets, out),
        Field::Types => zonefile::push_types(octets, out)?,
        Field::Name => NameRef::split_canonical(octets)?.0.push_text(out),
        Field::Text | Field::MaybeText => push_quoted(octets.get(1..)?, out),
        Field::Texts => {
            let mut rest = octets;
            while let [len, after @ ..] = rest {
                let (text, after) = after.split_at_checked(usize::from(*len))?;
                if rest.len() < octets.len() {
                    out.push(' ');
                }
                push_quoted(text, out);
                rest = after;
            }
        }
        Field::Rest => return None,
    }
    Some(())
}

fn push_ipv4(octets: &[u8], out: &mut String) {
    for (at, octet) in octets.iter().enumerate() {
        if at > 0 {
            out.push('.');
        }
        out.push_str(itoa::Buffer::new().format(*octet));
    }
}

fn push_quoted(octets: &[u8], out: &mut String) {
    out.push('"');
    for octet in octets {
        match octet {
            b'"' | b'\\' => out.extend(['\\', char::from(*octet)]),
            octet if escape::is_printable(*octet) => out.push(char::from(*octet)),
            octet => escape::push_decimal(*octet, out),
        }
    }
    out.push('"');
}
