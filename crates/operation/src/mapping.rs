//! Maps records to findings, as defined by a package.
//!
//! A [`Mapping`] defines attributes and, if it proposes hosts, the types of related indicators. A relationship joins the two
//! sides of its own record, so one with the queried indicator only comes from a direct record. An address with very many names
//! is shared hosting, a name with many short-lived addresses is fast flux (`cautions`), and a special-purpose address is not a
//! host ([`cof::special`]): their findings get a caution and are not selected. The number of findings is limited, and what is
//! left out is counted (`gathering`).

mod cautions;
mod gathering;

use std::collections::BTreeSet;

use cof::{Record, time};
use gathering::{Gathering, Room};

use crate::{Findings, Indicator, IndicatorType};

/// How a package maps an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Attributes of the queried indicator.
    pub attributes: Vec<Attribute>,
    /// Related indicators and relationships, if any are proposed.
    pub related: Option<Related>,
}

/// An attribute: its name and the field that its values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name in the library.
    pub name: String,
    /// The field that the values come from.
    pub field: RecordField,
    /// Which records are used.
    pub rows: Rows,
}

/// Which related indicators are proposed, and the attributes of their relationships.
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
    /// The count.
    Count,
    /// The origin.
    Origin,
    /// The data.
    Rdata,
    /// `rrname rrtype rdata`, which keeps the three together.
    Record,
    /// The owner.
    RrName,
    /// The type.
    RrType,
    /// First seen, in UTC.
    TimeFirst,
    /// Last seen, in UTC.
    TimeLast,
}

/// The records that are used for an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Every record.
    All,
    /// Direct records: those about the queried indicator itself.
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

    /// The text of the field, if the record has it.
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
    /// The findings of an answer about `asked`.
    pub fn findings(&self, asked: &Indicator, records: &[Record]) -> Findings {
        self.gather(asked, records, 0..records.len(), Room::Bounded)
    }

    /// The findings of some records of that answer, given by their positions, with the same limit per kind as for a whole
    /// answer. Cautions are based on all records.
    pub fn findings_among(
        &self,
        asked: &Indicator,
        records: &[Record],
        places: &BTreeSet<usize>,
    ) -> Findings {
        self.gather(asked, records, places.iter().copied(), Room::Bounded)
    }

    /// All findings of some records that a user picked individually.
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
