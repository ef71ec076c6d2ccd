//! The rows of one tuple, one for each bailiwick and source, merged into one by the rules of [`store::Store`]. Nothing here fails.

use std::sync::Arc;

use cof::{Extras, Name, Record, SourceKind};

use super::scan::Row;

/// The most sources that are named for a tuple.
const MOST_SOURCES: usize = 1_000;

/// A tuple that is being merged.
#[derive(Debug)]
pub(super) struct Joined {
    record: Record,
    observed: Option<u64>,
    reported: Option<u64>,
    zone: Option<u64>,
    bailiwick: Agreed<Name>,
    origin: Agreed<Option<Arc<str>>>,
    sources: Vec<u32>,
    /// Whether the tuple is looked for.
    pub(super) is_wanted: bool,
}

/// A value that several rows have, if they agree.
#[derive(Debug)]
enum Agreed<T> {
    Nothing,
    One(T),
    Several,
}

impl Joined {
    /// A tuple with its first row.
    pub(super) fn new(record: Record, kind: Option<SourceKind>, source: u32, is_wanted: bool) -> Self {
        let empty = Record::new(record.rrname.clone(), record.rrtype, record.rdata.clone());
        let mut joined = Self {
            record: empty,
            observed: None,
            reported: None,
            zone: None,
            bailiwick: Agreed::Nothing,
            origin: Agreed::Nothing,
            sources: Vec::new(),
            is_wanted,
        };
        joined.add(record, kind, source);
        joined
    }

    /// Whether a row belongs to this tuple.
    pub(super) fn is_of(&self, record: &Record) -> bool {
        self.record.rrtype == record.rrtype
            && self.record.rrname == record.rrname
            && self.record.rdata == record.rdata
    }

    /// Adds a row.
    pub(super) fn add(&mut self, record: Record, kind: Option<SourceKind>, source: u32) {
        let known = &mut self.record;
        known.time_first = least(known.time_first, record.time_first);
        known.time_last = known.time_last.max(record.time_last);
        known.zone_time_first = least(known.zone_time_first, record.zone_time_first);
        known.zone_time_last = known.zone_time_last.max(record.zone_time_last);
        match kind {
            Some(SourceKind::Zone) => self.zone = self.zone.max(record.count),
            Some(SourceKind::Report) => self.reported = self.reported.max(record.count),
            Some(SourceKind::Observation) | None => self.observed = sum(self.observed, record.count),
        }
        if let Some(bailiwick) = record.bailiwick {
            self.bailiwick.hear(bailiwick);
        }
        self.origin.hear(record.origin);
        if self.sources.len() < MOST_SOURCES && !self.sources.contains(&source) {
            self.sources.push(source);
        }
    }

    /// The row.
    pub(super) fn finish(self) -> Row {
        let count = self.observed.max(self.reported).or(self.zone);
        let record = Record {
            count,
            bailiwick: self.bailiwick.one(),
            origin: self.origin.one().flatten(),
            extras: Extras::default(),
            ..self.record
        };
        Row { record, sources: self.sources.into() }
    }
}

impl<T: PartialEq> Agreed<T> {
    fn hear(&mut self, value: T) {
        match self {
            Self::Nothing => *self = Self::One(value),
            Self::One(known) if *known == value => {}
            _ => *self = Self::Several,
        }
    }

    fn one(self) -> Option<T> {
        match self {
            Self::One(value) => Some(value),
            Self::Nothing | Self::Several => None,
        }
    }
}

fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.into_iter().chain(b).min()
}

/// Unknown only if both are unknown.
fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.into_iter().chain(b).reduce(u64::saturating_add)
}
