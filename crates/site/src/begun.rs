//! What this server does in the background and forgets when it ends: [`Begun`], for pulls and executions.
//!
//! How many go on at the same time is limited, and so is how many of those that ended are remembered. What they did is in the audit
//! trail and the library.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use edge::problem::Problem;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many go on at the same time.
const AT_ONCE: usize = 4;
/// How many are remembered, including those that go on.
const REMEMBERED: usize = 20;

/// What goes on, and what ended lately, by number; cloning is cheap.
#[derive(Debug)]
pub(crate) struct Begun<T> {
    places: Arc<Semaphore>,
    all: Arc<Mutex<BTreeMap<i64, T>>>,
}

impl<T> Clone for Begun<T> {
    fn clone(&self) -> Self {
        Self { places: Arc::clone(&self.places), all: Arc::clone(&self.all) }
    }
}

impl<T> Default for Begun<T> {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), all: Arc::default() }
    }
}

impl<T: Clone> Begun<T> {
    /// A place for another one, which is free again when it is dropped.
    ///
    /// # Errors
    /// 503 if too many go on.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place
            .map_err(|_| Problem::busy(format!("{AT_ONCE} of these go on already; wait until one has ended")))
    }

    /// Remembers one; the oldest is forgotten, which has ended, because fewer go on than are remembered.
    pub(crate) fn begin(&self, id: i64, one: T) {
        let mut all = self.lock();
        all.insert(id, one);
        while all.len() > REMEMBERED {
            all.pop_first();
        }
    }

    /// Changes one, if it is remembered.
    pub(crate) fn change(&self, id: i64, change: impl FnOnce(&mut T)) {
        if let Some(one) = self.lock().get_mut(&id) {
            change(one);
        }
    }

    /// The one with this number.
    ///
    /// # Errors
    /// 404 if it is not remembered.
    pub(crate) fn find(&self, id: i64) -> Result<T, Problem> {
        self.lock().get(&id).cloned().ok_or_else(|| {
            Problem::missing(format!(
                "number {id} is not remembered: only the last {REMEMBERED} are, until the server ends; the audit log says what it did"
            ))
        })
    }

    /// All that are remembered, the newest first.
    pub(crate) fn newest(&self) -> Vec<T> {
        self.lock().values().rev().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, T>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_memory_are_limited() {
        let begun = Begun::default();
        let places: Vec<_> = (0..AT_ONCE).map(|_| begun.place().unwrap()).collect();
        assert!(begun.place().is_err());
        drop(places);
        assert!(begun.place().is_ok());
        for id in 0..100 {
            begun.begin(id, id);
        }
        begun.change(99, |one| *one += 1);
        assert_eq!(
            (begun.newest().len(), begun.newest()[0], begun.find(99).unwrap()),
            (REMEMBERED, 100, 100)
        );
        assert!(begun.find(0).is_err());
    }
}
