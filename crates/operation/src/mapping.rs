//! From records to findings, as a package's mapping says.
//!
//! A [`Mapping`] names attributes and, if it proposes hosts at all, the types of related indicators. A relationship
//! joins the two sides of its own record; one to the asked indicator therefore comes from a direct record only.
//! An address with very many names is shared hosting, a name with many short-lived addresses is fast flux (`cautions`), and an
//! address of special purpose is nobody's host ([`crate::special`]): what comes of them is proposed with a caution and not
//! selected. How much is proposed is bounded, and what is left out is counted (`gathering`).

mod cautions;
mod gathering;

use std::collections::BTreeSet;

use cof::{Record, time};
use gathering::{Gathering, Room};

use crate::{Findings, Indicator, IndicatorType};

/// What a package makes of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Attributes of the asked indicator.
    pub attributes: Vec<Attribute>,
    /// Related indicators and relationships, if any are proposed.
    pub related: Option<Related>,
}

/// An attribute: its name and the field that its values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name in the library.
    pub name: String,
    /// Where the values come from.
    pub field: RecordField,
    /// Which records count.
    pub rows: Rows,
}

/// Which related indicators are proposed, and what is written on the relationships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Only these types.
    pub types: Vec<IndicatorType>,
    /// Attributes of a relationship.
    pub attributes: Vec<Attribute>,
}

/// A part of a record that can be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordField {
    /// How often it was seen.
    Count,
    /// The database that says so.
    Origin,
    /// The data.
    Rdata,
    /// `rrname rrtype rdata`, which keeps the three together.
    Record,
    /// The owner.
    RrName,
    /// The type.
    RrType,
    /// First seen, UTC.
    TimeFirst,
    /// Last seen, UTC.
    TimeLast,
}

/// Which records count for an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Every record.
    All,
    /// Those about the asked indicator itself.
    Direct,
}

impl RecordField {
    const NAMED: [(&'static str, Self); 8] = [
        ("count", Self::Count),
        ("origin", Self::Origin),
        ("rdata", Self::Rdata),
        ("record", Self::Record),
        ("rrname", Self::RrName),
        ("rrtype", Self::RrType),
        ("time_first", Self::TimeFirst),
        ("time_last", Self::TimeLast),
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    pub(crate) fn names() -> String {
        Self::NAMED.map(|(name, _)| name).join(", ")
    }

    /// The field's text, if the record has it.
    fn of(self, record: &Record) -> Option<String> {
        match self {
            Self::Count => record.count.map(|count| count.to_string()),
            Self::Origin => record.origin.as_deref().filter(|origin| !origin.is_empty()).map(str::to_owned),
            Self::Rdata => Some(record.rdata_text()),
            Self::Record => Some(format!("{} {} {}", record.rrname, record.rrtype, record.rdata_text())),
            Self::RrName => Some(record.rrname.to_string()),
            Self::RrType => Some(record.rrtype.to_string()),
            Self::TimeFirst => record.seen().0.map(time::readable),
            Self::TimeLast => record.seen().1.map(time::readable),
        }
    }
}

impl Rows {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "all" => Some(Self::All),
            "direct" => Some(Self::Direct),
            _ => None,
        }
    }
}

impl Mapping {
    /// What the records of an answer about `asked` propose.
    pub fn findings(&self, asked: &Indicator, records: &[Record]) -> Findings {
        self.gather(asked, records, 0..records.len(), Room::Bounded)
    }

    /// What some records of that answer propose, by their places: as much of a kind as of a whole answer. Cautions come
    /// of all records.
    pub fn findings_among(
        &self,
        asked: &Indicator,
        records: &[Record],
        places: &BTreeSet<usize>,
    ) -> Findings {
        self.gather(asked, records, places.iter().copied(), Room::Bounded)
    }

    /// All findings of some records that a user picked one by one.
    pub fn findings_picked(
        &self,
        asked: &Indicator,
        records: &[Record],
        places: &BTreeSet<usize>,
    ) -> Findings {
        self.gather(asked, records, places.iter().copied(), Room::Picked)
    }

    fn gather(
        &self,
        asked: &Indicator,
        records: &[Record],
        places: impl Iterator<Item = usize>,
        room: Room,
    ) -> Findings {
        let mut gathering = Gathering::new(self, asked, records);
        for (at, record) in places.filter_map(|at| Some((at, records.get(at)?))) {
            gathering.add(at, record);
        }
        gathering.finish(room)
    }
}

#[cfg(test)]
mod tests;
