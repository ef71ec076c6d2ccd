//! Sorted, front-coded entries: the smallest unit that is read, cached and checked.
//!
//! ```text
//! block   = entry* ‖ words of each entry ‖ restart* ‖ offset of the words: u32 LE ‖ number of restarts: u32 LE
//! entry   = varint shared ‖ varint unshared ‖ varint length of its words ‖ unshared bytes of the key
//! restart = offset of an entry: u32 LE ‖ offset of its words: u32 LE
//! ```
//!
//! `shared` is the number of bytes that the key has in common with the previous one. Every [`INTERVAL`]th entry shares none,
//! and its offset is a restart, so that a key is found by binary search. The words of an entry (see `word`) are stored apart
//! from the keys, because numbers and names compress better separately ([`Block::halves`]). A [`Block`] holds such bytes, a
//! [`Builder`] creates them, and a [`BlockCursor`] iterates over them. `None` means damage: the caller knows the file and the
//! offset.

use std::sync::Arc;

use super::varint;

/// Entries from one restart to the next: a larger interval makes blocks smaller and searches slower.
const INTERVAL: u32 = 16;
/// The length of the trailer after the restarts, in bytes.
const TAIL: usize = 8;

/// The bytes of a block, decompressed.
#[derive(Debug)]
pub(super) struct Block {
    octets: Box<[u8]>,
    /// The offset of the words, after the entries.
    words: usize,
    /// The end of the words, where the restarts begin.
    end: usize,
}

impl Block {
    /// Accepts the bytes of a block if their trailer is valid.
    pub(super) fn of(octets: Vec<u8>) -> Option<Self> {
        let (rest, tail) = octets.split_last_chunk::<TAIL>()?;
        let [words, count] = pair(*tail)?;
        let end = rest.len().checked_sub(count.checked_mul(8)?)?;
        (words <= end).then(|| Self { words, end, octets: octets.into() })
    }

    /// Splits the bytes of a block where compressing the parts separately works best: the keys, and the rest.
    pub(super) fn halves(octets: &[u8]) -> (&[u8], &[u8]) {
        let tail = octets.last_chunk::<TAIL>().and_then(|tail| pair(*tail));
        octets.split_at_checked(tail.map_or(0, |[words, _]| words)).unwrap_or((octets, &[]))
    }

    /// The bytes, in their stored form.
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    fn restarts(&self) -> &[[u8; 8]] {
        let restarts = self.octets.get(self.end..self.octets.len() - TAIL).unwrap_or_default();
        restarts.as_chunks().0
    }

    /// The complete key at a restart.
    fn restart_key(&self, restart: [u8; 8]) -> Option<&[u8]> {
        let [place, _] = pair(restart)?;
        let mut rest = self.octets.get(place..self.words)?;
        let (shared, unshared) = (varint::take(&mut rest)?, varint::take_len(&mut rest)?);
        varint::take(&mut rest)?;
        if shared == 0 { rest.get(..unshared) } else { None }
    }
}

/// The two offsets of a restart.
fn pair(octets: [u8; 8]) -> Option<[usize; 2]> {
    let number = |octets: &[u8; 4]| usize::try_from(u32::from_le_bytes(*octets)).ok();
    Some([number(octets.first_chunk()?)?, number(octets.last_chunk()?)?])
}

/// Builds blocks, one after the other.
#[derive(Debug, Default)]
pub(super) struct Builder {
    octets: Vec<u8>,
    words: Vec<u8>,
    restarts: Vec<[u32; 2]>,
    key: Vec<u8>,
    entries: u32,
}

impl Builder {
    /// Appends an entry; keys must be in order.
    pub(super) fn push(&mut self, key: &[u8], words: &[u8]) {
        let mut shared = 0;
        if self.entries.is_multiple_of(INTERVAL) {
            self.restarts.push([place(self.octets.len()), place(self.words.len())]);
        } else {
            shared = in_common(&self.key, key);
        }
        let unshared = key.get(shared..).unwrap_or_default();
        varint::push(&mut self.octets, shared as u64);
        varint::push(&mut self.octets, unshared.len() as u64);
        varint::push(&mut self.octets, words.len() as u64);
        self.octets.extend_from_slice(unshared);
        self.words.extend_from_slice(words);
        self.key.truncate(shared);
        self.key.extend_from_slice(unshared);
        self.entries += 1;
    }

    /// The current length of the block in bytes, without its restarts.
    pub(super) fn len(&self) -> usize {
        self.octets.len() + self.words.len()
    }

    /// The last key.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// The number of entries.
    pub(super) fn entries(&self) -> u32 {
        self.entries
    }

    /// Ends the block and starts another one.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut octets = std::mem::take(&mut self.octets);
        let start = place(octets.len());
        octets.reserve_exact(self.words.len() + self.restarts.len() * 8 + TAIL);
        octets.append(&mut self.words);
        for [entry, words] in &self.restarts {
            octets.extend_from_slice(&entry.to_le_bytes());
            octets.extend_from_slice(&(start + words).to_le_bytes());
        }
        octets.extend_from_slice(&start.to_le_bytes());
        octets.extend_from_slice(&place(self.restarts.len()).to_le_bytes());
        // The next block will be about as long as this one.
        self.octets.reserve(octets.len());
        self.restarts.clear();
        self.key.clear();
        self.entries = 0;
        octets
    }
}

