//! An answer in memory: the records that match a filter, each tuple once.

use std::collections::HashMap;

use cof::{Damage, Name, Rdata, Record, RrType};

use crate::Filter;
use crate::provider::{Completeness, Sink, Stop};

/// How many damaged parts of an answer are kept; the others are only counted.
const DAMAGES_KEPT: usize = 100;

/// An answer held in memory: each tuple once.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The records, in the order of arrival.
    pub records: Vec<Record>,
    /// The first parts of the answer that are not records.
    pub damages: Vec<Damage>,
    /// Whether it is complete.
    pub completeness: Completeness,
}

/// Merges records of the same tuple: the earliest first seen, the latest last seen, the larger count.
#[derive(Debug, Default)]
pub struct Dedup {
    places: HashMap<(Name, RrType, Rdata), usize>,
    records: Vec<Record>,
}

/// A sink that keeps an answer in memory, up to a number of records.
#[derive(Debug)]
pub struct Collector {
    dedup: Dedup,
    damages: Vec<Damage>,
    filter: Filter,
    most: usize,
}

impl Dedup {
    /// Adds a record, or merges it into the existing one of its tuple. Returns the position of the tuple.
    pub fn add(&mut self, record: Record) -> usize {
        let key = (record.rrname.clone(), record.rrtype, record.rdata.clone());
        let next = self.records.len();
        match self.places.entry(key) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(next);
                self.records.push(record);
                next
            }
            std::collections::hash_map::Entry::Occupied(place) => {
                if let Some(known) = self.records.get_mut(*place.get()) {
                    merge(known, record);
                }
                *place.get()
            }
        }
    }

    /// The tuples, in the order of arrival.
    pub fn into_records(self) -> Vec<Record> {
        self.records
    }
}

fn merge(known: &mut Record, other: Record) {
    let earliest = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
    known.time_first = earliest(known.time_first, other.time_first);
    known.time_last = known.time_last.max(other.time_last);
    known.zone_time_first = earliest(known.zone_time_first, other.zone_time_first);
    known.zone_time_last = known.zone_time_last.max(other.zone_time_last);
    known.count = known.count.max(other.count);
    known.origin = known.origin.take().or(other.origin);
    known.bailiwick = known.bailiwick.take().or(other.bailiwick);
    for note in other.notes {
        known.note(note.field, note.kind);
    }
}

impl Collector {
    /// Keeps at most `most` records that match the filter.
    pub fn new(filter: Filter, most: usize) -> Self {
        Self { dedup: Dedup::default(), damages: Vec::new(), filter, most }
    }

    /// The number of kept records, and of kept damages.
    pub fn counts(&self) -> (u64, u64) {
        (self.dedup.records.len() as u64, self.damages.len() as u64)
    }

    /// The answer, after the provider has finished.
    pub fn into_answer(self, completeness: Completeness) -> Answer {
        Answer { records: self.dedup.into_records(), damages: self.damages, completeness }
    }
}

impl Sink for Collector {
    fn record(&mut self, record: Record) -> Result<(), Stop> {
        if !self.filter.keeps(&record) {
            return Ok(());
        }
        // A further tuple shows that the answer is larger; a record of an existing tuple does not.
        let full = self.dedup.records.len() == self.most;
        if full
            && !self.dedup.places.contains_key(&(record.rrname.clone(), record.rrtype, record.rdata.clone()))
        {
            return Err(Stop::Full(self.most));
        }
        self.dedup.add(record);
        Ok(())
    }

    fn damage(&mut self, damage: Damage) {
        if self.damages.len() < DAMAGES_KEPT {
            self.damages.push(damage);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(data: &str, first: u64, last: u64, count: Option<u64>) -> Record {
        let mut record =
            Record::new(Name::parse("www.example").unwrap(), RrType::A, Rdata::parse(RrType::A, data));
        (record.time_first, record.time_last, record.count) = (Some(first), Some(last), count);
        record
    }

    fn done() -> Completeness {
        Completeness::new(None, true)
    }

    #[test]
    fn the_same_tuple_is_held_once_with_all_that_is_known_of_it() {
        let mut collector = Collector::new(Filter::default(), 10);
        for record in [
            record("192.0.2.1", 10, 20, None),
            record("192.0.2.2", 1, 2, None),
            record("192.0.2.1", 5, 15, Some(3)),
        ] {
            collector.record(record).unwrap();
        }
        let records = collector.into_answer(done()).records;
        assert_eq!(records, [record("192.0.2.1", 5, 20, Some(3)), record("192.0.2.2", 1, 2, None)]);
    }

    #[test]
    fn exactly_as_many_records_as_fit_are_no_truncation() {
        let mut collector = Collector::new(Filter::default(), 1);
        assert_eq!(collector.record(record("192.0.2.1", 1, 2, None)), Ok(()));
        assert_eq!(collector.record(record("192.0.2.1", 1, 9, None)), Ok(()));
        assert_eq!(collector.record(record("192.0.2.2", 1, 2, None)), Err(Stop::Full(1)));
    }
}
