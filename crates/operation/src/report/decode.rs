//! From the bytes of a file or a paste to its text, within limits: [`decode`], [`ReportError`].
//!
//! UTF-8 is the rule. UTF-16 is accepted with its byte order mark, and Windows-1252 if the bytes are text in it, because both come
//! from Windows. Everything with a NUL, or with control characters that no text has, is a binary file and is refused.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::shown::thousands;

/// The longest text that is read, in bytes: a report of thousands of pages. The values of a longer one fit into several.
pub const MOST_BYTES: usize = 10 << 20;

/// Why a report cannot be read. Each is a matter of the user's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It has NUL bytes or control characters, or is UTF-16 with an odd number of bytes.
    #[error("a binary file, not a text: save it as plain text, or copy its text and paste it")]
    Binary,
    /// It has no characters, or only blanks.
    #[error("empty: paste a text, or choose a file with text in it")]
    Empty,
    /// It is longer than [`MOST_BYTES`].
    #[error(
        "{} bytes of text, more than the {} that are read at once: split it and read each part",
        thousands(*length as u64),
        thousands(MOST_BYTES as u64)
    )]
    TooLong {
        /// Its length, in bytes.
        length: usize,
    },
}

/// The text of a file. Its length is checked before anything is decoded.
///
/// # Errors
/// [`ReportError`] if it is too long, empty or not a text.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ReportError> {
    check_length(bytes.len())?;
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let body = bytes.get(mark..).unwrap_or_default();
    let text = if encoding == UTF_16LE || encoding == UTF_16BE {
        encoding.decode_without_bom_handling_and_without_replacement(body).ok_or(ReportError::Binary)?
    } else {
        match std::str::from_utf8(body) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) if is_windows_text(body) => WINDOWS_1252.decode_without_bom_handling(body).0,
            Err(_) => return Err(ReportError::Binary),
        }
    };
    check(&text)?;
    Ok(text)
}

/// Checks a text that is already decoded.
pub(super) fn check(text: &str) -> Result<(), ReportError> {
    check_length(text.len())?;
    if memchr::memchr(0, text.as_bytes()).is_some() {
        return Err(ReportError::Binary);
    }
    if text.trim().is_empty() { Err(ReportError::Empty) } else { Ok(()) }
}

const fn check_length(length: usize) -> Result<(), ReportError> {
    if length > MOST_BYTES { Err(ReportError::TooLong { length }) } else { Ok(()) }
}

/// Whether bytes can be text in Windows-1252: no control characters but those that lay out a text or color a terminal, and none of
/// the five bytes without a character.
fn is_windows_text(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| match byte {
        b'\t' | b'\n' | b'\r' | 0x0c | 0x1b => true,
        0x81 | 0x8d | 0x8f | 0x90 | 0x9d => false,
        byte => !byte.is_ascii_control(),
    };
    bytes.iter().all(is_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_windows_are_decoded() {
        let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        for (bytes, text) in [
            (b"c2.example".to_vec(), "c2.example"),
            (b"\xef\xbb\xbfc2.example".to_vec(), "c2.example"),
            (utf16("\u{feff}b\u{fc}cher.example", u16::to_le_bytes), "bücher.example"),
            (utf16("\u{feff}b\u{fc}cher.example", u16::to_be_bytes), "bücher.example"),
            (b"b\xfccher.example \x93quoted\x94".to_vec(), "bücher.example “quoted”"),
        ] {
            assert_eq!(decode(&bytes).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_text_is_refused_by_its_kind() {
        for (bytes, error) in [
            (&b""[..], ReportError::Empty),
            (b" \r\n\t", ReportError::Empty),
            (b"\xef\xbb\xbf", ReportError::Empty),
            (b"\xff\xfe", ReportError::Empty),
            (b"a.example\0", ReportError::Binary),
            (b"\x89PNG\r\n\x1a\n", ReportError::Binary),
            (b"\xff\xfe\0\xd8", ReportError::Binary),
            (b"\xff\xfea", ReportError::Binary),
            (b"\xe9 \x81", ReportError::Binary),
        ] {
            assert_eq!(decode(bytes), Err(error), "{bytes:?}");
        }
        let long = vec![b'a'; MOST_BYTES + 1];
        let error = decode(&long).unwrap_err();
        assert_eq!(error, ReportError::TooLong { length: MOST_BYTES + 1 });
        assert!(error.to_string().starts_with("10,485,761 bytes of text"), "{error}");
        assert!(decode(&long[1..]).is_ok());
    }
}
