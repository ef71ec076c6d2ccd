//! Lists that are searched for in the text of a value: parts of it ([`Parts`]), and regular expressions ([`Patterns`]).
//!
//! Both are bounded, because they are read for every value. An expression that the regex crate does not know, such as one that
//! looks back, is left out; those that are used take linear time. Letters of either case are the same in parts.

use aho_corasick::AhoCorasick;
use regex::bytes::{RegexSet, RegexSetBuilder};

use super::ListError;

/// The most parts of a list, and their bytes in total.
const MOST_PARTS: usize = 50_000;
const MOST_BYTES: usize = 1 << 20;
/// The most expressions of a list, and the memory of their program, in bytes: of one alone, and of all.
const MOST_PATTERNS: usize = 1_000;
const SIZE_OF_ONE: usize = 256 << 10;
const SIZE: usize = 8 << 20;

/// Texts of which a value contains one.
pub(super) struct Parts(AhoCorasick);

/// Expressions of which a value matches one.
#[derive(Debug)]
pub(super) struct Patterns(RegexSet);

/// Checks the parts of a list; returns those that can be used, in lower case.
///
/// # Errors
/// [`ListError::Large`] if there are too many.
pub(super) fn check_parts<'a>(entries: impl Iterator<Item = &'a str>) -> Result<Vec<String>, ListError> {
    let parts: Vec<String> =
        entries.map(str::trim).filter(|part| !part.is_empty()).map(str::to_lowercase).collect();
    let octets: usize = parts.iter().map(String::len).sum();
    if parts.len() > MOST_PARTS || octets > MOST_BYTES {
        return Err(ListError::Large(format!(
            "its {} parts of values have {octets} bytes; {MOST_PARTS} parts and {MOST_BYTES} bytes are the limit, because each value is compared with all of them: if they are names, use the type hostname",
            parts.len()
        )));
    }
    Ok(parts)
}

/// Checks the expressions of a list; returns those that can be used.
///
/// # Errors
/// [`ListError::Large`] if there are too many.
pub(super) fn check_patterns<'a>(entries: impl Iterator<Item = &'a str>) -> Result<Vec<String>, ListError> {
    let all: Vec<&str> = entries.collect();
    if all.len() > MOST_PATTERNS {
        return Err(ListError::Large(format!(
            "it has {} expressions, and {MOST_PATTERNS} are the limit; split the list into several with different names",
            all.len()
        )));
    }
    let usable =
        |text: &str| plain(text).filter(|pattern| set(std::slice::from_ref(pattern), SIZE_OF_ONE).is_some());
    let patterns: Vec<String> = all.into_iter().filter_map(usable).collect();
    if set(&patterns, SIZE).is_none() {
        return Err(ListError::Large(format!(
            "its expressions together need more than {SIZE} bytes; split the list into several with different names"
        )));
    }
    Ok(patterns)
}

impl Parts {
    pub(super) fn new(parts: &[String]) -> Option<Self> {
        if parts.is_empty() { None } else { AhoCorasick::new(parts).ok().map(Self) }
    }

    /// Whether a text in lower case contains a part.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.memory_usage()
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Parts({})", self.0.patterns_len())
    }
}

impl Patterns {
    pub(super) fn new(patterns: &[String]) -> Option<Self> {
        if patterns.is_empty() { None } else { set(patterns, SIZE).map(Self) }
    }

    /// Whether a text matches an expression.
    pub(super) fn match_in(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}

fn set(patterns: &[String], size: usize) -> Option<RegexSet> {
    // Without Unicode's tables, as everywhere: names are ASCII.
    RegexSetBuilder::new(patterns).unicode(false).size_limit(size).dfa_size_limit(size).build().ok()
}

/// An expression without PHP's delimiters, which MISP's lists have: `/^a$/i` is `(?i)^a$`. `None` for an empty one, which
/// would match everything.
fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    let delimited = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    let (pattern, flags) = delimited.unwrap_or((text, ""));
    let known: String = flags.chars().filter(|flag| "imsx".contains(*flag)).collect();
    // PHP accepts an escaped @, the regex crate only escapes of what has a meaning.
    let pattern = pattern.replace("\\@", "@").replace("\\/", "/");
    match (pattern.is_empty(), known.is_empty()) {
        (true, _) => None,
        (false, true) => Some(pattern),
        (false, false) => Some(format!("(?{known}){pattern}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_found_in_either_case() {
        let parts = check_parts(["Bad.Example", " ", "192.0.2."].into_iter()).unwrap();
        let parts = Parts::new(&parts).unwrap();
        assert!(parts.is_in("x.bad.example.com") && parts.is_in("192.0.2.7") && !parts.is_in("example"));
        assert!(Parts::new(&[]).is_none());
        let many: Vec<String> = (0..=MOST_PARTS).map(|at| at.to_string()).collect();
        let error = check_parts(many.iter().map(String::as_str)).unwrap_err();
        assert!(error.to_string().contains("50000 parts"), "{error}");
    }

    #[test]
    fn expressions_are_read_as_php_writes_them() {
        let written =
            [r"/^(a|b)\d+\.example$/i", "^c\\.example$", "/x(?=y)/", "(", "//", "", r"/^abuse\@.*$/g"];
        let patterns = check_patterns(written.into_iter()).unwrap();
        assert_eq!(patterns.len(), 3, "{patterns:?}");
        let patterns = Patterns::new(&patterns).unwrap();
        assert!(
            patterns.match_in("A12.example")
                && patterns.match_in("c.example")
                && patterns.match_in("abuse@x")
        );
        assert!(!patterns.match_in("C.example") && !patterns.match_in("a.example"));
        let bomb = "(a{1000}){1000}";
        assert_eq!(check_patterns([bomb].into_iter()).unwrap(), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn any_expression_is_used_or_left_out(texts in prop::collection::vec(any::<String>(), 0..4), asked: String) {
            let patterns = check_patterns(texts.iter().map(String::as_str)).unwrap();
            if let Some(patterns) = Patterns::new(&patterns) {
                patterns.match_in(&asked);
            }
        }
    }
}
