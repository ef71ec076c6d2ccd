//! Splits a text into pieces that are at most one value each: [`Pieces`], in one pass and in linear time.
//!
//! A piece ends at blanks, quotation marks, brackets and punctuation, but not at the marks of defanging: `c2 [.] example` is one
//! piece. It has a head, where its host is, and a path after the first slash, question mark or hash sign. The path is passed over,
//! because it names files and not hosts, except for other URLs in it, and for a value after a comma or bracket. Pieces are what may
//! be a value; [`super::judge`] decides. Nothing here fails.

use std::ops::Range;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::judge::is_value;
use crate::indicator::marks::{is_invisible, mark, narrow};

/// The longest scheme, in bytes.
const LONGEST_SCHEME: usize = 24;

/// The longest cell after a comma in a path that is tried as a value, in bytes: a defanged name of the greatest length.
const LONGEST_CELL: usize = 1_024;

/// A part of the text that may be a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// All of it.
    pub(super) range: Range<usize>,
    /// The end of its head: where the path begins.
    pub(super) head: usize,
    /// If it is a URL, where the authority begins.
    pub(super) authority: Option<usize>,
    /// Whether it is written so that it cannot be clicked.
    pub(super) is_defanged: bool,
    /// Whether an equals sign directly precedes it.
    pub(super) is_after_equals: bool,
    /// Whether an equals sign directly follows it.
    pub(super) is_before_equals: bool,
}

/// Which part of a piece is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Head,
    Path,
    Query,
}

/// The pieces of a text, in order.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    text: &'a str,
    at: usize,
    open: Open,
}

/// The piece that is being read.
#[derive(Debug, Default)]
struct Open {
    start: usize,
    part: Part,
    head: usize,
    authority: Option<usize>,
    /// The end of the first mark of defanging within it; its start, if its scheme is defanged.
    mark: Option<usize>,
    has_dot: bool,
    origin: Origin,
}

/// What precedes a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Origin {
    #[default]
    Text,
    /// An equals sign directly after another piece.
    Equals,
    /// A percent-encoded scheme, as in a query.
    Encoded,
    /// The host of the same URL, which was a piece already.
    Rest,
}

/// A character, or a mark that replaces one, and where it ends.
struct Symbol {
    sign: Sign,
    end: usize,
    is_mark: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// Ends every piece.
    Hard,
    /// Ends a head, and a path if a value follows.
    Soft,
    Equals,
    Colon,
    /// `://` as one mark.
    Scheme,
    Slash,
    /// A question mark or a hash sign.
    Query,
    Percent,
    At,
    Dot,
    Other,
}

