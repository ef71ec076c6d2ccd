//! What can be asked of a store.
//!
//! A [`Question`] is a [`Subject`] with what narrows, orders and bounds its answer. It is plain data: every value
//! of it has an answer, apart from a cursor with [`Order::NewestFirst`], which the engine refuses.

use cof::RrType;

use crate::{Cursor, Subject};

/// The most rows of one page: what is held in memory at once for one answer.
pub const MAX_LIMIT: usize = 10_000;

/// A question to a [`crate::Store`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Question {
    /// What is looked for.
    pub subject: Subject,
    /// Only rows of these types; none given is all. Of [`Subject::NamesOn`], what is sent, not what matches.
    pub rrtypes: Vec<RrType>,
    /// Only rows seen in this time.
    pub fences: Fences,
    /// The most rows of the page: 1 to [`MAX_LIMIT`]; what is outside is taken as the nearer of the two.
    pub limit: usize,
    /// Where the page before ended; none is the start.
    pub cursor: Option<Cursor>,
    /// Which rows come first.
    pub order: Order,
    /// Which words on a tuple make a row of their own.
    pub apart: Apart,
    /// The most tuples that are read for a page in key order, at least 1: it then ends before it is full and says where to
    /// go on, so that a search which finds little can be watched, bounded and given up.
    pub reach: usize,
}

/// What is one row. Fences look at the values of each row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Apart {
    /// A tuple and bailiwick, over all sources; unknown bailiwicks are one.
    Bailiwick,
    /// A tuple, bailiwick, and whether zone files say so: sightings and reports are one row, zones are another one, each
    /// with its own times and count. This is what DNSDB answers to a question about owners.
    BailiwickAndKind,
    /// A tuple, and whether zone files say so, over all bailiwicks. This is what DNSDB answers to a question about data.
    Kind,
    /// A tuple, over all bailiwicks and sources.
    #[default]
    Merged,
    /// A tuple, bailiwick and source. The row has the source's sensor, and its kind as the extra key `source_kind`:
    /// `"observation"`, `"report"` or `"zone"`.
    Source,
}

/// Time fences in seconds since the epoch, each inclusive; all that are given must hold.
///
/// They look at each row as [`Apart`] makes it: at the earliest and the latest of its sightings and zone times together. Asked
/// [`Apart::Kind`], a row has either, and so its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fences {
    /// First seen then or later.
    pub first_after: Option<u64>,
    /// First seen then or earlier.
    pub first_before: Option<u64>,
    /// Last seen then or later.
    pub last_after: Option<u64>,
    /// Last seen then or earlier.
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
    /// By last seen, the newest first, equal ones by key; the first [`MAX_LIMIT`] of one moment, not paged.
    NewestFirst,
}

impl Question {
    /// All there is about a subject, from the start, in key order, [`MAX_LIMIT`] rows a page, each tuple a row.
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

    /// The limit that is in force, 1 to [`MAX_LIMIT`].
    pub fn rows(&self) -> usize {
        self.limit.clamp(1, MAX_LIMIT)
    }
}

impl Fences {
    /// Whether a row with these times lies within.
    pub fn admit(&self, first: u64, last: u64) -> bool {
        self.first_after.is_none_or(|fence| first >= fence)
            && self.first_before.is_none_or(|fence| first <= fence)
            && self.last_after.is_none_or(|fence| last >= fence)
            && self.last_before.is_none_or(|fence| last <= fence)
    }
}

impl Apart {
    /// Whether words make rows of their own by their bailiwick, by zones and others, by their source.
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
