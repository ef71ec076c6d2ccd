//! The section `[handover]`: how documents for other platforms are made if nobody says otherwise.

use std::fmt::Display;
use std::str::FromStr;

use export::misp::Distribution;
use export::{Manner, Terms};
use operation::Marking;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::switch;

/// The terms and the manner of documents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Handover {
    #[serde(deserialize_with = "read")]
    max_tlp: Marking,
    #[serde(deserialize_with = "read")]
    tlp: Marking,
    #[serde(deserialize_with = "read")]
    distribution: Distribution,
    #[serde(deserialize_with = "switch")]
    related: bool,
    #[serde(deserialize_with = "switch")]
    defang: bool,
}

impl Handover {
    pub(crate) fn terms(&self) -> Terms {
        Terms { tlp: self.tlp.0, max_tlp: self.max_tlp.0 }
    }

    pub(crate) fn manner(&self) -> Manner {
        let Self { distribution, related, defang, .. } = *self;
        Manner { distribution, related, defang }
    }
}

fn read<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|error: T::Err| D::Error::custom(format!("{text:?}: {error}")))
}
