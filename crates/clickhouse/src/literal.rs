//! Bytes as a literal of ClickHouse's SQL. Nothing of a literal can end it, whatever the bytes are.

use std::fmt::Write as _;

/// The literal of these bytes: letters and digits as they are, everything else as `\xHH`.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut literal = String::with_capacity(bytes.len() * 2 + 2);
    literal.push('\'');
    for byte in bytes {
        if byte.is_ascii_alphanumeric() {
            literal.push(char::from(*byte));
        } else {
            let _ = write!(literal, "\\x{byte:02x}");
        }
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn special_bytes_are_numbers() {
        assert_eq!(text(b"ab1"), "'ab1'");
        assert_eq!(text(b"'\\\0\xff)"), r"'\x27\x5c\x00\xff\x29'");
    }

    proptest! {
        #[test]
        fn only_the_last_quote_ends_it(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let literal = text(&bytes);
            let inside = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap();
            prop_assert!(inside.chars().all(|c| c.is_ascii_alphanumeric() || c == '\\'));
            let mut read = Vec::new();
            let mut rest = inside.as_bytes();
            while let Some((byte, after)) = rest.split_first() {
                let hex = after.get(1..3).filter(|_| *byte == b'\\');
                let digits = hex.map(|hex| u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap());
                read.push(digits.unwrap_or(*byte));
                rest = if digits.is_some() { &after[3..] } else { after };
            }
            prop_assert_eq!(read, bytes);
        }
    }
}
