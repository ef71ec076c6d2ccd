//! An input: decompressed while it is read, whatever its name, and identified by a digest of all of it.
//!
//! A file is read twice: once to identify it, and once to import it. The second pass also computes the digest, so that a file
//! that changes in between is noticed, and not stored as complete. A compressed file of observations is read once more to
//! digest its decompressed content: observations add up, and the same ones must be recognised with another compression.
//! Standard input is treated as a file if it is redirected from one.
//!
//! Decompression is streamed: a small file that expands to a large one takes time but no memory. If a compressed file ends too
//! early, that is an error of reading; everything read before it is valid.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek as _};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use cof::Digest;
use indicatif::{ProgressBar, ProgressStyle};
use intake::{Bounds, Digests, Format, Packing, Said};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use store::{Store, StoreError};

use super::How;
use crate::args::database::Kind;

/// How many bytes of a file older versions used to identify it.
const HEAD: u64 = 64 * 1024;
/// What is said of a file that is not the one that was identified.
pub(super) const CHANGED: &str = "the file changed while it was read; import it again when it is complete";
/// How many bytes tell how an input is compressed.
const SIGNATURE: u64 = 6;
/// How long a pipe may pause before what it sent is stored, in milliseconds.
const PAUSE: i64 = 500;
/// Bytes read at a time.
const PIECE: usize = 128 * 1024;
/// Bytes digested at a time.
const HASHED: usize = 1 << 20;

/// An open input.
pub(crate) struct Input {
    octets: Box<dyn Read + Send>,
    format: Format,
    /// Whether it is a pipe that may pause for as long as it likes.
    is_live: bool,
    /// The size of the file; `None` if the input is not a file.
    size: Option<u64>,
    identity: Option<Identity>,
    /// The digest of the bytes read so far, before decompression.
    digest: Arc<Mutex<blake3::Hasher>>,
    /// Whether the bytes are those of the file.
    is_packed: bool,
    read: Arc<AtomicU64>,
}

/// What distinguishes a file from others.
pub(crate) struct Identity {
    digests: Digests,
    head: Vec<u8>,
    size: u64,
}

/// How a file is identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is not identified.
    No,
    /// By its bytes.
    ByBytes,
    /// Also by its decompressed content.
    ByContent,
}

impl Input {
    /// Opens a file. If it has to be identified, which depends on its format, it is read to its end first, with a progress bar. A
    /// format that is given is not detected.
    ///
    /// # Errors
    /// I/O errors, and errors of the compression.
    pub(super) fn open(
        path: &Path,
        given: Option<Format>,
        known: impl Fn(Format) -> Known,
    ) -> io::Result<Self> {
        Self::of_file(File::open(path)?, given, known)
    }

    /// Opens standard input, which counts as a file if it is redirected from one and nothing has been read from it.
    ///
    /// # Errors
    /// As for a file.
    pub(super) fn standard(given: Option<Format>, known: impl Fn(Format) -> Known) -> io::Result<Self> {
        let mut file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        if file.metadata()?.is_file() && file.stream_position()? == 0 {
            return Self::of_file(file, given, known);
        }
        Ok(Self { is_live: true, ..Self::new(Pipe(file), None, None, given)? })
    }

