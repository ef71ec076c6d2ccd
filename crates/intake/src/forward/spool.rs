//! Batches on the disk until the server has answered them: [`Spool`].
//!
//! ```text
//! spool/NAME/                            mode 0700
//!   LOCK                                 locked while a process uses the spool
//!   SPOOL                                the name of the sequence, and the number up to which numbers may be used
//!   00000000000000000042-10000.zst       a batch: its number and its records; the content is what is sent
//!   00000000000000000043-17.part         a batch that is being written
//!   00000000000000000044-17.tied         a batch of a followed file, whose position is in the ledger
//!   LEDGER                               how far followed files were read (`ledger`)
//!   00000000000000000007-10000.refused   a batch that the server refused
//! ```
//!
//! A batch is written under another name, synced and renamed, and it is removed after the server has answered it. If a removed file
//! comes back after a power failure, the server recognises its number. Numbers are never used twice: they are reserved in blocks, and
//! a number that a crash leaves unused is a gap. The name of the sequence is random, so a spool that was lost and made anew has other
//! numbers for the server.
//!
//! Bounds: the size on the disk, and [`MOST_BATCHES`]. Above either, the oldest batches are removed, except the one that is being
//! sent. In memory, a batch takes [`Entry`] alone.
//!
//! Errors: [`SpoolError`] when it is opened. An error of writing is returned, and the same bodies may be kept again.

mod identity;
mod ledger;

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cof::Position;
use rustix::fs::OFlags;
use store::Reached;
use tokio::sync::Notify;

use super::body::{self, Body};
use super::status::Status;
use identity::Identity;
use ledger::Ledger;

/// The file that is locked.
const LOCK: &str = "LOCK";
/// The ending of a batch.
const FREE: &str = "zst";
/// The ending of a batch of a followed file.
const TIED: &str = "tied";
/// Batches that may wait: 24 MB of memory.
const MOST_BATCHES: usize = 1_000_000;
/// Batches that a server refused and that are kept for whoever looks into it.
const MOST_REFUSED: usize = 16;
/// How many numbers are reserved at a time.
const BLOCK: u64 = 1_024;
/// What a file takes at least, in bytes.
const CLUSTER: u64 = 4_096;
/// The largest file that is read, in bytes: a body is smaller.
const MOST_READ: u64 = 32 << 20;
/// The longest name of a spool, in bytes.
const LONGEST_NAME: usize = 64;

/// Why a spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Another process uses it.
    #[error("{} is used by another process: give each collector a spool of its own", .0.display())]
    InUse(PathBuf),
    /// The name would be another folder.
    #[error("the name of a spool has 1 to 64 letters, digits and any of ._-, and begins with no dot")]
    Name,
    /// The system refuses it.
    #[error("{}: {error}", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// The error.
        error: io::Error,
    },
}

/// A batch that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) records: u32,
    /// Its size on the disk, in clusters.
    clusters: u32,
    /// It belongs to a position in the ledger.
    is_tied: bool,
}

/// Why a batch cannot be read back.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It is not what was written.
    Damaged,
    /// The system does not give it now.
    System(io::Error),
}

/// Batches that wait to be sent, on the disk.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    #[expect(dead_code, reason = "closing the file gives the lock back")]
    lock: File,
    sequence: String,
    /// How many bytes may wait.
    most: u64,
    most_batches: usize,
    status: Arc<Status>,
    queue: Mutex<Queue>,
    ledger: Mutex<Ledger>,
    /// Told when there is a new batch.
    pub(super) filled: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Entry>,
    clusters: u64,
    records: u64,
    /// The number of the next batch.
    next: u64,
    /// Numbers below this one may be used.
    reserved: u64,
    /// The oldest batch is being sent.
    is_sending: bool,
    refused: VecDeque<Entry>,
}

impl Spool {
    /// Opens the spool with this name in a folder, and makes it if there is none. Up to `most` bytes may wait.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub fn open(all: &Path, name: &str, most: u64, status: Arc<Status>) -> Result<Self, SpoolError> {
        let of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_hidden = name.starts_with('.');
        if !(1..=LONGEST_NAME).contains(&name.len()) || is_hidden || !name.bytes().all(of_names) {
            return Err(SpoolError::Name);
        }
        let folder = all.join(name);
        let failed = |error| SpoolError::System { path: folder.clone(), error };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let lock = lock(&folder)?;
        let ledger = Ledger::read(&folder).map_err(failed)?;
        let mut queue = Queue::of(&folder, ledger.committed).map_err(failed)?;
        let known = Identity::read(&folder).map_err(failed)?;
        let identity = known.map_or_else(Identity::new, Ok).map_err(failed)?;
        // Numbers up to the reserved one may have been used before.
        queue.next = queue.next.max(identity.reserved);
        queue.reserved = queue.next;
        let sequence = identity.sequence;
        let spool = Self {
            folder,
            lock,
            sequence,
            most,
            most_batches: MOST_BATCHES,
            status,
            queue: Mutex::new(queue),
            ledger: Mutex::new(ledger),
            filled: Notify::new(),
        };
        let failed = |error| SpoolError::System { path: spool.folder.clone(), error };
        spool.reserve(0).map_err(failed)?;
        spool.tell(&spool.lock_queue());
        Ok(spool)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The status that this spool keeps.
    pub fn status(&self) -> &Arc<Status> {
        &self.status
    }

