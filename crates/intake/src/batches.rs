//! Turns the bytes of an input into batches of observations, each with the position it reaches: [`read`].
//!
//! ```text
//! bytes (decompressed) ─> content (digest) ─> oriented reader ─> observations ─> batches with positions ─> the caller
//! ```
//!
//! Files and request bodies are both read here, so the same rules apply to both. All observations of one JSON value are in one
//! batch, so a position is never inside a value, and the same bytes always produce the same batches. The part that an earlier
//! pass imported is read again, compared by its digest, and skipped, so that enclosing arrays and envelopes are open when the
//! rest is read. If the content under the same name is different, the input is refused before anything of it is stored.
//!
//! Errors: a [`Fault`] stops reading. The [`Tally`] is still correct then, and batches already delivered stay stored.

use std::io::{self, Read};
use std::sync::Arc;

use cof::{Batch, Damage, DamageKind, NoteKind, Orientation, Position, Record, SourceKind, Taken};
use store::{Limits, Reached};

use crate::oriented::OrientedReader;
use crate::tally::{LeftOut, Reason, Tally};
use crate::{Content, Foreign, Rejects, is_marker};

/// Observations in one batch.
pub const BATCH: usize = 10_000;
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
    let mut reading = Reading::new(order, rejects, take);
    let outcome = reading.run(input);
    (reading.tally, outcome.err())
}

/// An input being read.
struct Reading<'a, 't> {
    order: &'a Order,
    rejects: Option<&'a mut Rejects>,
    take: &'a mut Take<'t>,
    reader: OrientedReader,
    batch: Batch,
    /// Records in the current batch.
    records: u64,
    /// The offset where the value of the last record begins.
    value: u64,
    /// Values before this offset were imported by an earlier pass.
    from: u64,
    /// Whether the content still has to be compared with the digest of the earlier pass.
    compares: bool,
    content: Content,
    /// The first bytes of the input, decompressed.
    head: Vec<u8>,
    /// Records read so far, including those that were left out.
    records_read: u64,
    tally: Tally,
}

impl<'a, 't> Reading<'a, 't> {
    fn new(order: &'a Order, mut rejects: Option<&'a mut Rejects>, take: &'a mut Take<'t>) -> Self {
        if let Some(rejects) = &mut rejects {
            rejects.begin();
        }
        Self {
            order,
            rejects,
            take,
            reader: OrientedReader::new(order.now, order.orientation),
            batch: empty(),
            records: 0,
            value: u64::MAX,
            from: order.reached.as_ref().map_or(0, |reached| reached.offset),
            compares: order.input.is_some() && order.reached.is_some(),
            content: Content::default(),
            head: Vec::new(),
            records_read: 0,
            tally: Tally::default(),
        }
    }

