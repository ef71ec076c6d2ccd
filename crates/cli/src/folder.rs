//! Temporary folders, and a warning if others can write to the data folder.
//!
//! Only its owner can read a [`Temporary`] folder, and it is removed when it is dropped. A killed process leaves it behind. The
//! file [`HELD`] in it is locked by the process that uses the folder, so the next process that creates a temporary folder finds
//! the abandoned ones and removes them.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::terminal;

/// The prefixes of the names of temporary folders.
const PREFIXES: [&str; 2] = ["backsight-demo-", "backsight-pdns-"];
/// The locked file in each of them.
const HELD: &str = "HELD";
/// A younger folder may have just been created, and not be locked yet.
const YOUNG: Duration = Duration::from_mins(1);

/// The purpose of a temporary folder.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Demonstration,
    /// Records that are served but not kept.
    Records,
}

/// A folder that is removed when it is dropped.
pub(crate) struct Temporary {
    folder: TempDir,
    #[expect(dead_code, reason = "closing the file gives the lock back")]
    held: File,
}

impl Temporary {
    /// Creates a folder that only its owner can read, and removes those that killed processes left behind.
    ///
    /// # Errors
    /// I/O errors.
    pub(crate) fn make(purpose: Purpose) -> io::Result<Self> {
        let all = std::env::temp_dir();
        remove_left_overs(&all, YOUNG);
        let [demonstration, records] = PREFIXES;
        let prefix = match purpose {
            Purpose::Demonstration => demonstration,
            Purpose::Records => records,
        };
        let for_owner = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix(prefix).permissions(for_owner).tempdir_in(&all)?;
        let held = File::create_new(folder.path().join(HELD))?;
        held.lock()?;
        Ok(Self { folder, held })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes the folder.
    ///
    /// # Errors
    /// I/O errors.
    pub(crate) fn close(self) -> io::Result<()> {
        self.folder.close()
    }
}

/// Removes the temporary folders of this user that no process uses. If one cannot be removed, it only takes up space.
fn remove_left_overs(all: &Path, young: Duration) {
    let Ok(entries) = std::fs::read_dir(all) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix)));
        if ours && is_left_over(&entry.path(), young) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn is_left_over(folder: &Path, young: Duration) -> bool {
    // Links are not followed, because others may create some in this folder.
    let Ok(found) = std::fs::symlink_metadata(folder) else { return false };
    let age = found.modified().ok().and_then(|changed| changed.elapsed().ok());
    if !found.is_dir() || found.uid() != geteuid().as_raw() || age.is_none_or(|age| age < young) {
        return false;
    }
    let flags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).bits();
    let held = File::options().read(true).custom_flags(flags.cast_signed()).open(folder.join(HELD));
    held.is_ok_and(|held| held.try_lock().is_ok())
}

/// Warns once if others can write to the data folder, because they could replace our database.
pub(crate) fn warn_if_others_write(folder: &Path) {
    static ONCE: Once = Once::new();
    let Some(warning) = others_write(folder) else { return };
    ONCE.call_once(|| terminal::complain(&format!("warning: {warning}")));
}

fn others_write(folder: &Path) -> Option<String> {
    let found = std::fs::metadata(folder).ok()?;
    let who = match found.mode() & 0o022 {
        0 => return None,
        0o020 => "the group",
        _ => "others",
    };
    let folder = folder.display();
    Some(format!("{who} can write to the data folder {folder}; to prevent this, run `chmod go-w {folder}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_is_its_owners_and_a_killed_ones_is_removed() {
        let all = tempfile::tempdir().unwrap();
        let left = all.path().join("backsight-pdns-left");
        let used = all.path().join("backsight-demo-used");
        let foreign = all.path().join("backsight-pdns-old");
        for folder in [&left, &used, &foreign, &all.path().join("other-left")] {
            std::fs::create_dir_all(folder.join("pdns")).unwrap();
        }
        let held = |folder: &Path| File::create(folder.join(HELD)).unwrap();
        held(&left);
        held(&all.path().join("other-left"));
        let lock = held(&used);
        lock.lock().unwrap();
        std::os::unix::fs::symlink(all.path().join("other-left"), all.path().join("backsight-demo-link"))
            .unwrap();
        remove_left_overs(all.path(), YOUNG);
        assert!(left.exists(), "it was made a moment ago");
        remove_left_overs(all.path(), Duration::ZERO);
        assert!(!left.exists());
        assert!(used.exists() && foreign.exists() && all.path().join("other-left/pdns").exists());

        let made = Temporary::make(Purpose::Records).unwrap();
        assert_eq!(made.path().metadata().unwrap().mode() & 0o777, 0o700);
        assert!(!is_left_over(made.path(), Duration::ZERO), "it is in use");
        let path = made.path().to_owned();
        drop(made);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, who) in
            [(0o700, None), (0o755, None), (0o775, Some("the group")), (0o1777, Some("others"))]
        {
            std::fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
            let told = others_write(folder.path());
            assert_eq!(told.as_deref().map(|text| text.split(" can write").next().unwrap()), who, "{mode:o}");
        }
    }
}