    /// The random name of the sequence of numbers.
    pub(super) fn sequence(&self) -> &str {
        &self.sequence
    }

    /// How far an input was read: its records up to there are in the spool, or were sent.
    pub fn position(&self, input: &str) -> Option<Reached> {
        self.lock_ledger().position(input)
    }

    /// Writes bodies, and how far their inputs were read, all together or not at all; returns how many old batches were removed for
    /// them. After an error, the same bodies may be kept again. Only one thread may keep bodies. `now` is in seconds since the epoch.
    pub(super) fn keep(&self, bodies: &[Body], positions: &[Position], now: u64) -> io::Result<u64> {
        let first = self.reserve(bodies.len() as u64)?;
        let is_tied = !positions.is_empty();
        let numbered = (first..).zip(bodies);
        let entries: Vec<Entry> = numbered.map(|(number, body)| Entry::of(number, body, is_tied)).collect();
        let dropped = self.make_room(entries.iter().map(|entry| u64::from(entry.clusters)).sum())?;
        for (entry, body) in entries.iter().zip(bodies) {
            self.write(*entry, body)?;
        }
        sync(&self.folder)?;
        if is_tied {
            let last = entries.last().map_or(first - 1, |entry| entry.number);
            let ledger = self.lock_ledger().after(positions, last, now);
            ledger.write(&self.folder)?;
            *self.lock_ledger() = ledger;
        }
        let mut queue = self.lock_queue();
        for entry in entries {
            queue.next = entry.number + 1;
            queue.push(entry);
        }
        self.tell(&queue);
        self.filled.notify_one();
        Ok(dropped)
    }

    /// The first of so many numbers that were never used; they stay free until batches are kept with them.
    fn reserve(&self, numbers: u64) -> io::Result<u64> {
        let mut queue = self.lock_queue();
        let needed = queue.next.saturating_add(numbers);
        if needed > queue.reserved || queue.reserved == queue.next {
            let reserved = needed + BLOCK;
            Identity { sequence: self.sequence.clone(), reserved }.write(&self.folder)?;
            queue.reserved = reserved;
        }
        Ok(queue.next)
    }

    fn write(&self, entry: Entry, body: &Body) -> io::Result<()> {
        let part = self.path(entry, "part");
        let mut file = private().write(true).create(true).truncate(true).open(&part)?;
        file.write_all(&body.bytes)?;
        file.sync_all()?;
        fs::rename(part, self.path(entry, entry.ending()))
    }

    /// The oldest batch, which is not dropped until [`Self::done`] or one of the others is called.
    pub(super) fn oldest(&self) -> Option<Entry> {
        let mut queue = self.lock_queue();
        let oldest = queue.waiting.front().copied();
        queue.is_sending = oldest.is_some();
        oldest
    }

