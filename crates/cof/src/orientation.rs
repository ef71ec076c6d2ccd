//! Which side of a record is the owner: [`Orientation`], and how it is proven.
//!
//! In the draft and in CIRCL's first interface, the owner is in rrname. CIRCL's second interface swaps rrname and rdata, and no
//! field indicates it. A record proves its orientation if one of the two values is valid data of its type, and data of that
//! type cannot be mistaken for a name: an address, a preference with a mail server, the seven fields of an SOA.

use crate::record::{Field, Note, NoteKind};
use crate::{Record, RrType};

/// The orientation of the records of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// Determined by the records themselves.
    #[default]
    Auto,
    /// The owner is in rrname.
    Draft,
    /// The owner is in rdata.
    Swapped,
}

impl Orientation {
    /// All orientations.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Draft, Self::Swapped];

    /// Its name in settings, on the command line and in stored data.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Draft => "draft",
            Self::Swapped => "swapped",
        }
    }

    /// The orientation of that name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|orientation| orientation.word() == word)
    }

    /// The orientation of the input that a record proves; `None` if it proves nothing.
    ///
    /// The record must come from a reader that turns records which are proven to be swapped ([`crate::Reader::by_proof`]).
    pub fn proven_by(record: &Record) -> Option<Self> {
        if !is_provable(record.rrtype) || record.rdata.is_text() {
            return None;
        }
        let turned = record.notes.contains(&Note { field: Field::Record, kind: NoteKind::Turned });
        Some(if turned { Self::Swapped } else { Self::Draft })
    }
}

/// Whether data of this type cannot be mistaken for a name.
pub(crate) fn is_provable(rrtype: RrType) -> bool {
    matches!(rrtype, RrType::A | RrType::AAAA | RrType::MX | RrType::SOA)
}
