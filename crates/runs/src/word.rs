//! What one source states about a tuple within one bailiwick; stored with the tuple's key.
//!
//! ```text
//! word = varint source × 2 + (1 if the count is known) ‖ bailiwick: u8 ‖ varint first ‖ varint last − first ‖ [varint count]
//! ```
//!
//! The words of an entry follow each other until its end, sorted by source and then bailiwick, each pair once. This module does
//! not know files: `None` means damage.

use cof::SourceKind;

use super::sources::Sources;
use super::varint;
use store::engine::Value;

/// The word of one source within one bailiwick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredWord {
    /// The number of the source.
    pub(super) source: u32,
    /// The number of labels of the bailiwick.
    pub(super) bailiwick: u8,
    pub(super) value: Value,
}

impl StoredWord {
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        let Value { first, last, count } = self.value;
        varint::push(out, u64::from(self.source) << 1 | u64::from(count.is_some()));
        out.push(self.bailiwick);
        varint::push(out, first);
        varint::push(out, last.saturating_sub(first));
        if let Some(count) = count {
            varint::push(out, count);
        }
    }

    /// Reads a word from the front.
    pub(super) fn take(octets: &mut &[u8]) -> Option<Self> {
        let head = varint::take(octets)?;
        let source = u32::try_from(head >> 1).ok()?;
        let (bailiwick, rest) = octets.split_first()?;
        *octets = rest;
        let first = varint::take(octets)?;
        let last = first.checked_add(varint::take(octets)?)?;
        let count = if head & 1 == 1 { Some(varint::take(octets)?) } else { None };
        Some(Self { source, bailiwick: *bailiwick, value: Value { first, last, count } })
    }
}

/// Reads all words of an entry.
pub(super) fn take_all(mut octets: &[u8], words: &mut Vec<StoredWord>) -> Option<()> {
    while !octets.is_empty() {
        words.push(StoredWord::take(&mut octets)?);
    }
    Some(())
}

/// The number of words in an entry.
pub(super) fn count(mut octets: &[u8]) -> Option<u64> {
    let mut words = 0;
    while !octets.is_empty() {
        StoredWord::take(&mut octets)?;
        words += 1;
    }
    Some(words)
}

/// Sorts words, and merges those of the same source and bailiwick.
pub(super) fn fold(words: &mut Vec<StoredWord>, sources: &Sources) {
    words.sort_unstable_by_key(|word| (word.source, word.bailiwick));
    words.dedup_by(|later, kept| {
        let same = (later.source, later.bailiwick) == (kept.source, kept.bailiwick);
        if same {
            // An unknown source is refused where words are read; until then, any rule is fine.
            let kind = sources.by_id(kept.source).map_or(SourceKind::Report, |source| source.kind);
            kept.value.merge(later.value, kind);
        }
        same
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_read_back(source in 0..=u32::MAX >> 1, bailiwick: u8, a: u64, b: u64, count: Option<u64>) {
            let value = Value { first: a.min(b), last: a.max(b), count };
            let word = StoredWord { source, bailiwick, value };
            let (mut octets, mut words) = (Vec::new(), Vec::new());
            word.push(&mut octets);
            word.push(&mut octets);
            prop_assert_eq!(take_all(&octets, &mut words), Some(()));
            prop_assert_eq!(&words, &[word, word]);
            for end in 1..octets.len() / 2 {
                prop_assert_eq!(take_all(&octets[..end], &mut words), None);
            }
        }

        #[test]
        fn no_octets_panic(octets: Vec<u8>) {
            take_all(&octets, &mut Vec::new());
        }
    }
}
