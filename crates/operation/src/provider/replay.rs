//! Reads an answer again from its stored bytes.

use std::io::{self, Read};

use cof::Reader;

use super::ask::Sink;
use super::orientation::Orientation;

/// How much is read at once, in octets.
const PIECE: usize = 64 * 1024;

/// Gives the records and damages of an answer to a sink, as they came from the provider: `evidence` is what went to
/// [`Sink::raw`], `orientation` is the [`Outcome`](super::Outcome)'s, `asked` is when it was asked, in seconds since the epoch:
/// what was in the future then still is. A sink that wants no more ends it.
///
/// # Errors
/// What reading gives.
pub fn replay(
    mut evidence: impl Read,
    orientation: Orientation,
    asked: u64,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let mut reader = Reader::new(asked).turned(orientation == Orientation::Swapped);
    let mut piece = vec![0; PIECE];
    loop {
        let len = match evidence.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        match len {
            0 => reader.close(),
            _ => reader.feed(piece.get(..len).unwrap_or_default()),
        }
        while let Some(item) = reader.next() {
            match item {
                Err(damage) => sink.damage(damage),
                Ok(record) => {
                    if sink.record(record).is_err() {
                        return Ok(());
                    }
                }
            }
        }
        sink.pause();
        if len == 0 {
            return Ok(());
        }
    }
}
