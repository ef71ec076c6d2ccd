//! The checksum of whatever stands in a file of ours.

use twox_hash::XxHash3_64;

/// XXH3-64 of the bytes, seeded with their place in the file, so that bytes that stand in another place do not match.
pub(super) fn checksum(bytes: &[u8], place: u64) -> u64 {
    XxHash3_64::oneshot_with_seed(place, bytes)
}
