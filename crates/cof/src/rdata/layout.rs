//! The fields of the record types whose data is a simple sequence of fields.
//!
//! One table is used for converting names to lower case, for printing and parsing, and for finding the hosts and mailboxes in a
//! record. All spellings of a record become equal because each field is parsed into its bytes and printed from them. [`Strays`]
//! determines what happens to bytes that no spelling produces.

use smallvec::SmallVec;

use super::encoding::{
    ALGORITHMS, CERTIFICATES, DIGESTS, FINGERPRINTS, HASHES, MATCHINGS, PROTOCOLS, SCHEMES, SELECTORS,
    SSH_KEYS, USAGES, ZONE_DIGESTS, ZONE_SCHEMES,
};
use crate::RrType;
use crate::name::{MAX_WIRE, NameRef};

/// Mnemonics for numbers.
pub(super) type Mnemonics = &'static [(&'static str, u16)];

/// One field of record data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// An IPv4 address.
    V4,
    /// An IPv6 address.
    V6,
    /// A byte.
    U8,
    /// A 16-bit number, big-endian like all numbers.
    U16,
    /// A 32-bit number.
    U32,
    /// An uncompressed domain name.
    Name,
    /// A character string: a length byte and that many bytes.
    Text,
    /// One or more character strings, up to the end.
    Texts,
    /// A character string, or nothing.
    MaybeText,
    /// One text up to the end, without a length byte; without quotes it may contain blanks.
    LongText,
    /// A 16-bit record type, written as its mnemonic.
    Type,
    /// A 16-bit number or one of these mnemonics; printed as the number.
    Word16(Mnemonics),
    /// A byte or one of these mnemonics; printed as the number.
    Word8(Mnemonics),
    /// A 32-bit number of seconds, or a duration such as `1h`.
    Seconds,
    /// A 48-bit hardware address.
    Eui48,
    /// A 64-bit hardware address.
    Eui64,
    /// 64 bits in four groups of hexadecimal digits.
    Locator,
    /// Bytes up to the end, in hexadecimal digits.
    Hex,
    /// Bytes up to the end, in hexadecimal digits after `0x`, with dots between them.
    Nsap,
    /// Bytes up to the end, in base64.
    Base64,
    /// A bitmap of record types up to the end, written as their mnemonics.
    Types,
    /// The time of a signature: 32 bits, printed as seconds.
    Time,
    /// A length byte and that many bytes in hexadecimal digits; `-` for none.
    Salt,
    /// A length byte and that many bytes in base32.
    Hash,
    /// The tag of a CAA property: a character string that is printed without quotes.
    Tag,
    /// The parameters of SVCB and HTTPS, up to the end.
    Params,
}

/// What happens to bytes of a type if their presentation format is parsed into different bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strays {
    /// There are none: any bytes with these fields are printed in a form that reads back.
    None,
    /// They are not valid data of the type.
    Refused,
    /// They are kept, and printed generically. Databases contain such bytes for types that an earlier version did not know.
    Kept,
}

/// The description of a type's data.
pub(super) struct Layout {
    /// The fields, in order.
    pub(super) fields: &'static [Field],
    /// The position of the name that is the record's main target, in bytes from the start.
    pub(super) target: Option<usize>,
    /// Whether every name in the data is a target: see [`super::Rdata::targets`].
    pub(super) names_targets: bool,
    /// What happens to bytes that are not the canonical form of these fields.
    pub(super) strays: Strays,
}

/// The defaults of the macro in [`of`]: a sequence of fields, no targets, no strays.
const PLAIN: Layout = Layout { fields: &[], target: None, names_targets: false, strays: Strays::None };

