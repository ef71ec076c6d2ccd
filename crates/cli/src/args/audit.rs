//! The arguments of `backsight audit`.

use clap::Args;

use super::View;

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Only entries at or after this: a date, a time, or 90d for ninety days ago
    #[arg(long, value_name = "T")]
    pub(crate) since: Option<String>,
    /// List at most this many entries, the newest
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Only entries before the one with this number
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<i64>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}
