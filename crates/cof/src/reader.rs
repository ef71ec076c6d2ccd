//! Bytes in, records out: the tolerant reader of the Common Output Format.
//!
//! [`Reader`] is pushed bytes in pieces of any size and pulled for records. It splits on JSON values, not on
//! lines: NDJSON, concatenated `}{`, pretty-printed objects, arrays, an envelope around an array, and DNSDB's
//! SAF frames all read. What is no record is a [`Damage`] with its byte offset and reading resumes at the next
//! `{`; [`Reader::end`] says whether the input stopped inside a value ([`End`]).
//!
//! The same bytes give the same records and damages however they are cut. Memory is bounded by [`Limits`]:
//! one value, and the records of one value's array of data.
//!
//! Errors: nothing is fatal here. Whether damage makes an answer worthless is the caller's decision.

mod damage;
mod fields;
mod frame;
mod key;
mod number;

use std::collections::VecDeque;

use damage::Open;
pub use damage::{Damage, DamageKind};
use fields::{Fields, Parsed, Shape};
use frame::Scan;

use crate::Record;
use crate::json::Fault;
use crate::record::{Field, NoteKind};
use crate::time::Window;

/// More open arrays and envelopes than this at the top level are not opened.
const MAX_WRAPPERS: usize = 8;

/// What bounds a stranger's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest JSON value, in octets.
    pub record_bytes: usize,
    /// The deepest nesting inside a value; at most 64.
    pub depth: usize,
    /// The most elements of one array of data.
    pub elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // A DNS message holds at most 4,096 addresses; four of them give a provider room to have merged.
        Self { record_bytes: 1 << 20, depth: 32, elements: 16_384 }
    }
}

/// What the end of the input says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// The input stopped inside a value or before an open array was closed.
    pub truncated: bool,
    /// Records that were whole but had no data: `"rdata":[]`.
    pub without_data: u64,
    /// How the SAF answers ended, if there were any: the worst of them, where there were several.
    pub saf: Option<SafEnd>,
}

/// The terminator of a SAF stream (DNSDB's Streaming API Framing).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SafEnd {
    /// The server failed, with its message.
    Failed(String),
    /// A limit was reached, with the server's message.
    Limited(String),
    /// There was none: the stream was cut.
    Missing,
    /// Everything was sent.
    Succeeded,
}

impl SafEnd {
    /// The one of two that tells more against an answer; of equals this one.
    pub(crate) fn worse_of(self, other: Option<Self>) -> Self {
        let badness = |end: &Self| match end {
            Self::Succeeded => 0,
            Self::Limited(_) => 1,
            Self::Missing => 2,
            Self::Failed(_) => 3,
        };
        match other {
            Some(other) if badness(&other) > badness(&self) => other,
            _ => self,
        }
    }
}

/// Reads COF from pushed bytes; see the module.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    buffer: Vec<u8>,
    /// Where the next value begins in `buffer`.
    at: usize,
    /// The offset of `buffer[0]` in the input.
    base: u64,
    closed: bool,
    /// Where the value of the last item began.
    item: u64,
    pending: VecDeque<Record>,
    /// The value at `at` was cut by the end of the buffer.
    partial: Option<Partial>,
    damage: Option<Open>,
    wrappers: Vec<Wrapper>,
    byte_order_mark: bool,
    fields: Fields,
    end: End,
}

/// An array or envelope that stands open around the values being read.
#[derive(Debug)]
enum Wrapper {
    Array,
    /// Between the envelope's array and its closing brace: the rest of its members is passed over.
    Envelope,
    Tail(Scan),
}

/// What is known of a value that the buffer's end cuts.
#[derive(Debug, Default)]
struct Partial {
    scan: Scan,
    /// Parse again when this much has arrived, whatever the scan says: bad syntax hides from it.
    retry_at: usize,
}

impl Reader {
    /// A reader with the default limits; `now`, in seconds since the epoch, decides which times are plausible
    /// ([`Window::at`]).
    pub fn new(now: u64) -> Self {
        Self::with_limits(now, Limits::default())
    }

    /// A reader with limits of its own.
    pub fn with_limits(now: u64, limits: Limits) -> Self {
        Self::within(Window::at(now), limits)
    }

