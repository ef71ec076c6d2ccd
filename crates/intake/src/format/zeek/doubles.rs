//! Messages that a mirrored capture has twice: [`Doubles`].
//!
//! Two entries are one message if they have the same key (uid, `trans_id`, query, qtype) and at most 100 µs between them. The
//! capture of one side of a mirror is at most a few thousand entries ahead of the other, so [`SLOTS`] entries are remembered, each
//! as a hash of 64 bits of its key.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::Response;
use crate::format::moment::Moment;

/// How many entries are remembered at most.
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
    /// Whether the entry is the double of an earlier one; it is remembered.
    pub(super) fn has(&mut self, response: &Response<'_>, at: Moment) -> bool {
        let mut hasher = DefaultHasher::new();
        (response.uid, response.id, response.query, response.rrtype).hash(&mut hasher);
        let entry = Slot { key: hasher.finish(), at: at.as_micros() };
        let place = usize::try_from(entry.key % SLOTS as u64).unwrap_or_default();
        let Some(slot) = self.0.get_mut(place) else { return false };
        let earlier = std::mem::replace(slot, entry);
        earlier.key == entry.key && earlier.at.abs_diff(entry.at) <= APART
    }
}
