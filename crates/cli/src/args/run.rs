//! What can be said to `backsight run`.

use clap::{Args, Subcommand};

use workbench::run::State;

use super::{Sort, View, at_least_one};

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(subcommand)]
    pub(crate) command: RunCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Add what a run found to the threat library
    #[command(after_help = ADD_EXAMPLES)]
    Add(AddArgs),
    /// List runs, the newest first
    List(ListArgs),
    /// Show a run: its records, and its findings with their numbers
    #[command(
        after_help = "Exit codes: as when it was asked. 0 complete, 1 failed, 3 incomplete or interrupted, \
        4 refused (credentials or quota)."
    )]
    Show(ShowArgs),
    /// Take back what a run added to the threat library, and nothing else
    #[command(
        long_about = "Takes back what a run added to the threat library. What others have added or said since stays, \
        and so does an indicator that somebody has worked with: it has a note, another status, or something of others \
        hangs on it."
    )]
    Undo(UndoArgs),
}

const ADD_EXAMPLES: &str = "\
Examples:
  backsight run add 17 --dry-run                what would be new, known already, left out?
  backsight run add 17
  backsight run add 17 --pick 1,3-5             by the numbers that `backsight run show 17` prints
  backsight run add 17 --pick www.example.com   what the records with this name propose
  backsight run undo 17

What is new arrives with the status Indirect. Nothing that is whitelisted is touched, nothing that
was removed comes back, and one source joins at most 10,000 relationships to an indicator.";

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The run's number
    #[arg(value_name = "ID", value_parser = run_number)]
    pub(crate) id: i64,
    /// Which findings: all but those that are flagged, numbers, or what the records with these values propose; flagged
    /// ones included
    #[arg(long, value_name = "all|1,3-5|VALUE", default_value = "all")]
    pub(crate) pick: String,
    /// Only say what would be added
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only runs on this domain name, IP address or URL, defanged or not
    #[arg(long, value_name = "VALUE")]
    pub(crate) indicator: Option<String>,
    /// Only runs of this operation, by its name, whatever its version
    #[arg(long, value_name = "NAME")]
    pub(crate) operation: Option<String>,
    /// Only runs in this state
    #[arg(long, value_name = "STATE", value_parser = state())]
    pub(crate) state: Option<State>,
    /// Only runs of this user
    #[arg(long, value_name = "NAME")]
    pub(crate) actor: Option<String>,
    /// Only the runs of one command, by the number of its first run
    #[arg(long, value_name = "ID", value_parser = run_number)]
    pub(crate) batch: Option<i64>,
    /// Only runs that began then or later: a date, a time, or 7d for seven days ago
    #[arg(long, value_name = "T")]
    pub(crate) since: Option<String>,
    /// Only runs that began then or earlier; a date is the whole day
    #[arg(long, value_name = "T")]
    pub(crate) until: Option<String>,
    /// Leave out runs that took the kept answer of another run
    #[arg(long)]
    pub(crate) without_cached: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Only runs before the one of this number
    #[arg(long, value_name = "ID", value_parser = run_number)]
    pub(crate) before: Option<i64>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The run's number
    #[arg(value_name = "ID", value_parser = run_number)]
    pub(crate) id: i64,
    /// The evidence as it was received, octet for octet; printable on a terminal
    #[arg(long, conflicts_with_all = ["format", "changes", "since", "sort", "limit"])]
    pub(crate) raw: bool,
    /// Show what was new, gone or different since the answer before
    #[arg(long)]
    pub(crate) changes: bool,
    /// Show what was new, gone or different since the answer of that run
    #[arg(long, value_name = "ID", value_parser = run_number)]
    pub(crate) since: Option<i64>,
    /// The order of the records
    #[arg(long, value_enum, default_value = "last")]
    pub(crate) sort: Sort,
    /// Print at most this many records
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    pub(crate) limit: Option<usize>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// The numbers of the runs
    #[arg(value_name = "ID", required_unless_present = "batch", value_parser = run_number)]
    pub(crate) ids: Vec<i64>,
    /// All runs of one command, by the number of its first run
    #[arg(long, value_name = "ID", conflicts_with = "ids", value_parser = run_number)]
    pub(crate) batch: Option<i64>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

/// One of the words of [`State`].
fn state() -> impl clap::builder::TypedValueParser<Value = State> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};
    PossibleValuesParser::new(State::ALL.map(State::word))
        .map(|word| State::from_word(&word).unwrap_or(State::Complete))
}

/// The number of a run.
///
/// # Errors
/// What a run's number is, and how to find it.
fn run_number(text: &str) -> Result<i64, String> {
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| "a run has a number; `backsight run list` shows them".to_owned())
}
