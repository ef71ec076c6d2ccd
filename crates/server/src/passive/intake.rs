//! A body of records on its way into the store: decompressed and parsed on one thread, taken in on another.
//!
//! [`take`] blocks. It reads [`Pieces`], which come over a bounded channel, so that a fast client waits for a slow disk; batches
//! of [`BATCH`] go to the store through another one, so that parsing goes on while the one before is written. What is held is a
//! batch on each side and one between.
//!
//! With a name for its input a batch carries how far it reaches, and the store takes none twice. Batches end between values, at
//! the same places for the same octets, so that a body that broke off half-way can be sent again as a whole.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver as BatchReceiver, SyncSender, sync_channel};
use std::thread;

use axum::body::Bytes;
use cof::{Batch, Position, Reader, SourceKind};
use flate2::read::MultiGzDecoder;
use store::{Store, StoreError};
use tokio::sync::mpsc::Receiver;

use super::receipt::Receipt;

/// Records that are taken in together.
const BATCH: usize = 10_000;
/// How much is decompressed at a time, in octets.
const PIECE: usize = 128 * 1024;
/// The largest window of a zstd stream: 8 MiB, which every decoder must have (RFC 8878), and which is held in memory.
const WINDOW_LOG: u32 = 23;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Plain,
    Zstd,
}

/// A part of the body, in its order; the channel closing without an end is a body that broke off.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    End,
}

/// What is known of a body beforehand.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) coding: Coding,
    pub(super) kind: SourceKind,
    pub(super) sensor: Option<Arc<str>>,
    /// Names the input where it must not count twice.
    pub(super) input: Option<Arc<str>>,
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
    /// It is larger than it may be, decompressed.
    Expanded,
    /// Its own words are for whoever runs the service.
    Store(StoreError),
}

/// Takes in a body; the receipt is true even where there is a fault.
pub(super) fn take(store: &dyn Store, order: &Order, pieces: Receiver<Piece>) -> (Receipt, Option<Fault>) {
    let (send, receive) = sync_channel(1);
    thread::scope(|scope| {
        let absorbing = scope.spawn(move || absorb(store, &receive));
        let mut parsing = Parsing::new(order, send);
        let outcome = parsing.read(pieces);
        let Parsing { mut receipt, batches, .. } = parsing;
        drop(batches);
        // A panic in the store is a mistake there; what it was told is not known to be kept.
        let absorbed = absorbing
            .join()
            .unwrap_or(Absorbed { failed: Some(StoreError::Poisoned), ..Absorbed::default() });
        (receipt.taken, receipt.repeated) = (absorbed.taken, absorbed.repeated);
        (receipt, absorbed.failed.map(Fault::Store).or(outcome.err()))
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
    receipt: Receipt,
}

impl<'a> Parsing<'a> {
    fn new(order: &'a Order, batches: SyncSender<(Batch, u64)>) -> Self {
        let batch = Batch { observations: Vec::with_capacity(BATCH), ..Batch::default() };
        Self { order, batches, batch, records: 0, last: 0, receipt: Receipt::default() }
    }

    fn read(&mut self, pieces: Receiver<Piece>) -> Result<(), Fault> {
        let mut input =
            decoder(self.order.coding, Pieces { coming: pieces, current: Bytes::new(), ended: false });
        let mut reader = Reader::new(self.order.now);
        let mut piece = vec![0; PIECE];
        loop {
            let len = input.read(&mut piece).map_err(|error| fault(&error))?;
            self.receipt.octets += len as u64;
            if self.receipt.octets > self.order.expanded {
                return Err(Fault::Expanded);
            }
            reader.feed(piece.get(..len).unwrap_or_default());
            if len == 0 {
                reader.close();
            }
            self.records_of(&mut reader)?;
            if len == 0 {
                return self.end(&reader);
            }
        }
    }

    fn records_of(&mut self, reader: &mut Reader) -> Result<(), Fault> {
        while let Some(item) = reader.next() {
            let offset = reader.offset();
            // The records of one value stay together, so that a batch reaches to the beginning of the next.
            if self.records >= BATCH as u64 && offset != self.last {
                self.send(offset)?;
            }
            self.last = offset;
            match item {
                Ok(record) => {
                    if self.batch.take(record, self.order.kind, self.order.sensor.as_ref()).is_taken() {
                        self.records += 1;
                    } else {
                        self.receipt.reject(offset, None, "without_time".to_owned());
                    }
                }
                Err(damage) => self.receipt.damage(&damage),
            }
        }
        Ok(())
    }

    fn end(&mut self, reader: &Reader) -> Result<(), Fault> {
        let end = reader.end();
        self.receipt.truncated = end.truncated;
        if end.without_data > 0 {
            *self.receipt.rejected.entry("without_data".to_owned()).or_default() += end.without_data;
        }
        if self.records > 0 { self.send(self.receipt.octets) } else { Ok(()) }
    }

    /// Sends the batch on, which reaches to this offset.
    fn send(&mut self, offset: u64) -> Result<(), Fault> {
        let next = Batch { observations: Vec::with_capacity(BATCH), ..Batch::default() };
        let mut batch = std::mem::replace(&mut self.batch, next);
        let records = std::mem::take(&mut self.records);
        batch.position = self.order.input.clone().map(|input| Position::new(input, offset));
        // Nobody takes it only after the store has failed, which is told in its place.
        self.batches.send((batch, records)).map_err(|_| Fault::Store(StoreError::Poisoned))
    }
}

fn decoder(coding: Coding, pieces: Pieces) -> Box<dyn Read> {
    match coding {
        Coding::Plain => Box::new(pieces),
        Coding::Gzip => Box::new(MultiGzDecoder::new(pieces)),
        Coding::Zstd => {
            let decoder = zstd::stream::read::Decoder::new(pieces).and_then(|mut decoder| {
                decoder.window_log_max(WINDOW_LOG)?;
                Ok(decoder)
            });
            match decoder {
                Ok(decoder) => Box::new(decoder),
                // No memory for a decoder.
                Err(_) => Box::new(io::empty()),
            }
        }
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
