//! Escapes text from outside before it is shown.

use std::fmt::Write as _;

use context::text::is_invisible;

/// Makes a text safe for a terminal: everything that is not printable becomes `\xNN` or `\u{N}`, including the characters that
/// change the direction of writing.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_control() {
            let _ = write!(out, "\\x{:02x}", u32::from(character));
        } else if character.is_control() || is_invisible(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// JSON in printable ASCII, which is also safe for a terminal: only strings contain other characters.
pub fn ascii(json: String) -> String {
    // In blocks, so that the compiler compares many bytes at once.
    let is_plain =
        |block: &[u8]| block.iter().fold(true, |plain, octet| plain & matches!(octet, b' '..=b'~'));
    if json.as_bytes().chunks(256).all(is_plain) {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, ' '..='~') {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_terminal_is_printed() {
        assert_eq!(printable("a\u{1b}[31m\r\n\u{9b}b\u{202e}é"), "a\\x1b[31m\\x0d\\x0a\\u{9b}b\\u{202e}é");
        assert_eq!(printable("\u{61c}\u{2066}\u{e0041}"), "\\u{61c}\\u{2066}\\u{e0041}");
    }

    #[test]
    fn json_is_printable_ascii() {
        let text = serde_json::to_string("\u{9b}é\u{202e}😀\u{7f}\n").unwrap();
        let ascii = ascii(text.clone());
        assert_eq!(ascii, r#""\u009b\u00e9\u202e\ud83d\ude00\u007f\n""#);
        assert_eq!(
            serde_json::from_str::<String>(&ascii).unwrap(),
            serde_json::from_str::<String>(&text).unwrap()
        );
    }

    #[test]
    fn one_character_is_escaped_wherever_it_is_in_a_long_text() {
        for at in [0, 1, 254, 255, 256, 511, 512, 599] {
            let (before, after) = ("a".repeat(at), "b".repeat(600 - at));
            assert_eq!(ascii(format!("{before}\u{7f}{after}")), format!("{before}\\u007f{after}"));
            let plain = before + "~" + &after;
            assert_eq!(ascii(plain.clone()), plain);
        }
    }
}
