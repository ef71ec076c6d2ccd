//! The fields of the record types whose data is a plain row of them.
//!
//! One table serves three purposes: lower-casing the names inside, printing and reading the types whose
//! [`Layout::text`] is set, and finding the hosts and mailboxes that a record names.

use smallvec::SmallVec;

use super::encoding::{ALGORITHMS, CERTIFICATES, SCHEMES};
use crate::RrType;
use crate::name::{MAX_WIRE, NameRef};

/// Words that stand for numbers.
pub(super) type Mnemonics = &'static [(&'static str, u16)];

/// One field of record data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// An IPv4 address.
    V4,
    /// An IPv6 address.
    V6,
    /// An octet.
    U8,
    /// A 16-bit number, big-endian like all of them.
    U16,
    /// A 32-bit number.
    U32,
    /// An uncompressed domain name.
    Name,
    /// A character string: a length octet and that many octets.
    Text,
    /// One or more character strings, to the end.
    Texts,
    /// A character string, or nothing.
    MaybeText,
    /// One text to the end, without a length octet.
    LongText,
    /// A 16-bit record type, written as its mnemonic.
    Type,
    /// A 16-bit number or one of these mnemonics; printed as the number.
    Word16(Mnemonics),
    /// An octet or one of these mnemonics; printed as the number.
    Word8(Mnemonics),
    /// A 32-bit number of seconds, or a duration such as `1h`.
    Seconds,
    /// A 48-bit hardware address.
    Eui48,
    /// A 64-bit hardware address.
    Eui64,
    /// 64 bits in four groups of hexadecimal digits.
    Locator,
    /// Octets to the end in hexadecimal digits.
    Hex,
    /// Octets to the end in hexadecimal digits after `0x`, dots among them.
    Nsap,
    /// Octets to the end in base64.
    Base64,
    /// A bitmap of record types to the end, written as their mnemonics.
    Types,
    /// Whatever is left.
    Rest,
}

/// What is known of a type's data.
pub(super) struct Layout {
    /// The fields, in order.
    pub(super) fields: &'static [Field],
    /// Where the name stands that is the record's main target, in octets from the start.
    pub(super) target: Option<usize>,
    /// Whether every name inside is a target: see [`super::Rdata::targets`].
    pub(super) names_targets: bool,
    /// Whether the presentation form is the fields' own, in the same order.
    pub(super) text: bool,
    /// Whether octets that are not these fields are kept all the same, and printed generically. Databases hold such
    /// octets for types that an earlier version did not know.
    pub(super) lenient: bool,
}

/// How the macro in [`of`] begins: a row of fields, no targets, printed field by field, nothing else allowed.
const PLAIN: Layout = Layout { fields: &[], target: None, names_targets: false, text: true, lenient: false };

