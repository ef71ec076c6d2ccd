//! AS number, AS name and country of addresses, from MMDB files of the user: [`Networks`].
//!
//! The layouts of `MaxMind`, DB-IP and `IPinfo` are known (`layout`). Several files are merged: for each field, the first file
//! that says something counts. Files are read into memory, and read again when they have changed: they are looked at when they
//! are used, at most every `LOOK_AGAIN`. A file that has become unreadable keeps its former content, which is logged and
//! [told](Networks::files). Nothing is ever fetched.
//!
//! A file that is missing or unreadable at the start is a [`NetworksError`], which names it. A lookup never fails: a damaged
//! entry is no entry, and is counted.

mod layout;

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use cof::time::Clock;
use maxminddb::{MaxMindDbError, Reader, WithinOptions};

use crate::Place;
use crate::text::clean;

/// The most files.
pub const MAX_FILES: usize = 16;
/// The largest file, in bytes: the largest of the known providers has a fifth of it.
const MAX_BYTES: u64 = 1 << 30;
/// How long files are used before they are looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How many entries of a file are read to see whether it says what we need.
const SAMPLE: usize = 1_000;
/// The longest kind of a file that is shown, in characters.
const MAX_KIND: usize = 60;

/// Files that say where addresses are; none by default. Cloning is cheap, and all clones share what is read.
#[derive(Clone, Debug, Default)]
pub struct Networks(Option<Arc<Shared>>);

/// The content of the files at one time, for many lookups; cloning is cheap.
#[derive(Clone, Debug, Default)]
pub struct NetworksNow(Arc<[Arc<Content>]>);

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NetworksError {
    /// It cannot be opened or read.
    #[error("cannot read {}: {error}; correct the path, or take the file out of the configuration", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// It is larger than any file that we know of.
    #[error("{} has more than {MAX_BYTES} bytes, which is the limit; give the file of networks itself", path.display())]
    Large {
        /// The file.
        path: PathBuf,
    },
    /// It is not an MMDB file, or is damaged.
    #[error("{} is not an MMDB file, or is damaged ({error}); download it again, and unpack it if it is compressed", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: MaxMindDbError,
    },
    /// It says neither an AS nor a country.
    #[error(
        "{} has neither AS numbers nor countries in a layout that we know; give a file such as GeoLite2-ASN.mmdb, dbip-country-lite.mmdb or ipinfo_lite.mmdb",
        path.display()
    )]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// There are too many files.
    #[error("{given} files of networks are configured, and {MAX_FILES} are the limit; leave some out")]
    Many {
        /// How many there are.
        given: usize,
    },
}

/// The state of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// Its path.
    pub path: PathBuf,
    /// What it calls itself: `GeoLite2-ASN`.
    pub kind: String,
    /// When it was built, in seconds since the epoch.
    pub built: u64,
    /// How many entries could not be read in lookups so far.
    pub damaged: u64,
    /// Why its newest content cannot be used; the former content is in use.
    pub trouble: Option<String>,
}

#[derive(Debug)]
struct Shared {
    paths: Vec<PathBuf>,
    clock: Clock,
    now: RwLock<NetworksNow>,
    looked: Mutex<Looked>,
}

/// When and how the files were looked at last.
#[derive(Debug, Default)]
struct Looked {
    at: Duration,
    files: Vec<(Stamp, Option<String>)>,
}

/// What tells that a file has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stamp {
    changed: Option<SystemTime>,
    length: u64,
    number: u64,
}

/// The content of one file.
struct Content {
    reader: Reader<Vec<u8>>,
    damaged: AtomicU64,
}

impl Networks {
    /// Reads files; those given first are asked first.
    ///
    /// # Errors
    /// [`NetworksError`] for the first file that cannot be used.
    pub fn open(paths: Vec<PathBuf>, clock: Clock) -> Result<Self, NetworksError> {
        if paths.is_empty() {
            return Ok(Self::default());
        }
        if paths.len() > MAX_FILES {
            return Err(NetworksError::Many { given: paths.len() });
        }
        let read: Vec<(Content, Stamp)> =
            paths.iter().map(|path| Content::read(path)).collect::<Result<_, _>>()?;
        let files = read.iter().map(|(_, stamp)| (*stamp, None)).collect();
        let now = NetworksNow(read.into_iter().map(|(content, _)| Arc::new(content)).collect());
        let looked = Mutex::new(Looked { at: clock.now(), files });
        Ok(Self(Some(Arc::new(Shared { paths, clock, now: RwLock::new(now), looked }))))
    }

    /// Whether there are files.
    pub fn is_configured(&self) -> bool {
        self.0.is_some()
    }

    /// The current content. Looks at the files if that was not done for `LOOK_AGAIN`, and reads those that have changed.
    pub fn now(&self) -> NetworksNow {
        let Some(shared) = &self.0 else { return NetworksNow::default() };
        shared.look();
        shared.content()
    }

