//! Tuples as bytes that are sorted like answers.
//!
//! A tuple (rrname, rrtype, rdata) is stored twice. Its owner key is for queries by name:
//!
//! ```text
//! owner sort key ‖ rrtype ‖ rdata
//! ```
//!
//! Its rdata keys, one for each of its targets ([`Rdata::targets`]), are for queries by data:
//!
//! ```text
//! 4 ‖ 4 bytes | 6 ‖ 16 bytes | 16 ‖ target sort key   then   rrtype ‖ owner sort key ‖ (rdata | 1)
//! ```
//!
//! where 1 stands for data that consists only of the target: an address, or the name of an NS, CNAME, DNAME or PTR record.
//!
//! * sort keys are those of [`cof::Name::push_sort_key`]: labels from the right;
//! * rrtype is 0 and the number, big-endian, or 1 and a word's 15 bytes, padded with zeros;
//! * rdata is 2 and the canonical wire format or 3 and the text, with 0 and 1 inside written as 1 1 and 1 2, then 0.
//!
//! Every part is self-delimiting, so no key is a prefix of another, and the keys with a common prefix of parts are a range. For
//! each key, an engine stores a separate value per bailiwick (its number of labels, [`UNKNOWN_BAILIWICK`]) and source. Keys are
//! never read from outside: bytes that cannot be split are damage, and the functions return `None`.

use std::net::IpAddr;

use cof::{Name, Rdata, RrType, Target};

/// The bailiwick of an observation without one, or with one that does not contain its owner.
pub const UNKNOWN_BAILIWICK: u8 = 255;

/// Replaces data that consists only of the target.
const TARGET: u8 = 1;
/// Precedes the bytes of a word, and is larger than the byte before numbers.
const WORD: u8 = 1;
const WORD_LEN: usize = 15;
const WIRE: u8 = 2;
const TEXT: u8 = 3;
const V4: u8 = 4;
const V6: u8 = 6;
const NAME: u8 = 16;

/// The parts that the keys of both orders have, still encoded.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The owner name, as labels from the right.
    pub owner: &'a [u8],
    /// The type.
    pub rrtype: &'a [u8],
    rdata: &'a [u8],
    /// The beginning of an rdata key up to the target; empty for an owner key.
    target: &'a [u8],
}

/// The key by owner.
pub fn by_owner(rrname: &Name, rrtype: RrType, rdata: &Rdata) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    push_owner_key(rrname, rrtype, rdata, &mut key);
    key
}

/// The keys by the targets of the data; none for data without a target.
pub fn by_rdata<'a>(
    rrname: &'a Name,
    rrtype: RrType,
    rdata: &'a Rdata,
) -> impl Iterator<Item = Vec<u8>> + use<'a> {
    rdata.targets(rrtype).map(move |target| {
        let mut key = Vec::with_capacity(64);
        push_rdata_key(rrname, rrtype, rdata, target, &mut key);
        key
    })
}

/// Appends the key of [`by_owner`].
#[inline]
pub fn push_owner_key(rrname: &Name, rrtype: RrType, rdata: &Rdata, key: &mut Vec<u8>) {
    rrname.push_sort_key(key);
    push_rrtype(rrtype, key);
    push_rdata(rdata, key);
}

/// Appends the key of [`by_rdata`] for one of the targets.
#[inline]
pub fn push_rdata_key(rrname: &Name, rrtype: RrType, rdata: &Rdata, target: Target<'_>, key: &mut Vec<u8>) {
    push_target(target, key);
    push_rrtype(rrtype, key);
    rrname.push_sort_key(key);
    if is_target(rrtype) {
        key.push(TARGET);
    } else {
        push_rdata(rdata, key);
    }
}

fn push_target(target: Target<'_>, key: &mut Vec<u8>) {
    match target {
        Target::Address(address) => push_address(address, key),
        Target::Name(name) => {
            key.push(NAME);
            name.push_sort_key(key);
        }
    }
}

/// Whether data of this type can have more than one target; the types of most tuples cannot.
fn may_name_several(rrtype: RrType) -> bool {
    !is_target(rrtype) && !matches!(rrtype, RrType::MX | RrType::SRV | RrType::SVCB | RrType::HTTPS)
}