    /// The body of a batch.
    pub(super) fn read(&self, entry: Entry) -> Result<Vec<u8>, Unreadable> {
        let file = match OpenOptions::new()
            .read(true)
            .custom_flags(nofollow())
            .open(self.path(entry, entry.ending()))
        {
            Ok(file) => file,
            // Somebody removed it, unless the whole folder is away.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.folder.join(LOCK).exists() => {
                return Err(Unreadable::Damaged);
            }
            Err(error) => return Err(Unreadable::System(error)),
        };
        let mut bytes = Vec::new();
        file.take(MOST_READ).read_to_end(&mut bytes).map_err(Unreadable::System)?;
        if body::is_whole(&bytes, entry.records.into()) { Ok(bytes) } else { Err(Unreadable::Damaged) }
    }

    /// Removes the oldest batch, which was sent or is damaged.
    pub(super) fn done(&self, entry: Entry) {
        // If it cannot be removed, it is sent again after the next start, and the server recognises its number.
        let _ = fs::remove_file(self.path(entry, entry.ending()));
        self.forget(entry);
    }

    /// Sets the oldest batch aside, which the server refused.
    pub(super) fn refuse(&self, entry: Entry) {
        let _ = fs::rename(self.path(entry, entry.ending()), self.path(entry, "refused"));
        self.forget(entry);
        let mut queue = self.lock_queue();
        queue.refused.push_back(entry);
        while queue.refused.len() > MOST_REFUSED {
            if let Some(old) = queue.refused.pop_front() {
                let _ = fs::remove_file(self.path(old, "refused"));
            }
        }
    }

    /// The oldest batch is not being sent any more, and waits on.
    pub(super) fn release(&self) {
        self.lock_queue().is_sending = false;
    }

    /// Whether less than half of the room is taken.
    pub(super) fn is_half_empty(&self) -> bool {
        self.lock_queue().clusters * CLUSTER < self.most / 2
    }

    /// Removes the oldest batches until so many clusters fit.
    fn make_room(&self, clusters: u64) -> io::Result<u64> {
        let mut dropped = 0;
        loop {
            let mut queue = self.lock_queue();
            let fits =
                (queue.clusters + clusters) * CLUSTER <= self.most && queue.waiting.len() < self.most_batches;
            let at = usize::from(queue.is_sending);
            let Some(oldest) = queue.waiting.get(at).copied().filter(|_| !fits) else { return Ok(dropped) };
            match fs::remove_file(self.path(oldest, oldest.ending())) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            queue.take(at);
            dropped += 1;
            self.status.update(|figures| {
                figures.dropped_batches += 1;
                figures.dropped_records += u64::from(oldest.records);
            });
            self.tell(&queue);
        }
    }

    fn forget(&self, entry: Entry) {
        let mut queue = self.lock_queue();
        queue.is_sending = false;
        if queue.waiting.front() == Some(&entry) {
            queue.take(0);
        }
        self.tell(&queue);
    }

    fn tell(&self, queue: &Queue) {
        self.status.update(|figures| {
            figures.waiting_batches = queue.waiting.len() as u64;
            figures.waiting_records = queue.records;
            figures.waiting_bytes = queue.clusters * CLUSTER;
        });
    }

    fn path(&self, entry: Entry, ending: &str) -> PathBuf {
        self.folder.join(format!("{:020}-{}.{ending}", entry.number, entry.records))
    }

    fn lock_ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// What an earlier process left. Half-written batches are removed, and those of followed files after the last committed one.
    fn of(folder: &Path, committed: u64) -> io::Result<Self> {
        let (mut waiting, mut refused) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(folder)? {
            let found = entry?;
            let name = found.file_name();
            let Some((entry, ending)) = name.to_str().and_then(Entry::parse) else { continue };
            match ending {
                TIED if entry.number > committed => fs::remove_file(found.path())?,
                FREE | TIED => {
                    let is_tied = ending == TIED;
                    let clusters = found.metadata()?.len().div_ceil(CLUSTER);
                    let clusters = u32::try_from(clusters).unwrap_or(u32::MAX);
                    waiting.push(Entry { clusters, is_tied, ..entry });
                }
                "refused" => refused.push(entry),
                "part" => fs::remove_file(found.path())?,
                _ => {}
            }
        }
        waiting.sort_unstable_by_key(|entry| entry.number);
        refused.sort_unstable_by_key(|entry| entry.number);
        let last = waiting.iter().chain(&refused).map(|entry| entry.number).max();
        let mut queue =
            Self { next: last.map_or(1, |last| last + 1), refused: refused.into(), ..Self::default() };
        for entry in waiting {
            queue.push(entry);
        }
        Ok(queue)
    }

    fn push(&mut self, entry: Entry) {
        self.clusters += u64::from(entry.clusters);
        self.records += u64::from(entry.records);
        self.waiting.push_back(entry);
    }

    fn take(&mut self, at: usize) {
        if let Some(entry) = self.waiting.remove(at) {
            self.clusters -= u64::from(entry.clusters);
            self.records -= u64::from(entry.records);
        }
    }
}

impl Entry {
    fn of(number: u64, body: &Body, is_tied: bool) -> Self {
        let clusters = (body.bytes.len() as u64).div_ceil(CLUSTER);
        Self {
            number,
            records: u32::try_from(body.records).unwrap_or(u32::MAX),
            clusters: u32::try_from(clusters).unwrap_or(u32::MAX),
            is_tied,
        }
    }

    fn ending(self) -> &'static str {
        if self.is_tied { TIED } else { FREE }
    }

    /// The entry in the name of a file, and the ending of the name.
    fn parse(name: &str) -> Option<(Self, &str)> {
        let (stem, ending) = name.split_once('.')?;
        let (number, records) = stem.split_once('-')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if number.len() != 20 || !digits(number) || !digits(records) {
            return None;
        }
        let number = number.parse().ok().filter(|number| *number < LAST)?;
        Some((Self { number, records: records.parse().ok()?, clusters: 0, is_tied: false }, ending))
    }
}

/// Above all numbers: they have at most 18 digits.
const LAST: u64 = 1_000_000_000_000_000_000;

fn lock(folder: &Path) -> Result<File, SpoolError> {
    let path = folder.join(LOCK);
    let failed = |error| SpoolError::System { path: path.clone(), error };
    let file = private().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    // A link could make us lock another file.
    if file.metadata().map_err(failed)?.nlink() > 1 {
        return Err(failed(io::Error::other("it is a link")));
    }
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SpoolError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Files that only their owner can read, and that are no links.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(nofollow());
    options
}

fn nofollow() -> i32 {
    OFlags::NOFOLLOW.bits().cast_signed()
}

/// Makes names in a folder durable.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
