//! Turns the bytes of an input into batches of observations, each with the position it reaches: [`read`].
//!
//! ```text
//! bytes (decompressed) ─> content (digest) ─┬> oriented reader ───> observations ─┬> batches with positions ─> the caller
//!                                           └> decoder ─> window ─> observations ─┘
//! ```
//!
//! Files, request bodies and live streams are all read here, so the same rules apply to them. All observations of one JSON value,
//! frame, packet or line are in one batch, so a position is never inside one, and the same bytes always produce the same batches;
//! only a live stream also ends a batch by the clock. The part that an earlier pass imported is read again, compared by its digest,
//! and skipped, so that enclosing arrays, envelopes and connections are open when the rest is read. If the content under the same
//! name is different, the input is refused before anything of it is stored.
//!
//! Errors: a [`Fault`] stops reading. The [`Tally`] is still correct then, and batches already delivered stay stored.

use std::io::{self, Read};
use std::sync::Arc;

use cof::time::Clock;
use cof::{Batch, Orientation, SourceKind};
use store::Reached;

use crate::format::{Format, PassiveDnsColumns, Side};
use crate::passage::Passage;
use crate::records::Records;
use crate::tally::{LeftOut, Tally};
use crate::units::Units;
use crate::{Foreign, Rejects, window};

/// Bytes read at a time.
pub const PIECE: usize = 256 * 1024;

/// How to read an input, and what is known about it beforehand.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by whoever brings the input")]
pub struct Order {
    /// Whether observations of this input add up or are kept as the largest count.
    pub kind: SourceKind,
    /// The origin of all records; it overrides the origin that a record states.
    pub origin: Option<Arc<str>>,
    /// The sensor of all records.
    pub sensor: Option<Arc<str>>,
    /// Whether the `sensor_id` of each record is kept if `sensor` is not given.
    pub keep_sensors: bool,
    /// Which side of the records is the owner.
    pub orientation: Orientation,
    /// Whether reading stops at the first record or stretch that would be left out.
    pub strict: bool,
    /// The name under which the position in this input is stored.
    pub input: Option<Arc<str>>,
    /// When the name may be forgotten, in seconds since the epoch.
    pub expires: Option<u64>,
    /// How far an earlier pass under this name got.
    pub reached: Option<Reached>,
    /// Whether the tally includes the digest of the whole input.
    pub digests: bool,
    /// Whether the tally also counts what was left out before the position that the earlier pass reached.
    pub tell_again: bool,
    /// The largest allowed size of the input, in bytes after decompression.
    pub most: u64,
    /// The current time, in seconds since the epoch.
    pub now: u64,
    /// What the input is written in.
    pub format: Format,
    /// Which side of a resolver is collected, where the format tells.
    pub side: Side,
    /// The ports from which DNS servers answer, in packet captures.
    pub ports: Box<[u16]>,
    /// Whether messages that a mirrored capture has twice are counted once, where the format tells.
    pub fold_doubles: bool,
    /// The columns of passivedns lines.
    pub passivedns_columns: PassiveDnsColumns,
    /// For how many seconds of capture time equal records are merged.
    pub window: u64,
    /// The clock of a live stream, which delivers at least once a second, also when nothing arrives: a reader of one reports
    /// [`io::ErrorKind::TimedOut`] or [`io::ErrorKind::WouldBlock`] then.
    pub live: Option<Clock>,
}

impl Order {
    /// An input that is read with defaults: no position, no origin or sensor for all records, no size limit. `now` is in
    /// seconds since the epoch.
    pub fn new(kind: SourceKind, now: u64) -> Self {
        Self {
            kind,
            origin: None,
            sensor: None,
            keep_sensors: false,
            orientation: Orientation::Auto,
            strict: false,
            input: None,
            expires: None,
            reached: None,
            digests: false,
            tell_again: false,
            most: u64::MAX,
            now,
            format: Format::Cof,
            side: Side::default(),
            ports: [53].into(),
            fold_doubles: false,
            passivedns_columns: PassiveDnsColumns::default(),
            window: window::SPAN,
            live: None,
        }
    }
}

/// Why an input was not read to its end.
#[derive(Debug)]
pub enum Fault {
    /// The input is larger than allowed after decompression.
    Expanded,
    /// The input contains no record, and looks like this format.
    Foreign(Foreign),
    /// The part that an earlier pass imported under this name had different content. Nothing was delivered.
    Other,
    /// Reading failed. Earlier batches were delivered.
    Read(io::Error),
    /// A rejected stretch could not be written to the file of rejects.
    Rejects(io::Error),
    /// Something was left out although the order is strict. Earlier batches were delivered.
    Strict(Option<LeftOut>),
    /// The caller accepts no more batches.
    Unwanted,
}

/// The caller accepts no more batches, and knows the reason.
#[derive(Clone, Copy, Debug)]
pub struct Unwanted;

/// Receives a batch and the number of records it was made from.
pub type Take<'a> = dyn FnMut(Batch, u64) -> Result<(), Unwanted> + 'a;

/// Reads an input until its end or the first fault.
pub fn read(
    input: &mut dyn Read,
    order: &Order,
    rejects: Option<&mut Rejects>,
    take: &mut Take<'_>,
) -> (Tally, Option<Fault>) {
    let passage = Passage::new(order, rejects, take);
    match order.format.decoder(order) {
        None => run(Records::new(passage), input),
        Some(decoder) => run(Units::new(passage, decoder), input),
    }
}

/// What makes observations of bytes.
pub(crate) trait Reading {
    /// Takes the next piece of the input, which is empty at its end.
    fn piece(&mut self, bytes: &[u8]) -> Result<(), Fault>;

