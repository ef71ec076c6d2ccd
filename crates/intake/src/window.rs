//! Merges equal records that are seen within a stretch of time: [`Window`].
//!
//! A resolver reports the same record thousands of times a minute. Within a window (60 seconds of capture time unless set
//! otherwise) equal records become one observation with first and last time and the sum of the counts. The database merges
//! observations in the same way, so a window changes how much is stored at a time, never what an answer says.
//!
//! A record is recognised by its bytes as they came, before it is parsed, so that a repeated record costs one look-up. Two
//! spellings of a record are two observations of one tuple. Memory is bounded by [`Window::is_full`], which ends a batch early.
//!
//! Errors: [`Refused`] says why a record was not taken. The verdict is kept for the window, so that it costs one parse.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use cof::{Name, Observation, Rdata, RrType, SourceKind};

use crate::noise::Noise;
use crate::sightings::{Part, Seen, Sighting};
use crate::tally::{Dropped, Reason};

/// How long equal records are merged by default, in seconds of capture time.
pub const SPAN: u64 = 60;
/// How much a window may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Observations.
    records: usize,
    /// About how many bytes they take.
    bytes: usize,
}

impl Room {
    /// For files, which are read one after the other.
    pub(crate) const FILE: Self = Self { records: 32_768, bytes: 16 << 20 };
    /// For one of many live streams, whose windows are delivered once a second.
    pub(crate) const LIVE: Self = Self { records: 4_096, bytes: 2 << 20 };
}

/// About what an observation takes beside its parts, in bytes.
const OVERHEAD: usize = 160;

/// Why a record was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is well-formed, and a rule leaves it out.
    Dropped(Dropped),
    /// A part of it cannot be read.
    Rejected(Reason),
}

/// Records of the current window, and of those that ended since the last batch.
pub(crate) struct Window {
    span: u64,
    room: Room,
    /// When the current window began, in capture time.
    began: Option<u64>,
    /// What became of each record of the current window.
    open: HashMap<Box<[u8]>, Verdict>,
    /// Records in `open` that were refused.
    refused: usize,
    /// Of the current window, and of those that ended.
    observations: Vec<Observation>,
    /// Bytes in `open` and `observations`, roughly.
    bytes: usize,
    /// The key of the record at hand, kept for its memory.
    key: Vec<u8>,
    noise: Arc<Noise>,
    /// What the observations are.
    kind: SourceKind,
}

enum Verdict {
    /// It is the observation with this index: the table stays small, and observations are never moved.
    Taken(usize),
    Refused(Refused),
}

impl Window {
    /// An empty window of so many seconds, for observations of this kind, without noise.
    pub(crate) fn new(span: u64, room: Room, kind: SourceKind, noise: Arc<Noise>) -> Self {
        Self {
            span,
            room,
            began: None,
            open: HashMap::new(),
            refused: 0,
            observations: Vec::new(),
            bytes: 0,
            key: Vec::new(),
            noise,
            kind,
        }
    }

    /// Merges a record with its equals.
    pub(crate) fn sight(&mut self, sighting: &Sighting<'_>) -> Result<(), Refused> {
        self.roll(sighting.seen.last);
        self.set_key(sighting);
        match self.open.get(self.key.as_slice()) {
            Some(Verdict::Taken(index)) => {
                if let Some(observation) = self.observations.get_mut(*index) {
                    merge(observation, sighting.seen);
                }
                return Ok(());
            }
            Some(Verdict::Refused(why)) => return Err(*why),
            None => {}
        }
        let outcome = self.read(sighting);
        self.bytes += self.key.len() * 2 + OVERHEAD;
        let (verdict, outcome) = match outcome {
            Ok(observation) => {
                self.observations.push(observation);
                (Verdict::Taken(self.observations.len() - 1), Ok(()))
            }
            Err(why) => {
                self.refused += 1;
                (Verdict::Refused(why), Err(why))
            }
        };
        self.open.insert(self.key.as_slice().into(), verdict);
        outcome
    }

    /// Passes over a record that an earlier pass took, so that rules decide about the next ones as they did then.
    pub(crate) fn pass_over(&self, sighting: &Sighting<'_>) {
        if self.noise.remembers() {
            // What was refused then is refused again.
            let _ = self.read(sighting);
        }
    }

    /// Whether a batch should end here.
    pub(crate) fn is_full(&self) -> bool {
        self.observations.len() + self.refused >= self.room.records || self.bytes >= self.room.bytes
    }

    /// All observations since the last time; the next record begins a window.
    pub(crate) fn take(&mut self) -> Vec<Observation> {
        self.close();
        self.began = None;
        self.bytes = 0;
        mem::take(&mut self.observations)
    }

    /// Ends the window when a record does not fall into it. A clock that went back ends it, too.
    fn roll(&mut self, at: u64) {
        let began = *self.began.get_or_insert(at);
        if at.abs_diff(began) >= self.span {
            self.close();
            self.began = Some(at);
        }
    }

    fn close(&mut self) {
        self.open.clear();
        self.refused = 0;
    }