    fn of_file(mut file: File, given: Option<Format>, known: impl Fn(Format) -> Known) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let Some(size) = Some(metadata.len()).filter(|_| metadata.is_file()) else {
            return Self::new(file, None, None, given);
        };
        let format = match given {
            Some(format) => format,
            None => Self::new(file.try_clone()?, None, None, None)?.format,
        };
        file.rewind()?;
        let digests = match known(format) {
            Known::No => None,
            known => Some(digests_of(&mut file, size, known)?),
        };
        Self::new(file, Some(size), digests, Some(format))
    }

    /// An input without a name and a known length.
    ///
    /// # Errors
    /// As for a file.
    pub(super) fn of(octets: impl Read + Send + 'static) -> io::Result<Self> {
        Self::new(octets, None, None, None)
    }

    fn new(
        mut octets: impl Read + Send + 'static,
        size: Option<u64>,
        digests: Option<Digests>,
        given: Option<Format>,
    ) -> io::Result<Self> {
        let head = head_of(&mut octets, if size.is_some() { HEAD } else { SIGNATURE })?;
        let (read, hasher) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(blake3::Hasher::new())));
        let packing = Packing::of(&head);
        let whole = Cursor::new(head.clone()).chain(octets);
        let identity = digests.zip(size).map(|(digests, size)| Identity { digests, head, size });
        // What is not packed is digested once, where it is read.
        let is_packed = packing != Packing::Plain;
        let digest = (identity.is_some() && is_packed).then(|| Arc::clone(&hasher));
        let counted = Counted { octets: whole, read: Arc::clone(&read), digest };
        let octets = packing.unpack(BufReader::with_capacity(PIECE, counted), Bounds::FILE)?;
        let (format, octets) = match given {
            Some(format) => (format, octets),
            None => intake::detect(octets),
        };
        Ok(Self { octets, format, is_live: false, size, identity, digest: hasher, is_packed, read })
    }

    /// The digest of what is read, if whoever reads it has to compare it.
    pub(super) fn identified(&self) -> Option<Digest> {
        let identity = self.identity.as_ref().filter(|_| !self.is_packed)?;
        Some(*identity.digests.packed.as_bytes())
    }

    /// Whether the packed bytes read are different from those that identified the input; valid at its end.
    fn has_changed(&self) -> bool {
        let read = self.digest.lock().unwrap_or_else(PoisonError::into_inner).finalize();
        self.identity.as_ref().is_some_and(|identity| self.is_packed && identity.digests.packed != read)
    }

    /// What it is written in.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// Whether what arrives has to be stored although more may follow.
    pub(super) fn is_live(&self) -> bool {
        self.is_live && self.format.is_of_sensors()
    }

    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    pub(super) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// How many bytes of the file have been read.
    pub(super) fn progress(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.octets.read(buffer)?;
        if len == 0 && !buffer.is_empty() && self.has_changed() {
            return Err(io::Error::other(CHANGED));
        }
        Ok(len)
    }
}

impl Identity {
    /// The name under which its position is stored.
    ///
    /// # Errors
    /// Errors of the database.
    pub(super) fn name(&self, database: &impl Store, how: How<'_>) -> Result<String, StoreError> {
        intake::name_in(database, self.digests, said(how))
    }

    /// The name that older versions gave it, from its first 64 KiB and its size.
    pub(super) fn old_name(&self, how: How<'_>) -> String {
        intake::old_name_of(&self.head, self.size, said(how))
    }

    /// Whether the old name depends on the whole content.
    pub(super) fn is_small(&self) -> bool {
        self.size <= HEAD
    }
}

pub(super) fn said(how: How<'_>) -> Said<'_> {
    Said {
        observed: how.kind() == Kind::Observation,
        origin: how.origin.map(|origin| &**origin),
        sensor: how.sensor.map(|sensor| &**sensor),
        keep_sensors: how.keep_sensors,
        orientation: how.orientation,
    }
}

/// Reads a file to its end, and once more decompressed if requested, and goes back to its start.
fn digests_of(file: &mut File, size: u64, known: Known) -> io::Result<Digests> {
    let mut head = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut head)?;
    file.rewind()?;
    let packed = digest_of(file, size)?;
    let packing = Packing::of(&head);
    let content = match known {
        Known::ByContent if packing == Packing::Plain => Some(packed),
        Known::ByContent => {
            intake::digest_of_content(file.try_clone()?, packing, Bounds::FILE, u64::MAX - 1)?
        }
        Known::ByBytes | Known::No => None,
    };
    file.rewind()?;
    Ok(Digests { packed, content })
}

/// Reads a file to its end and goes back to its start.
fn digest_of(file: &mut File, size: u64) -> io::Result<blake3::Hash> {
    let template = "{bar:24} {percent} % checking whether it was imported before, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(size).with_style(style);
    let digest = digest_while_reading(bar.wrap_read(&mut *file));
    bar.finish_and_clear();
    file.rewind()?;
    digest
}

