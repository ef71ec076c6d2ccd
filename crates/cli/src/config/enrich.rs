//! The section `[enrich]`: what is known about addresses and names beyond their records.

use std::path::PathBuf;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::count;

/// Where addresses are, and what says little.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrich {
    /// As they are written; [`Config::networks`](super::Config::networks) finds and opens them.
    #[serde(deserialize_with = "paths")]
    pub(super) mmdb: Vec<PathBuf>,
    #[serde(deserialize_with = "count")]
    pub(crate) weak_pivot_names: usize,
}

/// A list of paths, or a text in which they are separated by commas, as in the environment.
fn paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    let texts: Vec<String> = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text.split(',').map(str::to_owned).collect(),
        toml::Value::Array(values) => {
            let text = |value: toml::Value| {
                value
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| super::wrong(&value, "is not the path of a file"))
            };
            values.into_iter().map(text).collect::<Result<_, D::Error>>()?
        }
        value => return Err(super::wrong(&value, "is not a list of paths, as in [\"GeoLite2-ASN.mmdb\"]")),
    };
    let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    texts
        .map(|text| {
            if text.contains('\0') {
                Err(D::Error::custom("a path contains a null character"))
            } else {
                Ok(text.into())
            }
        })
        .collect()
}
