//! Markings of the Traffic Light Protocol by value, found wherever a text reveals the value: [`Levels`], and when they changed.
//!
//! A text reveals a value if it contains it, or a name below it: `v=spf1 ip4:192.0.2.1` reveals the address, and `www.c2.example`
//! reveals `c2.example`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use operation::{Indicator, Tlp};

/// The markings of indicators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<String, Marked>);

/// How something is marked; by default, it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// The strictest level of the values that it reveals.
    pub tlp: Option<Tlp>,
    /// When the marking of any of them was last changed, in seconds since the epoch.
    pub changed_at: u64,
}

impl Marked {
    /// How two things are marked together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { tlp: self.tlp.max(other.tlp), changed_at: self.changed_at.max(other.changed_at) }
    }
}

impl Levels {
    /// Whether nothing is marked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The strictest level of all.
    pub fn strictest(&self) -> Option<Tlp> {
        self.0.values().map(|marked| marked.tlp).max().flatten()
    }

    /// How the values that a text reveals are marked.
    pub fn marked_in(&self, text: &str) -> Marked {
        if self.0.is_empty() {
            return Marked::default();
        }
        let found = candidates(text).filter_map(|candidate| self.0.get(&candidate).copied());
        found.fold(Marked::default(), Marked::and)
    }

    /// The strictest level of the values that a text reveals; `None` if none of them is marked.
    pub fn strictest_in(&self, text: &str) -> Option<Tlp> {
        self.marked_in(text).tlp
    }

    /// How an indicator and the names above it are marked.
    pub fn marked(&self, indicator: &Indicator) -> Marked {
        let text = indicator.to_string();
        // A name of a single label is no word of a text.
        self.0.get(&text).copied().unwrap_or_default().and(self.marked_in(&text))
    }

    /// The strictest level of an indicator and of the names above it.
    pub fn of(&self, indicator: &Indicator) -> Option<Tlp> {
        self.marked(indicator).tlp
    }
}

/// The indicators with their levels, and when they got them.
impl FromIterator<(Indicator, Tlp, u64)> for Levels {
    fn from_iter<I: IntoIterator<Item = (Indicator, Tlp, u64)>>(marked: I) -> Self {
        let marked = marked.into_iter();
        let entry = |(indicator, tlp, changed_at): (Indicator, Tlp, u64)| {
            (indicator.to_string(), Marked { tlp: Some(tlp), changed_at })
        };
        Self(marked.map(entry).collect())
    }
}

/// The longest text that can be a name or an address, in bytes.
const LONGEST: usize = 255;
/// How people write a dot or a colon so that nothing is clicked, in lower case.
const DEFANGED: [(&str, &str); 7] = [
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("[dot]", "."),
    ("(dot)", "."),
    ("[:]", ":"),
    // Between the strings of a TXT record, which may cut a value in two.
    ("\" \"", ""),
];

/// The names and addresses that a text reveals, defanged or not, as far as they can be indicators; it may also return other words.
pub(crate) fn candidates(text: &str) -> impl Iterator<Item = String> {
    let text = text.to_lowercase();
    let plain = DEFANGED.iter().fold(text.clone(), |text, (written, meant)| text.replace(written, meant));
    let mut found = of_tokens(&text);
    if plain != text {
        found.extend(of_tokens(&plain));
    }
    found.into_iter()
}

fn of_tokens(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | ':' | '-' | '_');
    let tokens = text.split(|c: char| !is_part(c)).map(|token| token.trim_matches(['.', '-']));
    tokens.filter(|token| token.contains(['.', ':'])).flat_map(ways_to_read).collect()
}

/// What a token can mean: after each colon (`ip6:2001:db8::1`), between colons (`c2.example:443`), and after each dot.
fn ways_to_read(token: &str) -> Vec<String> {
    let between = token.split(':').flat_map(|piece| endings(piece, '.'));
    endings(token, ':').chain(between).filter(|rest| !rest.is_empty()).map(canonical).collect()
}

/// The token and what follows each separator, without what is too long: a stranger can send a million separators.
fn endings(token: &str, separator: char) -> impl Iterator<Item = &str> {
    let rests = token.match_indices(separator).filter_map(|(at, _)| token.get(at + 1..));
    std::iter::once(token).chain(rests).filter(|rest| rest.len() <= LONGEST).flat_map(trimmed)
}

