//! Why a shared resource says little about those who share it.
//!
//! A [`Weakness`] comes from rules that need no list (special-purpose addresses, the number of names), or from the caller's
//! lists and rules. Weak resources keep their place at the end of the ranking, whatever their score, and are counted by reason
//! ([`WeakCount`]). Their [`Display`](fmt::Display) is the text for people.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use cof::special::Block;
use operation::shown::thousands;

use super::SharedResource;
use super::resource::{Kind, Resource};

/// A reason why a resource says little.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weakness {
    /// More than this number of other names use it.
    Crowded(u32),
    /// It has the same members as a weak resource that it is derived from.
    Follows(Resource),
    /// Its addresses have a special purpose.
    Special(&'static Block),
    /// What the caller's lists and rules say: a short text such as "parking" or "on the list “cdn”".
    Warned(Arc<str>),
}

/// The number of weak resources of a kind with the same reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeakCount {
    /// Their kind.
    pub kind: Kind,
    /// What they have in common.
    pub reason: WeakReason,
    /// The number.
    pub count: usize,
}

/// A [`Weakness`] without what differs between resources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WeakReason {
    /// [`Weakness::Crowded`].
    Crowded(u32),
    /// [`Weakness::Follows`].
    Follows,
    /// [`Weakness::Special`].
    Special,
    /// [`Weakness::Warned`].
    Warned(Arc<str>),
}

impl Weakness {
    fn reason(&self) -> WeakReason {
        match self {
            Self::Crowded(limit) => WeakReason::Crowded(*limit),
            Self::Follows(_) => WeakReason::Follows,
            Self::Special(_) => WeakReason::Special,
            Self::Warned(text) => WeakReason::Warned(Arc::clone(text)),
        }
    }
}

impl WeakCount {
    /// Counts the weak resources by kind and reason, the most frequent first.
    pub(super) fn of<'a>(list: impl Iterator<Item = &'a SharedResource>) -> Vec<Self> {
        let mut counts: BTreeMap<(Kind, WeakReason), usize> = BTreeMap::new();
        for shared in list {
            if let Some(weakness) = &shared.weakness {
                *counts.entry((shared.resource.kind(), weakness.reason())).or_default() += 1;
            }
        }
        let mut counts: Vec<Self> =
            counts.into_iter().map(|((kind, reason), count)| Self { kind, reason, count }).collect();
        counts.sort_by_key(|weak| std::cmp::Reverse(weak.count));
        counts
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crowded(limit) => write!(f, "over {} other names use it", thousands((*limit).into())),
            Self::Follows(resource) => write!(f, "follows from {resource}, which is weak"),
            Self::Special(block) => write!(f, "special purpose: {}", block.name()),
            Self::Warned(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for WeakCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, reason, count } = self;
        let counted = kind.counted(*count);
        match reason {
            WeakReason::Crowded(limit) => {
                write!(f, "{counted} with over {} names", thousands((*limit).into()))
            }
            WeakReason::Follows => write!(f, "{counted} of weak ones"),
            WeakReason::Special => match counted.split_once(' ') {
                Some((number, noun)) => write!(f, "{number} special-purpose {noun}"),
                None => f.write_str(&counted),
            },
            WeakReason::Warned(text) => write!(f, "{counted} ({text})"),
        }
    }
}
