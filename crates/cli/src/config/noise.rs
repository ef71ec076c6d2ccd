//! The section `[intake]`: what is not worth keeping.
//!
//! Names, types and numbers are parsed when the configuration is read, so that a wrong one is reported with its source.

use std::num::NonZeroU32;
use std::sync::Arc;

use cof::{Name, RrType};
use intake::{Noise, Rules};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{number, switch};
use crate::terminal;

/// The rules for what is not kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intake {
    #[serde(deserialize_with = "names")]
    suppress_suffixes: Vec<Name>,
    #[serde(deserialize_with = "types")]
    suppress_types: Vec<RrType>,
    #[serde(deserialize_with = "switch")]
    suppress_special_addresses: bool,
    #[serde(deserialize_with = "number")]
    names_per_domain: u32,
}

impl Intake {
    /// The rules, with a budget of their own: whoever reads several inputs makes it once.
    pub(crate) fn noise(&self) -> Arc<Noise> {
        Arc::new(Noise::new(Rules {
            suffixes: self.suppress_suffixes.clone(),
            types: self.suppress_types.clone(),
            special_addresses: self.suppress_special_addresses,
            names_per_domain: NonZeroU32::new(self.names_per_domain),
        }))
    }
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Name>, D::Error> {
    each(deserializer, |text| {
        let name = text.strip_prefix("*.").unwrap_or(text);
        Name::parse(name).map_err(|error| format!("{}: {error}", terminal::label(text)))
    })
}

fn types<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RrType>, D::Error> {
    each(deserializer, |text| {
        let known = RrType::parse(text).ok().filter(|rrtype| rrtype.code().is_some());
        known
            .ok_or_else(|| format!("{} is not a record type such as TXT or TYPE65534", terminal::label(text)))
    })
}

/// Values that are separated by commas.
fn each<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let values = text.split(',').map(str::trim).filter(|value| !value.is_empty());
    values.map(parse).collect::<Result<_, _>>().map_err(D::Error::custom)
}
