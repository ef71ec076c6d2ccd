//! Standard output and standard error, and who is at the other end.
//!
//! Text from outside must be printable before it comes here; [`printable`] makes it so.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

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
        if character.is_ascii_control() {
            let _ = write!(out, "\\x{:02x}", u32::from(character));
        } else if is_hidden(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// The same JSON, without what a terminal would act on: in JSON such characters stand in strings only, where `\uNNNN`
/// means the same.
pub(crate) fn printable_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(character);
        }
    }
    out
}

/// Whether a terminal would act on a character rather than show it.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_terminal_is_printed() {
        assert_eq!(printable("a\u{1b}[31m\r\n\u{9b}b\u{202e}é"), "a\\x1b[31m\\x0d\\x0a\\u{9b}b\\u{202e}é");
        assert_eq!(
            printable_json("{\"a\":\"\\n\u{7f}\u{9b}é\u{202e}\"}"),
            "{\"a\":\"\\n\\u007f\\u009bé\\u202e\"}"
        );
    }
}
