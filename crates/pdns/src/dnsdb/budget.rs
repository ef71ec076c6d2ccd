//! The memory limit of all running searches: [`Budget`], of which each search has a [`Share`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The memory for all searches, in bytes: enough for four searches with the most that one may hold.
const OCTETS: usize = 4 * 64 * 1024 * 1024;
/// How much is reserved at a time.
const STEP: usize = 64 * 1024;

/// The remaining memory; cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Budget(Arc<AtomicUsize>);

/// The memory that one search has reserved, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Budget,
    octets: usize,
}

impl Budget {
    /// The memory that all searches together may use by default.
    pub fn usual() -> Self {
        Self::new(OCTETS)
    }

    pub(super) fn new(octets: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(octets)))
    }

    pub(super) fn share(&self) -> Share {
        Share { budget: self.clone(), octets: 0 }
    }

    fn take(&self, octets: usize) -> bool {
        let taken =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(octets));
        taken.is_ok()
    }
}

impl Share {
    /// Whether this many bytes in total may be held; reserves what is needed.
    pub(super) fn holds(&mut self, octets: usize) -> bool {
        let missing = octets.saturating_sub(self.octets);
        if missing == 0 {
            return true;
        }
        let step = missing.next_multiple_of(STEP);
        let taken = self.budget.take(step);
        self.octets += if taken { step } else { 0 };
        taken
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.octets, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_has_another_has_not_until_it_is_given_back() {
        let budget = Budget::new(3 * STEP);
        let (mut one, mut other) = (budget.share(), budget.share());
        assert!(one.holds(1) && one.holds(STEP) && one.holds(2 * STEP) && one.holds(7));
        assert!(other.holds(STEP) && !other.holds(STEP + 1) && other.holds(STEP));
        drop(one);
        assert!(other.holds(3 * STEP) && !other.holds(3 * STEP + 1));
        drop(other);
        assert!(budget.share().holds(3 * STEP));
    }
}
