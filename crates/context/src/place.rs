//! Where an address is: [`Place`], with AS number, AS name and [`Country`].
//!
//! Nothing here fails.

use std::fmt;

/// The longest AS name, in characters.
pub const MAX_NAME: usize = 120;

/// What is known about the network of an address; empty if nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The number of the autonomous system that announces it.
    pub as_number: Option<u32>,
    /// The name of the autonomous system: one line of at most [`MAX_NAME`] characters.
    pub as_name: Option<String>,
    /// The country that the file names for the address.
    pub country: Option<Country>,
}

/// A country, as the two letters of ISO 3166-1, in upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Place {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The AS number as it is written: `AS64496`.
    pub fn as_word(&self) -> Option<String> {
        self.as_number.map(|number| format!("AS{number}"))
    }

    /// Number and name of the autonomous system, `AS64496 Example Networks`; `None` without a number.
    pub fn system(&self) -> Option<String> {
        let number = self.as_word()?;
        Some(self.as_name.as_ref().map_or_else(|| number.clone(), |name| format!("{number} {name}")))
    }

    /// Number and country in a few characters, `AS64496 NL`; empty if neither is known.
    pub fn short(&self) -> String {
        let parts = [self.as_word(), self.country.map(|country| country.to_string())];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Takes from another place what this one does not say. An AS name is only taken with its number, so that a number and a
    /// name of two files are not mixed.
    pub(crate) fn or(&mut self, other: Self) {
        let agree =
            self.as_number.is_none() || other.as_number.is_none() || self.as_number == other.as_number;
        if agree && self.as_name.is_none() {
            self.as_name = other.as_name;
        }
        self.as_number = self.as_number.or(other.as_number);
        self.country = self.country.or(other.country);
    }

    /// Whether no field is open.
    pub(crate) fn is_full(&self) -> bool {
        self.as_number.is_some() && self.as_name.is_some() && self.country.is_some()
    }
}

impl fmt::Display for Place {
    /// `AS64496 Example Networks, NL`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let network =
            [self.as_word(), self.as_name.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let parts = [network, self.country.map(|country| country.to_string()).unwrap_or_default()];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        f.write_str(&parts.join(", "))
    }
}

impl Country {
    /// Two ASCII letters in any case; `None` for everything else.
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.trim().as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_alphabetic).then(|| Self(code.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: Option<u32>, name: Option<&str>, country: Option<&str>) -> Place {
        Place {
            as_number: number,
            as_name: name.map(str::to_owned),
            country: country.and_then(Country::parse),
        }
    }

    #[test]
    fn a_place_is_written_with_what_is_known() {
        assert_eq!(
            place(Some(64_496), Some("Example Networks"), Some("nl")).to_string(),
            "AS64496 Example Networks, NL"
        );
        assert_eq!(place(None, None, Some("NL")).to_string(), "NL");
        assert_eq!(place(Some(64_496), None, None).to_string(), "AS64496");
        assert_eq!(Place::default().to_string(), "");
        let known = place(Some(64_496), Some("Example Networks"), Some("nl"));
        assert_eq!(
            (known.system().unwrap().as_str(), known.short().as_str()),
            ("AS64496 Example Networks", "AS64496 NL")
        );
        let country = place(None, Some("Example Networks"), Some("nl"));
        assert_eq!((country.system(), country.short().as_str()), (None, "NL"));
    }

    #[test]
    fn the_first_that_says_something_wins_and_number_and_name_stay_together() {
        let mut first = place(Some(64_496), None, None);
        first.or(place(Some(64_497), Some("Another"), Some("DE")));
        assert_eq!(first, place(Some(64_496), None, Some("DE")), "the name is that of another AS");
        first.or(place(Some(64_496), Some("Example"), Some("NL")));
        assert_eq!(first, place(Some(64_496), Some("Example"), Some("DE")));
        assert!(first.is_full() && !first.is_empty());
    }

    #[test]
    fn a_country_is_two_letters() {
        assert_eq!(Country::parse("nl").unwrap().as_str(), "NL");
        for text in ["", "N", "NLD", "N1", "ö", "日"] {
            assert_eq!(Country::parse(text), None, "{text}");
        }
    }
}
