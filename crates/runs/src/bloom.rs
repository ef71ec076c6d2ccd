//! A filter that shows for most names and addresses that a run has no records of them, without reading the run.
//!
//! A [`Bloom`] has a power of two of buckets of 64 bytes. A key sets [`PROBES`] bits of one bucket, so a query reads one line
//! of the processor's cache. It is created for the largest possible number of keys and then folded to the actual number: the
//! two halves of a filter, combined with OR, are the filter of half the size. [`Heads`] fills one with the owners or targets of
//! sorted keys.

use twox_hash::XxHash3_64;

use store::engine::Side;
use store::engine::key;

/// Bytes of a bucket.
const BUCKET: usize = 64;
/// The minimum number of bits per key: with the probes, about one false positive in a hundred.
const BITS: usize = 10;
/// The number of bits that a key sets.
const PROBES: u32 = 6;

/// A set of keys that may contain false positives.
#[derive(Debug)]
pub(super) struct Bloom(Vec<[u8; BUCKET]>);

impl Bloom {
    /// An empty filter for this many keys.
    pub(super) fn with_capacity(keys: usize) -> Self {
        Self(vec![[0; BUCKET]; buckets(keys)])
    }

    /// A filter from the bytes of [`Self::octets`].
    pub(super) fn of(octets: &[u8]) -> Option<Self> {
        let (buckets, rest) = octets.as_chunks();
        (rest.is_empty() && buckets.len().is_power_of_two()).then(|| Self(buckets.to_vec()))
    }

    /// The bytes, in their stored form.
    pub(super) fn octets(&self) -> &[u8] {
        self.0.as_flattened()
    }

    /// Adds a key.
    pub(super) fn insert(&mut self, key: &[u8]) {
        let hash = XxHash3_64::oneshot(key);
        let at = self.bucket(hash);
        if let Some(bucket) = self.0.get_mut(at) {
            for (octet, bit) in probes(hash) {
                bucket.iter_mut().skip(octet).take(1).for_each(|octet| *octet |= bit);
            }
        }
    }

    /// Whether the key may have been added; `false` is certain.
    pub(super) fn may_have(&self, key: &[u8]) -> bool {
        let hash = XxHash3_64::oneshot(key);
        let bucket = self.0.get(self.bucket(hash));
        bucket.is_none_or(|bucket| {
            probes(hash).all(|(octet, bit)| bucket.get(octet).is_some_and(|octet| octet & bit != 0))
        })
    }

    /// Shrinks it to the size that this many keys need.
    pub(super) fn fold(&mut self, keys: usize) {
        let wanted = buckets(keys);
        while self.0.len() > wanted {
            let upper = self.0.split_off(self.0.len() / 2);
            for (octet, other) in self.0.as_flattened_mut().iter_mut().zip(upper.as_flattened()) {
                *octet |= other;
            }
        }
        self.0.shrink_to_fit();
    }

    fn bucket(&self, hash: u64) -> usize {
        // The length is a power of two.
        usize::try_from(hash >> 32).unwrap_or_default() & (self.0.len() - 1)
    }
}

/// The owners or targets at the beginning of sorted keys.
pub(super) struct Heads {
    side: Side,
    bloom: Bloom,
    last: Vec<u8>,
    count: u64,
}

impl Heads {
    /// For one order, with room for this many.
    pub(super) fn new(side: Side, most: u64) -> Self {
        let bloom = Bloom::with_capacity(usize::try_from(most).unwrap_or(usize::MAX));
        Self { side, bloom, last: Vec::new(), count: 0 }
    }

    /// Adds the owner or target of a key; `None` if it is not a valid key.
    pub(super) fn add(&mut self, key: &[u8]) -> Option<()> {
        // No owner or target is a prefix of another one.
        if self.count > 0 && key.starts_with(&self.last) {
            return Some(());
        }
        let head = match self.side {
            Side::Owner => key::split_name(key)?.0,
            Side::Rdata => key::target(key)?,
        };
        self.last.clear();
        self.last.extend_from_slice(head);
        self.bloom.insert(head);
        self.count += 1;
        Some(())
    }

    /// The filter, shrunk to the needed size, and the number of owners or targets.
    pub(super) fn finish(mut self) -> (Bloom, u64) {
        self.bloom.fold(usize::try_from(self.count).unwrap_or(usize::MAX));
        (self.bloom, self.count)
    }
}

fn buckets(keys: usize) -> usize {
    (keys * BITS).div_ceil(BUCKET * 8).next_power_of_two()
}

/// The bits that a key sets, as byte and bit.
fn probes(hash: u64) -> impl Iterator<Item = (usize, u8)> {
    let step = (hash >> 16) | 1;
    (0..PROBES).map(move |probe| {
        let bit = hash.wrapping_add(step.wrapping_mul(u64::from(probe))) % (BUCKET as u64 * 8);
        (usize::try_from(bit / 8).unwrap_or_default(), 1 << (bit % 8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_also_when_folded() {
        let key = |number: u32| number.to_be_bytes();
        let mut bloom = Bloom::with_capacity(100_000);
        for number in 0..10_000 {
            bloom.insert(&key(number));
        }
        bloom.fold(10_000);
        assert!(bloom.octets().len() <= 10_000 * BITS / 8 * 2);
        let bloom = Bloom::of(bloom.octets()).unwrap();
        assert!((0..10_000).all(|number| bloom.may_have(&key(number))));
        let wrong = (10_000..110_000).filter(|number| bloom.may_have(&key(*number))).count();
        assert!(wrong < 3_000, "{wrong} of 100000");
    }

    #[test]
    fn rubbish_is_no_filter() {
        assert!(Bloom::of(&[]).is_none());
        assert!(Bloom::of(&[0; 63]).is_none());
        assert!(Bloom::of(&[0; 192]).is_none());
        assert!(!Bloom::of(&[0; 64]).unwrap().may_have(b"a"));
    }
}
