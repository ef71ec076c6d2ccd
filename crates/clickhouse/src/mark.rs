//! The mark of a batch: a row of the table `entries` that is no record.
//!
//! The first byte of its key is [`MARK`]. It is
//!
//! ```text
//! MARK ‖ 16 bytes of the input's digest ‖ version of its position: u64, big-endian ‖ the position ‖ the ids of the sources
//! ```
//!
//! or, without a position, 16 random bytes. It makes every block different from all others, so that the server drops a repeated one
//! and no other. Beside a mark whose batch named an origin that was dropped, there is its beginning with a zero byte. On a cluster,
//! all blocks of a batch have the same mark. Nothing here fails, except that there may be no random bytes.

use cof::Position;
use store::{Reached, StoreError};

use crate::binary::Reader;
use crate::random;
use crate::sources::Id;

/// The first byte of the keys of marks; it comes before those of records.
pub(crate) const MARK: u8 = 1;
/// What the marks of two batches for one version of a position have in common: the byte, the input, the version.
pub(crate) const PREFIX: usize = INPUT + 8;
/// What all marks of an input have in common: the byte and its digest.
pub(crate) const INPUT: usize = 1 + 16;

/// What follows the beginning of a mark in the key that says that its batch was dropped. It comes before all marks.
const DROPPED: u8 = 0;

/// The mark of a batch with a position, which names these sources.
pub(crate) fn of_position(position: &Position, version: u64, named: &[Id]) -> Vec<u8> {
    let mut mark = prefix_of(&position.input, version);
    mark.extend_from_slice(&position.offset.to_le_bytes());
    mark.push(position.whole.into());
    mark.push(position.digest.is_some().into());
    mark.extend_from_slice(position.digest.as_ref().map_or(&[], |digest| &digest[..]));
    mark.push(position.expires.is_some().into());
    mark.extend_from_slice(&position.expires.unwrap_or_default().to_le_bytes());
    mark.extend(named.iter().flatten());
    mark
}

/// The mark of a batch without a position.
///
/// # Errors
/// Those of [`random::bytes`].
pub(crate) fn without_position() -> Result<Vec<u8>, StoreError> {
    Ok([&[MARK][..], &random::bytes::<16>()?].concat())
}

/// The position in a mark, and the sources that it names; `None` for anything that [`of_position`] did not write.
pub(crate) fn read(mark: &[u8]) -> Option<(Reached, Vec<Id>)> {
    let mut reader = Reader::new(mark.get(PREFIX..)?);
    let (offset, whole) = (reader.number()?, reader.byte()? == 1);
    let digest = if reader.byte()? == 1 { Some(reader.fixed()?) } else { None };
    let (has_expires, expires) = (reader.byte()? == 1, reader.number()?);
    let mut named = Vec::new();
    while !reader.is_at_end() {
        named.push(reader.fixed()?);
    }
    Some((Reached { offset, digest, whole, expires: has_expires.then_some(expires) }, named))
}

/// What all marks of an input's position with this version begin with.
pub(crate) fn prefix_of(input: &str, version: u64) -> Vec<u8> {
    let digest = blake3::hash(input.as_bytes());
    let digest = digest.as_bytes().get(..16).unwrap_or_default();
    [&[MARK][..], digest, &version.to_be_bytes()].concat()
}

/// The key which says that the batch of a mark with this beginning was dropped.
pub(crate) fn dropped(prefix: &[u8]) -> Vec<u8> {
    [prefix, &[DROPPED]].concat()
}

/// Whether a key says that a batch was dropped.
pub(crate) fn is_dropped(key: &[u8]) -> bool {
    key.len() == PREFIX + 1 && key.ends_with(&[DROPPED])
}

/// What a mark has in common with those of other batches for the same version; a random one has nothing.
pub(crate) fn prefix(mark: &[u8]) -> &[u8] {
    mark.get(..PREFIX).unwrap_or(mark)
}

/// The name of the query that stores the block with this mark, or with one that begins like this: no two of them are at work at the
/// same time.
pub(crate) fn label(mark: &[u8]) -> String {
    let digest = blake3::hash(prefix(mark)).to_hex();
    ["backsight-", digest.get(..32).unwrap_or_default()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn batches_for_one_version_have_one_label() {
        let mark = |input: &str, version, offset| {
            label(&of_position(&Position::new(input, offset), version, &[[1; 16]]))
        };
        assert_eq!(mark("a", 1, 10), mark("a", 1, 20));
        assert_eq!(mark("a", 1, 10), label(&prefix_of("a", 1)));
        assert_ne!(mark("a", 1, 10), mark("a", 2, 10));
        assert_ne!(mark("a", 1, 10), mark("b", 1, 10));
        assert_ne!(label(&without_position().unwrap()), label(&without_position().unwrap()));
    }

    proptest! {
        #[test]
        fn marks_are_read_back(
            input in ".{0,20}", version: u64, offset: u64, whole: bool, digest: Option<[u8; 32]>,
            expires: Option<u64>, named in prop::collection::vec(any::<Id>(), 0..4),
        ) {
            let position = Position { digest, whole, expires, ..Position::new(&*input, offset) };
            let mark = of_position(&position, version, &named);
            prop_assert!(mark.starts_with(&prefix_of(&input, version)));
            prop_assert_eq!(read(&mark), Some((Reached::at(&position), named)));
        }

        #[test]
        fn no_mark_panics(mark in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&mark);
        }
    }
}
