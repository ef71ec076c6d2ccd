//! Finds the values in a line: one, or several with other text between and after them.
//!
//! Lists from reports and spreadsheets contain more than values: `192.0.2.5<TAB>2024-01-01<TAB>C2`. A line is split into cells
//! at blanks, commas, semicolons, bars, arrows, quotation marks and brackets, but not within the path of a URL. A cell that is
//! an address or a name with at least two labels is a value. If the line has a value, a cell that only looks like a host (a
//! network, a name with an empty label) is refused with its kind, and every other cell is skipped and counted as a remark. If
//! no cell is a value, the cells of a known kind are refused with it, or else the whole line.

use super::{Host, Indicator, IndicatorError, Other, is_plain_name, written};

/// The shortest last label of a name among words, so that `e.g.` is not a name.
const SHORTEST_TOP: usize = 2;

/// A value as it was entered, and its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The text.
    pub text: String,
    /// Its indicator, or why it is not one.
    pub indicator: Result<Indicator, IndicatorError>,
}

/// The content of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Values and refusals, in order.
    pub given: Vec<Given>,
    /// How many cells were skipped because they are remarks.
    pub skipped: usize,
}

/// The meaning of a cell.
enum Cell {
    Value(Indicator),
    /// It looks like a value but is not one.
    Refused(IndicatorError),
    /// It is of a known kind, but not a host.
    Known(IndicatorError),
    Remark,
}

impl Line {
    /// Parses a line of a file or a paste: a comment starts with a `#` at the beginning or after a blank, but a URL may contain
    /// one.
    pub fn of_file(line: &str) -> Self {
        Self::of_file_as(line, Self::of)
    }

    /// Parses the part of a line before its comment with [`Self::of`] or [`Self::in_data`].
    pub fn of_file_as(line: &str, read: impl FnOnce(&str) -> Self) -> Self {
        let line = before_comment(line).trim();
        if line.is_empty() { Self::default() } else { read(line) }
    }

    /// Reads a text that a user entered as one or several values.
    pub fn of(text: &str) -> Self {
        if is_plain_name(text) {
            return Self::whole(text, Indicator::parse(text));
        }
        let clean = written::clean(text);
        let plain = written::without_arrows(&written::plain(text));
        let cells: Vec<&str> =
            cells(&plain).into_iter().filter(|cell| cell.contains(char::is_alphanumeric)).collect();
        // A user agent, or a date with its time, is one value that contains blanks.
        let one = match cells.as_slice() {
            _ if Other::of(&clean).is_some() => text,
            [] => text,
            [cell] => cell,
            _ => return Self::of_cells(text, &cells),
        };
        Self::whole(text.trim(), Indicator::parse(one))
    }

    /// Parses a line of names to search for in the data of records, like [`Indicator::parse_in_data`].
    #[must_use]
    pub fn in_data(text: &str) -> Self {
        let is_mailbox = |word: &&str| written::is_mailbox(word);
        let (mailboxes, rest): (Vec<&str>, Vec<&str>) = text
            .split([' ', '\t', ',', ';', '|', '"', '\''])
            .filter(|word| !word.is_empty())
            .partition(is_mailbox);
        if mailboxes.is_empty() {
            return Self::of(text);
        }
        let mut line = if rest.is_empty() { Self::default() } else { Self::of(&rest.join(" ")) };
        let refused = |text: &str| Given { text: text.to_owned(), indicator: Err(IndicatorError::Mailbox) };
        line.given.extend(mailboxes.into_iter().map(refused));
        line
    }

    fn whole(text: &str, indicator: Result<Indicator, IndicatorError>) -> Self {
        Self { given: vec![Given { text: text.to_owned(), indicator }], skipped: 0 }
    }

    fn of_cells(text: &str, cells: &[&str]) -> Self {
        let mut line = Self::default();
        let mut known = Vec::new();
        let mut has_value = false;
        for text in cells {
            // Here, a full stop ends a sentence.
            let text = written::trim(text).trim_end_matches('.');
            let mut give = |indicator| line.given.push(Given { text: text.to_owned(), indicator });
            match Cell::of(text) {
                Cell::Value(indicator) => {
                    has_value = true;
                    give(Ok(indicator));
                }
                Cell::Refused(error) => give(Err(error)),
                Cell::Known(error) => known.push(Given { text: text.to_owned(), indicator: Err(error) }),
                Cell::Remark => line.skipped += 1,
            }
        }
        if has_value {
            line.skipped += known.len();
            return line;
        }
        line.given.extend(known);
        if line.given.is_empty() {
            return Self::whole(text.trim(), Err(IndicatorError::NoValue));
        }
        line
    }
}

