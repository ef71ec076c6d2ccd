//! The rotated files next to a file: [`of`].
//!
//! Errors: a folder that cannot be read is an error. A file that cannot be read is passed over: it may be gone, or be compressed in part.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cof::time::Clock;

use super::head::{self, Head};
use super::name;
use crate::batches::Order;
use crate::format::{Format, HEAD};
use crate::pause::{LOOK, pause};
use crate::{Bounds, Packing};

/// The most rotated files that are looked at: the newest ones.
const MOST: usize = 512;
/// Bytes of a compressed file that are read at a time.
const PIECE: usize = 128 * 1024;

/// How often a folder that changes is read.
const LISTINGS: usize = 20;

/// Device and inode.
type Id = (u64, u64);

/// A rotated file.
#[derive(Clone, Debug)]
pub(super) struct Sibling {
    pub(super) path: PathBuf,
    /// When it was written last, which compression keeps.
    pub(super) modified: SystemTime,
    /// Its size if it is not compressed.
    pub(super) plain_size: Option<u64>,
    pub(super) head: Head,
    pub(super) format: Format,
}

impl Sibling {
    /// Opens it, decompressed.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        unpacked(File::open(&self.path)?)
    }

    /// How long ago it was written last.
    pub(super) fn age(&self, order: &Order) -> Duration {
        let modified = self.modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = order.live.as_ref().map_or(Duration::MAX, Clock::now);
        // A clock that was set back says nothing.
        now.checked_sub(modified).unwrap_or(Duration::MAX)
    }

    /// What tells it from other files.
    pub(super) fn mark(&self) -> (PathBuf, SystemTime) {
        (self.path.clone(), self.modified)
    }

    fn at(path: PathBuf) -> io::Result<Option<Self>> {
        let file = File::open(&path)?;
        let metadata = file.metadata()?;
        let plain = Packing::of(&head::read(&file)?) == Packing::Plain;
        let mut bytes = Vec::new();
        // What can be read of a damaged file is enough to recognise it.
        let _ = unpacked(file)?.take(HEAD as u64).read_to_end(&mut bytes);
        let both = Head::of(&bytes, true).zip(Format::of(&bytes, true));
        let Some((head, format)) = both else { return Ok(None) };
        let modified = metadata.modified()?;
        Ok(Some(Self { path, modified, plain_size: plain.then_some(metadata.len()), head, format }))
    }
}

/// The rotated files of the file at this path, except one.
///
/// A folder whose files are renamed meanwhile is read again, so that none of them is missed.
pub(super) fn of(path: &Path, except: Option<Id>) -> io::Result<Vec<Sibling>> {
    let mut listed = list(path, except)?;
    for _ in 0..LISTINGS {
        let found =
            listed.iter().filter_map(|(_, _, path)| Sibling::at(path.clone()).ok().flatten()).collect();
        let again = list(path, except)?;
        let files = |all: &[(SystemTime, Id, PathBuf)]| -> BTreeSet<(Id, PathBuf)> {
            all.iter().map(|(_, id, path)| (*id, path.clone())).collect()
        };
        if files(&again) == files(&listed) {
            return Ok(found);
        }
        listed = again;
        pause(LOOK);
    }
    Ok(listed.into_iter().filter_map(|(_, _, path)| Sibling::at(path).ok().flatten()).collect())
}

/// When the rotated files were written last, what they are, and where; the newest first.
fn list(path: &Path, except: Option<Id>) -> io::Result<Vec<(SystemTime, Id, PathBuf)>> {
    let mut found: Vec<(SystemTime, Id, PathBuf)> = Vec::new();
    for (folder, name) in places(path) {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries.filter_map(Result::ok) {
            let is_one = entry.file_name().to_str().is_some_and(|entry| name::is_rotated(entry, &name));
            let Some(metadata) = is_one.then(|| entry.metadata().ok()).flatten() else { continue };
            let id = (metadata.dev(), metadata.ino());
            if metadata.is_file() && Some(id) != except && !found.iter().any(|(_, known, _)| *known == id) {
                found.push((metadata.modified()?, id, entry.path()));
            }
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(MOST);
    Ok(found)
}

/// The folders in which rotated files may be, each with the name that they begin with. A link may have a name of its own.
fn places(path: &Path) -> BTreeSet<(PathBuf, String)> {
    let mut places = BTreeSet::new();
    for path in [Some(path.to_owned()), fs::canonicalize(path).ok()].into_iter().flatten() {
        let Some((folder, name)) = path.parent().zip(path.file_name().and_then(|name| name.to_str())) else {
            continue;
        };
        places.extend(name::without_mark(name).map(|name| (folder.to_owned(), name)));
        places.insert((folder.to_owned(), name.to_owned()));
    }
    places
}

fn unpacked(file: File) -> io::Result<Box<dyn Read + Send>> {
    let packing = Packing::of(&head::read(&file)?);
    packing.unpack(BufReader::with_capacity(PIECE, file), Bounds::FILE)
}
