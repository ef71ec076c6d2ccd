//! A folder that opens as the store is now, and the way back.
//!
//! Runs never change, so a backup has links to them where the file system can, and copies where it cannot. The manifest is written
//! last: half a backup is no database.

use std::fs;
use std::io;
use std::path::Path;

use super::file::{Folder as _, RealFolder, failed};
use super::intake::{Intake, lock};
use crate::StoreError;

/// Makes the folder `to` of what is in `from`, the folder of the engine.
///
/// # Errors
/// The disk's; then there is no such folder.
pub(super) fn backup(intake: &Intake, from: &Path, to: &Path) -> Result<(), StoreError> {
    // Runs stay while nobody merges; nothing is in a journal alone while nobody takes in.
    let _turn = lock(&intake.merging);
    let held = if intake.options.read_only { None } else { Some(intake.hold_flushed()?) };
    let mut manifest = lock(&intake.manifest).clone();
    if let Some(held) = &held {
        (manifest.sources, manifest.ledger) = held.known();
        manifest.journals.clear();
    }
    let runs = manifest.runs.iter().map(|entry| super::run::name(entry.number));
    let names = runs.chain(manifest.journals.iter().map(|number| super::journal::name(*number)));
    fill(from, to, names, &|to| manifest.write(to))
}

/// Makes the folder `to` of a backup, which must open.
///
/// # Errors
/// The disk's, and what opening the backup gives.
pub fn restore(from: &Path, to: &Path) -> Result<(), StoreError> {
    let options = super::Options { read_only: true, ..super::Options::default() };
    let store = super::Runs::open(from, options)?;
    store.verify(&mut |_, _| {})?;
    backup(&store.intake, from, to)
}

fn fill(
    from: &Path,
    to: &Path,
    mut names: impl Iterator<Item = String>,
    end: &dyn Fn(&RealFolder) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let shown = to.to_string_lossy().into_owned();
    let empty = fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_none());
    if !empty {
        fs::create_dir_all(to.parent().unwrap_or(to)).map_err(failed("create", &shown))?;
        fs::create_dir(to).map_err(failed("create", &shown))?;
    }
    let filled = names
        .try_for_each(|name| link(&from.join(&name), &to.join(&name)).map_err(failed("copy", &name)))
        .and_then(|()| end(&RealFolder::new(to)))
        .and_then(|()| RealFolder::new(to).sync().map_err(failed("sync", &shown)));
    if filled.is_err() {
        // What is left of it has no manifest.
        let _ = fs::remove_dir_all(to);
    }
    filled
}

fn link(from: &Path, to: &Path) -> io::Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)?;
    fs::File::open(to)?.sync_all()
}
