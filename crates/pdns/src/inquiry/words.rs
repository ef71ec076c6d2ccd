//! The words of a line: filters such as `type:A`, and the rest.
//!
//! Blanks separate words. The value of a filter may be in quotation marks, in which a backslash precedes a quotation mark or a
//! backslash. `exact:` takes the rest of the line. Nothing here fails.

/// The filters, each with its label.
pub(super) const FILTERS: [(&str, &str); 11] = [
    ("type", "types"),
    ("after", "seen after"),
    ("before", "seen before"),
    ("first-after", "first seen after"),
    ("first-before", "first seen before"),
    ("last-after", "last seen after"),
    ("last-before", "last seen before"),
    ("below", "at or below"),
    ("in", "address in"),
    ("source", "source"),
    ("by", "a row for each"),
];
/// The word that takes the rest of a line.
pub(super) const EXACT: &str = "exact";

/// The words of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// What is not a filter, with single blanks.
    pub(super) subject: String,
    /// The filters with their values.
    pub(super) filters: Vec<(&'static str, String)>,
    /// What follows `exact:`.
    pub(super) exact: Option<String>,
}

impl Words {
    pub(super) fn of(line: &str) -> Self {
        let mut words = Self::default();
        let mut rest = line.trim();
        while !rest.is_empty() {
            if let Some(text) = after(rest, EXACT) {
                words.exact = Some(text.trim().to_owned());
                break;
            }
            rest = words.take(rest).trim_start();
        }
        words
    }

    /// Takes the first word; returns what follows it.
    fn take<'a>(&mut self, rest: &'a str) -> &'a str {
        let filter = FILTERS.iter().find_map(|(word, _)| Some((*word, after(rest, word)?)));
        if let Some((word, value)) = filter {
            let (value, rest) = value_of(value);
            self.filters.push((word, value));
            return rest;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        if !self.subject.is_empty() {
            self.subject.push(' ');
        }
        self.subject.push_str(word);
        rest
    }
}

/// What follows a word and its colon.
fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(word.len())?;
    if head.eq_ignore_ascii_case(word) { rest.strip_prefix(':') } else { None }
}

/// The value at the beginning of a text, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, character) in quoted.char_indices() {
        match character {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return (value, quoted.get(at + 1..).unwrap_or_default()),
            other => {
                value.push(other);
                escaped = false;
            }
        }
    }
    (value, "")
}

/// A filter as it is written in a line.
pub(super) fn filter(word: &str, value: &str) -> String {
    if word == EXACT || !value.contains(|c: char| c.is_whitespace() || c == '"') {
        return format!("{word}:{value}");
    }
    format!("{word}:\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A line of these words.
pub(super) fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn filters_are_taken_out_wherever_they_are() {
        let words =
            Words::of("  type:A  *quiet  harbor*\tAFTER:2026-05-01 source:\"Zeek, \\\"office\\\"\" rest");
        assert_eq!(words.subject, "*quiet harbor* rest");
        let wanted = [("type", "A"), ("after", "2026-05-01"), ("source", "Zeek, \"office\"")];
        assert_eq!(words.filters, wanted.map(|(word, value)| (word, value.to_owned())));
        assert_eq!(words.exact, None);
    }

    #[test]
    fn exact_takes_the_rest() {
        let words = Words::of("type:TXT exact: \"v=spf1 type:A\" \"b\" ");
        assert_eq!(words.exact.as_deref(), Some("\"v=spf1 type:A\" \"b\""));
        assert_eq!((words.subject.as_str(), words.filters.len()), ("", 1));
    }

    #[test]
    fn addresses_and_other_words_with_a_colon_are_no_filters() {
        for text in ["2001:db8::1", "rdata:ns1.example", "http://after.example/type:A", "in.example", "type"]
        {
            assert_eq!(Words::of(text).subject, text);
        }
    }

    proptest! {
        #[test]
        fn a_filter_is_read_as_it_was_written(value in "[^\\s]{0,3}\\PC{0,12}") {
            // A value that begins with a quotation mark, or has a blank, is quoted.
            let words = Words::of(&format!("a.example {}", filter("source", &value)));
            prop_assert_eq!(words.filters, vec![("source", value)]);
        }

        #[test]
        fn no_line_panics(line in "((type|exact|source|in):|[\\\\\" :]|\\PC){0,40}") {
            let _ = Words::of(&line);
        }
    }
}
