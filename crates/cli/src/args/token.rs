//! What can be said of tokens.

use clap::{Args, Subcommand};

use super::View;

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and show it this once
    #[command(
        after_help = "Examples:\n  backsight token create --name partner --rate 10/s --daily 20000 --expires 365d\n  \
        backsight token create --name sensor-1 --write --sensor sensor-1"
    )]
    Create(CreateArgs),
    /// List the tokens there are, with what was used of them today
    ///
    /// A server writes down once a second, and when it ends, what was used: the last second of one that runs is not in it yet.
    List(ListArgs),
    /// Take a token back: it works no more
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What it is called, in lists and logs
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// It may ask [default, unless --write is given]
    #[arg(long)]
    pub(crate) read: bool,
    /// It may bring records
    #[arg(long)]
    pub(crate) write: bool,
    /// At most so many requests a second [default: no limit]
    #[arg(long, value_name = "N/s")]
    pub(crate) rate: Option<String>,
    /// At most so many requests a day (UTC) [default: no limit]
    #[arg(long, value_name = "N")]
    pub(crate) daily: Option<u64>,
    /// Until when it works: a date, a time, or 90d for in ninety days [default: until it is revoked]
    #[arg(long, value_name = "T")]
    pub(crate) expires: Option<String>,
    /// What it brings are this sensor's own sightings, whose counts add up; without, what another database says
    #[arg(long, value_name = "ID", requires = "write")]
    pub(crate) sensor: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Those that were revoked, too
    #[arg(long)]
    pub(crate) all: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// What it is called
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}
