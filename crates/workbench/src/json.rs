//! Stored data as the JSON that `--format json` prints and `/api/v1` sends.
//!
//! Each shape is a struct that is serialised and that describes itself for the OpenAPI document. `docs/json.md` explains the
//! same structs to people, and a test compares that page with their schemas. Times are in RFC 3339. Except in an [`answer`]
//! and a [`history`], members are declared in alphabetical order, because earlier versions printed them in this order. Only writing an answer can
//! fail.

pub mod answer;
pub mod audit;
pub mod catalogue;
pub mod cost;
pub mod found;
pub mod history;
pub mod indicator;
pub mod integration;
pub mod investigation;
pub mod job;
pub mod list;
pub mod push;
pub mod report;
pub mod run;
pub mod search;
pub mod shared;
pub mod threatq;
pub mod token;

#[cfg(test)]
mod tests;

use operation::Indicator;
use serde::Serialize;
use utoipa::ToSchema;

/// A stored time.
fn at(seconds: i64) -> String {
    cof::time::rfc3339(u64::try_from(seconds).unwrap_or_default())
}

/// The name and value of an attribute.
#[derive(Serialize, ToSchema)]
pub struct AttributeValue {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

impl AttributeValue {
    fn new(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned() }
    }
}

/// The value of an indicator, and the name of its type.
fn named(indicator: &Indicator) -> (String, &'static str) {
    (indicator.to_string(), indicator.kind().name())
}
