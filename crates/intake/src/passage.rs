//! One pass through an input: [`Passage`].
//!
//! It has what all formats share: the digest of the content and its comparison with what an earlier pass imported, the limit of the
//! size, what was rejected, and the delivery of batches with the position that they reach.
//!
//! Errors: [`Fault`] ends the pass.

use cof::{Batch, Position};

use crate::order::{Fault, Order, Take, Unwanted};
use crate::tally::{LeftOut, Tally};
use crate::{Content, Rejects};

/// An input being read.
pub(crate) struct Passage<'a, 't> {
    pub(crate) order: &'a Order,
    rejects: Option<&'a mut Rejects>,
    take: &'a mut Take<'t>,
    /// What lies before this offset was imported by an earlier pass.
    pub(crate) from: u64,
    /// Whether the content still has to be compared with the digest of the earlier pass.
    compares: bool,
    content: Content,
    pub(crate) tally: Tally,
}

impl<'a, 't> Passage<'a, 't> {
    pub(crate) fn new(
        order: &'a Order,
        mut rejects: Option<&'a mut Rejects>,
        take: &'a mut Take<'t>,
    ) -> Self {
        if let Some(rejects) = &mut rejects {
            rejects.begin();
        }
        Self {
            order,
            rejects,
            take,
            from: order.reached.as_ref().map_or(0, |reached| reached.offset),
            compares: order.input.is_some() && order.reached.is_some(),
            content: Content::default(),
            tally: Tally::default(),
        }
    }

    /// Counts and digests the next piece, and compares the content with what an earlier pass imported once enough was read.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.tally.bytes += bytes.len() as u64;
        if self.tally.bytes > self.order.most {
            return Err(Fault::Expanded);
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.read(bytes);
        }
        if self.order.input.is_none() && !self.order.digests && self.order.identified.is_none() {
            return Ok(());
        }
        self.content.feed(bytes);
        if bytes.is_empty() && self.order.identified.is_some() {
            let read = self.content.digest_at(self.content.len());
            if read != self.order.identified {
                return Err(Fault::Changed);
            }
        }
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

    /// Declares that no position will lie before `offset`.
    pub(crate) fn settle(&mut self, offset: u64) {
        self.content.settle(offset);
    }

    /// Counts and keeps what was rejected; `head` is what is known of it if it was read long ago.
    pub(crate) fn left_out(&mut self, what: LeftOut, head: &[u8]) -> Result<(), Fault> {
        self.tally.leave_out(what);
        if let Some(rejects) = self.rejects.as_mut().filter(|_| self.order.format.has_texts()) {
            rejects.keep(what.offset, what.len, head).map_err(Fault::Rejects)?;
        }
        if self.order.strict { Err(Fault::Strict(Some(what))) } else { Ok(()) }
    }

    /// Delivers a batch of so many records; `offset` is the position that it reaches.
    pub(crate) fn send(
        &mut self,
        mut batch: Batch,
        records: u64,
        offset: u64,
        whole: bool,
    ) -> Result<(), Fault> {
        batch.position = self.order.input.clone().map(|input| Position {
            digest: self.content.digest_at(offset),
            whole,
            expires: self.order.expires.or(self
                .order
                .kept
                .filter(|_| whole)
                .map(|kept| self.order.time() + kept)),
            ..Position::new(input, offset)
        });
        self.tally.observations += batch.observations.len() as u64;
        self.tell();
        (self.take)(batch, records).map_err(|Unwanted| Fault::Unwanted)
    }

    /// Publishes the figures, about once a second.
    pub(crate) fn tell(&self) {
        if let Some(progress) = &self.order.progress {
            progress.tell(&self.tally);
        }
    }

    /// The input was read to its end.
    pub(crate) fn finish(&mut self) {
        if self.order.digests {
            self.tally.digest = self.content.digest_at(self.tally.bytes);
        }
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
