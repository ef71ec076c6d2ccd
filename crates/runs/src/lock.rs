//! Who has a folder: one that writes, or any number that read.
//!
//! A [`Lock`] is a lock of the system on the file `LOCK`, which goes with its process however that ends. In the file stands the
//! process that writes, for those who are refused.
//!
//! The file is the folder's own: a link in its place, symbolic or not, is refused, because whoever may put files into the folder
//! could have us write into any other file.
//!
//! Where no file can be made (a file system that is mounted to be read, a folder of somebody else), those who only read
//! lock the file that is there. If there is none they read without: a writer makes it before anything else and nobody removes it,
//! so no writer has ever had this folder (it is a backup or a copy). Should one come later through another path, what
//! was opened stays readable, for files of runs never change and a removed file is there until it is closed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::error::Error;
use super::file::failed;

const NAME: &str = "LOCK";

/// A lock that is held; without a file where nobody can write.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] Option<File>);

impl Lock {
    /// Takes a folder, to write or only to read.
    ///
    /// # Errors
    /// [`Error::Locked`] with the process that has it, if it writes; [`Error::Io`].
    pub(super) fn take(folder: &Path, writes: bool) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let Some(mut file) = open(&path, writes).map_err(failed("open", NAME))? else {
            return Ok(Self(None));
        };
        match if writes { file.try_lock() } else { file.try_lock_shared() } {
            Ok(()) => {}
            // Those who read have put no number there: it would be that of somebody who has long ended.
            Err(TryLockError::WouldBlock) if writes && file.try_lock_shared().is_ok() => {
                return Err(Error::Locked { process: None });
            }
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { process: holder(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(failed("lock", NAME)(error)),
        }
        if writes {
            // For people only: a full disk must not keep anybody out.
            let _ = file
                .set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{}", std::process::id()));
        }
        Ok(Self(Some(file)))
    }
}

/// Opens the file, and makes it where that is possible; `None` when there is none and only reading is wanted.
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
