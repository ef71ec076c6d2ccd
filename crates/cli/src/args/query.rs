//! The arguments of `backsight query`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use operation::{IndicatorType, Side};
use workbench::library::Status;

use super::indicator::{statuses, types};
use super::placing::PlacingArgs;
use super::records::RecordArgs;
use super::{Format, Sort, at_least_one};

pub(super) const EXAMPLES: &str = "\
Examples:
  backsight query www.threatq.com
  backsight query 'hxxp://www[.]threatq[.]com/x' 104.196.175.197
  backsight query -f indicators.txt --format json --concurrency 8
  backsight query example.com --at 2017-06-09          records whose span includes that day
  backsight query example.com --rrtype A,AAAA --seen-after 90d --sort first
  backsight query 192.0.2.1 --format cof > records.ndjson
  backsight query --from-library --status Review --add all
  backsight query example.com --fresh --changes        what is new since the previous answer
  backsight query example.com --all-operations         every enabled operation
  backsight query -f indicators.txt --dry-run          what it would cost
  backsight query www.threatq.com --set host=127.0.0.1 --set port=8053 --set use_http=on

Install, configure and enable the operation once with `backsight integration`; --set overrides a
setting for one run. Each answer is kept as a run, which answers the same question for a day.
`backsight run` shows the findings and adds them to the threat library.

Secrets are never given on the command line. Set BACKSIGHT_SECRET_<KEY> in the environment, for
example BACKSIGHT_SECRET_USER_TOKEN=user:password, or use --secret user_token, which prompts for the
secret or reads it from a line of standard input.

CIRCL gives accounts to vetted partners only. Without one, query a server of your own:
`backsight serve --anonymous --sample`.";

/// The most values that are queried at the same time.
pub(crate) const MAX_CONCURRENCY: usize = 1024;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct QueryArgs {
    /// Domain names, IP addresses or URLs, defanged or not
    #[arg(value_name = "VALUE", required_unless_present_any = ["file", "from_library"])]
    pub(crate) values: Vec<String>,
    /// Also read values from a file, one or several per line, with # comments; - is standard input
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) file: Vec<PathBuf>,
    /// Also query the threat library: all of it, or what --type and --status select
    #[arg(long)]
    pub(crate) from_library: bool,
    /// Only library indicators of this type
    #[arg(long = "type", value_name = "T", requires = "from_library", value_parser = types(), ignore_case = true)]
    pub(crate) kind: Option<IndicatorType>,
    /// Only library indicators with this status
    #[arg(long, value_name = "S", requires = "from_library", value_parser = statuses(), ignore_case = true)]
    pub(crate) status: Option<Status>,
    /// The installed operation to use; several, separated by commas, are queried at the same time
    #[arg(long, value_name = "NAME[@VERSION],…")]
    pub(crate) operation: Option<String>,
    /// Use every enabled operation that accepts the type of the value
    #[arg(long, conflicts_with = "operation")]
    pub(crate) all_operations: bool,
    /// Print what it would cost, and query nothing: held back and stored values, requests, time, and what is left of each quota
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Query the service even if a kept answer is fresh enough
    #[arg(long, conflicts_with = "offline")]
    pub(crate) fresh: bool,
    /// Never query the service: use only kept answers, however old
    #[arg(long)]
    pub(crate) offline: bool,
    /// Add the findings to the threat library at once: all except flagged ones [default: none]
    #[arg(long, value_enum)]
    pub(crate) add: Option<Add>,
    /// Show what is new, gone or different since the previous answer
    #[arg(long)]
    pub(crate) changes: bool,
    /// Set a parameter of the operation for this run
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Prompt for a secret parameter; without a terminal, read it from a line of standard input
    #[arg(long, value_name = "KEY")]
    pub(crate) secret: Vec<String>,
    /// The output format; cof streams records as they arrive, the others wait for each whole answer
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Search the data of records for a name, for example all names on a name server; Backsight's own servers support this
    #[arg(long)]
    pub(crate) by_data: bool,
    #[command(flatten)]
    pub(crate) records: RecordArgs,
    #[command(flatten)]
    pub(crate) placing: PlacingArgs,
    /// The order of the records; cof prints them as they arrive
    #[arg(long, value_enum)]
    pub(crate) sort: Option<Sort>,
    /// Print at most this many records per value
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    pub(crate) limit: Option<usize>,
    /// Keep at most this many records per value; longer answers are truncated (exit code 3)
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    pub(crate) max_records: Option<usize>,
    /// How many values to query at the same time
    #[arg(long, value_name = "N", value_parser = at_least_one().range(1..=MAX_CONCURRENCY as u64))]
    pub(crate) concurrency: Option<usize>,
}

/// Which findings are added to the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Add {
    /// All findings that are not flagged
    All,
    /// None; select later with `backsight run add`
    None,
}

impl QueryArgs {
    /// The side of records on which names are searched.
    pub(crate) fn side(&self) -> Side {
        if self.by_data { Side::Data } else { Side::Owner }
    }
}