/// Digests one piece while the next one is read on another thread.
fn digest_while_reading(mut octets: impl Read + Send) -> io::Result<blake3::Hash> {
    let (send, pieces) = sync_channel::<Vec<u8>>(1);
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            loop {
                let mut piece = Vec::with_capacity(HASHED);
                octets.by_ref().take(HASHED as u64).read_to_end(&mut piece)?;
                // The other side only ends after this one.
                if piece.is_empty() || send.send(piece).is_err() {
                    return Ok(());
                }
            }
        });
        let mut hasher = blake3::Hasher::new();
        for piece in pieces {
            hasher.update(&piece);
        }
        reading.join().unwrap_or_else(|_| Err(io::Error::other("reading failed unexpectedly")))?;
        Ok(hasher.finalize())
    })
}

/// Reads the start of an input, and waits for it.
fn head_of(octets: &mut impl Read, most: u64) -> io::Result<Vec<u8>> {
    let (mut head, mut octets) = (Vec::new(), octets.by_ref().take(most));
    loop {
        match octets.read_to_end(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
            read => return read.map(|_| head),
        }
    }
}

/// A pipe; reading reports a timeout when nothing arrives for a while.
struct Pipe(File);

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let pause = Timespec { tv_sec: 0, tv_nsec: PAUSE * 1_000_000 };
        let mut polled = [PollFd::new(&self.0, PollFlags::IN)];
        match poll(&mut polled, Some(&pause))? {
            0 => Err(io::ErrorKind::TimedOut.into()),
            _ => self.0.read(buffer),
        }
    }
}

/// Counts and digests the bytes read.
struct Counted<R> {
    octets: R,
    read: Arc<AtomicU64>,
    digest: Option<Arc<Mutex<blake3::Hasher>>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.octets.read(buffer)?;
        self.read.fetch_add(len as u64, Ordering::Relaxed);
        if let Some(digest) = &self.digest {
            let mut digest = digest.lock().unwrap_or_else(PoisonError::into_inner);
            digest.update(buffer.get(..len).unwrap_or_default());
        }
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cof::SourceKind;
    use intake::batches::{Fault, Order};
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
        let digests = |text: &[u8]| Some(Digests { packed: blake3::hash(text), content: None });
        let input = Input::new(TEXT, Some(TEXT.len() as u64), digests(TEXT), None).unwrap();
        let (origin, store) = (Arc::from("https://a.example/"), store::Memory::default());
        let name = |kind, origin| {
            let how = How { kind: Some(kind), origin, ..How::default() };
            input.identity().unwrap().name(&store, how).unwrap()
        };
        assert_ne!(name(Kind::Report, None), name(Kind::Report, Some(&origin)));
        assert_eq!(name(Kind::Observation, None), name(Kind::Observation, Some(&origin)));
        assert_ne!(name(Kind::Observation, None), name(Kind::Report, None));
        let other = Input::new(TEXT, Some(TEXT.len() as u64), digests(b"other"), None).unwrap();
        assert_ne!(name(Kind::Report, None), other.identity().unwrap().name(&store, How::default()).unwrap());
    }

    #[test]
    fn a_file_that_changes_before_it_is_taken_in_fails_at_its_end() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(TEXT).unwrap();
        let mut input = Input::open(file.path(), None, |_| Known::ByContent).unwrap();
        input.read_to_end(&mut Vec::new()).unwrap();
        let packed = |text: &[u8]| zstd::encode_all(text, 0).unwrap();
        let digests = Some(Digests { packed: blake3::hash(&packed(TEXT)), content: None });
        let size = Some(packed(TEXT).len() as u64);
        let mut input = Input::new(Cursor::new(packed(&TEXT.repeat(2))), size, digests, None).unwrap();
        assert!(input.read_to_end(&mut Vec::new()).unwrap_err().to_string().contains("changed"));
        // What is not packed is compared by whoever makes records of it.
        let plain = |identified: &[u8]| {
            let digests = Some(Digests { packed: blake3::hash(identified), content: None });
            Input::new(TEXT, Some(TEXT.len() as u64), digests, None).unwrap()
        };
        for (mut input, is_same) in [(plain(TEXT), true), (plain(b"other"), false)] {
            let order =
                Order { identified: input.identified(), ..Order::new(SourceKind::Report, 1_700_000_000) };
            let (_, fault) = intake::batches::read(&mut input, &order, None, &mut |_, _| Ok(()));
            assert_eq!(matches!(fault, Some(Fault::Changed)), !is_same, "{fault:?}");
        }
    }
}