/// The layout of a type, if its data is a simple sequence of fields, at least as far as names are concerned.
pub(super) fn of(rrtype: RrType) -> Option<&'static Layout> {
    use Field::{
        Base64, Eui48, Eui64, Hash, Hex, Locator, LongText, MaybeText, Name, Nsap, Params, Salt, Seconds,
        Tag, Text, Texts, Time, Type, Types, U8, U16, U32, V4, V6, Word8, Word16,
    };

    macro_rules! layout {
        ($fields:expr $(, $key:ident = $value:expr)*) => {{
            static LAYOUT: Layout = {
                let mut layout = PLAIN;
                layout.fields = &$fields;
                $(layout.$key = $value;)*
                layout
            };
            Some(&LAYOUT)
        }};
    }
    macro_rules! strict {
        ($fields:expr $(, $key:ident = $value:expr)*) => {
            layout!($fields, strays = Strays::Refused $(, $key = $value)*)
        };
    }
    macro_rules! lenient {
        ($fields:expr $(, $key:ident = $value:expr)*) => {
            layout!($fields, strays = Strays::Kept $(, $key = $value)*)
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
        // The names are those of other TALINK records, and not hosts.
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
            strict!([U16, Name, Params], target = Some(2), names_targets = true)
        }
        RrType::CAA => strict!([U8, Tag, LongText]),
        RrType::DS | RrType::CDS => strict!([U16, Word8(ALGORITHMS), Word8(DIGESTS), Hex]),
        RrType::DLV | RrType::TA => lenient!([U16, Word8(ALGORITHMS), Word8(DIGESTS), Hex]),
        RrType::DNSKEY | RrType::CDNSKEY => strict!([U16, Word8(PROTOCOLS), Word8(ALGORITHMS), Base64]),
        RrType::KEY | RrType::RKEY => lenient!([U16, Word8(PROTOCOLS), Word8(ALGORITHMS), Base64]),
        RrType::NSEC => strict!([Name, Types]),
        RrType::NSEC3 => strict!([Word8(HASHES), U8, U16, Salt, Hash, Types]),
        RrType::NSEC3PARAM => strict!([Word8(HASHES), U8, U16, Salt]),
        RrType::OPENPGPKEY => strict!([Base64]),
        RrType::RRSIG => strict!([Type, Word8(ALGORITHMS), U8, Seconds, Time, Time, U16, Name, Base64]),
        RrType::SIG => lenient!([Type, Word8(ALGORITHMS), U8, Seconds, Time, Time, U16, Name, Base64]),
        RrType::SSHFP => strict!([Word8(SSH_KEYS), Word8(FINGERPRINTS), Hex]),
        RrType::TLSA => strict!([Word8(USAGES), Word8(SELECTORS), Word8(MATCHINGS), Hex]),
        RrType::SMIMEA => lenient!([Word8(USAGES), Word8(SELECTORS), Word8(MATCHINGS), Hex]),
        RrType::ZONEMD => strict!([U32, Word8(ZONE_SCHEMES), Word8(ZONE_DIGESTS), Hex]),
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

/// Checks that `wire` is exactly the fields, and converts its names to lower case in place; `None` if it is not.
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

/// How many bytes of `rest` a field has; `None` if it does not fit.
pub(super) fn field_len(field: Field, rest: &[u8]) -> Option<usize> {
    let len = match field {
        Field::U8 | Field::Word8(_) => 1,
        Field::U16 | Field::Type | Field::Word16(_) => 2,
        Field::U32 | Field::Seconds | Field::Time | Field::V4 => 4,
        Field::Eui48 => 6,
        Field::Eui64 | Field::Locator => 8,
        Field::V6 => 16,
        Field::Name => NameRef::split_canonical(rest)?.0.as_wire().len().min(MAX_WIRE),
        Field::Hash | Field::Salt | Field::Tag | Field::Text => 1 + usize::from(*rest.first()?),
        Field::Texts => texts_len(rest)?,
        Field::MaybeText => rest.first().map_or(0, |len| 1 + usize::from(*len)),
        Field::Base64 | Field::Hex | Field::LongText | Field::Nsap | Field::Params | Field::Types => {
            rest.len()
        }
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
