//! One sender: its handshake and its bytes, [`Connection`].
//!
//! A sender that expects answers begins with READY and waits for ACCEPT before it sends START; at its end it sends STOP and waits for
//! FINISH. One that expects none begins with START. The frames are those of a file (`format::dnstap`), so the bytes from START to STOP
//! are passed on as they come.
//!
//! Errors: [`Greeting`] says what is wrong with a handshake. A pause is an error of the kind [`io::ErrorKind::TimedOut`], after which
//! reading goes on.

use std::io::{self, Read, Write as _};

use super::Stop;
use super::listener::Stream;
use crate::format::dnstap::{CONTENT_TYPE, MOST_CONTROL, content_types};
use crate::pause::LOOK;

const ACCEPT: u32 = 1;
const START: u32 = 2;
const STOP: u32 = 3;
const READY: u32 = 4;
const FINISH: u32 = 5;
/// How long a handshake may take, in looks at the connection.
const LOOKS: u128 = 10_000 / LOOK.as_millis();

/// How a handshake ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// It ended well.
    Welcome,
    /// The sender offers other content than dnstap.
    OtherContent,
    /// The sender does not begin with a control frame, or left before it was complete.
    NoFrameStream,
    /// The sender said nothing for 10 seconds.
    Silent,
    /// Collecting ends.
    Stopped,
}

/// A sender.
pub(super) struct Connection<'a> {
    stream: Box<dyn Stream>,
    stop: Stop<'a>,
    /// Bytes that were read for the handshake and belong to the stream.
    begun: Vec<u8>,
    /// The sender waits for FINISH.
    answers: bool,
    frames: Frames,
}

impl<'a> Connection<'a> {
    pub(super) fn new(stream: Box<dyn Stream>, stop: Stop<'a>) -> Self {
        Self { stream, stop, begun: Vec::new(), answers: false, frames: Frames::default() }
    }

    /// Reads the first frame and answers it.
    pub(super) fn greet(&mut self) -> Greeting {
        match self.first_frame() {
            Ok(frame) => self.answer(frame),
            Err(greeting) => greeting,
        }
    }

    fn answer(&mut self, frame: Vec<u8>) -> Greeting {
        let kind = frame.get(8..).and_then(|frame| frame.first_chunk()).map(|kind| u32::from_be_bytes(*kind));
        let types = content_types(frame.get(12..).unwrap_or_default());
        if types.is_some_and(|types| !types.contains(&CONTENT_TYPE)) {
            return Greeting::OtherContent;
        }
        match kind {
            Some(START) => self.begun = frame,
            Some(READY) => {
                self.answers = true;
                if self.stream.write_all(&control(ACCEPT, Some(CONTENT_TYPE))).is_err() {
                    return Greeting::NoFrameStream;
                }
            }
            _ => return Greeting::NoFrameStream,
        }
        Greeting::Welcome
    }

