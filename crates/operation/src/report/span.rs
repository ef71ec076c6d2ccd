//! A piece without what is written around a value: [`Span`], and the text next to it that decides what a number is.

use std::ops::Range;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::judge::{Item, Verdict};
use super::left::Kind;
use super::pieces::Piece;
use super::words;
use crate::indicator::marks::{is_invisible, mark};

/// How far the text before and after a number is looked at, in bytes: a blank and the longest word for a currency or version.
const NEARBY: usize = 16;

/// The longest sum of money, in bytes.
const LONGEST_SUM: usize = 24;

/// A part of the text that is judged as one value.
#[derive(Clone, Debug)]
pub(super) struct Span<'a> {
    pub(super) text: &'a str,
    pub(super) range: Range<usize>,
    /// The end of its head.
    pub(super) head: usize,
    /// If it is a URL, where the authority begins.
    pub(super) authority: Option<usize>,
    pub(super) is_defanged: bool,
    /// Whether `*.` precedes it.
    pub(super) is_wildcard: bool,
    /// Whether letters of a script without spaces directly precede it.
    pub(super) is_joined: bool,
}

impl<'a> Span<'a> {
    /// A piece, trimmed; `None` if nothing is left.
    pub(super) fn of(text: &'a str, piece: &Piece) -> Option<Self> {
        let mut span = Self {
            text,
            range: piece.range.clone(),
            head: piece.head,
            authority: piece.authority,
            is_defanged: piece.is_defanged,
            is_wildcard: false,
            is_joined: false,
        };
        span.range = span.trimmed(span.range.clone());
        if let Some(after) = span.after_wildcard(piece.range.start) {
            span.range.start = after;
            span.is_wildcard = true;
        }
        span.head = span.head.min(span.range.end).max(span.range.start);
        // In `*?x`, nothing is left of the head.
        (!span.range.is_empty() && span.range.start <= piece.head).then_some(span)
    }

