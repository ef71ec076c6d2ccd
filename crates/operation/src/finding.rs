//! What an answer proposes for the threat library.

use cof::RrType;

use crate::{Caution, Indicator};

/// One proposal. Findings are unique by what they would be in the library; `records` are the places, in the
/// answer, of the records that each came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An attribute of the asked indicator.
    Attribute {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
        /// Where it comes from.
        records: Vec<usize>,
        /// Why it is better left out, if so: then it is not selected.
        caution: Option<Caution>,
    },
    /// An indicator that the library may not know yet; it would arrive with the status Indirect.
    Indicator {
        /// What it is.
        indicator: Indicator,
        /// Where it comes from.
        records: Vec<usize>,
        /// Why it is better left out, if so: then it is not selected.
        caution: Option<Caution>,
    },
    /// A relationship between two indicators, by one record type.
    Relationship {
        /// The owner's side.
        from: Indicator,
        /// The data's side.
        to: Indicator,
        /// The type of the records that join them.
        rrtype: RrType,
        /// Dates, count and the like, in the package's order.
        attributes: Vec<(String, String)>,
        /// Where it comes from.
        records: Vec<usize>,
        /// Why it is better left out, if so.
        caution: Option<Caution>,
    },
}

/// All findings of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Attributes in the package's order, then indicators, then relationships; each in the order of the records.
    pub list: Vec<Finding>,
    /// What was left out or is doubtful, in words.
    pub warnings: Vec<String>,
    /// How many are cautioned about and not selected, with those that there was no room for.
    pub flagged: usize,
    /// How many would be selected and are not in the list, because there was no room for more of their kind.
    pub beyond: usize,
}

impl Finding {
    /// Its word in outputs.
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

    /// Why it deserves a second look, if it does.
    pub const fn caution(&self) -> Option<&Caution> {
        let (Self::Attribute { caution, .. }
        | Self::Indicator { caution, .. }
        | Self::Relationship { caution, .. }) = self;
        caution.as_ref()
    }
}
