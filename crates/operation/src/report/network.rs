//! Networks and ranges of addresses in a text: [`Network`]. A text that is none is `None`, never an error, because a report is full
//! of similar text.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Indicator;
use crate::indicator::refang;

/// The most addresses of a network that is offered: a /24 or a /120.
pub const MOST_ADDRESSES: u128 = 256;

/// A range of addresses of one family, with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    first: IpAddr,
    last: IpAddr,
}

impl Network {
    /// Parses `192.0.2.0/24`, also with a mask, without the last octets (`10/8`), or with a host address; `192.0.2.1-192.0.2.9`,
    /// `192.0.2.1-9`, `192.0.2.*`; each defanged or not.
    pub fn parse(text: &str) -> Option<Self> {
        let text = refang(text);
        Self::of_prefix(&text).or_else(|| Self::of_range(&text)).or_else(|| Self::of_pattern(&text))
    }

    /// The number of its addresses. The whole of IPv6 counts as one less.
    pub fn count(&self) -> u128 {
        let (first, last) = (bits(self.first), bits(self.last));
        last.saturating_sub(first).saturating_add(1)
    }

    /// Whether it has few enough addresses to be offered.
    pub fn is_small(&self) -> bool {
        self.count() <= MOST_ADDRESSES
    }

    /// Its addresses in their order, at most [`MOST_ADDRESSES`].
    pub fn addresses(&self) -> impl Iterator<Item = Indicator> + use<> {
        let (first, is_v4) = (bits(self.first), self.first.is_ipv4());
        let count = self.count().min(MOST_ADDRESSES);
        (0..count)
            .filter_map(move |at| Some(Indicator::from_address(address(first.checked_add(at)?, is_v4)?)))
    }

    fn of_prefix(text: &str) -> Option<Self> {
        let (base, length) = text.split_once('/')?;
        let base = base.parse().ok().or_else(|| padded(base))?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let length = match length.parse::<Ipv4Addr>() {
            Ok(mask) if base.is_ipv4() => of_mask(mask)?,
            _ => length.parse::<u32>().ok().filter(|length| *length <= width)?,
        };
        let hosts = u128::MAX.checked_shr(128 - (width - length)).unwrap_or(0);
        let first = bits(base) & !hosts;
        Self::between(address(first, base.is_ipv4())?, address(first | hosts, base.is_ipv4())?)
    }

    fn of_range(text: &str) -> Option<Self> {
        let (first, last) = text.split_once('-')?;
        let first: IpAddr = first.trim().parse().ok()?;
        let last = last.trim();
        let last = match (first, last.parse::<u8>()) {
            (IpAddr::V4(first), Ok(last)) => {
                let [a, b, c, _] = first.octets();
                Ipv4Addr::new(a, b, c, last).into()
            }
            _ => last.parse().ok()?,
        };
        Self::between(first, last)
    }

    /// `192.0.2.*`: octets, then one or more open ones.
    fn of_pattern(text: &str) -> Option<Self> {
        let labels: Vec<&str> = text.split('.').collect();
        let closed = labels.iter().take_while(|label| !is_open(label)).count();
        let open = labels.get(closed..)?;
        if labels.len() > 4 || closed == 0 || open.is_empty() || !open.iter().all(|label| is_open(label)) {
            return None;
        }
        let octets: Vec<u8> =
            labels.iter().take(closed).map(|label| label.parse().ok()).collect::<Option<_>>()?;
        let filled = |rest: u8| {
            let mut all = octets.iter().copied().chain(std::iter::repeat(rest));
            IpAddr::from([0; 4].map(|_: u8| all.next().unwrap_or(rest)))
        };
        Self::between(filled(0), filled(u8::MAX))
    }

    fn between(first: IpAddr, last: IpAddr) -> Option<Self> {
        (first.is_ipv4() == last.is_ipv4() && first <= last).then_some(Self { first, last })
    }

