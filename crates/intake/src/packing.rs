//! How bytes are packed, and the decoders that unpack them as they are read.
//!
//! [`Packing::of`] looks at the first bytes, because names lie; a request says it in its `Content-Encoding` instead. Unpacking
//! streams: a small input that unpacks to a large one takes time and no memory. What a stranger's input may ask of memory is
//! bounded by [`Bounds`].
//!
//! Errors: a decoder that cannot be made is the system's fault (no memory), never an empty input. What is damaged is an error
//! of reading; what was read before it is good.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// How an input is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952, one member or several.
    Gzip,
    /// Not at all.
    Plain,
    /// The xz format, one stream or several.
    Xz,
    /// RFC 8878, frames and skippable frames.
    Zstd,
}

/// How much memory a decoder may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The largest window of a zstd stream, as a power of two.
    zstd_window: u32,
    /// Bytes of an xz decoder.
    xz_memory: u64,
}

impl Bounds {
    /// Of a file that somebody chose: zstd's own limit, and four times what xz's strongest setting takes (65 MiB).
    pub const FILE: Self = Self { zstd_window: 27, xz_memory: 256 << 20 };
    /// Of a request: 8 MiB, which every zstd decoder must have (RFC 8878), because many may come at once.
    pub const REQUEST: Self = Self { zstd_window: 23, xz_memory: 16 << 20 };
}

impl Packing {
    /// What the first bytes of an input say.
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or one that is to be skipped.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => Self::Plain,
        }
    }

    /// Unpacks what is read.
    ///
    /// # Errors
    /// No decoder can be made.
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
