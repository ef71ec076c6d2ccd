//! Why a shared resource says little about those that share it: [`Rules::reasons`].
//!
//! A weak pivot is an address, a name server or another name that unrelated hosts have in common: shared hosting, parking, a
//! sinkhole, a public resolver, a large provider. Every [`Reason`] is in words that a page can show. Nothing here fails, reads
//! files or counts: the caller brings the [lists](ListsNow) and the number of names.

mod name_servers;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use cof::special::{Block, block_of};
use cof::{NameRef, Target};

use crate::ListsNow;
use crate::lists::About;

pub use name_servers::Purpose;

/// What is checked.
#[derive(Clone, Copy, Debug)]
pub struct Pivot<'a> {
    /// The address or name.
    pub target: Target<'a>,
    /// Whether it is the name server of those that share it.
    pub is_name_server: bool,
    /// How many names use it, if that was counted; counting may stop one above [`Rules::most_names`].
    pub names: Option<u64>,
}

/// The rules of a data folder.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The largest number of names that may use a resource before it says little.
    pub most_names: u64,
    /// The enabled lists: a resource that is on any of them says little.
    pub lists: ListsNow,
}

/// Why a resource says little; displayed as words that follow a name: "over 1,000 names".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is on this list.
    Listed(Arc<About>),
    /// More names than this use it.
    ManyNames(u64),
    /// It is a name server that serves many unrelated names.
    NameServer(Purpose),
    /// It is an address that does not belong to a host.
    Special(&'static Block),
}

impl Rules {
    /// Every reason, the strongest first; empty if nothing is known against it.
    pub fn reasons(&self, pivot: &Pivot<'_>) -> Vec<Reason> {
        let listed = self.lists.of(pivot.target).into_iter().map(|hit| Reason::Listed(hit.about));
        own(pivot).into_iter().chain(self.many(pivot)).chain(listed).collect()
    }

    /// The first of [these](Self::reasons), which is cheaper to find than all of them.
    pub fn reason(&self, pivot: &Pivot<'_>) -> Option<Reason> {
        let listed = || self.lists.first(pivot.target).map(|hit| Reason::Listed(hit.about));
        own(pivot).or_else(|| self.many(pivot)).or_else(listed)
    }

    /// Whether both say the same about everything: nothing was configured or imported in between.
    pub fn is_same(&self, other: &Self) -> bool {
        self.most_names == other.most_names && self.lists.is_same(&other.lists)
    }

    fn many(&self, pivot: &Pivot<'_>) -> Option<Reason> {
        pivot.names.filter(|names| *names > self.most_names).map(|_| Reason::ManyNames(self.most_names))
    }
}

/// The reason in the address or name itself.
fn own(pivot: &Pivot<'_>) -> Option<Reason> {
    match pivot.target {
        Target::Address(address) => special(address),
        Target::Name(name) if pivot.is_name_server => name_server(name),
        Target::Name(_) => None,
    }
}

impl Reason {
    /// The kind of the reason in one word, for programs: `special`, `names`, `parking`, `sinkhole`, `seized` or `list`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Listed(_) => "list",
            Self::ManyNames(_) => "names",
            Self::NameServer(purpose) => purpose.word(),
            Self::Special(_) => "special",
        }
    }
}

/// The reason against a special-purpose address.
pub fn special(address: IpAddr) -> Option<Reason> {
    block_of(address.to_canonical()).map(Reason::Special)
}

/// The reason against a name server.
pub fn name_server(name: NameRef<'_>) -> Option<Reason> {
    name_servers::purpose(name).map(Reason::NameServer)
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed(about) => write!(f, "on the list “{}”", about.name),
            Self::ManyNames(most) => write!(f, "over {} names", grouped(*most)),
            Self::NameServer(purpose) => purpose.fmt(f),
            Self::Special(block) => write!(f, "a special-purpose address: {block}"),
        }
    }
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use cof::Name;

    use super::*;

    fn rules() -> Rules {
        Rules { most_names: 1_000, lists: ListsNow::default() }
    }

    fn said(target: Target<'_>, is_name_server: bool, names: Option<u64>) -> Vec<String> {
        let pivot = Pivot { target, is_name_server, names };
        let reasons = rules().reasons(&pivot);
        assert_eq!(rules().reason(&pivot).as_ref(), reasons.first());
        reasons.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rules_are_the_same_until_they_change() {
        assert!(rules().is_same(&rules()));
        assert!(!rules().is_same(&Rules { most_names: 10, ..rules() }));
    }

    #[test]
    fn each_rule_has_its_words() {
        let address = |text: &str| Target::Address(text.parse().unwrap());
        assert_eq!(
            said(address("10.0.0.1"), false, None),
            ["a special-purpose address: private use (10.0.0.0/8, RFC 1918)"]
        );
        assert_eq!(said(address("::ffff:10.0.0.1"), false, None).len(), 1);
        assert_eq!(said(address("8.8.8.8"), false, Some(1_001)), ["over 1,000 names"]);
        assert_eq!(said(address("8.8.8.8"), false, Some(1_000)), Vec::<String>::new());
        let name = Name::parse("ns1.sedoparking.com").unwrap();
        assert_eq!(said(Target::Name(name.as_ref()), true, None), ["a parking name server"]);
        assert_eq!(
            said(Target::Name(name.as_ref()), false, None),
            Vec::<String>::new(),
            "it serves no names here"
        );
        assert_eq!(
            said(Target::Name(name.as_ref()), true, Some(5_000)),
            ["a parking name server", "over 1,000 names"]
        );
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
