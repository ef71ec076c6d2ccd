//! The client side: one connection to the server that has opened the folder.
//!
//! A [`Remote`] makes one request at a time. Only batches may be submitted before the previous one is answered
//! ([`Store::submit`]), so that the server syncs one while the next is being sent. An error of the connection is a
//! [`StoreError`] of the kind `Unavailable`.

use std::borrow::Cow;
use std::io::{self, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cof::{Batch, Digest};
use runs::{Sizes, Verified};
use store::{
    Page, Question, Reached, Receipt, Selection, Stats, Store, StoreError, StoreErrorKind, Summary, Ticket,
};

use super::SOCKET;
use super::wire::{self, Hello, PROTOCOL, Request, Response, Unreadable};

/// The server answers batches in order, so a ticket needs no number.
const IN_TURN: (u64, u64) = (0, 0);

/// How long the server may take to send its greeting, which is its first message.
const GREETING: Duration = Duration::from_secs(10);

/// A connection to the server that has opened a folder.
pub struct Remote {
    process: u32,
    out: Mutex<UnixStream>,
    answers: Mutex<Answers>,
}

/// The receiving half of the connection.
struct Answers {
    from: BufReader<UnixStream>,
    frame: Vec<u8>,
}

impl Remote {
    /// Connects to the server that listens in this folder; `None` if there is none, or it is just ending.
    ///
    /// # Errors
    /// The kind `Unavailable` if it cannot be reached, `Incompatible` if it has another version.
    pub(super) fn find(folder: &Path) -> Result<Option<Self>, StoreError> {
        let stream = match UnixStream::connect(folder.join(SOCKET)) {
            Ok(stream) => stream,
            // There is no server, or the socket was left by a killed one.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                return Ok(None);
            }
            // The path is too long for a socket, so there cannot be one.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(None),
            Err(error) => return Err(failed("connect to the server on")(error)),
        };
        Self::greet(stream).map_err(failed("talk to the server on"))
    }

    fn greet(stream: UnixStream) -> io::Result<Option<Self>> {
        stream.set_read_timeout(Some(GREETING))?;
        let mut answers = Answers { from: BufReader::new(stream.try_clone()?), frame: Vec::new() };
        match wire::receive(&mut answers.from, &mut answers.frame) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
            Err(error) => return Err(error),
        }
        let hello: Hello = wire::read(&answers.frame).map_err(|Unreadable| unreadable())?;
        if hello.protocol != PROTOCOL {
            let (process, other) =
                (hello.process, "is another version of Backsight: use that version, or stop the server");
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("the server (process {process}) {other}"),
            ));
        }
        stream.set_read_timeout(None)?;
        Ok(Some(Self { process: hello.process, out: Mutex::new(stream), answers: Mutex::new(answers) }))
    }

    /// The server's process.
    pub fn process(&self) -> u32 {
        self.process
    }

    pub(super) fn compact(&self) -> Result<(), StoreError> {
        self.ask(&Request::Compact)
    }

    pub(super) fn backup(&self, to: &Path) -> Result<(), StoreError> {
        // The server has another working directory.
        let to = std::path::absolute(to).map_err(failed("find the folder of the backup for"))?;
        let text = to.to_str().ok_or_else(|| {
            let why = "the name of the backup folder is not UTF-8, so it cannot be sent to the server: use another name";
            StoreError::engine(StoreErrorKind::Refused, why)
        })?;
        self.ask(&Request::Backup(text.into()))
    }

    pub(super) fn count_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.ask(&Request::CountWhere(Cow::Borrowed(selection)))
    }

    pub(super) fn sizes(&self) -> Result<Sizes, StoreError> {
        self.ask(&Request::Sizes)
    }

    pub(super) fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, StoreError> {
        self.send(&Request::Verify)?;
        loop {
            let verified = self.answer(|response| match response {
                Response::Progress(read, total) => {
                    progress(read, total);
                    Ok(None)
                }
                response => response.try_into().map(Some),
            })?;
            if let Some(verified) = verified {
                return Ok(verified);
            }
        }
    }

    fn ask<T: TryFrom<Response, Error = Unreadable>>(&self, request: &Request<'_>) -> Result<T, StoreError> {
        self.send(request)?;
        self.answer(Response::try_into)
    }

    fn send(&self, request: &Request<'_>) -> Result<(), StoreError> {
        wire::send(&mut *lock(&self.out), request).map_err(failed("ask the server on"))
    }

    fn answer<T>(&self, read: impl FnOnce(Response) -> Result<T, Unreadable>) -> Result<T, StoreError> {
        let mut answers = lock(&self.answers);
        let Answers { from, frame } = &mut *answers;
        let lost = failed("read from the server on");
        match wire::receive(from, frame) {
            Ok(true) => {}
            Ok(false) => return Err(lost(io::Error::other("the server stopped before it answered"))),
            Err(error) => return Err(lost(error)),
        }
        let unreadable = |Unreadable| failed("read from the server on")(unreadable());
        match wire::read(frame).map_err(unreadable)? {
            Response::Failed(error) => Err(error),
            response => read(response).map_err(unreadable),
        }
    }
}

impl Store for Remote {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        self.redeem(self.submit(batch)?)
    }

    /// Sends a batch without waiting for the result.
    fn submit(&self, batch: Batch) -> Result<Ticket, StoreError> {
        self.send(&Request::Absorb(Cow::Borrowed(&batch)))?;
        Ok(Ticket::at(IN_TURN, None))
    }

    /// Waits for the result of the oldest unanswered batch.
    fn redeem(&self, _: Ticket) -> Result<Receipt, StoreError> {
        self.answer(Response::try_into)
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        self.ask(&Request::Lookup(Cow::Borrowed(question)))
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        self.ask(&Request::Summarise(Cow::Borrowed(question)))
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.ask(&Request::DropWhere(Cow::Borrowed(selection)))
    }

    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        self.ask(&Request::Position(input.into()))
    }

    fn wholes(&self, digest: &Digest) -> Result<Vec<Arc<str>>, StoreError> {
        self.ask(&Request::Wholes(*digest))
    }

    fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        self.ask(&Request::ForgetExpired(now))
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.ask(&Request::Stats)
    }
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "this version of backsight does not understand the answer")
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |error| {
        let kind = match error.kind() {
            io::ErrorKind::Unsupported => StoreErrorKind::Incompatible,
            _ => StoreErrorKind::Unavailable,
        };
        StoreError::engine(kind, format_args!("cannot {doing} {SOCKET}: {error}"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // If a thread panicked in the middle of a message, the next answer cannot be read.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
