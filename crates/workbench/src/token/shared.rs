//! The current usage of tokens, in a file that all servers of a data folder share.
//!
//! [`usage`](super::usage) is written once a second, so two servers of one folder would each grant the quota in the meantime.
//! [`SharedUsage`] holds the same numbers in a file that every request of a limited token reads and writes under the file's
//! lock. It is only an addition: it is not synced, it may be deleted, and unreadable content counts as nothing used.
//!
//! ```text
//! DIR/token-usage   32 bytes for each token, at its id times 32, all little-endian:
//!   i64 day         days since the epoch
//!   u64 used        requests on that day
//!   i64 full_at     when the bucket is full again, in microseconds since the epoch
//!   u64 check       the first 8 bytes of the BLAKE3 hash of id, day, used and full_at
//! ```

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::Usage;
use crate::files::for_owner;

const FILE: &str = "token-usage";
const SLOT: usize = 32;
/// How often the lock is tried. A process that was suspended while it held the lock must not stop the requests of all others.
const TRIES: u32 = 200;

/// The open file; it is only used through [`SharedUsage::change`].
#[derive(Debug)]
pub struct SharedUsage(Mutex<File>);

impl SharedUsage {
    /// Opens the file of a data folder, and creates it if it does not exist.
    ///
    /// # Errors
    /// It cannot be opened for reading and writing.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        let file = for_owner().read(true).create(true).truncate(false).open(folder.join(FILE))?;
        Ok(Self(Mutex::new(file)))
    }

    /// Changes the usage of a token while no other process can; returns what `change` returns.
    ///
    /// `change` starts with no usage if the file's content cannot be trusted, or if the lock is not free within a few
    /// milliseconds. What cannot be written is lost, so the caller keeps its own count as well.
    pub fn change<T>(&self, token: i64, change: impl FnOnce(&mut Usage) -> T) -> T {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = u64::try_from(token).ok().and_then(|token| token.checked_mul(SLOT as u64)) else {
            return change(&mut Usage::default());
        };
        if !lock(&file) {
            return change(&mut Usage::default());
        }
        let mut usage = read(&mut file, at, token).unwrap_or_default();
        let result = change(&mut usage);
        let _ = file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(&slot(token, usage)));
        let _ = file.unlock();
        result
    }
}

fn lock(file: &File) -> bool {
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            Err(TryLockError::Error(_)) => return false,
        }
    }
    false
}

fn read(file: &mut File, at: u64, token: i64) -> Option<Usage> {
    let mut octets = [0; SLOT];
    file.seek(SeekFrom::Start(at)).ok()?;
    file.read_exact(&mut octets).ok()?;
    let (numbers, _) = octets.as_chunks::<8>();
    let [day, used, full_at, _] = numbers else { return None };
    let usage = Usage {
        day: i64::from_le_bytes(*day),
        used: u64::from_le_bytes(*used),
        full_at: i64::from_le_bytes(*full_at),
    };
    (slot(token, usage) == octets).then_some(usage)
}

fn slot(token: i64, usage: Usage) -> [u8; SLOT] {
    let numbers = [usage.day.to_le_bytes(), usage.used.to_le_bytes(), usage.full_at.to_le_bytes()];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&token.to_le_bytes()).update(numbers.as_flattened());
    let check = hasher.finalize();
    let mut octets = [0; SLOT];
    let fields = numbers.as_flattened().iter().chain(check.as_bytes());
    octets.iter_mut().zip(fields).for_each(|(into, byte)| *into = *byte);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_count_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let servers = [SharedUsage::open(folder.path()).unwrap(), SharedUsage::open(folder.path()).unwrap()];
        // Without threads: giving up on the lock after a while is right for a server, but would make this test depend on
        // timing.
        for round in 0..1_000 {
            for server in &servers {
                server.change(3, |usage| usage.used += 1);
                server.change(1, |usage| usage.full_at = round);
            }
        }
        assert_eq!(servers[0].change(3, |usage| *usage), Usage { used: 2_000, ..Usage::default() });
        assert_eq!(servers[1].change(1, |usage| *usage), Usage { full_at: 999, ..Usage::default() });
    }

    #[test]
    fn a_damaged_slot_counts_nothing_and_a_held_lock_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let shared = SharedUsage::open(folder.path()).unwrap();
        shared.change(2, |usage| usage.used = 5);
        let file = folder.path().join(FILE);
        let octets = std::fs::read(&file).unwrap();
        for at in 2 * SLOT * 8..3 * SLOT * 8 {
            let mut flipped = octets.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            std::fs::write(&file, flipped).unwrap();
            assert_eq!(shared.change(2, std::mem::take), Usage::default(), "bit {at}");
        }
        std::fs::write(&file, octets).unwrap();
        let other = File::open(&file).unwrap();
        other.lock().unwrap();
        assert_eq!(shared.change(2, |usage| *usage), Usage::default());
        other.unlock().unwrap();
        assert_eq!(shared.change(2, |usage| usage.used), 5);
        for none in [-1, i64::MAX] {
            assert_eq!(shared.change(none, |usage| *usage), Usage::default());
        }
    }
}
