//! Where a value is in a text: [`Place`], and the text around it for a preview, [`Context`]. Nothing here fails: a place of another
//! text has an empty context.

use std::ops::Range;

/// How much text is shown on each side of a value, in characters.
const AROUND: usize = 30;

/// How much of a value is shown, in characters; only URLs whose host has no shorter form come near.
const SHOWN: usize = 300;

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The first character in the line, from 1.
    pub column: u64,
    /// The bytes in the text.
    pub bytes: Range<usize>,
}

/// A value with the text around it, in one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The text before it, after an ellipsis if it was cut.
    pub before: String,
    /// The value as it is written.
    pub found: String,
    /// The text after it, before an ellipsis if it was cut.
    pub after: String,
}

impl Place {
    /// The value in its line of `text`, the text that was read, with about 30 characters on each side.
    pub fn context(&self, text: &str) -> Context {
        let part = |range: Range<usize>| text.get(range).unwrap_or_default();
        let before = part(0..self.bytes.start);
        let before: Vec<char> =
            before.chars().rev().take(AROUND + 1).take_while(|c| !ends_line(*c)).collect();
        let after = part(self.bytes.end..text.len());
        let after: Vec<char> = after.chars().take(AROUND + 1).take_while(|c| !ends_line(*c)).collect();
        Context {
            before: shown(&before, true),
            found: part(self.bytes.clone()).chars().take(SHOWN).map(visible).collect(),
            after: shown(&after, false),
        }
    }
}

/// The place of each position of a text, asked for in their order. It reads the text once.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    column: u64,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, column: 1 }
    }

    /// The place of these bytes, which do not begin before those of the last call.
    pub(super) fn place(&mut self, bytes: Range<usize>) -> Place {
        let passed = self.text.get(self.at..bytes.start).unwrap_or_default();
        if let Some(end) = memchr::memrchr(b'\n', passed.as_bytes()) {
            self.line += memchr::memchr_iter(b'\n', passed.as_bytes()).count() as u64;
            self.column = 1;
            self.pass(passed.get(end + 1..).unwrap_or_default());
        } else {
            self.pass(passed);
        }
        self.at = self.at.max(bytes.start);
        Place { line: self.line, column: self.column, bytes }
    }

    fn pass(&mut self, text: &str) {
        self.column += text.chars().count() as u64;
    }
}

fn shown(characters: &[char], is_before: bool) -> String {
    let is_cut = characters.len() > AROUND;
    let kept = characters.iter().take(AROUND).copied().map(visible);
    if is_before {
        let kept: Vec<char> = kept.collect();
        is_cut.then_some('…').into_iter().chain(kept.into_iter().rev()).collect()
    } else {
        kept.chain(is_cut.then_some('…')).collect()
    }
}

const fn ends_line(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn visible(character: char) -> char {
    if character.is_control() { ' ' } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text = "über\r\nbücher c2.example\n\nx";
        let mut cursor = Cursor::new(text);
        for (part, line, column) in [("über", 1, 1), ("c2", 2, 8), ("example", 2, 11), ("x", 4, 1)] {
            let start = if part == "x" { text.len() - 1 } else { text.find(part).unwrap() };
            let place = cursor.place(start..start + part.len());
            assert_eq!((place.line, place.column), (line, column), "{part}");
            assert_eq!(text.get(place.bytes), Some(part));
        }
    }

    #[test]
    fn a_context_is_one_line_and_cut_on_both_sides() {
        let context = |text: &str, found: &str| {
            let start = text.find(found).unwrap();
            let Context { before, found, after } =
                Cursor::new(text).place(start..start + found.len()).context(text);
            format!("{before}<{found}>{after}")
        };
        assert_eq!(context("one\nlead to\tc2.example now\r\ntwo", "c2.example"), "lead to <c2.example> now");
        assert_eq!(context("c2.example", "c2.example"), "<c2.example>");
        let long = "ä".repeat(31);
        let text = format!("{long}c2.example{long}");
        let thirty = "ä".repeat(30);
        assert_eq!(context(&text, "c2.example"), format!("…{thirty}<c2.example>{thirty}…"));
        let elsewhere = Place { line: 1, column: 1, bytes: 5..9 };
        assert_eq!(elsewhere.context("x"), Context::default());
    }
}
