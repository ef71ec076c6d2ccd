//! The Traffic Light Protocol, version 2.0 (FIRST): who may see something. [`Tlp`] is a level, and [`Marking`] a level or none.
//!
//! An indicator is marked with a level, and an operation has the strictest level that it may be asked about: asking a service
//! shows the value to it.

use std::fmt;
use std::str::FromStr;

/// A level, the least strict first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tlp {
    /// Everybody may see it. Version 1 called it WHITE.
    Clear,
    /// The community may see it.
    Green,
    /// The organisation and its clients may see it, as far as they need it.
    Amber,
    /// Only the organisation may see it.
    AmberStrict,
    /// Only those who were given it may see it.
    Red,
}

/// A level, or no marking: what is set, or looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marking(pub Option<Tlp>);

/// A text that is no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a level of the Traffic Light Protocol: write clear, green, amber, amber+strict or red")]
pub struct TlpError;

impl Tlp {
    /// All levels, the least strict first.
    pub const ALL: [Self; 5] = [Self::Clear, Self::Green, Self::Amber, Self::AmberStrict, Self::Red];

    /// Its name without the prefix, as in output for programs and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clear => "CLEAR",
            Self::Green => "GREEN",
            Self::Amber => "AMBER",
            Self::AmberStrict => "AMBER+STRICT",
            Self::Red => "RED",
        }
    }

    /// The strictest level that a text is marked with somewhere, as in `TLP:GREEN`; `None` if it has none. Only with the prefix,
    /// because a text can contain the names of colours.
    pub fn strictest_in(text: &str) -> Option<Self> {
        text.match_indices(':').filter_map(|(at, _)| Self::around(text, at)).max()
    }

    /// The level with its colon at this position.
    fn around(text: &str, colon: usize) -> Option<Self> {
        let prefix = colon.checked_sub(3)?;
        let is_prefix = text.get(prefix..colon)?.eq_ignore_ascii_case("tlp");
        if !is_prefix || text.get(..prefix)?.ends_with(char::is_alphanumeric) {
            return None;
        }
        let rest = text.get(colon + 1..)?;
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '+').unwrap_or(rest.len());
        rest.get(..end)?.trim_end_matches('+').parse().ok()
    }
}

impl Marking {
    /// The word for no marking.
    pub const NONE: &'static str = "none";

    /// Its level, or [`Self::NONE`].
    pub fn word(self) -> &'static str {
        self.0.map_or(Self::NONE, Tlp::word)
    }
}

/// With the prefix, as FIRST writes it.
impl fmt::Display for Tlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLP:{}", self.word())
    }
}

/// In any case, with or without the prefix; `white` is the earlier name of CLEAR.
impl FromStr for Tlp {
    type Err = TlpError;

    fn from_str(text: &str) -> Result<Self, TlpError> {
        let text = text.trim().to_ascii_uppercase();
        let word = text.strip_prefix("TLP:").unwrap_or(&text).trim();
        let word = if word == "WHITE" { "CLEAR" } else { word };
        Self::ALL.into_iter().find(|tlp| tlp.word() == word).ok_or(TlpError)
    }
}

impl FromStr for Marking {
    type Err = TlpError;

    fn from_str(text: &str) -> Result<Self, TlpError> {
        if text.trim().eq_ignore_ascii_case(Self::NONE) {
            return Ok(Self(None));
        }
        text.parse::<Tlp>().map(Self::from)
    }
}

impl From<Tlp> for Marking {
    fn from(tlp: Tlp) -> Self {
        Self(Some(tlp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_as_people_write_them() {
        for (text, tlp) in [
            ("TLP:AMBER", Tlp::Amber),
            ("amber", Tlp::Amber),
            (" tlp:amber+strict ", Tlp::AmberStrict),
            ("White", Tlp::Clear),
            ("TLP: RED", Tlp::Red),
        ] {
            assert_eq!((text.parse(), text.parse()), (Ok(tlp), Ok(Marking(Some(tlp)))), "{text}");
        }
        for text in ["", "none", "AMBER STRICT", "TLP:", "orange"] {
            assert_eq!(text.parse::<Tlp>(), Err(TlpError), "{text}");
        }
        assert_eq!(("None".parse(), "x".parse::<Marking>()), (Ok(Marking(None)), Err(TlpError)));
    }

    #[test]
    fn a_text_is_as_strict_as_its_strictest_mark() {
        for (text, tlp) in [
            ("A red light. TLP:GREEN", Some(Tlp::Green)),
            ("tlp: white at first, TLP:AMBER+STRICT later", Some(Tlp::AmberStrict)),
            ("[TLP:AMBER]", Some(Tlp::Amber)),
            ("xTLP:RED TLP:REDDISH tlp red", None),
            ("", None),
        ] {
            assert_eq!(Tlp::strictest_in(text), tlp, "{text}");
        }
    }

    #[test]
    fn levels_are_ordered_by_strictness_and_read_back() {
        assert!(Tlp::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        for tlp in Tlp::ALL {
            assert_eq!((tlp.to_string().parse(), tlp.word().parse()), (Ok(tlp), Ok(tlp)));
        }
        assert_eq!(Tlp::AmberStrict.to_string(), "TLP:AMBER+STRICT");
    }
}
