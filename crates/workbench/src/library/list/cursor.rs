//! A position in a listing: [`Cursor`], and its text, which users repeat.
//!
//! ```text
//! WORD:FIGURE:ROW     in an order by a figure: what it is sorted by, and the row, which orders equal ones
//! value:INDICATOR     in the order by value
//! ```

use std::fmt;
use std::str::FromStr;

use operation::Indicator;

use super::Order;
use crate::Error;
use crate::library::Entry;

/// A position in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// A position in an order by a time or a number.
    Figure {
        /// The order; never by value.
        order: Order,
        /// The figure of the last indicator.
        at: i64,
        /// Its row, which orders indicators with the same figure.
        id: i64,
    },
    /// A position in the order by value: the last indicator.
    Value(Indicator),
}

impl Cursor {
    /// The position behind an entry with its row.
    pub(super) fn behind(order: Order, id: i64, entry: &Entry) -> Self {
        let at = match order {
            Order::Added => entry.created_at,
            Order::LastSeen => entry.last_seen.unwrap_or_default(),
            Order::Relationships => i64::try_from(entry.related).unwrap_or(i64::MAX),
            Order::Updated => entry.updated_at,
            Order::Value => return Self::Value(entry.indicator.clone()),
        };
        Self::Figure { order, at, id }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Figure { order, at, id } => write!(f, "{}:{at}:{id}", order.word()),
            Self::Value(indicator) => write!(f, "{}:{indicator}", Order::Value.word()),
        }
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = || {
            let (word, rest) = text.split_once(':')?;
            let order = Order::from_word(word)?;
            if order == Order::Value {
                return Indicator::from_canonical(rest).ok().map(Self::Value);
            }
            let (at, id) = rest.split_once(':')?;
            Some(Self::Figure { order, at: at.parse().ok()?, id: id.parse().ok()? })
        };
        read().ok_or_else(|| {
            Error::invalid(format!("{text:?} is not a cursor: use one that a listing printed"))
        })
    }
}
