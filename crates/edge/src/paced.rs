//! Time limits for request bodies: one that is sent too slowly ends with an error.
//!
//! A client may send nothing for as long as it may read nothing, and its total time is limited to the same time plus one second
//! per [`PACE`] bytes. Only the time in which the server waits for the client counts, not the time to store what arrived.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

/// The minimum rate of a body, in bytes per second.
const PACE: u64 = 1024;

/// Whether the body of a request was too slow; among the request's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slow(Arc<AtomicBool>);

impl Slow {
    pub(crate) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body of a request.
pub(crate) struct Paced {
    body: Incoming,
    slow: Slow,
    idle: Duration,
    octets: u64,
    /// How long the server has waited for it, without the current wait.
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Paced {
    pub(crate) fn new(body: Incoming, slow: Slow, idle: Duration) -> Self {
        Self { body, slow, idle, octets: 0, waited: Duration::ZERO, waiting: None }
    }

    /// How much longer it may take.
    fn patience(&self) -> Duration {
        let given = self.idle + Duration::from_secs(self.octets / PACE);
        given.saturating_sub(self.waited).min(self.idle)
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(polled) = Pin::new(&mut self.body).poll_frame(context) {
            let waited = self.waiting.take().map_or(Duration::ZERO, |(since, _)| since.elapsed());
            self.waited += waited;
            if let Some(Ok(frame)) = &polled {
                self.octets += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(polled.map(|frame| frame.map_err(axum::Error::new)));
        }
        let patience = self.patience();
        let (_, timer) =
            self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(patience))));
        if timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.slow.0.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(io::Error::from(io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
