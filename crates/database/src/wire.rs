//! The protocol of the socket: frames, each a length of four bytes (little-endian) and as many bytes of postcard.
//!
//! ```text
//! server: Hello                         as soon as a client is connected
//! client: Request, server: Response     repeatedly, answered in order; progress may precede an answer
//! ```
//!
//! [`Request`] and [`Response`] are the messages. They contain types of `cof`, `store` and `runs`, which define their own
//! serialisation and check what they read; [`Unreadable`] means that a message is invalid. The [`Hello`] of another version is
//! refused, so the protocol may change with every version.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::sync::Arc;

use cof::{Batch, Digest};
use runs::{Sizes, Verified};
use serde::{Deserialize, Serialize};
use store::{Page, Question, Reached, Receipt, Selection, Stats, StoreError, Summary};

/// The version of the protocol, including the form of every type that is sent.
pub(super) const PROTOCOL: u32 = 4;
/// The longest frame in bytes: as large as a batch may be.
const MAX_FRAME: u64 = 1 << 30;

/// The message is not valid in this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The greeting of the server. Every version can read that of every other.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) protocol: u32,
    pub(super) process: u32,
}

/// A request: borrowed for sending, owned for reading.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Request<'a> {
    Absorb(Cow<'a, Batch>),
    Backup(Cow<'a, str>),
    Compact,
    CountWhere(Cow<'a, Selection>),
    DropWhere(Cow<'a, Selection>),
    ForgetExpired(u64),
    Lookup(Cow<'a, Question>),
    Position(Cow<'a, str>),
    Sizes,
    Stats,
    Summarise(Cow<'a, Question>),
    Verify,
    Wholes(Digest),
}

macro_rules! responses {
    ($($variant:ident($answer:ty),)*) => {
        /// A response; each kind of answer is only read from its own variant.
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        pub(super) enum Response {
            Failed(StoreError),
            /// While verifying: the number of entries read, and the largest possible number.
            Progress(u64, u64),
            $($variant($answer),)*
        }
        $(impl From<$answer> for Response {
            fn from(answer: $answer) -> Self {
                Self::$variant(answer)
            }
        }
        impl TryFrom<Response> for $answer {
            type Error = Unreadable;

            fn try_from(response: Response) -> Result<Self, Unreadable> {
                if let Response::$variant(answer) = response { Ok(answer) } else { Err(Unreadable) }
            }
        })*
    };
}

responses! {
    Counted(u64),
    Done(()),
    Page(Page),
    Position(Option<Reached>),
    Receipt(Receipt),
    Sizes(Sizes),
    Stats(Stats),
    Summary(Summary),
    Verified(Verified),
    Wholes(Vec<Arc<str>>),
}

/// Writes one frame.
///
/// # Errors
/// I/O errors; a frame that is too large is `InvalidInput`.
pub(super) fn send(to: &mut impl Write, said: &impl Serialize) -> io::Result<()> {
    let mut octets = postcard::to_extend(said, vec![0; 4]).map_err(io::Error::other)?;
    let len = octets.len() as u64 - 4;
    let prefix = u32::try_from(len).ok().filter(|_| len <= MAX_FRAME);
    let prefix =
        prefix.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "more than 1 GiB at once"))?;
    if let Some(head) = octets.first_chunk_mut() {
        *head = prefix.to_le_bytes();
    }
    to.write_all(&octets)
}

/// Reads one frame into `octets`; `false` at the end of the connection.
///
/// # Errors
/// I/O errors, an end within a frame, and a frame that is too large.
pub(super) fn receive(from: &mut impl Read, octets: &mut Vec<u8>) -> io::Result<bool> {
    octets.clear();
    let mut head = [0; 4];
    match from.read(&mut head)? {
        0 => return Ok(false),
        some => from.read_exact(head.get_mut(some..).unwrap_or_default())?,
    }
    let len = u64::from(u32::from_le_bytes(head));
    if len > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "more than 1 GiB at once"));
    }
    // Memory is allocated as bytes arrive, so a length alone costs nothing.
    if from.take(len).read_to_end(octets)? as u64 != len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(true)
}

/// Decodes the message in a frame.
///
/// # Errors
/// [`Unreadable`].
pub(super) fn read<'a, T: Deserialize<'a>>(octets: &'a [u8]) -> Result<T, Unreadable> {
    match postcard::take_from_bytes(octets) {
        Ok((said, [])) => Ok(said),
        _ => Err(Unreadable),
    }
}

#[cfg(test)]
mod tests;
