//! Merges many words on one tuple: a [`Value`] is what one source stated over time, a [`Word`] adds the source and the
//! bailiwick, and [`Merged`] is the row that a reader sees.
//!
//! Both merge in any order to the same result, by minimum, maximum and saturating sum, according to the rules of
//! [`crate::Store`]. Nothing here fails.

use std::sync::Arc;

use cof::{Extras, Observation, Record, Source, SourceKind};

use crate::key::{self, Parts, UNKNOWN_BAILIWICK};
use crate::{Apart, StoreError, Summary};

/// The extra key that distinguishes sources with the same origin and sensor.
const SOURCE_KIND: &str = "source_kind";

/// First seen, last seen and count of one tuple, bailiwick and source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// First seen, in seconds since the epoch.
    pub first: u64,
    /// Last seen, in seconds since the epoch.
    pub last: u64,
    /// The count; `None` if unknown.
    pub count: Option<u64>,
}

/// The statement of one source about a tuple, within one bailiwick.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// The number of labels of the bailiwick, or [`key::UNKNOWN_BAILIWICK`].
    pub bailiwick: u8,
    /// The source.
    pub source: &'a Source,
    /// The times and count.
    pub value: Value,
}

impl<'a> Word<'a> {
    /// Identifies the row of a word: words with the same part form one row. The rows of a tuple are sorted by their parts.
    #[inline]
    pub fn part(&self, apart: Apart) -> (u8, bool, Option<&'a Source>) {
        let [bailiwick, kind, source] = apart.parts();
        let of_zone = kind && self.source.kind == SourceKind::Zone;
        (if bailiwick { self.bailiwick } else { 0 }, of_zone, source.then_some(self.source))
    }
}

/// A tuple merged over bailiwicks and sources: over all of them, or over those that the query does not keep separate.
#[derive(Clone, Debug)]
pub struct Merged<'a> {
    seen: Option<(u64, u64)>,
    zone: Option<(u64, u64)>,
    observed: Option<u64>,
    reported: Option<u64>,
    zone_count: Option<u64>,
    /// The number of labels; only of known bailiwicks.
    bailiwick: Agreed<u8>,
    origin: Agreed<Option<&'a Arc<str>>>,
    /// The source, if the query keeps sources separate.
    alone: Option<&'a Source>,
}

/// A value that several words have, if they agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreed<T> {
    Nothing,
    One(T),
    Several,
}

impl Value {
    /// The value of an observation.
    #[inline]
    pub fn of(observation: &Observation) -> Self {
        Self { first: observation.time_first, last: observation.time_last, count: observation.count }
    }

    /// Merges with an earlier or later value of the same source, by the rule of its kind.
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
    /// The row of these words; all of them belong to one tuple and one part.
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

    /// The times of observations, or the zone times if there are no others; like [`Record::span`] of the row.
    #[inline]
    pub fn span(&self) -> (u64, u64) {
        self.seen.or(self.zone).unwrap_or_default()
    }

    /// From the earliest to the latest time, of observations and zones together: time filters use these.
    #[inline]
    pub fn extent(&self) -> (u64, u64) {
        match (self.seen, self.zone) {
            (Some(seen), Some(zone)) => (seen.0.min(zone.0), seen.1.max(zone.1)),
            (seen, zone) => seen.or(zone).unwrap_or_default(),
        }
    }

    /// The count; `None` if unknown.
    #[inline]
    pub fn count(&self) -> Option<u64> {
        self.observed.max(self.reported).or(self.zone_count)
    }

    /// The row of the tuple with this key.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a key that cannot be split.
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

/// The kind of the source, as the key `source_kind` of a record.
fn said(kind: SourceKind) -> Extras {
    let kind = match kind {
        SourceKind::Observation => "\"observation\"",
        SourceKind::Report => "\"report\"",
        SourceKind::Zone => "\"zone\"",
    };
    [(SOURCE_KIND.into(), kind.into())].into_iter().collect()
}

/// The kind of the source of a row, if the query kept sources separate.
pub fn source_kind(row: &Record) -> Option<SourceKind> {
    let (_, kind) = row.extras.iter().find(|(key, _)| &**key == SOURCE_KIND)?;
    match &**kind {
        "\"observation\"" => Some(SourceKind::Observation),
        "\"report\"" => Some(SourceKind::Report),
        "\"zone\"" => Some(SourceKind::Zone),
        _ => None,
    }
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
    /// Adds a row.
    pub fn add(&mut self, row: &Merged<'_>) {
        let (first, last) = row.span();
        self.rows = self.rows.saturating_add(1);
        self.count = sum(self.count, row.count());
        self.first = Some(self.first.map_or(first, |known| known.min(first)));
        self.last = self.last.max(Some(last));
    }
}

/// Unknown only if both are unknown.
fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (known, None) | (None, known) => known,
    }
}
