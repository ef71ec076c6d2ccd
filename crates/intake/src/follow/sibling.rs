//! The rotated files next to a file: [`of`].
//!
//! Errors: a folder that cannot be read is an error. A file that cannot be read is passed over: it may be gone, or be compressed in part.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::head::{self, Head};
use super::name;
use crate::format::{Format, HEAD};
use crate::{Bounds, Packing};

/// The most rotated files that are looked at: the newest ones.
const MOST: usize = 512;
/// Bytes of a compressed file that are read at a time.
const PIECE: usize = 128 * 1024;

/// A rotated file.
#[derive(Clone, Debug)]
pub(super) struct Sibling {
    pub(super) path: PathBuf,
    /// Device and inode.
    pub(super) id: (u64, u64),
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

    fn at(path: PathBuf) -> io::Result<Option<Self>> {
        let file = File::open(&path)?;
        let metadata = file.metadata()?;
        let plain = Packing::of(&head::read(&file)?) == Packing::Plain;
        let mut bytes = Vec::new();
        // What can be read of a damaged file is enough to recognise it.
        let _ = unpacked(file)?.take(HEAD as u64).read_to_end(&mut bytes);
        let both = Head::of(&bytes, true).zip(Format::of(&bytes, true));
        let Some((head, format)) = both else { return Ok(None) };
        let (id, modified) = ((metadata.dev(), metadata.ino()), metadata.modified()?);
        Ok(Some(Self { path, id, modified, plain_size: plain.then_some(metadata.len()), head, format }))
    }
}

/// The rotated files of the file at this path, except one.
pub(super) fn of(path: &Path, except: Option<(u64, u64)>) -> io::Result<Vec<Sibling>> {
    let mut found = Vec::new();
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
    Ok(found.into_iter().filter_map(|(_, _, path)| Sibling::at(path).ok().flatten()).collect())
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
