//! Turns the bytes of an input into batches of observations, each with the position it reaches: [`read`].
//!
//! ```text
//! bytes (decompressed) ─> content (digest) ─┬> oriented reader ───> observations ─┬> batches with positions ─> the caller
//!                                           └> decoder ─> window ─> observations ─┘
//! ```
//!
//! Files, request bodies and live streams are all read here, so the same rules apply to them. All observations of one JSON value,
//! frame, packet or line are in one batch, so a position is never inside one, and the same bytes and bounds always produce the same
//! batches; only a live stream also ends a batch by the clock. The part that an earlier pass imported is read again, compared by its digest,
//! and skipped, so that enclosing arrays, envelopes and connections are open when the rest is read. If the content under the same
//! name is different, the input is refused before anything of it is stored.
//!
//! Errors: a [`Fault`] stops reading. The [`Tally`] is still correct then, and batches already delivered stay stored.

use std::io::{self, Read};

use crate::Rejects;
pub use crate::order::{BatchBounds, Fault, Order, Take, Unwanted};
use crate::passage::{Passage, Reading};
use crate::records::Records;
use crate::tally::Tally;
use crate::units::Units;

/// Bytes read at a time.
pub const PIECE: usize = 256 * 1024;

/// Reads an input until its end or the first fault.
pub fn read(
    input: &mut dyn Read,
    order: &Order,
    rejects: Option<&mut Rejects>,
    take: &mut Take<'_>,
) -> (Tally, Option<Fault>) {
    let passage = Passage::new(order, rejects, take);
    match order.format.decoder(&order.options()) {
        None => run(Records::new(passage), input, order),
        Some(decoder) => run(Units::new(passage, decoder), input, order),
    }
}

fn run(mut reading: impl Reading, input: &mut dyn Read, order: &Order) -> (Tally, Option<Fault>) {
    let outcome = run_to_end(&mut reading, input);
    let tally = reading.into_tally();
    if let Some(progress) = &order.progress {
        progress.close(&tally);
    }
    (tally, outcome.err())
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
    use cof::SourceKind;
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
    fn a_batch_ends_at_each_of_its_bounds_and_never_within_a_value() {
        let of = |origin: &str| line("a.example", &format!(",\"origin\":\"https://{origin}.example\""));
        let input = ["one", "one", "two", "three", "three"].map(of).concat();
        let length = of("one").len() as u64;
        let sizes = |bounds: BatchBounds, input: &str| {
            let (mut sizes, order) = (Vec::new(), Order { batch: bounds, ..order() });
            let (_, fault) = read(&mut input.as_bytes(), &order, None, &mut |batch, _| {
                sizes.push(batch.observations.len());
                Ok(())
            });
            assert!(fault.is_none());
            sizes
        };
        let usual = BatchBounds::default();
        assert_eq!(sizes(usual, &input), [5]);
        assert_eq!(sizes(BatchBounds { observations: 3, ..usual }, &input), [3, 2]);
        assert_eq!(sizes(BatchBounds { sources: 2, ..usual }, &input), [3, 2]);
        assert_eq!(sizes(BatchBounds { bytes: 2 * length, ..usual }, &input), [2, 2, 1]);
        assert_eq!(sizes(BatchBounds { bytes: 1, ..usual }, &input), [1; 5]);
        let value = format!("[{}]", input.trim_end().replace('\n', ","));
        let divided = sizes(BatchBounds { observations: 1, ..usual }, &value);
        assert_eq!(divided.iter().sum::<usize>(), 5, "{divided:?}");
        let together = line("a.example", "").replace("\"185.194.93.1\"", "[\"192.0.2.1\",\"192.0.2.2\"]");
        assert_eq!(sizes(BatchBounds { bytes: 1, sources: 1, observations: 1 }, &together), [2]);
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
