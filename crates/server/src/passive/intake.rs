//! A body of records on its way into the store: decompressed and parsed on one thread, taken in on another.
//!
//! [`take`] blocks. It reads [`Pieces`], which come over a bounded channel, so that a fast client waits for a slow disk; batches
//! of [`BATCH`] go to the store through another one, so that parsing goes on while the one before is written. What is held is a
//! batch on each side and one between.
//!
//! With a name for its input a batch carries how far it reaches and a digest of the body up to there, and the store takes none
//! twice. Batches end between values, at the same places for the same bytes, so that a body that broke off half-way can be sent
//! again as a whole. What an earlier body of that name brought is passed over and compared: another body is refused, and nothing
//! of it is stored. Digests are of the decompressed body, so it may come in another coding.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver as BatchReceiver, SyncSender, sync_channel};
use std::thread;

use axum::body::Bytes;
use cof::{Batch, Damage, DamageKind, Position, Reader, Record, SourceKind, Taken};
use intake::{Bounds, Content, Foreign, Packing, is_marker};
use store::{Reached, Store, StoreError};
use tokio::sync::mpsc::Receiver;

use super::receipt::Receipt;

/// Records that are taken in together.
const BATCH: usize = 10_000;
/// How much is decompressed at a time, in octets.
const PIECE: usize = 128 * 1024;

/// A part of the body, in its order; the channel closing without an end is a body that broke off.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    End,
}

/// What is known of a body beforehand.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) coding: Packing,
    pub(super) kind: SourceKind,
    pub(super) sensor: Option<Arc<str>>,
    /// Names the input where it must not count twice.
    pub(super) input: Option<Arc<str>>,
    /// When that name may be forgotten, in seconds since the epoch.
    pub(super) expires: Option<u64>,
    /// The most octets, decompressed.
    pub(super) expanded: u64,
    /// What time it is, in seconds since the epoch.
    pub(super) now: u64,
}

/// Why a body was not taken in to its end. What was taken before stays.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not compressed as it said.
    Coding,
    /// It broke off.
    Cut,
    /// The system has no memory for a decoder: ours, and nothing of the body was read.
    Decoder(io::Error),
    /// There is no record in it, and it looks like this.
    Foreign(Foreign),
    /// Its name was another body's.
    Other,
    /// It is larger than it may be, decompressed.
    Expanded,
    /// Its own words are for whoever runs the service.
    Store(StoreError),
}

/// Takes in a body; the receipt is true even where there is a fault.
pub(super) fn take(store: &dyn Store, order: &Order, pieces: Receiver<Piece>) -> (Receipt, Option<Fault>) {
    let (send, receive) = sync_channel(1);
    let reached = match order.input.as_deref().map(|input| store.position(input)) {
        None => None,
        Some(Ok(reached)) => reached,
        Some(Err(error)) => return (Receipt::default(), Some(Fault::Store(error))),
    };
    thread::scope(|scope| {
        let absorbing = scope.spawn(move || absorb(store, &receive));
        let mut parsing = Parsing::new(order, reached, send);
        let outcome = parsing.read(pieces);
        let Parsing { mut receipt, batches, .. } = parsing;
        drop(batches);
        // A panic in the store is a mistake there; what it was told is not known to be kept.
        let absorbed = absorbing
            .join()
            .unwrap_or(Absorbed { failed: Some(StoreError::Poisoned), ..Absorbed::default() });
        receipt.taken = absorbed.taken;
        receipt.repeated += absorbed.repeated;
        let failed = absorbed.failed.map(|error| match error {
            StoreError::OtherContent { .. } => Fault::Other,
            error => Fault::Store(error),
        });
        (receipt, failed.or(outcome.err()))
    })
}

/// What the store made of it.
#[derive(Debug, Default)]
struct Absorbed {
    taken: u64,
    repeated: u64,
    failed: Option<StoreError>,
}

