//! What became of an input: [`Tally`], counted while it is read.

use std::collections::BTreeMap;
use std::fmt;

use cof::{Damage, DamageKind, Digest, SafEnd};

/// How many places are kept for each reason.
const PLACES: usize = 10;
/// How many left-out stretches are kept with what is wrong with them.
const SHOWN: usize = 20;

/// What became of an input so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Bytes that were read, unpacked.
    pub bytes: u64,
    /// Records that were read and handed over.
    pub records: u64,
    /// Records before the place that an earlier pass reached; they were not handed over.
    pub repeated: u64,
    /// Of the records: with a time in another unit than seconds, or that was not plausible and has the other time's value.
    pub repaired_times: u64,
    /// Of the records: turned, since they came with rrname and rdata swapped.
    pub turned: u64,
    /// Of the records: with a `sensor_id` that was not kept.
    pub sensors_dropped: u64,
    /// Damaged stretches.
    pub damages: u64,
    /// What was left out, by reason.
    pub left_out: BTreeMap<Reason, Place>,
    /// The first 20 stretches that were left out.
    pub first: Vec<LeftOut>,
    /// The input ended inside a value.
    pub truncated: bool,
    /// Of all of the input, unpacked, where that was wanted and its end was reached.
    pub digest: Option<Digest>,
    /// How the answer of another database ended that the input is made of, where its frames tell.
    pub source_answer: Option<SafEnd>,
}

/// Why something was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is no record.
    Damage(DamageKind),
    /// A record whose origin is longer than the database keeps.
    LongOrigin,
    /// A record whose sensor has a name longer than the database keeps.
    LongSensor,
    /// A record without a plausible time.
    WithoutTime,
    /// A record whose array of data is empty.
    WithoutData,
}

/// How often something was left out, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// How often.
    pub count: u64,
    /// The first ten offsets, in bytes of the unpacked input.
    pub offsets: Vec<u64>,
}

/// A stretch that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it begins, in bytes of the unpacked input.
    pub offset: u64,
    /// How long it is, in bytes.
    pub len: u64,
    /// Why.
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
    /// Its word in receipts.
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
