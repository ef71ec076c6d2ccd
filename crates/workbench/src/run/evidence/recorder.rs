//! Writes evidence while it arrives.
//!
//! Most answers are small and arrive at once. [`Recorder`] holds such an answer in memory, and compresses it at its end. An answer
//! that is larger than [`SMALL`], or that takes longer than [`SOON`] ([`Recorder::write_through`]), is written to its part as it
//! arrives; a large one by a separate thread. At the end, a large answer gets a file with its final name. A small one does not,
//! however long it took ([`Recorded`]).

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::part::part;
use super::{FOLDER, LEVEL, Recorded, Stored, path_of};
use crate::{Error, files};

/// How long after its request an answer may be held in memory: a process that is killed in this time loses it.
pub(in crate::run) const SOON: Duration = Duration::from_millis(100);
/// The largest answer that becomes a row of the database, in bytes: SQLite reads and writes larger ones slower than files, and a
/// copy of the database has all rows.
const SMALL: usize = 64 * 1024;
/// A larger answer, in bytes, is written by a separate thread.
const LARGE: u64 = 1 << 20;
/// How many pieces of an answer may wait for that thread.
const WAITING: usize = 8;
/// The thread flushes when nothing has arrived for this time, or when more than a block has arrived since.
const PAUSE: Duration = Duration::from_millis(100);

thread_local! {
    /// Compresses small answers; creating a compressor takes longer than using it.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

/// Writes evidence while it arrives. If it is dropped before its end, everything that arrived is in its part.
pub(in crate::run) struct Recorder {
    folder: PathBuf,
    part: PathBuf,
    tape: Tape,
    /// Whether everything is written at once.
    through: bool,
}

/// Evidence that is being written.
enum Tape {
    /// In memory.
    Held(Vec<u8>),
    /// By the reader of the answer.
    Here(Box<Writing>),
    /// By a separate thread: compressing takes about half as long as reading.
    Aside(SyncSender<Vec<u8>>, JoinHandle<Result<Writing, Error>>),
}

struct Writing {
    part: PathBuf,
    encoder: zstd::stream::write::Encoder<'static, File>,
    hasher: blake3::Hasher,
    bytes: u64,
    /// All of it, as long as it is small.
    small: Option<Vec<u8>>,
}

impl Recorder {
    /// A recorder for the answer of a run.
    pub(in crate::run) fn new(folder: &Path, run: i64) -> Self {
        Self::into_part(folder, part(folder, run))
    }

    /// A recorder with another name for its part.
    pub(super) fn into_part(folder: &Path, part: PathBuf) -> Self {
        Self { part, folder: folder.join(FOLDER), tape: Tape::Held(Vec::new()), through: false }
    }

    /// Adds bytes. They are held in memory, or can be read back when this returns; if the answer is large, a moment later.
    pub(in crate::run) fn write(&mut self, octets: &[u8]) -> Result<(), Error> {
        if octets.is_empty() {
            return Ok(());
        }
        let tape = match self.take() {
            Tape::Held(mut held) if !self.through && held.len() + octets.len() <= SMALL => {
                held.extend_from_slice(octets);
                self.tape = Tape::Held(held);
                return Ok(());
            }
            Tape::Held(held) => {
                let mut writing = begin(&self.folder, &self.part)?;
                writing.write(&held)?;
                Tape::Here(Box::new(writing))
            }
            Tape::Here(writing) if writing.bytes >= LARGE => writing.aside(),
            tape => tape,
        };
        self.tape = tape.write(octets)?;
        Ok(())
    }

    /// Writes what is held, and from now on everything at once.
    pub(in crate::run) fn write_through(&mut self) -> Result<(), Error> {
        self.through = true;
        match self.take() {
            Tape::Held(held) => self.write(&held),
            tape => {
                self.tape = tape;
                Ok(())
            }
        }
    }

    /// Whether finishing it takes a while.
    pub(in crate::run) fn is_large(&self) -> bool {
        matches!(self.tape, Tape::Aside(..))
    }

    /// Ends it. A large answer gets its final name; the part of any answer stays until [`forget_part`](super::forget_part).
    pub(in crate::run) fn finish(mut self) -> Result<Recorded, Error> {
        let writing = match self.take() {
            Tape::Held(held) => return self.small(&held),
            Tape::Here(writing) => *writing,
            Tape::Aside(pieces, thread) => {
                drop(pieces);
                joined(thread)?
            }
        };
        let failed = |error| Error::io("writing", &self.part, error);
        writing.encoder.finish().map_err(failed)?;
        if let Some(held) = writing.small {
            return self.small(&held);
        }
        let hash = writing.hasher.finalize().to_hex().to_string();
        name(&self.part, &path_of(&self.folder, &hash)).map_err(failed)?;
        Ok(Recorded { stored: Stored { hash: Some(hash), bytes: writing.bytes }, small: None })
    }

    /// A small answer.
    fn small(&self, octets: &[u8]) -> Result<Recorded, Error> {
        if octets.is_empty() {
            return Ok(Recorded::NOTHING);
        }
        let packed = compress(octets).map_err(|error| Error::io("compressing", &self.part, error))?;
        let hash = Some(blake3::hash(octets).to_hex().to_string());
        let stored = Stored { hash, bytes: octets.len() as u64 };
        Ok(Recorded { stored, small: Some(Arc::from(packed)) })
    }

    fn take(&mut self) -> Tape {
        std::mem::replace(&mut self.tape, Tape::Held(Vec::new()))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Nothing is held if it was finished.
        if let Tape::Held(held) = self.take()
            && !held.is_empty()
            && let Ok(mut writing) = begin(&self.folder, &self.part)
        {
            // If this fails, the run keeps nothing of the answer, as if nothing had arrived.
            let _ = writing.write(&held).and_then(|()| writing.flush());
        }
    }
}

fn compress(octets: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| match compressor {
        Some(compressor) => compressor.compress(octets),
        None => compressor.insert(zstd::bulk::Compressor::new(LEVEL)?).compress(octets),
    })
}

