//! Free text in which nothing is recognised as a link: [`defang_text`].
//!
//! It decides word by word and by form alone, so that it also changes what is no value of ours, such as the name of a file: a viewer
//! that makes links does the same. It takes linear time and nothing fails.

use std::net::Ipv6Addr;

use super::defang;

/// A text with its names, addresses and URLs written so that nobody clicks them by mistake: `hxxp://www[.]example[.]com`. Numbers
/// and abbreviations (`1.5`, `e.g.`) stay as they are, and so does what is defanged already.
pub fn defang_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let (mut word, mut rest) = (String::new(), text);
    while let Some(character) = rest.chars().next() {
        let mark = MARKS.into_iter().find(|mark| rest.starts_with(mark));
        let length = mark.map_or(character.len_utf8(), str::len);
        let (part, after) = rest.split_at(length);
        rest = after;
        if mark.is_some() || is_part(character) {
            word.push_str(part);
        } else {
            push(&mut out, &word);
            word.clear();
            out.push_str(part);
        }
    }
    push(&mut out, &word);
    out
}

/// The marks of defanging. They are within words.
const MARKS: [&str; 2] = ["[.]", "[:]"];

/// Whether a character can be within a name, an address or a scheme.
fn is_part(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '.' | '-' | '_' | ':')
}

/// Adds a word.
fn push(out: &mut String, word: &str) {
    if let Some(address) = address_in(word) {
        out.push_str(&defang(address));
        out.push_str(word.get(address.len()..).unwrap_or_default());
        return;
    }
    let mut parts = word.split(':').peekable();
    while let Some(part) = parts.next() {
        let is_before_colon = parts.peek().is_some();
        let scheme = if is_before_colon { without_scheme(part) } else { None };
        push_part(out, scheme.as_deref().unwrap_or(part));
        if is_before_colon {
            out.push(':');
        }
    }
}

/// The IPv6 address that a word is, apart from the end of a sentence. The rest of an address that is defanged is none.
fn address_in(word: &str) -> Option<&str> {
    let shorter = word.strip_suffix(['.', ':']).unwrap_or(word);
    [word, shorter].into_iter().find(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// The part with its scheme defanged, if it ends with one.
fn without_scheme(part: &str) -> Option<String> {
    [("https", "hxxps"), ("http", "hxxp")].into_iter().find_map(|(scheme, defanged)| {
        let (before, end) = part.split_at_checked(part.len().checked_sub(scheme.len())?)?;
        end.eq_ignore_ascii_case(scheme).then(|| before.to_owned() + defanged)
    })
}

/// Adds a part between two colons. What is between marks is judged alone.
fn push_part(out: &mut String, part: &str) {
    for (at, piece) in part.split("[.]").enumerate() {
        if at > 0 {
            out.push_str("[.]");
        }
        if is_link(piece) {
            push_apart(out, piece);
        } else {
            out.push_str(piece);
        }
    }
}

/// Adds a name or address; the dots at its ends are those of a sentence.
fn push_apart(out: &mut String, part: &str) {
    let core = part.trim_matches('.');
    let (before, after) = part.split_once(core).unwrap_or_default();
    for text in [before, &core.replace('.', "[.]"), after] {
        out.push_str(text);
    }
}

/// Whether a part of a word looks like a name or an address, or contains one.
fn is_link(part: &str) -> bool {
    let core = part.trim_matches('.');
    let is_label = |label: &str| label.chars().nth(1).is_some() && label.chars().any(char::is_alphabetic);
    // An address, or a range such as 192.0.2.1-9, has three dots.
    core.matches('.').count() >= 3 || core.split('.').skip(1).any(is_label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_be_a_link_is_none() {
        for (text, defanged) in [
            ("see http://www.evil.example/a.php?x=1.", "see hxxp://www[.]evil[.]example/a[.]php?x=1."),
            ("HTTPS://evil.example:8443", "hxxps://evil[.]example:8443"),
            ("from:http://evil.example", "from:hxxp://evil[.]example"),
            ("mail ann@evil.example, 192.0.2.1:80.", "mail ann@evil[.]example, 192[.]0[.]2[.]1:80."),
            ("192.0.2.0/24 and 192.0.2.1-9", "192[.]0[.]2[.]0/24 and 192[.]0[.]2[.]1-9"),
            ("2001:db8::1, 2001:db8::/32.", "2001[:]db8::1, 2001[:]db8::/32."),
            ("at 12:30, e.g. 1.5 of 2.0.0: fine.", "at 12:30, e.g. 1.5 of 2.0.0: fine."),
            ("hxxp://a[.]example bücher.example", "hxxp://a[.]example bücher[.]example"),
            (
                "www[.]evil.example, ::ffff:192.0.2.1, 2001:db8::2.",
                "www[.]evil[.]example, ::ffff:192[.]0[.]2[.]1, 2001[:]db8::2.",
            ),
            ("wait...what", "wait[.][.][.]what"),
            ("...", "..."),
            ("", ""),
        ] {
            assert_eq!(defang_text(text), defanged, "{text}");
        }
    }

    /// Texts in which words touch each other.
    fn any_words() -> impl Strategy<Value = String> {
        let words = [
            "http://",
            "HTTPS://",
            "a.example",
            "192.0.2.1",
            "2001:db8::1",
            "::ffff:192.0.2.1",
            "1.5",
            "x",
            "é",
            ":",
            ".",
            "-",
            "/",
            " ",
            "(",
            "[.]",
        ];
        proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..12)
            .prop_map(|words| words.concat())
    }

    fn fanged(text: &str) -> String {
        text.replace("[.]", ".").replace("[:]", ":")
    }

    proptest! {
        #[test]
        fn nothing_else_changes_and_once_is_enough(text in any_words()) {
            let defanged = defang_text(&text);
            prop_assert_eq!(defang_text(&defanged), defanged.clone());
            let lower = defanged.to_ascii_lowercase();
            prop_assert!(!lower.contains("http:") && !lower.contains("https:"), "{defanged}");
            prop_assert!(!lower.contains("a.example") && !lower.contains("192.0.2.1"), "{defanged}");
            let plain = text.replace("http:", "hxxp:").replace("HTTPS:", "hxxps:");
            prop_assert_eq!(fanged(&defanged), fanged(&plain));
        }

        #[test]
        fn any_text_is_read(text in any::<String>()) {
            let plain = |text: &str| fanged(text).to_ascii_lowercase().replace("htt", "hxx");
            prop_assert_eq!(plain(&defang_text(&text)), plain(&text));
        }
    }
}
