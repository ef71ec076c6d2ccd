//! Internationalised names: their Unicode form, and whether it is safe to show.
//!
//! [`unicode`] returns the readable form. [`Lookalike`] detects names that look like others, by the rules of UTS 39: labels
//! that mix scripts, and labels of one script whose letters all look like ASCII. Japanese, Chinese and Korean normally mix
//! scripts, also with Latin letters (UTS 39, "highly restrictive"), so these mixes are accepted. Names without an A-label
//! (`xn--`) only cost a scan of their bytes.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use cof::Name;
use unicode_script::{Script, UnicodeScript};
use unicode_security::{MixedScript, skeleton};

/// A name whose Unicode form is misleading.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lookalike {
    /// The name in A-labels.
    name: String,
    /// The name in Unicode, as far as it can be shown; `None` if it is not valid.
    shown: Option<String>,
    why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// An A-label cannot be decoded, or its decoded form has another encoding.
    Invalid,
    /// A label mixes these scripts.
    Mixed(Vec<&'static str>),
    /// All letters of a label look like these.
    Looks(String),
}

/// The readable form, if the name has a different one that is safe to show.
pub fn unicode(name: &Name) -> Option<String> {
    let (_, shown) = decoded(name)?;
    shown.filter(|shown| shown.split('.').all(|label| doubt(label).is_none()))
}

impl Lookalike {
    /// The doubt about a name, if there is one.
    pub(crate) fn of(name: &Name) -> Option<Self> {
        let (name, shown) = decoded(name)?;
        let Some(shown) = shown else { return Some(Self { name, shown: None, why: Why::Invalid }) };
        let why = shown.split('.').find_map(doubt)?;
        Some(Self { name, shown: Some(visible(&shown)), why })
    }
}

impl fmt::Display for Lookalike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, shown, why } = self;
        if let Some(shown) = shown {
            write!(f, "lookalike: {name} is shown as {shown}, ")?;
        }
        match why {
            Why::Invalid => write!(f, "{name} is not a valid internationalised name"),
            Why::Mixed(scripts) => write!(f, "which mixes {} letters in one label", scripts.join(" and ")),
            Why::Looks(like) => write!(f, "which looks like {like}"),
        }
    }
}

/// A name with an A-label, and its Unicode form if it is valid.
fn decoded(name: &Name) -> Option<(String, Option<String>)> {
    if !name.labels().any(|label| label.starts_with(b"xn--")) {
        return None;
    }
    let ascii = name.to_string();
    let (unicode, valid) = idna::domain_to_unicode(&ascii);
    Some((ascii, valid.is_ok().then_some(unicode)))
}

/// The doubt about a label in Unicode.
fn doubt(label: &str) -> Option<Why> {
    if label.is_ascii() {
        return None;
    }
    let scripts: BTreeSet<&'static str> = label
        .chars()
        .map(|c| c.script())
        .filter(|script| !is_shared(*script))
        .map(unicode_script::Script::full_name)
        .collect();
    if !label.is_single_script() && !is_usual_mix(label) {
        return Some(Why::Mixed(scripts.into_iter().collect()));
    }
    let like = label.chars().map(look).collect::<Option<String>>()?;
    Some(Why::Looks(like))
}

/// The ASCII character that a character looks like; a digraph such as `æ` looks like itself.
fn look(character: char) -> Option<char> {
    if character.is_ascii() {
        return Some(character);
    }
    let text = character.to_string();
    let mut prototype = skeleton(&text);
    let first = prototype.next().filter(char::is_ascii)?;
    prototype.next().is_none().then(|| first.to_ascii_lowercase())
}

fn is_shared(script: Script) -> bool {
    matches!(script, Script::Common | Script::Inherited | Script::Unknown)
}

/// Whether a label mixes Latin letters with those of one East Asian writing system.
fn is_usual_mix(label: &str) -> bool {
    let is_asian = |script: Script| {
        matches!(
            script,
            Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo | Script::Hangul
        )
    };
    let others: String = label.chars().filter(|c| c.script() != Script::Latin).collect();
    others.chars().all(|c| is_shared(c.script()) || is_asian(c.script())) && others.is_single_script()
}

/// A doubtful name in a form that is safe in a line of text: right-to-left characters, and characters other than letters and
/// digits, are shown by their number.
fn visible(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        let is_plain =
            character.is_ascii_graphic() || (character.is_alphanumeric() && !is_right_to_left(character));
        if is_plain {
            out.push(character);
        } else {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        }
    }
    out
}

/// Whether a character is in one of Unicode's blocks for right-to-left scripts.
pub fn is_right_to_left(character: char) -> bool {
    matches!(
        character,
        '\u{590}'..='\u{8ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}'
            | '\u{1e800}'..='\u{1efff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judged(text: &str) -> (Option<String>, Option<String>) {
        let name = Name::parse(text).unwrap();
        (unicode(&name), Lookalike::of(&name).map(|one| one.to_string()))
    }

    #[test]
    fn names_of_one_script_are_shown_without_a_caution() {
        for name in [
            "bücher.example",
            "пример.example",
            "例え.example",
            "日本shop.example",
            "中文.example",
            "한국어.example",
            "ελληνικά.example",
            "straße.example",
            "æble.example",
            "œuvre.example",
            "đồng.example",
            "مثال.example",
            "דוגמה.example",
            "żółw.example",
            "юра.example",
            "ไทย.example",
            "क्षेत्र.example",
            "smørrebrød.example",
        ] {
            assert_eq!(judged(name), (Some(name.to_owned()), None), "{name}");
        }
        assert_eq!(judged("www.example.com"), (None, None));
    }

    #[test]
    fn names_that_pass_for_others_are_named_in_both_forms() {
        let caution = |text: &str| {
            let (shown, caution) = judged(text);
            assert_eq!(shown, None, "{text}");
            caution.unwrap_or_else(|| panic!("{text}"))
        };
        assert_eq!(
            caution("аpple.com"),
            "lookalike: xn--pple-43d.com is shown as аpple.com, which mixes Cyrillic and Latin letters in one label"
        );
        assert_eq!(caution("xn--pple-43d.com"), caution("аpple.com"));
        assert_eq!(caution("www.аррӏе.com").rsplit(", ").next(), Some("which looks like apple"));
        assert_eq!(caution("paypaı.example").rsplit(", ").next(), Some("which looks like paypai"));
        assert!(caution("gοogle.com").contains("Greek and Latin"));
        assert!(caution("раypal.com").contains("Cyrillic and Latin"));
        assert_eq!(
            caution("xn--zzzzzzzzzz99999999.com"),
            "xn--zzzzzzzzzz99999999.com is not a valid internationalised name"
        );
    }

    proptest! {
        #[test]
        fn every_name_is_judged(label in "xn--[a-z0-9-]{1,20}", text in "\\PC{1,12}") {
            let both = |name: &Name| (unicode(name), Lookalike::of(name));
            for name in [Name::parse(&label), Name::parse(&text)].into_iter().flatten() {
                let (shown, doubt) = both(&name);
                prop_assert!(shown.is_none() || doubt.is_none());
                if let Some(shown) = shown {
                    prop_assert_eq!(Name::parse(&shown), Ok(name), "the form that is shown leads back");
                }
            }
        }
    }
}
