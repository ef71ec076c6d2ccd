//! Opens a folder: finds the files that count, and removes unfinished ones.
//!
//! Nothing is written before everything needed was read, so a folder that is refused is not changed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::batch::Batch;
use super::cache::Cache;
use super::error::Error;
use super::file::{FileRead, Folder, RealFolder, failed, missing};
use super::format1::OldManifest;
use super::intake::{Found, Intake};
use super::journal::{self, Journal};
use super::ledger::{self, Change, Ledger, LedgerFiles};
use super::manifest::{self, Manifest, Title};
use super::migration;
use super::run::{self, Run};
use super::snapshot::{Frozen, Snapshot};
use super::sources::Sources;
use super::{Options, Step};

/// Ensures that the folder exists, and that it is a database or may become one; a folder that is refused is not changed.
///
/// # Errors
/// [`Error::Io`], [`Error::Foreign`], [`Error::Newer`], [`Error::Older`], [`Error::Empty`].
pub(super) fn make(folder: &Path, options: Options) -> Result<(), Error> {
    if folder.is_dir() {
        let files = RealFolder::new(folder);
        match manifest::title(&files)? {
            None => may_begin(&files.names().map_err(failed("list", "the folder"))?, options)?,
            Some((_, title)) => may_read(title, options)?,
        }
        return Ok(());
    }
    if options.read_only {
        return Err(Error::Empty);
    }
    let made = std::fs::create_dir_all(folder);
    made.map_err(failed("create", &folder.to_string_lossy()))
}

/// Opens the files of a folder.
///
/// # Errors
/// As [`super::Runs::open_files`].
pub(super) fn open(
    files: Arc<dyn Folder>,
    options: Options,
    tell: &mut dyn FnMut(Step),
) -> Result<Intake, Error> {
    let list = || files.names().map_err(failed("list", "the folder"));
    if let Some((file, title)) = manifest::title(&*files)?
        && title.format < manifest::FORMAT
    {
        may_read(title, options)?;
        migrate(&*files, &options, (&*file, title), &list()?, tell)?;
    }
    let names = list()?;
    let numbered = Numbered::of(&names);
    let manifest = match manifest::title(&*files)? {
        Some((file, title)) => Manifest::read(&*file, title)?,
        None => begin(&*files, &names, options)?,
    };
    let runs = open_runs(&*files, &manifest)?;
    let replayed = replay(&*files, &manifest)?;
    let next = manifest.next.max(numbered.highest() + 1);
    let mut found = Found {
        snapshot: Snapshot {
            runs,
            frozen: replayed.frozen,
            active: Vec::new(),
            sources: Arc::new(replayed.sources),
            cache: Arc::new(Cache::new(options.cache)),
        },
        ledger: replayed.ledger,
        ledgers: replayed.ledgers,
        manifest,
        journal: None,
        next,
    };
    if !options.read_only {
        found.next += 1;
        found.journal = Some(Journal::create(&*files, next)?);
        found.manifest.next = found.next;
        found.manifest.journals = found.snapshot.frozen.iter().map(|frozen| frozen.journal).collect();
        found.manifest.journals.push(next);
        found.manifest.write(&*files)?;
        clear(&*files, &numbered, &found.manifest);
    }
    Ok(Intake::new(files, options, found))
}

/// An older format is only converted when the folder is opened for writing.
fn may_read(title: Title, options: Options) -> Result<(), Error> {
    if options.read_only && title.format < manifest::FORMAT {
        return Err(Error::Older { found: title.format, known: manifest::FORMAT });
    }
    Ok(())
}

/// Converts a folder of an older format, after removing the files of an earlier attempt that did not finish.
fn migrate(
    files: &dyn Folder,
    options: &Options,
    (file, title): (&dyn FileRead, Title),
    names: &[String],
    tell: &mut dyn FnMut(Step),
) -> Result<(), Error> {
    let numbered = Numbered::of(names);
    let old = OldManifest::read(file, title)?;
    let runs = numbered.runs.iter().filter(|number| !old.runs.iter().any(|entry| entry.number == **number));
    let journals = numbered.journals.iter().filter(|number| !old.journals.contains(number));
    let left = runs.map(|number| run::name(*number)).chain(journals.map(|number| journal::name(*number)));
    for name in left.chain(numbered.ledgers.iter().map(|number| ledger::name(*number))) {
        let _ = files.remove(&name);
    }
    migration::migrate(files, options, old, numbered.highest() + 1, tell)
}

