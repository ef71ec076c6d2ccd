//! The process that executes a run: a file that it keeps locked as long as it lives.
//!
//! ```text
//! DIR/workers/RANDOM          empty; locked by one process
//! DIR/workers/serving-RANDOM  the same for a server, which resumes its runs when it is restarted
//! ```
//!
//! The system releases a lock when its process ends in any way, so if the file of a run's worker is not locked, or does not
//! exist, no process is executing the run. A process number would not show this, because numbers are reused. A row names a
//! worker only after its file is locked. A file that no process holds was left by a killed process, and shows that there may be
//! more to clean up ([`left`]).

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::secret::random;
use crate::{Error, files};

/// The prefix of the names of servers.
const SERVING: &str = "serving-";

/// This process, as a worker in a data folder.
#[derive(Debug)]
pub(crate) struct Worker {
    name: String,
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

/// The file of a worker that is gone, held so that no other process uses it.
pub(super) struct Left {
    path: PathBuf,
    _file: File,
}

impl Worker {
    pub(super) fn new(folder: &Path, serves: bool) -> Result<Self, Error> {
        let workers = folder.join("workers");
        files::create(&workers).map_err(|error| Error::io("creating", &workers, error))?;
        loop {
            let name = format!("{}{}", if serves { SERVING } else { "" }, random_name()?);
            let path = workers.join(&name);
            let file = File::create_new(&path).map_err(|error| Error::io("creating", &path, error))?;
            file.lock().map_err(|error| Error::io("locking", &path, error))?;
            // Before it was locked it looked abandoned, and may have been removed.
            if path.exists() {
                return Ok(Self { name, path, _file: file });
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // If this fails, an empty file that no process holds stays behind.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Left {
    /// Removes it.
    pub(super) fn forget(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether that worker is gone.
pub(crate) fn is_gone(folder: &Path, name: &str) -> bool {
    let path = folder.join("workers").join(name);
    match File::open(&path) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Whether that worker is or was a server.
pub(super) fn serves(name: &str) -> bool {
    name.starts_with(SERVING)
}

/// The files that workers left behind when they were killed.
pub(super) fn left(folder: &Path) -> Vec<Left> {
    let Ok(entries) = std::fs::read_dir(folder.join("workers")) else { return Vec::new() };
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let left = paths.filter_map(|path| {
        let file = File::open(&path).ok()?;
        file.try_lock().ok()?;
        Some(Left { path, _file: file })
    });
    left.collect()
}

fn random_name() -> Result<String, Error> {
    let mut octets = [0; 16];
    random(&mut octets)?;
    let hash = blake3::Hash::from_slice(&[octets, [0; 16]].concat());
    hash.map(|hash| hash.to_hex().chars().take(32).collect()).map_err(|error| Error::Bug(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_there_as_long_as_it_holds_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let worker = Worker::new(folder.path(), false).unwrap();
        let name = worker.name().to_owned();
        assert!(!is_gone(folder.path(), &name));
        assert_ne!(Worker::new(folder.path(), false).unwrap().name(), name);
        assert!(serves(Worker::new(folder.path(), true).unwrap().name()) && !serves(&name));
        // As a killed process leaves it: the file exists, the lock does not.
        let left = folder.path().join("workers/left");
        File::create_new(&left).unwrap();
        assert!(is_gone(folder.path(), "left") && left.exists());
        super::left(folder.path()).into_iter().for_each(Left::forget);
        assert!(!left.exists() && is_gone(folder.path(), "left"));
        assert!(!is_gone(folder.path(), &name), "who lives keeps his file");
        drop(worker);
        assert!(is_gone(folder.path(), &name));
    }
}
