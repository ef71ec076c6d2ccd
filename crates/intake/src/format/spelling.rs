//! Names and texts as logs spell them, turned into presentation format: [`Spelling`].
//!
//! Logs print the octets of a name with a dot between labels. What is not printable is escaped in a way of the log's own, or not
//! at all, and the presentation format (RFC 1035 section 5.1) escapes it as `\DDD`.

use super::answers::Escapes;

/// Turns names into presentation format. It keeps its memory from one to the next.
#[derive(Default)]
pub(super) struct Spelling(String);

impl Spelling {
    /// A name as a log with these escapes prints it.
    pub(super) fn of_log<'a>(&'a mut self, name: &'a str, escapes: Escapes) -> Option<&'a str> {
        match escapes {
            Escapes::Presentation => Some(name),
            Escapes::Hex if name.contains('\\') => self.of_zeek(name.as_bytes()),
            Escapes::Hex | Escapes::None => self.of_printed(name),
        }
    }

    /// A name whose octets are printed as they are. The root may be printed as nothing. `None` if it has a NUL octet, as `NetBIOS`
    /// names have, or a replacement character, which stands for octets that are lost.
    fn of_printed<'a>(&'a mut self, name: &'a str) -> Option<&'a str> {
        if let Some(plain) = plain(name.as_bytes()) {
            return Some(if plain.is_empty() { "." } else { plain });
        }
        if name.contains(char::REPLACEMENT_CHARACTER) {
            return None;
        }
        self.0.clear();
        name.bytes().try_for_each(|octet| self.push(octet))?;
        Some(&self.0)
    }

    /// A name as Zeek prints it: `\xNN` for an octet that is not printable.
    pub(super) fn of_zeek<'a>(&'a mut self, name: &'a [u8]) -> Option<&'a str> {
        if let Some(plain) = plain(name) {
            return Some(plain);
        }
        self.0.clear();
        let mut rest = name;
        while let Some((octet, after)) = zeek_octet(rest) {
            self.push(octet)?;
            rest = after;
        }
        Some(&self.0)
    }

    fn push(&mut self, octet: u8) -> Option<()> {
        match octet {
            0 => return None,
            b'\\' => self.0.push_str("\\\\"),
            b'!'..=b'~' => self.0.push(char::from(octet)),
            _ => {
                self.0.push('\\');
                for divisor in [100, 10, 1] {
                    self.0.push(char::from(b'0' + octet / divisor % 10));
                }
            }
        }
        Some(())
    }
}

/// A name that is the same in presentation format.
fn plain(name: &[u8]) -> Option<&str> {
    let is_plain = name.iter().all(|octet| matches!(octet, b'!'..=b'[' | b']'..=b'~'));
    if is_plain { std::str::from_utf8(name).ok() } else { None }
}

/// The first octet of a text as Zeek prints it, and what follows.
pub(super) fn zeek_octet(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'\\', b'x', high, low, rest @ ..] => match (digit(*high), digit(*low)) {
            (Some(high), Some(low)) => Some((high << 4 | low, rest)),
            _ => text.split_first().map(|(octet, rest)| (*octet, rest)),
        },
        [b'\\', b'\\', rest @ ..] => Some((b'\\', rest)),
        _ => text.split_first().map(|(octet, rest)| (*octet, rest)),
    }
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_the_presentation_format_has_it() {
        let mut spelling = Spelling::default();
        for (name, zeek, octets) in [
            ("www.example", "www.example", "www.example"),
            ("a\\x09b.example", "a\\009b.example", "a\\\\x09b.example"),
            ("a b", "a\\032b", "a\\032b"),
            ("a\\\\b", "a\\\\b", "a\\\\\\\\b"),
            ("\u{e4}", "\\195\\164", "\\195\\164"),
            ("\\xzz", "\\\\xzz", "\\\\xzz"),
        ] {
            assert_eq!(spelling.of_zeek(name.as_bytes()), Some(zeek));
            assert_eq!(spelling.of_printed(name), Some(octets));
        }
        assert_eq!(spelling.of_zeek(b"*\\x00\\x00"), None);
        assert_eq!(spelling.of_printed("*\0\0"), None);
        assert_eq!(spelling.of_printed("a\u{fffd}"), None);
        assert_eq!(spelling.of_printed(""), Some("."));
    }
}