/// The files of the engine in a folder, by number.
struct Numbered {
    runs: Vec<u64>,
    journals: Vec<u64>,
    ledgers: Vec<u64>,
}

impl Numbered {
    fn of(names: &[String]) -> Self {
        let numbers = |suffix: &str, name: fn(u64) -> String| {
            let number = |text: &String| text.strip_suffix(suffix)?.parse().ok();
            let ours = names.iter().filter_map(|text| number(text).filter(|number| name(*number) == *text));
            let mut numbers: Vec<u64> = ours.collect();
            numbers.sort_unstable();
            numbers
        };
        Self {
            runs: numbers(".run", run::name),
            journals: numbers(".journal", journal::name),
            ledgers: numbers(".ledger", ledger::name),
        }
    }

    fn highest(&self) -> u64 {
        self.runs.iter().chain(&self.journals).chain(&self.ledgers).copied().max().unwrap_or_default()
    }
}

/// Creates a database in a folder without other files. Its manifest is written first: other files without one are foreign.
fn begin(files: &dyn Folder, names: &[String], options: Options) -> Result<Manifest, Error> {
    may_begin(names, options)?;
    let manifest = Manifest::default();
    manifest.write(files)?;
    Ok(manifest)
}

/// Files in a folder in which a database was about to be created: it was locked, opened, or the process was killed before the
/// manifest.
const BEGUN: [&str; 4] = ["LOCK", "MANIFEST.new", "backsight.sock", "backsight.sock.new"];

/// Whether a folder does not exist, or contains neither a database nor other files: at most what a process left that was killed
/// before it had created the database.
pub fn is_empty(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            let begun = |entry: std::fs::DirEntry| BEGUN.iter().any(|name| entry.file_name() == *name);
            entries.flatten().all(begun)
        }
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Checks that a database may be created in a folder with only these files.
fn may_begin(names: &[String], options: Options) -> Result<(), Error> {
    if !names.iter().all(|name| BEGUN.contains(&name.as_str())) {
        return Err(Error::Foreign);
    }
    if options.read_only { Err(Error::Empty) } else { Ok(()) }
}

fn open_runs(files: &dyn Folder, manifest: &Manifest) -> Result<Vec<Arc<Run>>, Error> {
    let open = |entry: &run::RunEntry| Run::open(files, entry.clone()).map(Arc::new).map_err(missing);
    manifest.runs.iter().map(open).collect()
}

/// The content of the journals.
struct Replay {
    frozen: Vec<Arc<Frozen>>,
    sources: Sources,
    ledger: Ledger,
    ledgers: LedgerFiles,
}

fn replay(files: &dyn Folder, manifest: &Manifest) -> Result<Replay, Error> {
    let (sources, ledger) = ledger::read(files, &manifest.ledgers)?;
    let ledgers = LedgerFiles::of(&manifest.ledgers, sources.len());
    let mut replay = Replay { frozen: Vec::new(), sources, ledger, ledgers };
    for number in manifest.journals.iter().copied() {
        let mut batches: Vec<Arc<Batch>> = Vec::new();
        let (mut changes, ledger) = (Vec::new(), &mut replay.ledger);
        let read = journal::replay(files, number, journal::HEAD, &mut replay.sources, |record, sources| {
            batches.push(Arc::new(Batch::of_owner_block(record.block, sources).ok()?));
            if let Some(advance) = record.advance {
                advance.apply(ledger);
                changes.push(Change::Reached(advance));
            }
            Some(())
        });
        read.map_err(missing)?;
        if !batches.is_empty() {
            replay.frozen.push(Arc::new(Frozen { journal: number, batches, changes }));
        }
    }
    Ok(replay)
}

/// Removes files of a process that did not finish; a file that cannot be removed now is harmless.
fn clear(files: &dyn Folder, numbered: &Numbered, manifest: &Manifest) {
    let is_run = |number: &u64| manifest.runs.iter().any(|entry| entry.number == *number);
    let runs = numbered.runs.iter().filter(|number| !is_run(number)).map(|number| run::name(*number));
    let is_journal = |number: &u64| manifest.journals.contains(number);
    let journals = numbered.journals.iter().filter(|number| !is_journal(number));
    let is_ledger = |number: &u64| manifest.ledgers.iter().any(|segment| segment.number == *number);
    let ledgers = numbered.ledgers.iter().filter(|number| !is_ledger(number));
    let journals = journals.map(|number| journal::name(*number));
    for name in runs.chain(journals).chain(ledgers.map(|number| ledger::name(*number))) {
        let _ = files.remove(&name);
    }
}
