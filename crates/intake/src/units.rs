//! Frames, packets and lines on their way into batches: [`Units`].
//!
//! Bytes are held until the decoder has read the unit that they begin; a unit has at most [`MOST_HELD`] bytes. A batch ends after a
//! unit: when the window is full, or when [`STRETCH`] bytes were read since the last batch, so that a file with few records has
//! positions, too. Both depend on the content alone. A live stream also delivers once a second.
//!
//! Errors: what a decoder rejects costs the unit. A unit that does not fit into memory costs the rest of the input.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use cof::time::{self, Clock};
use cof::{Batch, Source};

use crate::format::{Decoder, Step};
use crate::order::Fault;
use crate::out::Out;
use crate::passage::{Passage, Reading};
use crate::tally::{LeftOut, Reason, Tally};
use crate::window::{Room, Window};

/// The most bytes that are held for one unit.
const MOST_HELD: usize = 32 << 20;
/// A batch ends when so many bytes were read since the last one.
const STRETCH: u64 = 64 << 20;
/// How long a live stream may hold back what it has.
const LIVE: Duration = Duration::from_secs(1);

/// An input of units being read.
pub(crate) struct Units<'a, 't> {
    passage: Passage<'a, 't>,
    decoder: Box<dyn Decoder>,
    window: Window,
    /// Bytes that are not decoded yet.
    held: Vec<u8>,
    /// The offset of the first of them.
    start: u64,
    /// Bytes before this offset belong to a unit that was skipped.
    skips_to: u64,
    /// Where the last batch ended.
    sent: u64,
    /// Records since then.
    records: u64,
    /// When a live stream delivered last.
    delivered: Duration,
}

impl Reading for Units<'_, '_> {
    fn piece(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.passage.read(bytes)?;
        self.held.extend_from_slice(bytes);
        let taken = self.decode(bytes.is_empty())?;
        self.held.drain(..taken);
        self.start += taken as u64;
        self.passage.settle(self.start);
        if self.is_due() {
            self.idle()?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        if !self.held.is_empty() || self.skips_to > self.start {
            self.passage.tally.truncated = true;
            self.reject(vec![Reason::Cut], self.start, self.held.len() as u64)?;
        }
        let is_known = self.passage.order.reached.as_ref().is_some_and(|reached| reached.whole);
        let mut out = self.passage.out(&mut self.window, self.start);
        // What is held back until the end belongs to the whole.
        out.passes_over |= is_known;
        let before = out.tally.records;
        self.decoder.end(&mut out);
        let rejected = mem::take(&mut out.rejected);
        self.records += self.passage.tally.records - before;
        self.reject(rejected, self.start, 0)?;
        if self.records > 0 || self.passage.order.input.is_some() {
            self.send(self.passage.tally.bytes, true)?;
        }
        self.passage.finish();
        Ok(())
    }

    fn idle(&mut self) -> Result<(), Fault> {
        self.delivered = self.passage.order.live.as_ref().map(Clock::now).unwrap_or_default();
        self.passage.tell();
        if self.records > 0 { self.send(self.start, false) } else { Ok(()) }
    }

    fn stop(&mut self, _is_strict: bool) -> Result<(), Fault> {
        // The unit that a strict order refuses was taken as far as it was good.
        self.send(self.start.max(self.skips_to).min(self.passage.tally.bytes), false)
    }

    fn into_tally(self) -> Tally {
        self.passage.tally
    }
}

impl<'a, 't> Units<'a, 't> {
    pub(crate) fn new(passage: Passage<'a, 't>, decoder: Box<dyn Decoder>) -> Self {
        let order = passage.order;
        let room = if order.live.is_some() { Room::LIVE } else { Room::FILE };
        Self {
            window: Window::new(order.window, room, order.kind, Arc::clone(&order.noise)),
            delivered: order.live.as_ref().map(Clock::now).unwrap_or_default(),
            passage,
            decoder,
            held: Vec::new(),
            start: 0,
            skips_to: 0,
            sent: 0,
            records: 0,
        }
    }

    /// Decodes the units that are complete, and returns how many bytes they have.
    fn decode(&mut self, ended: bool) -> Result<usize, Fault> {
        let mut taken = 0;
        loop {
            let offset = self.start + taken as u64;
            let skipped = usize::try_from(self.skips_to.saturating_sub(offset)).unwrap_or(usize::MAX);
            taken += skipped.min(self.held.len() - taken);
            let offset = self.start + taken as u64;
            let bytes = self.held.get(taken..).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(taken);
            }
            let mut out = self.passage.out(&mut self.window, offset);
            let before = out.tally.records;
            let step = self.decoder.step(bytes, ended, &mut out);
            let rejected = mem::take(&mut out.rejected);
            self.records += self.passage.tally.records - before;
            let Step::Took(length) = step else {
                if bytes.len() < MOST_HELD {
                    return Ok(taken);
                }
                self.skips_to = u64::MAX;
                continue;
            };
            self.skips_to = offset.saturating_add(length.max(1));
            self.reject(rejected, offset, length)?;
            let end = self.skips_to;
            if end > self.passage.from && (self.window.is_full() || end - self.sent >= STRETCH) {
                self.send(end, false)?;
            }
        }
    }

    /// Counts every reason why a unit, or a part of it, was rejected, and keeps the unit once.
    fn reject(&mut self, rejected: Vec<Reason>, offset: u64, len: u64) -> Result<(), Fault> {
        let mut rejected = rejected.into_iter().map(|reason| LeftOut { offset, len, reason });
        let Some(first) = rejected.next() else { return Ok(()) };
        rejected.for_each(|what| self.passage.tally.leave_out(what));
        self.passage.left_out(first, &[])
    }

    fn is_due(&self) -> bool {
        let elapsed = |clock: &Clock| clock.now().saturating_sub(self.delivered) >= LIVE;
        self.passage.order.live.as_ref().is_some_and(elapsed)
    }

    /// Delivers what the window has; `offset` is the position that it reaches.
    fn send(&mut self, offset: u64, whole: bool) -> Result<(), Fault> {
        if !whole && offset <= self.passage.from {
            return Ok(());
        }
        self.sent = offset;
        let order = self.passage.order;
        let source = Source { kind: order.kind, origin: order.origin.clone(), sensor: order.sensor.clone() };
        let batch = Batch { sources: vec![source], observations: self.window.take(), position: None };
        self.passage.send(batch, mem::take(&mut self.records), offset, whole)
    }
}

impl Passage<'_, '_> {
    /// What a decoder hands the unit at this offset to.
    fn out<'b>(&'b mut self, window: &'b mut Window, offset: u64) -> Out<'b> {
        let received = self.order.live.as_ref().map(Clock::seconds);
        Out {
            window,
            tally: &mut self.tally,
            plausible: time::Window::at(received.unwrap_or(self.order.now)),
            received,
            passes_over: offset < self.from,
            offset,
            rejected: Vec::new(),
        }
    }
}
