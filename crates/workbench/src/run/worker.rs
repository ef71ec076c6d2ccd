//! Who works on a run: a file that its process holds locked for as long as it lives.
//!
//! ```text
//! DIR/workers/RANDOM   empty; locked by one process
//! ```
//!
//! The system lets go of a lock when its process ends, however it ends, so a run whose worker's file is not locked, or not
//! there, is one that nobody works on any more. A number of a process would not say that: numbers come again.
//! A row names a worker only after its file is locked, and only such files are looked at.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::secret::random;

/// This process, at work in a data folder.
#[derive(Debug)]
pub(super) struct Worker {
    name: String,
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl Worker {
    pub(super) fn new(folder: &Path) -> Result<Self, Error> {
        let mut octets = [0; 16];
        random(&mut octets)?;
        let name = blake3::Hash::from_slice(&[octets, [0; 16]].concat())
            .map(|hash| hash.to_hex().chars().take(32).collect::<String>())
            .map_err(|error| Error::Bug(error.to_string()))?;
        let workers = folder.join("workers");
        crate::database::create(&workers).map_err(|error| Error::io("creating", &workers, error))?;
        let path = workers.join(&name);
        let file = File::create_new(&path).map_err(|error| Error::io("creating", &path, error))?;
        file.lock().map_err(|error| Error::io("locking", &path, error))?;
        Ok(Self { name, path, _file: file })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // What stays behind is an empty file that nobody holds.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether nobody is that worker any more; its file goes then.
pub(super) fn is_gone(folder: &Path, name: &str) -> bool {
    let path = folder.join("workers").join(name);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) => return error.kind() == std::io::ErrorKind::NotFound,
    };
    match file.try_lock() {
        Ok(()) => {
            let _ = std::fs::remove_file(&path);
            true
        }
        Err(TryLockError::Error(_) | TryLockError::WouldBlock) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_there_as_long_as_it_holds_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let worker = Worker::new(folder.path()).unwrap();
        let name = worker.name().to_owned();
        assert!(!is_gone(folder.path(), &name));
        assert_ne!(Worker::new(folder.path()).unwrap().name(), name);
        // As a killed process leaves it: the file is there, the lock is not.
        let left = folder.path().join("workers/left");
        File::create_new(&left).unwrap();
        assert!(is_gone(folder.path(), "left") && !left.exists());
        drop(worker);
        assert!(is_gone(folder.path(), &name));
    }
}
