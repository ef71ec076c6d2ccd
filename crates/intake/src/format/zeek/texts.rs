//! The strings of TXT and SPF records as Zeek prints them.
//!
//! ```text
//! TXT 5 hello TXT 3 a,b
//! ```
//!
//! Each string comes after its type and its length in octets; octets may be escaped as `\xNN`. The lengths tell strings apart from
//! what separates answers, because Zeek does not escape a comma in a string.

use crate::format::spelling::zeek_octet;

/// The most octets of all strings of a record.
const MOST: usize = 65_535;

/// Whether an answer consists of whole strings.
pub(super) fn is_whole(answer: &[u8]) -> bool {
    length(answer, None) == Some(answer.len())
}

/// How long the answer at the start of `list` is, up to the separator or the end; `None` if its strings do not end there.
pub(super) fn length(list: &[u8], separator: Option<u8>) -> Option<usize> {
    let (mut rest, mut octets) = (list, 0);
    loop {
        let (length, text) = announced(rest)?;
        octets += 1 + length;
        if octets > MOST {
            return None;
        }
        rest = text;
        for _ in 0..length {
            rest = zeek_octet(rest)?.1;
        }
        match rest {
            [] => return Some(list.len()),
            [byte, ..] if Some(*byte) == separator => return Some(list.len() - rest.len()),
            [b' ', next @ ..] => rest = next,
            _ => return None,
        }
    }
}

/// Appends the strings of a whole answer in wire format.
pub(super) fn push_wire(answer: &[u8], wire: &mut Vec<u8>) {
    let mut rest = answer;
    while let Some((length, text)) = announced(rest) {
        wire.push(u8::try_from(length).unwrap_or_default());
        rest = text;
        for _ in 0..length {
            let Some((octet, after)) = zeek_octet(rest) else { return };
            wire.push(octet);
            rest = after;
        }
        rest = rest.strip_prefix(b" ").unwrap_or(rest);
    }
}

/// The length of the string at the start, and what follows its announcement.
fn announced(text: &[u8]) -> Option<(usize, &[u8])> {
    let rest = text.strip_prefix(b"TXT ").or_else(|| text.strip_prefix(b"SPF "))?;
    let end = rest.iter().take(4).position(|byte| *byte == b' ')?;
    let (digits, text) = rest.split_at_checked(end)?;
    let length: u8 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((usize::from(length), text.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_end_where_their_lengths_say() {
        assert!(is_whole(b"TXT 5 a b,c"));
        assert_eq!(length(b"TXT 5 a,b,c,TXT 1 d", Some(b',')), Some(11));
        assert_eq!(length(b"TXT 1 \\x2c TXT 0 ,x", Some(b',')), Some(17));
        for broken in [&b"TXT 6 hello"[..], b"TXT 4 hello", b"TXT 256 x", b"TXT x", b"TXT 5", b"hello", b""] {
            assert_eq!(length(broken, Some(b',')), None, "{broken:?}");
        }
        let long = "TXT 255 ".to_owned() + &"x".repeat(255) + " ";
        assert_eq!(length((long.repeat(256) + "TXT 0 ").as_bytes(), None), None);
        let mut wire = Vec::new();
        push_wire(b"TXT 2 a\\x00 TXT 0 ", &mut wire);
        assert_eq!(wire, [2, b'a', 0, 0]);
    }
}
