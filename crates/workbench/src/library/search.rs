//! Searches for values: by text, by everything below a name, or by network.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use cof::Name;
use operation::indicator::refang;
use operation::{Host, Indicator, IndicatorError};

use crate::Error;
use crate::indicator_key::{self, KeyRange};

/// The longest text that can match a value, in bytes.
const LONGEST_TEXT: usize = 4 * cof::name::MAX_WIRE;

/// A search, parsed from user input, which may be defanged.
///
/// `*.example.com` means everything below example.com, `192.0.2.0/24` a network, and a complete address only itself. Any other
/// text matches anywhere in a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Keys within a range, which is a short scan.
    Range(KeyRange),
    /// Values that contain a text, which needs a scan of all of them.
    Text(String),
}

impl Search {
    /// Parses a search.
    ///
    /// # Errors
    /// [`Error::Refused`] if no value can match it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let plain = refang(text).to_ascii_lowercase();
        let refuse =
            |why: &dyn fmt::Display| Err(Error::invalid(format!("cannot search for {text:?}: {why}")));
        if plain.is_empty() || plain.len() > LONGEST_TEXT {
            return refuse(&"give a part of a value, *.example.com or 192.0.2.0/24");
        }
        if let Some(name) = plain.strip_prefix("*.") {
            return match Name::parse(name) {
                Ok(name) => Ok(Self(Kind::Range(indicator_key::below(&name)))),
                Err(error) => refuse(&error),
            };
        }
        match Indicator::parse(text) {
            Ok(indicator) => match indicator.host() {
                Host::Address(address) => {
                    let prefix = if address.is_ipv4() { 32 } else { 128 };
                    Self::network(*address, prefix).map_or_else(|| refuse(&"not an address"), Ok)
                }
                Host::Name(name) => Ok(Self(Kind::Text(name.to_string()))),
            },
            Err(IndicatorError::Network) => match network(&plain) {
                Some(found) => Ok(found),
                None => refuse(&"its prefix is longer than the address"),
            },
            Err(_) => match plain.chars().find(|character| !stands_in_values(*character)) {
                Some('*') => refuse(&"a * is only allowed at the beginning, before a dot"),
                Some(character) => {
                    // Formatted by hand, because Rust's debug format would add backslashes.
                    let shown = if character.is_whitespace() {
                        "a blank".to_owned()
                    } else if character.is_control() {
                        character.escape_unicode().to_string()
                    } else {
                        format!("the character {character}")
                    };
                    refuse(&format!("{shown} is not part of any domain name or address"))
                }
                None => Ok(Self(Kind::Text(plain))),
            },
        }
    }

    fn network(address: IpAddr, prefix: u8) -> Option<Self> {
        indicator_key::network(address, prefix).map(|range| Self(Kind::Range(range)))
    }

    /// Whether it is for a range of values: a network, or the names below one.
    pub const fn is_range(&self) -> bool {
        matches!(self.0, Kind::Range(_))
    }

    /// The range of keys, if the search is a range.
    pub(super) fn range(&self) -> Option<&KeyRange> {
        match &self.0 {
            Kind::Range(range) => Some(range),
            Kind::Text(_) => None,
        }
    }

    /// The text that values must contain, if the search is a text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.0 {
            Kind::Range(_) => None,
            Kind::Text(text) => Some(text),
        }
    }
}

impl FromStr for Search {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

fn network(text: &str) -> Option<Search> {
    let (address, prefix) = text.split_once('/')?;
    Search::network(address.parse().ok()?, prefix.parse().ok()?)
}

fn stands_in_values(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read_as_they_mean_it() {
        let text = |text: &str| Search(Kind::Text(text.to_owned()));
        let read = |text: &str| Search::parse(text).unwrap();
        assert_eq!(read("Login"), text("login"));
        assert_eq!(read("hxxp://www[.]Example[.]com/x"), text("www.example.com"));
        assert_eq!(read("192.0.2."), text("192.0.2."));
        assert_eq!(read("2001:DB8:"), text("2001:db8:"));
        let below = Search(Kind::Range(indicator_key::below(&Name::parse("example.com").unwrap())));
        assert_eq!(read("*.example.com"), below);
        assert_eq!(read("*[.]EXAMPLE[.]com"), below);
        assert_eq!(read("192[.]0[.]2[.]0/24"), Search::network("192.0.2.0".parse().unwrap(), 24).unwrap());
        assert_eq!(read("192.0.2.1"), Search::network("192.0.2.1".parse().unwrap(), 32).unwrap());
    }

    #[test]
    fn what_no_value_is_like_is_refused_with_the_reason() {
        for (bad, why) in [
            ("", "give a part"),
            ("  ", "give a part"),
            ("a*b", "only allowed at the beginning"),
            ("*", "only allowed at the beginning"),
            ("*.a..b", "empty label"),
            ("192.0.2.0/33", "prefix"),
            ("a b", "a blank is not part of any"),
            ("a\u{1b}[31m", "\\u{1b}"),
            ("ann@example.com", "the character @ is not part of any"),
            (&"a".repeat(5_000), "give a part"),
        ] {
            let error = Search::parse(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
            assert!(!error.contains(char::is_control), "{error:?}");
        }
    }
}
