//! The checksum of all data in the engine's files.

use twox_hash::XxHash3_64;

/// XXH3-64 of the bytes, seeded with their offset in the file, so that misplaced bytes do not match.
pub(super) fn checksum(bytes: &[u8], place: u64) -> u64 {
    XxHash3_64::oneshot_with_seed(place, bytes)
}
