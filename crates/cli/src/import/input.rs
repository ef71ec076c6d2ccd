//! An input: unpacked as it is read, whatever its name says, and known again by its first 64 KiB and its size.
//!
//! Unpacking is streaming: a small file that unpacks to a large one takes time and no memory. A packed file that ends before it
//! should is an error of reading; what was read before it is good.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use super::How;
use crate::database::args::Kind;

/// How much of a file tells it from others, in octets.
const HEAD: u64 = 64 * 1024;
/// The most memory that a stranger's xz file may ask for; the tool's own strongest setting takes 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;
/// The largest window of a zstd file, as a power of two: the tool's own limit.
const ZSTD_WINDOW: u32 = 27;
/// What is read at once, in octets.
const PIECE: usize = 128 * 1024;

/// What is read.
pub(crate) struct Input {
    octets: Box<dyn Read + Send>,
    /// Of the file as it is; unknown where there is none.
    size: Option<u64>,
    identity: Option<Identity>,
    read: Arc<AtomicU64>,
}

/// What tells a file from others.
pub(crate) struct Identity {
    head: Vec<u8>,
    size: u64,
}

impl Input {
    /// A file.
    ///
    /// # Errors
    /// The system's, and what is wrong with how it is packed.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let size = Some(metadata.len()).filter(|_| metadata.is_file());
        Self::new(file, size)
    }

    /// What has no name and no end that is known.
    ///
    /// # Errors
    /// As with a file.
    pub(super) fn of(octets: impl Read + Send + 'static) -> io::Result<Self> {
        Self::new(octets, None)
    }

    fn new(mut octets: impl Read + Send + 'static, size: Option<u64>) -> io::Result<Self> {
        let mut head = Vec::new();
        octets.by_ref().take(HEAD).read_to_end(&mut head)?;
        let read = Arc::new(AtomicU64::new(0));
        let whole = Cursor::new(head.clone()).chain(octets);
        let counted = Counted { octets: whole, read: Arc::clone(&read) };
        let octets = unpack(&head, counted)?;
        Ok(Self { octets, size, identity: size.map(|size| Identity { head, size }), read })
    }

    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    pub(super) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// How much of the file has been read.
    pub(super) fn progress(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.octets.read(buffer)
    }
}

impl Identity {
    /// Under which name its position is kept. Sightings count once whoever is said to have made them; reports of
    /// different origins are different words.
    pub(super) fn name(&self, how: How<'_>) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(&self.size.to_le_bytes()).update(&self.head);
        if how.kind == Kind::Report {
            for text in [how.origin, how.sensor] {
                hash.update(text.map(|text| text.as_bytes()).unwrap_or_default()).update(&[0xff]);
            }
        }
        format!("{}:{}", how.kind.word(), hash.finalize().to_hex())
    }
}

fn unpack(head: &[u8], octets: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let octets = BufReader::with_capacity(PIECE, octets);
    Ok(match head {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(octets)),
        // A frame, or one that is to be skipped.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(octets)?;
            decoder.window_log_max(ZSTD_WINDOW)?;
            Box::new(decoder)
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
            Box::new(XzDecoder::new_stream(octets, stream))
        }
        _ => Box::new(octets),
    })
}

/// Counts what is read.
struct Counted<R> {
    octets: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.octets.read(buffer)?;
        self.read.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const TEXT: &[u8] = b"{\"rrname\":\"a.example\"}\n";

    fn read(octets: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        Input::of(Cursor::new(octets))?.read_to_end(&mut all)?;
        Ok(all)
    }

    fn gzip() -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(TEXT).unwrap();
        encoder.finish().unwrap()
    }

    fn xz() -> Vec<u8> {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
        encoder.write_all(TEXT).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_packed_is_unpacked_once_or_in_several_parts() {
        let zstd = zstd::encode_all(TEXT, 1).unwrap();
        for packed in [TEXT.to_vec(), gzip(), xz(), zstd] {
            assert_eq!(read(packed.clone()).unwrap(), TEXT);
            assert_eq!(read(packed.repeat(3)).unwrap(), TEXT.repeat(3));
        }
        assert_eq!(read(Vec::new()).unwrap(), b"");
    }

    #[test]
    fn what_is_cut_is_an_error() {
        for packed in [gzip(), xz(), zstd::encode_all(TEXT, 1).unwrap()] {
            assert!(read(packed[..packed.len() - 3].to_vec()).is_err());
        }
    }

    #[test]
    fn reports_of_different_origins_are_different_inputs_and_sightings_are_not() {
        let input = Input::new(TEXT, Some(TEXT.len() as u64)).unwrap();
        let origin = Arc::from("https://a.example/");
        let name = |kind, origin| input.identity().unwrap().name(How { kind, origin, ..How::default() });
        assert_ne!(name(Kind::Report, None), name(Kind::Report, Some(&origin)));
        assert_eq!(name(Kind::Observation, None), name(Kind::Observation, Some(&origin)));
        assert_ne!(name(Kind::Observation, None), name(Kind::Report, None));
        let longer = Input::new(TEXT, Some(TEXT.len() as u64 + 1)).unwrap();
        assert_ne!(name(Kind::Report, None), longer.identity().unwrap().name(How::default()));
    }
}