fn absorb(store: &dyn Store, batches: &BatchReceiver<(Batch, u64)>) -> Absorbed {
    let mut absorbed = Absorbed::default();
    for (batch, records) in batches {
        match store.absorb(batch) {
            Ok(receipt) if receipt.repeated => absorbed.repeated += records,
            Ok(_) => absorbed.taken += records,
            Err(error) => {
                absorbed.failed = Some(error);
                break;
            }
        }
    }
    absorbed
}

/// A body being read.
struct Parsing<'a> {
    order: &'a Order,
    batches: SyncSender<(Batch, u64)>,
    batch: Batch,
    /// Records in the batch.
    records: u64,
    /// Where the last value began.
    last: u64,
    /// What an earlier body of that name came to, until this one has been compared with it.
    reached: Option<Reached>,
    /// Values before this were taken in by an earlier body.
    from: u64,
    content: Content,
    /// Records that were read, taken or not.
    records_read: u64,
    damages: u64,
    /// The start of the body, decompressed.
    head: Vec<u8>,
    receipt: Receipt,
}

impl<'a> Parsing<'a> {
    fn new(order: &'a Order, reached: Option<Reached>, batches: SyncSender<(Batch, u64)>) -> Self {
        let batch = Batch { observations: Vec::with_capacity(BATCH), ..Batch::default() };
        Self {
            order,
            batches,
            batch,
            records: 0,
            last: 0,
            from: reached.as_ref().map_or(0, |reached| reached.offset),
            reached,
            content: Content::default(),
            records_read: 0,
            damages: 0,
            head: Vec::new(),
            receipt: Receipt::default(),
        }
    }

    fn read(&mut self, pieces: Receiver<Piece>) -> Result<(), Fault> {
        let pieces = Pieces { coming: pieces, current: Bytes::new(), ended: false };
        let unpacked = self.order.coding.unpack(BufReader::with_capacity(PIECE, pieces), Bounds::REQUEST);
        let mut input = unpacked.map_err(Fault::Decoder)?;
        let mut reader = Reader::new(self.order.now);
        let mut piece = vec![0; PIECE];
        loop {
            let len = input.read(&mut piece).map_err(|error| fault(&error))?;
            self.receipt.octets += len as u64;
            if self.receipt.octets > self.order.expanded {
                return Err(Fault::Expanded);
            }
            let octets = piece.get(..len).unwrap_or_default();
            self.look_at(octets, len == 0)?;
            reader.feed(octets);
            if len == 0 {
                reader.close();
            }
            self.records_of(&mut reader)?;
            self.give_up_on_foreign(false)?;
            self.content.settle(reader.consumed());
            if len == 0 {
                return self.end(&reader);
            }
        }
    }

    /// Compares the body with the one that its name had before, as far as that reached, and keeps its start.
    fn look_at(&mut self, octets: &[u8], ended: bool) -> Result<(), Fault> {
        let room = Foreign::HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(octets.get(..room.min(octets.len())).unwrap_or_default());
        if self.order.input.is_none() {
            return Ok(());
        }
        self.content.feed(octets);
        let Some(reached) = &self.reached else { return Ok(()) };
        let len = self.content.len();
        if (reached.whole && len > reached.offset) || (ended && len < reached.offset) {
            return Err(Fault::Other);
        }
        // Of a whole body its length counts too, which only the end tells.
        if len < reached.offset || (reached.whole && !ended) {
            return Ok(());
        }
        let digest = self.content.digest_at(reached.offset);
        let same = reached.digest.is_none() || reached.digest == digest;
        self.reached = None;
        if same { Ok(()) } else { Err(Fault::Other) }
    }

    /// A body without records is not read to its end.
    fn give_up_on_foreign(&self, ended: bool) -> Result<(), Fault> {
        if self.records_read > 0 || self.damages == 0 {
            return Ok(());
        }
        let hopeless = ended
            || self.damages >= Foreign::DAMAGES
            || self.receipt.octets >= Foreign::PATIENCE
            || Foreign::of_head(&self.head).is_some();
        if hopeless { Err(Fault::Foreign(Foreign::of_text(&self.head))) } else { Ok(()) }
    }

