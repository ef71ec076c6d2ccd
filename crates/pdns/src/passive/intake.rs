//! A body of records on its way into the store: decompressed and read on one thread, taken in on another.
//!
//! [`take`] blocks. It reads [`Pieces`], which come over a bounded channel, so that a fast client waits for a slow disk; batches
//! ([`::intake::batches`]) go to the store through another channel, so that reading goes on while a batch is written. What is
//! held is a batch on each side and one between.
//!
//! With a name for its input a body that broke off can be sent again as a whole, and the store takes no batch twice. Digests are
//! of the decompressed body, so it may come in another coding.

use std::io::{self, BufReader, Read};
use std::sync::mpsc::{Receiver as BatchReceiver, sync_channel};
use std::thread;

use ::intake::batches::{self, Order, Unwanted};
use ::intake::{Bounds, Foreign, Packing};
use axum::body::Bytes;
use cof::Batch;
use store::{Store, StoreError, StoreErrorKind};
use tokio::sync::mpsc::Receiver;

use super::receipt::Receipt;

/// A part of the body, in its order; the channel closing without an end is a body that broke off.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    End,
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
    /// The text is for the operator of the service.
    Store(StoreError),
}

/// Takes in a body; the receipt is true even where there is a fault.
pub(super) fn take(
    store: &dyn Store,
    coding: Packing,
    order: Order,
    pieces: Receiver<Piece>,
) -> (Receipt, Option<Fault>) {
    take_all(store, coding, order, Pieces { coming: pieces, current: Bytes::new(), ended: false })
}

/// The same with what is read from somewhere else, such as a file; an error of kind `ConnectionAborted` is a body that broke off.
pub(super) fn take_all(
    store: &dyn Store,
    coding: Packing,
    mut order: Order,
    body: impl Read + Send + 'static,
) -> (Receipt, Option<Fault>) {
    let (send, receive) = sync_channel(1);
    order.reached = match order.input.as_deref().map(|input| store.position(input)) {
        None => None,
        Some(Ok(reached)) => reached,
        Some(Err(error)) => return (Receipt::default(), Some(Fault::Store(error))),
    };
    let mut body = match coding.unpack(BufReader::with_capacity(batches::PIECE, body), Bounds::REQUEST) {
        Ok(body) => body,
        Err(error) => return (Receipt::default(), Some(Fault::Decoder(error))),
    };
    thread::scope(|scope| {
        let absorbing = scope.spawn(move || absorb(store, &receive));
        let mut hand_over = |batch, records| send.send((batch, records)).map_err(|_| Unwanted);
        let (tally, fault) = batches::read(&mut body, &order, None, &mut hand_over);
        drop(send);
        // A panic in the store is a mistake there; what it was told is not known to be kept.
        let absorbed = absorbing
            .join()
            .unwrap_or(Absorbed { failed: Some(StoreError::Panicked), ..Absorbed::default() });
        let failed = absorbed.failed.map(|error| match error {
            StoreError::OtherContent { .. } => Fault::Other,
            error => Fault::Store(error),
        });
        (Receipt::of(&tally, absorbed.taken, absorbed.repeated), failed.or(fault.map(Fault::of)))
    })
}

/// Logs what is for whoever runs the server; what is the client's own doing, or tells no more than its answer, is not logged.
pub(super) fn log(error: &StoreError) {
    if error.kind() != StoreErrorKind::Refused && !matches!(error, StoreError::Full { .. }) {
        tracing::error!(%error, "records cannot be stored");
    }
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

impl Fault {
    fn of(fault: batches::Fault) -> Self {
        match fault {
            batches::Fault::Expanded => Self::Expanded,
            batches::Fault::Foreign(foreign) => Self::Foreign(foreign),
            batches::Fault::Other => Self::Other,
            // Ours are told apart from the decoders' by their kind.
            batches::Fault::Read(error) if error.kind() == io::ErrorKind::ConnectionAborted => Self::Cut,
            batches::Fault::Read(_) => Self::Coding,
            // Nobody takes batches only after the store has failed, and the store's error is told instead; the others are
            // not asked for here.
            batches::Fault::Rejects(_) | batches::Fault::Strict(_) | batches::Fault::Unwanted => {
                Self::Store(StoreError::Panicked)
            }
        }
    }
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
