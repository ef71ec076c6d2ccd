//! The bytes of an answer: decompressed, bounded, with a time limit on every wait.

use std::error::Error as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use futures_util::TryStreamExt;
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;
use tokio_util::io::StreamReader;

use super::config::Limits;
use super::error::{ProviderError, printable};

/// A compressed body may be small and grow much; only beyond this many octets does its growth count.
const EXPANSION_FREE: u64 = 4 << 20;
/// The largest window that a decoder of web content must hold: 8 MiB (RFC 9659). A frame may ask for 2 GiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// A body being read.
pub(super) struct Body {
    reader: Pin<Box<dyn AsyncRead + Send>>,
    /// Octets that came over the network.
    arrived: Arc<AtomicU64>,
    /// Octets that came out of the decompressor.
    decoded: u64,
    compressed: bool,
}

/// When one question must be over; only waiting for our own rate moves it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) total: Duration,
    /// How long this question may still pause.
    pauses: Duration,
}

impl Deadline {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { at: Instant::now() + limits.total, total: limits.total, pauses: limits.pauses }
    }

    /// Takes a pause from what the question may still pause; false where it is longer than that or than the time left.
    pub(super) fn allow(&mut self, pause: Duration) -> bool {
        let allowed = pause <= self.pauses && Instant::now() + pause < self.at;
        if allowed {
            self.pauses -= pause;
        }
        allowed
    }

    /// Waits for something at most `idle` long and not beyond the deadline.
    pub(super) async fn wait<T>(
        &self,
        idle: Duration,
        late: impl FnOnce(Duration) -> ProviderError,
        future: impl Future<Output = T>,
    ) -> Result<T, ProviderError> {
        let idle_ends = Instant::now() + idle;
        tokio::time::timeout_at(idle_ends.min(self.at), future).await.map_err(|_| {
            if self.at < idle_ends { ProviderError::TotalTimeout(self.total) } else { late(idle) }
        })
    }
}

impl Body {
    /// Takes a body in the encoding that its headers name.
    pub(super) fn new(incoming: Incoming, encoding: &str) -> Result<Self, ProviderError> {
        let arrived = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&arrived);
        let stream = BodyDataStream::new(incoming)
            .inspect_ok(move |piece| {
                counter.fetch_add(piece.len() as u64, Ordering::Relaxed);
            })
            .map_err(io::Error::other);
        let raw = StreamReader::new(stream);
        let reader: Pin<Box<dyn AsyncRead + Send>> = match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Box::pin(raw),
            "gzip" | "x-gzip" => {
                let mut decoder = GzipDecoder::new(raw);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            "zstd" => {
                let mut decoder =
                    ZstdDecoder::with_params(raw, &[DParameter::window_log_max(ZSTD_WINDOW_LOG)]);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            other => {
                return Err(ProviderError::Encoding(format!(
                    "unknown encoding {:?}",
                    printable(other.as_bytes(), 40)
                )));
            }
        };
        let compressed = !matches!(encoding.trim(), "" | "identity");
        Ok(Self { reader, arrived, decoded: 0, compressed })
    }

    /// Reads the next piece into `buffer`; 0 at the end.
    pub(super) async fn read(
        &mut self,
        buffer: &mut [u8],
        limits: &Limits,
        deadline: Deadline,
    ) -> Result<usize, ProviderError> {
        let read = deadline.wait(limits.idle, ProviderError::IdleTimeout, self.reader.read(buffer)).await?;
        let len = match read {
            // A body without anything in it is no encoded nothing, whatever its headers say.
            Err(error) if is_early_end(&error) && self.arrived.load(Ordering::Relaxed) == 0 => 0,
            read => read.map_err(|error| fault(&error))?,
        };
        self.decoded += len as u64;
        let allowed =
            self.arrived.load(Ordering::Relaxed).saturating_mul(limits.expansion).max(EXPANSION_FREE);
        if self.compressed && self.decoded > allowed {
            return Err(ProviderError::Expansion(limits.expansion));
        }
        Ok(len)
    }
}

/// Whether a decoder wanted more than there was; the network's own early ends are errors of hyper.
fn is_early_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

/// What a failed read means: the network's fault, or the encoding's.
fn fault(error: &io::Error) -> ProviderError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<hyper::Error>()) {
        Some(http) if http.is_parse() || is_framing(http) => {
            ProviderError::Http(printable(http.to_string().as_bytes(), 200))
        }
        Some(_) => ProviderError::Cut,
        None if is_early_end(error) => ProviderError::Cut,
        None => ProviderError::Encoding(printable(error.to_string().as_bytes(), 200)),
    }
}

/// Whether the chunks of a body are none.
fn is_framing(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause
        .is_some_and(|cause| matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData))
}
