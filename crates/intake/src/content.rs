//! The digest of content, computed while it is read: [`Content`].

use cof::Digest;

/// Computes the digest of the first bytes of an input, up to any offset that may still become a position.
///
/// Bytes passed to [`Content::feed`] are held until [`Content::settle`] states that no position will be before their end, so
/// memory is bounded by what the reader holds back.
#[derive(Default)]
pub struct Content {
    hasher: blake3::Hasher,
    /// How many bytes were hashed.
    hashed: u64,
    /// Bytes that were fed but not hashed yet.
    held: Vec<u8>,
}

impl Content {
    /// Adds the next bytes of the input.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The number of bytes fed.
    pub fn len(&self) -> u64 {
        self.hashed + self.held.len() as u64
    }

    /// Whether no bytes were fed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Declares that no digest before `offset` will be needed.
    pub fn settle(&mut self, offset: u64) {
        let ahead = usize::try_from(offset.saturating_sub(self.hashed)).unwrap_or(usize::MAX);
        let ahead = ahead.min(self.held.len());
        self.hasher.update(self.held.get(..ahead).unwrap_or_default());
        self.held.drain(..ahead);
        self.hashed += ahead as u64;
    }

    /// The digest of the first `offset` bytes; `None` if fewer were fed, or if a later offset was already settled.
    pub fn digest_at(&mut self, offset: u64) -> Option<Digest> {
        self.settle(offset);
        (self.hashed == offset).then(|| *self.hasher.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_first_bytes_however_they_come() {
        let text = b"one two three";
        for size in 1..=text.len() {
            let mut content = Content::default();
            for piece in text.chunks(size) {
                content.feed(piece);
                if content.len() >= 7 && content.len() < 7 + size as u64 {
                    content.settle(5);
                    assert_eq!(content.digest_at(7), Some(*blake3::hash(b"one two").as_bytes()));
                }
            }
            assert_eq!(content.digest_at(3), None, "settled");
            assert_eq!(content.digest_at(14), None, "not there");
            assert_eq!(content.digest_at(13), Some(*blake3::hash(text).as_bytes()));
        }
    }
}