    /// The length of its prefix, if it is a network and not another range.
    fn prefix(&self) -> Option<u32> {
        let (first, last) = (bits(self.first), bits(self.last));
        let hosts = first ^ last;
        let width = if self.first.is_ipv4() { 32 } else { 128 };
        let is_network = hosts & hosts.wrapping_add(1) == 0 && first & hosts == 0;
        is_network.then(|| width - hosts.count_ones())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix() {
            Some(length) => write!(f, "{}/{length}", self.first),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}

fn is_open(label: &str) -> bool {
    matches!(label, "*" | "x" | "X")
}

/// An address whose last octets are left out, as in `10/8`.
fn padded(base: &str) -> Option<IpAddr> {
    let missing = 3_usize.checked_sub(base.matches('.').count())?;
    format!("{base}{}", ".0".repeat(missing)).parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// The length of a prefix in the form of a mask.
fn of_mask(mask: Ipv4Addr) -> Option<u32> {
    let bits = mask.to_bits();
    (bits.leading_ones() == bits.count_ones()).then(|| bits.leading_ones())
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn address(bits: u128, is_v4: bool) -> Option<IpAddr> {
    if is_v4 {
        u32::try_from(bits).ok().map(|bits| Ipv4Addr::from_bits(bits).into())
    } else {
        Some(Ipv6Addr::from_bits(bits).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_a_network_is_read() {
        for (text, network, count) in [
            ("192.0.2.0/24", "192.0.2.0/24", 256),
            ("192.0.2[.]77/28", "192.0.2.64/28", 16),
            ("192.0.2.0/255.255.255.252", "192.0.2.0/30", 4),
            ("10/8", "10.0.0.0/8", 1 << 24),
            ("10.1/16", "10.1.0.0/16", 1 << 16),
            ("2001:db8::/120", "2001:db8::/120", 256),
            ("2001:db8::/32", "2001:db8::/32", 1 << 96),
            ("192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9", 9),
            ("192.0.2.1–9", "192.0.2.1-192.0.2.9", 9),
            ("192.0.2.0-255", "192.0.2.0/24", 256),
            ("192.0.2.*", "192.0.2.0/24", 256),
            ("10.x.x.x", "10.0.0.0/8", 1 << 24),
            ("::/0", "::/0", u128::MAX),
            ("0.0.0.0/0", "0.0.0.0/0", 1 << 32),
        ] {
            let read = Network::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((read.to_string().as_str(), read.count()), (network, count), "{text}");
            assert_eq!(Network::parse(network), Some(read), "{network}");
        }
        for text in [
            "192.0.2.1",
            "192.0.2.0/33",
            "192.0.2.9-1",
            "192.0.2.1/192.0.2.2",
            "*.2.3",
            "x",
            "",
            "a.example/24",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn its_addresses_are_as_many_as_it_says(bits in any::<u128>(), is_v4 in any::<bool>(), host_bits in 0_u32..20) {
            let (base, width) = if is_v4 {
                (IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits & u128::from(u32::MAX)).unwrap())), 32)
            } else {
                (IpAddr::V6(Ipv6Addr::from_bits(bits)), 128)
            };
            let network = Network::parse(&format!("{base}/{}", width - host_bits)).unwrap();
            prop_assert_eq!(network.count(), 1_u128 << host_bits);
            prop_assert_eq!(network.addresses().count() as u128, network.count().min(MOST_ADDRESSES));
            prop_assert_eq!(network.is_small(), host_bits <= 8);
            if network.is_small() {
                prop_assert!(network.addresses().any(|one| one == Indicator::from_address(base)));
            }
        }

        #[test]
        fn no_text_panics(text in "[0-9a-fx*:./-]{0,24}") {
            if let Some(network) = Network::parse(&text) {
                prop_assert_eq!(Network::parse(&network.to_string()), Some(network));
            }
        }
    }
}
