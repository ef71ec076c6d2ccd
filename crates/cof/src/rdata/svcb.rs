//! The parameters of SVCB and HTTPS records (RFC 9460, with the keys of RFC 9461, 9540, 9848 and 9953).
//!
//! [`parse`] converts any spelling to wire format: keys by name or as `keyN`, in any order, values with or without quotes, in
//! their own form or as escaped bytes. [`push`] prints one form of a parameter: by name if the value is valid for its key, and
//! otherwise as `keyN` with escaped bytes. `None` means that the text or the bytes are invalid: a key is repeated, or the keys
//! in the bytes are not in ascending order.
//!
//! The `domain` library does not read `keyN` for keys that it knows, nor `no-default-alpn`, so it is not used for these types.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::encoding::{push_base64, unbase64, unescape, unquote};
use crate::escape;

/// The form of a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Keys, in ascending order in wire format.
    Keys,
    /// Character strings, separated by commas in text; the number is their minimum.
    Strings(usize),
    /// No value.
    Nothing,
    /// A port.
    Port,
    /// 16-bit numbers.
    Numbers,
    /// IPv4 addresses.
    V4,
    /// IPv6 addresses.
    V6,
    /// Bytes that are written in base64.
    Base64,
    /// Bytes that are written as a character string.
    Octets,
}

/// The registered keys: number, name and form (IANA, "Service Parameter Keys").
const KEYS: &[(u16, &str, Form)] = &[
    (0, "mandatory", Form::Keys),
    (1, "alpn", Form::Strings(1)),
    (2, "no-default-alpn", Form::Nothing),
    (3, "port", Form::Port),
    (4, "ipv4hint", Form::V4),
    (5, "ech", Form::Base64),
    (6, "ipv6hint", Form::V6),
    (7, "dohpath", Form::Octets),
    (8, "ohttp", Form::Nothing),
    (9, "tls-supported-groups", Form::Numbers),
    (10, "docpath", Form::Strings(0)),
];

/// Parses the text after the target name into wire format, in ascending order of the keys.
pub(super) fn parse(text: &str) -> Option<Vec<u8>> {
    let mut params: BTreeMap<u16, Vec<u8>> = BTreeMap::new();
    let mut rest = text.trim_start_matches([' ', '\t']);
    // A semicolon starts a comment.
    while !rest.is_empty() && !rest.starts_with(';') {
        let (key, value) = parse_param(take_param(&mut rest)?)?;
        if params.insert(key, value).is_some() {
            return None;
        }
    }
    let mut wire = Vec::new();
    for (key, value) in params {
        wire.extend_from_slice(&key.to_be_bytes());
        wire.extend_from_slice(&u16::try_from(value.len()).ok()?.to_be_bytes());
        wire.extend_from_slice(&value);
    }
    Some(wire)
}

/// Prints parameters from wire format.
pub(super) fn push(wire: &[u8], out: &mut String) -> Option<()> {
    let (mut rest, mut before) = (wire, None);
    while let [high, low, len_high, len_low, after @ ..] = rest {
        let key = u16::from_be_bytes([*high, *low]);
        let (value, after) =
            after.split_at_checked(usize::from(u16::from_be_bytes([*len_high, *len_low])))?;
        if before.is_some_and(|before| before >= key) {
            return None;
        }
        if before.is_some() {
            out.push(' ');
        }
        push_param(key, value, out)?;
        (rest, before) = (after, Some(key));
    }
    rest.is_empty().then_some(())
}

/// Splits one parameter off `rest`: it ends at a blank outside of quotes.
fn take_param<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (mut quoted, mut escaped, mut end) = (false, false, rest.len());
    for (at, octet) in rest.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b' ' | b'\t' if !quoted => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let (param, after) = rest.split_at_checked(end)?;
    *rest = after.trim_start_matches([' ', '\t']);
    (!quoted && !escaped).then_some(param)
}

fn parse_param(param: &str) -> Option<(u16, Vec<u8>)> {
    // Some write the quotes around the whole parameter.
    let param = if param.starts_with('"') { unquote(param)? } else { param };
    let (name, value) = param.split_once('=').unwrap_or((param, ""));
    let octets = unescape(unquote(value)?)?;
    if let Some((key, _, form)) = KEYS.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(name)) {
        return Some((*key, value_of(*form, &octets)?));
    }
    Some((numbered(name)?, octets))
}

/// The number of a key in the form `keyN`.
fn numbered(name: &str) -> Option<u16> {
    let (word, digits) = name.split_at_checked(3)?;
    let fits = word.eq_ignore_ascii_case("key") && digits.bytes().all(|octet| octet.is_ascii_digit());
    digits.parse().ok().filter(|_| fits)
}

