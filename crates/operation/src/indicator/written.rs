//! Removes what people write around and into a value: quotation marks, brackets, invisible characters, defanging.
//!
//! [`clean`] keeps the whole value, including scheme and path. It never fails: the caller parses the result.

use std::net::Ipv6Addr;

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// The longest text between two brackets that can replace a dot, a colon or an at sign, in characters.
const LONGEST_MARK: usize = 8;

/// The value without surrounding characters and without defanging.
pub(super) fn clean(text: &str) -> String {
    trim(&plain(text)).to_owned()
}

/// The text without defanging and invisible characters, otherwise unchanged.
pub(super) fn plain(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).map(narrow).collect();
    refang_marks(&visible)
}

/// Invisible characters that no name needs: soft hyphen, zero-width space and no-break space, word joiner, and the direction
/// marks in text copied from right-to-left pages. Joiners are kept, because names in some scripts need them. Direction
/// overrides are kept too, so that a value that was displayed backwards is refused.
pub(crate) const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202c}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// Converts full-width forms of ASCII, the full stops that IDNA treats as dots (UTS 46, section 4.5), and hyphens to ASCII.
pub(crate) fn narrow(character: char) -> char {
    match character {
        '\u{3002}' | '\u{ff61}' => '.',
        // Word processors convert hyphens into these.
        '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe63}' => '-',
        '\u{ff01}'..='\u{ff5e}' => {
            u32::from(character).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(character)
        }
        _ => character,
    }
}

