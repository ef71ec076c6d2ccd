//! The lock of a folder: one writer, or any number of readers.
//!
//! A [`Lock`] is a lock of the system on the file `LOCK`, which is released when its process ends in any way. The file contains
//! the number of the writing process, for the message to those who are refused.
//!
//! A link in place of the file, symbolic or not, is refused, because whoever may create files in the folder could otherwise
//! make us write into any other file.
//!
//! If the file cannot be created (on a read-only file system, or in another user's folder), readers lock the existing file. If
//! there is none, they read without a lock: a writer creates it before anything else and nobody removes it, so this folder
//! never had a writer (it is a backup or a copy). If a writer comes later through another path, the opened data stays readable,
//! because files of runs never change and a removed file exists until it is closed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::error::Error;
use super::file::failed;

const NAME: &str = "LOCK";

/// A lock that is held; without a file if it could not be created.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] Option<File>);

impl Lock {
    /// Locks a folder, for writing or only for reading.
    ///
    /// # Errors
    /// [`Error::Locked`] with the number of the process that has locked it, if it is a writer; [`Error::Io`].
    pub(super) fn take(folder: &Path, writes: bool) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let Some(mut file) = open(&path, writes).map_err(failed("open", NAME))? else {
            return Ok(Self(None));
        };
        match if writes { file.try_lock() } else { file.try_lock_shared() } {
            Ok(()) => {}
            // Readers do not write their number, so the file would contain that of a process that has ended.
            Err(TryLockError::WouldBlock) if writes && file.try_lock_shared().is_ok() => {
                return Err(Error::Locked { process: None });
            }
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { process: holder(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(failed("lock", NAME)(error)),
        }
        if writes {
            // Only for the message: a full disk must not prevent opening.
            let _ = file
                .set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{}", std::process::id()));
        }
        Ok(Self(Some(file)))
    }
}

/// Opens the file, and creates it if possible; `None` if there is none and only reading is requested.
fn open(path: &Path, writes: bool) -> io::Result<Option<File>> {
    let options = |write: bool| {
        let mut options = OpenOptions::new();
        options.read(true).write(write).create(write).truncate(false).mode(0o600);
        options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path).map_err(no_link)
    };
    let file = match options(true) {
        Err(error) if !writes && is_read_only(&error) => match options(false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        },
        file => file?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.nlink() != 1 {
        return Err(link());
    }
    Ok(Some(file))
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

fn no_link(error: io::Error) -> io::Error {
    if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) { link() } else { error }
}

fn link() -> io::Error {
    io::Error::other("it is a link instead of a regular file; remove it, and find out who created it")
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