impl<'a> Pieces<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0, open: Open::default() }
    }

    fn rest(&self, from: usize) -> &'a str {
        self.text.get(from..).unwrap_or_default()
    }

    /// Passes over letters, digits and hyphens, which mean nothing by themselves.
    fn pass_plain(&mut self) {
        let bytes = self.rest(self.at).bytes();
        self.at +=
            bytes.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    }

    fn symbol(&self) -> Option<Symbol> {
        let rest = self.rest(self.at);
        let character = rest.chars().next()?;
        let symbol = |sign, length| Some(Symbol { sign, end: self.at + length, is_mark: false });
        match character {
            ' ' => return Some(self.blanks(rest)),
            '.' => {
                let dots = rest.bytes().take_while(|byte| *byte == b'.').count();
                if dots > 2 {
                    return symbol(Sign::Hard, dots);
                }
            }
            '\u{3002}' | '\u{ff61}' => return symbol(self.ideographic_stop(rest), character.len_utf8()),
            _ => {}
        }
        if matches!(character, '[' | '(' | '{' | '<' | '\\' | '.')
            && let Some(marked) = self.marked(self.at)
        {
            return Some(marked);
        }
        symbol(sign_of(character), character.len_utf8())
    }

    /// A mark at a position.
    fn marked(&self, at: usize) -> Option<Symbol> {
        let rest = self.rest(at);
        let (plain, after) = mark(rest)?;
        let whole = rest.get(..rest.len() - after.len())?;
        let sign = match plain {
            "." => Sign::Dot,
            "@" => Sign::At,
            ":" => Sign::Colon,
            "://" => Sign::Scheme,
            _ => Sign::Slash,
        };
        // Blanks after a dot or an at sign belong to the value; after others, it has ended.
        let is_joint = matches!(sign, Sign::Dot | Sign::At);
        let length = if is_joint { whole.len() } else { whole.trim_end_matches(' ').len() };
        Some(Symbol { sign, end: at + length, is_mark: true })
    }

    /// Blanks end a piece, unless a mark between two parts of a name follows: `c2 [.] example`.
    fn blanks(&self, rest: &str) -> Symbol {
        let end = self.at + (rest.len() - rest.trim_start_matches(' ').len());
        let is_in_name =
            self.open.part == Part::Head && self.text.get(self.open.start..self.at).is_some_and(ends_plain);
        if is_in_name
            && self.rest(end).starts_with(['[', '(', '{'])
            && let Some(symbol) = self.marked(end)
            && matches!(symbol.sign, Sign::Dot | Sign::At)
            && self.rest(symbol.end).starts_with(|next: char| next.is_alphanumeric())
        {
            return symbol;
        }
        Symbol { sign: Sign::Hard, end, is_mark: false }
    }

    /// In a text, this stop ends a sentence; within a name, it is the only kind of dot.
    fn ideographic_stop(&self, rest: &str) -> Sign {
        let is_plain = |character: char| character.is_ascii_alphanumeric();
        let before = self.text.get(self.open.start..self.at).is_some_and(|text| text.ends_with(is_plain));
        let after = rest.chars().nth(1).is_some_and(is_plain);
        if before && after && !self.open.has_dot { Sign::Other } else { Sign::Hard }
    }

    /// Takes a symbol; returns the piece that it ends.
    fn take(&mut self, symbol: &Symbol) -> Option<Piece> {
        let here = self.at;
        // Not at the end of a sentence in brackets: `[see c2.example.]`.
        let is_inside = self.rest(symbol.end).starts_with(char::is_alphanumeric);
        if symbol.is_mark && is_inside && self.open.part == Part::Head {
            self.open.mark.get_or_insert(symbol.end);
        }
        match (symbol.sign, self.open.part) {
            (Sign::Hard, _) | (Sign::Soft, Part::Head) => self.cut(here, symbol.end),
            (Sign::Colon, _) if starts_slashes(self.rest(symbol.end)) => self.scheme(here, symbol.end),
            (Sign::Scheme, _) => self.scheme(here, symbol.end),
            (Sign::Percent, _) if is_encoded_scheme(self.rest(here)) => self.encoded_scheme(here),
            (Sign::Percent, Part::Head) if self.open.origin == Origin::Encoded => {
                self.end_head(here, symbol.end, Part::Query)
            }
            (Sign::Equals, Part::Head) => self.equals(here, symbol.end),
            (Sign::Slash, Part::Head) => self.slash(here, symbol.end),
            (Sign::Query, Part::Head) => self.end_head(here, symbol.end, Part::Query),
            (Sign::Query, Part::Path) => self.pass(symbol.end, Part::Query),
            (Sign::Soft, Part::Path) if self.ends_path(here, symbol.end) => self.cut(here, symbol.end),
            (sign, part) => {
                self.open.has_dot |= sign == Sign::Dot;
                if sign == Sign::At && part == Part::Head && self.open.authority.is_some() {
                    self.open.authority = Some(symbol.end);
                }
                self.pass(symbol.end, part)
            }
        }
    }

    fn pass(&mut self, to: usize, part: Part) -> Option<Piece> {
        (self.at, self.open.part) = (to, part);
        None
    }

    /// Ends the piece at `end` and begins the next one at `next`.
    fn cut(&mut self, end: usize, next: usize) -> Option<Piece> {
        let open = std::mem::take(&mut self.open);
        (self.at, self.open.start) = (next, next);
        if open.origin == Origin::Rest || open.start == end {
            return None;
        }
        let head = if open.part == Part::Head { end } else { open.head };
        let piece = Piece {
            range: open.start..if open.origin == Origin::Encoded { head } else { end },
            head,
            authority: open.authority.filter(|authority| *authority <= head),
            is_defanged: open.mark.is_some_and(|mark| mark < head),
            is_after_equals: open.origin == Origin::Equals,
            is_before_equals: false,
        };
        self.pass_rest_of_address(&piece, next);
        Some(piece)
    }

    fn equals(&mut self, here: usize, end: usize) -> Option<Piece> {
        let piece = self.cut(here, end).map(|piece| Piece { is_before_equals: true, ..piece });
        if piece.is_some() {
            self.open.origin = Origin::Equals;
        }
        piece
    }

    /// After `[2001:db8::1]`: a port is passed over, and a path is the rest of a URL.
    fn pass_rest_of_address(&mut self, piece: &Piece, next: usize) {
        let is_bracketed = self.text.get(..next).is_some_and(|before| before.ends_with(']'));
        let colons =
            self.text.get(piece.range.clone()).unwrap_or_default().bytes().filter(|byte| *byte == b':');
        if !is_bracketed || colons.take(2).count() < 2 {
            return;
        }
        if let Some(port) = self.rest(self.at).strip_prefix(':') {
            self.at += 1 + port.bytes().take_while(u8::is_ascii_digit).count();
            self.open.start = self.at;
        }
        if self.rest(self.at).starts_with(['/', '?', '#']) {
            (self.open.part, self.open.origin) = (Part::Query, Origin::Rest);
        }
    }

    fn end_head(&mut self, here: usize, end: usize, part: Part) -> Option<Piece> {
        if self.open.start == here && self.open.authority.is_none() && self.open.origin != Origin::Encoded {
            // Nothing can be asked about nothing: `#c2.example`, `?c2.example`.
            self.open.start = end;
            return self.pass(end, Part::Head);
        }
        self.open.head = here;
        self.pass(end, part)
    }

    /// A slash begins the path, unless two of them at the front begin the authority.
    fn slash(&mut self, here: usize, end: usize) -> Option<Piece> {
        if self.open.start == here && starts_slash(self.rest(end)) {
            let end = self.after_slashes(end);
            self.open.authority = Some(end);
            return self.pass(end, Part::Head);
        }
        self.open.head = here;
        self.pass(end, Part::Path)
    }

    /// A scheme and its slashes, from the colon at `here`: the piece before it ends, and a URL begins.
    fn scheme(&mut self, here: usize, after: usize) -> Option<Piece> {
        let before = self.text.get(self.open.start..here).unwrap_or_default();
        let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'*' | b'_');
        let length = before.bytes().rev().take(LONGEST_SCHEME).take_while(is_scheme).count();
        let (start, end) = (here - length, self.after_slashes(after));
        let piece = self.cut(start, start);
        self.open.mark = self.text.get(start..here).is_some_and(is_defanged_scheme).then_some(start);
        self.open.authority = Some(end);
        self.pass(end, Part::Head);
        piece
    }

    /// `http%3A%2F%2F` in a query: what follows is a host up to the next percent sign. It is judged like one outside of a URL, because
    /// its text with the scheme cannot be read without decoding it.
    fn encoded_scheme(&mut self, here: usize) -> Option<Piece> {
        let piece = self.cut(here, here + ENCODED_SCHEME.len());
        (self.open.origin, self.open.part) = (Origin::Encoded, Part::Head);
        piece
    }

    fn after_slashes(&self, from: usize) -> usize {
        let rest = self.rest(from);
        from + (rest.len() - rest.trim_start_matches(['/', '\\']).len())
    }

    /// Whether a path ends at a soft sign: if it is the length of a network, or if a value follows.
    fn ends_path(&self, here: usize, after: usize) -> bool {
        let path = self.text.get(self.open.head..here).unwrap_or_default();
        let is_length =
            (2..=4).contains(&path.len()) && path.bytes().skip(1).all(|byte| byte.is_ascii_digit());
        is_length || is_value(cell(self.rest(after)))
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        loop {
            self.pass_plain();
            let Some(symbol) = self.symbol() else { break };
            if let Some(piece) = self.take(&symbol) {
                return Some(piece);
            }
        }
        let end = self.text.len();
        if self.open.start < end { self.cut(end, end) } else { None }
    }
}

