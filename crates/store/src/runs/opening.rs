//! Opening a folder: what counts in it, what was not finished, what cannot be believed.
//!
//! Nothing is written before all that is to be read has been: a folder that is refused is as it was.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Options;
use super::batch::Batch;
use super::cache::Cache;
use super::file::{Folder, RealFolder, failed};
use super::intake::{Found, Intake};
use super::journal::{self, Journal};
use super::ledger::Ledger;
use super::manifest::{self, Manifest};
use super::run::{self, Run};
use super::snapshot::{Frozen, Snapshot};
use super::sources::Sources;
use crate::StoreError;
use crate::position::Reached;

/// Sees to it that there is a folder, and that it is or may become a database; one that is refused is not touched.
///
/// # Errors
/// [`StoreError::Io`], [`StoreError::Foreign`], [`StoreError::Newer`], [`StoreError::Missing`].
pub(super) fn make(folder: &Path, options: Options) -> Result<(), StoreError> {
    if folder.is_dir() {
        let files = RealFolder::new(folder);
        if Manifest::read(&files)?.is_none() {
            may_begin(&files.names().map_err(failed("list", "the folder"))?, options)?;
        }
        return Ok(());
    }
    if options.read_only {
        return Err(StoreError::Empty);
    }
    let made = std::fs::create_dir_all(folder);
    made.map_err(failed("create", &folder.to_string_lossy()))
}

/// Opens what there is.
///
/// # Errors
/// Those of [`super::Runs::open_files`].
pub(super) fn open(files: Arc<dyn Folder>, options: Options) -> Result<Intake, StoreError> {
    let names = files.names().map_err(failed("list", "the folder"))?;
    let numbered = Numbered::of(&names);
    let manifest = match Manifest::read(&*files)? {
        Some(manifest) => manifest,
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
        found.manifest.sources = Arc::clone(&found.snapshot.sources);
        found.manifest.ledger = found.ledger.clone();
        found.manifest.write(&*files)?;
        clear(&*files, &numbered, &found.manifest);
    }
    Ok(Intake::new(files, options, found))
}

/// The files of ours in a folder.
struct Numbered {
    runs: Vec<u64>,
    journals: Vec<u64>,
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
        Self { runs: numbers(".run", run::name), journals: numbers(".journal", journal::name) }
    }

    fn highest(&self) -> u64 {
        self.runs.iter().chain(&self.journals).copied().max().unwrap_or_default()
    }
}

/// Begins a database where nothing else is. Its manifest is there first: other files without one are somebody else's.
fn begin(files: &dyn Folder, names: &[String], options: Options) -> Result<Manifest, StoreError> {
    may_begin(names, options)?;
    let manifest = Manifest::default();
    manifest.write(files)?;
    Ok(manifest)
}

/// What is in a folder where a database was about to begin: locked, asked for, killed before it had a manifest.
const BEGUN: [&str; 4] = ["LOCK", "MANIFEST.new", "backsight.sock", "backsight.sock.new"];

/// Whether a folder is not there, or holds no database and nothing else either: at most what somebody left who was killed
/// before the database began.
pub fn is_empty(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            let begun = |entry: std::fs::DirEntry| BEGUN.iter().any(|name| entry.file_name() == *name);
            entries.flatten().all(begun)
        }
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Whether a database may begin where only this is.
fn may_begin(names: &[String], options: Options) -> Result<(), StoreError> {
    if !names.iter().all(|name| BEGUN.contains(&name.as_str())) {
        return Err(StoreError::Foreign);
    }
    if options.read_only { Err(StoreError::Empty) } else { Ok(()) }
}

fn open_runs(files: &dyn Folder, manifest: &Manifest) -> Result<Vec<Arc<Run>>, StoreError> {
    let open = |entry: &manifest::RunEntry| Run::open(files, entry.clone()).map(Arc::new).map_err(missing);
    manifest.runs.iter().map(open).collect()
}

/// A file that the manifest names and that is not there.
fn missing(error: StoreError) -> StoreError {
    match error {
        StoreError::Io { kind: io::ErrorKind::NotFound, file, .. } => StoreError::Missing { file },
        error => error,
    }
}

/// What the journals hold.
struct Replay {
    frozen: Vec<Arc<Frozen>>,
    sources: Sources,
    ledger: Ledger,
}

fn replay(files: &dyn Folder, manifest: &Manifest) -> Result<Replay, StoreError> {
    let mut replay = Replay {
        frozen: Vec::new(),
        sources: Sources::clone(&manifest.sources),
        ledger: manifest.ledger.clone(),
    };
    for number in manifest.journals.iter().copied() {
        let mut batches: Vec<Arc<Batch>> = Vec::new();
        let mut positions = Vec::new();
        let read = journal::replay(files, number, &mut replay.sources, |record| {
            batches.push(Arc::new(record.batch));
            positions.extend(record.position.map(|position| (position, record.sources)));
        });
        read.map_err(missing)?;
        for (position, named) in positions {
            replay.ledger.advance(&position.input, Reached::at(&position), named);
        }
        if !batches.is_empty() {
            replay.frozen.push(Arc::new(Frozen { journal: number, batches }));
        }
    }
    Ok(replay)
}

/// Removes what somebody left who did not get further; what cannot be removed now harms nobody.
fn clear(files: &dyn Folder, numbered: &Numbered, manifest: &Manifest) {
    let is_run = |number: &u64| manifest.runs.iter().any(|entry| entry.number == *number);
    let runs = numbered.runs.iter().filter(|number| !is_run(number)).map(|number| run::name(*number));
    let is_journal = |number: &u64| manifest.journals.contains(number);
    let journals = numbered.journals.iter().filter(|number| !is_journal(number));
    for name in runs.chain(journals.map(|number| journal::name(*number))) {
        let _ = files.remove(&name);
    }
}
