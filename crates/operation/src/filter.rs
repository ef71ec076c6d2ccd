//! Which records a query is about: the side of records that it searches, their types and times.

use cof::{Record, RrType};

use crate::Window;

/// The filter for the records of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these types; all types if empty.
    pub rrtypes: Vec<RrType>,
    /// Only records in this time window.
    pub window: Window,
    /// Which side of the records was queried.
    pub side: Side,
}

/// The side of records that a query for a name searches. An address is always searched for in data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Records that the name owns, which every service supports.
    #[default]
    Owner,
    /// Records with the name in their data, such as the zones of a name server. Only some services support this, and declare it
    /// in [`ABILITIES`](crate::provider::ABILITIES).
    Data,
}

impl Filter {
    /// The filter combined with the requested types, if there are any, and with the requested time window.
    #[must_use]
    pub fn and(self, rrtypes: Vec<RrType>, window: Window) -> Self {
        let rrtypes = if rrtypes.is_empty() { self.rrtypes } else { rrtypes };
        Self { rrtypes, window: self.window.and(window), side: self.side }
    }

    /// Whether a record matches.
    pub fn keeps(&self, record: &Record) -> bool {
        (self.rrtypes.is_empty() || self.rrtypes.contains(&record.rrtype)) && self.window.holds(record)
    }
}

impl Side {
    /// Its name in forms, in output and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Data => "data",
        }
    }

    /// The side of that name.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Owner, Self::Data].into_iter().find(|side| side.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use cof::{Name, Rdata};

    use super::*;

    #[test]
    fn types_and_times_are_kept() {
        let mut record = Record::new(Name::root(), RrType::A, Rdata::parse(RrType::A, "192.0.2.1"));
        (record.time_first, record.time_last) = (Some(1), Some(2));
        let filter = Filter { rrtypes: vec![RrType::AAAA], ..Filter::default() };
        assert!(!filter.keeps(&record));
        let later = Window { seen_after: Some(3), seen_before: None };
        let filter = Filter::default().and(Vec::new(), later);
        assert!(!filter.keeps(&record));
        record.time_last = Some(3);
        assert!(filter.keeps(&record));
    }

    #[test]
    fn requested_types_take_the_place_of_the_configured_ones() {
        let configured = Filter { rrtypes: vec![RrType::A], ..Filter::default() };
        assert_eq!(configured.clone().and(Vec::new(), Window::default()), configured);
        assert_eq!(configured.and(vec![RrType::NS], Window::default()).rrtypes, [RrType::NS]);
    }
}
