//! The compression of an input, and decoders that decompress it while it is read.
//!
//! [`Packing::of`] detects the compression from the first bytes, because file names can be wrong; a request declares it in its
//! `Content-Encoding`. Decompression is streamed: a small input that expands to a large one takes time but no memory.
//! [`Bounds`] limits the memory that untrusted input can request.
//!
//! Errors: if a decoder cannot be created, that is an error of the system (no memory), never an empty input. Damaged data is an
//! error of reading; everything read before it is valid.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// The compression of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952, one or several members.
    Gzip,
    /// Not compressed.
    Plain,
    /// The xz format, one or several streams.
    Xz,
    /// RFC 8878, frames and skippable frames.
    Zstd,
}

/// How much memory a decoder may use.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The largest window of a zstd stream, as a power of two in bytes.
    zstd_window: u32,
    /// The memory of an xz decoder, in bytes.
    xz_memory: u64,
}

impl Bounds {
    /// For a file that a user chose: zstd's own limit, and four times the memory that xz's strongest setting needs (65 MiB).
    pub const FILE: Self = Self { zstd_window: 27, xz_memory: 256 << 20 };
    /// For a request: 8 MiB, which every zstd decoder must support (RFC 8878), because many requests may arrive at once.
    pub const REQUEST: Self = Self { zstd_window: 23, xz_memory: 16 << 20 };
}

impl Packing {
    /// Detects the compression from the first bytes of an input.
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or a skippable frame.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => Self::Plain,
        }
    }

    /// Decompresses `packed` while it is read.
    ///
    /// # Errors
    /// A decoder could not be created.
    pub fn unpack(
        self,
        bytes: impl BufRead + Send + 'static,
        bounds: Bounds,
    ) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Plain => Box::new(bytes),
            Self::Gzip => Box::new(MultiGzDecoder::new(bytes)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
                decoder.window_log_max(bounds.zstd_window)?;
                Box::new(decoder)
            }
            Self::Xz => {
                let stream = Stream::new_stream_decoder(bounds.xz_memory, CONCATENATED)?;
                Box::new(XzDecoder::new_stream(bytes, stream))
            }
        })
    }
}
