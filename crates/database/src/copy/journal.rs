//! What a copy has sent, so that it can be continued: [`Journal`].
//!
//! A journal is one file, replaced as a whole before each slice is sent:
//!
//! ```text
//! "backsight copy 1\n" ‖ postcard: input, from, to, the number of earlier entries, the slice that is being sent or was sent last
//! ```
//!
//! `input` is the name under which the target counts the slices. It is random, so that two copies are never taken for one. Errors are
//! [`io::Error`]; a file that is no journal, or that of another copy, has the kind `InvalidData`.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use store::Cursor;

use super::Copied;
use super::slice::Slice;

const MARK: &[u8] = b"backsight copy 1\n";

/// The two sides of a copy, so written that the same side is always the same text.
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
    /// The entries of all slices before this one.
    before: u64,
    /// The last slice that was planned.
    slice: Option<Slice>,
}

/// What has to be done next.
#[derive(Debug)]
pub(super) enum Stage {
    /// Everything was copied.
    Complete,
    /// The planned slice is not stored yet.
    Send,
    /// The next slice has to be read.
    Read { number: u64, cursor: Option<Cursor> },
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
                State { input: name()?, sides: sides.clone(), before: 0, slice: None }
            }
            Err(error) => return Err(error),
        };
        Ok(Self { file: file.to_owned(), state })
    }

    /// The name under which the target counts slices.
    pub fn input(&self) -> &str {
        &self.state.input
    }

    /// How many slices were planned.
    pub fn planned(&self) -> u64 {
        self.state.slice.as_ref().map_or(0, |slice| slice.number)
    }

    /// Whether the last slice of the source was planned.
    pub fn is_at_the_end(&self) -> bool {
        self.state.slice.as_ref().is_some_and(|slice| slice.next.is_none())
    }

    /// The planned slice.
    pub(super) fn slice(&self) -> Option<&Slice> {
        self.state.slice.as_ref()
    }

    /// The numbers of what was planned, with what was compared.
    pub(super) fn add_to(&self, copied: Copied) -> Copied {
        let entries = self.state.slice.as_ref().map_or(0, |slice| slice.len() as u64);
        Copied { entries: self.state.before + entries, slices: self.planned(), ..copied }
    }

    /// What has to be done next, if the target has stored so many slices; `None` if that cannot be.
    pub(super) fn stage(&self, stored: u64) -> Option<Stage> {
        let Some(slice) = &self.state.slice else {
            return (stored == 0).then_some(Stage::Read { number: 1, cursor: None });
        };
        match &slice.next {
            _ if stored + 1 == slice.number => Some(Stage::Send),
            _ if stored != slice.number => None,
            None => Some(Stage::Complete),
            next => Some(Stage::Read { number: stored + 1, cursor: next.clone() }),
        }
    }

    /// Writes down a slice that is about to be sent.
    ///
    /// # Errors
    /// I/O errors.
    pub(super) fn plan(&mut self, slice: Slice) -> io::Result<()> {
        self.state.before = self.add_to(Copied::default()).entries;
        self.state.slice = Some(slice);
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
