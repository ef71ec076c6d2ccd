//! How names and figures are shown to people: names as in the DNS, with the Unicode form next to them.
//!
//! [`unicode`] returns the text to show next to one with names in it, [`labelled`] combines both in one text, and [`cautions`]
//! returns the cautions about indicators. A lookalike name has no Unicode form here: its caution shows both forms, the A-label
//! first. No name is ever shown only in Unicode. Nothing here fails; a text without `xn--` only costs a scan of its bytes.

use std::collections::BTreeSet;

use cof::Name;

use crate::{Indicator, idn};

/// The prefix of an A-label.
const PREFIX: &[u8] = b"xn--";

/// The text with its internationalised names in Unicode; `None` if that is the same text.
///
/// Words are converted one by one, so it works for a name, and for data such as `10 xn--bcher-kva.example`.
pub fn unicode(text: &str) -> Option<String> {
    if !text.as_bytes().windows(PREFIX.len()).any(|octets| octets.eq_ignore_ascii_case(PREFIX)) {
        return None;
    }
    let words: Vec<Option<String>> = text.split(' ').map(word).collect();
    if words.iter().all(Option::is_none) {
        return None;
    }
    let whole = text.split(' ').zip(words).map(|(word, shown)| shown.unwrap_or_else(|| word.to_owned()));
    Some(whole.collect::<Vec<_>>().join(" "))
}

/// The text, with the Unicode form in parentheses.
pub fn labelled(text: &str) -> String {
    unicode(text).map_or_else(|| text.to_owned(), |unicode| format!("{text} ({unicode})"))
}

/// The cautions about these indicators, each once.
pub fn cautions<'a>(indicators: impl IntoIterator<Item = &'a Indicator>) -> Vec<String> {
    let said: BTreeSet<_> = indicators.into_iter().filter_map(Indicator::caution).collect();
    said.iter().map(ToString::to_string).collect()
}

fn word(word: &str) -> Option<String> {
    let is_host = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.' | b'*');
    if !word.bytes().all(is_host) {
        return None;
    }
    idn::unicode(&Name::parse(word).ok()?)
}

/// `60,583`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun: `1 record`, `34 records`, `1,200 damaged stretches`.
pub fn counted(number: u64, one: &str) -> String {
    let ending = match number {
        1 => "",
        _ if one.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{} {one}{ending}", thousands(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_with_their_noun() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (20_000_000, "20,000,000")] {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(counted(1, "record"), "1 record");
        assert_eq!(counted(0, "record"), "0 records");
        assert_eq!(counted(1_200, "damaged stretch"), "1,200 damaged stretches");
    }

    #[test]
    fn names_have_their_unicode_form_beside_them() {
        for (text, shown) in [
            ("xn--bcher-kva.example", "xn--bcher-kva.example (bücher.example)"),
            ("XN--BCHER-KVA.example", "XN--BCHER-KVA.example (bücher.example)"),
            ("*.xn--bcher-kva.example", "*.xn--bcher-kva.example (*.bücher.example)"),
            ("10 xn--bcher-kva.example", "10 xn--bcher-kva.example (10 bücher.example)"),
            ("www.example.com", "www.example.com"),
            // Quoted text does not contain names.
            ("\"v=spf1 include:xn--bcher-kva.example\"", "\"v=spf1 include:xn--bcher-kva.example\""),
            ("", ""),
        ] {
            assert_eq!(labelled(text), shown);
        }
    }

    #[test]
    fn a_name_that_can_pass_for_another_is_never_shown_in_unicode_beside_itself() {
        for name in ["xn--pple-43d.com", "xn--80ak6aa92e.com", "xn--zzzzzzzzzz99999999.com"] {
            assert_eq!(labelled(name), name);
            let said = cautions(&[Indicator::parse(name).unwrap()]);
            assert!(said.len() == 1 && said[0].contains(name), "{said:?}");
        }
        let said = cautions(&[Indicator::parse("xn--pple-43d.com").unwrap()]);
        assert!(said[0].starts_with("lookalike: xn--pple-43d.com is shown as "), "{said:?}");
    }

    #[test]
    fn cautions_are_said_once() {
        let parse = |text| Indicator::parse(text).unwrap();
        assert_eq!(
            cautions(&[parse("10.0.0.1"), parse("10.0.0.1"), parse("a.example"), parse("8.8.8.8")]).len(),
            1
        );
    }
}
