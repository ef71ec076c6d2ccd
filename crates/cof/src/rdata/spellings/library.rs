//! The zone-file reader of the `domain` library, for comparison with the types that it knows.
//!
//! An earlier version kept as data of these types what the library could print and read again, so all of that must still be
//! valid; and a text that the library accepts must be parsed into the same bytes here.

use domain::base::iana::Rtype;
use domain::base::zonefile_fmt::{DisplayKind, ZonefileFmt};
use domain::base::{Name, ParsedName};
use domain::rdata::ZoneRecordData;
use domain::zonefile::inplace::{Entry, Zonefile};

use crate::RrType;

type Parsed<'a> = ZoneRecordData<&'a [u8], ParsedName<&'a [u8]>>;

pub(super) const TYPES: &[RrType] = &[
    RrType::CAA,
    RrType::CDNSKEY,
    RrType::CDS,
    RrType::DNSKEY,
    RrType::DS,
    RrType::HTTPS,
    RrType::NSEC,
    RrType::NSEC3,
    RrType::NSEC3PARAM,
    RrType::OPENPGPKEY,
    RrType::RRSIG,
    RrType::SSHFP,
    RrType::SVCB,
    RrType::TLSA,
    RrType::ZONEMD,
];

/// Whether the library prints the bytes in a form that it parses into the same bytes.
pub(super) fn keeps(rrtype: RrType, wire: &[u8]) -> bool {
    print(rrtype, wire).is_some_and(|text| parse(rrtype, &text).is_some_and(|back| back == wire))
}

pub(super) fn parse(rrtype: RrType, text: &str) -> Option<Vec<u8>> {
    let mut zone = Zonefile::from(format!(". 0 IN {rrtype} {text}\n").as_bytes());
    zone.set_origin(Name::root_bytes());
    let Ok(Some(Entry::Record(record))) = zone.next_entry() else { return None };
    let mut wire = Vec::new();
    let data = record.data();
    domain::base::rdata::ComposeRecordData::compose_rdata(data, &mut wire).unwrap();
    let same = domain::base::RecordData::rtype(data) == Rtype::from_int(rrtype.code()?);
    (same && matches!(zone.next_entry(), Ok(None))).then_some(wire)
}

pub(super) fn print(rrtype: RrType, wire: &[u8]) -> Option<String> {
    let mut parser = domain::dep::octseq::Parser::from_ref(wire);
    let code = Rtype::from_int(rrtype.code()?);
    let parsed: Option<Parsed<'_>> = domain::base::ParseRecordData::parse_rdata(code, &mut parser).ok()?;
    let text = parsed?.display_zonefile(DisplayKind::Simple).to_string();
    (parser.remaining() == 0 && text.bytes().all(crate::escape::is_printable)).then_some(text)
}
