//! Converts record data between its canonical bytes and its presentation format (RFC 1035 section 5.1, RFC 3597).
//!
//! Types with a layout are read and printed here, field by field, the others by `irregular`. A type that neither knows (A6,
//! ATMA, DOA, NXT, SINK and the like) only has the generic form: other text of it is kept unchanged. Parsing returns `None` if
//! the text is not valid data of the type, and the caller keeps the text.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use smallvec::SmallVec;

use super::encoding::{self, grouped, push_grouped, unbase32, unbase64, unescape, unhex, unquote};
use super::layout::{self, Field, Layout, Strays};
use super::{MAX_WIRE, Rdata, Repr, bitmap, irregular, svcb};
use crate::name::NameRef;
use crate::{Name, RrType, escape};

type Wire = SmallVec<[u8; 16]>;

/// Parses data of `rrtype`; `None` if the text is invalid.
pub(super) fn parse(rrtype: RrType, text: &str) -> Option<Rdata> {
    let text = escape::trim(text);
    // Fast paths for the three forms of nearly all passive-DNS data, without tokens.
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
        Some(layout) => parse_fields(layout, text),
        None if irregular::knows(rrtype) => {
            let octets = irregular::parse(rrtype, text).filter(|octets| octets.len() <= MAX_WIRE)?;
            Some(Rdata(Repr::Wire(octets)))
        }
        None => None,
    }
}

/// Prints canonical bytes of `rrtype`; names end in a dot if `absolute` is set and the form is not a sequence of fields.
pub(super) fn push(rrtype: RrType, wire: &[u8], absolute: bool, out: &mut String) {
    let start = out.len();
    let layout = layout::of(rrtype);
    let printed = match layout {
        Some(layout) => push_fields(layout.fields, wire, out),
        None if irregular::knows(rrtype) => irregular::push(rrtype, wire, absolute, out),
        None => None,
    };
    // Bytes that are kept although they are not the canonical form of these fields must be printed differently from those that
    // are.
    let may_stray = layout.is_none_or(|layout| layout.strays == Strays::Kept);
    let same = |text: &str| parse(rrtype, text).is_some_and(|back| back.as_wire() == Some(wire));
    // Empty data is printed as `\# 0` rather than nothing.
    if printed.is_none() || out.len() == start || may_stray && !out.get(start..).is_some_and(same) {
        out.truncate(start);
        push_generic(wire, out);
    }
}

/// Whether bytes are printed in a form of these fields that reads back as the same bytes.
pub(super) fn reads_back(layout: &Layout, wire: &[u8]) -> bool {
    let mut text = String::new();
    push_fields(layout.fields, wire, &mut text).is_some()
        && parse_fields(layout, &text).is_some_and(|back| back.as_wire() == Some(wire))
}

/// The single spelling of generic data (`\# 5 C0 00 02 01 00`) that is not valid data of its type; `None` for other text.
pub(super) fn tidy_generic(text: &str) -> Option<Box<str>> {
    let octets = parse_generic(text.strip_prefix("\\#")?)?;
    let mut out = String::new();
    push_generic(&octets, &mut out);
    Some(out.into())
}

/// Parses the usual form of addresses and names: plain text, without surrounding blanks. `None` means that the general parser
/// has to decide.
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

fn parse_fields(layout: &Layout, text: &str) -> Option<Rdata> {
    let fields = layout.fields;
    let mut out = Wire::new();
    if fields == [Field::Texts] && !text.starts_with('"') {
        push_strings(text, &mut out)?;
        return Some(Rdata(Repr::Wire(out)));
    }
    let spread = without_brackets(layout, text);
    let mut rest = &*spread;
    for field in fields {
        parse_field(*field, layout.strays, &mut rest, &mut out)?;
    }
    skip_brackets(&mut rest);
    // A semicolon starts a comment up to the end of the line (RFC 1035 section 5.1).
    let ended = rest.is_empty() || rest.starts_with(';');
    // An empty PGP key is accepted, as in earlier versions.
    let whole = !out.is_empty() || layout.strays == Strays::Refused;
    (ended && whole && out.len() <= MAX_WIRE).then_some(Rdata(Repr::Wire(out)))
}

/// The text with blanks in place of parentheses, if these cannot be data because no field is free text. In the most common
/// types, parentheses are only separate tokens, which [`skip_brackets`] skips.
fn without_brackets<'a>(layout: &Layout, text: &'a str) -> Cow<'a, str> {
    let free =
        |field: &Field| matches!(field, Field::LongText | Field::MaybeText | Field::Text | Field::Texts);
    if layout.strays == Strays::None || !text.contains(['(', ')']) || layout.fields.iter().any(free) {
        return Cow::Borrowed(text);
    }
    let (mut quoted, mut escaped) = (false, false);
    let spread = text.chars().map(|c| {
        let special = !escaped;
        escaped = special && c == '\\';
        quoted ^= special && c == '"';
        if special && !quoted && matches!(c, '(' | ')') { ' ' } else { c }
    });
    Cow::Owned(escape::trim(&spread.collect::<String>()).to_owned())
}