impl Cell {
    fn of(text: &str) -> Self {
        match Indicator::parse(text) {
            Ok(indicator) if stands_alone(&indicator) => Self::Value(indicator),
            Ok(_) => Self::Remark,
            Err(error) => match &error {
                IndicatorError::Network | IndicatorError::Wildcard => Self::Refused(error),
                // Four parts are an address in an unusual form; fewer are some number.
                IndicatorError::Number(_) if text.matches('.').count() == 3 => Self::Refused(error),
                IndicatorError::Name(_) if looks_like_a_host(text) => Self::Refused(error),
                IndicatorError::Email => Self::Known(error),
                IndicatorError::Other(other) if !is_remark(*other) => Self::Known(error),
                _ => Self::Remark,
            },
        }
    }
}

/// Whether an indicator is accepted even among words.
fn stands_alone(indicator: &Indicator) -> bool {
    match indicator.host() {
        Host::Address(_) => true,
        Host::Name(name) => {
            name.labels().count() > 1 && name.labels().last().is_some_and(|last| last.len() >= SHORTEST_TOP)
        }
    }
}

/// Whether a text has the characters of a name with several labels, or of an address in numbers.
pub(crate) fn looks_like_a_host(text: &str) -> bool {
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let letters = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    text.bytes().all(is_host)
        && text.trim_end_matches('.').contains('.')
        && (letters || text.matches('.').count() == 3)
}

/// Kinds of text that often follow a value in columns and sentences.
const fn is_remark(other: Other) -> bool {
    matches!(other, Other::Date | Other::Time | Other::Port | Other::Version | Other::UserAgent)
}

/// Splits a line into cells.
fn cells(line: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut start = 0;
    for (at, character) in line.char_indices() {
        let behind = at + character.len_utf8();
        let cell = line.get(start..at).unwrap_or_default();
        if ends_cell(cell, character, line.get(behind..).unwrap_or_default()) {
            // The text before an equals sign is a label: `domain=c2.example`, `window.hit=1`. Two values are a pair:
            // `c2.example=198.51.100.9`.
            let is_value = |cell: &str| matches!(Cell::of(written::trim(cell)), Cell::Value(_));
            if character != '='
                || cell.contains(['/', '?'])
                || (is_value(cell) && is_value(next(line, behind)))
            {
                cells.push(cell);
            }
            start = behind;
        }
    }
    cells.push(line.get(start..).unwrap_or_default());
    cells
}

/// The text from a position to the next character that ends a cell.
fn next(line: &str, from: usize) -> &str {
    let rest = line.get(from..).unwrap_or_default();
    rest.split([',', ';', '(', ')', '=', '{', '}', '|', '"', '<', '>', '/', ' ', '\t'])
        .next()
        .unwrap_or_default()
}

/// Whether a character ends the cell before it; `rest` is the text after it.
fn ends_cell(cell: &str, character: char, rest: &str) -> bool {
    if character.is_whitespace() || matches!(character, '"' | '<' | '>' | '|' | '`' | '、' | '，' | '；') {
        return true;
    }
    if !matches!(character, ',' | ';' | '(' | ')' | '=' | '{' | '}') {
        return false;
    }
    // A path can contain all of these characters, so it only ends where another value starts.
    if !cell.contains(['/', '?']) {
        return true;
    }
    let next = next(rest, 0);
    rest.get(next.len()..).is_some_and(|after| next.ends_with(':') && after.starts_with("//"))
        || (!cell.contains('?') && matches!(Cell::of(written::trim(next)), Cell::Value(_)))
}

