//! Engines under test: as they are, and shaken.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock, RwLockReadGuard};

use cof::Batch;
use store::runs::{FileRead, FileWrite, Folder, Options, RealFolder, restore};
use store::{Memory, Page, Question, Receipt, Runs, Selection, Stats, Store, StoreError, Summary};
use tempfile::TempDir;

/// A store to which things can be done that must not show.
pub(crate) trait Engine: Store {
    /// Does one of them.
    fn shake(&self, how: usize);
    /// Merges all that can be merged.
    fn settle(&self);
}

impl Engine for Memory {
    fn shake(&self, _: usize) {}

    fn settle(&self) {}
}

/// Small enough that every batch is a run, and that runs are merged all the time.
pub(crate) const SMALL: Options = Options { cache: 1 << 16, memory: 1 << 10, fan_in: 3, read_only: false };

/// The durable engine, which is flushed, compacted, opened again and restored from its backup at any time.
pub(crate) struct Shaken {
    folder: TempDir,
    /// Which folder it is in, and the store.
    store: RwLock<(PathBuf, Option<Runs>)>,
}

impl Shaken {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0");
        let store = Self::open(&path);
        Self { folder, store: RwLock::new((path, Some(store))) }
    }

    /// Nothing here is cut off, so nothing has to last: syncing would take most of the time.
    fn open(path: &Path) -> Runs {
        std::fs::create_dir_all(path).unwrap();
        Runs::open_files(Arc::new(Unsynced(RealFolder::new(path))), SMALL).unwrap()
    }

    fn store(&self) -> impl std::ops::Deref<Target = Runs> + '_ {
        Opened(self.store.read().unwrap())
    }

    fn reopen(&self) {
        let mut place = self.store.write().unwrap();
        place.1 = None;
        place.1 = Some(Self::open(&place.0));
    }

    fn restore(&self) {
        let mut place = self.store.write().unwrap();
        let at = |name: &str| self.folder.path().join(format!("{}{name}", place.0.display()));
        let (backup, restored) = (at("b"), at("r"));
        place.1.take().unwrap().backup(&backup, &place.0).unwrap();
        restore(&backup, &restored).unwrap();
        *place = (restored.clone(), Some(Self::open(&restored)));
    }
}

struct Opened<'a>(RwLockReadGuard<'a, (PathBuf, Option<Runs>)>);

impl std::ops::Deref for Opened<'_> {
    type Target = Runs;

    fn deref(&self) -> &Runs {
        self.0.1.as_ref().unwrap()
    }
}

impl Engine for Shaken {
    fn shake(&self, how: usize) {
        match how % 7 {
            0 => self.store().flush().unwrap(),
            1 => self.store().compact().unwrap(),
            2 => self.reopen(),
            3 if how % 3 == 0 => self.restore(),
            4 => drop(self.store().verify(&mut |_, _| {}).unwrap()),
            _ => {}
        }
    }

    fn settle(&self) {
        self.store().compact().unwrap();
    }
}

impl Store for Shaken {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        self.store().absorb(batch)
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        self.store().lookup(question)
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        self.store().summarise(question)
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.store().drop_where(selection)
    }

    fn position(&self, input: &str) -> Result<Option<u64>, StoreError> {
        self.store().position(input)
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.store().stats()
    }
}

struct Unsynced(RealFolder);

struct UnsyncedFile(Arc<dyn FileWrite>);

impl Folder for Unsynced {
    fn create(&self, name: &str) -> io::Result<Arc<dyn FileWrite>> {
        Ok(Arc::new(UnsyncedFile(self.0.create(name)?)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn FileRead>> {
        self.0.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.0.names()
    }
}

impl FileWrite for UnsyncedFile {
    fn append(&self, octets: &[u8]) -> io::Result<()> {
        self.0.append(octets)
    }

    fn overwrite(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        self.0.overwrite(octets, offset)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.truncate(len)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