fn parse_field(field: Field, strays: Strays, rest: &mut &str, out: &mut Wire) -> Option<()> {
    skip_brackets(rest);
    // The record that deletes a DS or DNSKEY is written with a 0 in place of one byte 0 (RFC 8078 section 4). An empty key or
    // digest is accepted for the types that earlier versions accepted it for.
    let octets_of = |text: &str, read: fn(&str) -> Option<Vec<u8>>| match text {
        "0" => Some(vec![0]),
        "" if strays == Strays::Refused => Some(Vec::new()),
        text => read(text).filter(|octets| !octets.is_empty()),
    };
    match field {
        Field::Texts => {
            while !rest.is_empty() {
                push_string(take_token(rest)?, out)?;
            }
        }
        Field::MaybeText if rest.is_empty() => {}
        Field::Base64 => out.extend_from_slice(&octets_of(&take_rest(rest), unbase64)?),
        Field::Hex => out.extend_from_slice(&octets_of(&take_rest(rest), unhex)?),
        Field::Types => out.extend_from_slice(&bitmap::parse_types(&take_rest(rest))?),
        Field::Params => out.extend_from_slice(&svcb::parse(std::mem::take(rest))?),
        Field::LongText if !rest.starts_with('"') => {
            let text = std::mem::take(rest);
            let text = text.strip_suffix(" )").or_else(|| text.strip_suffix("\t)")).unwrap_or(text);
            out.extend_from_slice(&unescape(escape::trim(text)).filter(|octets| !octets.is_empty())?);
        }
        Field::LongText | Field::MaybeText | Field::Name | Field::Tag | Field::Text => {
            parse_token(field, take_token(rest)?, out)?;
        }
        field => {
            let token = take_token(rest)?;
            parse_token(field, token, out).or_else(|| {
                // Any field can be quoted, and any of its characters escaped.
                let plain = String::from_utf8(unescape(unquote(token)?)?).ok()?;
                parse_token(field, &plain, out)
            })?;
        }
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
        Field::Time => out.extend_from_slice(&encoding::signature_time(token)?.to_be_bytes()),
        Field::Salt if token == "-" => out.push(0),
        Field::Salt => push_counted(&unhex(token).filter(|octets| !octets.is_empty())?, out)?,
        Field::Hash => push_counted(&unbase32(token).filter(|octets| !octets.is_empty())?, out)?,
        Field::Tag | Field::Text | Field::MaybeText => push_string(token, out)?,
        Field::LongText => out.extend_from_slice(&unescape(unquote(token)?)?),
        Field::Base64 | Field::Hex | Field::Params | Field::Texts | Field::Types => return None,
    }
    Some(())
}

/// Skips the parentheses with which master files split a record into lines.
pub(super) fn skip_brackets(rest: &mut &str) {
    while let Some(after) = rest.strip_prefix(['(', ')'])
        && (after.is_empty() || after.starts_with([' ', '\t']))
    {
        *rest = after.trim_start_matches([' ', '\t']);
    }
}

/// Consumes the rest up to a comment, without such parentheses.
fn take_rest(rest: &mut &str) -> String {
    let rest = std::mem::take(rest);
    let tokens = rest.split(';').next().unwrap_or_default().split_ascii_whitespace();
    tokens.filter(|token| !matches!(*token, "(" | ")")).collect::<Vec<_>>().join(" ")
}

/// Splits the next token off `rest`, including quotes; `None` at the end or if a quote is not closed.
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
    // A closing quote ends its token: text directly after it is invalid, unless it is quoted too.
    let glued = quoted && !after.is_empty() && !after.starts_with([' ', '\t', '"']);
    *rest = after.trim_start_matches([' ', '\t']);
    (!token.is_empty() && !glued).then_some(token)
}

/// Appends a character string from a token, quoted or not.
fn push_string(token: &str, out: &mut Wire) -> Option<()> {
    push_counted(&unescape(unquote(token)?)?, out)
}

/// Appends bytes, preceded by their number.
fn push_counted(octets: &[u8], out: &mut Wire) -> Option<()> {
    out.push(u8::try_from(octets.len()).ok()?);
    out.extend_from_slice(octets);
    Some(())
}

/// Appends an unquoted text as one character string, or as several if it is too long for one.
fn push_strings(text: &str, out: &mut Wire) -> Option<()> {
    let octets = unescape(text)?;
    for part in octets.chunks(255) {
        out.push(u8::try_from(part.len()).ok()?);
        out.extend_from_slice(part);
    }
    (!out.is_empty() && out.len() <= MAX_WIRE).then_some(())
}

/// Parses the text after `\#`: a length and that many bytes in hexadecimal, with blanks and parentheses anywhere between
/// digits, and a comment at the end.
fn parse_generic(text: &str) -> Option<Vec<u8>> {
    let text = text.split(';').next().unwrap_or_default().replace(['(', ')'], " ");
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
        Field::U8
        | Field::U16
        | Field::U32
        | Field::Seconds
        | Field::Time
        | Field::Word8(_)
        | Field::Word16(_) => {
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
        Field::Types => bitmap::push_types(octets, out)?,
        Field::Params => svcb::push(octets, out)?,
        Field::Salt if octets.len() == 1 => out.push('-'),
        Field::Salt => encoding::push_hex(octets.get(1..)?, out),
        Field::Hash => encoding::push_base32(octets.get(1..)?, out),
        Field::Tag => push_tag(octets.get(1..)?, out),
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

/// A tag of a CAA property consists of letters and digits (RFC 8659 section 4.1); any other is quoted.
fn push_tag(octets: &[u8], out: &mut String) {
    match std::str::from_utf8(octets) {
        Ok(tag) if !tag.is_empty() && tag.bytes().all(|octet| octet.is_ascii_alphanumeric()) => {
            out.push_str(tag);
        }
        _ => push_quoted(octets, out),
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
