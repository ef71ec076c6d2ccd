//! A record in the timeline: with its dates and its position in the answer.

use cof::Record;
use cof::time::{LATEST_PLAUSIBLE, readable};
use operation::{Indicator, Relation};

use super::words::{counted, cut, day, length, thousands};

/// A record that has a date.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// Its position in the answer, which is the number of its row in the table.
    pub(super) index: usize,
    pub(super) record: &'a Record,
    /// When it was first and last seen, at most [`LATEST_PLAUSIBLE`]; `first` is never later than `last`.
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) relation: Relation,
    /// Whether its data is followed through all lanes.
    pub(super) followed: bool,
    /// Whether its bar is labelled with its owner, because its data is that of all of its lane.
    pub(super) by_owner: bool,
}

/// The longest data of a record in a title or a sentence, in characters; the table has all of it.
const LONG_DATA: usize = 160;
/// The longest name in a title, in characters. Host names are shorter; only names full of escapes are longer.
const LONG_NAME: usize = 100;

impl<'a> Entry<'a> {
    /// `None` for a record without any date.
    pub(super) fn new(index: usize, record: &'a Record, relation: Relation) -> Option<Self> {
        let (first, last) = record.span()?;
        let (first, last) = (first.min(LATEST_PLAUSIBLE), last.min(LATEST_PLAUSIBLE));
        Some(Self { index, record, first, last, relation, followed: false, by_owner: false })
    }

    /// The text of its label.
    pub(super) fn text(&self) -> String {
        if self.by_owner { self.record.rrname.to_string() } else { self.record.rdata_text() }
    }

    /// The value that its label names, and whether it is in its data.
    pub(super) fn value(&self) -> Option<(String, bool)> {
        let Record { rdata, rrtype, .. } = self.record;
        let value = if self.by_owner {
            Indicator::of_owner(self.record)
        } else {
            Indicator::of_target(rdata, *rrtype)
        };
        value.map(|value| (value.to_string(), !self.by_owner))
    }

    /// The title of its bar: three lines.
    pub(super) fn title(&self, data: &str) -> String {
        let Record { rrname, rrtype, count, .. } = self.record;
        let (first, last) = self.record.span().unwrap_or_default();
        let sightings = count.map_or_else(|| "seen an unknown number of times".to_owned(), sightings);
        format!(
            "{} {rrtype} {}\n{} to {} UTC ({})\n{sightings}, {}",
            cut(&rrname.to_string(), LONG_NAME),
            cut(data, LONG_DATA),
            readable(first),
            readable(last),
            length(last - first),
            self.relation.word()
        )
    }

    /// The title of one of very many bars: one line.
    pub(super) fn short_title(&self, data: &str) -> String {
        let (first, last) = self.record.span().unwrap_or_default();
        let sightings = self.record.count.map(|count| format!(", {}", sightings(count)));
        format!(
            "{}, {} to {} ({}){}",
            cut(data, LONG_DATA),
            day(first),
            day(last),
            length(last - first),
            sightings.unwrap_or_default()
        )
    }

    /// The text for screen readers, in place of its bar.
    pub(super) fn said(&self, data: &str) -> String {
        format!("{} {} to {}", cut(data, LONG_DATA), day(self.first), day(self.last))
    }
}

/// The sum of their counts; `None` if no record has one.
pub(super) fn sightings_of<'a>(records: impl Iterator<Item = &'a Record>) -> Option<u64> {
    records
        .filter_map(|record| record.count)
        .fold(None, |sum, count| Some(sum.unwrap_or(0u64).saturating_add(count)))
}

/// The sum in the form of its column.
pub(super) fn sum_text(sum: Option<u64>) -> String {
    sum.map_or_else(|| "unknown".to_owned(), thousands)
}

fn sightings(count: u64) -> String {
    if count == 1 { counted(1, "sighting") } else { format!("{} sightings", thousands(count)) }
}
