//! Markings of the Traffic Light Protocol by value, found wherever a text reveals the value: [`Levels`].
//!
//! A text reveals a value if it contains it, or a name below it: `v=spf1 ip4:192.0.2.1` reveals the address, and `www.c2.example`
//! reveals `c2.example`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use operation::{Indicator, Tlp};

/// The markings of indicators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<String, Tlp>);

impl Levels {
    /// Whether nothing is marked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The strictest level of the values that a text reveals; `None` if none of them is marked.
    pub fn strictest_in(&self, text: &str) -> Option<Tlp> {
        if self.0.is_empty() {
            return None;
        }
        candidates(text).filter_map(|candidate| self.0.get(&candidate).copied()).max()
    }

    /// The strictest level of an indicator and of the names above it.
    pub fn of(&self, indicator: &Indicator) -> Option<Tlp> {
        self.strictest_in(&indicator.to_string())
    }
}

impl FromIterator<(Indicator, Tlp)> for Levels {
    fn from_iter<I: IntoIterator<Item = (Indicator, Tlp)>>(marked: I) -> Self {
        Self(marked.into_iter().map(|(indicator, tlp)| (indicator.to_string(), tlp)).collect())
    }
}

/// The names and addresses that a text reveals, as far as they can be indicators; it may also return other words.
pub(crate) fn candidates(text: &str) -> impl Iterator<Item = String> {
    let text = text.to_ascii_lowercase();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '_');
    let tokens = text.split(|c: char| !is_part(c)).map(|token| token.trim_matches('.'));
    let found: Vec<String> =
        tokens.filter(|token| token.contains(['.', ':'])).flat_map(ways_to_read).collect();
    found.into_iter()
}

/// What a token can mean: after each colon (`ip6:2001:db8::1`), between colons (`c2.example:443`), and after each dot.
fn ways_to_read(token: &str) -> impl Iterator<Item = String> {
    let after = |token: &'_ str, separator: char| -> Vec<String> {
        let rests = token.match_indices(separator).filter_map(|(at, _)| token.get(at + 1..));
        std::iter::once(token).chain(rests).map(|rest| rest.trim_matches('.').to_owned()).collect()
    };
    let between = token.split(':').flat_map(move |piece| after(piece, '.'));
    let found: Vec<String> = after(token, ':').into_iter().chain(between).collect();
    found.into_iter().filter(|rest| !rest.is_empty()).map(|rest| canonical(&rest))
}

/// An address in its usual spelling; any other text as it is.
fn canonical(text: &str) -> String {
    match text.parse::<IpAddr>() {
        Ok(address) => Indicator::from_address(address).to_string(),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(marked: &[(&str, Tlp)]) -> Levels {
        marked.iter().map(|(value, tlp)| (Indicator::parse(value).unwrap(), *tlp)).collect()
    }

    #[test]
    fn a_value_is_found_wherever_a_text_reveals_it() {
        let levels = levels(&[
            ("c2.example", Tlp::Red),
            ("192.0.2.1", Tlp::Amber),
            ("2001:db8::1", Tlp::Green),
            ("com.", Tlp::Clear),
        ]);
        for (text, level) in [
            ("c2.example", Some(Tlp::Red)),
            ("10 MX.C2.example.", Some(Tlp::Red)),
            ("\"v=spf1 ip4:192.0.2.1 include:x.example -all\"", Some(Tlp::Amber)),
            ("\"v=spf1 ip6:2001:DB8:0::1 -all\"", Some(Tlp::Green)),
            ("see http://www.c2.example:8080/x", Some(Tlp::Red)),
            ("ns1.c2.example hostmaster.c2.example 1 2 3 4 5", Some(Tlp::Red)),
            ("notc2.example", None),
            ("c2.example.net", None),
            ("192.0.2.10", None),
            ("", None),
        ] {
            assert_eq!(levels.strictest_in(text), level, "{text}");
        }
        assert_eq!(levels.of(&Indicator::parse("www.c2.example").unwrap()), Some(Tlp::Red));
        assert_eq!(Levels::default().strictest_in("c2.example"), None);
    }

    #[test]
    fn the_strictest_one_counts() {
        let levels = levels(&[("a.example", Tlp::Green), ("b.a.example", Tlp::Red)]);
        assert_eq!(levels.strictest_in("x.b.a.example"), Some(Tlp::Red));
        assert_eq!(levels.strictest_in("c.a.example"), Some(Tlp::Green));
    }
}
