//! The options that say what is not kept.

use clap::Args;
use toml::Value;

/// Rules that replace those of the configuration's section `[intake]`.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is not kept")]
pub(crate) struct NoiseArgs {
    /// Suppress names at or below these [default: none, or as configured]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    suppress_suffix: Vec<String>,
    /// Suppress records of these types [default: none, or as configured]
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    suppress_type: Vec<String>,
    /// Suppress A and AAAA records with a special-purpose address, such as 10.0.0.1
    #[arg(long)]
    suppress_special_addresses: bool,
    /// Keep at most so many names of a registered domain in an hour; 0 keeps all [default: 0, or as configured]
    #[arg(long, value_name = "N")]
    names_per_domain: Option<u32>,
}

impl NoiseArgs {
    /// The options that are given, each with its key and value.
    pub(crate) fn settings(&self) -> [(&'static str, &'static str, Option<Value>); 4] {
        let list = |values: &[String]| (!values.is_empty()).then(|| Value::String(values.join(",")));
        let special = self.suppress_special_addresses.then_some(Value::Boolean(true));
        [
            ("--suppress-suffix", "suppress_suffixes", list(&self.suppress_suffix)),
            ("--suppress-type", "suppress_types", list(&self.suppress_type)),
            ("--suppress-special-addresses", "suppress_special_addresses", special),
            ("--names-per-domain", "names_per_domain", self.names_per_domain.map(Value::from)),
        ]
    }
}
