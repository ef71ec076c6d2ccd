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
use crate::RrType;

type Parsed<'a> = ZoneRecordData<&'a [u8], ParsedName<&'a [u8]>>;

/// Whether data of this type is read and printed here.
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

/// Whether the octets are data of the type, and print a form that reads back as the same octets.
pub(super) fn is_valid(rrtype: RrType, wire: &[u8]) -> bool {
    let mut text = String::new();
    push(rrtype, wire, &mut text).is_some() && parse(rrtype, &text).is_some_and(|back| back == wire)
}

/// Reads the presentation form into uncompressed wire form.
pub(super) fn parse(rrtype: RrType, text: &str) -> Option<Vec<u8>> {
    let code = rrtype.code().filter(|_| knows(rrtype))?;
    if text.len() > 4 * MAX_WIRE || text.contains(['\n', '\r']) {
        return None;
    }
    let mut zone = Zonefile::from(format!(". 0 IN {rrtype} {text}\n").as_bytes());
    zone.set_origin(Name::root_bytes());
    let Ok(Some(Entry::Record(record))) = zone.next_entry() else { return None };
    let mut wire = Vec::new();
    let data = record.data();
    let fits = domain::base::rdata::ComposeRecordData::compose_rdata(data, &mut wire).is_ok()
        && domain::base::RecordData::rtype(data) == Rtype::from_int(code);
    let alone = matches!(zone.next_entry(), Ok(None));
    (fits && alone && wire.len() <= MAX_WIRE).then_some(wire)
}

/// Prints the octets in presentation form; `None` when they are no data of the type.
pub(super) fn push(rrtype: RrType, wire: &[u8], out: &mut String) -> Option<()> {
    let code = rrtype.code().filter(|_| knows(rrtype))?;
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