    /// A part of its head, as a value of its own.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let range = self.trimmed(range);
        let is_defanged = self.is_defanged && has_mark(self.slice(range.clone()));
        Self { head: range.end, range, authority: None, is_defanged, is_wildcard: false, ..*self }
    }

    pub(super) fn left(&self, kind: Kind) -> Item {
        let end = if self.is_url() { self.head } else { self.range.end };
        Item { verdict: Verdict::Left(kind), range: self.range.start..end }
    }

    pub(super) const fn is_url(&self) -> bool {
        self.authority.is_some()
    }

    /// Whether it is certainly meant as a value.
    pub(super) const fn is_sure(&self) -> bool {
        self.is_url() || self.is_defanged
    }

    pub(super) fn head_text(&self) -> &'a str {
        self.slice(self.range.start..self.head)
    }

    /// What is read as an indicator: the head of a URL; otherwise all of it up to a length, because its path tells other kinds.
    pub(super) fn candidate(&self, longest: usize) -> &'a str {
        if self.is_url() {
            return self.head_text();
        }
        let whole = self.slice(self.range.clone());
        whole.get(..whole.floor_char_boundary(longest)).unwrap_or_default()
    }

    /// The range without punctuation around it, and without emphasis.
    pub(super) fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let text = self.slice(range.clone());
        let is_before = |c: char| matches!(c, '-' | '*' | '~' | '^' | '+' | '?' | '#') || is_invisible(c);
        let is_after =
            |c: char| matches!(c, '.' | '-' | '*' | '~' | '^' | '+' | '?' | '!') || is_invisible(c);
        let mut inside = text.trim_start_matches(is_before);
        let mut start = range.end - inside.len();
        // `.example.com` is read as the name; `.exe` is an ending.
        if let Some(name) =
            inside.strip_prefix('.').filter(|name| name.contains('.') && !name.starts_with('.'))
            && !self.slice(0..start).ends_with('*')
        {
            inside = name;
            start += 1;
        }
        while !is_open_network(inside) {
            let shorter = inside.trim_end_matches(is_after);
            // A colon that ends a phrase, not the two at the end of an address.
            let shorter = shorter.strip_suffix(':').filter(|text| !text.ends_with(':')).unwrap_or(shorter);
            if shorter.len() == inside.len() {
                break;
            }
            inside = shorter;
        }
        if let Some(emphasised) = inside.strip_prefix('_').and_then(|text| text.strip_suffix('_')) {
            inside = emphasised;
            start += 1;
        }
        start..start + inside.len()
    }

    /// The range without a port at its end.
    pub(super) fn without_port(&self, range: Range<usize>) -> Range<usize> {
        let text = self.slice(range.clone());
        let before = text.trim_end_matches(|c: char| c.is_ascii_digit());
        let host = before.strip_suffix(':').filter(|_| before.len() < text.len()).unwrap_or(text);
        self.trimmed(range.start..range.start + host.len())
    }

    /// The parts of a range between separators.
    pub(super) fn split(
        &self,
        range: Range<usize>,
        separator: char,
    ) -> impl Iterator<Item = Range<usize>> + use<'a> {
        let mut at = range.start;
        self.slice(range).split(separator).map(move |part| {
            let start = at;
            at += part.len() + separator.len_utf8();
            start..start + part.len()
        })
    }

    /// Whether it is a path of files, and not a closing tag or the length of a network.
    pub(super) fn is_path(&self) -> bool {
        let text = self.slice(self.range.clone());
        let Some(inside) = text.strip_prefix('/') else { return true };
        inside.contains(['/', '.']) && !self.slice(0..self.range.start).ends_with('<')
    }

    /// If this is a sum of money, where it is.
    pub(super) fn price(&self) -> Option<Range<usize>> {
        let text = self.slice(self.range.clone());
        let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
        let number = text.trim_matches(is_currency_sign);
        if number.is_empty()
            || text.len() > LONGEST_SUM
            || !number.chars().all(is_number)
            || !number.starts_with(is_digit)
        {
            return None;
        }
        let (before, after) = (self.before(), self.after());
        let has_unit = number.len() < text.len()
            || before.ends_with(is_currency_sign)
            || words::is_currency(last_word(before))
            || after.starts_with(is_currency_sign)
            || words::is_currency(first_word(after));
        has_unit.then(|| self.range.clone())
    }

    /// Whether the word before it announces the number of a version.
    pub(super) fn is_after_version(&self) -> bool {
        words::is_before_version(last_word(self.before().trim_end_matches([':', '.'])))
    }

    /// If a `*` was trimmed in front of a dot, where the name below it begins.
    fn after_wildcard(&self, start: usize) -> Option<usize> {
        let text = self.slice(self.range.clone());
        let is_wildcard = self.slice(start..self.range.start).ends_with('*');
        let after = text
            .strip_prefix('.')
            .or_else(|| mark(text).filter(|(plain, _)| *plain == ".").map(|(_, after)| after));
        after.filter(|_| is_wildcard).map(|after| self.range.end - after.len())
    }

    /// The text of the same line directly before it, without blanks.
    fn before(&self) -> &'a str {
        let from = self.text.floor_char_boundary(self.range.start.saturating_sub(NEARBY));
        self.slice(from..self.range.start).trim_end_matches([' ', '\u{a0}'])
    }

    /// The text of the same line directly after it, without blanks.
    fn after(&self) -> &'a str {
        let to = self.text.ceil_char_boundary(self.range.end.saturating_add(NEARBY));
        self.slice(self.range.end..to).trim_start_matches([' ', '\u{a0}'])
    }

    fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }
}

/// Whether a mark of defanging is within a text.
fn has_mark(text: &str) -> bool {
    let is_inside = |at| mark(text.get(at..)?).map(|(_, after)| after.starts_with(char::is_alphanumeric));
    let can_be_mark = |c: char| matches!(c, '[' | '(' | '{' | '<' | '\\' | '.');
    text.match_indices(can_be_mark).any(|(at, _)| is_inside(at) == Some(true))
}

/// `192.0.2.*`
fn is_open_network(text: &str) -> bool {
    text.strip_suffix(".*").is_some_and(|before| before.ends_with(is_digit))
}

const fn is_digit(character: char) -> bool {
    character.is_ascii_digit()
}

fn is_currency_sign(character: char) -> bool {
    character == '$'
        || (!character.is_ascii() && character.general_category() == GeneralCategory::CurrencySymbol)
}

fn last_word(text: &str) -> &str {
    text.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default()
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default()
}
