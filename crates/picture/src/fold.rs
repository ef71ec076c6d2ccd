//! What many values are folded by, and which folds are open.
//!
//! [`By`] is the choice of the reader, [`Systems`] what the caller knows about addresses, and `part_of` the part of a value: its
//! network, its autonomous system or its registered domain. A fold has a [`Key`], which is stable between requests, so that
//! [`Opened`] is part of the address of a page. Nothing here fails: an unreadable key is ignored, and there are at most
//! [`MOST_OPEN`] of them, so that addresses stay short.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use cof::{Name, NameRef};

/// The autonomous system of an address as a label, such as `AS64496 Example Net`; `None` if it is unknown.
///
/// The caller looks it up, once per address and picture; labels are untrusted text.
pub type Systems<'a> = &'a dyn Fn(IpAddr) -> Option<String>;

/// What names and addresses are folded by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// Names by registered domain, and the addresses of one name by network.
    #[default]
    Domain,
    /// Addresses by /24 (IPv4) or /48 (IPv6) network, whatever names they belong to.
    Network,
    /// Addresses by autonomous system, and those without one by network.
    System,
}

/// The number of a fold: a hash of what it folds. Different folds may have the same one, and then open together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u32);

/// The folds that are open, in the order in which they were opened, with the number of rows that each shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened(Vec<(Key, usize)>);

/// The most open folds; opening another one closes the oldest.
pub const MOST_OPEN: usize = 12;
/// The number of rows of a fold that was just opened, and how many a click adds.
pub const ROWS: usize = 25;
/// The most rows of one fold.
const MOST_ROWS: usize = 200;

impl By {
    /// Its name in the address of a page.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Network => "network",
            Self::System => "as",
        }
    }

    /// The choice with this name.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Domain, Self::Network, Self::System].into_iter().find(|by| by.word() == word)
    }
}

impl Key {
    /// The key of a fold that is described by these texts (FNV-1a).
    pub fn of(texts: &[&str]) -> Self {
        let mut hash = 0x811c_9dc5_u32;
        for text in texts {
            // A byte that is in no UTF-8 text separates the texts.
            for byte in text.bytes().chain([0xff]) {
                hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
            }
        }
        Self(hash)
    }

    /// The key of a fold within this one.
    #[must_use]
    pub fn within(self, text: &str) -> Self {
        Self::of(&[&self.to_string(), text])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl Opened {
    /// Reads the value of a parameter, such as `3f2a9c01,00ff12ab.50`.
    pub fn parse(text: &str) -> Self {
        let mut opened = Self::default();
        for part in text.split(',').take(MOST_OPEN) {
            let (key, rows) = part.split_once('.').unwrap_or((part, ""));
            let Some(key) = Some(key).filter(|key| key.len() == 8) else { continue };
            let Ok(key) = u32::from_str_radix(key, 16) else { continue };
            opened.open(Key(key), rows.parse().unwrap_or(ROWS));
        }
        opened
    }

    /// Whether any fold is open.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rows of a fold are shown; `None` if it is closed.
    pub fn rows(&self, key: Key) -> Option<usize> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, rows)| *rows)
    }

    /// The value of the parameter with this fold open and so many rows in it.
    pub fn with(&self, key: Key, rows: usize) -> String {
        let mut opened = self.clone();
        opened.open(key, rows);
        opened.to_string()
    }

    /// The value of the parameter with this fold opened, or closed if it is open; `None` if nothing is open then.
    pub fn toggled(&self, key: Key) -> Option<String> {
        if self.rows(key).is_none() {
            return Some(self.with(key, ROWS));
        }
        let mut opened = self.clone();
        opened.0.retain(|(known, _)| *known != key);
        (!opened.is_empty()).then(|| opened.to_string())
    }

    fn open(&mut self, key: Key, rows: usize) {
        self.0.retain(|(known, _)| *known != key);
        self.0.push((key, rows.clamp(1, MOST_ROWS)));
        if self.0.len() > MOST_OPEN {
            self.0.remove(0);
        }
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, rows)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match *rows {
                ROWS => write!(f, "{comma}{key}")?,
                rows => write!(f, "{comma}{key}.{rows}")?,
            }
        }
        Ok(())
    }
}

/// The part of an address: its autonomous system if that is wanted and known, or else its network.
pub fn part_of_address(address: IpAddr, by: By, systems: Option<Systems<'_>>) -> String {
    let system = systems.filter(|_| by == By::System).and_then(|systems| systems(address));
    system.unwrap_or_else(|| network(address))
}

/// The network of an address: the /24 of an IPv4 address, the /48 of another one.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// The registered domain of a name, or the name itself if it has none.
pub fn domain(name: &Name) -> NameRef<'_> {
    name.registered_domain().unwrap_or_else(|| name.as_ref())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_in_networks_and_in_systems_that_are_known() {
        let v4: IpAddr = "203.0.113.7".parse().unwrap();
        assert_eq!(network(v4), "203.0.113.0/24");
        assert_eq!(network("::ffff:203.0.113.7".parse().unwrap()), "203.0.113.0/24");
        assert_eq!(network("2001:db8:4a01:9::1".parse().unwrap()), "2001:db8:4a01::/48");
        let known = |address: IpAddr| (address == v4).then(|| "AS64496 Example Net".to_owned());
        let other: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!(part_of_address(v4, By::System, Some(&known)), "AS64496 Example Net");
        assert_eq!(part_of_address(other, By::System, Some(&known)), "192.0.2.0/24");
        assert_eq!(part_of_address(v4, By::Network, Some(&known)), "203.0.113.0/24");
        assert_eq!(part_of_address(v4, By::System, None), "203.0.113.0/24");
    }

    #[test]
    fn a_fold_opens_grows_and_closes() {
        let (a, b) = (Key::of(&["A", "x.example"]), Key::of(&["Ax", ".example"]));
        assert_ne!(a, b);
        let opened = Opened::parse(&Opened::default().toggled(a).unwrap());
        assert_eq!((opened.rows(a), opened.rows(b)), (Some(ROWS), None));
        let more = Opened::parse(&opened.with(a, 50));
        assert_eq!((more.rows(a), more.to_string()), (Some(50), format!("{a}.50")));
        assert_eq!(more.toggled(a), None);
        let many: Vec<String> = (0..40).map(|n| Key::of(&[&n.to_string()]).to_string()).collect();
        assert_eq!(Opened::parse(&many.join(",")).0.len(), MOST_OPEN);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_what_is_read_is_written_alike(text in "[0-9a-f.,x]{0,60}") {
            let opened = Opened::parse(&text);
            prop_assert_eq!(Opened::parse(&opened.to_string()), opened);
        }
    }
}
