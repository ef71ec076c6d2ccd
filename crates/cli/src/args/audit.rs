//! What can be said to `backsight audit`.

use clap::Args;

use super::View;

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Only what was done at or after this: a date, a time, or 90d for ninety days ago
    #[arg(long, value_name = "T")]
    pub(crate) since: Option<String>,
    /// At most this many, the newest
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Go on before the entry with this number
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<i64>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}
