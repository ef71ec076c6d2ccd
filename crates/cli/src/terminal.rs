//! Standard output and standard error, and who is at the other end.
//!
//! Text from outside must be printable before it comes here; [`printable`] makes it so.

use std::io::{self, IsTerminal, Write};

/// Says something on standard error; what cannot be said there cannot be said.
pub(crate) fn say(text: &str) {
    if !text.is_empty() {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// Says what went wrong.
pub(crate) fn complain(text: &str) {
    if !text.is_empty() {
        say(&format!("backsight: {text}"));
    }
}

/// The width that tables must fit, if somebody looks at them: the terminal's, or what COLUMNS says.
pub(crate) fn width() -> Option<u16> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.or_else(|| io::stdout().is_terminal().then(|| comfy_table::Table::new().width()).flatten())
}

/// Makes a text that a terminal can show: everything that is not printable becomes `\xNN` or `\u{N}`,
/// the characters that turn the direction of writing among them.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let format = matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if character.is_ascii_control() {
            out.push_str(&format!("\\x{:02x}", u32::from(character)));
        } else if character.is_control() || format || matches!(character, '\u{2028}' | '\u{2029}') {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
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
    }
}