    /// A reader with a window of its own.
    pub fn within(window: Window, limits: Limits) -> Self {
        // A value has a byte at least: that is what must be passed over to get on.
        let record_bytes = limits.record_bytes.max(1);
        Self {
            limits: Limits { record_bytes, ..limits },
            buffer: Vec::new(),
            at: 0,
            base: 0,
            closed: false,
            item: 0,
            pending: VecDeque::new(),
            partial: None,
            damage: None,
            wrappers: Vec::new(),
            byte_order_mark: false,
            fields: Fields::new(window),
            end: End::default(),
        }
    }

    /// The same reader for a provider that swaps rrname and rdata: records come out turned, with a note.
    #[must_use]
    pub fn turned(mut self, turned: bool) -> Self {
        self.fields.turned = turned;
        self
    }

    /// The same reader, which turns a record that proves to be oriented the other way round than the reader expects
    /// ([`crate::Orientation::proven_by`]).
    #[must_use]
    pub fn by_proof(mut self) -> Self {
        self.fields.by_proof = true;
        self
    }

    /// Takes the next piece of input. Pull all records before the next piece, or they pile up unread.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.base += self.at as u64;
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that no more input comes; what is left can then be pulled.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Where the value of the last record or damage began: records of one array of data share it.
    pub fn offset(&self) -> u64 {
        self.item
    }

    /// How many octets of the input are behind the reader.
    pub fn consumed(&self) -> u64 {
        self.base + self.at as u64
    }

    /// What the end of the input said; meaningful once the reader is closed and has nothing more to give.
    pub fn end(&self) -> End {
        let mut end = self.end.clone();
        end.truncated |= !self.wrappers.is_empty();
        end
    }

    /// The next record or damage; `None` when more input is needed, or when the closed input is used up.
    #[expect(clippy::should_implement_trait, reason = "None is not the end: it asks for more input")]
    pub fn next(&mut self) -> Option<Result<Record, Damage>> {
        loop {
            if let Some(record) = self.pending.pop_front() {
                return Some(Ok(record));
            }
            match self.step() {
                Step::Again => {}
                Step::Damaged(damage) => return Some(Err(damage)),
                Step::Wait => return None,
            }
        }
    }

    /// Handles one value, one bracket or one stretch of damage.
    fn step(&mut self) -> Step {
        if let Some(Wrapper::Tail(_)) = self.wrappers.last() {
            return self.pass_tail();
        }
        if self.consumed() == 0 && !self.passes_mark() {
            return Step::Wait;
        }
        self.skip_blanks();
        let Some(first) = self.buffer.get(self.at) else {
            return if self.closed { self.finish_damage() } else { Step::Wait };
        };
        match first {
            b'{' => {
                if self.damage.is_some() {
                    return self.finish_damage();
                }
                self.object()
            }
            b'[' if self.damage.is_none() && self.wrappers.len() < MAX_WRAPPERS => {
                self.wrappers.push(Wrapper::Array);
                self.take(1)
            }
            b',' if self.damage.is_none() => self.take(1),
            b']' if self.damage.is_none() && !self.wrappers.is_empty() => {
                if let Some(Wrapper::Envelope) = self.wrappers.pop() {
                    self.wrappers.push(Wrapper::Tail(Scan::inside_object()));
                }
                self.take(1)
            }
            _ => self.skip_to_brace(DamageKind::Garbage, self.at),
        }
    }

    /// Passes over a byte order mark at the start of the input; false while there may yet be one.
    fn passes_mark(&mut self) -> bool {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        self.byte_order_mark = self.buffer.starts_with(MARK);
        if self.byte_order_mark {
            self.at = MARK.len();
        }
        self.closed || self.byte_order_mark || !MARK.starts_with(&self.buffer)
    }

    fn skip_blanks(&mut self) {
        if self.damage.is_some() {
            return;
        }
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(rest.len());
    }

    fn take(&mut self, len: usize) -> Step {
        self.at += len;
        Step::Again
    }

