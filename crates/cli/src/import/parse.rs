//! Octets to batches, on a thread of its own.
//!
//! [`Parsing::run`] ends at the end of the input, at the first thing that is left out if it is strict, or when nobody takes its
//! batches any more. All values of one batch are whole in it: a position never lies within a value.

use std::io::Read as _;
use std::sync::mpsc::SyncSender;

use cof::{Batch, Damage, DamageKind, Position, Reader, Record, Taken};
use intake::{Content, Foreign, is_marker};
use operation::Clock;

use super::input::Input;
use super::rejects::{Recent, Rejects};
use super::tally::Tally;
use super::{How, Pass};

/// Observations that are taken in together.
const BATCH: usize = 10_000;
/// What is read at once, in octets.
const PIECE: usize = 256 * 1024;

/// An input on its way.
pub(super) struct Parsing<'a> {
    pub(super) name: &'a str,
    pub(super) input: Input,
    pub(super) how: How<'a>,
    pub(super) pass: &'a Pass,
    pub(super) rejects: Option<&'a mut Rejects>,
}

/// Why reading ends before its time.
enum Stop {
    /// There is no record in it, and it looks like this.
    Foreign(Foreign),
    /// What an earlier import took in under its name was something else.
    Other,
    /// Something was left out, and nothing may be.
    Strict,
    /// Nobody takes batches any more, and says why.
    Unwanted,
}

impl Parsing<'_> {
    pub(super) fn run(mut self, batches: &SyncSender<Batch>) -> Tally {
        let recent = self.rejects.is_some().then(Recent::default);
        let mut state = Parser {
            how: self.how,
            pass: self.pass,
            rejects: self.rejects.take(),
            recent,
            batches,
            reader: Reader::new(Clock::system().seconds()),
            batch: empty(),
            value: u64::MAX,
            compared: self.pass.reached.is_none(),
            content: Content::default(),
            head: Vec::new(),
            items: 0,
            tally: Tally::new(self.name),
        };
        let mut piece = vec![0; PIECE];
        loop {
            let read = self.input.read(&mut piece);
            let octets = match &read {
                Ok(len) => piece.get(..*len).unwrap_or_default(),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let text = format!("reading {}: {error}; what came before it is in", self.name);
                    return state.end_at_failure(text);
                }
            };
            match state.take_piece(octets) {
                Ok(()) if octets.is_empty() => return state.end(),
                Ok(()) => {}
                Err(Stop::Foreign(foreign)) => {
                    state.tally.fail_as_foreign(&foreign.to_string());
                    return state.tally;
                }
                Err(Stop::Other) => {
                    state.tally.fail(format!(
                        "{}: an interrupted import of it took in something else; nothing more was imported",
                        self.name
                    ));
                    return state.tally;
                }
                Err(Stop::Unwanted) => return state.tally,
                Err(Stop::Strict) => return state.end_strictly(),
            }
        }
    }
}

struct Parser<'a> {
    how: How<'a>,
    pass: &'a Pass,
    rejects: Option<&'a mut Rejects>,
    /// What was read last, for those who keep what is left out.
    recent: Option<Recent>,
    batches: &'a SyncSender<Batch>,
    reader: Reader,
    batch: Batch,
    /// Where the value of the last record began.
    value: u64,
    /// Whether the content is known to be what an earlier import took in, as far as that got.
    compared: bool,
    content: Content,
    /// The start of the input, unpacked.
    head: Vec<u8>,
    /// Records that were read, taken or not.
    items: u64,
    tally: Tally,
}

