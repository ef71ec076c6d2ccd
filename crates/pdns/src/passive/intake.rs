//! Imports a body of records into the store, with the same code as imported files ([`::intake::deliver`]).
//!
//! [`take`] blocks. It reads [`Pieces`] from a bounded channel, so that a fast client waits for a slow disk.
//!
//! The format is detected by content, as for files. Captures, logs and streams of resolvers are observations, whatever is asked for.
//!
//! If the input has a name, a body that was interrupted can be sent again completely, and the store counts no batch twice.
//! Digests are computed after decompression, so the second body may have another coding. A numbered body is one batch, which is
//! stored when all of it was read.

use std::io::{self, BufReader, Read};

use ::intake::batches::{self, BatchBounds, Order, Take};
use ::intake::{Bounds, Foreign, Packing, Tally, deliver, detect};
use axum::body::Bytes;
use cof::{Batch, Position, SourceKind};
use store::{Store, StoreError, StoreErrorKind};
use tokio::sync::mpsc::Receiver;

use super::receipt::Receipt;
use super::sequence::{MOST_RECORDS, Names};

/// A piece of the body; if the channel closes without an end, the body was interrupted.
#[derive(Debug)]
pub(super) enum Piece {
    Data(Bytes),
    End,
}

/// Why a body was not imported completely. What was imported before is kept.
#[derive(Debug)]
pub(super) enum Fault {
    /// Its compression is not the declared one, or is damaged.
    Coding,
    /// It was interrupted.
    Cut,
    /// The system has no memory for a decoder: an error of the server, and nothing of the body was read.
    Decoder(io::Error),
    /// It contains no record, and looks like this format.
    Foreign(Foreign),
    /// The token has begun too many sequences of numbered bodies today.
    Names,
    /// The same name was used for another body.
    Other,
    /// It is larger than allowed after decompression.
    Expanded,
    /// It is numbered, and has more than [`MOST_RECORDS`] records. Nothing was stored.
    Long,
    /// The store failed; the text is for the operator of the service.
    Store(StoreError),
}

/// Imports a body, at the position of a numbered batch if it is one; the receipt is valid even if there is a fault.
pub(super) fn take(
    store: &dyn Store,
    coding: Packing,
    order: Order,
    number: Option<(Position, &Names)>,
    pieces: Receiver<Piece>,
) -> (Receipt, Option<Fault>) {
    let body = Pieces { coming: pieces, current: Bytes::new(), ended: false };
    match number {
        None => take_all(store, coding, order, body),
        Some((position, names)) => match begins(store, &position) {
            Ok(true) if !names.admit(&position, order.now) => (Receipt::default(), Some(Fault::Names)),
            Ok(_) => take_whole(store, coding, order, position, body),
            Err(error) => (Receipt::default(), Some(Fault::Store(error))),
        },
    }
}

/// The same for another input, such as a file; an error of kind `ConnectionAborted` means that the body was interrupted.
pub(super) fn take_all(
    store: &dyn Store,
    coding: Packing,
    mut order: Order,
    body: impl Read + Send + 'static,
) -> (Receipt, Option<Fault>) {
    order.batch = BatchBounds::of(store);
    order.reached = match order.input.as_deref().map(|input| store.position(input)) {
        None => None,
        Some(Ok(reached)) => reached,
        Some(Err(error)) => return (Receipt::default(), Some(Fault::Store(error))),
    };
    let mut body = match open(coding, &mut order, body) {
        Ok(body) => body,
        Err(error) => return (Receipt::default(), Some(Fault::Decoder(error))),
    };
    let read = |take: &mut Take<'_>| batches::read(&mut body, &order, None, take);
    let (read, delivered) = deliver(store, read, &mut |_| {});
    // A panic in the reader is a bug; it is unknown how far it got.
    let (tally, fault) = read.unwrap_or((Tally::default(), Some(batches::Fault::Unwanted)));
    let failed = delivered.failed.map(|error| match error {
        StoreError::OtherContent { .. } => Fault::Other,
        error => Fault::Store(error),
    });
    (Receipt::of(&tally, delivered.records, delivered.repeated), failed.or(fault.map(Fault::of)))
}

/// Whether nothing of this sequence is stored yet.
fn begins(store: &dyn Store, position: &Position) -> Result<bool, StoreError> {
    store.position(&position.input).map(|reached| reached.is_none())
}

/// Imports a numbered body: all of it as one batch, or nothing.
fn take_whole(
    store: &dyn Store,
    coding: Packing,
    mut order: Order,
    position: Position,
    body: impl Read + Send + 'static,
) -> (Receipt, Option<Fault>) {
    let number = position.offset;
    order.batch.observations = MOST_RECORDS;
    let mut body = match open(coding, &mut order, body) {
        Ok(body) => body,
        Err(error) => return (Receipt::default(), Some(Fault::Decoder(error))),
    };
    let (mut held, mut is_long) = (None, false);
    let (tally, fault) = batches::read(&mut body, &order, None, &mut |batch: Batch, records| {
        // A second batch begins where the first is full.
        is_long = batch.observations.len() > MOST_RECORDS || held.is_some();
        held = Some((batch, records));
        if is_long { Err(batches::Unwanted) } else { Ok(()) }
    });
    let receipt =
        |stored, repeated| Receipt { number: Some(number), ..Receipt::of(&tally, stored, repeated) };
    let fault = if is_long { Some(Fault::Long) } else { fault.map(Fault::of) };
    let (Some((batch, records)), None) = (held, &fault) else { return (receipt(0, 0), fault) };
    match store.absorb(Batch { position: Some(position), ..batch }) {
        Ok(done) if done.repeated => (receipt(0, records), None),
        Ok(_) => (receipt(records, 0), None),
        Err(error) => (receipt(0, 0), Some(Fault::Store(error))),
    }
}

/// Decompresses a body and finds out what it is written in.
fn open(
    coding: Packing,
    order: &mut Order,
    body: impl Read + Send + 'static,
) -> io::Result<Box<dyn Read + Send>> {
    let body = coding.unpack(BufReader::with_capacity(batches::PIECE, body), Bounds::REQUEST)?;
    let (format, body) = detect(body);
    order.format = format;
    if format.is_of_sensors() {
        order.kind = SourceKind::Observation;
    }
    Ok(Box::new(body))
}

/// Logs errors that the operator of the server should know; errors of the client, or with no more than the answer states, are
/// not logged.
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
            // The kind distinguishes our errors from those of decoders.
            batches::Fault::Read(error) if error.kind() == io::ErrorKind::ConnectionAborted => Self::Cut,
            batches::Fault::Read(_) => Self::Coding,
            // Batches are only refused after the store has failed, and then the store's error is reported instead; the others
            // are not requested here.
            batches::Fault::Changed
            | batches::Fault::Rejects(_)
            | batches::Fault::Strict(_)
            | batches::Fault::Unwanted => Self::Store(StoreError::Panicked),
        }
    }
}

/// Reads the body while it arrives.
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