    /// Makes the key: each part after its length, so that no two records share one.
    fn set_key(&mut self, sighting: &Sighting<'_>) {
        self.key.clear();
        let code = sighting.rrtype.code().unwrap_or_default();
        self.key.extend_from_slice(&code.to_be_bytes());
        if let RrType::Word(word) = sighting.rrtype {
            self.key.extend_from_slice(word.as_str().as_bytes());
        }
        for part in [sighting.owner, sighting.rdata] {
            let (tag, bytes) = match part {
                Part::Text(text) => (0, text.as_bytes()),
                Part::Wire(bytes) => (1, bytes),
            };
            self.key.push(tag);
            self.key.extend_from_slice(&bytes.len().to_be_bytes());
            self.key.extend_from_slice(bytes);
        }
        self.key.extend_from_slice(sighting.bailiwick.unwrap_or_default());
    }

    fn read(&self, sighting: &Sighting<'_>) -> Result<Observation, Refused> {
        let rejected = |reason| Refused::Rejected(reason);
        let rrname = match sighting.owner {
            Part::Text(text) => Name::parse(text).ok(),
            Part::Wire(bytes) => Name::from_wire(bytes).ok(),
        };
        let rrname = rrname.ok_or(rejected(Reason::Owner))?;
        let rdata = match sighting.rdata {
            Part::Text(text) => Some(Rdata::parse(sighting.rrtype, text)).filter(|rdata| !rdata.is_text()),
            Part::Wire(bytes) => Rdata::from_wire(sighting.rrtype, bytes).ok(),
        };
        let rdata = rdata.ok_or(rejected(Reason::Data))?;
        let bailiwick = sighting.bailiwick.map(Name::from_wire).transpose();
        let bailiwick = bailiwick.map_err(|_| rejected(Reason::Owner))?;
        if is_local(&rrname) {
            return Err(Refused::Dropped(Dropped::LocalName));
        }
        let Seen { first, last, count } = sighting.seen;
        if let Some(why) = self.noise.suppresses(self.kind, &rrname, sighting.rrtype, &rdata, last) {
            return Err(Refused::Dropped(why));
        }
        Ok(Observation {
            rrname,
            rrtype: sighting.rrtype,
            rdata,
            bailiwick,
            time_first: first,
            time_last: last,
            count: Some(count),
            source: 0,
        })
    }
}

/// Whether a name is used by multicast DNS alone (RFC 6762).
fn is_local(name: &Name) -> bool {
    name.labels().last().is_some_and(|label| label == b"local")
}

fn merge(observation: &mut Observation, seen: Seen) {
    observation.time_first = observation.time_first.min(seen.first);
    observation.time_last = observation.time_last.max(seen.last);
    observation.count = observation.count.map(|count| count.saturating_add(seen.count));
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: u64 = 1_600_000_000;

    fn sighting<'a>(owner: &'a str, rdata: &'a str, at: u64) -> Sighting<'a> {
        Sighting {
            owner: Part::Text(owner),
            rrtype: RrType::A,
            rdata: Part::Text(rdata),
            bailiwick: None,
            seen: Seen::once(at),
        }
    }

    fn window() -> Window {
        Window::new(SPAN, Room::FILE, SourceKind::Observation, Arc::default())
    }

    fn rows(window: &mut Window) -> Vec<(String, u64, u64, Option<u64>)> {
        let mut rows: Vec<_> = window
            .take()
            .into_iter()
            .map(|row| (row.rrname.to_string(), row.time_first, row.time_last, row.count))
            .collect();
        rows.sort();
        rows
    }

    #[test]
    fn equal_records_of_a_window_are_one_observation() {
        let mut window = window();
        for at in [AT + 5, AT, AT + 59] {
            window.sight(&sighting("a.example", "185.194.93.1", at)).unwrap();
        }
        window.sight(&sighting("b.example", "185.194.93.1", AT)).unwrap();
        let expected =
            [("a.example".to_owned(), AT, AT + 59, Some(3)), ("b.example".to_owned(), AT, AT, Some(1))];
        assert_eq!(rows(&mut window), expected);
        assert_eq!(rows(&mut window), []);
    }

    #[test]
    fn a_window_ends_after_its_span_and_when_the_clock_goes_back() {
        let mut window = window();
        for at in [AT, AT + 60, AT + 70, AT] {
            window.sight(&sighting("a.example", "185.194.93.1", at)).unwrap();
        }
        let times: Vec<_> = rows(&mut window).into_iter().map(|(_, first, last, _)| (first, last)).collect();
        assert_eq!(times, [(AT, AT), (AT, AT), (AT + 60, AT + 70)]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_each_time() {
        let mut window = window();
        for _ in 0..2 {
            let data = window.sight(&sighting("a.example", "no address", AT));
            assert_eq!(data, Err(Refused::Rejected(Reason::Data)));
            let owner = window.sight(&sighting("a..example", "185.194.93.1", AT));
            assert_eq!(owner, Err(Refused::Rejected(Reason::Owner)));
            let local = window.sight(&sighting("printer.local", "185.194.93.1", AT));
            assert_eq!(local, Err(Refused::Dropped(Dropped::LocalName)));
        }
        assert_eq!(rows(&mut window), []);
    }

    #[test]
    fn a_window_is_full_by_records_and_by_bytes() {
        let mut window = window();
        let long = "x".repeat(60);
        let mut sighted = 0_usize;
        while !window.is_full() {
            window.sight(&sighting(&format!("n{sighted}.{long}.example"), "185.194.93.1", AT)).unwrap();
            sighted += 1;
        }
        assert_eq!(sighted, Room::FILE.records.min(sighted));
        assert!(
            sighted > 1_000 && window.bytes <= Room::FILE.bytes + 1_024,
            "{sighted} records, {} bytes",
            window.bytes
        );
    }
}
