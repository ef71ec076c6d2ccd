//! The one way to the disk.
//!
//! Everything that the engine writes, syncs, renames and removes goes through a [`Folder`], so that tests can write down each
//! step and open what any of them would have left behind. [`RealFolder`] is the one that is used; it knows nothing that
//! only it could know: a name is a plain file name within the folder.
//!
//! Errors are the system's; [`failed`] says with them what was being done to which file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::error::Error;

/// A folder of files.
pub trait Folder: Send + Sync {
    /// Makes a file that must not be there yet.
    ///
    /// # Errors
    /// The system's.
    fn create(&self, name: &str) -> io::Result<Arc<dyn FileWrite>>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// The system's.
    fn open(&self, name: &str) -> io::Result<Box<dyn FileRead>>;

    /// Gives a file the name of another, which it replaces.
    ///
    /// # Errors
    /// The system's.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// The system's.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes lasting which names there are.
    ///
    /// # Errors
    /// The system's.
    fn sync(&self) -> io::Result<()>;

    /// The names of all there is.
    ///
    /// # Errors
    /// The system's.
    fn names(&self) -> io::Result<Vec<String>>;

    /// How many bytes may still be written; `None` where nobody knows.
    ///
    /// # Errors
    /// The system's.
    fn room(&self) -> io::Result<Option<u64>>;
}

/// A file that is being written; one at a time writes, and may be synced meanwhile.
pub trait FileWrite: Send + Sync {
    /// Appends; when this fails, some of it may have been appended.
    ///
    /// # Errors
    /// The system's.
    fn append(&self, octets: &[u8]) -> io::Result<()>;

    /// Writes over octets that are there.
    ///
    /// # Errors
    /// The system's.
    fn overwrite(&self, octets: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts the file to a length; what is appended next goes there.
    ///
    /// # Errors
    /// The system's.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Makes lasting what was written.
    ///
    /// # Errors
    /// The system's; then nothing is known of what was written since the last time.
    fn sync(&self) -> io::Result<()>;
}

/// A file that is being read.
pub trait FileRead: Send + Sync {
    /// How long it is, in octets.
    ///
    /// # Errors
    /// The system's.
    fn len(&self) -> io::Result<u64>;

    /// Whether there is nothing in it.
    ///
    /// # Errors
    /// The system's.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `octets` from a place on.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::UnexpectedEof`] when the file ends before.
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

/// Says what was being done to which file when the system refused.
pub(super) fn failed(doing: &'static str, file: &str) -> impl FnOnce(io::Error) -> Error + use<> {
    let file = file.into();
    move |error| Error::Io { doing: doing.into(), file, kind: error.kind(), reason: error.to_string().into() }
}

/// A file that the manifest names and that is not there.
pub(super) fn missing(error: Error) -> Error {
    match error {
        Error::Io { kind: io::ErrorKind::NotFound, file, .. } => Error::Missing { file },
        error => error,
    }
}

/// Reads a stretch of a file into memory; a file that ends before is damage.
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

/// The file cannot be believed from this place on.
pub(super) fn damage(file: &str, offset: u64, what: &'static str) -> Error {
    Error::Damage { file: file.into(), offset, what: what.into() }
}