    /// Delivers the rest of an input that was read to its end.
    fn end(&mut self) -> Result<(), Fault>;

    /// Nothing arrived for a while.
    fn idle(&mut self) -> Result<(), Fault>;

    /// Delivers what was read before an error of reading, or before something that a strict order refuses.
    fn stop(&mut self, is_strict: bool) -> Result<(), Fault>;

    fn into_tally(self) -> Tally;
}

fn run(mut reading: impl Reading, input: &mut dyn Read) -> (Tally, Option<Fault>) {
    let outcome = run_to_end(&mut reading, input);
    (reading.into_tally(), outcome.err())
}

fn run_to_end(reading: &mut impl Reading, input: &mut dyn Read) -> Result<(), Fault> {
    let mut piece = vec![0; PIECE];
    loop {
        let bytes = match input.read(&mut piece) {
            Ok(len) => piece.get(..len).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
                reading.idle()?;
                continue;
            }
            Err(error) => {
                reading.stop(false)?;
                return Err(Fault::Read(error));
            }
        };
        match reading.piece(bytes) {
            Err(Fault::Strict(what)) => {
                reading.stop(true)?;
                return Err(Fault::Strict(what));
            }
            outcome => outcome?,
        }
        if bytes.is_empty() {
            return reading.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use store::{Apart, Memory, Question, Store as _, Subject};

    use super::*;
    use crate::tally::Reason;

    fn order() -> Order {
        Order::new(SourceKind::Report, 1_700_000_000)
    }

    fn line(owner: &str, more: &str) -> String {
        format!(
            "{{\"rrname\":\"{owner}\",\"rrtype\":\"A\",\"rdata\":\"185.194.93.1\",\"time_first\":1500000001,\"time_last\":1500000002{more}}}\n"
        )
    }

    fn read_into(store: &Memory, order: &Order, input: &str) -> (Tally, Option<Fault>) {
        read(&mut input.as_bytes(), order, None, &mut |batch, _| {
            store.absorb(batch).map(drop).map_err(|_| Unwanted)
        })
    }

    fn sensors(store: &Memory) -> Vec<Option<String>> {
        let question =
            Question { apart: Apart::Source, ..Question::new(Subject::parse("*.example").unwrap()) };
        let rows = store.lookup(&question).unwrap().records;
        rows.into_iter().map(|row| row.sensor_id.map(|text| text.to_string())).collect()
    }

    #[test]
    fn an_origin_or_a_sensor_that_is_too_long_costs_its_record_alone() {
        let (origin, sensor) = ("o".repeat(1_025), "s".repeat(256));
        let input = line("a.example", "")
            + &line("b.example", &format!(",\"origin\":\"{origin}\""))
            + &line("c.example", &format!(",\"sensor_id\":\"{sensor}\""))
            + &line("d.example", "");
        let keeps = Order { keep_sensors: true, ..order() };
        let (tally, fault) = read_into(&Memory::new(), &keeps, &input);
        assert!(fault.is_none());
        assert_eq!((tally.records, tally.left_out()), (2, 2));
        assert_eq!((tally.count_of(Reason::LongOrigin), tally.count_of(Reason::LongSensor)), (1, 1));
        let (tally, _) = read_into(&Memory::new(), &order(), &input);
        assert_eq!((tally.records, tally.sensors_dropped), (3, 1), "a sensor that is dropped may be long");
    }

    #[test]
    fn sensors_are_kept_when_asked_and_counted_when_dropped() {
        let input = line("a.example", ",\"sensor_id\":\"vienna-1\"") + &line("a.example", ",\"sensor_id\":7");
        let dropped = Memory::new();
        let (tally, _) = read_into(&dropped, &order(), &input);
        assert_eq!((tally.sensors_dropped, sensors(&dropped)), (2, vec![None]));
        let kept = Memory::new();
        let (tally, _) = read_into(&kept, &Order { keep_sensors: true, ..order() }, &input);
        let expected = vec![Some("7".to_owned()), Some("vienna-1".to_owned())];
        assert_eq!((tally.sensors_dropped, sensors(&kept)), (0, expected));
        let given = Memory::new();
        let ours = Order { sensor: Some("vienna-1".into()), ..order() };
        let (tally, _) = read_into(&given, &ours, &input);
        assert_eq!(tally.sensors_dropped, 1, "the given sensor is the record's own in the other");
    }

    #[test]
    fn an_input_that_breaks_off_undecided_is_decided_when_it_is_read_again() {
        let ns =
            |owner: &str| line(owner, "").replace("\"A\"", "\"NS\"").replace("185.194.93.1", "zone.example");
        let swapped = line("185.194.93.1", "").replacen("185.194.93.1\",\"time", "zone.example\",\"time", 1);
        let (head, all) = (ns("ns1.dns.example"), ns("ns1.dns.example") + &swapped);
        let store = Memory::new();
        let named = Order { input: Some("key".into()), ..order() };
        let mut cut = head.as_bytes().chain(Broken);
        let mut take = |batch, _| store.absorb(batch).map(drop).map_err(|_| Unwanted);
        let (tally, fault) = read(&mut cut, &named, None, &mut take);
        assert!(matches!(fault, Some(Fault::Read(_))) && tally.records == 0);
        let again = Order { reached: store.position("key").unwrap(), ..named };
        let (tally, fault) = read_into(&store, &again, &all);
        assert!(fault.is_none());
        assert_eq!((tally.records, tally.turned), (2, 2));
    }

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionAborted.into())
        }
    }
}