/// The text before a comment.
fn before_comment(text: &str) -> &str {
    let begins =
        |at: usize| text.get(..at).is_some_and(|head| head.is_empty() || head.ends_with([' ', '\t']));
    let end = text.match_indices('#').map(|(at, _)| at).find(|at| begins(*at));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The values of a line, refusals in brackets, and how many cells were skipped.
    fn read(line: &str) -> (String, usize) {
        let line = Line::of_file(line);
        let shown = line.given.iter().map(|given| match &given.indicator {
            Ok(indicator) => indicator.to_string(),
            Err(error) => {
                format!("[{}: {}]", given.text, error.to_string().split([':', ',']).next().unwrap())
            }
        });
        (shown.collect::<Vec<_>>().join(" "), line.skipped)
    }

    #[test]
    fn several_values_on_a_line_are_each_by_themselves() {
        for (line, values, skipped) in [
            ("ns1[.]a.example ns2[.]a.example", "ns1.a.example ns2.a.example", 0),
            ("b1.example, b2.example; b3.example", "b1.example b2.example b3.example", 0),
            ("b1.example,b2.example;b3.example", "b1.example b2.example b3.example", 0),
            ("192.0.2.5\t2024-01-01\tC2", "192.0.2.5", 2),
            ("192.0.2.6,high", "192.0.2.6", 1),
            ("192.0.2.6|443", "192.0.2.6", 1),
            ("c2.example|192.0.2.6", "c2.example 192.0.2.6", 0),
            ("c2.example(192.0.2.6)", "c2.example 192.0.2.6", 0),
            ("c2.example (sinkhole)", "c2.example", 1),
            ("[c2.example](http://c3.example/x)", "c2.example c3.example", 0),
            ("[\"a.example\",\"b.example\"]", "a.example b.example", 0),
            ("domain=c2.example ip=192.0.2.6", "c2.example 192.0.2.6", 0),
            ("window.hit=1 c2.example", "c2.example", 1),
            ("q46.example=192.0.2.20", "q46.example 192.0.2.20", 0),
            ("192.0.2.21=q47.example, x=192.0.2.22", "192.0.2.21 q47.example 192.0.2.22", 0),
            ("c2.example -> 192.0.2.6", "c2.example 192.0.2.6", 0),
            ("c2.example->192.0.2.6", "c2.example 192.0.2.6", 0),
            ("192.0.2.6->c2.example", "192.0.2.6 c2.example", 0),
            ("c2.example-->c3.example", "c2.example c3.example", 0),
            ("c2.example=>192.0.2.6", "c2.example 192.0.2.6", 0),
            ("c2.example→192.0.2.6", "c2.example 192.0.2.6", 0),
            ("c2.example—192.0.2.6", "c2.example 192.0.2.6", 0),
            ("192.0.2.1–192.0.2.9", "[192.0.2.1–192.0.2.9: a network]", 0),
            ("- c2.example", "c2.example", 0),
            ("1. c2.example", "c2.example", 1),
            ("127.0.0.1 c2.example", "127.0.0.1 c2.example", 0),
            ("192.0.2.1/32, 192.0.2.0/24", "192.0.2.1 [192.0.2.0/24: a network]", 0),
            ("c2.example,44d88612fea8a8f36de82e1278abb02f", "c2.example", 1),
            ("http://a.example/x,http://b.example/y", "a.example b.example", 0),
            ("http://a.example/x,y;z(1)", "a.example", 0),
            ("http://a.example/x,192.0.2.6", "a.example 192.0.2.6", 0),
            ("http://a.example/?u=x,b.example", "a.example", 0),
            ("hxxps://a[.]example/x 2024-01-01T10:00:00Z high", "a.example", 2),
            ("c2.example resolved to 192.0.2.6, e.g. in v1.2.3 of setup.exe.", "c2.example 192.0.2.6", 7),
            ("2001:db8::1, [2001:db8::2]:443", "2001:db8::1 2001:db8::2", 0),
            ("c2.example # why, and 192.0.2.1", "c2.example", 0),
            ("# c2.example", "", 0),
            ("b1.example、b2.example", "b1.example b2.example", 0),
            ("«b1.example», “b2.example”", "b1.example b2.example", 0),
        ] {
            assert_eq!(read(line), (values.to_owned(), skipped), "{line}");
        }
    }

    #[test]
    fn a_line_without_a_value_is_refused_by_its_kind() {
        for (line, said) in [
            ("44d88612fea8a8f36de82e1278abb02f", "[44d88612fea8a8f36de82e1278abb02f: an MD5 hash]"),
            (
                "AS1234, CVE-2024-1234 (high)",
                "[AS1234: an AS number] [CVE-2024-1234: the identifier of a vulnerability]",
            ),
            ("no value here", "[no value here: no domain name]"),
            ("high,C2", "[high,C2: no domain name]"),
            ("high", "[high: a single word]"),
            ("Mozilla/5.0 (X11; c2.example) x/1.0", "[Mozilla/5.0 (X11; c2.example) x/1.0: a user agent]"),
            ("2024-01-01 10:11:12", "[2024-01-01 10:11:12: a date]"),
            (
                "a..b.example c..d.example",
                "[a..b.example: not a domain name or IP address] [c..d.example: not a domain name or IP address]",
            ),
        ] {
            assert_eq!(read(line).0, said, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics_and_no_word_becomes_a_host(words in "[a-zA-Z0-9]{1,12}([ ,;\t|][a-zA-Z0-9]{1,12}){1,6}", text in any::<String>()) {
            let _ = Line::of_file(&text);
            let line = Line::of_file(&words);
            prop_assert!(line.given.iter().all(|given| given.indicator.is_err()), "{:?}", line);
        }
    }
}