/// Whether data of this type that has a target consists only of the target.
fn is_target(rrtype: RrType) -> bool {
    matches!(rrtype, RrType::A | RrType::AAAA | RrType::CNAME | RrType::DNAME | RrType::NS | RrType::PTR)
}

/// Whether the wire format of this type, which is encoded here, has never changed. These are the types of nearly all tuples, so
/// that nothing has to be decoded to find out.
fn is_settled(rrtype: &[u8]) -> bool {
    const SETTLED: [RrType; 9] = [
        RrType::A,
        RrType::AAAA,
        RrType::CNAME,
        RrType::MX,
        RrType::NS,
        RrType::PTR,
        RrType::SOA,
        RrType::SRV,
        RrType::TXT,
    ];
    match rrtype {
        [0, high, low] => SETTLED.contains(&RrType::Code(u16::from_be_bytes([*high, *low]))),
        _ => false,
    }
}

/// The prefix of the rdata keys of an address.
pub fn address_prefix(address: IpAddr) -> Vec<u8> {
    let mut key = Vec::with_capacity(17);
    push_address(address, &mut key);
    key
}

fn push_address(address: IpAddr, key: &mut Vec<u8>) {
    match address {
        IpAddr::V4(address) => {
            key.push(V4);
            key.extend_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            key.push(V6);
            key.extend_from_slice(&address.octets());
        }
    }
}

/// The address or name at the beginning of an rdata key, including the byte before it.
#[inline]
pub fn target(key: &[u8]) -> Option<&[u8]> {
    let rest = match key.split_first()? {
        (&V4, rest) => rest.get(4..)?,
        (&V6, rest) => rest.get(16..)?,
        (_, rest) => split_name(rest)?.1,
    };
    key.get(..key.len() - rest.len())
}

/// The prefix of the rdata keys of a target name.
pub fn target_prefix(name: &Name) -> Vec<u8> {
    let mut key = vec![NAME];
    name.push_sort_key(&mut key);
    key
}

/// Appends a type.
#[inline]
pub fn push_rrtype(rrtype: RrType, out: &mut Vec<u8>) {
    match rrtype {
        RrType::Code(code) => {
            out.push(0);
            out.extend_from_slice(&code.to_be_bytes());
        }
        RrType::Word(word) => {
            out.push(WORD);
            out.extend(word.as_str().bytes().chain(std::iter::repeat(0)).take(WORD_LEN));
        }
    }
}

fn push_rdata(rdata: &Rdata, out: &mut Vec<u8>) {
    let (tag, octets) = match (rdata.as_wire(), rdata.as_text()) {
        (Some(wire), _) => (WIRE, wire),
        (None, text) => (TEXT, text.unwrap_or_default().as_bytes()),
    };
    out.push(tag);
    push_escaped(octets, out);
    out.push(0);
}

/// Most bytes are not escaped and are copied in groups.
fn push_escaped(octets: &[u8], out: &mut Vec<u8>) {
    let mut rest = octets;
    while let Some(at) = rest.iter().position(|octet| *octet <= 1) {
        let (plain, escaped) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((octet, after)) = escaped.split_first() else { return };
        out.extend_from_slice(&[1, octet + 1]);
        rest = after;
    }
    out.extend_from_slice(rest);
}

impl<'a> Parts<'a> {
    /// Splits a key by owner.
    #[inline]
    pub fn of_owner_key(key: &'a [u8]) -> Option<Self> {
        let (owner, rest) = split_name(key)?;
        let (rrtype, rdata) = split_rrtype(rest)?;
        Some(Self { owner, rrtype, rdata, target: &[] })
    }

    /// Splits a key by rdata.
    #[inline]
    pub fn of_rdata_key(key: &'a [u8]) -> Option<Self> {
        let (target, rest) = key.split_at_checked(target(key)?.len())?;
        let (rrtype, rest) = split_rrtype(rest)?;
        let (owner, rdata) = split_name(rest)?;
        Some(Self { owner, rrtype, rdata, target })
    }

    /// The key by owner of the same tuple.
    #[inline]
    pub fn owner_key(&self) -> Option<Vec<u8>> {
        let mut key = [self.owner, self.rrtype].concat();
        match self.rdata {
            [TARGET] => push_rdata(&self.data()?, &mut key),
            rdata => key.extend_from_slice(rdata),
        }
        Some(key)
    }

