//! A stream that hands hyper whole, right heads only, and tells it when a client was too slow or said what is none.
//!
//! [`Heads`] holds back what comes until a head is whole (`head` says whether it is right), then lets it and its body through.
//! A head that is refused is replaced: hyper reads a request of ours instead, and the service, which shares a [`Talk`] with the
//! stream, answers that with the [`Problem`] there, as it answers everything: counted, logged, and with problem details.
//! After such an answer, and after chunks, the connection ends, because it is not known where the next head begins.
//!
//! Time is bounded too: a head that does not get whole in time is 408, a connection that says nothing at all is closed. What a
//! client still sends when it has been answered is read on for a moment ([`LINGER`]), or it would lose the answer with it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::head;
use super::idle::Idle;
use crate::problem::Problem;

/// What hyper reads in place of a head that is refused; what is answered does not depend on it.
const INSTEAD: &[u8] = b"GET / HTTP/1.1\r\nhost: -\r\nconnection: close\r\n\r\n";
/// How much is read at a time while a head is not whole.
const PIECE: usize = 4096;
/// How long, and how much, is read and thrown away of a client that goes on sending after the last answer.
const LINGER: (Duration, usize) = (Duration::from_secs(2), 1 << 20);

/// A stream of requests.
pub(super) struct Heads<S> {
    stream: Idle<S>,
    talk: Talk,
    /// How long a head may take, from when hyper waits for it.
    patience: Duration,
    /// What came and was not let through.
    held: Vec<u8>,
    /// How much of that was looked at in vain.
    looked: usize,
    /// How many octets may go through.
    pass: u64,
    /// No other head is read.
    last: bool,
    /// The last one was refused.
    refused: bool,
    timer: Option<Pin<Box<Sleep>>>,
    /// Nothing more is written.
    closed: bool,
    /// Octets that were thrown away.
    wasted: usize,
}

/// What the stream and the service of one connection tell each other.
#[derive(Clone, Default)]
pub(super) struct Talk(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    /// Heads that hyper was given, requests that it made of them, and answers that have been given to it.
    heads: u64,
    requests: u64,
    answers: u64,
    /// Why the last head was refused.
    refused: Option<Problem>,
}

impl Talk {
    /// A request has begun; why it was refused, if it stands for such a head.
    pub(super) fn begun(&self) -> Option<Problem> {
        let mut said = self.lock();
        said.requests += 1;
        if said.requests == said.heads { said.refused.take() } else { None }
    }

    /// hyper has all of an answer.
    pub(super) fn answered(&self) {
        self.lock().answers += 1;
    }

    fn given(&self, refused: Option<Problem>) {
        let mut said = self.lock();
        said.heads += 1;
        said.refused = refused;
    }

    /// Whether the client waits for us.
    fn answering(&self) -> bool {
        let said = self.lock();
        said.heads > said.answers
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Heads<S> {
    pub(super) fn new(stream: Idle<S>, talk: Talk, patience: Duration) -> Self {
        Self {
            stream,
            talk,
            patience,
            held: Vec::new(),
            looked: 0,
            pass: 0,
            last: false,
            refused: false,
            timer: None,
            closed: false,
            wasted: 0,
        }
    }

    /// Ready when something may go through; nothing may when the connection has ended.
    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.pass == 0 && !self.last {
            if !self.look() {
                continue;
            }
            let mut room = [0; PIECE];
            let mut piece = ReadBuf::new(&mut room);
            match Pin::new(&mut self.stream).poll_read(context, &mut piece)? {
                Poll::Ready(()) if piece.filled().is_empty() => {
                    self.end(Problem::bad_request("the request was cut off"));
                }
                Poll::Ready(()) => self.held.extend_from_slice(piece.filled()),
                Poll::Pending => {
                    ready!(self.poll_time(context));
                    self.end(slow());
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Looks at what is held, if there is news; whether more is needed.
    fn look(&mut self) -> bool {
        let blank = self.held.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        self.held.drain(..blank);
        let news = self.held.get(self.looked.saturating_sub(3)..).unwrap_or_default();
        let worth = self.looked == 0 || self.held.len() >= head::OCTETS || has_end(news);
        if self.held.is_empty() || !worth {
            return true;
        }
        self.looked = self.held.len();
        match head::read(&self.held) {
            Ok(None) => return true,
            Ok(Some(shape)) => {
                self.last = shape.body.is_none();
                self.let_through(
                    shape.body.map_or(u64::MAX, |body| body.saturating_add(shape.length as u64)),
                    None,
                );
            }
            Err(problem) => self.refuse(problem),
        }
        false
    }

    fn let_through(&mut self, octets: u64, refused: Option<Problem>) {
        (self.pass, self.looked, self.timer) = (octets, 0, None);
        self.talk.given(refused);
    }

    fn refuse(&mut self, problem: Problem) {
        self.held = INSTEAD.to_vec();
        (self.last, self.refused) = (true, true);
        self.let_through(INSTEAD.len() as u64, Some(problem));
    }

    /// No more comes: this is why, for a client that had begun.
    fn end(&mut self, why: Problem) {
        if self.held.is_empty() {
            self.last = true;
        } else {
            self.refuse(why);
        }
    }

    /// Ready when the client took too long. It has all the time while it waits for us, or we for it to take an answer.
    fn poll_time(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.talk.answering() || self.stream.is_waiting() {
            self.timer = None;
            return Poll::Pending;
        }
        let patience = self.patience;
        self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience))).as_mut().poll(context)
    }

    /// Lets through what may.
    fn poll_pass(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let most = usize::try_from(self.pass).unwrap_or(usize::MAX).min(buffer.remaining());
        let passed = if self.held.is_empty() {
            let mut room = ReadBuf::new(buffer.initialize_unfilled_to(most));
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut room))?;
            let passed = room.filled().len();
            buffer.advance(passed);
            passed
        } else {
            let passed = most.min(self.held.len());
            buffer.put_slice(self.held.get(..passed).unwrap_or_default());
            self.held.drain(..passed);
            passed
        };
        if self.held.is_empty() {
            // A connection that waits for its next request holds nothing.
            self.held = Vec::new();
        }
        if self.pass != u64::MAX {
            self.pass -= passed as u64;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads on for a while what nobody wants any more.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut room = [0; PIECE];
        while self.wasted < LINGER.1 {
            let mut piece = ReadBuf::new(&mut room);
            match Pin::new(&mut self.stream).poll_read(context, &mut piece) {
                Poll::Ready(Ok(())) if !piece.filled().is_empty() => self.wasted += piece.filled().len(),
                Poll::Ready(_) => break,
                Poll::Pending => {
                    let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER.0)));
                    return timer.as_mut().poll(context);
                }
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Heads<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_head(context))?;
        if self.pass > 0 {
            return self.poll_pass(context, buffer);
        }
        // hyper takes the end for a client that is gone, and would not answer.
        if self.refused && self.talk.answering() { Poll::Pending } else { Poll::Ready(Ok(())) }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Heads<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.closed {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            (self.closed, self.timer) = (true, None);
        }
        if self.refused || self.pass > 0 {
            ready!(self.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }
}

fn has_end(octets: &[u8]) -> bool {
    octets.windows(2).any(|pair| pair == b"\n\n") || octets.windows(3).any(|three| three == b"\n\r\n")
}

fn slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "the request head arrived too slowly")
}
