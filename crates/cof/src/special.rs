//! Special-purpose addresses, which do not belong to a host, so that they say nothing about the names they are seen with.
//!
//! [`block_of`] finds the smallest block that contains an address. The tables are IANA's registries of special-purpose
//! addresses (RFC 6890 and its updates), IPv4 as of 2024-08 and IPv6 as of 2025-08, and ranges that other documents define:
//! multicast (RFC 5771, RFC 4291), the deprecated site-local range (RFC 3879), IPv4-compatible addresses (RFC 4291), and
//! everything outside `2000::/3`, of which IANA has allocated nothing to hosts. Nothing here fails.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of special-purpose addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Block {
    first: IpAddr,
    length: u8,
    name: &'static str,
    source: &'static str,
    is_global: bool,
}

const IPV4: [Block; 29] = [
    v4([0, 0, 0, 0], 8, "this network", "RFC 791"),
    v4([0, 0, 0, 0], 32, "the unspecified address", "RFC 1122"),
    v4([10, 0, 0, 0], 8, "private use", "RFC 1918"),
    v4([100, 64, 0, 0], 10, "carrier-grade NAT", "RFC 6598"),
    v4([127, 0, 0, 0], 8, "loopback", "RFC 1122"),
    v4([169, 254, 0, 0], 16, "link-local", "RFC 3927"),
    v4([172, 16, 0, 0], 12, "private use", "RFC 1918"),
    v4([192, 0, 0, 0], 24, "IETF protocol assignments", "RFC 6890"),
    v4([192, 0, 0, 0], 29, "IPv4 service continuity", "RFC 7335"),
    v4([192, 0, 0, 8], 32, "the IPv4 dummy address", "RFC 7600"),
    global(v4([192, 0, 0, 9], 32, "Port Control Protocol anycast", "RFC 7723")),
    global(v4([192, 0, 0, 10], 32, "TURN anycast", "RFC 8155")),
    v4([192, 0, 0, 170], 31, "NAT64/DNS64 discovery", "RFC 8880"),
    v4([192, 0, 2, 0], 24, "documentation", "RFC 5737"),
    global(v4([192, 31, 196, 0], 24, "AS112", "RFC 7535")),
    global(v4([192, 52, 193, 0], 24, "automatic multicast tunnelling", "RFC 7450")),
    v4([192, 88, 99, 0], 24, "6to4 relay anycast, deprecated", "RFC 7526"),
    v4([192, 88, 99, 2], 32, "6a44 relay anycast", "RFC 6751"),
    v4([192, 168, 0, 0], 16, "private use", "RFC 1918"),
    global(v4([192, 175, 48, 0], 24, "AS112", "RFC 7534")),
    v4([198, 18, 0, 0], 15, "benchmarking", "RFC 2544"),
    v4([198, 51, 100, 0], 24, "documentation", "RFC 5737"),
    v4([203, 0, 113, 0], 24, "documentation", "RFC 5737"),
    v4([224, 0, 0, 0], 4, "multicast", "RFC 5771"),
    v4([224, 0, 0, 0], 24, "multicast within a network", "RFC 5771"),
    v4([233, 252, 0, 0], 24, "documentation of multicast", "RFC 6676"),
    v4([239, 0, 0, 0], 8, "multicast within an organisation", "RFC 2365"),
    v4([240, 0, 0, 0], 4, "reserved", "RFC 1112"),
    v4([255, 255, 255, 255], 32, "limited broadcast", "RFC 8190"),
];

