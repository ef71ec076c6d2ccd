//! Subjects as ranges of keys: a query is answered by reading a range of one order.
//!
//! [`Scan`] determines the order and the ranges; [`KeyRange`] is a range. Nothing here fails: a range that cannot contain
//! anything is empty.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Bound;

use crate::Subject;
use crate::key;

/// What has to be read to answer a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// A range of the keys by owner.
    Owner(KeyRange),
    /// Ranges of the keys by rdata, sorted.
    Rdata(Vec<KeyRange>),
    /// For each owner of a tuple with one of these addresses, found by rdata: its range of the keys by owner.
    NamesOn(Vec<IpAddr>),
}

/// The argument of a map's `range`.
pub type Bounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

/// Keys from `start` up to, but not including, `end`; without `end`, to the last key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    start: Vec<u8>,
    end: Option<Vec<u8>>,
    /// The complete owner or target that every key of the range begins with, if there is one.
    head: Option<Vec<u8>>,
}

impl Scan {
    /// The ranges of a subject. A tuple with keys in several of them counts once, in the first of them.
    pub fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Address(address) => Self::Rdata(
                both_forms(*address, *address)
                    .into_iter()
                    .map(|(form, _)| KeyRange::head(key::address_prefix(form)))
                    .collect(),
            ),
            Subject::Name(name) => Self::Owner(KeyRange::head(sort_key(name))),
            Subject::NamesOn(address) => {
                Self::NamesOn(both_forms(*address, *address).into_iter().map(|(form, _)| form).collect())
            }
            Subject::Network(address, length) => {
                let (first, last) = network(*address, *length);
                Self::addresses(first, last)
            }
            Subject::Range(first, last) => Self::addresses(*first, *last),
            Subject::RdataName(name) => Self::Rdata(vec![KeyRange::head(key::target_prefix(name))]),
            Subject::RdataSuffix(name) => Self::Rdata(vec![KeyRange::within(key::target_prefix(name))]),
            Subject::Suffix(name) => Self::Owner(KeyRange::within(sort_key(name))),
        }
    }

    fn addresses(first: IpAddr, last: IpAddr) -> Self {
        let ranges = both_forms(first, last).into_iter();
        Self::Rdata(ranges.map(|(first, last)| KeyRange::addresses(first, last)).collect())
    }
}

impl KeyRange {
    /// Every key that begins with this complete owner or target.
    pub fn head(head: Vec<u8>) -> Self {
        Self { head: Some(head.clone()), ..Self::prefix(head) }
    }

    /// Every key with this prefix, which begins with this complete owner or target.
    pub fn head_and(head: Vec<u8>, prefix: Vec<u8>) -> Self {
        Self { head: Some(head), ..Self::prefix(prefix) }
    }

    /// No key.
    pub(crate) const fn nothing() -> Self {
        Self { start: Vec::new(), end: Some(Vec::new()), head: None }
    }

    /// Every key with this prefix.
    fn prefix(start: Vec<u8>) -> Self {
        let end = after_prefix(&start);
        Self { start, end, head: None }
    }

    /// Where the range begins.
    #[inline]
    pub fn start(&self) -> &[u8] {
        &self.start
    }

    /// Whether keys that begin with this complete target are in the range.
    #[inline]
    pub fn contains(&self, target: &[u8]) -> bool {
        *self.start <= *target && self.reaches(target)
    }

    /// Whether a key that is not before the start is in the range.
    #[inline]
    pub fn reaches(&self, key: &[u8]) -> bool {
        self.end.as_deref().is_none_or(|end| key < end)
    }

    /// The complete owner or target that every key begins with, if there is one.
    pub fn whole_head(&self) -> Option<&[u8]> {
        self.head.as_deref()
    }

    /// Every key that begins with the sort key of a name at or below the one whose sort key ends `prefix`.
    fn within(mut prefix: Vec<u8>) -> Self {
        prefix.pop();
        Self::prefix(prefix)
    }

    /// Both ends included; empty if they are from different families or in the wrong order.
    fn addresses(first: IpAddr, last: IpAddr) -> Self {
        let (start, last) = (key::address_prefix(first), key::address_prefix(last));
        if start.first() == last.first() {
            Self { start, end: after_prefix(&last), head: None }
        } else {
            Self { end: Some(start.clone()), start, head: None }
        }
    }

    /// The range without the keys before `from`.
    #[must_use]
    pub fn not_before(mut self, from: &[u8]) -> Self {
        if *self.start < *from {
            from.clone_into(&mut self.start);
        }
        self
    }

    /// The bounds; `None` if nothing can be between them.
    pub fn bounds(&self) -> Option<Bounds<'_>> {
        let end = self.end.as_deref();
        if end.is_some_and(|end| *end <= *self.start) {
            return None;
        }
        Some((Bound::Included(&*self.start), end.map_or(Bound::Unbounded, Bound::Excluded)))
    }
}

