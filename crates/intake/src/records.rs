//! Records in JSON on their way into batches: [`Records`].
//!
//! [`OrientedReader`] finds the records and which side of them is the owner; a record's own origin and sensor make it an
//! observation of a source.

use std::sync::Arc;

use cof::{Batch, Damage, DamageKind, NoteKind, Record, Taken};
use store::Limits;

use crate::order::Fault;
use crate::oriented::OrientedReader;
use crate::passage::{Passage, Reading};
use crate::tally::{Dropped, LeftOut, Reason, Tally};
use crate::{Foreign, ForeignKind, is_marker};

/// An input of records being read.
pub(crate) struct Records<'a, 't> {
    passage: Passage<'a, 't>,
    reader: OrientedReader,
    batch: Batch,
    /// Records in the current batch.
    batched: u64,
    /// The offset where the current batch begins.
    begun: u64,
    /// The offset where the value of the last record begins.
    value: u64,
    /// The first bytes of the input, decompressed.
    head: Vec<u8>,
    /// Records read so far, including those that were left out.
    read_so_far: u64,
}

impl Reading for Records<'_, '_> {
    fn piece(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.passage.read(bytes)?;
        let room = ForeignKind::HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        self.reader.feed(bytes);
        if bytes.is_empty() {
            self.reader.close();
        }
        while let Some(item) = self.reader.next() {
            let offset = self.reader.offset();
            if offset < self.passage.from {
                self.pass_over(&item);
                continue;
            }
            match item {
                Ok(record) => self.record(record, offset)?,
                Err(damage) => self.damage(&damage)?,
            }
        }
        self.passage.settle(self.reader.consumed());
        self.give_up_on_foreign(false)
    }

    fn end(&mut self) -> Result<(), Fault> {
        let end = self.reader.end();
        self.passage.tally.truncated |= end.truncated;
        self.passage.tally.source_answer = end.saf;
        self.give_up_on_foreign(true)?;
        self.passage.tally.without_data(end.without_data);
        if end.truncated && self.passage.order.strict {
            self.send(self.reader.offset(), false)?;
            return Err(Fault::Strict(None));
        }
        if self.batched > 0 || self.passage.order.input.is_some() {
            self.send(self.passage.tally.bytes, true)?;
        }
        self.passage.finish();
        Ok(())
    }

    fn idle(&mut self) -> Result<(), Fault> {
        self.passage.tell();
        if self.batched > 0 { self.send(self.reader.consumed(), false) } else { Ok(()) }
    }

    fn stop(&mut self, is_strict: bool) -> Result<(), Fault> {
        self.send(if is_strict { self.reader.offset() } else { self.reader.consumed() }, false)
    }

    fn into_tally(self) -> Tally {
        self.passage.tally
    }
}

impl<'a, 't> Records<'a, 't> {
    pub(crate) fn new(passage: Passage<'a, 't>) -> Self {
        Self {
            reader: OrientedReader::new(passage.order.now, passage.order.orientation),
            passage,
            batch: Batch::default(),
            batched: 0,
            begun: 0,
            value: u64::MAX,
            head: Vec::new(),
            read_so_far: 0,
        }
    }

    /// Stops reading an input that contains no records before its end.
    fn give_up_on_foreign(&self, ended: bool) -> Result<(), Fault> {
        let damages = self.passage.tally.damages;
        if self.read_so_far > 0 || damages == 0 {
            return Ok(());
        }
        let hopeless = ended
            || damages >= ForeignKind::DAMAGES
            || self.passage.tally.bytes >= ForeignKind::PATIENCE
            || ForeignKind::of_head(&self.head).is_some();
        if hopeless { Err(Fault::Foreign(Foreign::of(&self.head))) } else { Ok(()) }
    }

    /// Skips records that an earlier pass imported.
    fn pass_over(&mut self, item: &Result<Record, Damage>) {
        match item {
            Ok(record) => {
                if self.passage.order.noise.remembers() {
                    // It uses up the budget that it used then.
                    let _ = self.is_suppressed(record);
                }
                self.read_so_far += 1;
                self.passage.tally.repeated += 1;
            }
            Err(damage) if self.passage.order.tell_again && !is_between_answers(damage) => {
                self.passage.tally.damages += 1;
                self.passage.tally.leave_out(LeftOut::of(damage));
            }
            Err(_) => {}
        }
    }

    fn record(&mut self, mut record: Record, offset: u64) -> Result<(), Fault> {
        self.read_so_far += 1;
        // The records of one value stay in one batch, so a batch may only end where the next value begins.
        if offset != self.value && self.is_full(offset) {
            self.send(offset, false)?;
        }
        if self.batch.observations.is_empty() {
            self.begun = offset;
        }
        self.value = offset;
        if let Some(why) = self.is_suppressed(&record) {
            self.passage.tally.drop(why, offset);
            return Ok(());
        }
        if let Some(origin) = &self.passage.order.origin {
            record.origin = Some(origin.clone());
        }
        let own_sensor = record.sensor_id.take().filter(|sensor| !sensor.is_empty());
        let sensor = match &self.passage.order.sensor {
            None if self.passage.order.keep_sensors => own_sensor.as_ref(),
            given => given.as_ref(),
        };
        let loses_sensor = own_sensor.is_some() && own_sensor.as_ref() != sensor;
        if let Some(reason) = too_long(&record, sensor) {
            return self.leave_out(offset, reason);
        }
        let turned = record.notes.iter().any(|note| note.kind == NoteKind::Turned);
        let taken = self.batch.take(record, self.passage.order.kind, sensor);
        if !taken.is_taken() {
            return self.leave_out(offset, Reason::WithoutTime);
        }
        self.batched += 1;
        self.passage.tally.records += 1;
        self.passage.tally.repaired_times += u64::from(taken == Taken::Repaired);
        self.passage.tally.turned += u64::from(turned);
        self.passage.tally.sensors_dropped += u64::from(loses_sensor);
        Ok(())
    }

    fn is_full(&self, offset: u64) -> bool {
        let (batch, bounds) = (&self.batch, self.passage.order.batch);
        let is_large = offset.saturating_sub(self.begun) >= bounds.bytes && !batch.observations.is_empty();
        is_large || batch.observations.len() >= bounds.observations || batch.sources.len() >= bounds.sources
    }

    /// The rule that suppresses a record, if one does.
    fn is_suppressed(&self, record: &Record) -> Option<Dropped> {
        let order = self.passage.order;
        let at = record.time_last.or(record.time_first).or(record.zone_time_last).unwrap_or(order.now);
        order.noise.suppresses(order.kind, &record.rrname, record.rrtype, &record.rdata, at)
    }

    /// Leaves out the record that was read last.
    fn leave_out(&mut self, offset: u64, reason: Reason) -> Result<(), Fault> {
        let len = self.reader.consumed().saturating_sub(offset);
        self.passage.left_out(LeftOut { offset, len, reason }, &[])
    }

    fn damage(&mut self, damage: &Damage) -> Result<(), Fault> {
        if is_between_answers(damage) {
            return Ok(());
        }
        self.passage.tally.damages += 1;
        self.passage.tally.truncated |= damage.kind == DamageKind::Truncated;
        self.passage.left_out(LeftOut::of(damage), &damage.raw)
    }

    /// Delivers the collected observations; `offset` is the position they reach.
    fn send(&mut self, offset: u64, whole: bool) -> Result<(), Fault> {
        // Nothing is new if the input fails before the position of the earlier pass, or before the orientation is decided.
        if !whole && offset <= self.passage.from {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.passage.send(batch, std::mem::take(&mut self.batched), offset, whole)
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
