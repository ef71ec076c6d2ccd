//! A body of records on its way into the store, on the path that imported files take ([`::intake::deliver`]).
//!
//! [`take`] blocks. It reads [`Pieces`], which come over a bounded channel, so that a fast client waits for a slow disk.
//!
//! With a name for its input a body that broke off can be sent again as a whole, and the store takes no batch twice. Digests are
//! of the decompressed body, so it may come in another coding.

use std::io::{self, BufReader, Read};

use ::intake::batches::{self, Order, Take};
use ::intake::{Bounds, Foreign, Packing, Tally, deliver};
use axum::body::Bytes;
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
    order.reached = match order.input.as_deref().map(|input| store.position(input)) {
        None => None,
        Some(Ok(reached)) => reached,
        Some(Err(error)) => return (Receipt::default(), Some(Fault::Store(error))),
    };
    let mut body = match coding.unpack(BufReader::with_capacity(batches::PIECE, body), Bounds::REQUEST) {
        Ok(body) => body,
        Err(error) => return (Receipt::default(), Some(Fault::Decoder(error))),
    };
    let read = |take: &mut Take<'_>| batches::read(&mut body, &order, None, take);
    let (read, delivered) = deliver(store, read, &mut |_| {});
    // A panic in the reader is a bug; how far it came is not known.
    let (tally, fault) = read.unwrap_or((Tally::default(), Some(batches::Fault::Unwanted)));
    let failed = delivered.failed.map(|error| match error {
        StoreError::OtherContent { .. } => Fault::Other,
        error => Fault::Store(error),
    });
    (Receipt::of(&tally, delivered.records, delivered.repeated), failed.or(fault.map(Fault::of)))
}

/// Logs what is for whoever runs the server; what is the client's own doing, or tells no more than its answer, is not logged.
pub(super) fn log(error: &StoreError) {
    if error.kind() != StoreErrorKind::Refused && !matches!(error, StoreError::Full { .. }) {
        tracing::error!(%error, "records cannot be stored");
    }
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
