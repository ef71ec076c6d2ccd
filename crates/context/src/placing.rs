//! Records by the place of the address in their data: [`Placing`] and [`PlaceFilter`].

use cof::{Record, Target};

use crate::{Country, NetworksNow, Place};

/// The most AS numbers and countries of a filter.
const MOST: usize = 1_000;

/// Which places are wanted: those of any of these systems, in any of these countries; everything if both are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceFilter {
    systems: Vec<u32>,
    countries: Vec<Country>,
}

/// Where the addresses of records are, and which of them are wanted; by default, nothing is known and everything is wanted.
#[derive(Clone, Debug, Default)]
pub struct Placing {
    /// Where addresses are.
    pub networks: NetworksNow,
    /// Which are wanted.
    pub only: PlaceFilter,
}

/// Why a text is no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceFilterError {
    /// It has something that is no country.
    #[error("not a country: write two letters of ISO 3166-1 as in NL, and several separated by commas")]
    Country,
    /// It has too many.
    #[error("more than {MOST} at once")]
    Many,
    /// It has something that is no AS number.
    #[error("not an AS number: write 64496 or AS64496, and several separated by commas")]
    System,
}

impl PlaceFilter {
    /// Only these systems and countries, each separated by commas; an empty text is no limit.
    ///
    /// # Errors
    /// [`PlaceFilterError`]
    pub fn parse(systems: &str, countries: &str) -> Result<Self, PlaceFilterError> {
        let only = Self { systems: Self::systems(systems)?, countries: Self::countries(countries)? };
        if only.systems.len() > MOST || only.countries.len() > MOST {
            return Err(PlaceFilterError::Many);
        }
        Ok(only)
    }

    /// What both filters want.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.systems.extend(other.systems);
        self.countries.extend(other.countries);
        self
    }

    /// The AS numbers in a text.
    ///
    /// # Errors
    /// [`PlaceFilterError::System`]
    pub fn systems(text: &str) -> Result<Vec<u32>, PlaceFilterError> {
        let number = |word: &str| {
            let tagged = word.get(..2).is_some_and(|tag| tag.eq_ignore_ascii_case("AS"));
            let digits = if tagged { word.get(2..).unwrap_or_default() } else { word };
            let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            digits.parse().ok().filter(|_| is_number).ok_or(PlaceFilterError::System)
        };
        words(text).map(number).collect()
    }

    /// The countries in a text.
    ///
    /// # Errors
    /// [`PlaceFilterError::Country`]
    pub fn countries(text: &str) -> Result<Vec<Country>, PlaceFilterError> {
        words(text).map(|word| Country::parse(word).ok_or(PlaceFilterError::Country)).collect()
    }

    /// Whether everything is wanted.
    pub fn is_empty(&self) -> bool {
        self.systems.is_empty() && self.countries.is_empty()
    }

    /// Whether a place is wanted.
    pub fn keeps(&self, place: &Place) -> bool {
        let system =
            self.systems.is_empty() || place.as_number.is_some_and(|number| self.systems.contains(&number));
        let country =
            self.countries.is_empty() || place.country.is_some_and(|code| self.countries.contains(&code));
        system && country
    }
}

impl Placing {
    /// Where the address in a record's data is; `None` without an address, or if nothing is known.
    pub fn of(&self, record: &Record) -> Option<Place> {
        if !self.networks.is_configured() {
            return None;
        }
        match record.rdata.target(record.rrtype)? {
            Target::Address(address) => Some(self.networks.of(address)).filter(|place| !place.is_empty()),
            Target::Name(_) => None,
        }
    }

    /// Whether a record is wanted; with a filter, only records with a known address are.
    pub fn keeps(&self, record: &Record) -> bool {
        self.only.is_empty() || self.of(record).is_some_and(|place| self.only.keeps(&place))
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_written_with_commas() {
        let only = PlaceFilter::parse("AS64496, 64497", "nl,DE").unwrap();
        let place =
            |number, code: &str| Place { as_number: number, as_name: None, country: Country::parse(code) };
        assert!(only.keeps(&place(Some(64_497), "NL")) && !only.keeps(&place(Some(64_498), "NL")));
        assert!(!only.keeps(&place(Some(64_496), "FR")) && !only.keeps(&Place::default()));
        assert!(PlaceFilter::parse(" ", ",").unwrap().is_empty());
        for (systems, countries, wrong) in [
            ("ASX", "", PlaceFilterError::System),
            ("4294967296", "", PlaceFilterError::System),
            ("+1", "", PlaceFilterError::System),
            ("", "NLD", PlaceFilterError::Country),
        ] {
            assert_eq!(PlaceFilter::parse(systems, countries), Err(wrong), "{systems} {countries}");
        }
    }
}
