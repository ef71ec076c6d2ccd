//! The fields of the record types whose data is a plain row of them.
//!
//! One table serves three purposes: lower-casing the names inside, printing and reading the types whose
//! [`Layout::text`] is set, and finding the hosts and mailboxes that a record names.

use smallvec::SmallVec;

use crate::RrType;
use crate::name::{MAX_WIRE, NameRef};

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
}

/// The layout of a type, if its data is a row of plain fields as far as names go.
pub(super) fn of(rrtype: RrType) -> Option<&'static Layout> {
    use Field::{Name, Rest, Text, Texts, U8, U16, U32, V4, V6};

    macro_rules! layout {
        ($fields:expr) => {
            layout!($fields, None, false, true)
        };
        ($fields:expr, target $at:literal) => {
            layout!($fields, Some($at), true, true)
        };
        ($fields:expr, target $at:literal, other text) => {
            layout!($fields, Some($at), true, false)
        };
        ($fields:expr, targets) => {
            layout!($fields, None, true, true)
        };
        ($fields:expr, other text) => {
            layout!($fields, None, false, false)
        };
        ($fields:expr, $target:expr, $names_targets:literal, $text:literal) => {{
            static LAYOUT: Layout =
                Layout { fields: &$fields, target: $target, names_targets: $names_targets, text: $text };
            Some(&LAYOUT)
        }};
    }
    match rrtype {
        RrType::A => layout!([V4]),
        RrType::AAAA => layout!([V6]),
        RrType::NS | RrType::CNAME | RrType::PTR | RrType::DNAME => layout!([Name], target 0),
        RrType::MD | RrType::MF | RrType::MB | RrType::MG | RrType::MR | RrType::NSAP_PTR => {
            layout!([Name], targets)
        }
        RrType::SOA => layout!([Name, Name, U32, U32, U32, U32, U32], target 0),
        RrType::MINFO | RrType::RP => layout!([Name, Name], targets),
        // Names other TALINK records, no hosts.
        RrType::TALINK => layout!([Name, Name]),
        RrType::MX => layout!([U16, Name], target 2),
        RrType::AFSDB | RrType::RT | RrType::KX | RrType::LP => layout!([U16, Name], targets),
        RrType::PX => layout!([U16, Name, Name], targets),
        RrType::SRV => layout!([U16, U16, U16, Name], target 6),
        RrType::NAPTR => layout!([U16, U16, Text, Text, Text, Name], targets),
        RrType::HINFO => layout!([Text, Text]),
        RrType::X25 => layout!([Text]),
        RrType::TXT | RrType::SPF => layout!([Texts]),
        RrType::SVCB | RrType::HTTPS => layout!([U16, Name, Rest], target 2, other text),
        RrType::RRSIG => layout!([U16, U8, U8, U32, U32, U32, U16, Name, Rest], other text),
        RrType::NSEC => layout!([Name, Rest], other text),
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
        Field::U8 => 1,
        Field::U16 => 2,
        Field::U32 | Field::V4 => 4,
        Field::V6 => 16,
        Field::Name => NameRef::split_canonical(rest)?.0.as_wire().len().min(MAX_WIRE),
        Field::Text => 1 + usize::from(*rest.first()?),
        Field::Texts => texts_len(rest)?,
        Field::Rest => rest.len(),
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
