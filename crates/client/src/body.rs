//! The bytes of an answer: decompressed, with limits on their number and on every wait.
//!
//! [`Body`] reads them. Errors are those of the network ([`ClientError::Cut`], [`ClientError::Http`]), of the encoding
//! ([`ClientError::Encoding`], [`ClientError::Expansion`]), or a timeout.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use futures_util::TryStreamExt;
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;

use crate::error::{ClientError, printable};
use crate::limits::{Deadline, Limits};

/// A small compressed body may grow by a large factor, so the limit on growth only applies beyond this many bytes.
const EXPANSION_FREE: u64 = 4 << 20;
/// The largest window that decoders of web content must support: 8 MiB (RFC 9659). A frame may request 2 GiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// A body that is being read.
pub struct Body {
    reader: Pin<Box<dyn AsyncRead + Send>>,
    /// Bytes received over the network.
    arrived: Arc<AtomicU64>,
    /// Bytes after decompression.
    decoded: u64,
    compressed: bool,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("decoded", &self.decoded).finish_non_exhaustive()
    }
}

impl Body {
    /// Reads a body in the encoding that its header `Content-Encoding` names; empty for none.
    ///
    /// # Errors
    /// [`ClientError::Encoding`] if the encoding is not identity, gzip or zstd.
    pub fn new(incoming: Incoming, encoding: &str) -> Result<Self, ClientError> {
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
                return Err(ClientError::Encoding(format!(
                    "unknown encoding {:?}",
                    printable(other.as_bytes(), 40)
                )));
            }
        };
        let compressed = !matches!(encoding.trim(), "" | "identity");
        Ok(Self { reader, arrived, decoded: 0, compressed })
    }

    /// Reads the next bytes into `buffer`, and returns how many; 0 at the end.
    ///
    /// # Errors
    /// [`ClientError`] if the body is cut, broken, too slow, or grows too much during decompression.
    pub async fn read(
        &mut self,
        buffer: &mut [u8],
        limits: &Limits,
        deadline: Deadline,
    ) -> Result<usize, ClientError> {
        let read = deadline.wait(limits.idle, ClientError::IdleTimeout, self.reader.read(buffer)).await?;
        let len = match read {
            // A body without any bytes is empty, whatever encoding its headers state.
            Err(error) if is_early_end(&error) && self.arrived.load(Ordering::Relaxed) == 0 => 0,
            read => read.map_err(|error| fault(&error))?,
        };
        self.decoded += len as u64;
        let allowed =
            self.arrived.load(Ordering::Relaxed).saturating_mul(limits.expansion).max(EXPANSION_FREE);
        if self.compressed && self.decoded > allowed {
            return Err(ClientError::Expansion(limits.expansion));
        }
        Ok(len)
    }
}

/// Whether a decoder needed more bytes than there were; an early end of the network is an error of hyper.
fn is_early_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

/// The meaning of a failed read: an error of the network, or of the encoding.
fn fault(error: &io::Error) -> ClientError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<hyper::Error>()) {
        Some(http) if http.is_parse() || is_framing(http) => {
            ClientError::Http(printable(http.to_string().as_bytes(), 200))
        }
        Some(_) => ClientError::Cut,
        None if is_early_end(error) => ClientError::Cut,
        None => ClientError::Encoding(printable(error.to_string().as_bytes(), 200)),
    }
}

/// Whether the chunks of a body are invalid.
fn is_framing(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause
        .is_some_and(|cause| matches!(cause.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData))
}
