//! Regular expressions and globs, matched against the printed form of names and data: for flexible search and for inquiries.
//!
//! A [`Texts`] is compiled once per request; a pattern that cannot be used is a [`PatternError`]. The engine is the regex crate, whose time is linear in the length of the input;
//! the size of a compiled pattern is limited here (`PROGRAM`, `CACHE`), the amount of input by the scan. Patterns are
//! compared with printable ASCII, in any case: names with their final dot, data as in master files. A regular expression may
//! match anywhere, a glob must match the whole text.
//!
//! `\DDD` is the byte with that decimal number, as in dnsdbflex(1): it matches the byte as it is printed, so `\195` matches the
//! four characters `\195`, and `\046` a dot.

use std::fmt::Write as _;
use std::num::ParseIntError;

use regex::bytes::{Regex, RegexBuilder};

/// The most memory of a compiled pattern, in bytes: far more than realistic patterns need, and compiled within milliseconds.
const PROGRAM: usize = 128 * 1024;
/// The longest pattern, in bytes.
const LONGEST: usize = 2 * 1024;
/// The most memory for matching a pattern, in bytes.
const CACHE: usize = 2 * 1024 * 1024;
/// The deepest nesting of groups.
const NESTING: u32 = 50;

/// The class names of POSIX, for `[[:digit:]]` in a glob.
const CLASSES: [&str; 12] = [
    "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
    "xdigit",
];

/// The syntax of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `*`, `?` and classes; it must match the whole text.
    Glob,
    /// A regular expression, which may match anywhere.
    Regex,
}

/// A pattern cannot be used: which one, and why, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{which}: {why}")]
pub struct PatternError {
    which: &'static str,
    why: String,
}

/// The pattern that a text must match, and the one that it must not match.
#[derive(Clone, Debug)]
pub struct Texts {
    wanted: Regex,
    unwanted: Option<Regex>,
}

impl Texts {
    /// Compiles a pattern, and a second one for texts to exclude.
    ///
    /// # Errors
    /// [`PatternError`] if a pattern is invalid or too large.
    pub fn new(syntax: Syntax, wanted: &str, unwanted: Option<&str>) -> Result<Self, PatternError> {
        let compiled = |which: &'static str, pattern: &str| {
            compile(syntax, pattern).map_err(|why| PatternError { which, why })
        };
        let unwanted = unwanted.map(|pattern| compiled("exclude", pattern)).transpose()?;
        Ok(Self { wanted: compiled("the pattern", wanted)?, unwanted })
    }

    /// Whether a printed text matches, and is not excluded.
    pub fn admit(&self, text: &str) -> bool {
        let text = text.as_bytes();
        self.wanted.is_match(text) && !self.unwanted.as_ref().is_some_and(|unwanted| unwanted.is_match(text))
    }
}

fn compile(syntax: Syntax, pattern: &str) -> Result<Regex, String> {
    if pattern.len() > LONGEST {
        return Err(format!("longer than {LONGEST} bytes"));
    }
    let translated = match syntax {
        Syntax::Glob => translate(pattern).ok_or("unmatched bracket, or nothing after a backslash")?,
        Syntax::Regex => with_octets(pattern)?,
    };
    let mut builder = RegexBuilder::new(&translated);
    // The searched text is ASCII; Unicode tables would only make patterns larger.
    builder.unicode(false).case_insensitive(true).nest_limit(NESTING);
    builder.size_limit(PROGRAM).dfa_size_limit(CACHE).build().map_err(|error| why(&error))
}

/// The last line of a syntax error is the message; the lines before it mark the place.
fn why(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "too large".to_owned(),
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim().trim_start_matches("error: ").chars().filter(char::is_ascii).collect()
        }
    }
}

/// Converts a glob into a regular expression: `*`, `?`, `[a-z]`, `[!a-z]`, `[[:digit:]]`, and a backslash before a literal
/// character.
fn translate(glob: &str) -> Option<String> {
    let mut out = String::from(r"\A(?s:");
    let mut rest = glob.chars();
    while let Some(character) = rest.next() {
        match character {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => class(&mut rest, &mut out)?,
            '\\' => match octet(rest.as_str()) {
                Some(value) => {
                    rest = rest.as_str().get(3..)?.chars();
                    printed(value.ok()?, &mut out);
                }
                None => literal(rest.next()?, &mut out),
            },
            other => literal(other, &mut out),
        }
    }
    out.push_str(r")\z");
    Some(out)
}

/// Replaces `\DDD` in a regular expression by the printed form of the byte, which is not possible within a class.
fn with_octets(pattern: &str) -> Result<String, &'static str> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find('\\') {
        let (before, after) = (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default());
        out.push_str(before);
        if let Some(value) = octet(after) {
            printed(value.map_err(|_| "\\DDD takes a number from 000 to 255")?, &mut out);
            rest = after.get(3..).unwrap_or_default();
            continue;
        }
        let next = after.chars().next();
        out.push('\\');
        out.extend(next);
        rest = after.get(next.map_or(0, char::len_utf8)..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(out)
}