/// Without the punctuation of a sentence, and also without that of emphasis, which may be the beginning of a name: `_dmarc.example`.
fn trimmed(token: &str) -> impl Iterator<Item = &str> {
    let token = token.trim_matches(['.', '-']);
    let bare = token.trim_matches(['.', '-', '_']);
    std::iter::once(bare).chain((bare != token).then_some(token))
}

/// An address in its usual spelling, and an internationalised name as it is stored; any other text as it is.
fn canonical(text: &str) -> String {
    match text.parse::<IpAddr>() {
        Ok(address) => Indicator::from_address(address).to_string(),
        Err(_) if text.is_ascii() => text.to_owned(),
        Err(_) => Indicator::parse(text).map_or_else(|_| text.to_owned(), |indicator| indicator.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(marked: &[(&str, Tlp)]) -> Levels {
        marked.iter().map(|(value, tlp)| (Indicator::parse(value).unwrap(), *tlp, 0)).collect()
    }

    #[test]
    fn a_value_is_found_wherever_a_text_reveals_it() {
        let levels = levels(&[
            ("c2.example", Tlp::Red),
            ("192.0.2.1", Tlp::Amber),
            ("2001:db8::1", Tlp::Green),
            ("com.", Tlp::Clear),
            ("bücher.example", Tlp::Amber),
            ("_spf.mail.example", Tlp::Red),
        ]);
        for (text, level) in [
            ("c2.example", Some(Tlp::Red)),
            ("10 MX.C2.example.", Some(Tlp::Red)),
            ("\"v=spf1 ip4:192.0.2.1 include:x.example -all\"", Some(Tlp::Amber)),
            ("\"v=spf1 ip6:2001:DB8:0::1 -all\"", Some(Tlp::Green)),
            ("see http://www.c2.example:8080/x", Some(Tlp::Red)),
            ("ns1.c2.example hostmaster.c2.example 1 2 3 4 5", Some(Tlp::Red)),
            ("C2 is c2[.]example, or c2(dot)example", Some(Tlp::Red)),
            ("_www.c2.example_ and --c2.example--", Some(Tlp::Red)),
            ("hxxp[:]//2001[:]db8[:][:]1/", Some(Tlp::Green)),
            ("\"v=spf1 ip4:192.0\" \".2.1 -all\"", Some(Tlp::Amber)),
            ("siehe www.bücher.example.", Some(Tlp::Amber)),
            ("xn--bcher-kva.example", Some(Tlp::Amber)),
            ("\"v=spf1 include:_spf.mail.example -all\"", Some(Tlp::Red)),
            ("see _spf.mail.example, but not mail.example", Some(Tlp::Red)),
            ("include:mail.example", None),
            ("notc2.example", None),
            ("c2.example.net", None),
            ("192.0.2.10", None),
            ("", None),
        ] {
            assert_eq!(levels.strictest_in(text), level, "{text}");
        }
        assert_eq!(levels.of(&Indicator::parse("www.c2.example").unwrap()), Some(Tlp::Red));
        assert_eq!(levels.of(&Indicator::parse("com.").unwrap()), Some(Tlp::Clear));
        assert_eq!(Levels::default().strictest_in("c2.example"), None);
    }

    #[test]
    fn the_latest_change_of_a_marking_counts() {
        let one = |value: &str, tlp, at| (Indicator::parse(value).unwrap(), tlp, at);
        let levels: Levels =
            [one("a.example", Tlp::Red, 5), one("b.example", Tlp::Green, 9)].into_iter().collect();
        let marked = |tlp, changed_at| Marked { tlp: Some(tlp), changed_at };
        assert_eq!(levels.marked_in("x.a.example"), marked(Tlp::Red, 5));
        assert_eq!(levels.marked_in("a.example b.example"), marked(Tlp::Red, 9));
        assert_eq!(levels.marked(&Indicator::parse("b.example").unwrap()), marked(Tlp::Green, 9));
        assert_eq!(levels.marked_in("c.example"), Marked::default());
    }

    #[test]
    fn a_hostile_text_costs_no_more_than_its_length() {
        for part in ["a.", "a:", "[.]", "-", "ü."] {
            let text = part.repeat(500_000);
            assert!(candidates(&text).map(|one| one.len()).sum::<usize>() < 4 * text.len(), "{part}");
        }
    }

    #[test]
    fn the_strictest_one_counts() {
        let levels = levels(&[("a.example", Tlp::Green), ("b.a.example", Tlp::Red)]);
        assert_eq!(levels.strictest_in("x.b.a.example"), Some(Tlp::Red));
        assert_eq!(levels.strictest_in("c.a.example"), Some(Tlp::Green));
    }
}
