//! Master-file escapes (RFC 1035 section 5.1), shared by names and character strings.
//!
//! Every octet has exactly one printed form, all of it printable ASCII, so that no name and no text
//! can move a cursor, end a line or open a tag.

/// Reads the escape that follows a backslash: `DDD` or one character taken literally.
///
/// Returns the octet and how many bytes of `rest` it took; `None` when the escape is not one.
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

/// Writes an octet that is not printable ASCII as `\DDD`.
pub(crate) fn push_decimal(octet: u8, out: &mut String) {
    out.push('\\');
    for digit in [octet / 100, octet / 10 % 10, octet % 10] {
        out.push(char::from(b'0' + digit));
    }
}

/// Whether an octet prints as itself inside a quoted or unquoted text, apart from `"` and `\`.
pub(crate) const fn is_printable(octet: u8) -> bool {
    matches!(octet, b' '..=b'~')
}