    /// The first control frame with its escape and length.
    fn first_frame(&mut self) -> Result<Vec<u8>, Greeting> {
        let mut frame = vec![0; 8];
        self.fill(&mut frame)?;
        let length = frame.last_chunk().map_or(0, |length| u32::from_be_bytes(*length)) as usize;
        if !frame.starts_with(&[0; 4]) || !(4..=MOST_CONTROL).contains(&length) {
            return Err(Greeting::NoFrameStream);
        }
        let mut rest = vec![0; length];
        self.fill(&mut rest)?;
        frame.extend(rest);
        Ok(frame)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Greeting> {
        let mut filled = 0;
        for _ in 0..LOOKS {
            if self.stop.is_set() {
                return Err(Greeting::Stopped);
            }
            match self.stream.read(buffer.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => return Err(Greeting::NoFrameStream),
                Ok(len) => filled += len,
                Err(error) if is_pause(&error) => {}
                Err(_) => return Err(Greeting::NoFrameStream),
            }
            if filled == buffer.len() {
                return Ok(());
            }
        }
        Err(Greeting::Silent)
    }
}

impl Read for Connection<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.begun.is_empty() {
            let len = self.begun.as_slice().read(buffer)?;
            self.begun.drain(..len);
            return Ok(len);
        }
        if self.frames.ended || self.stop.is_set() {
            return Ok(0);
        }
        let len = match self.stream.read(buffer) {
            Ok(len) => len,
            // The system's word for a timeout differs.
            Err(error) if is_pause(&error) => return Err(io::ErrorKind::TimedOut.into()),
            // Whoever is gone is at the end of what was sent.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error),
        };
        let len = self.frames.pass(buffer.get(..len).unwrap_or_default());
        if self.frames.ended && self.answers {
            // A sender that does not wait for it has lost nothing.
            let _ = self.stream.write_all(&control(FINISH, None));
        }
        Ok(len)
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// A control frame, with the content type if there is one.
fn control(kind: u32, content: Option<&[u8]>) -> Vec<u8> {
    let fields = content.map_or(vec![], |content| {
        let length = u32::try_from(content.len()).unwrap_or_default();
        [&1_u32.to_be_bytes()[..], &length.to_be_bytes(), content].concat()
    });
    let length = u32::try_from(4 + fields.len()).unwrap_or_default();
    [&[0; 4][..], &length.to_be_bytes(), &kind.to_be_bytes(), &fields].concat()
}

/// Finds the end of a stream without looking into its frames.
#[derive(Default)]
struct Frames {
    /// Bytes of the current frame that are still to come.
    left: u64,
    /// The start of the next one: its length, or an escape with the length and the type of a control frame.
    head: Vec<u8>,
    /// The current frame is STOP.
    stops: bool,
    ended: bool,
}

impl Frames {
    /// Follows the frames, and returns how many of these bytes belong to the stream.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        loop {
            let skipped = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
            rest = rest.get(skipped..).unwrap_or_default();
            self.left -= skipped as u64;
            if self.left == 0 && self.stops {
                self.ended = true;
                return bytes.len() - rest.len();
            }
            let Some((byte, after)) = rest.split_first() else { return bytes.len() };
            rest = after;
            self.head.push(*byte);
            self.read_head();
        }
    }

    fn read_head(&mut self) {
        let number = |at: usize| {
            self.head.get(at..).and_then(|head| head.first_chunk()).map(|bytes| u32::from_be_bytes(*bytes))
        };
        match (number(0), number(4), number(8)) {
            (Some(0), Some(length), Some(kind)) => {
                self.left = u64::from(length).saturating_sub(4);
                self.stops = kind == STOP;
                self.head.clear();
            }
            // A control frame without a type, which is damage, is over with its length.
            (Some(0), Some(length), None) if length < 4 => {
                self.left = u64::from(length);
                self.head.clear();
            }
            (Some(length), _, _) if length > 0 => {
                self.left = u64::from(length);
                self.head.clear();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_stream_is_found_however_it_is_cut() {
        let data = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
        // The payload looks like STOP.
        let stream = [
            control(START, Some(CONTENT_TYPE)),
            data(&control(STOP, None)),
            data(&[7; 300]),
            control(STOP, None),
        ]
        .concat();
        let all = [stream.clone(), b"more".to_vec()].concat();
        for size in 1..all.len() {
            let (mut frames, mut passed) = (Frames::default(), 0);
            for piece in all.chunks(size) {
                passed += frames.pass(piece);
                if frames.ended {
                    break;
                }
            }
            assert_eq!((passed, frames.ended), (stream.len(), true), "in pieces of {size}");
        }
    }

    #[test]
    fn a_stream_without_an_end_is_passed_on_whole() {
        let mut frames = Frames::default();
        let bytes = [control(START, None), vec![0, 0, 1, 0, 7, 7]].concat();
        assert_eq!((frames.pass(&bytes), frames.ended, frames.left), (bytes.len(), false, 254));
    }
}
