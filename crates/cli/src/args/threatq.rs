//! The arguments of `backsight threatq`.

use clap::{Args, Subcommand};
use operation::IndicatorType;

use super::View;
use super::indicator::types;

pub(super) const ABOUT: &str = "\
Takes indicators from a ThreatQ, and executes the operations that are installed there. The instance is a platform of the catalogue: \
install it with `backsight integration install threatq`, configure it and enable it. `backsight push threatq` sends to it.";

const PULL: &str = "\
Reads indicators from a ThreatQ into the threat library, in the order of their numbers there. The platform becomes their source.

New indicators get the status that they have there; a status that only that instance has becomes Review. What is known here keeps its \
status, what was removed here stays removed, and no marking becomes weaker: an indicator gets the strictest level that any source there \
reported it with. Each page is stored when it has arrived, so a pull that was interrupted continues with --offset.";

const EXECUTE: &str = "\
Executes an action of an operation that is installed on a ThreatQ, on an indicator that it has, and prints what the operation returns. \
Its form is not specified: it is printed as JSON, at most 256 KiB of it in a table, and passive-DNS records are shown as records wherever they are \
in it. Values of masked settings are hidden.

An execution has side effects there, so it is sent exactly once. It needs the permission to run operations.";

#[derive(Debug, Args)]
pub(crate) struct ThreatqArgs {
    #[command(subcommand)]
    pub(crate) command: ThreatqCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ThreatqCommand {
    /// Execute an operation of the instance on an indicator
    #[command(
        long_about = EXECUTE,
        after_help = "Examples:\n  backsight threatq operations\n  \
            backsight threatq execute 'CIRCL Passive DNS' www.threatq.com\n  \
            backsight threatq execute 'CIRCL Passive DNS' www.threatq.com --action 'Query CIRCL Passive DNS' --format json\n\n\
            With --format json: {\"operation\", \"action\", \"indicator\", \"result\", \"records\", \"damaged\", \"cut\"}"
    )]
    Execute(ExecuteArgs),
    /// List the operations that are installed on the instance
    Operations(OperationsArgs),
    /// Read indicators into the threat library or an investigation
    #[command(
        long_about = PULL,
        after_help = "Examples:\n  backsight threatq pull --type FQDN --status Active --dry-run\n  \
            backsight threatq pull --status Review --into 'Campaign 7'\n  \
            backsight threatq pull --offset 5000 --limit 5000\n\n\
            With --format json: {\"read\", \"new\", \"known\", \"removed\", \"joined\", \"left_out\", \"next\", \"total\", \"complete\", …}\n\
            Exit code 3 if there are more than --limit."
    )]
    Pull(PullArgs),
}

/// Which instance is meant.
#[derive(Debug, Args)]
pub(crate) struct PlatformArgs {
    /// The integration of the instance, if it has another name
    #[arg(long, value_name = "NAME", default_value = "threatq")]
    pub(crate) platform: String,
}

#[derive(Debug, Args)]
pub(crate) struct ExecuteArgs {
    /// The operation: its title, name or number there
    #[arg(value_name = "OPERATION")]
    pub(crate) operation: String,
    /// The domain name, IP address or URL, defanged or not
    #[arg(value_name = "VALUE")]
    pub(crate) value: String,
    /// The action, if the operation has several
    #[arg(long, value_name = "NAME")]
    pub(crate) action: Option<String>,
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct OperationsArgs {
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    /// Only these types [default: all that are supported here]
    #[arg(long = "type", value_name = "T", value_parser = types(), ignore_case = true)]
    pub(crate) kinds: Vec<IndicatorType>,
    /// Only these statuses, by their names there [default: all]
    #[arg(long = "status", value_name = "S")]
    pub(crate) statuses: Vec<String>,
    /// Also make them members of the investigation with this name or number
    #[arg(long, value_name = "INVESTIGATION")]
    pub(crate) into: Option<String>,
    /// Where to begin: how many indicators are passed over
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) offset: u64,
    /// The most indicators that are read, at most 100000
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub(crate) limit: u64,
    /// Only show what would be added
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) platform: PlatformArgs,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}
