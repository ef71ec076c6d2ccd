//! Copies the database while other processes may have it open.

use std::fs::File;
use std::path::Path;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::{PATIENCE, Workbench, head, read_only};
use crate::Error;
use crate::files::for_owner;

/// Pages copied between two progress reports.
const PAGES: std::ffi::c_int = 4096;

impl Workbench {
    /// Copies the database and its head file into a folder. Nothing can change during this time or while `with` runs, which
    /// copies what belongs to this state of the database.
    pub(crate) fn copy_database<T>(
        &self,
        to: &Path,
        progress: &mut dyn FnMut(u64, u64),
        with: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _alone = self.hold()?;
        copy_to(&self.connection, &to.join("workbench.sqlite"), progress)?;
        head::replace(to, &self.read(head::of)?)?;
        with()
    }

    /// Makes every process that changes something wait until the result is dropped; unnecessary if the file system is
    /// read-only.
    fn hold(&self) -> Result<Option<Connection>, Error> {
        if read_only::is_read_only(&self.file()) {
            return Ok(None);
        }
        let sql = |error: rusqlite::Error| self.sql(&error);
        let holder =
            Connection::open_with_flags(self.file(), OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(sql)?;
        holder.busy_timeout(PATIENCE).map_err(sql)?;
        holder.execute_batch("BEGIN IMMEDIATE").map_err(sql)?;
        Ok(Some(holder))
    }
}

/// Copies an open database into a file that only its owner can read, and syncs it.
pub(super) fn copy_to(from: &Connection, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::io("creating", to, error);
    drop(for_owner().create(true).truncate(true).open(to).map_err(failed)?);
    let sql = |error: rusqlite::Error| Error::sql(to, &error);
    let mut copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(sql)?;
    let backup = Backup::new(from, &mut copy).map_err(sql)?;
    loop {
        let step = backup.step(PAGES).map_err(sql)?;
        let reached = backup.progress();
        let count = |pages: std::ffi::c_int| u64::try_from(pages).unwrap_or_default();
        progress(count(reached.pagecount - reached.remaining), count(reached.pagecount));
        match step {
            rusqlite::backup::StepResult::Done => break,
            rusqlite::backup::StepResult::More => {}
            _ => return Err(Error::Busy(to.to_owned())),
        }
    }
    drop(backup);
    // The copied header says that there is a write-ahead log, as in the original. The copy is a single file, so the mode is
    // changed.
    copy.execute_batch("PRAGMA journal_mode = DELETE").map_err(sql)?;
    copy.close().map_err(|(_, error)| sql(error))?;
    File::open(to).and_then(|copied| copied.sync_all()).map_err(failed)
}
