//! Reads an answer again from its stored bytes.

use std::io::{self, Read};

use cof::Reader;

use super::ask::Sink;
use super::orientation::Orientation;

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// Passes the records and damages of an answer to a sink, as they arrived from the provider: `evidence` is what was passed to
/// [`Sink::raw`], `orientation` is that of the [`Outcome`](super::Outcome), `asked` is the time of the query in seconds since
/// the epoch, so that times in the future are detected as before. A sink that wants no more ends it.
///
/// # Errors
/// I/O errors.
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
