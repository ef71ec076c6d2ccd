//! Master-file escapes (RFC 1035 section 5.1), used by names and character strings.
//!
//! Every byte has exactly one printed form in printable ASCII, so no name and no text can move a cursor, end a line or open a
//! tag.

/// Parses the escape after a backslash: `DDD`, or one literal character.
///
/// Returns the byte and how many bytes of `rest` were used; `None` if the escape is invalid.
pub(crate) fn unescape(rest: &[u8]) -> Option<(u8, usize)> {
    match rest {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] => {
            let value = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
            u8::try_from(value).ok().map(|octet| (octet, 3))
        }
        [b'0'..=b'9', ..] | [] => None,
        [literal, ..] => Some((*literal, 1)),
    }
}

/// Writes a byte that is not printable ASCII as `\DDD`.
pub(crate) fn push_decimal(octet: u8, out: &mut String) {
    out.push('\\');
    for digit in [octet / 100, octet / 10 % 10, octet % 10] {
        out.push(char::from(b'0' + digit));
    }
}

/// Whether a byte is printed as itself in a quoted or unquoted text, except `"` and `\`.
pub(crate) const fn is_printable(octet: u8) -> bool {
    matches!(octet, b' '..=b'~')
}

/// Whether a character is white space for somebody who typed or copied a text: Unicode's white space including non-breaking
/// spaces, the byte order mark, and zero-width spaces.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Removes white space from both ends, except if a backslash escapes it.
pub(crate) fn trim(text: &str) -> &str {
    let text = text.trim_start_matches(is_blank);
    let end = text.trim_end_matches(is_blank);
    let escaped = end.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    let kept = text.get(end.len()..).and_then(|rest| rest.chars().next()).filter(|_| escaped);
    text.get(..end.len() + kept.map_or(0, char::len_utf8)).unwrap_or(end)
}

/// Whether there is unescaped white space.
pub(crate) fn has_bare_blank(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let bare = is_blank(c) && !escaped;
        escaped = c == '\\' && !escaped;
        bare
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_cut_off_unless_it_is_escaped() {
        for (text, trimmed) in [
            (" a ", "a"),
            ("\u{feff}a\r\n", "a"),
            ("\u{a0}\t a\u{3000}\u{202f}", "a"),
            (r" a\\ ", r"a\\"),
            (r"a\ ", r"a\ "),
            (r"a\  ", r"a\ "),
            (r"\ a", r"\ a"),
            ("  ", ""),
        ] {
            assert_eq!(trim(text), trimmed, "{text:?}");
        }
        assert!(has_bare_blank("a b") && has_bare_blank(r"a\\ b") && has_bare_blank("a\u{a0}b"));
        assert!(!has_bare_blank(r"a\ b") && !has_bare_blank(r"a\032b"));
    }
}
