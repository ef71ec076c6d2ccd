//! Warning lists in MISP's format: [`Lists`] keeps those that the user has imported, and tells which of them have a name or an
//! address.
//!
//! A list is read from JSON once, when it is imported (`source`), and compiled (`compiled`) into a file of its own
//! (`stored`) in the folder `lists` of the data folder. [`Lists::now`] loads what is there when it is first needed, and again
//! when it has changed; a lookup then takes microseconds. Several processes can use one folder: changes take turns with a lock
//! on a file, and replace whole files.
//!
//! Errors are [`ListError`]: the user's file, an unknown name, a limit, or the disk. A stored list that is damaged does not stop
//! the others from being used, and is [told](ListsNow::unreadable).

mod compiled;
mod folder;
mod names;
mod ranges;
mod source;
mod stored;
mod texts;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use cof::Target;
use cof::time::Clock;

use self::compiled::Compiled;
use self::folder::{Folder, Seen};

pub use self::source::{Kind, MAX_BYTES, MAX_ENTRIES};
pub use self::stored::About;

/// The most lists that are kept.
pub const MAX_LISTS: usize = 500;
/// The folder of the lists in a data folder.
pub const FOLDER: &str = "lists";
/// The endings of files in it that make up the lists.
pub const KEPT: [&str; 2] = [folder::LIST, folder::OFF];
/// How long loaded lists are used before the folder is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The lists of a data folder; cloning is cheap, and all clones share what is loaded.
#[derive(Clone, Debug)]
pub struct Lists(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: Folder,
    clock: Clock,
    now: RwLock<ListsNow>,
    looked: Mutex<Option<(Duration, Vec<Seen>)>>,
}

/// The enabled lists at one time, for many lookups; cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct ListsNow {
    lists: Arc<[Arc<Compiled>]>,
    /// Files that cannot be used, and why.
    unreadable: Arc<[String]>,
}

/// A list that has a name or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The list.
    pub about: Arc<About>,
}

/// What importing a file did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The list.
    pub about: About,
    /// The version that it replaced, if there was one.
    pub replaced: Option<u64>,
}

/// Why lists cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The text is not JSON.
    #[error("not a warning list: {0}; give a file in MISP's format, with name, type and list")]
    Json(#[from] serde_json::Error),
    /// A member is missing or has an impossible value.
    #[error("not a warning list: {0}")]
    Member(String),
    /// It is larger than a limit.
    #[error("{0}")]
    Large(String),
    /// There is no list with this name.
    #[error("there is no list {0:?}; `backsight list show` names those that there are")]
    Missing(String),
    /// There are too many lists.
    #[error("there are {MAX_LISTS} lists, which is the limit; remove one first")]
    Full,
    /// A stored list is not as it was written.
    #[error("the stored list {} is damaged ({why}); import it again, or delete the file", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The disk or its permissions.
    #[error("{doing} {}: {error}", path.display())]
    Io {
        /// What was done.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListErrorKind {
    /// The file or the name that the user gave.
    User,
    /// A limit is reached.
    Full,
    /// There is no such list.
    Missing,
    /// Our files, or the disk.
    Disk,
}

impl ListError {
    /// Whose fault it is.
    pub fn kind(&self) -> ListErrorKind {
        match self {
            Self::Json(_) | Self::Member(_) | Self::Large(_) => ListErrorKind::User,
            Self::Full => ListErrorKind::Full,
            Self::Missing(_) => ListErrorKind::Missing,
            Self::Damaged { .. } | Self::Io { .. } => ListErrorKind::Disk,
        }
    }
}

impl Lists {
    /// The lists in a data folder, which need not exist. Reads nothing yet.
    pub fn of(data_folder: &Path, clock: Clock) -> Self {
        let folder = Folder::new(data_folder.join(FOLDER));
        Self(Arc::new(Shared { folder, clock, now: RwLock::default(), looked: Mutex::default() }))
    }

    /// Imports a list from the text of a file in MISP's format. A list of the same name is replaced, and stays disabled if it
    /// was.
    ///
    /// # Errors
    /// [`ListError`]; nothing has changed then.
    pub fn import(&self, text: &[u8]) -> Result<Imported, ListError> {
        let source = source::read(text)?;
        let compiled = compiled::compile(source, self.0.clock.seconds())?;
        let replaced = self.0.folder.store(&compiled)?;
        self.forget();
        Ok(Imported { about: compiled.about().clone(), replaced })
    }

    /// All lists by name, and what is wrong with stored ones that cannot be read.
    ///
    /// # Errors
    /// [`ListError::Io`] if the folder cannot be read.
    pub fn all(&self) -> Result<(Vec<About>, Vec<ListError>), ListError> {
        self.0.folder.abouts()
    }

    /// Removes a list. The list that was removed last can be [restored](Self::restore).
    ///
    /// # Errors
    /// [`ListError`]; missing if there is no such list.
    pub fn remove(&self, name: &str) -> Result<About, ListError> {
        let removed = self.0.folder.remove(name)?;
        self.forget();
        Ok(removed)
    }

    /// Restores the list that was removed last, unless there is a new one of its name.
    ///
    /// # Errors
    /// [`ListError`]; missing if it is not the one that was removed last.
    pub fn restore(&self, name: &str) -> Result<About, ListError> {
        let restored = self.0.folder.restore(name)?;
        self.forget();
        Ok(restored)
    }

    /// The list that [`restore`](Self::restore) would restore.
    ///
    /// # Errors
    /// [`ListError::Io`] if the folder cannot be read.
    pub fn removed(&self) -> Result<Option<About>, ListError> {
        self.0.folder.removed()
    }

    /// Enables a list, or disables it: a disabled list is kept and never hits. Returns whether that changed anything.
    ///
    /// # Errors
    /// [`ListError`]; missing if there is no such list.
    pub fn set_enabled(&self, name: &str, enabled: bool) -> Result<bool, ListError> {
        let changed = self.0.folder.set_enabled(name, enabled)?;
        self.forget();
        Ok(changed)
    }

    /// The enabled lists. Loads them when they are first needed, and those that have changed when the folder was not looked at
    /// for `LOOK_AGAIN`.
    ///
    /// # Errors
    /// [`ListError::Io`] if the folder cannot be read.
    pub fn now(&self) -> Result<ListsNow, ListError> {
        let mut looked = self.0.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.0.clock.now();
        let is_fresh = looked.as_ref().is_some_and(|(at, _)| now.abs_diff(*at) < LOOK_AGAIN);
        if is_fresh {
            return Ok(self.loaded());
        }
        let seen = self.0.folder.look()?;
        let is_same = looked.as_ref().is_some_and(|(_, known)| *known == seen);
        if !is_same {
            let known = looked.as_ref().map(|(_, known)| known.as_slice()).unwrap_or_default();
            let loaded = self.loaded().again(known, &seen);
            *self.0.now.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        }
        *looked = Some((now, seen));
        Ok(self.loaded())
    }

    fn loaded(&self) -> ListsNow {
        self.0.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the next use look at the folder again.
    fn forget(&self) {
        let mut looked = self.0.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, _)) = looked.as_mut() {
            *at = Duration::ZERO;
        }
    }
}

