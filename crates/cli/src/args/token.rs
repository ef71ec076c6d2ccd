//! The arguments of `backsight token`.

use clap::{Args, Subcommand};

use super::View;

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and show it once
    #[command(
        after_help = "Examples:\n  backsight token create --name partner --rate 10/s --daily 20000 --expires 365d\n  \
        backsight token create --name sensor-1 --write --sensor sensor-1"
    )]
    Create(CreateArgs),
    /// List tokens and their use today
    ///
    /// A running server saves the use of tokens once a second, so the last second is missing.
    List(ListArgs),
    /// Revoke a token
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The name of the token in lists and logs
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// Allow lookups [default, unless --write is given]
    #[arg(long)]
    pub(crate) read: bool,
    /// Allow sending records
    #[arg(long)]
    pub(crate) write: bool,
    /// The maximum number of requests per second [default: no limit]
    #[arg(long, value_name = "N/s")]
    pub(crate) rate: Option<String>,
    /// The maximum number of requests per day (UTC) [default: no limit]
    #[arg(long, value_name = "N")]
    pub(crate) daily: Option<u64>,
    /// When the token expires: a date, a time, or 90d for ninety days from now [default: never]
    #[arg(long, value_name = "T")]
    pub(crate) expires: Option<String>,
    /// Records sent with this token are observations of this sensor, whose counts add up; without it they are reports
    #[arg(long, value_name = "ID", requires = "write")]
    pub(crate) sensor: Option<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Include revoked tokens
    #[arg(long)]
    pub(crate) all: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// The name of the token
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}