    /// Reads the object at `at`, if it is whole.
    fn object(&mut self) -> Step {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let window = rest.get(..self.limits.record_bytes).unwrap_or(rest);
        if let Some(partial) = &mut self.partial
            && !self.closed
            && window.len() < partial.retry_at
            && !partial.scan.reaches_end(window)
        {
            return Step::Wait;
        }
        self.item = self.base + self.at as u64;
        match self.fields.parse(window, self.limits.depth) {
            Ok(parsed) => {
                self.partial = None;
                self.parsed(parsed)
            }
            Err(Fault::Incomplete) if window.len() == self.limits.record_bytes => {
                self.spoil(DamageKind::Large, window.len())
            }
            Err(Fault::Incomplete) if self.closed => {
                self.end.truncated = true;
                self.spoil(DamageKind::Truncated, window.len())
            }
            Err(Fault::Incomplete) => {
                // At the limit at the latest, so that a value that never ends is given up there.
                let retry_at = self.limits.record_bytes.min(window.len() * 2);
                self.partial.get_or_insert_default().retry_at = retry_at;
                Step::Wait
            }
            Err(Fault::Syntax(at)) => self.spoil(DamageKind::Syntax, at.max(1)),
            Err(Fault::Deep(at)) => self.spoil(DamageKind::Deep, at),
        }
    }

    fn parsed(&mut self, Parsed { len, shape }: Parsed) -> Step {
        let wrapped = self.wrapped();
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let outcome = match shape {
            Shape::Envelope if self.wrappers.len() < MAX_WRAPPERS => {
                self.wrappers.push(Wrapper::Envelope);
                return self.take(len);
            }
            Shape::Envelope => Err(DamageKind::Deep),
            Shape::Saf => self.fields.saf(rest, &mut self.end).and_then(|inner| match inner {
                Some(inner) => self.fields.records(inner, self.limits, &mut self.pending),
                None => Ok(()),
            }),
            // A frame without anything in it keeps a SAF stream alive.
            Shape::Empty if self.end.saf.is_some() => Ok(()),
            Shape::Empty | Shape::Record => self.fields.records(rest, self.limits, &mut self.pending),
        };
        if self.fields.without_data {
            self.end.without_data += 1;
        }
        if !self.pending.is_empty() {
            self.annotate(wrapped);
        }
        match outcome {
            Ok(()) => self.take(len),
            Err(kind) => {
                let mut damage = Open::new(self.item, kind);
                damage.add(self.buffer.get(self.at..self.at + len).unwrap_or_default());
                self.at += len;
                Step::Damaged(damage.finish())
            }
        }
    }

    fn wrapped(&self) -> Option<NoteKind> {
        self.wrappers.last().map(|wrapper| match wrapper {
            Wrapper::Array => NoteKind::InArray,
            Wrapper::Envelope | Wrapper::Tail(_) => NoteKind::InEnvelope,
        })
    }

    fn annotate(&mut self, wrapped: Option<NoteKind>) {
        let mark = std::mem::take(&mut self.byte_order_mark).then_some(NoteKind::ByteOrderMark);
        for kind in wrapped.into_iter().chain(mark) {
            self.pending.iter_mut().for_each(|record| record.note(Field::Record, kind));
        }
    }

    /// Begins damage at `at` and passes over it up to the next brace at or after `at + len`.
    fn spoil(&mut self, kind: DamageKind, len: usize) -> Step {
        self.partial = None;
        self.skip_to_brace(kind, self.at + len)
    }

    fn skip_to_brace(&mut self, kind: DamageKind, from: usize) -> Step {
        let rest = self.buffer.get(from..).unwrap_or_default();
        let end = memchr::memchr(b'{', rest).map_or(self.buffer.len(), |found| from + found);
        let offset = self.base + self.at as u64;
        let damage = self.damage.get_or_insert_with(|| Open::new(offset, kind));
        damage.add(self.buffer.get(self.at..end).unwrap_or_default());
        self.take(end - self.at)
    }

    /// Gives the open damage away, if there is one: its end is known.
    fn finish_damage(&mut self) -> Step {
        let Some(damage) = self.damage.take().map(Open::finish) else { return Step::Wait };
        self.item = damage.offset;
        Step::Damaged(damage)
    }

    /// Passes over the members of an envelope that follow its array.
    fn pass_tail(&mut self) -> Step {
        let Some(Wrapper::Tail(scan)) = self.wrappers.last_mut() else { return Step::Again };
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let Some(passed) = scan.pass(rest) else {
            self.at = self.buffer.len();
            return Step::Wait;
        };
        self.at += passed;
        self.wrappers.pop();
        Step::Again
    }
}

/// What a step came to.
enum Step {
    /// Go on: there may be records now.
    Again,
    /// Damage to give away.
    Damaged(Damage),
    /// The buffer is used up.
    Wait,
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