/// The wire format of a value in its own form.
fn value_of(form: Form, text: &[u8]) -> Option<Vec<u8>> {
    let items = || std::str::from_utf8(text).ok().map(|text| text.split(','));
    match form {
        Form::Octets => Some(text.to_vec()),
        Form::Nothing => text.is_empty().then(Vec::new),
        Form::Base64 => unbase64(std::str::from_utf8(text).ok()?),
        Form::Port => {
            std::str::from_utf8(text).ok()?.parse::<u16>().ok().map(|port| port.to_be_bytes().to_vec())
        }
        Form::Strings(least) => strings_of(text, least),
        Form::Numbers => items()?.try_fold(Vec::new(), |mut wire, item| {
            wire.extend_from_slice(&item.parse::<u16>().ok()?.to_be_bytes());
            Some(wire)
        }),
        Form::V4 => items()?.try_fold(Vec::new(), |mut wire, item| {
            wire.extend_from_slice(&item.parse::<Ipv4Addr>().ok()?.octets());
            Some(wire)
        }),
        Form::V6 => items()?.try_fold(Vec::new(), |mut wire, item| {
            wire.extend_from_slice(&item.parse::<Ipv6Addr>().ok()?.octets());
            Some(wire)
        }),
        Form::Keys => {
            let mut keys = BTreeSet::new();
            for item in items()? {
                let known = KEYS.iter().find(|(_, known, _)| known.eq_ignore_ascii_case(item));
                let key = known.map(|(key, ..)| *key).or_else(|| numbered(item))?;
                if !keys.insert(key) {
                    return None;
                }
            }
            Some(keys.into_iter().flat_map(u16::to_be_bytes).collect())
        }
    }
}

/// The character strings of a list in which a backslash escapes a comma or backslash (RFC 9460 appendix A.1).
fn strings_of(text: &[u8], least: usize) -> Option<Vec<u8>> {
    if text.is_empty() {
        return (least == 0).then(Vec::new);
    }
    let mut strings = vec![Vec::new()];
    let mut rest = text.iter();
    while let Some(octet) = rest.next() {
        match octet {
            b',' => strings.push(Vec::new()),
            b'\\' => strings.last_mut()?.push(*rest.next()?),
            octet => strings.last_mut()?.push(*octet),
        }
    }
    let mut wire = Vec::with_capacity(text.len() + 1);
    for string in strings {
        wire.push(u8::try_from(string.len()).ok().filter(|len| *len > 0)?);
        wire.extend_from_slice(&string);
    }
    Some(wire)
}

fn push_param(key: u16, value: &[u8], out: &mut String) -> Option<()> {
    if let Some((_, name, form)) = KEYS.iter().find(|(known, ..)| *known == key)
        && let Some(text) = text_of(*form, value)
        && value_of(*form, &text).is_some_and(|back| back == value)
    {
        out.push_str(name);
        push_value(&text, out);
        return Some(());
    }
    write!(out, "key{key}").ok()?;
    push_value(value, out);
    Some(())
}

/// A value in its own form, before it is escaped; it is not used if it does not read back.
fn text_of(form: Form, value: &[u8]) -> Option<Vec<u8>> {
    fn list<const N: usize>(value: &[u8], item: impl Fn([u8; N]) -> String) -> Option<Vec<u8>> {
        let (items, rest) = value.as_chunks::<N>();
        let text = items.iter().map(|octets| item(*octets)).collect::<Vec<_>>().join(",");
        rest.is_empty().then(|| text.into_bytes())
    }
    match form {
        Form::Octets | Form::Nothing => Some(value.to_vec()),
        Form::Base64 => {
            let mut text = String::new();
            push_base64(value, &mut text);
            // Without a value, the name alone would look like a key without one.
            (!text.is_empty()).then(|| text.into_bytes())
        }
        Form::Port | Form::Numbers => list(value, |octets| u16::from_be_bytes(octets).to_string()),
        Form::V4 => list(value, |octets| Ipv4Addr::from(octets).to_string()),
        Form::V6 => list(value, |octets| Ipv6Addr::from(octets).to_string()),
        Form::Keys => list(value, |octets| {
            let key = u16::from_be_bytes(octets);
            let known = KEYS.iter().find(|(known, ..)| *known == key);
            known.map_or_else(|| format!("key{key}"), |(_, name, _)| (*name).to_owned())
        }),
        Form::Strings(_) => {
            let (mut text, mut rest) = (Vec::new(), value);
            while let [len, after @ ..] = rest {
                let (string, after) = after.split_at_checked(usize::from(*len))?;
                if rest.len() < value.len() {
                    text.push(b',');
                }
                for octet in string {
                    if matches!(octet, b',' | b'\\') {
                        text.push(b'\\');
                    }
                    text.push(*octet);
                }
                rest = after;
            }
            Some(text)
        }
    }
}

/// Appends a value as an unquoted character string; nothing if it is empty.
fn push_value(value: &[u8], out: &mut String) {
    if !value.is_empty() {
        out.push('=');
    }
    for octet in value {
        match octet {
            b'"' | b'\\' | b'(' | b')' | b';' => out.extend(['\\', char::from(*octet)]),
            b'!'..=b'~' => out.push(char::from(*octet)),
            octet => escape::push_decimal(*octet, out),
        }
    }
}
