//! A JSON parser for the reader: values in a buffer are skipped, without building a tree and without recursion.
//!
//! A [`Cursor`] moves over bytes. Every step reports where it failed ([`Fault`]), and whether more input could complete the
//! value. Strings are returned raw and decoded on demand; UTF-8 is assumed, whatever encoding was declared.

/// Why a value could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes end within the value.
    Incomplete,
    /// Not JSON at this index.
    Syntax(usize),
    /// Nested deeper than the limit, at this index.
    Deep(usize),
}

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    Number,
    Bool,
    Null,
    Array,
    Object,
}

/// A position in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    pub(crate) at: usize,
    depth_limit: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], depth_limit: usize) -> Self {
        Self { bytes, at: 0, depth_limit }
    }

    #[inline]
    pub(crate) fn peek(&mut self) -> Result<u8, Fault> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(byte) => return Ok(*byte),
                None => return Err(Fault::Incomplete),
            }
        }
    }

    /// Skips blanks and consumes a required byte.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek()? == byte {
            self.at += 1;
            Ok(())
        } else {
            Err(Fault::Syntax(self.at))
        }
    }

    /// Consumes the separator after a member or element; false if `close` was there instead.
    #[inline]
    pub(crate) fn more(&mut self, close: u8) -> Result<bool, Fault> {
        let byte = self.peek()?;
        let more = byte == b',';
        if more || byte == close {
            self.at += 1;
            Ok(more)
        } else {
            Err(Fault::Syntax(self.at))
        }
    }

    /// Consumes exactly these bytes, if they are next.
    #[inline]
    pub(crate) fn takes(&mut self, octets: &[u8]) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(octets));
        if found {
            self.at += octets.len();
        }
        found
    }

    /// Consumes a string; returns the bytes between the quotes.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<&'a [u8], Fault> {
        self.expect(b'"')?;
        self.string_rest()
    }

    /// Consumes the rest of a string after its first quote.
    fn string_rest(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.at;
        loop {
            self.at += plain_len(self.bytes.get(self.at..).unwrap_or_default());
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                // A line end in a string means that a quote is missing; continuing there saves the next record.
                Some(b'\n' | b'\r') => return Err(Fault::Syntax(self.at)),
                Some(_) => self.at += 1,
                None => {
                    self.at = self.at.min(self.bytes.len());
                    return Err(Fault::Incomplete);
                }
            }
        }
        let inner = self.bytes.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(inner)
    }

    /// Skips any value; returns its kind.
    #[inline]
    pub(crate) fn value(&mut self) -> Result<Kind, Fault> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.string_rest().map(|_| Kind::String)
            }
            b'{' => self.skip_composite().map(|()| Kind::Object),
            b'[' => self.skip_composite().map(|()| Kind::Array),
            b'-' | b'0'..=b'9' => self.skip_number().map(|()| Kind::Number),
            b't' => self.skip_word(b"true").map(|()| Kind::Bool),
            b'f' => self.skip_word(b"false").map(|()| Kind::Bool),
            b'n' => self.skip_word(b"null").map(|()| Kind::Null),
            _ => Err(Fault::Syntax(self.at)),
        }
    }

    #[inline]
    fn skip_number(&mut self) -> Result<(), Fault> {
        while let Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
        }
        // A number at the end of the bytes may continue in the next piece.
        if self.at == self.bytes.len() { Err(Fault::Incomplete) } else { Ok(()) }
    }

    fn skip_word(&mut self, word: &[u8]) -> Result<(), Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(word) {
            self.at += word.len();
            Ok(())
        } else if word.starts_with(rest) {
            Err(Fault::Incomplete)
        } else {
            Err(Fault::Syntax(self.at))
        }
    }

    /// Skips an array or object without recursion; brackets must match.
    fn skip_composite(&mut self) -> Result<(), Fault> {
        // The open brackets, the innermost in the lowest bit: 1 for an object. The depth limit is far below 64.
        let mut open = 0_u64;
        let mut depth = 0;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                    self.value()?;
                    continue;
                }
                // The record itself counts as one level.
                b'{' | b'[' if depth + 1 >= self.depth_limit.min(64) => return Err(Fault::Deep(self.at)),
                byte @ (b'{' | b'[') => {
                    open = open << 1 | u64::from(byte == b'{');
                    depth += 1;
                }
                byte @ (b'}' | b']') if open & 1 == u64::from(byte == b'}') => {
                    open >>= 1;
                    depth -= 1;
                }
                b',' | b':' => {}
                _ => return Err(Fault::Syntax(self.at)),
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }
}

