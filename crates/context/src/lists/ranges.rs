//! Addresses as sorted ranges that do not overlap: [`Ranges`].

use std::net::IpAddr;

/// Ranges of the numbers of addresses, each with its first and last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges {
    pub(super) v4: Vec<(u32, u32)>,
    pub(super) v6: Vec<(u128, u128)>,
}

impl Ranges {
    /// Adds an address or a network (`192.0.2.0/24`), in which bits after its length do not count. Returns whether it is one.
    /// What is IPv4-mapped is IPv4.
    pub(super) fn add(&mut self, entry: &str) -> bool {
        let (address, length) = match entry.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (entry, None),
        };
        let Ok(address) = address.trim().parse::<IpAddr>() else { return false };
        let length = match length.map(|length| length.trim().parse::<u32>()) {
            Some(Ok(length)) => Some(length),
            Some(Err(_)) => return false,
            None => None,
        };
        let bits = if address.is_ipv4() { 32 } else { 128 };
        if length.is_some_and(|length| length > bits) {
            return false;
        }
        self.add_block(address, length.unwrap_or(bits));
        true
    }

    fn add_block(&mut self, address: IpAddr, length: u32) {
        match (address, address.to_canonical()) {
            (IpAddr::V4(address), _) => {
                let rest = u32::MAX.checked_shr(length).unwrap_or(0);
                self.v4.push((address.to_bits() & !rest, address.to_bits() | rest));
            }
            (IpAddr::V6(_), mapped @ IpAddr::V4(_)) if length >= 96 => self.add_block(mapped, length - 96),
            (IpAddr::V6(address), _) => {
                let rest = u128::MAX.checked_shr(length).unwrap_or(0);
                self.v6.push((address.to_bits() & !rest, address.to_bits() | rest));
            }
        }
    }

    /// Sorts the ranges, and merges those that overlap or touch.
    pub(super) fn settle(&mut self) {
        settle(&mut self.v4, |last| last.checked_add(1));
        settle(&mut self.v6, |last| last.checked_add(1));
    }

    /// Whether an address is in one of the settled ranges.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => has(&self.v4, address.to_bits()),
            IpAddr::V6(address) => has(&self.v6, address.to_bits()),
        }
    }
}

fn settle<N: Copy + Ord>(ranges: &mut Vec<(N, N)>, after: impl Fn(N) -> Option<N>) {
    ranges.sort_unstable();
    let mut settled: Vec<(N, N)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges.drain(..) {
        match settled.last_mut() {
            Some((_, end)) if after(*end).is_none_or(|after| first <= after) => *end = last.max(*end),
            _ => settled.push((first, last)),
        }
    }
    settled.shrink_to_fit();
    *ranges = settled;
}

fn has<N: Copy + Ord>(ranges: &[(N, N)], number: N) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= number);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|(_, last)| number <= *last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranges(entries: &[&str]) -> Ranges {
        let mut ranges = Ranges::default();
        for entry in entries {
            assert!(ranges.add(entry), "{entry}");
        }
        ranges.settle();
        ranges
    }

    #[test]
    fn addresses_and_networks_are_ranges() {
        let set = ranges(&[
            "192.0.2.7/24",
            "192.0.3.0/25",
            "198.51.100.1",
            "2001:db8::/32",
            "::ffff:cb00:7105",
            "::ffff:203.0.113.64/122",
        ]);
        for address in
            ["192.0.2.0", "192.0.3.127", "198.51.100.1", "2001:db8:1::1", "203.0.113.5", "203.0.113.127"]
        {
            assert!(set.has(address.parse().unwrap()), "{address}");
        }
        for address in ["192.0.1.255", "192.0.3.128", "198.51.100.2", "2001:db9::", "203.0.113.6", "0.0.0.0"]
        {
            assert!(!set.has(address.parse().unwrap()), "{address}");
        }
        assert_eq!(set.v4.len(), 4, "networks that touch are one range: {set:?}");
        let all = ranges(&["0.0.0.0/0", "::/0", "255.255.255.255", "1.2.3.4"]);
        assert_eq!((all.v4, all.v6), (vec![(0, u32::MAX)], vec![(0, u128::MAX)]));
    }

    #[test]
    fn everything_else_is_no_address() {
        for entry in [
            "",
            "/",
            "example.com",
            "192.0.2.0/33",
            "::/129",
            "192.0.2.0/x",
            "192.0.2.0/-1",
            "192.0.2.0/24/2",
            "192.0.2",
        ] {
            assert!(!Ranges::default().add(entry), "{entry}");
        }
    }

    proptest! {
        #[test]
        fn they_have_what_a_scan_finds(blocks in prop::collection::vec((any::<u8>(), 24_u32..=32), 0..20), asked: u8) {
            let mut set = Ranges::default();
            for (last, length) in &blocks {
                set.add(&format!("192.0.2.{last}/{length}"));
            }
            set.settle();
            let scan = blocks.iter().any(|(last, length)| (last ^ asked).checked_shr(32 - length).unwrap_or(0) == 0);
            prop_assert_eq!(set.has(std::net::Ipv4Addr::new(192, 0, 2, asked).into()), scan);
        }
    }
}
