//! The folder of the lists: storing, removing, and noticing changes.
//!
//! `HASH.list` is a list ([`stored`]), `HASH.off` next to it says that it is disabled, and `HASH.removed` is the list that was
//! removed last. New files are written under another name, synced and renamed, so that a list is always whole. Changes take
//! turns with a lock on the file `LOCK`, which also proves that temporary files of others are left over.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::compiled::Compiled;
use super::stored::{self, About};
use super::{ListError, MAX_LISTS};

/// The endings of files.
pub(super) const LIST: &str = "list";
pub(super) const OFF: &str = "off";
const REMOVED: &str = "removed";
const NEW: &str = "new";

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

/// A list as the folder shows it, without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) is_enabled: bool,
    changed: Option<SystemTime>,
    length: u64,
    number: u64,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Stores a list; returns the version of the one that it replaced.
    pub(super) fn store(&self, list: &Compiled) -> Result<Option<u64>, ListError> {
        let octets = stored::write(list)?;
        let _lock = self.lock()?;
        let path = self.path(&list.about().name);
        let replaced = stored::read_about(&path).ok().map(|about| about.version);
        if !path.exists() && self.look()?.len() >= MAX_LISTS {
            return Err(ListError::Full);
        }
        let new = path.with_extension(NEW);
        let failed = |error| ListError::Io { doing: "writing", path: new.clone(), error };
        let written = for_owner().truncate(true).create(true).open(&new);
        written
            .and_then(|mut file| file.write_all(&octets).and_then(|()| file.sync_all()))
            .map_err(failed)?;
        self.rename(&new, &path)?;
        Ok(replaced)
    }

    /// What lists say about themselves, by name, and those that cannot be read.
    pub(super) fn abouts(&self) -> Result<(Vec<About>, Vec<ListError>), ListError> {
        let (mut abouts, mut errors) = (Vec::new(), Vec::new());
        for seen in self.look()? {
            match stored::read_about(&seen.path) {
                Ok(about) => abouts.push(About { is_enabled: seen.is_enabled, ..about }),
                Err(error) => errors.push(error),
            }
        }
        abouts.sort_by_cached_key(|about| about.name.to_lowercase());
        Ok((abouts, errors))
    }

    pub(super) fn remove(&self, name: &str) -> Result<About, ListError> {
        let path = self.path(name);
        let about = self.about(name)?;
        let _lock = self.lock()?;
        for old in self.files(REMOVED)? {
            fs::remove_file(&old).map_err(|error| ListError::Io { doing: "deleting", path: old, error })?;
        }
        self.rename(&path, &path.with_extension(REMOVED))?;
        Ok(about)
    }

    pub(super) fn restore(&self, name: &str) -> Result<About, ListError> {
        let path = self.path(name);
        let removed = path.with_extension(REMOVED);
        if path.exists() || !removed.exists() {
            return Err(ListError::Missing(name.to_owned()));
        }
        let _lock = self.lock()?;
        if self.look()?.len() >= MAX_LISTS {
            return Err(ListError::Full);
        }
        self.rename(&removed, &path)?;
        self.about(name)
    }

    /// Enables or disables a list; returns whether that changed anything.
    pub(super) fn set_enabled(&self, name: &str, enabled: bool) -> Result<bool, ListError> {
        self.about(name)?;
        let off = self.path(name).with_extension(OFF);
        let _lock = self.lock()?;
        let result = match (enabled, off.exists()) {
            (true, true) => fs::remove_file(&off),
            (false, false) => for_owner().create(true).open(&off).map(drop),
            _ => return Ok(false),
        };
        result.map_err(|error| ListError::Io { doing: "writing", path: off, error })?;
        self.sync()?;
        Ok(true)
    }

    /// The list that was removed last, unless there is a new one of its name.
    pub(super) fn removed(&self) -> Result<Option<About>, ListError> {
        let removed = self.files(REMOVED)?.into_iter().find(|path| !path.with_extension(LIST).exists());
        Ok(removed.and_then(|path| stored::read_about(&path).ok()))
    }

    /// The lists in the folder, in the order of their files; none if there is no folder.
    pub(super) fn look(&self) -> Result<Vec<Seen>, ListError> {
        self.files(LIST).map(|files| files.into_iter().filter_map(Seen::of).collect())
    }

    /// What a list says about itself.
    fn about(&self, name: &str) -> Result<About, ListError> {
        let path = self.path(name);
        if !path.exists() {
            return Err(ListError::Missing(name.to_owned()));
        }
        let is_enabled = !path.with_extension(OFF).exists();
        match stored::read_about(&path) {
            Ok(about) => Ok(About { is_enabled, ..about }),
            // A damaged list can still be removed.
            Err(ListError::Damaged { .. }) => Ok(About::unknown(name, is_enabled)),
            Err(error) => Err(error),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(stored::file_name(name))
    }

    /// The files with an ending, sorted.
    fn files(&self, ending: &str) -> Result<Vec<PathBuf>, ListError> {
        let failed = |error| ListError::Io { doing: "reading", path: self.0.clone(), error };
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let paths = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()
            .map_err(failed)?;
        let mut files: Vec<PathBuf> =
            paths.into_iter().filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
        files.sort_unstable();
        Ok(files)
    }

    /// Creates the folder, and waits for the turn of this process.
    fn lock(&self) -> Result<File, ListError> {
        let failed = |error| ListError::Io { doing: "locking", path: self.0.clone(), error };
        create(&self.0).map_err(failed)?;
        let lock = for_owner().create(true).open(self.0.join("LOCK")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        for left in self.files(NEW)? {
            let _ = fs::remove_file(left);
        }
        Ok(lock)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), ListError> {
        fs::rename(from, to).map_err(|error| ListError::Io {
            doing: "renaming",
            path: from.to_owned(),
            error,
        })?;
        self.sync()
    }

    fn sync(&self) -> Result<(), ListError> {
        // Only Unix can open a folder as a file.
        if cfg!(unix) {
            let synced = File::open(&self.0).and_then(|folder| folder.sync_all());
            synced.map_err(|error| ListError::Io { doing: "syncing", path: self.0.clone(), error })?;
        }
        Ok(())
    }
}

impl Seen {
    /// `None` for a file that is gone meanwhile.
    fn of(path: PathBuf) -> Option<Self> {
        let found = fs::metadata(&path).ok()?;
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(&found);
        #[cfg(not(unix))]
        let number = 0;
        Some(Self {
            name: path.file_name()?.to_str()?.to_owned(),
            is_enabled: !path.with_extension(OFF).exists(),
            changed: found.modified().ok(),
            length: found.len(),
            number,
            path,
        })
    }
}

/// Creates a folder that only its owner can read.
fn create(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The options to create a file that only its owner can read.
fn for_owner() -> OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
