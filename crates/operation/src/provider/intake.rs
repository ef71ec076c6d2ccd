//! Turns the bytes of an answer into records for a sink, page by page.
//!
//! [`Intake`] keeps what has arrived so far, and derives the completeness from it; it does not wait or send. Its memory is
//! bounded: [`Probe`] holds back little, and of the tuples of a paged answer the first [`REMEMBERED`] are recognised.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use client::{ClientError, Stage, printable};
use cof::{DamageKind, Reader, Record, SafEnd};

use super::ask::{Outcome, Sink, Stop};
use super::completeness::Completeness;
use super::config::Limits;
use super::error::ProviderError;
use super::orientation::{Orientation, Probe, contradicts};

/// How many bytes of an answer without records are kept to report what it is instead.
const START: usize = 200;
/// How many tuples are remembered: about 5 MiB, so that an answer of any length is streamed in constant memory. This detects
/// pages that start again from the first one.
const REMEMBERED: usize = 1 << 18;

/// The state of an answer while it arrives.
pub(super) struct Intake<'a> {
    sink: &'a mut dyn Sink,
    /// Holds the bytes of the first page back until the orientation is known.
    probe: Option<Probe>,
    orientation: Orientation,
    /// The time of the query, in seconds since the epoch.
    now: u64,
    reader: Reader,
    records: u64,
    damages: u64,
    /// The number of damages other than a value that was cut by the end.
    broken: u64,
    contradictions: u64,
    bytes: u64,
    /// The offset in the answer at which this page starts, in bytes.
    page_start: u64,
    pages: usize,
    start: Vec<u8>,
    /// Whether the service declares that it supports queries by data; `None` before it has answered.
    pub(super) by_data: Option<bool>,
    seen: Option<Seen>,
    /// Whether this page contained a new tuple.
    news: bool,
    /// Whether an answer has to say how it ends.
    is_framed: bool,
}

/// Why a query ended early.
pub(super) enum Ended {
    Failed(ProviderError),
    Gone,
}

