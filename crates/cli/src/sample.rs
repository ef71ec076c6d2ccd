//! Sample records, for the demo and for `serve --sample`.

/// The sample of the integration guide, and an invented history of example names and documentation addresses.
pub(crate) const SAMPLE: &str = include_str!("demo/sample.ndjson");