    /// The state of each file.
    pub fn files(&self) -> Vec<FileState> {
        let Some(shared) = &self.0 else { return Vec::new() };
        let now = self.now();
        let looked = shared.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let all = shared.paths.iter().zip(now.0.iter()).zip(&looked.files);
        all.map(|((path, content), (_, trouble))| content.state(path, trouble.clone())).collect()
    }
}

impl NetworksNow {
    /// Whether there are files.
    pub fn is_configured(&self) -> bool {
        !self.0.is_empty()
    }

    /// Where an address is; an IPv4-mapped address is the IPv4 address.
    pub fn of(&self, address: IpAddr) -> Place {
        let address = address.to_canonical();
        let mut place = Place::default();
        for content in self.0.iter() {
            place.or(content.of(address));
            if place.is_full() {
                break;
            }
        }
        place
    }
}

impl Shared {
    fn content(&self) -> NetworksNow {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the files; whoever comes while another one does it uses what there is.
    fn look(&self) {
        let Ok(mut looked) = self.looked.try_lock() else { return };
        let now = self.clock.now();
        // A clock that was set back must not stop this.
        if now.abs_diff(looked.at) < LOOK_AGAIN {
            return;
        }
        looked.at = now;
        for (at, path) in self.paths.iter().enumerate() {
            let Some((stamp, trouble)) = looked.files.get_mut(at) else { continue };
            let seen = std::fs::metadata(path).map(|found| Stamp::of(&found)).unwrap_or_default();
            if seen != *stamp {
                *stamp = seen;
                *trouble = self.read_again(at, path);
            }
        }
    }

    /// Reads a file that has changed; returns why it cannot be used.
    fn read_again(&self, at: usize, path: &Path) -> Option<String> {
        match Content::read(path) {
            Ok((content, _)) => {
                let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
                let mut all = now.0.to_vec();
                if let Some(slot) = all.get_mut(at) {
                    *slot = Arc::new(content);
                }
                *now = NetworksNow(all.into());
                tracing::info!(target: "server", file = %path.display(), "read the changed file of networks");
                None
            }
            Err(error) => {
                tracing::warn!(target: "server", %error, "a file of networks has changed and cannot be used; its former content stays in use");
                Some(error.to_string())
            }
        }
    }
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(found);
        #[cfg(not(unix))]
        let number = 0;
        Self { changed: found.modified().ok(), length: found.len(), number }
    }
}

impl Content {
    /// Reads a file, with the stamp that it had before that.
    fn read(path: &Path) -> Result<(Self, Stamp), NetworksError> {
        let failed = |error| NetworksError::Io { path: path.to_owned(), error };
        let file = File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if found.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let mut octets = Vec::new();
        // One more, so that a file that grows meanwhile is noticed; a pipe has no length.
        file.take(MAX_BYTES + 1).read_to_end(&mut octets).map_err(failed)?;
        if octets.len() as u64 > MAX_BYTES {
            return Err(NetworksError::Large { path: path.to_owned() });
        }
        let damaged = |error| NetworksError::Damaged { path: path.to_owned(), error };
        let reader = Reader::from_source(octets).map_err(damaged)?;
        let content = Self { reader, damaged: AtomicU64::new(0) };
        if content.says_something().map_err(damaged)? {
            Ok((content, Stamp::of(&found)))
        } else {
            Err(NetworksError::Unknown { path: path.to_owned() })
        }
    }

    /// Whether any of the first entries has a field that we know. A file without entries says nothing yet.
    fn says_something(&self) -> Result<bool, MaxMindDbError> {
        let mut is_empty = true;
        for entry in self.reader.networks(WithinOptions::default())?.take(SAMPLE) {
            let entry = entry?.decode::<layout::Entry<'_>>();
            is_empty = false;
            if entry.is_ok_and(|entry| entry.is_some_and(|entry| !entry.place().is_empty())) {
                return Ok(true);
            }
        }
        Ok(is_empty)
    }

    fn of(&self, address: IpAddr) -> Place {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Place::default();
        }
        let entry = self.reader.lookup(address).and_then(|found| found.decode::<layout::Entry<'_>>());
        let Ok(entry) = entry else {
            self.damaged.fetch_add(1, Ordering::Relaxed);
            return Place::default();
        };
        entry.map(|entry| entry.place()).unwrap_or_default()
    }

    fn state(&self, path: &Path, trouble: Option<String>) -> FileState {
        let metadata = self.reader.metadata();
        FileState {
            path: path.to_owned(),
            kind: clean(&metadata.database_type, MAX_KIND),
            built: metadata.build_epoch,
            damaged: self.damaged.load(Ordering::Relaxed),
            trouble,
        }
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("kind", &self.reader.metadata().database_type).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
