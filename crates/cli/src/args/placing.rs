//! The options that select records by the place of their address.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct PlacingArgs {
    /// Only records with an address of these autonomous systems; needs `[enrich] mmdb` in the configuration
    #[arg(long, value_name = "AS64496,…")]
    pub(crate) as_number: Option<String>,
    /// Only records with an address in these countries; needs `[enrich] mmdb` in the configuration
    #[arg(long, value_name = "NL,DE")]
    pub(crate) country: Option<String>,
}
