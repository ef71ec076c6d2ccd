//! Why a shared resource ranks where it does, in words for one short line.
//!
//! [`reasons`] picks what matters from the figures; [`line`] joins the reasons to a sentence. Nothing here decides the rank.

use std::fmt;
use std::net::IpAddr;

use operation::shown::{counted, thousands};

use super::resource::{Kind, Resource};
use super::weak::Weakness;
use super::{Count, How, SharedResource};

/// From this number on, other names are no longer few.
const FEW: usize = 10;

/// One part of the reason for a rank.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// Members had it at once, on so many whole days.
    DaysAtOnce(u64),
    /// It is derived from a resource with the same members, and says nothing more.
    Follows(Resource),
    /// The resource is a member itself.
    IsMember,
    /// So many members share it, and so many of them had it at once.
    Members {
        /// The number of members.
        count: usize,
        /// The most on one day.
        at_once: usize,
    },
    /// The members use several addresses of the network.
    Neighbours {
        /// The number of addresses.
        count: usize,
        /// The first of them.
        first: IpAddr,
        /// The last of them.
        last: IpAddr,
        /// The number of members.
        members: usize,
    },
    /// The times of the members do not meet.
    OneAfterAnother,
    /// So many other names use it.
    Others {
        /// The number.
        count: usize,
        /// Whether the own database was counted as well as the answers.
        counted: bool,
        /// Its kind.
        kind: Kind,
    },
    /// Its members are those of another resource that ranks above.
    SameMembers(Resource),
    /// Members had it on the same day, but never for a whole day; on so many days.
    SingleDays(usize),
    /// So many members reached it through a CNAME.
    Through(usize),
    /// The records have no times that could be compared.
    UnknownTimes,
    /// It says little.
    Weak(Weakness),
}

/// The reasons for the rank of a resource, the most important first.
pub(super) fn reasons(shared: &SharedResource, neighbours: Option<(usize, IpAddr, IpAddr)>) -> Vec<Why> {
    if let Some(weakness) = &shared.weakness {
        return vec![Why::Weak(weakness.clone())];
    }
    let mut reasons = Vec::new();
    reasons.extend(shared.follows.clone().map(Why::Follows));
    reasons.extend(spread(shared, neighbours));
    let others = shared.others();
    let is_counted = shared.other_names != Count::NotCounted;
    reasons.push(Why::Others { count: others, counted: is_counted, kind: shared.resource.kind() });
    reasons.extend(time(shared));
    let through = shared.sharers.iter().filter(|sharer| sharer.how == How::Through).count();
    reasons.extend((through > 0).then_some(Why::Through(through)));
    let is_member = shared.sharers.iter().any(|sharer| sharer.how == How::Itself);
    reasons.extend(is_member.then_some(Why::IsMember));
    reasons
}

/// How the members are spread over a network, or that many names share the resource with them.
fn spread(shared: &SharedResource, neighbours: Option<(usize, IpAddr, IpAddr)>) -> Option<Why> {
    let members = shared.sharers.len();
    match neighbours {
        Some((count, first, last)) if count > 1 => Some(Why::Neighbours { count, first, last, members }),
        _ if shared.others() >= FEW => Some(Why::Members { count: members, at_once: shared.overlap.most }),
        _ => None,
    }
}

/// How the times of the members compare.
fn time(shared: &SharedResource) -> Option<Why> {
    let users = || shared.sharers.iter().filter(|sharer| sharer.how != How::Itself);
    let dated = users().filter(|sharer| !sharer.spans.is_empty()).count();
    match (shared.overlap.days, shared.overlap.stretches.len()) {
        (0, 0) if users().count() < 2 => None,
        (0, 0) if dated < 2 => Some(Why::UnknownTimes),
        (0, 0) => Some(Why::OneAfterAnother),
        (0, stretches) => Some(Why::SingleDays(stretches)),
        (days, _) => Some(Why::DaysAtOnce(days)),
    }
}

/// The reasons as one line: "Only 2 other names use it; 119 days at once".
pub fn line(reasons: &[Why]) -> String {
    let parts: Vec<String> = reasons.iter().map(Why::to_string).collect();
    let text = parts.join("; ");
    let mut rest = text.chars();
    // A resource at the beginning keeps its spelling: no reason begins with one.
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DaysAtOnce(days) => write!(f, "{} at once", counted(*days, "day")),
            Self::Follows(resource) => write!(f, "follows from {resource}"),
            Self::IsMember => f.write_str("a member itself"),
            Self::Members { count, at_once } => {
                f.write_str(&counted(*count as u64, "member"))?;
                match at_once {
                    0 | 1 => Ok(()),
                    at_once if at_once == count => f.write_str(" at once"),
                    at_once => write!(f, ", {} of them at once", thousands(*at_once as u64)),
                }
            }
            Self::Neighbours { count, first, last, members } => {
                write!(f, "{} neighbours", thousands(*count as u64))?;
                if let (IpAddr::V4(first), IpAddr::V4(last)) = (first, last) {
                    let ([.., first], [.., last]) = (first.octets(), last.octets());
                    write!(f, ", .{first} to .{last},")?;
                }
                write!(f, " carry {}", counted(*members as u64, "member"))
            }
            Self::OneAfterAnother => f.write_str("one after another"),
            Self::Others { count, counted, kind } => others(f, *count, *counted, *kind),
            Self::SameMembers(resource) => write!(f, "same members as {resource}"),
            Self::SingleDays(1) => f.write_str("at once on one day"),
            Self::SingleDays(days) => write!(f, "at once on {} single days", thousands(*days as u64)),
            Self::Through(members) => write!(f, "{} through a CNAME", counted(*members as u64, "member")),
            Self::UnknownTimes => f.write_str("times unknown"),
            Self::Weak(weakness) => weakness.fmt(f),
        }
    }
}

fn others(f: &mut fmt::Formatter<'_>, count: usize, is_counted: bool, kind: Kind) -> fmt::Result {
    let place = if is_counted { "" } else { " in the answers" };
    let names = counted(count as u64, "other name");
    match (count, kind) {
        (0, Kind::Token) => write!(f, "nobody else{place} has this token"),
        (0, _) => write!(f, "no other name{place} uses it"),
        (1, _) => write!(f, "only one other name{place} uses it"),
        (2..FEW, _) => write!(f, "only {names}{place} use it"),
        _ => write!(f, "{names}{place}"),
    }
}
