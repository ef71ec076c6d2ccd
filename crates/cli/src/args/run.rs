//! The arguments of `backsight run`.

use clap::{Args, Subcommand};

use workbench::run::State;

use super::placing::PlacingArgs;
use super::{Sort, View, at_least_one};

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(subcommand)]
    pub(crate) command: RunCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Add the findings of a run to the threat library
    #[command(after_help = ADD_EXAMPLES)]
    Add(AddArgs),
    /// List runs, the newest first
    List(ListArgs),
    /// Show the records of a run and its numbered findings
    #[command(
        after_help = "Exit codes are those of the run: 0 complete, 1 failed, 3 incomplete or interrupted, \
        4 refused by the service (credentials or quota)."
    )]
    Show(ShowArgs),
    /// Undo what runs added to the threat library
    #[command(
        long_about = "Removes what a run added to the threat library. Data from other sources stays, and so do indicators that \
        somebody has worked on: those with a note, another status, or data of others."
    )]
    Undo(UndoArgs),
}

const ADD_EXAMPLES: &str = "\
Examples:
  backsight run add 17 --dry-run                show what would be new, known or left out
  backsight run add 17
  backsight run add 17 --pick 1,3-5             by the numbers of `backsight run show 17`
  backsight run add 17 --pick www.example.com   the findings of the records with this name
  backsight run undo 17

New indicators get the status Indirect. Whitelisted indicators are not changed, removed ones are not
restored, and one source adds at most 10,000 relationships to an indicator.";

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The run's number
    #[arg(value_name = "ID", value_parser = run_number)]
    pub(crate) id: i64,
    /// Which findings: all unflagged ones, or those with these numbers, or those of records with these values (the latter
    /// two include flagged ones)
    #[arg(long, value_name = "all|1,3-5|VALUE", default_value = "all")]
    pub(crate) pick: String,
    /// Only show what would be added
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only runs of this domain name, IP address or URL, defanged or not
    #[arg(long, value_name = "VALUE")]
    pub(crate) indicator: Option<String>,
    /// Only runs of this operation, in any version
    #[arg(long, value_name = "NAME")]
    pub(crate) operation: Option<String>,
    /// Only runs in this state
    #[arg(long, value_name = "STATE", value_parser = state())]
    pub(crate) state: Option<State>,
    /// Only runs of this user
    #[arg(long, value_name = "NAME")]
    pub(crate) actor: Option<String>,
    /// Only the runs of one command, given by the number of its first run
    #[arg(long, value_name = "ID", value_parser = run_number)]
    pub(crate) batch: Option<i64>,
    /// Only runs that began at or after this: a date, a time, or 7d for seven days ago
    #[arg(long, value_name = "T")]
    pub(crate) since: Option<String>,
    /// Only runs that began at or before this; a date includes the whole day
    #[arg(long, value_name = "T")]
    pub(crate) until: Option<String>,
    /// Leave out runs that used the kept answer of another run
    #[arg(long)]
    pub(crate) without_cached: bool,
    /// List at most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Only runs before the one with this number
    #[arg(long, value_name = "ID", value_parser = run_number)]
    pub(crate) before: Option<i64>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The run's number
    #[arg(value_name = "ID", value_parser = run_number)]
    pub(crate) id: i64,
    /// Print the evidence exactly as received; escaped if the output is a terminal
    #[arg(long, conflicts_with_all = ["format", "changes", "since", "sort", "limit", "as_number", "country"])]
    pub(crate) raw: bool,
    /// Show what was new, gone or different since the previous answer
    #[arg(long)]
    pub(crate) changes: bool,
    /// Show what was new, gone or different since the answer of that run
    #[arg(long, value_name = "ID", value_parser = run_number)]
    pub(crate) since: Option<i64>,
    #[command(flatten)]
    pub(crate) placing: PlacingArgs,
    /// The order of the records
    #[arg(long, value_enum, default_value = "last")]
    pub(crate) sort: Sort,
    /// Print at most this many records
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    pub(crate) limit: Option<usize>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// The numbers of the runs
    #[arg(value_name = "ID", required_unless_present = "batch", value_parser = run_number)]
    pub(crate) ids: Vec<i64>,
    /// All runs of one command, given by the number of its first run
    #[arg(long, value_name = "ID", conflicts_with = "ids", value_parser = run_number)]
    pub(crate) batch: Option<i64>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

/// The name of a [`State`].
fn state() -> impl clap::builder::TypedValueParser<Value = State> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};
    PossibleValuesParser::new(State::ALL.map(State::word))
        .map(|word| State::from_word(&word).unwrap_or(State::Complete))
}

/// Parses the number of a run.
///
/// # Errors
/// A text that explains what a run's number is, and how to find it.
fn run_number(text: &str) -> Result<i64, String> {
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| "a run is named by its number; `backsight run list` shows them".to_owned())
}