    fn run(&mut self, input: &mut dyn Read) -> Result<(), Fault> {
        let mut piece = vec![0; PIECE];
        loop {
            let bytes = match input.read(&mut piece) {
                Ok(len) => piece.get(..len).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.send(self.reader.consumed(), false)?;
                    return Err(Fault::Read(error));
                }
            };
            match self.piece(bytes) {
                Err(Fault::Strict(what)) => {
                    self.send(self.reader.offset(), false)?;
                    return Err(Fault::Strict(what));
                }
                outcome => outcome?,
            }
            if bytes.is_empty() {
                return self.end();
            }
        }
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.tally.bytes += bytes.len() as u64;
        if self.tally.bytes > self.order.most {
            return Err(Fault::Expanded);
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.read(bytes);
        }
        self.look_at(bytes)?;
        self.reader.feed(bytes);
        if bytes.is_empty() {
            self.reader.close();
        }
        while let Some(item) = self.reader.next() {
            let offset = self.reader.offset();
            if offset < self.from {
                self.pass_over(&item);
                continue;
            }
            match item {
                Ok(record) => self.record(record, offset)?,
                Err(damage) => self.damage(&damage)?,
            }
        }
        self.content.settle(self.reader.consumed());
        self.give_up_on_foreign(false)
    }

    /// Keeps the first bytes, and compares the content with what an earlier pass imported once enough of it was read.
    fn look_at(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let room = Foreign::HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        if self.order.input.is_none() && !self.order.digests {
            return Ok(());
        }
        self.content.feed(bytes);
        let Some(reached) = self.order.reached.as_ref().filter(|_| self.compares) else { return Ok(()) };
        let (len, ended) = (self.content.len(), bytes.is_empty());
        if (reached.whole && len > reached.offset) || (ended && len < reached.offset) {
            return Err(Fault::Other);
        }
        // If the earlier pass reached the end, the length must also match, which is only known at the end.
        if len < reached.offset || (reached.whole && !ended) {
            return Ok(());
        }
        self.compares = false;
        let digest = self.content.digest_at(reached.offset);
        if reached.digest.is_none() || reached.digest == digest { Ok(()) } else { Err(Fault::Other) }
    }

    /// Stops reading an input that contains no records before its end.
    fn give_up_on_foreign(&self, ended: bool) -> Result<(), Fault> {
        let damages = self.tally.damages;
        if self.records_read > 0 || damages == 0 {
            return Ok(());
        }
        let hopeless = ended
            || damages >= Foreign::DAMAGES
            || self.tally.bytes >= Foreign::PATIENCE
            || Foreign::of_head(&self.head).is_some();
        if hopeless { Err(Fault::Foreign(Foreign::of_text(&self.head))) } else { Ok(()) }
    }

    /// Skips records that an earlier pass imported.
    fn pass_over(&mut self, item: &Result<Record, Damage>) {
        match item {
            Ok(_) => {
                self.records_read += 1;
                self.tally.repeated += 1;
            }
            Err(damage) if self.order.tell_again && !is_between_answers(damage) => {
                self.tally.damages += 1;
                self.tally.leave_out(LeftOut::of(damage));
            }
            Err(_) => {}
        }
    }

    fn record(&mut self, mut record: Record, offset: u64) -> Result<(), Fault> {
        self.records_read += 1;
        // The records of one value stay in one batch, so a batch may only end where the next value begins.
        if self.batch.observations.len() >= BATCH && offset != self.value {
            self.send(offset, false)?;
        }
        self.value = offset;
        if let Some(origin) = &self.order.origin {
            record.origin = Some(origin.clone());
        }
        let own_sensor = record.sensor_id.take().filter(|sensor| !sensor.is_empty());
        let sensor = match &self.order.sensor {
            None if self.order.keep_sensors => own_sensor.as_ref(),
            given => given.as_ref(),
        };
        let loses_sensor = own_sensor.is_some() && own_sensor.as_ref() != sensor;
        if let Some(reason) = too_long(&record, sensor) {
            return self.leave_out(offset, reason);
        }
        let turned = record.notes.iter().any(|note| note.kind == NoteKind::Turned);
        let taken = self.batch.take(record, self.order.kind, sensor);
        if !taken.is_taken() {
            return self.leave_out(offset, Reason::WithoutTime);
        }
        self.records += 1;
        self.tally.records += 1;
        self.tally.repaired_times += u64::from(taken == Taken::Repaired);
        self.tally.turned += u64::from(turned);
        self.tally.sensors_dropped += u64::from(loses_sensor);
        Ok(())
    }

    /// Leaves out the record that was read last.
    fn leave_out(&mut self, offset: u64, reason: Reason) -> Result<(), Fault> {
        let len = self.reader.consumed().saturating_sub(offset);
        self.left_out(LeftOut { offset, len, reason }, &[])
    }

    fn damage(&mut self, damage: &Damage) -> Result<(), Fault> {
        if is_between_answers(damage) {
            return Ok(());
        }
        self.tally.damages += 1;
        self.tally.truncated |= damage.kind == DamageKind::Truncated;
        self.left_out(LeftOut::of(damage), &damage.raw)
    }

    fn left_out(&mut self, what: LeftOut, head: &[u8]) -> Result<(), Fault> {
        self.tally.leave_out(what);
        if let Some(rejects) = &mut self.rejects {
            rejects.keep(what.offset, what.len, head).map_err(Fault::Rejects)?;
        }
        if self.order.strict { Err(Fault::Strict(Some(what))) } else { Ok(()) }
    }

    fn end(&mut self) -> Result<(), Fault> {
        let end = self.reader.end();
        self.tally.truncated |= end.truncated;
        self.tally.source_answer = end.saf;
        self.give_up_on_foreign(true)?;
        self.tally.without_data(end.without_data);
        if end.truncated && self.order.strict {
            self.send(self.reader.offset(), false)?;
            return Err(Fault::Strict(None));
        }
        if self.records > 0 || self.order.input.is_some() {
            self.send(self.tally.bytes, true)?;
        }
        if self.order.digests {
            self.tally.digest = self.content.digest_at(self.tally.bytes);
        }
        Ok(())
    }

    /// Delivers the collected observations; `offset` is the position they reach.
    fn send(&mut self, offset: u64, whole: bool) -> Result<(), Fault> {
        // Nothing is new if the input fails before the position of the earlier pass, or before the orientation is decided.
        if !whole && offset <= self.from {
            return Ok(());
        }
        let mut batch = std::mem::replace(&mut self.batch, empty());
        let records = std::mem::take(&mut self.records);
        batch.position = self.order.input.clone().map(|input| Position {
            digest: self.content.digest_at(offset),
            whole,
            expires: self.order.expires,
            ..Position::new(input, offset)
        });
        (self.take)(batch, records).map_err(|Unwanted| Fault::Unwanted)
    }
}

/// Whether a damaged stretch is one of the lines that dnsdbq prints between the answers of a batch.
fn is_between_answers(damage: &Damage) -> bool {
    damage.kind == DamageKind::Garbage && damage.len == damage.raw.len() as u64 && is_marker(&damage.raw)
}

/// The reason why a database would refuse the source of a record, if it would.
fn too_long(record: &Record, sensor: Option<&Arc<str>>) -> Option<Reason> {
    let exceeds = |text: Option<&Arc<str>>, most| text.is_some_and(|text| text.len() > most);
    if exceeds(record.origin.as_ref(), Limits::USUAL.origin) {
        return Some(Reason::LongOrigin);
    }
    exceeds(sensor, Limits::USUAL.sensor).then_some(Reason::LongSensor)
}

fn empty() -> Batch {
    Batch { observations: Vec::with_capacity(BATCH + 16), ..Batch::default() }
}

#[cfg(test)]
mod tests {
    use store::{Apart, Memory, Question, Store as _, Subject};

    use super::*;

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
