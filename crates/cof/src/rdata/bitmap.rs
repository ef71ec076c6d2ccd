//! Bitmaps of record types in NSEC, NSEC3 and CSYNC (RFC 4034 section 4.1.2), and of ports in WKS (RFC 1035 section 3.4.2).
//!
//! Text contains the types in any order, as mnemonics, `TYPEn` or numbers; they are printed in numerical order. `None` means
//! that the text or the bytes are invalid. Bytes with empty windows or trailing zeros are printed in a form that is parsed into
//! other bytes, which the caller detects.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::encoding::rrtype_code;
use crate::RrType;

/// Parses types into a bitmap; without types, it is empty.
pub(super) fn parse_types(text: &str) -> Option<Vec<u8>> {
    let codes: BTreeSet<u16> = text.split_ascii_whitespace().map(rrtype_code).collect::<Option<_>>()?;
    let mut wire = Vec::new();
    let mut rest = codes.into_iter().peekable();
    while let Some([window, _]) = rest.peek().map(|code| code.to_be_bytes()) {
        let mut numbers = Vec::new();
        while let Some(code) = rest.next_if(|code| code.to_be_bytes()[0] == window) {
            numbers.push(code & 255);
        }
        let bits = bits(numbers);
        wire.extend_from_slice(&[window, u8::try_from(bits.len()).ok()?]);
        wire.extend_from_slice(&bits);
    }
    Some(wire)
}

/// Prints the types of a bitmap.
pub(super) fn push_types(bitmap: &[u8], out: &mut String) -> Option<()> {
    let mut rest = bitmap;
    let mut first = true;
    while let [window, len, after @ ..] = rest {
        let (bits, after) = after.split_at_checked(usize::from(*len))?;
        for number in numbers(bits) {
            if !std::mem::take(&mut first) {
                out.push(' ');
            }
            let code = u16::from_be_bytes([*window, u8::try_from(number).ok()?]);
            write!(out, "{}", RrType::Code(code)).ok()?;
        }
        rest = after;
    }
    rest.is_empty().then_some(())
}

/// The shortest bytes with these bits, counted from the highest bit of the first byte.
pub(super) fn bits(numbers: impl IntoIterator<Item = u16>) -> Vec<u8> {
    let mut bits = Vec::new();
    for number in numbers {
        let at = usize::from(number / 8);
        if bits.len() <= at {
            bits.resize(at + 1, 0);
        }
        if let Some(octet) = bits.get_mut(at) {
            *octet |= 128 >> (number % 8);
        }
    }
    bits
}

/// The numbers of the bits that are set, ascending.
pub(super) fn numbers(bits: &[u8]) -> impl Iterator<Item = u16> + use<'_> {
    let octets = (0_u16..).zip(bits).take(8192);
    octets.flat_map(|(at, octet)| {
        (0..8).filter(move |bit| octet & (128 >> bit) != 0).map(move |bit| at * 8 + bit)
    })
}
