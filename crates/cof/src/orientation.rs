//! Which side of a record is the owner: [`Orientation`], and what proves it.
//!
//! The draft and CIRCL's first interface put the owner in rrname. CIRCL's second interface swaps rrname and rdata, and no
//! field says so. A record proves its side when one of the two values reads as data of its type and that type's data
//! cannot be mistaken for a name: an address, a preference with a mail server, the seven fields of an SOA.

use crate::record::{Field, Note, NoteKind};
use crate::{Record, RrType};

/// How the records of an input are oriented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// Decided by the records themselves.
    #[default]
    Auto,
    /// The owner is in rrname.
    Draft,
    /// The owner is in rdata.
    Swapped,
}

impl Orientation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Draft, Self::Swapped];

    /// Its word in settings, on the command line and in what is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Draft => "draft",
            Self::Swapped => "swapped",
        }
    }

    /// The one of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|orientation| orientation.word() == word)
    }

    /// The orientation that a record proves its input to have; `None` where it proves nothing.
    ///
    /// The record must come from a reader that turns what proves to be swapped ([`crate::Reader::by_proof`]).
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