    /// The tuple.
    pub fn decode(&self) -> Option<(Name, RrType, Rdata)> {
        let (rrname, _) = Name::split_sort_key(self.owner).ok()?;
        Some((rrname, decode_rrtype(self.rrtype)?, self.data()?))
    }

    /// For an rdata key: the prefixes of the keys of the same tuple that come before this one. In the range of a query, a tuple
    /// is returned for its first key.
    pub fn targets_before(&self) -> Option<Vec<Vec<u8>>> {
        let rrtype = decode_rrtype(self.rrtype)?;
        if !may_name_several(rrtype) {
            return Some(Vec::new());
        }
        let data = self.data()?;
        let prefixes = data.targets(rrtype).map(|target| {
            let mut prefix = Vec::new();
            push_target(target, &mut prefix);
            prefix
        });
        Some(prefixes.filter(|prefix| **prefix < *self.target).collect())
    }

    /// Whether the data consists only of the key's target.
    #[inline]
    pub fn is_target(&self) -> bool {
        *self.rdata == [TARGET]
    }

    /// The type and the stored data: whether it is text, and its bytes; `None` for damage, and if [`Self::is_target`].
    pub fn stored_data(&self) -> Option<(RrType, bool, Vec<u8>)> {
        let (tag, octets) = self.rdata.split_first()?;
        Some((decode_rrtype(self.rrtype)?, *tag == TEXT, unescaped(octets.strip_suffix(&[0])?)?))
    }

    /// The current form of the tuple, if an earlier version stored its data in another form: as text that can be parsed now, or
    /// in another spelling of data that is canonical now. The outer `None` is damage.
    pub fn renewed(&self) -> Option<Option<(Name, RrType, Rdata)>> {
        if self.is_target() || self.rdata.first() == Some(&WIRE) && is_settled(self.rrtype) {
            return Some(None);
        }
        let (rrtype, is_text, octets) = self.stored_data()?;
        let data = if is_text {
            Rdata::parse(rrtype, std::str::from_utf8(&octets).ok()?)
        } else {
            Rdata::from_wire(rrtype, &octets).ok()?
        };
        let same = match (data.as_wire(), data.as_text()) {
            (Some(wire), _) => !is_text && *wire == *octets,
            (None, text) => is_text && text.unwrap_or_default().as_bytes() == octets,
        };
        if same {
            return Some(None);
        }
        Some(Some((Name::split_sort_key(self.owner).ok()?.0, rrtype, data)))
    }

    fn data(&self) -> Option<Rdata> {
        let rrtype = decode_rrtype(self.rrtype)?;
        if *self.rdata != [TARGET] {
            return decode_rdata(rrtype, self.rdata);
        }
        match self.target.split_first()? {
            (&(V4 | V6), address) => Rdata::from_wire(rrtype, address).ok(),
            (_, name) => Rdata::from_wire(rrtype, Name::split_sort_key(name).ok()?.0.as_wire()).ok(),
        }
    }
}

/// Splits the sort key off the front: it ends where an empty label would begin.
#[inline]
pub fn split_name(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = match key.first()? {
        0 => 1,
        _ => key.windows(2).position(|pair| pair == [0, 0])? + 2,
    };
    key.split_at_checked(end)
}

fn split_rrtype(key: &[u8]) -> Option<(&[u8], &[u8])> {
    key.split_at_checked(if *key.first()? == WORD { 1 + WORD_LEN } else { 3 })
}

fn decode_rrtype(octets: &[u8]) -> Option<RrType> {
    match octets {
        [0, high, low] => Some(RrType::Code(u16::from_be_bytes([*high, *low]))),
        [WORD, word @ ..] => RrType::parse(std::str::from_utf8(word).ok()?.trim_end_matches('\0')).ok(),
        _ => None,
    }
}

fn decode_rdata(rrtype: RrType, octets: &[u8]) -> Option<Rdata> {
    let (tag, rest) = octets.split_first()?;
    let plain = unescaped(rest.get(..rest.iter().position(|octet| *octet == 0)?)?)?;
    match *tag {
        WIRE => Rdata::from_wire(rrtype, &plain).ok(),
        TEXT => Some(Rdata::from_text(std::str::from_utf8(&plain).ok()?)),
        _ => None,
    }
}

fn unescaped(octets: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(octets.len());
    let mut rest = octets.iter();
    while let Some(octet) = rest.next() {
        match octet {
            0 => return None,
            1 => plain.push(rest.next()?.checked_sub(1)?),
            octet => plain.push(*octet),
        }
    }
    Some(plain)
}

