//! The result of reading an input, counted while it is read: [`Tally`].

use std::collections::BTreeMap;
use std::fmt;

use cof::{Damage, DamageKind, Digest, SafEnd};

/// How many offsets are kept for each reason.
const PLACES: usize = 10;
/// How many rejected stretches are kept, each with its reason.
const SHOWN: usize = 20;

/// The result of reading an input so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Bytes that were read, after decompression.
    pub bytes: u64,
    /// Records that were read and delivered.
    pub records: u64,
    /// Records before the position that an earlier pass reached; they were not delivered.
    pub repeated: u64,
    /// Records whose time was in another unit than seconds, or was implausible and was replaced by the other time.
    pub repaired_times: u64,
    /// Records that were turned, because rrname and rdata were swapped.
    pub turned: u64,
    /// Records with a `sensor_id` that was not kept.
    pub sensors_dropped: u64,
    /// Damaged stretches.
    pub damages: u64,
    /// What was left out, by reason.
    pub left_out: BTreeMap<Reason, Place>,
    /// The first 20 stretches that were left out.
    pub first: Vec<LeftOut>,
    /// The input ended inside a value.
    pub truncated: bool,
    /// The digest of the whole decompressed input, if it was requested and the end was reached.
    pub digest: Option<Digest>,
    /// How the answer of another database ended, if the input is one and its frames say so.
    pub source_answer: Option<SafEnd>,
}

/// Why something was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is not a valid record.
    Damage(DamageKind),
    /// The origin of the record is longer than the database can store.
    LongOrigin,
    /// The sensor name of the record is longer than the database can store.
    LongSensor,
    /// The record has no plausible time.
    WithoutTime,
    /// The array of data is empty.
    WithoutData,
}

/// How often something was left out for a reason, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// How often.
    pub count: u64,
    /// The first ten offsets, in bytes of the decompressed input.
    pub offsets: Vec<u64>,
}

/// A stretch that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The offset where it begins, in bytes of the decompressed input.
    pub offset: u64,
    /// How long it is, in bytes.
    pub len: u64,
    /// The reason.
    pub reason: Reason,
}

impl Tally {
    /// How many records and stretches were left out.
    pub fn left_out(&self) -> u64 {
        self.left_out.values().map(|place| place.count).sum()
    }

    /// How often something was left out for this reason.
    pub fn count_of(&self, reason: Reason) -> u64 {
        self.left_out.get(&reason).map_or(0, |place| place.count)
    }

    pub(crate) fn leave_out(&mut self, left_out: LeftOut) {
        let place = self.left_out.entry(left_out.reason).or_default();
        place.count += 1;
        if place.offsets.len() < PLACES {
            place.offsets.push(left_out.offset);
        }
        if self.first.len() < SHOWN {
            self.first.push(left_out);
        }
    }

    pub(crate) fn without_data(&mut self, count: u64) {
        if count > 0 {
            self.left_out.entry(Reason::WithoutData).or_default().count += count;
        }
    }
}

impl LeftOut {
    pub(crate) fn of(damage: &Damage) -> Self {
        Self { offset: damage.offset, len: damage.len, reason: Reason::Damage(damage.kind) }
    }
}

impl Reason {
    /// The word for this reason in receipts.
    pub fn word(self) -> String {
        let word = match self {
            Self::Damage(DamageKind::Contradiction) => "contradicts_orientation",
            Self::Damage(DamageKind::Deep) => "too_deep",
            Self::Damage(DamageKind::Elements) => "too_much_data",
            Self::Damage(DamageKind::Garbage) => "not_a_record",
            Self::Damage(DamageKind::Large) => "too_long",
            Self::Damage(DamageKind::Missing(field)) => return format!("missing_{}", field.key()),
            Self::Damage(DamageKind::Syntax) => "broken_json",
            Self::Damage(DamageKind::Truncated) => "truncated",
            Self::LongOrigin => "origin_too_long",
            Self::LongSensor => "sensor_too_long",
            Self::WithoutTime => "without_time",
            Self::WithoutData => "without_data",
        };
        word.to_owned()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damage(kind) => kind.fmt(f),
            Self::LongOrigin => f.write_str("a record with an origin that is too long"),
            Self::LongSensor => f.write_str("a record with a sensor name that is too long"),
            Self::WithoutTime => f.write_str("a record without a plausible time"),
            Self::WithoutData => f.write_str("a record without data"),
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::Damage(_) => write!(f, "{} bytes at offset {}: {}", self.len, self.offset, self.reason),
            _ => write!(f, "at offset {}: {}", self.offset, self.reason),
        }
    }
}
