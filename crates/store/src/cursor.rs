//! The end of a page, after which the next page begins.
//!
//! A [`Cursor`] identifies the last merged tuple of a page by its key, not by a number of rows. It therefore stays valid while
//! rows are added or deleted: a row that exists the whole time is never skipped. On the wire it is a decimal number (CIRCL's
//! clients require a positive one) made from these bytes:
//!
//! ```text
//! 1 ‖ the first 512 bytes of the key ‖ the number of tuples up to here with these first bytes: u32, big-endian
//! ```
//!
//! The last number only matters for longer keys, which means data of several hundred bytes: if a row with such a key is added
//! before the cursor, one row is returned twice.
//!
//! A cursor from a client can be anything. [`CursorError`] reports text that is not a cursor. A well-formed cursor that we did
//! not create stands for some position in the keys, and the answer continues from there.

use crate::decimal;

/// How many bytes of a key a cursor holds.
pub(crate) const KEY_OCTETS: usize = 512;
/// The longest decimal number that is accepted: 1 + 512 + 4 bytes have at most 1,243 digits.
pub const MAX_DIGITS: usize = 2_000;
/// The first byte, which preserves leading zeros of the key and makes the number positive.
const MARK: u8 = 1;

/// The position after a tuple. It is also serialised as its decimal number (feature `serde`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
pub struct Cursor {
    /// At most [`KEY_OCTETS`] bytes.
    key: Vec<u8>,
    behind: u32,
}

/// The text is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: send the cursor of the previous page unchanged")]
pub struct CursorError;

impl Cursor {
    /// The position after the tuple with this key; `behind` counts the tuples up to it with the same [`Self::shared`] bytes.
    pub fn new(key: &[u8], behind: u32) -> Self {
        Self { key: Self::shared(key).to_vec(), behind }
    }

    /// The part of a key that a cursor contains.
    pub fn shared(key: &[u8]) -> &[u8] {
        key.get(..KEY_OCTETS).unwrap_or(key)
    }

    /// The first bytes of the tuple's key: where to start reading.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// How many tuples with keys that begin with [`Self::key`] to skip.
    pub fn behind(&self) -> u32 {
        self.behind
    }

    /// The cursor as a positive decimal number of at most 1,243 digits.
    pub fn to_decimal(&self) -> String {
        let octets = [&[MARK][..], &self.key, &self.behind.to_be_bytes()].concat();
        decimal::from_bytes(&octets)
    }

    /// Parses the output of [`Self::to_decimal`].
    ///
    /// # Errors
    /// [`CursorError`] for anything but 1 to [`MAX_DIGITS`] digits of a number in the form above.
    pub fn from_decimal(text: &str) -> Result<Self, CursorError> {
        if text.len() > MAX_DIGITS || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CursorError);
        }
        let octets = decimal::to_bytes(text.as_bytes());
        match octets.split_last_chunk() {
            Some(([MARK, key @ ..], behind)) if key.len() <= KEY_OCTETS => {
                Ok(Self { key: key.to_vec(), behind: u32::from_be_bytes(*behind) })
            }
            _ => Err(CursorError),
        }
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_decimal()
    }
}

impl TryFrom<String> for Cursor {
    type Error = CursorError;

    fn try_from(decimal: String) -> Result<Self, CursorError> {
        Self::from_decimal(&decimal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_longest_cursor_fits() {
        let cursor = Cursor::new(&[255; 600], u32::MAX);
        assert_eq!(cursor.key().len(), KEY_OCTETS);
        assert_eq!(cursor.to_decimal().len(), 1_243);
    }

    #[test]
    fn rubbish_is_refused() {
        let long = "1".repeat(MAX_DIGITS + 1);
        let wide = Cursor { key: vec![7; KEY_OCTETS + 1], behind: 1 }.to_decimal();
        for rubbish in ["", "0", "1", "255", "-1", "+1", " 1", "1e9", "0x10", "٣", "1_000", &long, &wide] {
            assert_eq!(Cursor::from_decimal(rubbish), Err(CursorError), "{rubbish}");
        }
        assert_eq!(Cursor::from_decimal(&u64::from(u32::MAX).to_string()), Err(CursorError));
        assert!(Cursor::from_decimal(&(1_u64 << 32).to_string()).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(key in prop::collection::vec(any::<u8>(), 0..600), behind: u32) {
            let cursor = Cursor::new(&key, behind);
            let text = cursor.to_decimal();
            prop_assert!(text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0'));
            prop_assert_eq!(Cursor::from_decimal(&text), Ok(cursor));
        }

        #[test]
        fn no_text_panics(text in "[0-9]{0,2100}") {
            let _ = Cursor::from_decimal(&text);
        }
    }
}
