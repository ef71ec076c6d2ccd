//! A workbench on a read-only file system: everything that only reads works, and every change is refused.
//!
//! SQLite reads a database with a write-ahead log only if it can create the index of the log next to it. If there is no log, no
//! process has the database open and all data is in one file, which is read as an immutable file. If there is a log, its index
//! must exist too; otherwise the log would be skipped, and its content would silently be missing.
//!
//! Errors: [`Error`] for a log that cannot be read, and for tables of an older version, which have to be migrated first.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use cof::time::Clock;
use rusqlite::{Connection, OpenFlags};

use super::{CACHE, Notice, PATIENCE, VERSION, head, seal};
use crate::{Error, Workbench};

/// Whether an existing file is on a file system that nobody can write to.
pub(super) fn is_read_only(file: &Path) -> bool {
    let opened = std::fs::File::options().write(true).open(file);
    opened.is_err_and(|error| error.kind() == ErrorKind::ReadOnlyFilesystem)
}

impl Workbench {
    /// Opens a data folder for reading.
    ///
    /// # Errors
    /// See the description of the module.
    pub(super) fn open_read_only(folder: &Path, clock: Clock, actor: &str) -> Result<Self, Error> {
        let file = folder.join("workbench.sqlite");
        let has_log = folder.join("workbench.sqlite-wal").exists();
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let uri = format!("file:{}{}", encoded(&file)?, if has_log { "" } else { "?immutable=1" });
        let connection =
            Connection::open_with_flags(uri, flags).map_err(|error| Error::sql(&file, &error))?;
        let (folder, actor) = (folder.to_owned(), actor.to_owned());
        let mut workbench = Self { connection, folder, clock, actor, notices: Vec::new() };
        workbench.prepare_reading(has_log)?;
        Ok(workbench)
    }

    fn prepare_reading(&mut self, has_log: bool) -> Result<(), Error> {
        seal::register(&self.connection).map_err(|error| self.sql(&error))?;
        self.connection.busy_timeout(PATIENCE).map_err(|error| self.sql(&error))?;
        let unreadable = |error: Error| match error {
            Error::ReadOnly(file) if has_log => Error::conflict(format!(
                "{} cannot be read on a read-only file system while workbench.sqlite-wal contains changes: open it once on a writable file system, for example with `backsight db verify`",
                file.display()
            )),
            error => error,
        };
        let version = self.check().map_err(unreadable)?;
        if version < VERSION {
            return Err(Error::conflict(format!(
                "{} is from an older version and cannot be migrated on a read-only file system: open it once on a writable one",
                self.file().display()
            )));
        }
        let pragmas = format!("PRAGMA cache_size = -{CACHE}");
        self.connection.execute_batch(&pragmas).map_err(|error| self.sql(&error))?;
        if let head::Told::Head(known) = head::read(&self.folder)?
            && let Some(lost) = self.read(|database| head::lost(database, &known))?
        {
            self.notices.push(Notice::Lost(lost));
        }
        Ok(())
    }
}

/// A path within a URI, encoded for SQLite.
fn encoded(file: &Path) -> Result<String, Error> {
    let path: PathBuf = std::path::absolute(file).map_err(|error| Error::io("opening", file, error))?;
    let text = path.to_str().ok_or_else(|| {
        Error::invalid(format!("{}: on a read-only file system, the path must be UTF-8", file.display()))
    })?;
    Ok(text.replace('%', "%25").replace('?', "%3f").replace('#', "%23"))
}

#[cfg(test)]
mod tests {
    use operation::Indicator;

    use super::*;
    use crate::library::{Filter, Status};

    #[test]
    fn what_cannot_be_written_can_be_read() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("a folder? #1 100%");
        let values = |workbench: &Workbench| workbench.indicators(&Filter::default()).unwrap().entries.len();
        let mut written = Workbench::open(&folder, Clock::system(), "ann").unwrap();
        written.add_indicators(&[Indicator::parse("c2.example").unwrap()], Status::Active).unwrap();
        drop(written);
        assert!(!folder.join("workbench.sqlite-wal").exists());
        let mut read = Workbench::open_read_only(&folder, Clock::system(), "ann").unwrap();
        assert_eq!(values(&read), 1);
        assert!(read.notices().is_empty(), "{:?}", read.notices());
        let refused = read.change(|change| {
            change.transaction.execute("UPDATE head SET changes = changes + 1", [])?;
            Ok(())
        });
        assert!(matches!(refused, Err(Error::ReadOnly(_))), "{refused:?}");
        // With a log, as while a process has it open, its index is needed, and it exists.
        let writing = Workbench::open(&folder, Clock::system(), "ann").unwrap();
        assert!(folder.join("workbench.sqlite-wal").exists());
        let reading = Workbench::open_read_only(&folder, Clock::system(), "ann").unwrap();
        assert_eq!(values(&reading), 1);
        drop((reading, writing));
    }
}