/// Undoes `[.]`, `(dot)`, `{:}`, `[://]`, `\.` and the like.
fn refang_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '(', '{', '<', '\\', '.']) {
        let (before, here) = rest.split_at(at);
        out.push_str(before);
        if let Some((plain, after)) = mark(here) {
            out.truncate(out.trim_end_matches(' ').len());
            out.push_str(plain);
            rest = after;
        } else {
            let next = here.chars().next().map_or(here.len(), char::len_utf8);
            let (character, after) = here.split_at(next);
            out.push_str(character);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// The character that the mark at the front of a text replaces, and the rest of the text.
pub(crate) fn mark(text: &str) -> Option<(&'static str, &str)> {
    bracketed(text).or_else(|| {
        let halves = [("\\.", "."), ("\\/", "/"), ("[.", "."), (".]", ".")];
        halves.into_iter().find_map(|(written, plain)| Some((plain, text.strip_prefix(written)?)))
    })
}

fn bracketed(text: &str) -> Option<(&'static str, &str)> {
    let close = match text.chars().next()? {
        '[' => ']',
        '(' => ')',
        '{' => '}',
        '<' => '>',
        _ => return None,
    };
    let (end, _) = text.char_indices().take(LONGEST_MARK).find(|(_, character)| *character == close)?;
    let plain = match text.get(1..end)?.trim().to_ascii_lowercase().as_str() {
        "." | "dot" => ".",
        ":" => ":",
        "://" => "://",
        "/" => "/",
        "//" => "//",
        "@" | "at" => "@",
        _ => return None,
    };
    Some((plain, text.get(end + 1..)?.trim_start_matches(' ')))
}

/// Whether a name in presentation format has a dot within its first label: that dot is escaped, and the dots after it are not.
/// Defanging escapes all dots, or the last one.
pub(super) fn is_mailbox(text: &str) -> bool {
    let Some((before, after)) = text.trim().rsplit_once("\\.") else { return false };
    !before.replace("\\.", "").contains('.') && after.trim_end_matches('.').contains('.')
}

/// Removes the characters around a value: blanks, quotation marks, brackets and punctuation of any script.
pub(super) fn trim(text: &str) -> &str {
    let mut text = text;
    loop {
        let mut shorter = text.trim_matches(is_outside);
        if !opens_address(shorter) {
            shorter = shorter.trim_start_matches('[').trim_end_matches(']');
        }
        // A colon that ends a phrase, not one in an address.
        shorter = shorter.strip_suffix(':').filter(|before| !before.contains(':')).unwrap_or(shorter);
        if shorter.len() == text.len() {
            return text;
        }
        text = shorter;
    }
}

/// Whether this is a non-ASCII quotation mark or bracket, which no host contains.
pub(super) fn is_mark(character: char) -> bool {
    use GeneralCategory::{ClosePunctuation, FinalPunctuation, InitialPunctuation, OpenPunctuation};
    !character.is_ascii()
        && matches!(
            character.general_category(),
            ClosePunctuation | FinalPunctuation | InitialPunctuation | OpenPunctuation
        )
}

/// Replaces each arrow and each long dash between two values by a blank: `c2.example->192.0.2.6`.
pub(super) fn without_arrows(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let shaft = rest.trim_start_matches(['-', '=']);
        let is_arrow = shaft.len() < rest.len() && shaft.starts_with('>');
        let back = rest.strip_prefix('<').filter(|shaft| shaft.starts_with(['-', '=']));
        let after = match (back, is_arrow) {
            (Some(back), _) => back.trim_start_matches(['-', '=']).trim_start_matches('>'),
            (None, true) => shaft.trim_start_matches('>'),
            // A sequence of hyphens that is not an arrow is kept as a whole: checking each hyphen separately would take
            // quadratic time.
            (None, false) if shaft.len() < rest.len() => {
                out.push_str(rest.get(..rest.len() - shaft.len()).unwrap_or_default());
                rest = shaft;
                continue;
            }
            (None, false) => {
                out.push(if is_arrow_of_its_own(first) { ' ' } else { first });
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                continue;
            }
        };
        out.push(' ');
        rest = after;
    }
    out
}

/// Arrows, and dashes that are too long to be meant as a hyphen.
const fn is_arrow_of_its_own(character: char) -> bool {
    matches!(
        character,
        '\u{2014}' | '\u{2015}' | '\u{2190}'..='\u{21ff}' | '\u{27f0}'..='\u{27ff}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2b11}'
    )
}

fn is_outside(character: char) -> bool {
    if character.is_ascii() {
        return character.is_whitespace()
            || matches!(
                character,
                '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '{' | '}' | ',' | ';' | '|' | '!' | '=' | '&'
            );
    }
    matches!(
        character.general_category_group(),
        GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Separator
    ) || matches!(character, '\u{200c}' | '\u{200d}' | '\u{275b}'..='\u{2760}')
}

/// Whether a bracket starts an address, as in `[2001:db8::1]:443`.
fn opens_address(text: &str) -> bool {
    let inside = text.strip_prefix('[').and_then(|rest| rest.split(['%', ']']).next());
    inside.is_some_and(|inside| inside.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_of_any_script_around_a_value_are_taken_off() {
        for around in [
            "«c2.example»",
            "“c2.example”",
            "„c2.example“",
            "‘c2.example’",
            "‹c2.example›",
            "「c2.example」",
            "『c2.example』",
            "（c2.example）",
            "【c2.example】",
            "《c2.example》",
            "〈c2.example〉",
            "［c2.example］",
            "\u{a0}c2.example\u{3000}",
            "\u{200b}c2.example\u{feff}",
            "c2\u{ad}.example",
            "‟c2.example”,",
            "[c2.example]",
            "<c2.example>",
            "`c2.example`;",
            "('c2.example')",
            "c2.example、",
            "،c2.example؛",
            "\u{2068}c2.example\u{2069}",
            "c2.example:",
            "｢c2．example｣",
            "c2。example",
            "ｃ２.example",
            "c2｡example…",
            "“c2.example",
            "c2.example)",
            "[\"c2.example\",",
            "⟨c2.example⟩",
            "❝c2.example❞",
            "—c2.example—",
        ] {
            assert_eq!(clean(around), "c2.example", "{around:?}");
        }
        assert_eq!(clean("[2001:db8::1]:443"), "[2001:db8::1]:443");
        assert_eq!(clean("([2001:db8::1])"), "[2001:db8::1]");
        assert_eq!(clean("2001:db8::"), "2001:db8::");
        assert_eq!(clean("❤.example"), "❤.example", "a symbol is a part of the value");
    }

    #[test]
    fn marks_against_clicking_are_undone() {
        for defanged in [
            "c2[.]example",
            "c2(.)example",
            "c2{.}example",
            "c2[dot]example",
            "c2(DOT)example",
            "c2 [.] example",
            "c2[.example",
            "c2.]example",
            "c2\\.example",
            "c2<.>example",
            "c2[ . ]example",
            "c2{Dot}example",
        ] {
            assert_eq!(clean(defanged), "c2.example", "{defanged}");
        }
        assert_eq!(clean("hxxp[:]//a[.]example[/]x"), "hxxp://a.example/x");
        assert_eq!(clean("http[://]a.example"), "http://a.example");
        assert_eq!(clean("http:\\/\\/a.example\\/x"), "http://a.example/x");
        assert_eq!(clean("ann[at]a[.]example"), "ann@a.example");
    }

    #[test]
    fn a_mailbox_is_no_defanged_name() {
        for mailbox in ["h\\.hof.a.example", "a\\.b\\.c.example.com.", " ann\\.b.example.com"] {
            assert!(is_mailbox(mailbox), "{mailbox}");
        }
        for host in
            ["c2\\.example", "a\\.c2\\.example", "a.c2\\.example", "a.c2.example", "c2\\.example.", ""]
        {
            assert!(!is_mailbox(host), "{host}");
        }
    }

    #[test]
    fn arrows_are_gaps() {
        for (text, expected) in [
            ("a->b", "a b"),
            ("a-->b", "a b"),
            ("a=>b==>c", "a b c"),
            ("a<-b<=>c", "a b c"),
            ("a→b⇒c⟶d—e", "a b c d e"),
            ("a-b--c", "a-b--c"),
            ("a>b<c", "a>b<c"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(without_arrows(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_cleaned_once_and_for_all(text in any::<String>()) {
            let once = trim(&text);
            prop_assert_eq!(trim(once), once);
            let gaps = without_arrows(&text);
            prop_assert_eq!(without_arrows(&gaps), gaps.clone());
            let _ = clean(&text);
        }
    }
}