impl ListsNow {
    /// The lists that have a name or an address; those with the fewest entries first, because they say the most.
    ///
    /// An IPv4-mapped address is the IPv4 address. Addresses are also looked for in lists of text, as they are written.
    pub fn of(&self, target: Target<'_>) -> Vec<Hit> {
        let query = compiled::Query::new(target);
        let hits = self.lists.iter().filter(|list| list.has(&query));
        hits.map(|list| Hit { about: Arc::clone(list.shared_about()) }).collect()
    }

    /// The first of [these](Self::of).
    pub fn first(&self, target: Target<'_>) -> Option<Hit> {
        let query = compiled::Query::new(target);
        let hit = self.lists.iter().find(|list| list.has(&query))?;
        Some(Hit { about: Arc::clone(hit.shared_about()) })
    }

    /// Whether there is no enabled list.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Whether nothing was changed in between, so that lookups in both find the same.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.is_empty() && other.is_empty()) || Arc::ptr_eq(&self.lists, &other.lists)
    }

    /// Stored lists that cannot be used, and why.
    pub fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    /// The memory that the lists take, in bytes, without what all of them need.
    pub fn bytes(&self) -> usize {
        self.lists.iter().map(|list| list.bytes()).sum()
    }

    /// What is in the folder now; lists that have not changed are not read again.
    fn again(&self, known: &[Seen], seen: &[Seen]) -> Self {
        let mut unreadable = Vec::new();
        let mut lists = Vec::new();
        for file in seen.iter().filter(|file| file.is_enabled) {
            let same = known.iter().any(|known| known == file);
            let kept = self.lists.iter().find(|list| same && list.about().file_name() == file.name);
            match kept.map_or_else(|| stored::read(&file.path).map(Arc::new), |list| Ok(Arc::clone(list))) {
                Ok(list) if list.about().applies => lists.push(list),
                Ok(_) => {}
                Err(error) => unreadable.push(error.to_string()),
            }
        }
        lists.sort_by(|a, b| {
            let key = |list: &Compiled| (list.about().entries, list.about().name.clone());
            key(a).cmp(&key(b))
        });
        Self { lists: lists.into(), unreadable: unreadable.into() }
    }
}

#[cfg(test)]
mod tests;
