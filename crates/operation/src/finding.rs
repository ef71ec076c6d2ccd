//! Findings: what an answer proposes to add to the threat library.

use cof::RrType;

use crate::{Caution, Indicator};

/// One finding. Findings are unique by what they would be in the library; `records` are the positions in the answer of the
/// records that each comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An attribute of the queried indicator.
    Attribute {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
        /// The records it comes from.
        records: Vec<usize>,
        /// Why it is not selected by default, if so.
        caution: Option<Caution>,
    },
    /// An indicator that the library may not have yet; it would be added with the status Indirect.
    Indicator {
        /// The indicator.
        indicator: Indicator,
        /// The records it comes from.
        records: Vec<usize>,
        /// Why it is not selected by default, if so.
        caution: Option<Caution>,
    },
    /// A relationship between two indicators, for one record type.
    Relationship {
        /// The owner of the records.
        from: Indicator,
        /// The host in their data.
        to: Indicator,
        /// The type of the records.
        rrtype: RrType,
        /// Dates, count and other attributes, in the package's order.
        attributes: Vec<(String, String)>,
        /// The records it comes from.
        records: Vec<usize>,
        /// A caution, if there is one.
        caution: Option<Caution>,
    },
}

/// All findings of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Attributes in the package's order, then indicators, then relationships; each in the order of the records.
    pub list: Vec<Finding>,
    /// Warnings about what was left out or is doubtful.
    pub warnings: Vec<String>,
    /// How many findings have a caution and are not selected, including those over the limit.
    pub flagged: usize,
    /// How many findings would be selected but are not in the list, because of the limit per kind.
    pub beyond: usize,
}

impl Finding {
    /// Its name in output.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Attribute { .. } => "attribute",
            Self::Indicator { .. } => "indicator",
            Self::Relationship { .. } => "relationship",
        }
    }

    /// Whether it is selected by default.
    pub fn is_selected(&self) -> bool {
        self.caution().is_none_or(|caution| !caution.unselects())
    }

    /// The positions of the records that it comes from.
    pub const fn records_mut(&mut self) -> &mut Vec<usize> {
        let (Self::Attribute { records, .. }
        | Self::Indicator { records, .. }
        | Self::Relationship { records, .. }) = self;
        records
    }

    /// Replaces its caution.
    pub fn set_caution(&mut self, new: Option<Caution>) {
        let (Self::Attribute { caution, .. }
        | Self::Indicator { caution, .. }
        | Self::Relationship { caution, .. }) = self;
        *caution = new;
    }

    /// A caution about it, if there is one.
    pub const fn caution(&self) -> Option<&Caution> {
        let (Self::Attribute { caution, .. }
        | Self::Indicator { caution, .. }
        | Self::Relationship { caution, .. }) = self;
        caution.as_ref()
    }
}
