//! The fields of an entry of an MMDB file: [`Entry`], in the layouts of several providers.
//!
//! | provider | AS number | AS name | country |
//! | --- | --- | --- | --- |
//! | `MaxMind`, DB-IP | `autonomous_system_number` | `autonomous_system_organization` | `country.iso_code` |
//! | `IPinfo` | `asn`: `"AS64496"` | `as_name` or `name` | `country_code`, or `country` with two letters |
//!
//! A field of another type counts as missing.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::place::{Country, MAX_NAME, Place};
use crate::text::clean;

/// The fields that we know; all others are skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    autonomous_system_number: Field<'a>,
    #[serde(borrow)]
    autonomous_system_organization: Field<'a>,
    #[serde(borrow)]
    asn: Field<'a>,
    #[serde(borrow)]
    as_name: Field<'a>,
    #[serde(borrow)]
    name: Field<'a>,
    #[serde(borrow)]
    country: Field<'a>,
    #[serde(borrow)]
    country_code: Field<'a>,
}

/// A field of whatever type.
#[derive(Clone, Copy, Debug, Default)]
enum Field<'a> {
    #[default]
    Missing,
    Number(u64),
    Text(&'a str),
    /// The country of a map, by its code.
    Map(Option<&'a str>),
}

impl Entry<'_> {
    pub(super) fn place(&self) -> Place {
        let number = [self.autonomous_system_number, self.asn].into_iter().find_map(Field::number);
        let names = [self.autonomous_system_organization, self.as_name, self.name];
        let name = names.into_iter().filter_map(Field::text).map(|name| clean(name, MAX_NAME));
        let codes = [self.country_code, self.country];
        Place {
            as_number: number,
            // Other files have a `name`, too: without a number it is none of an AS.
            as_name: name.filter(|_| number.is_some()).find(|name| !name.is_empty()),
            country: codes.into_iter().filter_map(Field::code).find_map(Country::parse),
        }
    }
}

impl<'a> Field<'a> {
    /// An AS number; 0 is reserved and none.
    fn number(self) -> Option<u32> {
        let number = match self {
            Self::Number(number) => u32::try_from(number).ok(),
            Self::Text(text) => {
                let digits = text.get(..2).filter(|tag| tag.eq_ignore_ascii_case("AS")).and(text.get(2..));
                let digits = digits.unwrap_or(text);
                let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
                is_number.then(|| digits.parse().ok()).flatten()
            }
            Self::Missing | Self::Map(_) => None,
        };
        number.filter(|number| *number != 0)
    }

    fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn code(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Map(code) => code,
            _ => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_u64<E>(self, value: u64) -> Result<Field<'de>, E> {
        Ok(Field::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field<'de>, A::Error> {
        let mut code = None;
        while let Some(key) = map.next_key::<&str>()? {
            if key == "iso_code" {
                code = map.next_value::<Field<'_>>()?.text();
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Field::Map(code))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Field<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Missing)
    }

    fn visit_str<E>(self, _: &str) -> Result<Field<'de>, E> {
        Ok(Field::Missing)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Field<'de>, E> {
        Ok(Field::Missing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Field<'de>, E> {
        Ok(Field::Missing)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Field<'de>, E> {
        Ok(Field::Missing)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Field<'de>, E> {
        Ok(Field::Missing)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Field<'de>, E> {
        Ok(Field::Missing)
    }
}
