//! Lists indicators that match a filter, in an order, one page at a time, and counts them.
//!
//! The next page is found by the last position of the previous one ([`Cursor`]), not by counting: it is as fast as the first,
//! and nothing is shown twice or left out because something else was added in between. `query` writes a [`Filter`] as SQL, and
//! `count` counts what matches, up to a limit.

mod count;
mod cursor;
mod query;

use operation::{IndicatorType, Marking};

pub use count::{Counts, MOST_COUNTED};
pub use cursor::Cursor;

use self::query::Query;
use crate::library::{Entry, Search, Status};
use crate::{Error, Workbench};

/// Which indicators to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only indicators of this type.
    pub kind: Option<IndicatorType>,
    /// Only indicators with this status.
    pub status: Option<Status>,
    /// Only indicators with this marking, or without one.
    pub tlp: Option<Marking>,
    /// Only indicators that this source claims, by its name.
    pub source: Option<String>,
    /// Only indicators with this tag, ignoring case.
    pub tag: Option<String>,
    /// Only values that match this search.
    pub search: Option<Search>,
    /// Only removed indicators, instead of present ones.
    pub removed: bool,
    /// The order; by default, by value if the search is a range of values, and by update otherwise.
    pub order: Option<Order>,
    /// Only indicators after this position.
    pub after: Option<Cursor>,
    /// At most this many; at least one.
    pub limit: usize,
}

/// The order in which indicators are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The most recently added first.
    Added,
    /// Those that were seen last first, then those of which this is unknown.
    LastSeen,
    /// Those with the most relationships first.
    Relationships,
    /// The most recently changed first.
    Updated,
    /// Names by their labels from the right, then addresses.
    Value,
}

/// A page of the matching indicators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// The position of the next page; `None` at the end.
    pub next: Option<Cursor>,
}

impl Workbench {
    /// The indicators that match a filter, one page of them.
    ///
    /// # Errors
    /// [`Error::Refused`] if the cursor belongs to another order.
    pub fn indicators(&self, filter: &Filter) -> Result<Page, Error> {
        self.read(|database| {
            let Some(query) = Query::new(database, filter)? else { return Ok(Page::default()) };
            let limit = filter.limit.max(1);
            let mut rows = query.rows(database, limit)?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next =
                rows.last().filter(|_| more).map(|(id, entry)| Cursor::behind(query.order, *id, entry));
            Ok(Page { entries: rows.into_iter().map(|(_, entry)| entry).collect(), next })
        })
    }
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Added, Self::LastSeen, Self::Relationships, Self::Updated, Self::Value];

    /// Its word in addresses, options and cursors.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::LastSeen => "last-seen",
            Self::Relationships => "relationships",
            Self::Updated => "updated",
            Self::Value => "value",
        }
    }

    /// The order with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.word() == word)
    }

    /// The column that it sorts by; all but the value are sorted from the largest to the smallest.
    const fn column(self) -> &'static str {
        match self {
            Self::Added => "created_at",
            Self::LastSeen => "last_seen",
            Self::Relationships => "related",
            Self::Updated => "updated_at",
            Self::Value => "sort_key",
        }
    }

    /// The index over type, status and that column, of indicators that are not removed.
    const fn index(self) -> &'static str {
        match self {
            Self::Added => "indicators_by_addition",
            Self::LastSeen => "indicators_by_last_seen",
            Self::Relationships => "indicators_by_related",
            Self::Updated | Self::Value => "indicators_by_update",
        }
    }
}
