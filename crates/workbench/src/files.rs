//! Files and folders of the data folder: readable only by their owner, copied and synced.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::Error;

/// Creates the folder if it does not exist, readable only by its owner.
pub(crate) fn create(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The options to create a file that only its owner can read.
pub(crate) fn for_owner() -> OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Copies a file so that only its owner can read it, and syncs it; returns whether there is one.
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

/// Makes renames, new files and removals in a folder durable.
pub(crate) fn sync(folder: &Path) -> Result<(), Error> {
    // Only Unix can open a folder as a file; on other systems the rename itself has to suffice.
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| Error::io("syncing", folder, error))?;
    }
    Ok(())
}
