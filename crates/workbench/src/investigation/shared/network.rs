//! The networks that addresses are grouped by: /24 of IPv4, /48 of IPv6.
//!
//! A [`Network`] is the first address and the length of the prefix. [`Network::parse`] refuses every text that is not exactly
//! the output of [`Display`](fmt::Display).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cof::special::{self, Block};

/// The length of the prefix of an IPv4 network, in bits.
const IPV4_PREFIX: u8 = 24;
/// The length of the prefix of an IPv6 network, in bits: what a site usually gets.
const IPV6_PREFIX: u8 = 48;

/// A network: no bit of the first address is set beyond the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

impl Network {
    /// The /24 or /48 of an address.
    pub fn around(address: IpAddr) -> Self {
        let prefix = if address.is_ipv4() { IPV4_PREFIX } else { IPV6_PREFIX };
        Self::new(address, prefix)
    }

    /// The network with this prefix that contains an address; a prefix that is too long is shortened.
    pub(super) fn new(address: IpAddr, prefix: u8) -> Self {
        match address {
            IpAddr::V4(address) => {
                let prefix = prefix.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Self { first: Ipv4Addr::from_bits(address.to_bits() & mask).into(), prefix }
            }
            IpAddr::V6(address) => {
                let prefix = prefix.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                Self { first: Ipv6Addr::from_bits(address.to_bits() & mask).into(), prefix }
            }
        }
    }

    /// Parses exactly what [`Display`](fmt::Display) writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (first, prefix) = text.split_once('/')?;
        let network = Self::new(first.parse().ok()?, prefix.parse().ok()?);
        (network.to_string() == text).then_some(network)
    }

    /// The first address.
    pub const fn first(self) -> IpAddr {
        self.first
    }

    /// The last address.
    pub(super) fn last(self) -> IpAddr {
        match self.first {
            IpAddr::V4(first) => {
                let rest = u32::MAX.checked_shr(self.prefix.into()).unwrap_or(0);
                Ipv4Addr::from_bits(first.to_bits() | rest).into()
            }
            IpAddr::V6(first) => {
                let rest = u128::MAX.checked_shr(self.prefix.into()).unwrap_or(0);
                Ipv6Addr::from_bits(first.to_bits() | rest).into()
            }
        }
    }

    /// The length of the prefix, in bits.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether it consists of one address.
    pub(super) const fn is_one_address(self) -> bool {
        self.prefix == if self.first.is_ipv4() { 32 } else { 128 }
    }

    /// The special-purpose block that it is part of. The first and the last address of a network can be in a smaller block of
    /// their own, so an address in the middle is looked up.
    pub(super) fn special(self) -> Option<&'static Block> {
        let middle = match self.first {
            IpAddr::V4(first) => {
                let half = 1_u32.checked_shl(31_u32.saturating_sub(self.prefix.into()));
                let half = half.filter(|_| self.prefix < 32).unwrap_or(0);
                Ipv4Addr::from_bits(first.to_bits() | half).into()
            }
            IpAddr::V6(first) => {
                let half = 1_u128.checked_shl(127_u32.saturating_sub(self.prefix.into()));
                let half = half.filter(|_| self.prefix < 128).unwrap_or(0);
                Ipv6Addr::from_bits(first.to_bits() | half).into()
            }
        };
        special::block_of(middle)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_grouped_by_their_network() {
        for (address, network) in [
            ("203.0.113.19", "203.0.113.0/24"),
            ("255.255.255.255", "255.255.255.0/24"),
            ("2001:db8:80:1::7", "2001:db8:80::/48"),
            ("::1", "::/48"),
        ] {
            assert_eq!(Network::around(address.parse().unwrap()).to_string(), network);
        }
    }

    #[test]
    fn a_network_ends_with_its_last_address() {
        for (network, last) in [
            ("203.0.113.0/24", "203.0.113.255"),
            ("0.0.0.0/0", "255.255.255.255"),
            ("192.0.2.1/32", "192.0.2.1"),
            ("2001:db8:80::/48", "2001:db8:80:ffff:ffff:ffff:ffff:ffff"),
            ("::1/128", "::1"),
        ] {
            assert_eq!(Network::parse(network).unwrap().last().to_string(), last);
        }
    }

    #[test]
    fn a_network_has_one_spelling() {
        for text in ["203.0.113.0/24", "2001:db8:80::/48", "0.0.0.0/0", "::/0", "192.0.2.1/32"] {
            assert_eq!(Network::parse(text).unwrap().to_string(), text);
        }
        for text in
            ["203.0.113.1/24", "203.0.113.0", "203.0.113.0/024", "203.0.113.0/33", "2001:DB8::/48", "/24"]
        {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_network_of_special_purpose_is_known() {
        let name = |text: &str| Network::parse(text).unwrap().special().map(Block::name);
        assert_eq!(name("10.0.0.0/24"), Some("private use"));
        assert_eq!(name("0.0.0.0/24"), Some("this network"));
        assert_eq!(name("2001:db8:80::/48"), Some("documentation"));
        assert_eq!(name("192.0.2.1/32"), Some("documentation"));
        assert_eq!(name("::1/128"), Some("loopback"));
        assert_eq!(name("5.6.7.0/24"), None);
        assert_eq!(name("2a00:1::/48"), None);
    }

    proptest! {
        #[test]
        fn every_network_reads_back(address in any::<IpAddr>(), prefix in any::<u8>()) {
            let network = Network::new(address, prefix);
            prop_assert_eq!(Network::parse(&network.to_string()), Some(network));
            let _ = network.special();
        }
    }
}