    fn records_of(&mut self, reader: &mut Reader) -> Result<(), Fault> {
        while let Some(item) = reader.next() {
            let offset = reader.offset();
            if offset < self.from {
                self.pass_over(item);
                continue;
            }
            // The records of one value stay together, so that a batch reaches to the beginning of the next.
            if self.records >= BATCH as u64 && offset != self.last {
                self.send(offset)?;
            }
            self.last = offset;
            match item {
                Ok(record) => {
                    self.records_read += 1;
                    let taken = self.batch.take(record, self.order.kind, self.order.sensor.as_ref());
                    if taken.is_taken() {
                        self.records += 1;
                        self.receipt.repaired_times += u64::from(taken == Taken::Repaired);
                    } else {
                        self.receipt.reject(offset, None, "without_time".to_owned());
                    }
                }
                Err(damage) => self.damage(&damage),
            }
        }
        Ok(())
    }

    /// What an earlier body of the same name brought: it is told of, and not taken again.
    fn pass_over(&mut self, item: Result<Record, Damage>) {
        match item {
            Ok(_) => {
                self.records_read += 1;
                self.receipt.repeated += 1;
            }
            Err(damage) => self.damage(&damage),
        }
    }

    fn damage(&mut self, damage: &Damage) {
        if damage.kind == DamageKind::Garbage
            && damage.len == damage.raw.len() as u64
            && is_marker(&damage.raw)
        {
            return;
        }
        self.damages += 1;
        self.receipt.damage(damage);
    }

    fn end(&mut self, reader: &Reader) -> Result<(), Fault> {
        let end = reader.end();
        self.receipt.truncated = end.truncated;
        self.receipt.source_answer(end.saf.as_ref());
        self.give_up_on_foreign(true)?;
        if end.without_data > 0 {
            *self.receipt.rejected.entry("without_data".to_owned()).or_default() += end.without_data;
        }
        let anything = self.records > 0 || (self.records_read > 0 && self.order.input.is_some());
        if anything { self.send_last() } else { Ok(()) }
    }

    fn send_last(&mut self) -> Result<(), Fault> {
        self.send_with(self.receipt.octets, true)
    }

    /// Sends the batch on, which reaches to this offset.
    fn send(&mut self, offset: u64) -> Result<(), Fault> {
        self.send_with(offset, false)
    }

    fn send_with(&mut self, offset: u64, whole: bool) -> Result<(), Fault> {
        let next = Batch { observations: Vec::with_capacity(BATCH), ..Batch::default() };
        let mut batch = std::mem::replace(&mut self.batch, next);
        let records = std::mem::take(&mut self.records);
        batch.position = self.order.input.clone().map(|input| Position {
            digest: self.content.digest_at(offset),
            whole,
            expires: self.order.expires,
            ..Position::new(input, offset)
        });
        // Nobody takes it only after the store has failed, which is told in its place.
        self.batches.send((batch, records)).map_err(|_| Fault::Store(StoreError::Poisoned))
    }
}

/// Whose fault a read error is: ours are told apart from the decoders' by their kind.
fn fault(error: &io::Error) -> Fault {
    if error.kind() == io::ErrorKind::ConnectionAborted { Fault::Cut } else { Fault::Coding }
}

/// The body as it comes.
struct Pieces {
    coming: Receiver<Piece>,
    current: Bytes,
    ended: bool,
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.ended {
            match self.coming.blocking_recv() {
                Some(Piece::Data(data)) => self.current = data,
                Some(Piece::End) => self.ended = true,
                None => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
        let len = self.current.len().min(out.len());
        let taken = self.current.split_to(len);
        out.get_mut(..len).into_iter().for_each(|out| out.copy_from_slice(&taken));
        Ok(len)
    }
}

#[cfg(test)]
mod tests;
