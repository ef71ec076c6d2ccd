//! How a record stands to the indicator that was asked about.

use cof::Record;

use crate::Indicator;

/// Whether a record is about the indicator itself or came along with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The indicator is the record's owner or its data.
    Direct,
    /// The record belongs to a name that the indicator leads to: CIRCL answers an address with all records of its names.
    Related,
}

impl Relation {
    /// How `record` stands to `indicator`.
    pub fn of(indicator: &Indicator, record: &Record) -> Self {
        let owner = || Indicator::of_owner(record).as_ref() == Some(indicator);
        let target = || Indicator::of_target(&record.rdata, record.rrtype).as_ref() == Some(indicator);
        // The name as such, too: a reverse name that was asked for stands for an address otherwise.
        let name = || matches!(indicator, Indicator::Fqdn(name) if *name == record.rrname);
        if owner() || target() || name() { Self::Direct } else { Self::Related }
    }

    /// Its word in outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Related => "related",
        }
    }
}