/// The layout of a type, if its data is a row of plain fields as far as names go.
pub(super) fn of(rrtype: RrType) -> Option<&'static Layout> {
    use Field::{
        Base64, Eui48, Eui64, Hex, Locator, LongText, MaybeText, Name, Nsap, Rest, Seconds, Text, Texts,
        Type, Types, U8, U16, U32, V4, V6, Word8, Word16,
    };

    macro_rules! layout {
        ($fields:expr $(, $key:ident = $value:expr)*) => {{
            static LAYOUT: Layout = Layout { fields: &$fields $(, $key: $value)*, ..PLAIN };
            Some(&LAYOUT)
        }};
    }
    macro_rules! lenient {
        ($fields:expr $(, $key:ident = $value:expr)*) => {
            layout!($fields, lenient = true $(, $key = $value)*)
        };
    }
    match rrtype {
        RrType::A => layout!([V4]),
        RrType::AAAA => layout!([V6]),
        RrType::NS | RrType::CNAME | RrType::PTR | RrType::DNAME => {
            layout!([Name], target = Some(0), names_targets = true)
        }
        RrType::MD | RrType::MF | RrType::MB | RrType::MG | RrType::MR | RrType::NSAP_PTR => {
            layout!([Name], names_targets = true)
        }
        RrType::SOA => layout!(
            [Name, Name, U32, Seconds, Seconds, Seconds, Seconds],
            target = Some(0),
            names_targets = true
        ),
        RrType::MINFO | RrType::RP => layout!([Name, Name], names_targets = true),
        // Names other TALINK records, no hosts.
        RrType::TALINK => layout!([Name, Name]),
        RrType::MX => layout!([U16, Name], target = Some(2), names_targets = true),
        RrType::AFSDB | RrType::RT | RrType::KX | RrType::LP => layout!([U16, Name], names_targets = true),
        RrType::PX => layout!([U16, Name, Name], names_targets = true),
        RrType::SRV => layout!([U16, U16, U16, Name], target = Some(6), names_targets = true),
        RrType::NAPTR => layout!([U16, U16, Text, Text, Text, Name], names_targets = true),
        RrType::HINFO => layout!([Text, Text]),
        RrType::X25 => layout!([Text]),
        RrType::TXT | RrType::SPF => layout!([Texts]),
        RrType::SVCB | RrType::HTTPS => {
            layout!([U16, Name, Rest], target = Some(2), names_targets = true, text = false)
        }
        RrType::RRSIG => layout!([U16, U8, U8, U32, U32, U32, U16, Name, Rest], text = false),
        RrType::NSEC => layout!([Name, Rest], text = false),
        RrType::SIG => lenient!([U16, U8, U8, U32, U32, U32, U16, Name, Rest], text = false),
        RrType::AVC | RrType::CLA | RrType::NINFO | RrType::RESINFO | RrType::WALLET => lenient!([Texts]),
        RrType::BRID | RrType::DHCID | RrType::HHIT => lenient!([Base64]),
        RrType::CERT => lenient!([Word16(CERTIFICATES), U16, Word8(ALGORITHMS), Base64]),
        RrType::CSYNC => lenient!([U32, U16, Types]),
        RrType::DSYNC => lenient!([Type, Word8(SCHEMES), U16, Name], names_targets = true),
        RrType::EID | RrType::NIMLOC => lenient!([Hex]),
        RrType::EUI48 => lenient!([Eui48]),
        RrType::EUI64 => lenient!([Eui64]),
        RrType::GID | RrType::UID => lenient!([U32]),
        RrType::GPOS => lenient!([Text, Text, Text]),
        RrType::ISDN => lenient!([Text, MaybeText]),
        RrType::L32 => lenient!([U16, V4]),
        RrType::L64 | RrType::NID => lenient!([U16, Locator]),
        RrType::NSAP => lenient!([Nsap]),
        RrType::URI => lenient!([U16, U16, LongText]),
        _ => None,
    }
}

/// Checks that `wire` is exactly the fields, and lower-cases its names in place; `None` when it is not.
pub(super) fn canonicalise(fields: &[Field], wire: &mut SmallVec<[u8; 16]>) -> Option<()> {
    let mut at = 0;
    for field in fields {
        let rest = wire.get(at..)?;
        let len = field_len(*field, rest)?;
        if *field == Field::Name {
            wire.get_mut(at..at + len)?.make_ascii_lowercase();
        }
        at += len;
    }
    (at == wire.len()).then_some(())
}

/// How many octets of `rest` a field takes; `None` when it does not fit.
pub(super) fn field_len(field: Field, rest: &[u8]) -> Option<usize> {
    let len = match field {
        Field::U8 | Field::Word8(_) => 1,
        Field::U16 | Field::Type | Field::Word16(_) => 2,
        Field::U32 | Field::Seconds | Field::V4 => 4,
        Field::Eui48 => 6,
        Field::Eui64 | Field::Locator => 8,
        Field::V6 => 16,
        Field::Name => NameRef::split_canonical(rest)?.0.as_wire().len().min(MAX_WIRE),
        Field::Text => 1 + usize::from(*rest.first()?),
        Field::Texts => texts_len(rest)?,
        Field::MaybeText => rest.first().map_or(0, |len| 1 + usize::from(*len)),
        Field::Base64 | Field::Hex | Field::LongText | Field::Nsap | Field::Rest | Field::Types => rest.len(),
    };
    (len <= rest.len()).then_some(len)
}

fn texts_len(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < octets.len() {
        at += 1 + usize::from(*octets.get(at)?);
    }
    (at > 0 && at == octets.len()).then_some(at)
}
