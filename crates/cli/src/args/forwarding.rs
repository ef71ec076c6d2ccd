//! The arguments that say where a sensor sends its records.

use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;

/// The smallest and the largest spool, in MiB.
pub(crate) const SPOOL: std::ops::RangeInclusive<u64> = 16..=1 << 20;

/// Where records are sent instead of being stored here.
#[derive(Debug, Args)]
#[command(next_help_heading = "Forwarding to another server")]
pub(crate) struct ForwardingArgs {
    /// Send the records to the Backsight server at this address, such as <https://pdns.example.org>, instead of storing them
    #[arg(long, value_name = "URL", conflicts_with = "store")]
    pub(crate) to: Option<String>,
    /// A file with the token for that server, which only its owner (and group) can read [default: `BACKSIGHT_SECRET_TOKEN`]
    #[arg(long, value_name = "FILE", requires = "to")]
    pub(crate) token_file: Option<PathBuf>,
    /// A PEM file with authorities that are trusted in addition to the system's
    #[arg(long, value_name = "FILE", requires = "to")]
    pub(crate) ca_file: Option<PathBuf>,
    /// How much may wait in the data folder while the server is away, in MiB; after that, the oldest batches are dropped [default: 1024]
    #[arg(long, value_name = "N", requires = "to", value_parser = RangedU64ValueParser::<u64>::new().range(SPOOL))]
    pub(crate) spool_mib: Option<u64>,
    /// The spool's name: each collector of a data folder needs its own [default: collect]
    #[arg(long, value_name = "NAME", requires = "to")]
    pub(crate) spool: Option<String>,
}