/// The byte at the beginning of a text, written as three digits; an error if the number is too large for a byte.
fn octet(text: &str) -> Option<Result<u8, ParseIntError>> {
    let digits = text.get(..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    Some(digits.parse())
}

/// Appends a byte as names and data print it.
fn printed(octet: u8, out: &mut String) {
    if octet.is_ascii_graphic() || octet == b' ' {
        literal(char::from(octet), out);
    } else {
        let _ = write!(out, r"(?:\\{octet:03})");
    }
}

/// The reason why nothing can match, if that is obvious: a name is compared with its final dot, which a pattern that is
/// anchored at the end of the name must match.
pub(crate) fn cannot_match_a_name(syntax: Syntax, pattern: &str) -> bool {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    let octets = pattern.as_bytes();
    match syntax {
        Syntax::Glob => octets.last().is_some_and(plain),
        Syntax::Regex => {
            let [.., before, last, b'$'] = octets else { return false };
            !octets.contains(&b'|') && plain(last) && *before != b'\\' && !ends_in_octet(octets)
        }
    }
}

/// Whether `\DDD` precedes the final dollar sign.
fn ends_in_octet(pattern: &[u8]) -> bool {
    matches!(pattern, [.., b'\\', a, b, c, b'$'] if [a, b, c].iter().all(|digit| digit.is_ascii_digit()))
}

fn literal(character: char, out: &mut String) {
    out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
}

/// Parses what follows an opening bracket, up to the closing one.
fn class(rest: &mut std::str::Chars<'_>, out: &mut String) -> Option<()> {
    out.push('[');
    if let Some(after) = rest.as_str().strip_prefix(['!', '^']) {
        out.push('^');
        *rest = after.chars();
    }
    let mut first = true;
    loop {
        if let Some((named, after)) =
            rest.as_str().strip_prefix("[:").and_then(|after| after.split_once(":]"))
        {
            // The compiler reads an unknown class name as its characters.
            CLASSES.contains(&named).then_some(())?;
            out.extend(["[:", named, ":]"]);
            *rest = after.chars();
            first = false;
            continue;
        }
        match rest.next()? {
            ']' if !first => break,
            start => range(if start == '\\' { rest.next()? } else { start }, rest, out)?,
        }
        first = false;
    }
    out.push(']');
    Some(())
}

/// Parses a character of a class, or a range that begins with it.
fn range(start: char, rest: &mut std::str::Chars<'_>, out: &mut String) -> Option<()> {
    member(start, out);
    let end = rest.as_str().strip_prefix('-').filter(|after| !after.starts_with(']') && !after.is_empty());
    if let Some(after) = end {
        *rest = after.chars();
        let end = rest.next()?;
        out.push('-');
        member(if end == '\\' { rest.next()? } else { end }, out);
    }
    Some(())
}

/// Appends a character as a number, so that it has no special meaning.
fn member(character: char, out: &mut String) {
    let _ = write!(out, "\\x{{{:x}}}", u32::from(character));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(syntax: Syntax, pattern: &str, text: &str) -> bool {
        Texts::new(syntax, pattern, None).unwrap().admit(text)
    }

    #[test]
    fn regular_expressions_match_anywhere_in_any_case() {
        for (pattern, text, wanted) in [
            (r"fsi\.io\.$", "www.FSI.io.", true),
            (r"^fsi\.io\.$", "www.fsi.io.", false),
            (r"WWW", "www.fsi.io.", true),
            (r"^[[:alnum:]]+\.", "a-b.example.", false),
            ("(a|b){2}c", "abc.", true),
            ("é", "a.", false),
        ] {
            assert_eq!(matches(Syntax::Regex, pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn globs_match_the_whole() {
        for (pattern, text, wanted) in [
            ("*.fsi.io.", "www.fsi.io.", true),
            ("*.fsi.io", "www.fsi.io.", false),
            ("w?w.*", "WWW.fsi.io.", true),
            ("ns[1-3].*", "ns2.a.", true),
            ("ns[!1-3].*", "ns2.a.", false),
            ("[[:digit:]x]*", "x.", true),
            ("[[:digit:]x]*", "y.", false),
            ("[]-]", "-", true),
            ("[]-]", "]", true),
            (r"[\]]", "]", true),
            (r"\*.a.", "*.a.", true),
            (r"\*.a.", "b.a.", false),
            ("a.b", "axb", false),
            ("10 *", "10 mx.example.", true),
            ("(a)", "(a)", true),
            ("", "", true),
        ] {
            assert_eq!(matches(Syntax::Glob, pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn three_digits_are_an_octet_as_it_is_printed() {
        for (syntax, pattern, text, wanted) in [
            (Syntax::Regex, r"\195\188", r#""a\195\188""#, true),
            (Syntax::Regex, r"^a\000+b\.$", r"a\000\000b.", true),
            (Syntax::Regex, r"\195", "195.", false),
            (Syntax::Regex, r"\\195", r"\195", true),
            (Syntax::Regex, r"a\046b", "a.b", true),
            (Syntax::Regex, r"a\046b", "axb", false),
            (Syntax::Regex, r"\034say", r#""say""#, true),
            (Syntax::Glob, r"*\195*", r#""\195""#, true),
            (Syntax::Glob, r"\195", "195", false),
            (Syntax::Glob, r"\042.a.", "*.a.", true),
            (Syntax::Glob, r"\042.a.", "b.a.", false),
            (Syntax::Glob, r"\1a", "1a", true),
        ] {
            assert_eq!(matches(syntax, pattern, text), wanted, "{pattern} {text}");
        }
        let refused = Texts::new(Syntax::Regex, r"\256", None).unwrap_err().to_string();
        assert_eq!(refused, r"the pattern: \DDD takes a number from 000 to 255");
        assert!(Texts::new(Syntax::Glob, r"\999", None).is_err());
    }

    #[test]
    fn a_pattern_that_leaves_out_the_final_dot_can_match_no_name() {
        for (syntax, pattern, cannot) in [
            (Syntax::Glob, "*.fsi.io", true),
            (Syntax::Glob, "*.fsi.io.", false),
            (Syntax::Glob, "*.fsi.*", false),
            (Syntax::Glob, "*.fsi.io?", false),
            (Syntax::Regex, r"\.fsi\.io$", true),
            (Syntax::Regex, r"\.fsi\.io\.$", false),
            (Syntax::Regex, r"\.fsi\.io", false),
            (Syntax::Regex, r"io\W$", false),
            (Syntax::Regex, r"a$|b\.$", false),
            (Syntax::Regex, r"io\046$", false),
        ] {
            assert_eq!(cannot_match_a_name(syntax, pattern), cannot, "{pattern}");
        }
    }

    #[test]
    fn what_is_excluded_is_left_out() {
        let texts = Texts::new(Syntax::Glob, "*.a.", Some("www.*")).unwrap();
        assert!(texts.admit("ftp.a.") && !texts.admit("www.a.") && !texts.admit("ftp.b."));
    }

    #[test]
    fn what_is_no_pattern_says_why_in_one_line() {
        for (syntax, pattern, words) in [
            (Syntax::Regex, "(", "the pattern: unclosed group"),
            (Syntax::Regex, r"(a)\1", "the pattern: backreferences are not supported"),
            (Syntax::Regex, "(?=a)", "the pattern: look-around"),
            (Syntax::Regex, "(a{1000}){1000}", "the pattern: too large"),
            (Syntax::Regex, "\u{e9}(", "the pattern: unclosed group"),
            (Syntax::Glob, "[a", "the pattern: unmatched bracket"),
            (Syntax::Glob, "[]", "the pattern: unmatched bracket"),
            (Syntax::Glob, "a\\", "the pattern: unmatched bracket"),
            (Syntax::Glob, "[z-a]", "the pattern: invalid character class range"),
            (Syntax::Glob, "[[:nothing:]]", "the pattern: unmatched bracket"),
        ] {
            let line = Texts::new(syntax, pattern, None).unwrap_err().to_string();
            assert!(line.starts_with(words) && !line.contains('\n'), "{pattern}: {line}");
        }
        let line = Texts::new(Syntax::Regex, "a", Some("[")).unwrap_err().to_string();
        assert!(line.starts_with("exclude: "), "{line}");
        assert!(Texts::new(Syntax::Regex, &"(".repeat(4000), None).is_err());
    }

    /// A simple matcher for globs of literals, `*` and `?`.
    fn slow(glob: &[u8], text: &[u8]) -> bool {
        match (glob.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', after)), _) => {
                slow(after, text) || text.split_first().is_some_and(|(_, rest)| slow(glob, rest))
            }
            (Some((b'?', after)), Some((_, rest))) => slow(after, rest),
            (Some((octet, after)), Some((other, rest))) => octet == other && slow(after, rest),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn globs_match_as_by_hand(glob in "[ab.*?]{0,8}", text in "[ab.]{0,10}") {
            prop_assert_eq!(matches(Syntax::Glob, &glob, &text), slow(glob.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn what_is_escaped_means_itself(text in "[ -~]{0,12}") {
            // Three digits after a backslash are a byte.
            let escaped = |c: char| if c.is_ascii_digit() { vec![c] } else { vec!['\\', c] };
            let glob: String = text.chars().flat_map(escaped).collect();
            prop_assert!(matches(Syntax::Glob, &glob, &text));
        }

        #[test]
        fn no_pattern_panics(pattern in "[\\[\\]!^\\\\:a-c*?-]{0,12}|.{0,100}") {
            for syntax in [Syntax::Glob, Syntax::Regex] {
                if let Ok(texts) = Texts::new(syntax, &pattern, Some("b")) {
                    let _ = texts.admit("a.example.");
                }
            }
        }
    }
}
