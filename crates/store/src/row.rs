//! Many words on one tuple, merged: [`Value`] is what one source said over time, a [`Word`] says who and in which bailiwick,
//! [`Merged`] is the row that a reader sees.
//!
//! Both merge in any order to the same result, by minimum, maximum and saturating sum; the rules are those that
//! [`crate::Store`] promises. Nothing here fails.

use std::sync::Arc;

use cof::{Extras, Observation, Record, Source, SourceKind};

use crate::key::{self, Parts, UNKNOWN_BAILIWICK};
use crate::{Apart, StoreError, Summary};

/// The key that tells sources apart besides their origin and sensor.
const SOURCE_KIND: &str = "source_kind";

/// First, last and count of one tuple, bailiwick and source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// First seen, in seconds since the epoch.
    pub first: u64,
    /// Last seen, in seconds since the epoch.
    pub last: u64,
    /// How often; `None` where nobody counted.
    pub count: Option<u64>,
}

/// What one source said of a tuple, within one bailiwick.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// Labels of the bailiwick, or [`key::UNKNOWN_BAILIWICK`].
    pub bailiwick: u8,
    /// Who said so.
    pub source: &'a Source,
    /// What.
    pub value: Value,
}

impl<'a> Word<'a> {
    /// Words with an equal part make a row together; rows of a tuple come in the order of their parts.
    #[inline]
    pub fn part(&self, apart: Apart) -> (u8, bool, Option<&'a Source>) {
        let [bailiwick, kind, source] = apart.parts();
        let of_zone = kind && self.source.kind == SourceKind::Zone;
        (if bailiwick { self.bailiwick } else { 0 }, of_zone, source.then_some(self.source))
    }
}

/// A tuple over bailiwicks and sources: all of them, or those that the question keeps apart.
#[derive(Clone, Debug)]
pub struct Merged<'a> {
    seen: Option<(u64, u64)>,
    zone: Option<(u64, u64)>,
    observed: Option<u64>,
    reported: Option<u64>,
    zone_count: Option<u64>,
    /// Labels; only those that are known.
    bailiwick: Agreed<u8>,
    origin: Agreed<Option<&'a Arc<str>>>,
    /// Who said so, where every source is asked apart.
    alone: Option<&'a Source>,
}

/// What several say, as long as they say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreed<T> {
    Nothing,
    One(T),
    Several,
}

impl Value {
    /// What an observation says.
    #[inline]
    pub fn of(observation: &Observation) -> Self {
        Self { first: observation.time_first, last: observation.time_last, count: observation.count }
    }

    /// Merges what the same source said before or after, by the rule of its kind.
    #[inline]
    pub fn merge(&mut self, other: Self, kind: SourceKind) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.count = match kind {
            SourceKind::Observation => sum(self.count, other.count),
            SourceKind::Report | SourceKind::Zone => self.count.max(other.count),
        };
    }
}

impl<'a> Merged<'a> {
    /// The row that these words make; all of them are of one tuple, and of one part.
    pub fn of(words: &[Word<'a>], apart: Apart) -> Self {
        let mut merged = Self {
            seen: None,
            zone: None,
            observed: None,
            reported: None,
            zone_count: None,
            bailiwick: Agreed::Nothing,
            origin: Agreed::Nothing,
            alone: words.first().filter(|_| apart == Apart::Source).map(|word| word.source),
        };
        for word in words {
            merged.add(*word);
        }
        merged
    }

    fn add(&mut self, word: Word<'a>) {
        let Word { bailiwick, source, value } = word;
        if bailiwick != UNKNOWN_BAILIWICK {
            self.bailiwick.hear(bailiwick);
        }
        self.origin.hear(source.origin.as_ref());
        let span = match source.kind {
            SourceKind::Observation => {
                self.observed = sum(self.observed, value.count);
                &mut self.seen
            }
            SourceKind::Report => {
                self.reported = self.reported.max(value.count);
                &mut self.seen
            }
            SourceKind::Zone => {
                self.zone_count = self.zone_count.max(value.count);
                &mut self.zone
            }
        };
        let (first, last) = span.unwrap_or((value.first, value.last));
        *span = Some((first.min(value.first), last.max(value.last)));
    }

    /// Sightings, or zone times where there are no others; as [`Record::span`] of the row.
    #[inline]
    pub fn span(&self) -> (u64, u64) {
        self.seen.or(self.zone).unwrap_or_default()
    }

    /// From the earliest to the latest time, sightings and zones together: what fences look at.
    #[inline]
    pub fn extent(&self) -> (u64, u64) {
        match (self.seen, self.zone) {
            (Some(seen), Some(zone)) => (seen.0.min(zone.0), seen.1.max(zone.1)),
            (seen, zone) => seen.or(zone).unwrap_or_default(),
        }
    }

    /// How often it was seen; `None` where nobody counted.
    #[inline]
    pub fn count(&self) -> Option<u64> {
        self.observed.max(self.reported).or(self.zone_count)
    }

    /// The row of the tuple with this key.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a key that does not split.
    pub fn record(&self, parts: Parts<'_>) -> Result<Record, StoreError> {
        let (rrname, rrtype, rdata) = parts.decode().ok_or(StoreError::Damaged)?;
        let labels = self.bailiwick.one().unwrap_or(UNKNOWN_BAILIWICK);
        let bailiwick = key::bailiwick_name(&rrname, labels);
        Ok(Record {
            time_first: self.seen.map(|(first, _)| first),
            time_last: self.seen.map(|(_, last)| last),
            zone_time_first: self.zone.map(|(first, _)| first),
            zone_time_last: self.zone.map(|(_, last)| last),
            count: self.count(),
            bailiwick,
            origin: self.origin.one().flatten().cloned(),
            sensor_id: self.alone.and_then(|source| source.sensor.clone()),
            extras: self.alone.map(|source| said(source.kind)).unwrap_or_default(),
            ..Record::new(rrname, rrtype, rdata)
        })
    }
}

/// How the source's words add up, as the key `source_kind` of a record.
fn said(kind: SourceKind) -> Extras {
    let kind = match kind {
        SourceKind::Observation => "\"observation\"",
        SourceKind::Report => "\"report\"",
        SourceKind::Zone => "\"zone\"",
    };
    [(SOURCE_KIND.into(), kind.into())].into_iter().collect()
}

impl<T: Copy + PartialEq> Agreed<T> {
    fn hear(&mut self, word: T) {
        *self = match *self {
            Self::Nothing => Self::One(word),
            Self::One(known) if known == word => return,
            _ => Self::Several,
        };
    }

    fn one(self) -> Option<T> {
        match self {
            Self::One(word) => Some(word),
            Self::Nothing | Self::Several => None,
        }
    }
}

impl Summary {
    /// Counts a row.
    pub fn add(&mut self, row: &Merged<'_>) {
        let (first, last) = row.span();
        self.rows = self.rows.saturating_add(1);
        self.count = sum(self.count, row.count());
        self.first = Some(self.first.map_or(first, |known| known.min(first)));
        self.last = self.last.max(Some(last));
    }
}

/// Unknown only if both are.
fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (known, None) | (None, known) => known,
    }
}