/// Gives a finished file the name of its content. An existing file is the same or was damaged since, so it is replaced without
/// reading it.
fn name(part: &Path, named: &Path) -> io::Result<()> {
    match std::fs::hard_link(part, named) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => replace(part, named),
        // If the file system does not support hard links, the file is moved: a crash at this moment loses what the run had
        // received.
        Err(_) => std::fs::rename(part, named),
        Ok(()) => Ok(()),
    }
}

/// Replaces a file that was damaged since; the new file also keeps its own name.
fn replace(part: &Path, named: &Path) -> io::Result<()> {
    let second = part.with_extension("second");
    // A file left by a crash must not prevent this.
    let _ = std::fs::remove_file(&second);
    std::fs::hard_link(part, &second)?;
    std::fs::rename(&second, named)
}

impl Tape {
    fn write(self, octets: &[u8]) -> Result<Self, Error> {
        match self {
            Self::Held(mut held) => {
                held.extend_from_slice(octets);
                Ok(Self::Held(held))
            }
            Self::Here(mut writing) => {
                writing.write(octets)?;
                writing.flush()?;
                Ok(Self::Here(writing))
            }
            Self::Aside(pieces, thread) => match pieces.send(octets.to_vec()) {
                Ok(()) => Ok(Self::Aside(pieces, thread)),
                // The thread ends before this one only with an error.
                Err(_) => Err(joined(thread).err().unwrap_or_else(|| bug("it ended"))),
            },
        }
    }
}

impl Writing {
    fn write(&mut self, octets: &[u8]) -> Result<(), Error> {
        self.encoder.write_all(octets).map_err(|error| Error::io("writing", &self.part, error))?;
        self.hasher.update(octets);
        self.small = self.small.take().filter(|held| held.len() + octets.len() <= SMALL);
        if let Some(held) = &mut self.small {
            held.extend_from_slice(octets);
        }
        self.bytes += octets.len() as u64;
        Ok(())
    }

    /// Makes what was written readable.
    fn flush(&mut self) -> Result<(), Error> {
        self.encoder.flush().map_err(|error| Error::io("writing", &self.part, error))
    }

    /// Continues in a thread that is a few pieces behind; the reader waits if the thread cannot keep up.
    fn aside(mut self) -> Tape {
        let (pieces, waiting) = sync_channel::<Vec<u8>>(WAITING);
        let thread = std::thread::spawn(move || {
            loop {
                match waiting.recv_timeout(PAUSE) {
                    Ok(octets) => self.write(&octets)?,
                    Err(RecvTimeoutError::Timeout) => self.flush()?,
                    Err(RecvTimeoutError::Disconnected) => return Ok(self),
                }
            }
        });
        Tape::Aside(pieces, thread)
    }
}

fn joined(thread: JoinHandle<Result<Writing, Error>>) -> Result<Writing, Error> {
    thread.join().unwrap_or_else(|_| Err(bug("it panicked")))
}

fn bug(how: &str) -> Error {
    Error::Bug(format!("the thread that writes evidence: {how}"))
}

fn begin(folder: &Path, part: &Path) -> Result<Writing, Error> {
    let failed = |error| Error::io("creating", part, error);
    let file = create(folder, part).map_err(failed)?;
    let encoder = zstd::stream::write::Encoder::new(file, LEVEL).map_err(failed)?;
    let (part, hasher) = (part.to_owned(), blake3::Hasher::new());
    Ok(Writing { part, encoder, hasher, bytes: 0, small: Some(Vec::new()) })
}

/// Creates a part or empties it, and creates the folder if it does not exist.
fn create(folder: &Path, part: &Path) -> io::Result<File> {
    let open = || files::for_owner().create(true).truncate(true).open(part);
    match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            files::create(folder)?;
            open()
        }
        opened => opened,
    }
}
