//! The arguments of `backsight history`.

use clap::Args;

use super::placing::PlacingArgs;
use super::records::RecordArgs;
use super::{Format, Sort, at_least_one};

pub(super) const ABOUT: &str = "\
Shows what all operations know about a value: the newest usable answer of each, merged into one history. Each record has the \
earliest first seen and the latest last seen, and a column for each operation with its own dates and count. Counts are never added \
up, because providers may have the same sensors.

Nothing is queried: `backsight query VALUE --all-operations` does that.";

pub(super) const EXAMPLES: &str = "\
Examples:
  backsight history www.threatq.com
  backsight history www.threatq.com --only-one          records that only one operation has
  backsight history www.threatq.com --apart 30          records with dates more than 30 days apart
  backsight history www.threatq.com --changes           since the previous answers
  backsight history www.threatq.com --format csv > history.csv
  backsight history www.threatq.com --add all --dry-run
  backsight history www.threatq.com --add all           each finding is claimed by the runs that it comes from
  backsight history www.threatq.com --undo              remove what these runs added

Exit codes: 0 all answers are complete, 3 an answer is missing, incomplete or older than a failed run.";

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct HistoryArgs {
    /// Domain names, IP addresses or URLs, defanged or not
    #[arg(value_name = "VALUE", required = true)]
    pub(crate) values: Vec<String>,
    /// Only records that a single operation has, of several that answered
    #[arg(long)]
    pub(crate) only_one: bool,
    /// Only records with dates that differ by more than these days [default: 90]
    #[arg(long, value_name = "DAYS", num_args = 0..=1, require_equals = false, default_missing_value = "90")]
    pub(crate) apart: Option<u64>,
    #[command(flatten)]
    pub(crate) records: RecordArgs,
    #[command(flatten)]
    pub(crate) placing: PlacingArgs,
    /// The order of the records
    #[arg(long, value_enum, default_value = "last")]
    pub(crate) sort: Sort,
    /// Print at most this many records per value
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    pub(crate) limit: Option<usize>,
    /// Show what is new, gone or different since the previous answers
    #[arg(long)]
    pub(crate) changes: bool,
    /// Add findings to the threat library: all unflagged ones, or those with these numbers, or those of records with these values
    #[arg(long, value_name = "all|1,3-5|VALUE", conflicts_with = "undo")]
    pub(crate) add: Option<String>,
    /// Only show what --add would add
    #[arg(long, requires = "add")]
    pub(crate) dry_run: bool,
    /// Undo what the runs of this history added to the threat library
    #[arg(long, conflicts_with_all = ["changes", "sort", "limit", "only_one", "apart", "rrtype", "seen_after", "seen_before", "at", "as_number", "country"])]
    pub(crate) undo: bool,
    /// The output format
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}
