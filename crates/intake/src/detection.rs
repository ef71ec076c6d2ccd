//! Finds out what an input is written in before it is read: [`detect`].
//!
//! No more of the input is read than its format needs, so that a pipe that has sent one line is recognised at once. What was read is
//! read again by whoever reads the input.
//!
//! Error policy: an error while the head is read is kept, and returned to whoever reads up to that place.

use std::io::{self, Cursor, Read};

use crate::format::{Format, HEAD};

/// Bytes read at a time.
const PIECE: usize = 4 * 1024;

/// Returns the format of a decompressed input, together with the whole input.
pub fn detect(mut input: Box<dyn Read + Send>) -> (Format, Box<dyn Read + Send>) {
    let mut head = Vec::new();
    let mut error = None;
    let format = loop {
        if let Some(format) = Format::of(&head, false) {
            break format;
        }
        match read_piece(&mut input, &mut head) {
            Ok(0) => break Format::of(&head, true).unwrap_or(Format::Cof),
            Ok(_) if head.len() >= HEAD => break Format::of(&head, true).unwrap_or(Format::Cof),
            Ok(_) => {}
            Err(failed) => {
                error = Some(failed);
                break Format::of(&head, true).unwrap_or(Format::Cof);
            }
        }
    };
    (format, Box::new(Whole { head: Cursor::new(head), error, rest: input }))
}

/// Appends what arrives next, and waits for it.
fn read_piece(input: &mut dyn Read, head: &mut Vec<u8>) -> io::Result<usize> {
    let start = head.len();
    head.resize(start + PIECE, 0);
    let read = loop {
        match input.read(head.get_mut(start..).unwrap_or_default()) {
            Err(error) if is_pause(error.kind()) => {}
            read => break read,
        }
    };
    head.truncate(start + read.as_ref().copied().unwrap_or_default());
    read
}

/// Whether nothing is wrong, and nothing arrived yet.
fn is_pause(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::Interrupted | io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// An input whose head was read before.
struct Whole {
    head: Cursor<Vec<u8>>,
    /// What came after the head instead of the rest.
    error: Option<io::Error>,
    rest: Box<dyn Read + Send>,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.head.read(buffer)?;
        if len > 0 || buffer.is_empty() {
            return Ok(len);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.rest.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends one byte at a time, with pauses, and then fails or ends.
    struct Slow {
        rest: &'static [u8],
        pauses: bool,
        fails: bool,
    }

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.pauses = !self.pauses;
            if self.pauses {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if self.rest.is_empty() && self.fails {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            (&mut self.rest).take(1).read(buffer)
        }
    }

    fn read(input: &mut dyn Read) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut all = Vec::new();
        loop {
            match input.read_to_end(&mut all) {
                Err(error) if is_pause(error.kind()) => {}
                Err(error) => return (all, Some(error.kind())),
                Ok(_) => return (all, None),
            }
        }
    }

    #[test]
    fn a_format_is_known_as_soon_as_its_head_has_arrived() {
        let text = b"\0\0\0\0\0\0\0\x22\0\0\0\x02 and what follows";
        for fails in [false, true] {
            let (format, mut whole) = detect(Box::new(Slow { rest: text, pauses: false, fails }));
            assert_eq!(format, Format::Dnstap);
            let ended = fails.then_some(io::ErrorKind::ConnectionAborted);
            assert_eq!(read(&mut whole), (text.to_vec(), ended));
        }
    }

    #[test]
    fn an_error_in_the_head_comes_after_what_was_read() {
        let (format, mut whole) = detect(Box::new(Slow { rest: b"{\"", pauses: false, fails: true }));
        assert_eq!(format, Format::Cof);
        assert_eq!(read(&mut whole), (b"{\"".to_vec(), Some(io::ErrorKind::ConnectionAborted)));
        let (format, mut whole) = detect(Box::new(io::empty()));
        assert_eq!((format, read(&mut whole)), (Format::Cof, (vec![], None)));
    }
}
