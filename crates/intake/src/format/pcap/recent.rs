//! A map that forgets what was not used for a while: [`Recent`].
//!
//! It has two generations. What is used moves to the young one; when that is full, or a stretch of capture time is over, the old
//! one is given up and the young one becomes old. So an entry lives for one to two spans, the oldest entries go first, memory is
//! bounded, and no order has to be kept. Time only moves a generation on when it advances, so packets whose clocks differ do not
//! empty the map.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

/// What an entry takes beside its place in the map.
pub(super) trait Held {
    /// Bytes outside the entry.
    fn bytes(&self) -> usize;
}

/// How much a map keeps, of which one generation has half.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How long a generation is young, in nanoseconds of capture time.
    pub(super) span: u64,
    /// Entries of one generation.
    pub(super) entries: usize,
    /// Bytes that the entries of one generation hold.
    pub(super) bytes: usize,
}

/// A map of what was used recently.
pub(super) struct Recent<K, V> {
    bounds: Bounds,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// When the young generation began, in nanoseconds of capture time.
    began: u64,
    /// Bytes that the young generation holds.
    bytes: usize,
}

impl<K: Eq + Hash, V: Held> Recent<K, V> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, young: HashMap::new(), old: HashMap::new(), began: 0, bytes: 0 }
    }

    /// Gives up what is too old at this time, or too much.
    pub(super) fn turn(&mut self, now: u64, mut gone: impl FnMut(K, V)) {
        let elapsed = now.saturating_sub(self.began);
        let is_full = self.young.len() >= self.bounds.entries || self.bytes >= self.bounds.bytes;
        if elapsed < self.bounds.span && !is_full {
            return;
        }
        self.old.drain().for_each(|(key, value)| gone(key, value));
        mem::swap(&mut self.old, &mut self.young);
        self.began = self.began.max(now);
        self.bytes = 0;
        if elapsed / 2 >= self.bounds.span {
            self.old.drain().for_each(|(key, value)| gone(key, value));
        }
    }

    /// Gives up everything.
    pub(super) fn clear(&mut self, mut gone: impl FnMut(K, V)) {
        self.bytes = 0;
        self.old.drain().chain(self.young.drain()).for_each(|(key, value)| gone(key, value));
    }

    #[cfg(test)]
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Takes an entry out; it is put back after it was used.
    pub(super) fn take(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.remove(key) {
            self.bytes -= value.bytes();
            return Some(value);
        }
        self.old.remove(key)
    }

    /// Puts an entry in that is not there.
    pub(super) fn put(&mut self, key: K, value: V) {
        self.bytes += value.bytes();
        self.young.insert(key, value);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Held for Vec<u8> {
        fn bytes(&self) -> usize {
            self.len()
        }
    }

    const BOUNDS: Bounds = Bounds { span: 10, entries: 4, bytes: 100 };

    fn turned(recent: &mut Recent<u8, Vec<u8>>, now: u64) -> Vec<u8> {
        let mut keys = Vec::new();
        recent.turn(now, |key, _| keys.push(key));
        keys.sort_unstable();
        keys
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes_after_two_spans() {
        let mut recent = Recent::new(BOUNDS);
        recent.put(1, vec![]);
        recent.put(2, vec![]);
        assert!(turned(&mut recent, 10).is_empty());
        let used = recent.take(&2).unwrap();
        recent.put(2, used);
        assert!(turned(&mut recent, 15).is_empty());
        assert_eq!(turned(&mut recent, 20), [1]);
        assert!(recent.get(&1).is_none() && recent.get(&2).is_some());
        assert!(turned(&mut recent, 5).is_empty(), "a clock that goes back ends nothing");
        assert_eq!(turned(&mut recent, 90), [2], "after a long time everything goes");
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_they_are_too_large() {
        let mut recent = Recent::new(BOUNDS);
        let mut gone = 0;
        for key in 0..100 {
            recent.put(key, vec![0; 10]);
            gone += turned(&mut recent, 0).len();
            assert!(recent.len() <= 8);
        }
        assert_eq!(gone + recent.len(), 100);
        recent.put(200, vec![0; 100]);
        turned(&mut recent, 0);
        recent.put(201, vec![0; 100]);
        turned(&mut recent, 0);
        assert!(recent.len() == 1 && recent.get(&201).is_some());
    }
}
