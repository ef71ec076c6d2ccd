//! What a passive-DNS database takes in: observations, by source, in batches.
//!
//! A [`Record`] is what is read and shown; an [`Observation`] is one source's word on one tuple, ready to be
//! merged. The kind of its [`Source`] says how counts merge: sightings add up, reports and zones do not.

use std::sync::Arc;

use crate::{Name, Rdata, Record, RrType};

/// How what a source says adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SourceKind {
    /// Sightings by a sensor: counts add up.
    Observation,
    /// What another database says: hearing it twice changes nothing, the largest count stands.
    Report,
    /// Appearances in zone files: times are zone times, the largest count stands.
    Zone,
}

/// Who said so, and how to add it up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Source {
    /// How it adds up.
    pub kind: SourceKind,
    /// The COF origin, if one is known.
    pub origin: Option<Arc<str>>,
    /// The sensor, where sensors are kept apart.
    pub sensor: Option<Arc<str>>,
}

/// One source's word on one tuple. `time_first` is never after `time_last`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The owner.
    pub rrname: Name,
    /// The type.
    pub rrtype: RrType,
    /// The data.
    pub rdata: Rdata,
    /// The zone that the answering server spoke for, if known.
    pub bailiwick: Option<Name>,
    /// First seen, seconds since the epoch.
    pub time_first: u64,
    /// Last seen, seconds since the epoch.
    pub time_last: u64,
    /// How often; absent is unknown.
    pub count: Option<u64>,
    /// Which of the batch's sources said so: an index into [`Batch::sources`].
    pub source: usize,
}

/// A BLAKE3 digest of content.
pub type Digest = [u8; 32];

/// Where a batch comes from, so that an interrupted import resumes and counts nothing twice.
///
/// Positions of one input grow: first by offset, then by being whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Position {
    /// Identity of the input.
    pub input: Arc<str>,
    /// How much of it, decompressed, this batch and those before it cover, in bytes; or the number of a batch whose
    /// sender numbers them.
    pub offset: u64,
    /// What the first `offset` bytes of the input are; `None` where nobody compares content, as for numbered batches.
    pub digest: Option<Digest>,
    /// The batch is the last one: the input ends at `offset`.
    pub whole: bool,
    /// When the input may be forgotten, in seconds since the epoch. `None` is never: files and numbered batches.
    pub expires: Option<u64>,
}

impl Position {
    /// A place inside an input that is never forgotten, without a digest.
    pub fn new(input: impl Into<Arc<str>>, offset: u64) -> Self {
        Self { input: input.into(), offset, digest: None, whole: false, expires: None }
    }
}

/// Observations that are taken in together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Batch {
    /// The sources that the observations refer to.
    pub sources: Vec<Source>,
    /// The observations, in any order.
    pub observations: Vec<Observation>,
    /// Where they were read, if that must be remembered.
    pub position: Option<Position>,
}

/// What became of a record that was to be added to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Taken {
    /// Its times are those that were sent.
    AsSent,
    /// A time had another unit than seconds, or was no plausible time and has the other's value.
    Repaired,
    /// It has no plausible time, and nothing was added.
    Rejected,
}

impl Taken {
    /// Whether something was added.
    pub fn is_taken(self) -> bool {
        self != Self::Rejected
    }
}

impl Batch {
    /// Adds what a record says, as `kind`; its zone times as a second observation of kind `Zone`. Its sensor is not
    /// kept: sensors are apart only where whoever fills the batch says so ([`Self::take`]).
    ///
    /// What [`crate::Writer`] puts in the place of what is unknown is taken for unknown again: times that repeat the
    /// zone times, a count of 0, an empty origin. Reading our own answers therefore adds nothing to them.
    ///
    /// A record without any plausible time says nothing that a database can merge.
    pub fn add(&mut self, record: &Record, kind: SourceKind) -> Taken {
        self.take(record.clone(), kind, None)
    }

    /// The same as [`Self::add`], with the record's parts moved into the observation, and a sensor that is kept apart.
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
        // Records that follow each other mostly share the very text of their origin.
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