/// Whether the name with this sort key is this name or below it.
#[inline]
pub fn is_within(owner: &[u8], name: &cof::Name) -> bool {
    let mut prefix = sort_key(name);
    prefix.pop();
    owner.starts_with(&prefix)
}

/// The smallest bytes that are greater than every key with this prefix; `None` if there are none.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

/// A range of addresses in both of its forms, sorted by key: an IPv4 address and its IPv4-mapped IPv6 address (RFC 4291,
/// section 2.5.5.2) are the same host, and records contain either form.
fn both_forms(first: IpAddr, last: IpAddr) -> Vec<(IpAddr, IpAddr)> {
    match (first, last, first.to_canonical(), last.to_canonical()) {
        (_, _, IpAddr::V4(low), IpAddr::V4(high)) if first.is_ipv4() == last.is_ipv4() => {
            vec![(low.into(), high.into()), (low.to_ipv6_mapped().into(), high.to_ipv6_mapped().into())]
        }
        _ => vec![(first, last)],
    }
}

/// The first and last address of a network; bits after the prefix are ignored.
fn network(address: IpAddr, length: u8) -> (IpAddr, IpAddr) {
    match address {
        IpAddr::V4(address) => {
            let host = u32::MAX.checked_shr(length.into()).unwrap_or(0);
            let first = address.to_bits() & !host;
            (Ipv4Addr::from_bits(first).into(), Ipv4Addr::from_bits(first | host).into())
        }
        IpAddr::V6(address) => {
            let host = u128::MAX.checked_shr(length.into()).unwrap_or(0);
            let first = address.to_bits() & !host;
            (Ipv6Addr::from_bits(first).into(), Ipv6Addr::from_bits(first | host).into())
        }
    }
}

fn sort_key(name: &cof::Name) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    name.push_sort_key(&mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(address: &str, length: u8) -> (String, String) {
        let (first, last) = network(address.parse().unwrap(), length);
        (first.to_string(), last.to_string())
    }

    #[test]
    fn networks_have_a_first_and_a_last_address() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(ends("192.0.2.77", 24), pair("192.0.2.0", "192.0.2.255"));
        assert_eq!(ends("192.0.2.77", 0), pair("0.0.0.0", "255.255.255.255"));
        assert_eq!(ends("192.0.2.77", 32), pair("192.0.2.77", "192.0.2.77"));
        assert_eq!(ends("192.0.2.77", 200), pair("192.0.2.77", "192.0.2.77"));
        assert_eq!(ends("2001:db8::1", 32), pair("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
        assert_eq!(ends("2001:db8::1", 128), pair("2001:db8::1", "2001:db8::1"));
    }

    #[test]
    fn an_ipv4_address_is_also_looked_for_in_ipv6() {
        let forms = |first: &str, last: &str| {
            let forms = both_forms(first.parse().unwrap(), last.parse().unwrap()).into_iter();
            forms.map(|(first, last)| format!("{first} {last}")).collect::<Vec<_>>()
        };
        let both = ["192.0.2.0 192.0.2.9", "::ffff:192.0.2.0 ::ffff:192.0.2.9"];
        assert_eq!(forms("192.0.2.0", "192.0.2.9"), both);
        assert_eq!(forms("::ffff:192.0.2.0", "::ffff:192.0.2.9"), both);
        assert_eq!(forms("2001:db8::", "2001:db8::9"), ["2001:db8:: 2001:db8::9"]);
        assert_eq!(forms("::", "::ffff:192.0.2.9"), [":: ::ffff:192.0.2.9"], "only a part of it is IPv4");
        assert_eq!(forms("192.0.2.0", "::ffff:192.0.2.9"), ["192.0.2.0 ::ffff:192.0.2.9"], "two families");
    }

    #[test]
    fn a_range_that_holds_nothing_has_no_bounds() {
        let (low, high, six) = ("192.0.2.1", "192.0.2.9", "2001:db8::1");
        let range = |a: &str, b: &str| KeyRange::addresses(a.parse().unwrap(), b.parse().unwrap());
        assert!(range(low, high).bounds().is_some());
        assert!(range(low, low).bounds().is_some());
        assert!(range(high, low).bounds().is_none());
        assert!(range(low, six).bounds().is_none());
        assert!(range(six, low).bounds().is_none());
        assert!(range(low, high).not_before(&[5]).bounds().is_none());
    }

    #[test]
    fn the_end_of_a_prefix_is_what_comes_after_it() {
        assert_eq!(after_prefix(&[4, 255, 255]), Some(vec![5]));
        assert_eq!(after_prefix(&[4, 1]), Some(vec![4, 2]));
        assert_eq!(after_prefix(&[]), None);
        assert_eq!(after_prefix(&[255]), None);
    }
}
