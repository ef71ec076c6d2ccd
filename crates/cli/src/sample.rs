//! Records to look at, for the demonstration and for `serve --sample`.

/// The guide's sample, and an invented history on example names and documentation addresses.
pub(crate) const SAMPLE: &str = include_str!("demo/sample.ndjson");