/// Offsets fit into 32 bits, because batches and runs keep blocks far below 4 GiB.
fn place(octets: usize) -> u32 {
    u32::try_from(octets).unwrap_or(u32::MAX)
}

/// The length of the common prefix of two keys, in bytes.
fn in_common(a: &[u8], b: &[u8]) -> usize {
    let (a_words, b_words) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    let same = a_words.iter().zip(b_words).take_while(|(a, b)| a == b).count() * 8;
    let tail = a.iter().skip(same).zip(b.iter().skip(same)).take_while(|(a, b)| a == b).count();
    same + tail
}

/// Iterates over a block; it has no current entry until it is moved.
#[derive(Debug)]
pub(super) struct BlockCursor {
    block: Arc<Block>,
    /// The offset of the next entry.
    next: usize,
    key: Vec<u8>,
    /// The range of the words of this entry.
    words: (usize, usize),
}

impl BlockCursor {
    /// A cursor before the first entry.
    pub(super) fn new(block: Arc<Block>) -> Self {
        let words = (block.words, block.words);
        Self { block, next: 0, key: Vec::new(), words }
    }

    /// Moves it before the first entry of another block; the buffer of the key is reused.
    pub(super) fn reset(&mut self, block: Arc<Block>) {
        (self.next, self.words) = (0, (block.words, block.words));
        self.block = block;
        self.key.clear();
    }

    /// Moves to the next entry; `Some(false)` if there is none.
    pub(super) fn advance(&mut self) -> Option<bool> {
        let entries = self.block.octets.get(..self.block.words)?;
        let mut rest = entries.get(self.next..)?;
        if rest.is_empty() {
            return Some(false);
        }
        let (shared, unshared) = (varint::take_len(&mut rest)?, varint::take_len(&mut rest)?);
        let words = varint::take_len(&mut rest)?;
        let (unshared, rest) = rest.split_at_checked(unshared)?;
        let end = self.words.1.checked_add(words)?;
        if shared > self.key.len() || end > self.block.end {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(unshared);
        self.next = entries.len() - rest.len();
        self.words = (self.words.1, end);
        Some(true)
    }

    /// Moves to the first entry whose key is not below `from`; `Some(false)` if there is none.
    pub(super) fn seek(&mut self, from: &[u8]) -> Option<bool> {
        let block = Arc::clone(&self.block);
        let restarts = block.restarts();
        let mut damaged = false;
        let behind = restarts.partition_point(|restart| {
            let key = block.restart_key(*restart);
            damaged |= key.is_none();
            key.is_some_and(|key| key < from)
        });
        if damaged {
            return None;
        }
        self.key.clear();
        let [next, words] = match behind.checked_sub(1) {
            Some(before) => pair(*restarts.get(before)?)?,
            None => [0, block.words],
        };
        (self.next, self.words) = (next, (words, words));
        while self.advance()? {
            if *self.key >= *from {
                return Some(true);
            }
        }
        Some(false)
    }

    /// The key of this entry.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// The words of this entry, in their stored form.
    pub(super) fn words(&self) -> &[u8] {
        self.block.octets.get(self.words.0..self.words.1).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn block(entries: &BTreeMap<Vec<u8>, Vec<u8>>) -> Arc<Block> {
        let mut builder = Builder::default();
        for (key, words) in entries {
            builder.push(key, words);
        }
        Arc::new(Block::of(builder.finish()).unwrap())
    }

    fn any_entries() -> impl Strategy<Value = BTreeMap<Vec<u8>, Vec<u8>>> {
        let key = prop::collection::vec(0_u8..3, 0..20);
        prop::collection::btree_map(key, prop::collection::vec(any::<u8>(), 0..5), 0..100)
    }

    proptest! {
        #[test]
        fn entries_read_back(entries in any_entries()) {
            let mut cursor = BlockCursor::new(block(&entries));
            for (key, words) in &entries {
                prop_assert_eq!(cursor.advance(), Some(true));
                prop_assert_eq!((cursor.key(), cursor.words()), (&key[..], &words[..]));
            }
            prop_assert_eq!(cursor.advance(), Some(false));
        }

        #[test]
        fn the_first_not_below_is_found(entries in any_entries(), from in prop::collection::vec(0_u8..4, 0..20)) {
            let mut cursor = BlockCursor::new(block(&entries));
            let wanted = entries.range(from.clone()..).next();
            prop_assert_eq!(cursor.seek(&from), Some(wanted.is_some()));
            if let Some((key, words)) = wanted {
                prop_assert_eq!((cursor.key(), cursor.words()), (&key[..], &words[..]));
            }
        }

        #[test]
        fn no_octets_panic(octets in prop::collection::vec(0_u8..6, 0..60), from in prop::collection::vec(0_u8..4, 0..5)) {
            if let Some(block) = Block::of(octets) {
                let mut cursor = BlockCursor::new(Arc::new(block));
                let _ = cursor.seek(&from);
                while cursor.advance() == Some(true) {
                    let _ = cursor.words();
                }
            }
        }
    }
}
