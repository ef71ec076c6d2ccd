//! Times and counts of one or many records.

use cof::Record;

/// Counts and times, merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// The number of records.
    pub(super) records: u64,
    /// The sum of the known counts.
    pub(super) count: u64,
    /// First and last seen.
    pub(super) seen: Option<(u64, u64)>,
    /// First and last seen in a zone file.
    pub(super) zone: Option<(u64, u64)>,
}

impl Figures {
    pub(super) fn of(record: &Record) -> Self {
        let mut figures = Self::default();
        figures.add(record);
        figures
    }

    pub(super) fn add(&mut self, record: &Record) {
        self.join(&Self {
            records: 1,
            count: record.count.unwrap_or(0),
            seen: span(record.time_first, record.time_last),
            zone: span(record.zone_time_first, record.zone_time_last),
        });
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.records = self.records.saturating_add(other.records);
        self.count = self.count.saturating_add(other.count);
        self.seen = widened(self.seen, other.seen);
        self.zone = widened(self.zone, other.zone);
    }
}

fn span(first: Option<u64>, last: Option<u64>) -> Option<(u64, u64)> {
    first.or(last).zip(last.or(first))
}

fn widened(known: Option<(u64, u64)>, other: Option<(u64, u64)>) -> Option<(u64, u64)> {
    match (known, other) {
        (Some(known), Some(other)) => Some((known.0.min(other.0), known.1.max(other.1))),
        (known, other) => known.or(other),
    }
}