/// The number of bytes before the first quote, backslash or control character.
#[inline]
fn plain_len(bytes: &[u8]) -> usize {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (words, tail) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (LOW * 0x22);
        let backslash = word ^ (LOW * 0x5c);
        // The lowest marked byte is exact; higher ones may be marked because of a borrow, and do not matter.
        let marks = (quote.wrapping_sub(LOW) & !quote)
            | (backslash.wrapping_sub(LOW) & !backslash)
            | (word.wrapping_sub(LOW * 0x20) & !word);
        if marks & HIGH != 0 {
            return at * 8 + (marks & HIGH).trailing_zeros() as usize / 8;
        }
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    words.len() * 8 + tail.iter().position(special).unwrap_or(tail.len())
}

/// Decodes the escapes of a raw string into `out`; returns whether anything had to be replaced by U+FFFD.
pub(crate) fn decode(raw: &[u8], out: &mut String) -> bool {
    let mut rest = raw;
    let mut replaced = false;
    while !rest.is_empty() {
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        let (head, after) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        if let Ok(text) = std::str::from_utf8(head) {
            out.push_str(text);
        } else {
            out.push_str(&String::from_utf8_lossy(head));
            replaced = true;
        }
        rest = match after {
            [b'\\', b'u', digits @ ..] => {
                let (character, taken) = unicode_escape(digits);
                replaced |= character.is_none();
                out.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
                digits.get(taken..).unwrap_or_default()
            }
            [b'\\', escaped, after @ ..] => {
                out.push(match escaped {
                    b'b' => '\u{8}',
                    b'f' => '\u{c}',
                    b'n' => '\n',
                    b'r' => '\r',
                    b't' => '\t',
                    literal => char::from(*literal),
                });
                after
            }
            _ => &[],
        };
    }
    replaced
}

/// Parses the digits after `\u`: the character, if it is valid, and how many bytes were used.
fn unicode_escape(digits: &[u8]) -> (Option<char>, usize) {
    let unit = |from: usize| {
        let four = digits.get(from..from + 4)?;
        four.iter().try_fold(0, |sum, d| Some(sum << 4 | char::from(*d).to_digit(16)?))
    };
    match unit(0) {
        Some(high @ 0xd800..=0xdbff) => match (digits.get(4..6), unit(6)) {
            (Some(b"\\u"), Some(low @ 0xdc00..=0xdfff)) => {
                (char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)), 10)
            }
            _ => (None, 4),
        },
        Some(unit) => (char::from_u32(unit), 4),
        None => (None, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(raw: &str) -> (String, bool) {
        let mut out = String::new();
        let replaced = decode(raw.as_bytes(), &mut out);
        (out, replaced)
    }

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(decoded(r#"a\"\\\/\n\u0041\ud83d\ude00"#), ("a\"\\/\nA😀".to_owned(), false));
        assert_eq!(decoded(r"\ud800x"), ("\u{fffd}x".to_owned(), true));
        assert_eq!(decoded(r"\u12"), ("\u{fffd}12".to_owned(), true));
    }

    #[test]
    fn composites_are_delimited_and_bounded() {
        let object = br#"{"a":[1,{"b":"}]"}],"c":null}"#;
        let followed = [&object[..], b" x"].concat();
        let mut cursor = Cursor::new(&followed, 32);
        assert_eq!((cursor.value(), cursor.at), (Ok(Kind::Object), object.len()));
        assert_eq!(Cursor::new(b"[}", 32).value(), Err(Fault::Syntax(1)));
        assert_eq!(Cursor::new(b"[[[[", 3).value(), Err(Fault::Deep(2)));
        assert_eq!(Cursor::new(b"[[", 3).value(), Err(Fault::Incomplete));
    }

    proptest! {
        #[test]
        fn plain_octets_are_counted_as_one_by_one(bytes in prop::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), any::<u8>(), 0x20_u8..0x7f], 0..40)) {
            let slow = bytes.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).unwrap_or(bytes.len());
            prop_assert_eq!(plain_len(&bytes), slow);
        }
    }
}