/// The bailiwick as its number of labels.
#[inline]
pub fn bailiwick_labels(rrname: &Name, bailiwick: Option<&Name>) -> u8 {
    bailiwick
        .filter(|bailiwick| rrname.is_within(bailiwick))
        .and_then(|bailiwick| u8::try_from(bailiwick.labels().count()).ok())
        .unwrap_or(UNKNOWN_BAILIWICK)
}

/// The name with this number of labels at the end of the owner; `None` for [`UNKNOWN_BAILIWICK`].
pub fn bailiwick_name(rrname: &Name, labels: u8) -> Option<Name> {
    let above = rrname.labels().count().checked_sub(usize::from(labels))?;
    let start: usize = rrname.labels().take(above).map(|label| label.len() + 1).sum();
    Name::from_wire(rrname.as_wire().get(start..)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn any_tuple() -> impl Strategy<Value = (Name, RrType, Rdata)> {
        let rrname = "(\\.|([a-c]|\\\\00[0-2]){1,3}(\\.[a-c]{1,2}){0,2})";
        let rrtype = prop_oneof![
            Just("A"),
            Just("NS"),
            Just("MX"),
            Just("RP"),
            Just("TXT"),
            Just("TYPE65534"),
            Just("FOO")
        ];
        let rdata = prop_oneof![
            Just("192.0.2.1".to_owned()),
            Just("0.1.0.1".to_owned()),
            "[0-9]{1,3} [a-c]{1,3}",
            "[a-c] [a-c]",
            "[a-c.]{0,4}",
            r"\\# 3 0[0-3]0[0-3]0[0-3]",
        ];
        (rrname, rrtype, rdata).prop_map(|(rrname, rrtype, rdata)| {
            let rrtype = RrType::parse(rrtype).unwrap();
            (name(&rrname), rrtype, Rdata::parse(rrtype, &rdata))
        })
    }

    #[test]
    fn a_bailiwick_is_its_number_of_labels() {
        let owner = name("www.example.com");
        for (bailiwick, labels) in [("www.example.com", 3), ("example.com", 2), ("com", 1), (".", 0)] {
            assert_eq!(bailiwick_labels(&owner, Some(&name(bailiwick))), labels);
            assert_eq!(bailiwick_name(&owner, labels), Some(name(bailiwick)));
        }
        assert_eq!(bailiwick_labels(&owner, Some(&name("example.net"))), UNKNOWN_BAILIWICK);
        assert_eq!(bailiwick_labels(&owner, None), UNKNOWN_BAILIWICK);
        assert_eq!(bailiwick_name(&owner, UNKNOWN_BAILIWICK), None);
    }

    #[test]
    fn damage_is_no_tuple() {
        let key = by_owner(&name("a.example"), RrType::A, &Rdata::parse(RrType::A, "192.0.2.1"));
        for end in 0..key.len() {
            assert!(Parts::of_owner_key(&key[..end]).and_then(|parts| parts.decode()).is_none(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn keys_decode_to_their_tuple(tuple in any_tuple()) {
            let (rrname, rrtype, rdata) = &tuple;
            let owner = by_owner(rrname, *rrtype, rdata);
            prop_assert_eq!(Parts::of_owner_key(&owner).unwrap().decode(), Some(tuple.clone()));
            for key in by_rdata(rrname, *rrtype, rdata) {
                let parts = Parts::of_rdata_key(&key).unwrap();
                prop_assert_eq!(parts.owner_key(), Some(owner.clone()));
                prop_assert_eq!(parts.decode(), Some(tuple.clone()));
            }
        }

        #[test]
        fn keys_order_as_tuples_and_none_begins_another(a in any_tuple(), b in any_tuple()) {
            let (left, right) = (by_owner(&a.0, a.1, &a.2), by_owner(&b.0, b.1, &b.2));
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
            prop_assert_eq!(left.starts_with(&right), a == b);
        }

        #[test]
        fn no_octets_panic(octets in prop::collection::vec(0_u8..20, 0..40)) {
            let _ = Parts::of_owner_key(&octets).and_then(|parts| parts.decode());
            let _ = Parts::of_rdata_key(&octets).and_then(|parts| parts.decode());
        }
    }
}
