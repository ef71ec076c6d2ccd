//! The arguments of `backsight push`.

use clap::{Args, Subcommand};

use super::View;
use super::handover::ChosenArgs;

pub(super) const ABOUT: &str = "\
Sends what was found to a platform: a run, the history of a value, an investigation, or a part of the threat library. The platform is \
an integration of the type \"platform\", which is installed, configured and enabled like an operation.

MISP gets an event with an object passive-dns for each record. What is there already is recognised: a second push updates it, and what \
somebody deleted there stays deleted. --dry-run shows for each row what would be done.

Values that are marked stricter than the platform's maximum level of the Traffic Light Protocol are held back, with all records that \
reveal them. They are named, and never sent. --max-tlp can only make that stricter. What is not said is taken from the section \
[handover] of the configuration, as for `handover`.

A push is stored before it begins. Ctrl-C pauses it after the batch that is under way; `push resume` continues it, also after a kill, and \
sends only what is missing. A running server of the data folder takes over what nobody works on.";

pub(super) const EXAMPLES: &str = "\
Examples:
  backsight integration install misp
  backsight integration configure misp host=misp.example.org --secret user_token
  backsight integration enable misp
  backsight push misp --investigation 'Campaign 7' --dry-run
  backsight push misp --investigation 'Campaign 7'
  backsight push misp --run 17 --event 3d7ec8a8-3a8d-4a5b-9b5e-4f0f6a3f2c11
  backsight push list

Exit codes: 3 if something was held back or the push is paused, 1 if the platform refused something, 4 if it refused the key.";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct PushArgs {
    #[command(subcommand)]
    pub(crate) command: Option<PushCommand>,
    #[command(flatten)]
    pub(crate) new: NewArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PushCommand {
    /// Cancel a push; what was sent stays on the platform
    Cancel(NumberArgs),
    /// List pushes, newest first
    List(ListArgs),
    /// Pause a push, whoever works on it
    Pause(NumberArgs),
    /// Continue a push that is paused or was interrupted
    Resume(NumberArgs),
    /// Show a push, and what was held back or refused
    Show(NumberArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The platform's integration, as `integration list --type platform` shows it
    #[arg(value_name = "PLATFORM", required = true)]
    pub(crate) platform: Option<String>,
    #[command(flatten)]
    pub(crate) chosen: ChosenArgs,
    /// For MISP: send to this event, which keeps its distribution, instead of an event of its own
    #[arg(long, value_name = "UUID", conflicts_with = "distribution")]
    pub(crate) event: Option<String>,
    /// Show what would be done; nothing is changed on the platform
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct NumberArgs {
    /// The number of the push, as `list` shows it
    #[arg(value_name = "ID")]
    pub(crate) id: i64,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only pushes with lower numbers
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<i64>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = super::at_least_one())]
    pub(crate) limit: usize,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}