const IPV6: [Block; 31] = [
    v6([0, 0, 0, 0, 0, 0, 0, 0], 8, "reserved", "RFC 4291"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, "IPv4-compatible, deprecated", "RFC 4291"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 128, "the unspecified address", "RFC 4291"),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, "loopback", "RFC 4291"),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, "IPv4-mapped", "RFC 4291"),
    global(v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, "NAT64", "RFC 6052")),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, "NAT64 of a local network", "RFC 8215"),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "discard-only", "RFC 6666"),
    v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64, "the IPv6 dummy prefix", "RFC 9780"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, "IETF protocol assignments", "RFC 2928"),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "Teredo", "RFC 4380"),
    global(v6([0x2001, 1, 0, 0, 0, 0, 0, 1], 128, "Port Control Protocol anycast", "RFC 7723")),
    global(v6([0x2001, 1, 0, 0, 0, 0, 0, 2], 128, "TURN anycast", "RFC 8155")),
    global(v6([0x2001, 1, 0, 0, 0, 0, 0, 3], 128, "DNS-SD registration anycast", "RFC 9665")),
    v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, "benchmarking", "RFC 5180"),
    global(v6([0x2001, 3, 0, 0, 0, 0, 0, 0], 32, "automatic multicast tunnelling", "RFC 7450")),
    global(v6([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, "AS112", "RFC 7535")),
    v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28, "ORCHID, deprecated", "RFC 4843"),
    global(v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28, "ORCHIDv2", "RFC 7343")),
    global(v6([0x2001, 0x30, 0, 0, 0, 0, 0, 0], 28, "drone identifiers", "RFC 9374")),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "documentation", "RFC 3849"),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "6to4", "RFC 3056"),
    global(v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, "AS112", "RFC 7534")),
    v6([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16, "the former 6bone", "RFC 3701"),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation", "RFC 9637"),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "segment routing identifiers", "RFC 9602"),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "unique-local", "RFC 4193"),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local", "RFC 4291"),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "site-local, deprecated", "RFC 3879"),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast", "RFC 4291"),
    // Found last, because it contains every address: for those in no other block and outside 2000::/3.
    v6([0, 0, 0, 0, 0, 0, 0, 0], 0, "not allocated to hosts", "RFC 4291"),
];

/// The range that IANA has allocated to hosts: `2000::/3`.
const UNICAST: u16 = 0b001;

const fn v4(octets: [u8; 4], length: u8, name: &'static str, source: &'static str) -> Block {
    let [a, b, c, d] = octets;
    Block { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length, name, source, is_global: false }
}

#[expect(clippy::many_single_char_names, reason = "the eight groups of an address have no other names")]
const fn v6(groups: [u16; 8], length: u8, name: &'static str, source: &'static str) -> Block {
    let [a, b, c, d, e, f, g, h] = groups;
    let first = IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h));
    Block { first, length, name, source, is_global: false }
}

const fn global(block: Block) -> Block {
    Block { is_global: true, ..block }
}

/// The smallest special-purpose block that contains an address; `None` for an address that a host can have.
pub fn block_of(address: IpAddr) -> Option<&'static Block> {
    let blocks = match address {
        IpAddr::V4(_) => IPV4.as_slice(),
        IpAddr::V6(address) => {
            // A fast check, because most addresses are allocated.
            let is_unicast = address.segments().first().is_some_and(|first| first >> 13 == UNICAST);
            IPV6.get(..IPV6.len() - usize::from(is_unicast)).unwrap_or_default()
        }
    };
    blocks.iter().filter(|block| block.holds(address)).max_by_key(|block| block.length)
}

impl Block {
    /// The purpose: "private use".
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether its addresses are globally reachable despite their special purpose.
    pub const fn is_global(&self) -> bool {
        self.is_global
    }

