//! Who has a folder: one that writes, or any number that read.
//!
//! A [`Lock`] is a lock of the system on the file `LOCK`, which goes with its process however that ends. In the file stands the
//! process that writes, for those who are refused.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use super::file::failed;
use crate::StoreError;

const NAME: &str = "LOCK";

/// A lock that is held.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl Lock {
    /// Takes a folder, to write or only to read.
    ///
    /// # Errors
    /// [`StoreError::Locked`] with the process that has it, if it writes; [`StoreError::Io`].
    pub(super) fn take(folder: &Path, writes: bool) -> Result<Self, StoreError> {
        let path = folder.join(NAME);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = file.map_err(failed("open", NAME))?;
        match if writes { file.try_lock() } else { file.try_lock_shared() } {
            Ok(()) => {}
            // Those who read have put no number there: it would be that of somebody who has long ended.
            Err(TryLockError::WouldBlock) if writes && file.try_lock_shared().is_ok() => {
                return Err(StoreError::Locked { process: None });
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { process: holder(&mut file) }),
            Err(TryLockError::Error(error)) => return Err(failed("lock", NAME)(error)),
        }
        if writes {
            // For people only: a full disk must not keep anybody out.
            let _ = file
                .set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{}", std::process::id()));
        }
        Ok(Self(file))
    }
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
