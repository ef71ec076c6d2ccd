//! The input of a passive-DNS database: observations, by source, in batches.
//!
//! A [`Record`] is what is read and shown. An [`Observation`] is the statement of one source about one tuple, ready to be
//! merged. The kind of its [`Source`] determines how counts are merged: counts of observations add up, those of reports and
//! zones do not.

use std::sync::Arc;

use crate::{Name, Rdata, Record, RrType};

/// How the statements of a source are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SourceKind {
    /// Observations of a sensor: counts add up.
    Observation,
    /// Reports of another database: repeating them changes nothing, and the largest count is kept.
    Report,
    /// Appearances in zone files: times are zone times, and the largest count is kept.
    Zone,
}

/// The source of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Source {
    /// How its statements are merged.
    pub kind: SourceKind,
    /// The COF origin, if one is known.
    pub origin: Option<Arc<str>>,
    /// The sensor, if sensors are kept separate.
    pub sensor: Option<Arc<str>>,
}

/// The statement of one source about one tuple. `time_first` is never later than `time_last`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The owner.
    pub rrname: Name,
    /// The type.
    pub rrtype: RrType,
    /// The data.
    pub rdata: Rdata,
    /// The zone that the answering server is responsible for, if known.
    pub bailiwick: Option<Name>,
    /// First seen, seconds since the epoch.
    pub time_first: u64,
    /// Last seen, seconds since the epoch.
    pub time_last: u64,
    /// The count; `None` if unknown.
    pub count: Option<u64>,
    /// The source, as an index into [`Batch::sources`].
    pub source: usize,
}

/// A BLAKE3 digest of content.
pub type Digest = [u8; 32];

/// Where a batch comes from, so that an interrupted import is resumed and nothing is counted twice.
///
/// The positions of one input are ordered: first by offset, then by being complete.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// Identity of the input.
    pub input: Arc<str>,
    /// How many bytes of the decompressed input this batch and earlier ones cover; or the number of a batch, if its sender
    /// numbers them.
    pub offset: u64,
    /// The digest of the first `offset` bytes of the input; `None` if content is not compared, as for numbered batches.
    pub digest: Option<Digest>,
    /// Whether the batch is the last one: the input ends at `offset`.
    pub whole: bool,
    /// When the input may be forgotten, in seconds since the epoch. `None` is never, for files and numbered batches.
    pub expires: Option<u64>,
}

impl Position {
    /// A position in an input that does not expire, without a digest.
    pub fn new(input: impl Into<Arc<str>>, offset: u64) -> Self {
        Self { input: input.into(), offset, digest: None, whole: false, expires: None }
    }
}

/// Observations that are stored together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Batch {
    /// The sources that the observations refer to.
    pub sources: Vec<Source>,
    /// The observations, in any order.
    pub observations: Vec<Observation>,
    /// The position in their input, if it has to be stored.
    pub position: Option<Position>,
}

/// The result of adding a record to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Taken {
    /// The record was added with its times as sent.
    AsSent,
    /// The record was added with a repaired time: it had another unit than seconds, or was implausible and was replaced by the
    /// other time.
    Repaired,
    /// The record has no plausible time, and was not added.
    Rejected,
}

impl Taken {
    /// Whether the record was added.
    pub fn is_taken(self) -> bool {
        self != Self::Rejected
    }
}

impl Batch {
    /// Adds the observation in a record, with this kind of source, and its zone times as a second observation of the kind
    /// `Zone`. Its sensor is not kept: sensors are only separate if the caller requests it ([`Self::take`]).
    ///
    /// Values that [`crate::Writer`] writes in place of unknown ones are read as unknown again: times that repeat the zone
    /// times, a count of 0, an empty origin. Importing our own answers therefore does not change them.
    ///
    /// A record without any plausible time contains nothing that a database can merge.
    pub fn add(&mut self, record: &Record, kind: SourceKind) -> Taken {
        self.take(record.clone(), kind, None)
    }

