//! Input that is not a record: its description, and how it is collected from pieces.

use std::fmt;

use crate::record::Field;

/// How many bytes of a damaged part are kept for display.
pub(super) const RAW_SHOWN: usize = 256;

/// A part of the input that is not a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its offset in the input, in bytes.
    pub offset: u64,
    /// Its length in bytes, without the blanks before the next value.
    pub len: u64,
    /// Its first 256 bytes.
    pub raw: Box<[u8]>,
    /// What is wrong.
    pub kind: DamageKind,
}

/// What is wrong with a damaged stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DamageKind {
    /// The owner of the record is on the other side than in the records before it.
    Contradiction,
    /// It is nested deeper than the limit.
    Deep,
    /// It is text between two values.
    Garbage,
    /// It is longer than the limit.
    Large,
    /// It is a complete object without a required field, or with an invalid one.
    Missing(Field),
    /// It is an array of data with more elements than the limit; those up to the limit were read.
    Elements,
    /// It is not valid JSON.
    Syntax,
    /// The input ended within this value.
    Truncated,
}

/// Damage that has started and whose end is not known yet.
#[derive(Debug)]
pub(super) struct Open {
    offset: u64,
    kind: DamageKind,
    raw: Vec<u8>,
    /// Up to the last byte that is not blank.
    len: u64,
    /// The number of blanks after it.
    blanks: u64,
}

impl Open {
    pub(super) fn new(offset: u64, kind: DamageKind) -> Self {
        Self { offset, kind, raw: Vec::new(), len: 0, blanks: 0 }
    }

    pub(super) fn add(&mut self, piece: &[u8]) {
        let room = RAW_SHOWN.saturating_sub(self.raw.len());
        self.raw.extend(piece.iter().take(room));
        let solid = piece.trim_ascii_end().len();
        if solid > 0 {
            self.len += self.blanks + solid as u64;
            self.blanks = 0;
        }
        self.blanks += (piece.len() - solid) as u64;
    }

    pub(super) fn finish(mut self) -> Damage {
        self.raw.truncate(usize::try_from(self.len).unwrap_or(RAW_SHOWN));
        Damage { offset: self.offset, len: self.len, raw: self.raw.into(), kind: self.kind }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes at offset {}: {}", self.len, self.offset, self.kind)
    }
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contradiction => f.write_str(
                "a record with rrname and rdata the other way round than in the records before it",
            ),
            Self::Deep => f.write_str("nested too deeply"),
            Self::Garbage => f.write_str("text that is no JSON object"),
            Self::Large => f.write_str("longer than a record may be"),
            Self::Missing(field) => write!(f, "an object without a readable {}", field.key()),
            Self::Elements => f.write_str("more data in one array than a record may have"),
            Self::Syntax => f.write_str("broken JSON"),
            Self::Truncated => f.write_str("the input ends inside a record"),
        }
    }
}
