//! Messages that a mirrored capture has twice: [`Doubles`].
//!
//! Two messages are one if they have the same key and at most 100 µs between them. The capture of one side of a mirror is at most a
//! few thousand messages ahead of the other, so [`SLOTS`] messages are remembered, each as a hash of 64 bits of its key.

use std::hash::{DefaultHasher, Hash, Hasher as _};

/// How many messages are remembered at most.
const SLOTS: usize = 1 << 16;
/// The longest time between a message and its double, in microseconds.
const APART: u64 = 100;

/// Recognises doubles.
pub(super) struct Doubles(Vec<Slot>);

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    /// In microseconds since the epoch.
    at: u64,
}

impl Default for Doubles {
    fn default() -> Self {
        Self(vec![Slot::default(); SLOTS])
    }
}

impl Doubles {
    /// Whether a message is the double of an earlier one; it is remembered. `at` is in microseconds since the epoch.
    pub(super) fn has(&mut self, key: impl Hash, at: u64) -> bool {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let entry = Slot { key: hasher.finish(), at };
        let place = usize::try_from(entry.key % SLOTS as u64).unwrap_or_default();
        let Some(slot) = self.0.get_mut(place) else { return false };
        let earlier = std::mem::replace(slot, entry);
        earlier.key == entry.key && earlier.at.abs_diff(entry.at) <= APART
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_have_the_same_key_within_a_moment() {
        let mut doubles = Doubles::default();
        assert!(!doubles.has("a", 1_000));
        assert!(!doubles.has("b", 1_000));
        assert!(doubles.has("a", 1_000 + APART));
        assert!(!doubles.has("a", 1_001 + 2 * APART));
        assert!(doubles.has("b", 1_000 - APART), "clocks of two captures may differ");
    }
}
