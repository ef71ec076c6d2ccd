//! One consistent copy of a data folder's workbench: database, head file, evidence, warning lists and key.
//!
//! Other processes may continue to work: their changes wait while the database and the key are copied, so that every secret of
//! the copy can be decrypted with the key next to it. Small evidence is in the database. A file of evidence never changes once it
//! has its final name, and is copied afterwards. The copy has the layout of a data folder, and is verified before it counts as a backup.

use std::io;
use std::path::Path;

use context::lists;

use crate::database::{HEAD_FILE, PROGRAM};
use crate::files::{copy, create, sync};
use crate::verify::Verified;
use crate::{Error, Workbench, run, secret};

/// The content of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The result of verifying the copy; its faults are also faults of the original.
    pub verified: Verified,
    /// Whether it contains the key.
    pub key: bool,
}

/// The files of a workbench in its folder, in the order in which they are restored.
const FILES: [&str; 3] = ["workbench.sqlite", HEAD_FILE, secret::FILE];

impl Workbench {
    /// Copies the workbench into a folder that is empty or does not exist, and verifies the copy. Without the key, nobody can
    /// read the secrets in the copy.
    ///
    /// # Errors
    /// [`Error`]; a conflict if the folder is not empty.
    pub fn backup(
        &self,
        to: &Path,
        with_key: bool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Backup, Error> {
        make_empty(to)?;
        let key = self.copy_database(to, progress, || {
            let mut copied = false;
            for name in [secret::FILE, secret::FILE_NEW] {
                copied |= with_key && copy(&self.folder().join(name), &to.join(name))?;
            }
            Ok(copied)
        })?;
        let copied = Self::open(to, self.clock().clone(), PROGRAM)?;
        for hash in copied.read(run::evidence_filed)? {
            run::copy_evidence(self.folder(), to, &hash)?;
        }
        copy_lists(self.folder(), to)?;
        let verified = copied.verify(&mut |_, _| ())?;
        drop(copied);
        sync(to)?;
        Ok(Backup { verified, key })
    }
}

/// Copies the workbench of a backup into a data folder that has none, and verifies it.
///
/// # Errors
/// [`Error`]; missing if `from` is not a backup, a conflict if the data folder already has a workbench.
pub fn restore(from: &Path, to: &Path, clock: cof::time::Clock) -> Result<Verified, Error> {
    let [database, ..] = FILES;
    if !from.join(database).exists() {
        return Err(Error::missing(format!(
            "{} has no {database}: it is not a backup of a workbench",
            from.display()
        )));
    }
    if let Some(name) = FILES.iter().find(|name| to.join(name).exists()) {
        return Err(Error::conflict(format!(
            "{} already contains {name}, which would be overwritten",
            to.display()
        )));
    }
    create(to).map_err(|error| Error::io("creating", to, error))?;
    // The database is written last: without it, the folder counts as unchanged.
    for name in FILES.iter().rev().chain([&secret::FILE_NEW]) {
        if *name != database {
            copy(&from.join(name), &to.join(name))?;
        }
    }
    run::copy_all_evidence(from, to)?;
    copy_lists(from, to)?;
    copy(&from.join(database), &to.join(database))?;
    sync(to)?;
    Workbench::open(to, clock, PROGRAM)?.verify(&mut |_, _| ())
}

/// Copies the files of the warning lists, each of which is replaced as a whole and has its own checksum.
fn copy_lists(from: &Path, to: &Path) -> Result<(), Error> {
    let (from, to) = (from.join(lists::FOLDER), to.join(lists::FOLDER));
    let entries = match std::fs::read_dir(&from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("reading", &from, error)),
    };
    create(&to).map_err(|error| Error::io("creating", &to, error))?;
    for entry in entries {
        let name = entry.map_err(|error| Error::io("reading", &from, error))?.file_name();
        // What is being written, or was removed, is left out.
        if Path::new(&name).extension().is_some_and(|ending| lists::KEPT.iter().any(|kept| ending == *kept)) {
            copy(&from.join(&name), &to.join(&name))?;
        }
    }
    sync(&to)
}

/// Creates a folder that only its owner can read, or accepts an empty one.
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