    /// Like [`Self::add`], but moves the parts of the record, and keeps the sensor separate if one is given.
    pub fn take(&mut self, record: Record, kind: SourceKind, sensor: Option<&Arc<str>>) -> Taken {
        let taken = if record.has_repaired_times() { Taken::Repaired } else { Taken::AsSent };
        let zone = ordered(record.zone_time_first, record.zone_time_last);
        let seen = ordered(record.time_first, record.time_last).filter(|seen| Some(*seen) != zone);
        let origin = record.origin.filter(|origin| !origin.is_empty());
        let count = record.count.filter(|count| *count > 0);
        let (times, kind) = match (seen, zone) {
            (Some(seen), _) => (seen, kind),
            (None, Some(zone)) => (zone, SourceKind::Zone),
            (None, None) => return Taken::Rejected,
        };
        let observation = Observation {
            rrname: record.rrname,
            rrtype: record.rrtype,
            rdata: record.rdata,
            bailiwick: record.bailiwick,
            time_first: times.0,
            time_last: times.1,
            count,
            source: self.source(kind, origin.as_ref(), sensor),
        };
        if let (Some(_), Some((time_first, time_last))) = (seen, zone) {
            let source = self.source(SourceKind::Zone, origin.as_ref(), sensor);
            self.observations.push(Observation { time_first, time_last, source, ..observation.clone() });
        }
        self.observations.push(observation);
        taken
    }

    fn source(&mut self, kind: SourceKind, origin: Option<&Arc<str>>, sensor: Option<&Arc<str>>) -> usize {
        // Consecutive records usually share the text of their origin.
        let same = |known: Option<&Arc<str>>, text: Option<&Arc<str>>| match (known, text) {
            (Some(known), Some(text)) => Arc::ptr_eq(known, text) || known == text,
            (known, text) => known.is_none() && text.is_none(),
        };
        let is_it = |known: &Source| {
            known.kind == kind && same(known.origin.as_ref(), origin) && same(known.sensor.as_ref(), sensor)
        };
        self.sources.iter().rposition(is_it).unwrap_or_else(|| {
            self.sources.push(Source { kind, origin: origin.cloned(), sensor: sensor.cloned() });
            self.sources.len() - 1
        })
    }
}

fn ordered(first: Option<u64>, last: Option<u64>) -> Option<(u64, u64)> {
    let (first, last) = (first.or(last)?, last.or(first)?);
    Some((first.min(last), first.max(last)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, Reader, Writer};

    fn batch(record: &Record) -> Batch {
        let mut batch = Batch::default();
        assert!(batch.add(record, SourceKind::Report).is_taken());
        batch
    }

    #[test]
    fn what_the_writer_fills_in_is_unknown_again() {
        let mut record =
            Record::new(Name::parse("a.example").unwrap(), RrType::A, Rdata::parse(RrType::A, "192.0.2.1"));
        (record.zone_time_first, record.zone_time_last) = (Some(1_500_000_000), Some(1_600_000_000));
        for dialect in [Dialect::Circl, Dialect::Draft] {
            let mut text = String::new();
            Writer::new(dialect).write(&record, &mut text);
            let mut reader = Reader::new(1_790_000_000);
            reader.feed(text.as_bytes());
            reader.close();
            let back = reader.next().unwrap().unwrap();
            assert_eq!(batch(&back), batch(&record), "{dialect:?}");
            assert_eq!(batch(&back).sources, [Source { kind: SourceKind::Zone, origin: None, sensor: None }]);
        }
    }

    #[test]
    fn a_record_with_both_kinds_of_times_is_two_words_of_the_sensor() {
        let mut record =
            Record::new(Name::parse("a.example").unwrap(), RrType::A, Rdata::parse(RrType::A, "192.0.2.1"));
        (record.time_first, record.time_last, record.count) = (Some(10), Some(5), Some(0));
        (record.zone_time_first, record.zone_time_last) = (Some(1), None);
        let (mut batch, sensor) = (Batch::default(), Arc::from("resolver 1"));
        assert!(batch.take(record.clone(), SourceKind::Observation, Some(&sensor)).is_taken());
        assert!(batch.take(record, SourceKind::Observation, Some(&sensor)).is_taken());
        let of = |kind| Source { kind, origin: None, sensor: Some(Arc::clone(&sensor)) };
        assert_eq!(batch.sources, [of(SourceKind::Observation), of(SourceKind::Zone)]);
        let words =
            batch.observations.iter().map(|one| (one.time_first, one.time_last, one.count, one.source));
        let twice = [(1, 1, None, 1), (5, 10, None, 0)].repeat(2);
        assert_eq!(words.collect::<Vec<_>>(), twice);
    }

    #[test]
    fn a_record_without_times_adds_nothing() {
        let record = Record::new(Name::root(), RrType::NS, Rdata::parse(RrType::NS, "a.example"));
        assert_eq!(Batch::default().add(&record, SourceKind::Report), Taken::Rejected);
    }
}
