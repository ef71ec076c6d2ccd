//! Opens a data folder: the database, together with the parts of its migrations that need modules above it.
//!
//! The database imports none of the modules that store data in it. Version 4 of the tables binds stored secrets to their
//! destinations, which needs packages and the key, so the integrations provide that step.

use std::path::Path;

use cof::time::Clock;

use crate::database::Watcher;
use crate::integration::bind_secrets;
use crate::{Error, Workbench};

impl Workbench {
    /// Opens a data folder, and creates it if it does not exist; older tables are migrated to this version. On a read-only file
    /// system, it is opened for reading only.
    ///
    /// # Errors
    /// [`Error`], with nothing changed: the file is newer, foreign or damaged, or the folder cannot be written.
    pub fn open(folder: &Path, clock: Clock, actor: &str) -> Result<Self, Error> {
        Self::open_watched(folder, clock, actor, &mut |_| ())
    }

    /// Like [`Self::open`]; `watch` receives the progress of a migration, which takes long if there is much data.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_watched(folder: &Path, clock: Clock, actor: &str, watch: Watcher<'_>) -> Result<Self, Error> {
        Self::open_with(folder, clock, actor, bind_secrets, watch)
    }
}
