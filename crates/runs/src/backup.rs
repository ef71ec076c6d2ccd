//! Copies the store to a folder that opens as the same store, and restores such a copy.
//!
//! Runs never change, so a backup contains hard links to them if the file system supports links, and copies otherwise. The
//! files of the ledger grow, so they are copied. The manifest is written last: an incomplete backup is not a database.
//!
//! A backup in an older format is converted to the current format when it is restored; the backup itself is not changed.

use std::fs;
use std::io;
use std::path::Path;

use super::error::Error;
use super::file::{Folder as _, RealFolder, failed};
use super::intake::{Intake, lock};
use super::ledger;
use super::lock::Lock;

/// Creates the folder `to` with a copy of `from`, the folder of the engine.
///
/// # Errors
/// I/O errors; the folder does not exist then.
pub(super) fn backup(intake: &Intake, from: &Path, to: &Path) -> Result<(), Error> {
    // Runs stay while nobody merges, and while nothing is absorbed, no data is only in a journal.
    let _turn = lock(&intake.merging);
    let held = if intake.options.read_only { None } else { Some(intake.hold_flushed()?) };
    let mut manifest = lock(&intake.manifest).clone();
    if held.is_some() {
        manifest.journals.clear();
    }
    let runs = manifest.runs.iter().map(|entry| super::run::name(entry.number));
    let journals = manifest.journals.iter().map(|number| super::journal::name(*number));
    let ledgers = manifest.ledgers.iter().map(|segment| ledger::name(segment.number));
    let names: Vec<_> =
        runs.chain(journals).map(|name| (name, true)).chain(ledgers.map(|name| (name, false))).collect();
    fill(from, to, &names, |to: &RealFolder| manifest.write(to))
}

/// Creates the folder `to` from a backup, and opens it to check it; a backup in an older format is converted there.
///
/// # Errors
/// I/O errors, and the errors of opening the backup.
pub fn restore(
    from: &Path,
    to: &Path,
    options: super::Options,
    tell: &mut dyn FnMut(super::Step),
) -> Result<(), Error> {
    let reading = super::Options { read_only: true, ..options };
    match super::Runs::open(from, reading) {
        Err(Error::Older { .. }) => restore_older(from, to, options, tell),
        store => {
            let store = store?;
            store.verify(&mut |_, _| {})?;
            backup(&store.intake, from, to)
        }
    }
}

/// The linked or copied files are removed again after the conversion, as files of the older format.
fn restore_older(
    from: &Path,
    to: &Path,
    options: super::Options,
    tell: &mut dyn FnMut(super::Step),
) -> Result<(), Error> {
    let _lock = Lock::take(from, false)?;
    let names = RealFolder::new(from).names().map_err(failed("list", "the backup"))?;
    let ours = |name: &String| [".run", ".journal"].iter().any(|suffix| name.ends_with(suffix));
    let names: Vec<_> = names.into_iter().filter(ours).map(|name| (name, true)).collect();
    let end = |_: &RealFolder| {
        let manifest = super::manifest::NAME;
        let copied = fs::copy(from.join(manifest), to.join(manifest)).and_then(|_| sync(&to.join(manifest)));
        copied.map_err(failed("copy", manifest))?;
        let options = super::Options { read_only: false, ..options };
        let store = super::Runs::open_telling(to, options, tell)?;
        store.verify(&mut |_, _| {}).map(drop)
    };
    fill(from, to, &names, end)
}

fn fill(
    from: &Path,
    to: &Path,
    names: &[(String, bool)],
    end: impl FnOnce(&RealFolder) -> Result<(), Error>,
) -> Result<(), Error> {
    let shown = to.to_string_lossy().into_owned();
    let empty = fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_none());
    if !empty {
        fs::create_dir_all(to.parent().unwrap_or(to)).map_err(failed("create", &shown))?;
        fs::create_dir(to).map_err(failed("create", &shown))?;
    }
    let filled = names
        .iter()
        .try_for_each(|(name, links)| {
            copy(&from.join(name), &to.join(name), *links).map_err(failed("copy", name))
        })
        .and_then(|()| end(&RealFolder::new(to)))
        .and_then(|()| RealFolder::new(to).sync().map_err(failed("sync", &shown)));
    if filled.is_err() {
        // If this fails as well, the first error is reported.
        let _ = fs::remove_dir_all(to);
    }
    filled
}

/// Copies a file; a file that never changes is linked if possible.
fn copy(from: &Path, to: &Path, links: bool) -> io::Result<()> {
    if links && fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)?;
    sync(to)
}

fn sync(file: &Path) -> io::Result<()> {
    fs::File::open(file)?.sync_all()
}
