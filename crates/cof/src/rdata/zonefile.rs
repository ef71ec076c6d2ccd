//! The record types that the `domain` library reads and prints: DNSSEC, SVCB, CAA and the like.
//!
//! The library's zone-file reader takes the whole presentation syntax (quotes, comments, parentheses);
//! it is given exactly one line and must find exactly one record in it.

use domain::base::iana::Rtype;
use domain::base::zonefile_fmt::{DisplayKind, ZonefileFmt};
use domain::base::{Name, ParsedName};
use domain::rdata::ZoneRecordData;
use domain::zonefile::inplace::{Entry, Zonefile};
use std::fmt::Write as _;

use super::MAX_WIRE;
use super::encoding::{ALGORITHMS, number_or_mnemonic};
use super::layout::Mnemonics;
use crate::RrType;

type Parsed<'a> = ZoneRecordData<&'a [u8], ParsedName<&'a [u8]>>;

/// Whether data of this type is read and printed here, and other octets are refused.
pub(super) fn knows(rrtype: RrType) -> bool {
    matches!(
        rrtype,
        RrType::CAA
            | RrType::CDNSKEY
            | RrType::CDS
            | RrType::DNSKEY
            | RrType::DS
            | RrType::HTTPS
            | RrType::NSEC
            | RrType::NSEC3
            | RrType::NSEC3PARAM
            | RrType::OPENPGPKEY
            | RrType::RRSIG
            | RrType::SSHFP
            | RrType::SVCB
            | RrType::TLSA
            | RrType::ZONEMD
    )
}

/// The type by whose rules data of `rrtype` is read and printed: its own, or one that has the same fields.
fn model(rrtype: RrType) -> Option<RrType> {
    match rrtype {
        RrType::DLV | RrType::TA => Some(RrType::DS),
        RrType::KEY | RrType::RKEY => Some(RrType::DNSKEY),
        RrType::SIG => Some(RrType::RRSIG),
        RrType::SMIMEA => Some(RrType::TLSA),
        _ => Some(rrtype).filter(|rrtype| knows(*rrtype)),
    }
}

/// The tokens that can be mnemonics, by their places, which the library takes as numbers only: security algorithms
/// (RFC 4034), and the three fields of TLSA (RFC 7218).
fn mnemonics(model: RrType) -> &'static [(usize, Mnemonics)] {
    const USAGES: Mnemonics =
        &[("PKIX-TA", 0), ("PKIX-EE", 1), ("DANE-TA", 2), ("DANE-EE", 3), ("PRIVCERT", 255)];
    const SELECTORS: Mnemonics = &[("CERT", 0), ("SPKI", 1), ("PRIVSEL", 255)];
    const MATCHINGS: Mnemonics = &[("FULL", 0), ("SHA2-256", 1), ("SHA2-512", 2), ("PRIVMATCH", 255)];
    match model {
        RrType::DNSKEY | RrType::CDNSKEY => &[(2, ALGORITHMS)],
        RrType::DS | RrType::CDS | RrType::RRSIG => &[(1, ALGORITHMS)],
        RrType::TLSA => &[(0, USAGES), (1, SELECTORS), (2, MATCHINGS)],
        _ => &[],
    }
}

/// The text with numbers in the place of mnemonics.
fn without_mnemonics(model: RrType, text: &str) -> String {
    let places = mnemonics(model);
    if places.is_empty() {
        return text.to_owned();
    }
    let mut fields = 0;
    let token = |token: &str| {
        let words = places.iter().find(|(place, _)| *place == fields).map(|(_, words)| *words);
        fields += usize::from(!matches!(token, "(" | ")"));
        let number = words.and_then(|words| number_or_mnemonic(token, words));
        number.map_or_else(|| token.to_owned(), |number| number.to_string())
    };
    text.split([' ', '\t']).filter(|token| !token.is_empty()).map(token).collect::<Vec<_>>().join(" ")
}

/// Reads mnemonics of record types into the bitmap that NSEC and CSYNC have.
pub(super) fn parse_types(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let mut wire = parse(RrType::NSEC, &format!(". {text}"))?;
    wire.remove(0);
    Some(wire)
}

/// Prints such a bitmap.
pub(super) fn push_types(bitmap: &[u8], out: &mut String) -> Option<()> {
    let wire = [&[0], bitmap].concat();
    let mut text = String::new();
    push(RrType::NSEC, &wire, &mut text)?;
    out.push_str(text.strip_prefix(". ")?);
    Some(())
}

/// Whether the octets are data of the type, and print a form that reads back as the same octets.
pub(super) fn is_valid(rrtype: RrType, wire: &[u8]) -> bool {
    let mut text = String::new();
    push(rrtype, wire, &mut text).is_some() && parse(rrtype, &text).is_some_and(|back| back == wire)
}

/// Reads the presentation form into uncompressed wire form.
pub(super) fn parse(rrtype: RrType, text: &str) -> Option<Vec<u8>> {
    let model = model(rrtype)?;
    if text.len() > 4 * MAX_WIRE || text.contains(['\n', '\r']) {
        return None;
    }
    let mut zone = Zonefile::from(format!(". 0 IN {model} {}\n", without_mnemonics(model, text)).as_bytes());
    zone.set_origin(Name::root_bytes());
    let Ok(Some(Entry::Record(record))) = zone.next_entry() else { return None };
    let mut wire = Vec::new();
    let data = record.data();
    let fits = domain::base::rdata::ComposeRecordData::compose_rdata(data, &mut wire).is_ok()
        && domain::base::RecordData::rtype(data) == Rtype::from_int(model.code()?);
    let alone = matches!(zone.next_entry(), Ok(None));
    (fits && alone && wire.len() <= MAX_WIRE).then_some(wire)
}

/// Prints the octets in presentation form; `None` when they are no data of the type.
pub(super) fn push(rrtype: RrType, wire: &[u8], out: &mut String) -> Option<()> {
    let code = model(rrtype)?.code()?;
    let mut parser = octseq(wire);
    let parsed: Parsed<'_> =
        domain::base::ParseRecordData::parse_rdata(Rtype::from_int(code), &mut parser).ok().flatten()?;
    if parser.remaining() > 0 {
        return None;
    }
    let start = out.len();
    write!(out, "{}", parsed.display_zonefile(DisplayKind::Simple)).ok()?;
    if !out.get(start..)?.bytes().all(crate::escape::is_printable) {
        out.truncate(start);
        return None;
    }
    Some(())
}

fn octseq(wire: &[u8]) -> domain::dep::octseq::Parser<'_, [u8]> {
    domain::dep::octseq::Parser::from_ref(wire)
}