const ENCODED_SCHEME: &str = "%3a%2f%2f";

fn is_encoded_scheme(text: &str) -> bool {
    text.get(..ENCODED_SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(ENCODED_SCHEME))
}

fn starts_slashes(text: &str) -> bool {
    ["//", "\\\\", "\\/\\/", "[//]"].iter().any(|slashes| text.starts_with(slashes))
}

fn starts_slash(text: &str) -> bool {
    text.starts_with(['/', '\\'])
}

fn ends_plain(text: &str) -> bool {
    text.ends_with(char::is_alphanumeric)
}

/// `hxxp`, `h**ps`, `fxp` and the like.
fn is_defanged_scheme(word: &str) -> bool {
    word.len() <= 6 && word.starts_with(['h', 'H', 'f', 'F']) && word.contains(['x', 'X', '*', '_'])
}

/// The text up to the next sign that ends a piece or its head.
fn cell(rest: &str) -> &str {
    let is_end = |(at, character): (usize, char)| {
        let is_end = at >= LONGEST_CELL
            || matches!(
                sign_of(character),
                Sign::Hard | Sign::Soft | Sign::Equals | Sign::Slash | Sign::Query
            );
        is_end.then_some(at)
    };
    let end = rest.char_indices().find_map(is_end).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn sign_of(character: char) -> Sign {
    if character == '\u{ff1a}' {
        // A full-width colon is punctuation of a text, never part of a URL.
        return Sign::Soft;
    }
    let character = narrow(character);
    if !character.is_ascii() {
        return if is_outside(character) { Sign::Hard } else { Sign::Other };
    }
    match character {
        '"' | '\'' | '<' | '>' | '|' | '`' => Sign::Hard,
        ',' | ';' | '(' | ')' | '{' | '}' | '[' | ']' | '!' | '&' => Sign::Soft,
        '=' => Sign::Equals,
        ':' => Sign::Colon,
        '/' | '\\' => Sign::Slash,
        '?' | '#' => Sign::Query,
        '%' => Sign::Percent,
        '@' => Sign::At,
        '.' => Sign::Dot,
        _ if character.is_whitespace() || character.is_control() => Sign::Hard,
        _ => Sign::Other,
    }
}

/// Whether this is punctuation, a blank, an arrow or a line of a table, which no name contains. The middle dot is in Catalan names.
fn is_outside(character: char) -> bool {
    if is_invisible(character) || character == '\u{b7}' {
        return false;
    }
    matches!(character, '\u{2190}'..='\u{21ff}' | '\u{2500}'..='\u{257f}' | '\u{27f0}'..='\u{27ff}' | '\u{2900}'..='\u{297f}')
        || character.is_control()
        || matches!(
            character.general_category_group(),
            GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Separator
        )
}
