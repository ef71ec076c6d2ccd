//! What a copy has sent, so that it can be continued: [`Journal`].
//!
//! A journal is one file, replaced as a whole before each slice is sent, and when it was stored and compared:
//!
//! ```text
//! "backsight copy 1\n" ‖ postcard: input, from, to, slices and entries that are done, the key of the next tuple, the slice that is sent
//! ```
//!
//! `input` is the name under which the target counts the slices. It is random, so that two copies are never taken for one. Errors are
//! [`io::Error`]; a file that is no journal, or that of another copy, has the kind `InvalidData`.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Copied;
use super::slice::Slice;

const MARK: &[u8] = b"backsight copy 1\n";

/// The two sides of a copy: the same text for the same database, and for no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    /// The source.
    pub from: String,
    /// The target.
    pub to: String,
}

/// The journal of one copy.
#[derive(Debug)]
pub struct Journal {
    file: PathBuf,
    state: State,
}

#[derive(Debug, Serialize, Deserialize)]
struct State {
    input: String,
    sides: Sides,
    /// How many slices are stored and compared, and their entries.
    done: u64,
    entries: u64,
    /// The key of the first tuple after them.
    next: Option<Vec<u8>>,
    is_over: bool,
    /// The slice after them, if it was read.
    slice: Option<Slice>,
}

/// What has to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Everything was copied.
    Complete,
    /// The next slice has to be read.
    Read,
    /// The slice is not stored yet.
    Send,
    /// It is stored, and was not compared.
    Compare,
}

impl Journal {
    /// Opens the journal of a copy between these sides, or begins one if there is no such file.
    ///
    /// # Errors
    /// I/O errors; `InvalidData` if the file is something else, or the journal of another copy.
    pub fn open(file: &Path, sides: &Sides) -> io::Result<Self> {
        let state = match fs::read(file) {
            Ok(bytes) => read(&bytes, sides)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (input, sides) = (name()?, sides.clone());
                State { input, sides, done: 0, entries: 0, next: None, is_over: false, slice: None }
            }
            Err(error) => return Err(error),
        };
        Ok(Self { file: file.to_owned(), state })
    }

    /// The name under which the target counts slices.
    pub fn input(&self) -> &str {
        &self.state.input
    }

    /// How many slices were read.
    pub fn planned(&self) -> u64 {
        self.state.done + u64::from(self.state.slice.is_some())
    }

    /// Whether everything was copied.
    pub fn is_over(&self) -> bool {
        self.state.is_over
    }

    /// The slice that is being sent.
    pub(super) fn slice(&self) -> Option<&Slice> {
        self.state.slice.as_ref()
    }

    /// The number and the first key of the slice that has to be read.
    pub(super) fn next(&self) -> (u64, Option<Vec<u8>>) {
        (self.state.done + 1, self.state.next.clone())
    }

    /// These numbers with those of what is done.
    pub(super) fn add_to(&self, copied: Copied) -> Copied {
        Copied { entries: self.state.entries, slices: self.state.done, ..copied }
    }

    /// What has to be done next, if the target has stored so many slices; `None` if that cannot be.
    pub(super) fn stage(&self, stored: u64) -> Option<Stage> {
        let State { done, slice, is_over, .. } = &self.state;
        match slice {
            // Nothing of it is in the target, and the source may have changed.
            Some(_) if stored == 0 && *done == 0 => Some(Stage::Read),
            Some(_) if stored == *done => Some(Stage::Send),
            Some(slice) if stored == slice.number => Some(Stage::Compare),
            None if stored == *done => Some(if *is_over { Stage::Complete } else { Stage::Read }),
            _ => None,
        }
    }

    /// Writes down a slice that is about to be sent.
    ///
    /// # Errors
    /// I/O errors.
    pub(super) fn plan(&mut self, slice: Slice) -> io::Result<()> {
        self.state.slice = Some(slice);
        self.write()
    }

    /// Writes down that the slice was stored and compared.
    ///
    /// # Errors
    /// I/O errors.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        let Some(slice) = self.state.slice.take() else { return Ok(()) };
        self.state.done = slice.number;
        self.state.entries += slice.len() as u64;
        self.state.is_over = slice.next.is_none();
        self.state.next = slice.next;
        self.write()
    }

    fn write(&self) -> io::Result<()> {
        let mut bytes = MARK.to_vec();
        bytes.extend(postcard::to_stdvec(&self.state).map_err(io::Error::other)?);
        replace(&self.file, &bytes)
    }
}

fn read(bytes: &[u8], sides: &Sides) -> io::Result<State> {
    let invalid = |why: &'static str| io::Error::new(io::ErrorKind::InvalidData, why);
    let content = bytes.strip_prefix(MARK).ok_or_else(|| invalid("it is not the journal of a copy"))?;
    let state: State = postcard::from_bytes(content).map_err(|_| invalid("it cannot be read"))?;
    if state.sides == *sides { Ok(state) } else { Err(invalid("it is the journal of another copy")) }
}

/// Replaces a file, durably and at once.
fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let new = file.with_extension("new");
    let mut written = File::create(&new)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    fs::rename(&new, file)?;
    File::open(folder)?.sync_all()
}

fn name() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("copy {:032x}", u128::from_le_bytes(bytes)))
}
