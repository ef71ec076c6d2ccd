//! Standard output and standard error, and whether they are terminals.
//!
//! [`printable`] escapes text from outside: here for standard error, and in each format for standard output.

use std::io::{self, IsTerminal, Write as _};

pub(crate) use workbench::text::printable;

use operation::shown;
pub(crate) use operation::shown::thousands;

use crate::exit::Failure;

/// How many characters of a value are shown in a message.
const LONGEST_LABEL: usize = 100;

/// Prints a text to standard error, escaped; errors of standard error are ignored.
pub(crate) fn say(text: &str) {
    if !text.is_empty() {
        let lines: Vec<String> = text.split('\n').map(printable).collect();
        let _ = writeln!(io::stderr().lock(), "{}", lines.join("\n"));
    }
}

/// Prints an error.
pub(crate) fn complain(text: &str) {
    if !text.is_empty() {
        say(&format!("backsight: {text}"));
    }
}

/// The width of tables if the output is a terminal: its width, or the value of COLUMNS.
pub(crate) fn width() -> Option<u16> {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    // Some shells set 0 if they do not know.
    let columns = columns.filter(|columns| *columns > 0);
    columns.or_else(|| io::stdout().is_terminal().then(|| comfy_table::Table::new().width()).flatten())
}

/// The value of an environment variable; invalid UTF-8 is an error, not a missing variable.
pub(crate) fn environment(name: &str) -> Result<Option<String>, Failure> {
    let Some(value) = std::env::var_os(name) else { return Ok(None) };
    let text = value.into_string();
    text.map(Some).map_err(|_| Failure::Usage(format!("the environment variable {name} is not UTF-8 text")))
}

/// A count with its noun.
pub(crate) fn plural(count: u64, one: &str) -> String {
    shown::counted(count, one)
}

/// A word in the form that a shell accepts, in quotes if necessary.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@,+=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A given value for a message: printable, at most a line or two long, never empty.
pub(crate) fn label(value: &str) -> String {
    if value.trim().is_empty() {
        return format!("{value:?}");
    }
    let mut shown = printable(&value.chars().take(LONGEST_LABEL).collect::<String>());
    if value.chars().nth(LONGEST_LABEL).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_apart_and_words_their_quotes() {
        assert_eq!(plural(1, "row"), "1 row");
        assert_eq!(plural(60_583, "branch"), "60,583 branches");
        assert_eq!(quoted("www.example.com"), "www.example.com");
        assert_eq!(quoted("*.example.com"), "'*.example.com'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_label_is_short_and_never_nothing() {
        assert_eq!(label(" "), "\" \"");
        assert_eq!(label(&"a".repeat(LONGEST_LABEL)).len(), LONGEST_LABEL);
        assert_eq!(label(&"a".repeat(70_000)).chars().count(), LONGEST_LABEL + 1);
    }
}