    fn holds(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let differs = u64::from(first.to_bits() ^ address.to_bits());
                differs >> (32 - u32::from(self.length.min(32))) == 0
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let differs = first.to_bits() ^ address.to_bits();
                differs.checked_shr(128 - u32::from(self.length.min(128))).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reached = if self.is_global { ", globally reachable" } else { "" };
        write!(f, "{} ({}/{}, {}{reached})", self.name, self.first, self.length, self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(address: &str) -> Option<&'static str> {
        block_of(address.parse().unwrap()).map(Block::name)
    }

    #[test]
    fn every_block_begins_and_ends_where_the_registry_says() {
        for block in IPV4.iter().chain(&IPV6) {
            let (first, last, before, behind) = ends(block);
            assert!(block.holds(first) && block.holds(last), "{block}");
            for outside in [before, behind].into_iter().flatten() {
                assert!(!block.holds(outside), "{block}: {outside}");
            }
            assert_eq!(first, block.first, "{block}: no bits beyond the prefix");
        }
    }

    /// The first and last address of a block, and the addresses next to them.
    fn ends(block: &Block) -> (IpAddr, IpAddr, Option<IpAddr>, Option<IpAddr>) {
        match block.first {
            IpAddr::V4(first) => {
                let host = u32::MAX.checked_shr(u32::from(block.length)).unwrap_or(0);
                let (first, last) = (first.to_bits() & !host, first.to_bits() | host);
                let address = |bits| IpAddr::V4(Ipv4Addr::from_bits(bits));
                (
                    address(first),
                    address(last),
                    first.checked_sub(1).map(address),
                    last.checked_add(1).map(address),
                )
            }
            IpAddr::V6(first) => {
                let host = u128::MAX.checked_shr(u32::from(block.length)).unwrap_or(0);
                let (first, last) = (first.to_bits() & !host, first.to_bits() | host);
                let address = |bits| IpAddr::V6(Ipv6Addr::from_bits(bits));
                (
                    address(first),
                    address(last),
                    first.checked_sub(1).map(address),
                    last.checked_add(1).map(address),
                )
            }
        }
    }

    #[test]
    fn the_smallest_block_names_an_address() {
        for (address, block) in [
            ("0.0.0.0", Some("the unspecified address")),
            ("0.0.0.1", Some("this network")),
            ("1.0.0.0", None),
            ("9.255.255.255", None),
            ("10.0.0.0", Some("private use")),
            ("10.255.255.255", Some("private use")),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some("carrier-grade NAT")),
            ("100.127.255.255", Some("carrier-grade NAT")),
            ("100.128.0.0", None),
            ("127.0.0.1", Some("loopback")),
            ("169.254.169.254", Some("link-local")),
            ("172.15.255.255", None),
            ("172.16.0.0", Some("private use")),
            ("172.31.255.255", Some("private use")),
            ("172.32.0.0", None),
            ("192.0.0.7", Some("IPv4 service continuity")),
            ("192.0.0.8", Some("the IPv4 dummy address")),
            ("192.0.0.9", Some("Port Control Protocol anycast")),
            ("192.0.0.171", Some("NAT64/DNS64 discovery")),
            ("192.0.0.172", Some("IETF protocol assignments")),
            ("192.0.1.0", None),
            ("192.0.2.1", Some("documentation")),
            ("192.0.3.0", None),
            ("192.88.99.1", Some("6to4 relay anycast, deprecated")),
            ("192.175.48.1", Some("AS112")),
            ("198.17.255.255", None),
            ("198.19.255.255", Some("benchmarking")),
            ("198.20.0.0", None),
            ("203.0.113.7", Some("documentation")),
            ("223.255.255.255", None),
            ("224.0.0.251", Some("multicast within a network")),
            ("239.255.255.250", Some("multicast within an organisation")),
            ("240.0.0.1", Some("reserved")),
            ("255.255.255.255", Some("limited broadcast")),
            ("::", Some("the unspecified address")),
            ("::1", Some("loopback")),
            ("::c000:201", Some("IPv4-compatible, deprecated")),
            ("::ffff:8.8.8.8", Some("IPv4-mapped")),
            ("64:ff9b::808:808", Some("NAT64")),
            ("64:ff9b:1::1", Some("NAT64 of a local network")),
            ("100::1", Some("discard-only")),
            ("100:0:0:1::", Some("the IPv6 dummy prefix")),
            ("200::1", Some("not allocated to hosts")),
            ("2001::1", Some("Teredo")),
            ("2001:1::1", Some("Port Control Protocol anycast")),
            ("2001:1::4", Some("IETF protocol assignments")),
            ("2001:1ff:ffff::", Some("IETF protocol assignments")),
            ("2001:200::", None),
            ("2001:20::1", Some("ORCHIDv2")),
            ("2001:db8::1", Some("documentation")),
            ("2001:db9::", None),
            ("2002:808:808::", Some("6to4")),
            ("2606:4700::1111", None),
            ("3ffe:ffff::", Some("the former 6bone")),
            ("3fff:fff:ffff::", Some("documentation")),
            ("3fff:1000::", None),
            ("4000::", Some("not allocated to hosts")),
            ("5f00::1", Some("segment routing identifiers")),
            ("fd00::1", Some("unique-local")),
            ("fe80::1", Some("link-local")),
            ("febf::1", Some("link-local")),
            ("fec0::1", Some("site-local, deprecated")),
            ("ff02::fb", Some("multicast")),
        ] {
            assert_eq!(name(address), block, "{address}");
        }
    }

    #[test]
    fn a_block_is_named_with_its_prefix_and_its_source() {
        let shown = |address: &str| block_of(address.parse().unwrap()).unwrap().to_string();
        assert_eq!(shown("10.1.2.3"), "private use (10.0.0.0/8, RFC 1918)");
        assert_eq!(shown("64:ff9b::1"), "NAT64 (64:ff9b::/96, RFC 6052, globally reachable)");
    }

    proptest! {
        #[test]
        fn every_address_is_looked_up(bits in any::<u128>(), short in any::<u32>()) {
            let _ = block_of(Ipv6Addr::from_bits(bits).into());
            let four = block_of(Ipv4Addr::from_bits(short).into());
            let address = Ipv4Addr::from_bits(short);
            let is_private = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast();
            prop_assert!(!is_private || four.is_some());
        }
    }
}
