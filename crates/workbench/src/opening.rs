//! Opening a data folder: the database, with what its migrations need of the modules above it.
//!
//! The database imports none of the modules that keep something in it. Version 4 of the tables bound stored secrets to where
//! they are sent, which takes the packages and the key, so the integrations do that part.

use std::path::Path;

use cof::time::Clock;

use crate::database::Watcher;
use crate::integration::bind_secrets;
use crate::{Error, Workbench};

impl Workbench {
    /// Opens a data folder, making it where it is not there; older tables are brought to this version. On a file system that
    /// cannot be written, it is opened for reading.
    ///
    /// # Errors
    /// [`Error`], with nothing changed: a newer or foreign or damaged file, a folder that cannot be written.
    pub fn open(folder: &Path, clock: Clock, actor: &str) -> Result<Self, Error> {
        Self::open_watched(folder, clock, actor, &mut |_| ())
    }

    /// The same, and `watch` is told how far a migration is, which takes long where there is much.
    ///
    /// # Errors
    /// The same.
    pub fn open_watched(folder: &Path, clock: Clock, actor: &str, watch: Watcher<'_>) -> Result<Self, Error> {
        Self::open_with(folder, clock, actor, bind_secrets, watch)
    }
}
