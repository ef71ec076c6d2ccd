//! Access to the disk; the engine has no other.
//!
//! Everything that the engine writes, syncs, renames and removes goes through a [`Folder`], so that tests can record each step,
//! and open the state that a crash after any of them would leave. [`RealFolder`] is the implementation on the file system. A
//! name is a plain file name within the folder.
//!
//! Errors are those of the system; [`failed`] adds what was being done to which file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::error::Error;

/// A folder of files.
pub trait Folder: Send + Sync {
    /// Creates a file that must not exist yet.
    ///
    /// # Errors
    /// I/O errors.
    fn create(&self, name: &str) -> io::Result<Arc<dyn FileWrite>>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// I/O errors.
    fn open(&self, name: &str) -> io::Result<Box<dyn FileRead>>;

    /// Renames a file, and replaces the file that has the new name.
    ///
    /// # Errors
    /// I/O errors.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// I/O errors.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the current names of the files durable.
    ///
    /// # Errors
    /// I/O errors.
    fn sync(&self) -> io::Result<()>;

    /// The names of all files.
    ///
    /// # Errors
    /// I/O errors.
    fn names(&self) -> io::Result<Vec<String>>;

    /// How many bytes may still be written; `None` if unknown.
    ///
    /// # Errors
    /// I/O errors.
    fn room(&self) -> io::Result<Option<u64>>;
}

/// A file that is being written. Only one caller writes at a time; it may be synced at the same time.
pub trait FileWrite: Send + Sync {
    /// Appends bytes. If this fails, some of them may have been appended.
    ///
    /// # Errors
    /// I/O errors.
    fn append(&self, octets: &[u8]) -> io::Result<()>;

    /// Overwrites existing bytes.
    ///
    /// # Errors
    /// I/O errors.
    fn overwrite(&self, octets: &[u8], offset: u64) -> io::Result<()>;

    /// Truncates the file; the next bytes are appended there.
    ///
    /// # Errors
    /// I/O errors.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Makes what was written durable.
    ///
    /// # Errors
    /// I/O errors; it is unknown then whether anything written since the last sync is durable.
    fn sync(&self) -> io::Result<()>;
}

/// A file that is being read.
pub trait FileRead: Send + Sync {
    /// The length in bytes.
    ///
    /// # Errors
    /// I/O errors.
    fn len(&self) -> io::Result<u64>;

    /// Whether it is empty.
    ///
    /// # Errors
    /// I/O errors.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Reads bytes at an offset until `octets` is full.
    ///
    /// # Errors
    /// I/O errors; [`io::ErrorKind::UnexpectedEof`] if the file ends before.
    fn read(&self, octets: &mut [u8], offset: u64) -> io::Result<()>;
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub struct RealFolder(PathBuf);

impl RealFolder {
    /// The folder at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl Folder for RealFolder {
    fn create(&self, name: &str) -> io::Result<Arc<dyn FileWrite>> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.0.join(name))?;
        Ok(Arc::new(file))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn FileRead>> {
        Ok(Box::new(File::open(self.0.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    }

    fn room(&self) -> io::Result<Option<u64>> {
        let room = rustix::fs::statvfs(&self.0)?;
        Ok(Some(room.f_bavail.saturating_mul(room.f_frsize)))
    }
}

impl FileWrite for File {
    fn append(&self, octets: &[u8]) -> io::Result<()> {
        let mut file = self;
        file.write_all(octets)
    }

    fn overwrite(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(octets, offset)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.set_len(len)?;
        let mut file = self;
        file.seek(io::SeekFrom::Start(len)).map(drop)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

impl FileRead for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read(&self, octets: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(octets, offset)
    }
}

/// Adds to an error of the system what was being done to which file.
pub(super) fn failed(doing: &'static str, file: &str) -> impl FnOnce(io::Error) -> Error + use<> {
    let file = file.into();
    move |error| Error::Io { doing: doing.into(), file, kind: error.kind(), reason: error.to_string().into() }
}

/// Replaces the error of a file that the manifest lists, if the file does not exist.
pub(super) fn missing(error: Error) -> Error {
    match error {
        Error::Io { kind: io::ErrorKind::NotFound, file, .. } => Error::Missing { file },
        error => error,
    }
}

/// Reads a part of a file into memory; if the file ends before, that is damage.
pub(super) fn read_stretch(
    file: &dyn FileRead,
    name: &str,
    offset: u64,
    len: usize,
) -> Result<Vec<u8>, Error> {
    let mut octets = vec![0; len];
    file.read(&mut octets, offset).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damage(name, offset, "the file ends here"),
        _ => failed("read", name)(error),
    })?;
    Ok(octets)
}

/// The error for a file whose content is wrong from this offset on.
pub(super) fn damage(file: &str, offset: u64, what: &'static str) -> Error {
    Error::Damage { file: file.into(), offset, what: what.into() }
}
