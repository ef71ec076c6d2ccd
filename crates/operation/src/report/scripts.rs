//! Names in text without spaces around them, as in Japanese: `攻撃者はc2.exampleを使用`.
//!
//! A run is the text between letters of scripts that are written without spaces, or whose endings follow a name directly. It is a value
//! of its own if it has a dot inside; `例え.example` has none, so it is one name. Text directly before a run may be part of a name, as
//! in `日本shop.example`, unless it is Hiragana, which ends words.

use std::ops::Range;

use unicode_script::{Script, UnicodeScript};

use super::span::Span;

/// The runs in the head of a span that are values of their own, and whether the letters before each may be part of it. None if a run
/// is joined to such letters by a dot.
pub(super) fn runs(span: &Span<'_>) -> Vec<(Range<usize>, bool)> {
    let text = span.head_text();
    let mut all = Vec::new();
    let (mut start, mut before) = (0, None);
    let end_of_text = text.char_indices().map(|(at, letter)| (at, Some(letter))).chain([(text.len(), None)]);
    for (at, letter) in end_of_text {
        if letter.is_some_and(|letter| !is_unspaced(letter)) {
            continue;
        }
        let run = text.get(start..at).unwrap_or_default();
        if is_joined_by_dot(run, before.is_some(), letter.is_some()) {
            return Vec::new();
        }
        if run.trim_matches('.').contains('.') {
            let from = span.range.start + start;
            all.push((
                from..from + run.len(),
                before.is_some_and(|letter: char| letter.script() != Script::Hiragana),
            ));
        }
        before = letter;
        start = at + letter.map_or(0, char::len_utf8);
    }
    all
}

/// The end of the host of a URL: `http://c2.exampleへ` ends before the letters that follow its last label.
pub(super) fn ends_before_letters(span: &Span<'_>) -> usize {
    let head = span.head_text();
    let Some((before, last)) = head.rsplit_once('.') else { return span.head };
    let starts_plain = last.starts_with(|first: char| first.is_ascii_alphanumeric());
    match last.find(is_unspaced) {
        Some(end) if starts_plain => span.range.start + before.len() + 1 + end,
        _ => span.head,
    }
}

fn is_joined_by_dot(run: &str, is_after: bool, is_before: bool) -> bool {
    (is_after && run.starts_with('.')) || (is_before && run.ends_with('.') && run.len() > 1)
}

/// Whether a letter is of a script without spaces between words, or with endings that follow a name directly.
fn is_unspaced(letter: char) -> bool {
    !letter.is_ascii()
        && letter != '\u{3002}'
        && (matches!(letter, '\u{3000}'..='\u{30ff}')
            || matches!(
                letter.script(),
                Script::Han
                    | Script::Hangul
                    | Script::Hiragana
                    | Script::Katakana
                    | Script::Khmer
                    | Script::Lao
                    | Script::Myanmar
                    | Script::Thai
            ))
}
