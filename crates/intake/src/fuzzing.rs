//! What the fuzz targets of the formats share: [`read`] and [`reads_alike`].
//!
//! A target promises that no input panics, and that an input that comes in pieces gives the same observations as at once.

use std::io::Read;

use cof::{Batch, Observation, SourceKind};

use crate::batches::{self, Order};
use crate::{Format, Tally};

/// What an input came to: the observations, and what was counted.
pub type Found = (Vec<Observation>, Tally);

/// An order for sightings in this format, at a time when those in samples are plausible.
pub fn order(format: Format) -> Order {
    Order { format, ..Order::new(SourceKind::Observation, 1_800_000_000) }
}

/// Reads an input in pieces of at most `size` bytes.
pub fn read(input: &[u8], order: &Order, size: usize) -> Found {
    let mut observations = Vec::new();
    let mut take = |batch: Batch, _| {
        observations.extend(batch.observations);
        Ok(())
    };
    let (tally, _) = batches::read(&mut Pieces { rest: input, size }, order, None, &mut take);
    (observations, tally)
}

/// Reads an input at once and in pieces of the sizes.
///
/// # Panics
/// The observations, or what was counted, differ.
pub fn reads_alike(input: &[u8], order: &Order, sizes: &[usize]) {
    let whole = told(read(input, order, usize::MAX));
    for size in sizes {
        assert!(told(read(input, order, *size)) == whole, "in pieces of {size} bytes");
    }
}

/// What was found as text; the order of observations does not count.
fn told((observations, tally): Found) -> (Vec<String>, String) {
    let mut rows: Vec<String> = observations.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    (rows, format!("{tally:?}"))
}

struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let (piece, rest) = self.rest.split_at(self.size.min(buffer.len()).min(self.rest.len()));
        self.rest = rest;
        piece.iter().zip(buffer).for_each(|(byte, place)| *place = *byte);
        Ok(piece.len())
    }
}