impl Parser<'_> {
    fn take_piece(&mut self, octets: &[u8]) -> Result<(), Stop> {
        self.tally.octets += octets.len() as u64;
        if let Some(recent) = &mut self.recent {
            recent.add(octets);
        }
        self.look_at(octets)?;
        self.reader.feed(octets);
        if octets.is_empty() {
            self.reader.close();
        }
        while let Some(item) = self.reader.next() {
            // Taken in, or complained about, by whoever was here before.
            if self.reader.offset() < self.pass.from {
                self.items += u64::from(item.is_ok());
                continue;
            }
            match item {
                Ok(record) => self.take(record)?,
                Err(damage) => self.leave_out(&damage)?,
            }
        }
        self.content.settle(self.reader.consumed());
        self.give_up_on_foreign(octets.is_empty())
    }

    /// Keeps the start, and compares what an earlier import took in.
    fn look_at(&mut self, octets: &[u8]) -> Result<(), Stop> {
        let room = Foreign::HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(octets.get(..room.min(octets.len())).unwrap_or_default());
        if self.pass.input.is_none() {
            return Ok(());
        }
        self.content.feed(octets);
        let Some(reached) = self.pass.reached.as_ref().filter(|_| !self.compared) else { return Ok(()) };
        let known = self.content.digest_at(reached.offset.min(self.content.len()));
        if self.content.len() < reached.offset {
            return if octets.is_empty() { Err(Stop::Other) } else { Ok(()) };
        }
        self.compared = true;
        if reached.digest.is_none() || reached.digest == known { Ok(()) } else { Err(Stop::Other) }
    }

    /// An input without records is not read to its end.
    fn give_up_on_foreign(&self, ended: bool) -> Result<(), Stop> {
        let damages = self.tally.damages;
        if self.items > 0 || damages == 0 {
            return Ok(());
        }
        let hopeless = ended
            || damages >= Foreign::DAMAGES
            || self.tally.octets >= Foreign::PATIENCE
            || Foreign::of_head(&self.head).is_some();
        if hopeless { Err(Stop::Foreign(Foreign::of_text(&self.head))) } else { Ok(()) }
    }

    fn take(&mut self, mut record: Record) -> Result<(), Stop> {
        self.items += 1;
        let offset = self.reader.offset();
        if self.batch.observations.len() >= BATCH && offset != self.value {
            self.send(offset)?;
        }
        self.value = offset;
        if let Some(origin) = self.how.origin {
            record.origin = Some(origin.clone());
        }
        let taken = self.batch.take(record, self.how.kind.source(), self.how.sensor);
        if taken.is_taken() {
            self.tally.records += 1;
            self.tally.repaired_times += u64::from(taken == Taken::Repaired);
            return Ok(());
        }
        self.tally.timeless(offset);
        let len = self.reader.consumed().saturating_sub(offset);
        self.keep(offset, len, &[]);
        self.after_leaving_out()
    }

    fn leave_out(&mut self, damage: &Damage) -> Result<(), Stop> {
        if damage.kind == DamageKind::Garbage
            && damage.len == damage.raw.len() as u64
            && is_marker(&damage.raw)
        {
            return Ok(());
        }
        self.tally.leave_out(damage);
        self.keep(damage.offset, damage.len, &damage.raw);
        self.after_leaving_out()
    }

    fn after_leaving_out(&self) -> Result<(), Stop> {
        if self.how.strict { Err(Stop::Strict) } else { Ok(()) }
    }

    fn keep(&mut self, offset: u64, len: u64, head: &[u8]) {
        let (Some(rejects), Some(recent)) = (&mut self.rejects, &self.recent) else { return };
        let octets = recent.slice(offset, len).unwrap_or_else(|| head.to_vec());
        if let Err(error) = rejects.add(&octets) {
            self.tally.fail(error);
        }
    }

    /// Sends what was gathered, which ends before `offset`.
    fn send(&mut self, offset: u64) -> Result<(), Stop> {
        self.send_with(offset, false)
    }

    fn send_with(&mut self, offset: u64, whole: bool) -> Result<(), Stop> {
        let mut batch = std::mem::replace(&mut self.batch, empty());
        batch.position = self.pass.input.clone().map(|input| Position {
            digest: self.content.digest_at(offset),
            whole,
            ..Position::new(input, offset)
        });
        self.batches.send(batch).map_err(|_| Stop::Unwanted)
    }

    fn end(mut self) -> Tally {
        let end = self.reader.end();
        self.tally.truncated = end.truncated;
        self.tally.without_data = end.without_data;
        self.tally.source_answer = end.saf;
        if end.truncated && self.how.strict {
            return self.end_strictly();
        }
        // Whoever does not take it says why.
        let _ = self.send_with(self.tally.octets, true);
        self.tally
    }

    fn end_strictly(mut self) -> Tally {
        let offset = self.reader.offset();
        let _ = self.send(offset);
        self.tally.stop();
        self.tally
    }

    fn end_at_failure(mut self, text: String) -> Tally {
        let offset = self.reader.consumed();
        let _ = self.send(offset);
        self.tally.fail(text);
        self.tally
    }
}

fn empty() -> Batch {
    Batch { observations: Vec::with_capacity(BATCH + 16), ..Batch::default() }
}