/// The hashes of the tuples in the pages so far.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    tuples: HashSet<u64>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink, orientation: Orientation, now: u64) -> Self {
        Self {
            sink,
            probe: (orientation == Orientation::Auto).then(Probe::default),
            orientation,
            now,
            reader: Reader::new(now),
            records: 0,
            damages: 0,
            broken: 0,
            contradictions: 0,
            bytes: 0,
            page_start: 0,
            pages: 0,
            start: Vec::new(),
            by_data: None,
            seen: None,
            news: false,
            is_framed: false,
        }
    }

    /// Requires that the answer says how it ends.
    pub(super) fn framed(mut self, is_framed: bool) -> Self {
        self.is_framed = is_framed;
        self
    }

    pub(super) fn begin_page(&mut self, more_follow: bool) {
        self.begin_reading();
        self.page_start = self.bytes;
        self.news = false;
        if more_follow {
            self.seen.get_or_insert_default();
        }
    }

    fn begin_reading(&mut self) {
        self.reader = Reader::new(self.now).turned(self.orientation == Orientation::Swapped);
    }

    /// Processes the next bytes of a page.
    pub(super) fn take(&mut self, octets: &[u8]) -> Result<(), Ended> {
        self.bytes += octets.len() as u64;
        self.sink.raw(octets);
        if self.records == 0 {
            self.start.extend(octets.iter().take(START.saturating_sub(self.start.len())));
        }
        match &mut self.probe {
            None => self.reader.feed(octets),
            Some(probe) => match probe.feed(octets) {
                Some(orientation) => self.decide(orientation),
                None => return Ok(()),
            },
        }
        self.drain()
    }

    /// Processes what is still held back at the end of a body, even after an error.
    pub(super) fn finish(&mut self) -> Result<(), Ended> {
        let undecided = self.probe.is_some();
        if undecided {
            self.decide(Orientation::Auto);
        }
        self.reader.close();
        self.drain()?;
        // A page without records does not determine the orientation.
        if undecided && self.records == 0 {
            self.probe = Some(Probe::default());
        }
        Ok(())
    }

    fn decide(&mut self, orientation: Orientation) {
        self.orientation = orientation;
        self.begin_reading();
        if let Some(probe) = self.probe.take() {
            self.reader.feed(&probe.into_held());
        }
    }

    fn drain(&mut self) -> Result<(), Ended> {
        while let Some(item) = self.reader.next() {
            match item {
                Ok(record) => self.record(record)?,
                Err(mut damage) => {
                    self.damages += 1;
                    self.broken += u64::from(damage.kind != DamageKind::Truncated);
                    // Offsets refer to the whole answer, not to one page.
                    damage.offset += self.page_start;
                    self.sink.damage(damage);
                }
            }
        }
        self.sink.pause();
        Ok(())
    }

    fn record(&mut self, record: Record) -> Result<(), Ended> {
        if contradicts(&record) {
            self.contradictions += 1;
        }
        self.news |= self.seen.as_mut().is_none_or(|seen| seen.is_new(&record));
        self.records += 1;
        match self.sink.record(record) {
            Ok(()) => Ok(()),
            Err(Stop::Gone) => Err(Ended::Gone),
            Err(Stop::Full(records)) => Err(ProviderError::Records(records).into()),
        }
    }

    /// Counts a page that was read completely; returns the number of pages, or an error if it did not end properly.
    pub(super) fn end_page(&mut self) -> Result<usize, ProviderError> {
        self.pages += 1;
        let end = self.reader.end();
        match end.saf {
            Some(SafEnd::Limited(message)) => {
                Err(ProviderError::ServiceCut(printable(message.as_bytes(), 200)))
            }
            Some(SafEnd::Failed(message)) => {
                Err(ProviderError::ServiceFailed(printable(message.as_bytes(), 200)))
            }
            Some(SafEnd::Missing) => Err(ClientError::Cut.into()),
            // What is something else altogether is told as such.
            None if self.is_framed && (self.records > 0 || self.damages == 0) => Err(ProviderError::Unframed),
            // If other parts are damaged too, the end is one of them.
            Some(SafEnd::Succeeded) | None if end.truncated && self.broken == 0 => {
                Err(ProviderError::EndsInside)
            }
            Some(SafEnd::Succeeded) | None => Ok(self.pages),
        }
    }

    /// The limit that was exceeded, if any.
    pub(super) fn cap(&self, limits: &Limits) -> Option<ProviderError> {
        if self.bytes > limits.bytes {
            return Some(ProviderError::TooLarge(limits.bytes >> 20));
        }
        let damaged = || self.verdict().unwrap_or(ProviderError::Damaged(self.damages));
        (self.damages > limits.damages).then(damaged)
    }

    /// Whether an answer of at most so many records may be whole: one that has as many was cut.
    pub(super) fn is_within(&self, most: Option<u64>) -> Result<(), ProviderError> {
        match most.filter(|most| self.records >= *most) {
            Some(most) => Err(ProviderError::LimitReached(most)),
            None => Ok(()),
        }
    }

    pub(super) fn has_news(&self) -> bool {
        self.news
    }

    /// The error of an answer that arrived completely.
    fn verdict(&self) -> Option<ProviderError> {
        if self.records == 0 && self.damages > 0 {
            let start = self.start.trim_ascii();
            let words = start.get(..19).unwrap_or_default();
            return Some(if words.eq_ignore_ascii_case(b"rate limit exceeded") {
                ProviderError::RateLimited(None)
            } else {
                ProviderError::NotCof(printable(start, 60))
            });
        }
        if self.contradictions > 0 {
            return Some(ProviderError::Contradiction(self.contradictions));
        }
        (self.damages > 0).then_some(ProviderError::Damaged(self.damages))
    }

    /// The result of a query that ended like this.
    pub(super) fn outcome(self, read: Result<(), Ended>, reached: Stage) -> Outcome {
        let (reason, whole) = match read {
            Ok(()) => (self.verdict(), true),
            Err(Ended::Gone) => (None, false),
            Err(Ended::Failed(error)) => (Some(error), false),
        };
        let refuses_data = reason == Some(ProviderError::OwnerOnly);
        let completeness = Completeness::new(reason, self.records > 0);
        Outcome {
            by_data: if refuses_data { Some(false) } else { self.by_data },
            whole: whole && completeness.is_complete(),
            completeness,
            pages: self.pages,
            bytes: self.bytes,
            orientation: self.orientation,
            reached,
        }
    }
}

impl Seen {
    /// Whether the record's tuple is new, as far as tuples are remembered; it is remembered now.
    fn is_new(&mut self, record: &Record) -> bool {
        let tuple = self.hasher.hash_one((&record.rrname, record.rrtype, &record.rdata));
        if self.tuples.len() < REMEMBERED { self.tuples.insert(tuple) } else { !self.tuples.contains(&tuple) }
    }
}

impl From<ProviderError> for Ended {
    fn from(error: ProviderError) -> Self {
        Self::Failed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cof::{Name, Rdata, RrType};

    #[test]
    fn what_is_remembered_of_the_tuples_is_bounded() {
        let record = |rdata| Record::new(Name::root(), RrType::TXT, Rdata::parse(RrType::TXT, rdata));
        let mut seen = Seen::default();
        assert!(seen.is_new(&record("first")) && !seen.is_new(&record("first")));
        seen.tuples.extend(0..REMEMBERED as u64);
        let full = seen.tuples.len();
        assert!(seen.is_new(&record("late")) && seen.is_new(&record("late")));
        assert!(!seen.is_new(&record("first")), "a circle leads back to the beginning");
        assert_eq!(seen.tuples.len(), full);
    }
}
