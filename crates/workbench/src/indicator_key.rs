//! The key by which indicators are found and sorted: one byte for the type, then the sort key within the type.
//!
//! A name is sorted by its labels from the right, so that all names below a name are one range. An address is sorted by its
//! bytes, so that a network is one range. Different indicators have different keys.

use std::net::IpAddr;

use cof::Name;
use operation::{Host, Indicator, IndicatorType};

/// A half-open range of keys: from the first up to, but not including, the second.
pub(crate) type KeyRange = (Vec<u8>, Vec<u8>);

/// The type's number in the database, and the first byte of its keys.
pub(crate) const fn type_code(kind: IndicatorType) -> u8 {
    match kind {
        IndicatorType::Fqdn => 1,
        IndicatorType::IpAddress => 4,
        IndicatorType::Ipv6Address => 6,
    }
}

/// The key of an indicator.
pub(crate) fn sort_key(indicator: &Indicator) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.push(type_code(indicator.kind()));
    match indicator.host() {
        Host::Name(name) => name.push_sort_key(&mut key),
        Host::Address(IpAddr::V4(address)) => key.extend_from_slice(&address.octets()),
        Host::Address(IpAddr::V6(address)) => key.extend_from_slice(&address.octets()),
    }
    key
}

/// The keys of all names below a name, excluding the name itself.
pub(crate) fn below(name: &Name) -> KeyRange {
    let mut key = vec![type_code(IndicatorType::Fqdn)];
    name.push_sort_key(&mut key);
    // The last 0 ends the name; the labels of names below it begin with a byte above 0.
    key.pop();
    let (mut first, mut end) = (key.clone(), key);
    first.push(1);
    // All names below it begin with these bytes, so they come before the same bytes with the last one increased.
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    (first, end)
}

/// The keys of all addresses of a network, given by any of its addresses and the prefix length.
pub(crate) fn network(address: IpAddr, prefix: u8) -> Option<KeyRange> {
    let (width, bits) = match address {
        IpAddr::V4(address) => (32, u128::from(address.to_bits())),
        IpAddr::V6(address) => (128, address.to_bits()),
    };
    let host = width - u32::from(prefix).min(width);
    let mask = 1_u128.checked_shl(host).map_or(u128::MAX, |bit| bit - 1);
    (u32::from(prefix) <= width).then(|| {
        let kind =
            type_code(if address.is_ipv4() { IndicatorType::IpAddress } else { IndicatorType::Ipv6Address });
        let key = |bits: u128| {
            let octets = bits.to_be_bytes();
            let from = octets.len() - usize::try_from(width / 8).unwrap_or_default();
            std::iter::once(kind).chain(octets.into_iter().skip(from)).collect::<Vec<u8>>()
        };
        let mut end = key(bits | mask);
        // Longer keys follow directly after the last address.
        end.push(0);
        (key(bits & !mask), end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(value: &str) -> Vec<u8> {
        sort_key(&Indicator::existing(value).unwrap())
    }

    #[test]
    fn a_range_holds_the_names_below_and_no_others() {
        let (first, end) = below(&Name::parse("example.com").unwrap());
        let inside = |value: &str| (first.as_slice()..end.as_slice()).contains(&key(value).as_slice());
        for name in ["a.example.com", "-.example.com", "zz.zz.example.com", "_dmarc.example.com"] {
            assert!(inside(name), "{name}");
        }
        for name in
            ["example.com", "com", "example.co", "example.comm", "a-example.com", "examplea.com", "192.0.2.1"]
        {
            assert!(!inside(name), "{name}");
        }
    }

    #[test]
    fn a_range_holds_the_addresses_of_a_network_and_no_others() {
        let inside = |value: &str, address: &str, prefix| {
            let (first, end) = network(address.parse().unwrap(), prefix).unwrap();
            (first.as_slice()..end.as_slice()).contains(&key(value).as_slice())
        };
        for (value, address, prefix, expected) in [
            ("192.0.2.0", "192.0.2.77", 24, true),
            ("192.0.2.255", "192.0.2.77", 24, true),
            ("192.0.3.0", "192.0.2.77", 24, false),
            ("192.0.1.255", "192.0.2.77", 24, false),
            ("192.0.2.77", "192.0.2.77", 32, true),
            ("192.0.2.78", "192.0.2.77", 32, false),
            ("255.255.255.255", "0.0.0.0", 0, true),
            ("::1", "0.0.0.0", 0, false),
            ("2001:db8::ffff", "2001:db8::", 32, true),
            ("2001:db9::", "2001:db8::", 32, false),
            ("ffff::1", "::", 0, true),
            ("a.example", "::", 0, false),
        ] {
            assert_eq!(inside(value, address, prefix), expected, "{value} in {address}/{prefix}");
        }
        assert_eq!(network("192.0.2.0".parse().unwrap(), 33), None);
        assert_eq!(network("::".parse().unwrap(), 129), None);
    }
}
