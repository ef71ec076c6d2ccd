//! The tolerant reader of the Common Output Format: parses bytes into records.
//!
//! Bytes are pushed into a [`Reader`] in pieces of any size, and records are pulled from it. It splits at JSON values, not at
//! lines: it accepts NDJSON, concatenated `}{`, pretty-printed objects, arrays, an envelope around an array, and DNSDB's SAF
//! frames. Anything else is a [`Damage`] with its byte offset, and reading resumes at the next `{`; [`Reader::end`] states
//! whether the input stopped within a value ([`End`]).
//!
//! The same bytes give the same records and damages, however they are split. Memory is bounded by [`Limits`]: one value, and
//! the records of one value's array of data.
//!
//! Errors: nothing is fatal here. The caller decides whether damage makes an answer useless.

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

/// The most nested arrays and envelopes at the top level that are opened.
const MAX_WRAPPERS: usize = 8;

/// Limits on untrusted input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest JSON value, in bytes.
    pub record_bytes: usize,
    /// The deepest nesting within a value; at most 64.
    pub depth: usize,
    /// The most elements in one array of data.
    pub elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // A DNS message contains at most 4,096 addresses; four times as many allow for answers that a provider has merged.
        Self { record_bytes: 1 << 20, depth: 32, elements: 16_384 }
    }
}

/// The state at the end of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Whether the input stopped within a value, or before an open array was closed.
    pub truncated: bool,
    /// The number of records that were complete but had no data: `"rdata":[]`.
    pub without_data: u64,
    /// How the SAF answers ended, if there were any; the worst end if there were several.
    pub saf: Option<SafEnd>,
}

/// The end of a SAF stream (DNSDB's Streaming API Framing).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SafEnd {
    /// The server failed, with its message.
    Failed(String),
    /// A limit was reached, with the server's message.
    Limited(String),
    /// There was no end: the stream was cut.
    Missing,
    /// Everything was sent.
    Succeeded,
}

impl SafEnd {
    /// The worse of two ends; this one if they are equal.
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
    /// The position of the next value in `buffer`.
    at: usize,
    /// The offset of `buffer[0]` in the input.
    base: u64,
    closed: bool,
    /// The offset of the value of the last item.
    item: u64,
    pending: VecDeque<Record>,
    /// The value at `at`, if it is cut by the end of the buffer.
    partial: Option<Partial>,
    damage: Option<Open>,
    wrappers: Vec<Wrapper>,
    byte_order_mark: bool,
    fields: Fields,
    end: End,
}

/// An open array or envelope around the values that are being read.
#[derive(Debug)]
enum Wrapper {
    Array,
    /// After the array of an envelope: the rest of its members is skipped.
    Envelope,
    Tail(Scan),
}

/// The state of a value that is cut by the end of the buffer.
#[derive(Debug, Default)]
struct Partial {
    scan: Scan,
    /// Parse again when this much has arrived, whatever the scan states, because the scan does not notice invalid syntax.
    retry_at: usize,
}

impl Reader {
    /// A reader with the default limits; `now`, in seconds since the epoch, determines which times are plausible
    /// ([`Window::at`]).
    pub fn new(now: u64) -> Self {
        Self::with_limits(now, Limits::default())
    }

    /// A reader with these limits.
    pub fn with_limits(now: u64, limits: Limits) -> Self {
        Self::within(Window::at(now), limits)
    }

    /// A reader with this time window.
    pub fn within(window: Window, limits: Limits) -> Self {
        // A value has at least one byte, which must be skipped to make progress.
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

    /// The reader for a provider that swaps rrname and rdata: records are turned, and get a note.
    #[must_use]
    pub fn turned(mut self, turned: bool) -> Self {
        self.fields.turned = turned;
        self
    }

    /// The reader that also turns a single record which is proven to have the orientation opposite to the expected one
    /// ([`crate::Orientation::proven_by`]).
    #[must_use]
    pub fn by_proof(mut self) -> Self {
        self.fields.by_proof = true;
        self
    }

    /// Adds the next piece of input. Pull all records before that, or unread input accumulates.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.base += self.at as u64;
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Declares the end of the input; the remaining records can then be pulled.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// The offset of the value of the last record or damage: records of one array of data share it.
    pub fn offset(&self) -> u64 {
        self.item
    }

    /// How many bytes of the input have been read.
    pub fn consumed(&self) -> u64 {
        self.base + self.at as u64
    }

    /// How the input ended; valid once the reader is closed and [`Self::next`] returns `None`.
    pub fn end(&self) -> End {
        let mut end = self.end.clone();
        end.truncated |= !self.wrappers.is_empty();
        end
    }

    /// The next record or damage; `None` if more input is needed, or if the closed input has been read completely.
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

    /// Handles one value, one bracket or one damaged part.
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

    /// Skips a byte order mark at the start of the input; false while there may still be one.
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

    /// Parses the object at `at`, if it is complete.
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
            // An empty frame keeps a SAF stream alive.
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

    /// Starts damage at `at`, and skips to the next brace at or after `at + len`.
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

    /// Returns the open damage, if there is one, because its end is known.
    fn finish_damage(&mut self) -> Step {
        let Some(damage) = self.damage.take().map(Open::finish) else { return Step::Wait };
        self.item = damage.offset;
        Step::Damaged(damage)
    }

    /// Skips the members of an envelope after its array.
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

/// The result of a step.
enum Step {
    /// Continue: there may be records now.
    Again,
    /// A damage to return.
    Damaged(Damage),
    /// The buffer is used up.
    Wait,
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
