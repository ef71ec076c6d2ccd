//! One consistent copy of a data folder's workbench: database, head file, evidence and key.
//!
//! Other processes may work meanwhile: changes wait while the database and the key are copied, so that each secret of the
//! copy opens with the key beside it. Evidence never changes once it has its name, and is copied afterwards. The copy is laid out as a
//! data folder is, and is verified before it counts as one.

use std::fs::File;
use std::io;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Verified, Workbench, create, for_owner, head, migrate};
use crate::{Error, run, secret};

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// What was verified in the copy; its faults are those of the original too.
    pub verified: Verified,
    /// Whether the key is in it.
    pub key: bool,
}

/// The files of a workbench in its folder, in the order in which they are restored.
const FILES: [&str; 3] = ["workbench.sqlite", head::FILE, secret::FILE];

impl Workbench {
    /// Copies the workbench into a folder that is empty or not there, and verifies the copy. Without the key, the secrets in
    /// the copy cannot be read by whoever has it.
    ///
    /// # Errors
    /// [`Error`]; a conflict where the folder holds something.
    pub fn backup(
        &self,
        to: &Path,
        with_key: bool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Backup, Error> {
        make_empty(to)?;
        let key = self.copy_database(to, with_key, progress)?;
        let copy = Self::open(to, self.clock.clone(), super::PROGRAM)?;
        let kept = copy.read(run::evidence_kept)?;
        for stored in &kept {
            run::copy_evidence(&self.folder, to, stored)?;
        }
        let verified = copy.verify(&mut |_, _| ())?;
        drop(copy);
        sync(to)?;
        Ok(Backup { verified, key })
    }

    /// Copies what belongs together at one moment; says whether there is a key.
    fn copy_database(
        &self,
        to: &Path,
        with_key: bool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<bool, Error> {
        let _alone = self.hold()?;
        migrate::copy_to(&self.connection, &to.join("workbench.sqlite"), progress)?;
        head::replace(to, &self.read(head::of)?)?;
        let mut copied = false;
        for name in [secret::FILE, secret::FILE_NEW] {
            copied |= with_key && copy(&self.folder.join(name), &to.join(name))?;
        }
        Ok(copied)
    }
}

impl Workbench {
    /// Makes whoever changes something wait until this is dropped; where nobody can write, nobody has to.
    fn hold(&self) -> Result<Option<Connection>, Error> {
        if super::read_only::is_read_only(&self.file()) {
            return Ok(None);
        }
        let sql = |error: rusqlite::Error| self.sql(&error);
        let holder =
            Connection::open_with_flags(self.file(), OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(sql)?;
        holder.busy_timeout(super::PATIENCE).map_err(sql)?;
        holder.execute_batch("BEGIN IMMEDIATE").map_err(sql)?;
        Ok(Some(holder))
    }
}

/// Copies a backup's workbench into a data folder that has none, and verifies it.
///
/// # Errors
/// [`Error`]; missing where `from` is no backup, a conflict where the data folder has a workbench.
pub fn restore(from: &Path, to: &Path, clock: cof::time::Clock) -> Result<Verified, Error> {
    let [database, ..] = FILES;
    if !from.join(database).exists() {
        return Err(Error::missing(format!(
            "{} has no {database}: it is no backup of a workbench",
            from.display()
        )));
    }
    if let Some(name) = FILES.iter().find(|name| to.join(name).exists()) {
        return Err(Error::conflict(format!("{} holds a {name} already, and would lose it", to.display())));
    }
    create(to).map_err(|error| Error::io("creating", to, error))?;
    // The database comes last: without it the folder is as it was.
    for name in FILES.iter().rev().chain([&secret::FILE_NEW]) {
        if *name != database {
            copy(&from.join(name), &to.join(name))?;
        }
    }
    run::copy_all_evidence(from, to)?;
    copy(&from.join(database), &to.join(database))?;
    sync(to)?;
    Workbench::open(to, clock, super::PROGRAM)?.verify(&mut |_, _| ())
}

/// Makes a folder for its owner alone, or takes one that is empty.
fn make_empty(folder: &Path) -> Result<(), Error> {
    let failed = |error: io::Error| Error::io("creating", folder, error);
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(Error::conflict(format!("{} is not empty", folder.display()))),
            None => protect(folder).map_err(failed),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(folder).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(unix)]
fn protect(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn protect(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Copies a file for its owner alone, and syncs it; says whether there is one.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<bool, Error> {
    let mut source = match File::open(from) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::io("reading", from, error)),
    };
    let failed = |error| Error::io("writing", to, error);
    let mut target = for_owner().create_new(true).open(to).map_err(failed)?;
    io::copy(&mut source, &mut target).and_then(|_| target.sync_all()).map_err(failed)?;
    Ok(true)
}

fn sync(folder: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| Error::io("syncing", folder, error))?;
    }
    Ok(())
}
