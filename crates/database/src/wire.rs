//! What is said over the socket: frames, each a length of four octets (little-endian) and so many octets of postcard.
//!
//! ```text
//! server: Hello                         as soon as somebody is let in
//! client: Request, server: Response     again and again, answered in order; progress may come before an answer
//! ```
//!
//! [`Request`] and [`Response`] are the vocabulary. The types behind them are those of `cof`, `store` and `runs`, which say
//! themselves how they are serialised and check what they read; [`Unreadable`] says that what came is not ours. Another version's
//! [`Hello`] is refused, so nothing here has to be readable for ever.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::sync::Arc;

use cof::{Batch, Digest};
use runs::{Sizes, Verified};
use serde::{Deserialize, Serialize};
use store::{Page, Question, Reached, Receipt, Selection, Stats, StoreError, Summary};

/// The version of all of this, the form of every type that is sent included.
pub(super) const PROTOCOL: u32 = 4;
/// The longest frame: as much as a batch may take.
const MAX_FRAME: u64 = 1 << 30;

/// What came is not what this version says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Who listens. Every version reads this of every other.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) protocol: u32,
    pub(super) process: u32,
}

/// What is asked: borrowed where it is sent, owned where it is read.
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
        /// What is answered; each answer knows which response it is, and is read from no other.
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        pub(super) enum Response {
            Failed(StoreError),
            /// Of verifying: how much was read, of how much at most.
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

/// Writes one frame; what the other end gets is whole.
///
/// # Errors
/// The socket's; a frame that is too large is `InvalidInput`.
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

/// Reads one frame into `octets`; `false` at the end of the conversation.
///
/// # Errors
/// The socket's, an end within a frame, and a frame that is too large.
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
    // Room is made as it comes: a length alone costs nothing.
    if from.take(len).read_to_end(octets)? as u64 != len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(true)
}

/// Reads what a frame says.
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
