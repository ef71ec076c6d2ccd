//! What the members of an investigation have in common: addresses, networks, name servers, mail servers, CNAME targets, SOA
//! mailboxes, registered domains and tokens in TXT records, ranked by how much they connect.
//!
//! [`compare`] computes [`Shared`] from the records of the [`Member`]s alone: it reads no database and no clock, and the order
//! of members and records changes nothing but the positions of members. What others know (the own database, lists) comes
//! through the functions in [`Options`]. [`candidates`] follows resources: who else is behind them in the answers. Nothing here
//! fails; hostile records cost time and memory in proportion to their number.
//!
//! Who has a resource follows from records alone (`facts`): a record is about its owner, whichever member's answer contains
//! it. `chain` adds what members reached through CNAME records, `span` compares times, `weak` and `score` rank, and `why` says
//! it in words. [`warned()`] is what the lists and rules of a data folder say, and [`Finder`] finds the records of resources.

mod candidates;
mod chain;
mod facts;
mod gather;
mod network;
mod own_names;
mod rank;
mod resource;
mod score;
mod span;
mod table;
mod token;
mod warned;
mod weak;
mod why;

use std::fmt;
use std::sync::Arc;

use cof::{Name, Record};
use operation::Indicator;

pub use candidates::{Candidate, Finder, candidates, joined};
pub use network::Network;
pub use own_names::{other_names, own_candidates};
pub use resource::{Kind, Resource, ResourceError};
pub use score::Score;
pub use span::{Overlap, Span};
pub use token::{Spf, SpfTerm, Token};
pub use warned::warned;
pub use weak::{WeakCount, WeakReason, Weakness};
pub use why::{Why, line};

/// From how many other names on a resource is weak, unless the user sets another number.
pub const WEAK_NAMES: u32 = 1_000;

/// A member of an investigation with the records of its answers. Members differ from each other.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The indicator.
    pub indicator: &'a Indicator,
    /// Its answers, merged.
    pub records: &'a [Record],
}

/// What the comparison takes into account, and what the caller knows.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// A resource that more other names use is weak.
    pub weak_names: u32,
    /// For how many resources, the strongest first, [`Self::other_names`] is called.
    pub counted: usize,
    /// The most resources in the result; the others are only counted.
    pub most: usize,
    /// Why a resource is weak by the caller's lists and rules: a short text such as "parking" or "on the list “cdn”".
    pub warned: &'a dyn Fn(&Resource) -> Option<Arc<str>>,
    /// How many names that are no members use a resource by the own database, counted up to a limit.
    pub other_names: &'a dyn Fn(&Resource, u32) -> Count,
}

/// A number of names that was counted up to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(u32),
    /// It was not counted.
    NotCounted,
    /// More than this limit.
    Over(u32),
}

/// What members share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The resources, the strongest first; then those that follow from others, then the weak ones.
    pub list: Vec<SharedResource>,
    /// How many more there are than in the list, which are all ranked below.
    pub left_out: usize,
    /// How many of all are weak, by reason.
    pub weak: Vec<WeakCount>,
    /// Names with so many addresses or targets that they were not followed.
    pub unfollowed: Vec<Name>,
}

/// A resource that two or more members share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedResource {
    /// The resource.
    pub resource: Resource,
    /// Who shares it, in the order of the members.
    pub sharers: Vec<Sharer>,
    /// From the first to the last sighting by a member, as far as times are known.
    pub span: Option<Span>,
    /// The days on which several members had it. A member that is the resource itself is not counted.
    pub overlap: Overlap,
    /// How many names that are no members use it in the answers.
    pub answer_names: usize,
    /// How many do so in the own database.
    pub other_names: Count,
    /// Why it says little.
    pub weakness: Option<Weakness>,
    /// The resource with the same members that it is derived from: the address of a network, the host of a domain. It is ranked
    /// after all that stand for themselves.
    pub follows: Option<Resource>,
    /// How strongly it connects the members.
    pub score: Score,
    /// Why it ranks where it does; [`line()`] makes a sentence of it.
    pub why: Vec<Why>,
}

/// A member that shares a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharer {
    /// The position of the member.
    pub member: usize,
    /// How it has the resource.
    pub how: How,
    /// The name that led it there, if it came through a CNAME.
    pub through: Option<Name>,
    /// When, with gaps of more than a day kept, in order; empty if no record has times.
    pub spans: Vec<Span>,
}

/// How a member has a resource; where several are true, the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// A record of the member names it, or something in it.
    Direct,
    /// The member is in it: an address in a network, a name below a registered domain.
    Within,
    /// A CNAME of the member led there.
    Through,
    /// A record of a name below the registered domain leads to the member.
    Hosts,
    /// The member is the resource.
    Itself,
}

/// Compares members, and ranks what two or more of them share.
pub fn compare(members: &[Member<'_>], options: &Options<'_>) -> Shared {
    let mut facts = facts::Facts::of(members);
    let unfollowed = chain::follow(&mut facts);
    let gathered = gather::gather(facts);
    rank::rank(gathered, unfollowed, options)
}

impl Default for Options<'_> {
    /// Without a database and lists.
    fn default() -> Self {
        Self {
            weak_names: WEAK_NAMES,
            counted: 500,
            most: 1_000,
            warned: &|_| None,
            other_names: &|_, _| Count::NotCounted,
        }
    }
}

impl Count {
    /// The number that is certain.
    pub const fn at_least(self) -> u32 {
        match self {
            Self::Exactly(number) => number,
            Self::NotCounted => 0,
            Self::Over(limit) => limit.saturating_add(1),
        }
    }
}

impl SharedResource {
    /// How many names that are no members certainly use it, by the answers and by the own database.
    pub fn others(&self) -> usize {
        self.answer_names.max(self.other_names.at_least() as usize)
    }

    /// Whether it says little, so that it is shown dimmed and never selected by default.
    pub const fn is_weak(&self) -> bool {
        self.weakness.is_some()
    }
}

impl Sharer {
    /// From the first to the last sighting, as far as times are known.
    pub fn span(&self) -> Option<Span> {
        let (first, last) = (self.spans.first()?, self.spans.last()?);
        Some(Span { first: first.first, last: last.last })
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { weak_names, counted, most, .. } = self;
        let mut shown = f.debug_struct("Options");
        shown
            .field("weak_names", weak_names)
            .field("counted", counted)
            .field("most", most)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(number) => f.write_str(&operation::shown::thousands((*number).into())),
            Self::NotCounted => f.write_str("not counted"),
            Self::Over(limit) => write!(f, "over {}", operation::shown::thousands((*limit).into())),
        }
    }
}

#[cfg(test)]
mod tests;
