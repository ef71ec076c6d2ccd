//! Queries to a store.
//!
//! A [`Question`] is a [`Subject`] with filters, an order and a limit. It is plain data. Every value has an answer, except a
//! cursor with [`Order::NewestFirst`], which engines refuse.

use cof::RrType;

use crate::{Cursor, Subject};

/// The maximum number of rows of one page, which are held in memory together.
pub const MAX_LIMIT: usize = 10_000;

/// A query to a [`crate::Store`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Question {
    /// What to look for.
    pub subject: Subject,
    /// Only rows of these types; all types if it is empty. For [`Subject::NamesOn`] this filters the rows of the answer, not the
    /// matching address records.
    pub rrtypes: Vec<RrType>,
    /// Only rows within these times.
    pub fences: Fences,
    /// The maximum number of rows of the page, clamped to 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Where the previous page ended; `None` for the first page.
    pub cursor: Option<Cursor>,
    /// The order of the rows.
    pub order: Order,
    /// Which entries of a tuple have their own rows.
    pub apart: Apart,
    /// The maximum number of tuples read for a page in key order, at least 1. At this limit the page ends early with a cursor,
    /// so that a search with few matches can be monitored, limited and cancelled.
    pub reach: usize,
}

/// What forms one row. Fences apply to the values of each row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Apart {
    /// A tuple and bailiwick, over all sources; unknown bailiwicks count as one.
    Bailiwick,
    /// A tuple and bailiwick, with observations and reports in one row and zone data in another, each with its own times and
    /// count. DNSDB answers queries about owners like this.
    BailiwickAndKind,
    /// A tuple over all bailiwicks, with zone data in a separate row. DNSDB answers queries about data like this.
    Kind,
    /// A tuple, over all bailiwicks and sources.
    #[default]
    Merged,
    /// A tuple, bailiwick and source. The row has the source's sensor, and its kind as the extra key `source_kind`:
    /// `"observation"`, `"report"` or `"zone"`.
    Source,
}

/// Time filters in seconds since the epoch, each inclusive; a row must satisfy all of them.
///
/// They apply to each row as defined by [`Apart`]: to the earliest and latest of its sightings and zone times together. With
/// [`Apart::Kind`], a row has only one kind of times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fences {
    /// First seen at this time or later.
    pub first_after: Option<u64>,
    /// First seen at this time or earlier.
    pub first_before: Option<u64>,
    /// Last seen at this time or later.
    pub last_after: Option<u64>,
    /// Last seen at this time or earlier.
    pub last_before: Option<u64>,
}

/// The order of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Order {
    /// By key, page after page. Names and suffixes by owner (labels from the right), type, data; addresses, networks,
    /// ranges and names in the data by that address or name, then type, owner, data.
    #[default]
    Key,
    /// By last seen, newest first, equal ones by key. There is only one page, with at most [`MAX_LIMIT`] rows.
    NewestFirst,
}

impl Question {
    /// Everything about a subject from the start, in key order, with [`MAX_LIMIT`] rows per page and one row per tuple.
    pub fn new(subject: Subject) -> Self {
        Self {
            subject,
            rrtypes: Vec::new(),
            fences: Fences::default(),
            limit: MAX_LIMIT,
            cursor: None,
            order: Order::Key,
            apart: Apart::Merged,
            reach: usize::MAX,
        }
    }

    /// The effective limit, 1 to [`MAX_LIMIT`].
    pub fn rows(&self) -> usize {
        self.limit.clamp(1, MAX_LIMIT)
    }
}

impl Fences {
    /// Whether a row with these times passes the filters.
    pub fn admit(&self, first: u64, last: u64) -> bool {
        self.first_after.is_none_or(|fence| first >= fence)
            && self.first_before.is_none_or(|fence| first <= fence)
            && self.last_after.is_none_or(|fence| last >= fence)
            && self.last_before.is_none_or(|fence| last <= fence)
    }
}

impl Apart {
    /// Which of these form separate rows: bailiwicks, zone data, sources.
    pub(crate) fn parts(self) -> [bool; 3] {
        match self {
            Self::Merged => [false, false, false],
            Self::Kind => [false, true, false],
            Self::Bailiwick => [true, false, false],
            Self::BailiwickAndKind => [true, true, false],
            Self::Source => [true, false, true],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_include_their_own_second() {
        let at = |fence| Fences { first_after: Some(fence), last_before: Some(fence), ..Fences::default() };
        assert!(at(5).admit(5, 5));
        assert!(!at(6).admit(5, 5));
        assert!(!at(4).admit(5, 5));
        let at = |fence| Fences { first_before: Some(fence), last_after: Some(fence), ..Fences::default() };
        assert!(at(5).admit(5, 5));
        assert!(!at(6).admit(5, 5));
        assert!(!at(4).admit(5, 5));
        assert!(Fences::default().admit(0, u64::MAX));
    }
}
