//! Escapes untrusted text for pages.
//!
//! [`Hostile`] escapes everything that templates print: markup, and also characters with an invisible effect, such as control
//! characters and marks that change the direction of text, which are written as `\u{202e}`. [`defang`] writes a value so that
//! nobody clicks it by mistake, and [`defang_text`] a text with values in it.

mod defanging;

use std::fmt::{self, Write};

use askama::filters::{Escaper, Html};

pub use self::defanging::defang_text;
use crate::timeline::words::thousands;

/// The readable form to show next to a name or data, if it differs.
pub fn beside(text: &impl ToString) -> Option<String> {
    operation::shown::unicode(&text.to_string())
}

/// A name or data, with its Unicode form after it if it differs.
pub fn labelled(text: &impl ToString) -> String {
    operation::shown::labelled(&text.to_string())
}

/// The escaper of our templates, named in `askama.toml`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hostile;

impl Escaper for Hostile {
    fn write_escaped_str<W: Write>(&self, mut dest: W, string: &str) -> fmt::Result {
        if !string.contains(acts) {
            return Html.write_escaped_str(dest, string);
        }
        string.chars().try_for_each(|character| self.write_escaped_char(&mut dest, character))
    }

    fn write_escaped_char<W: Write>(&self, mut dest: W, character: char) -> fmt::Result {
        if acts(character) {
            write!(dest, "{}", character.escape_unicode())
        } else {
            Html.write_escaped_char(dest, character)
        }
    }
}

/// Capitalises a fragment, so that it starts a sentence. Errors begin in lower case, because programs show them after other
/// text. Only a plain word is capitalised: `example.com` and `circl-passive-dns` are kept.
pub fn begun(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default();
    let plain = word.trim_end_matches([',', ';', '.']);
    let mut rest = text.chars();
    match rest.next() {
        Some(first) if !plain.is_empty() && plain.bytes().all(|octet| octet.is_ascii_lowercase()) => {
            format!("{}{}", first.to_ascii_uppercase(), rest.as_str())
        }
        _ => text.to_owned(),
    }
}

/// The beginning of a text that would fill the page, and the length of the whole text; `None` for a shorter text.
pub fn folded(text: &str) -> Option<(&str, String)> {
    /// How much of it is shown, in characters: about ten lines.
    const SHOWN: usize = 500;
    let (end, _) = text.char_indices().nth(SHOWN)?;
    // A text that is slightly longer is not folded.
    let all = text.chars().count();
    (all > SHOWN + SHOWN / 4).then(|| (text.get(..end).unwrap_or(text), thousands(all as u64)))
}

/// A value that is not recognised as a link: `www[.]example[.]com`.
pub fn defang(value: &str) -> String {
    // An IPv6 address has no dots, so its first colon is used.
    if value.contains('.') { value.replace('.', "[.]") } else { value.replacen(':', "[:]", 1) }
}

/// Whether a character has an effect instead of being visible; line feeds and tabs only create space.
fn acts(character: char) -> bool {
    let direction = matches!(character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    direction || (character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        Hostile.write_escaped_str(&mut out, text).unwrap();
        out
    }

    #[test]
    fn markup_and_what_acts_unseen_is_written_out() {
        assert_eq!(escaped("<b a=\"'&\">"), "&#60;b a=&#34;&#39;&#38;&#34;&#62;");
        assert_eq!(escaped("a\u{1b}[31m<\u{202e}\u{200b}\0"), "a\\u{1b}[31m&#60;\\u{202e}\\u{200b}\\u{0}");
        assert_eq!(escaped("bücher\n\tשלום"), "bücher\n\tשלום");
    }

    #[test]
    fn a_defanged_value_is_no_link() {
        assert_eq!(defang("www.example.com"), "www[.]example[.]com");
        assert_eq!(defang("192.0.2.1"), "192[.]0[.]2[.]1");
        assert_eq!(defang("2001:db8::1"), "2001[:]db8::1");
    }
}
