//! The way of records to another server: [`Route`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::destination::Destination;
use super::spool::{Spool, SpoolError};
use super::status::Status;

/// A server, and the spool in which records wait for it.
#[derive(Debug)]
pub struct Route {
    destination: Destination,
    folder: PathBuf,
    name: String,
    most: u64,
    status: Arc<Status>,
}

impl Route {
    /// The way to a server through the spool with this name in a folder, in which up to `most` bytes may wait.
    pub fn new(destination: Destination, folder: PathBuf, name: impl Into<String>, most: u64) -> Self {
        Self { destination, folder, name: name.into(), most, status: Arc::default() }
    }

    /// Opens the spool. Its figures are those of the status, however often it is opened.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub fn open(&self) -> Result<Spool, SpoolError> {
        Spool::open(&self.folder, &self.name, self.most, Arc::clone(&self.status))
    }

    /// The server.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// The folder of the spool.
    pub fn spool(&self) -> PathBuf {
        Path::new(&self.folder).join(&self.name)
    }

    /// What becomes of the records.
    pub fn status(&self) -> &Status {
        &self.status
    }
}
