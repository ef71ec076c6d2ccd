//! What can be said to `backsight query`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use operation::IndicatorType;
use workbench::library::Status;

use super::indicator::{statuses, types};
use super::{Format, Sort, at_least_one};

pub(super) const EXAMPLES: &str = "\
Examples:
  backsight query www.threatq.com
  backsight query 'hxxp://www[.]threatq[.]com/x' 104.196.175.197
  backsight query -f indicators.txt --format json --concurrency 8
  backsight query example.com --at 2017-06-09          where did it point then?
  backsight query example.com --rrtype A,AAAA --seen-after 90d --sort first
  backsight query 192.0.2.1 --format cof > records.ndjson
  backsight query --from-library --status Review --add all
  backsight query example.com --fresh --changes        what is new since the last time?
  backsight query www.threatq.com --set host=127.0.0.1 --set port=8053 --set use_http=on

The operation is installed, configured and enabled once with `backsight integration`; --set goes
over it for one run. Every answer is kept as a run, and answers the same question again for a day;
`backsight run` shows what was found and adds it to the threat library.

Secrets never stand on the command line: give them in the environment as BACKSIGHT_SECRET_<KEY>,
for example BACKSIGHT_SECRET_USER_TOKEN=user:password, or with --secret user_token, which asks, or
reads a line of standard input.

CIRCL gives accounts to vetted partners. Without one, ask a server of your own:
`backsight serve --anonymous --sample`.";

/// The most values that are asked about at once.
pub(crate) const MAX_CONCURRENCY: usize = 1024;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct QueryArgs {
    /// Domain names, IP addresses or URLs, defanged or not
    #[arg(value_name = "VALUE", required_unless_present_any = ["file", "from_library"])]
    pub(crate) values: Vec<String>,
    /// Take values from a file too, one or several a line, # for comments; - is standard input
    #[arg(short, long, value_name = "FILE|-")]
    pub(crate) file: Vec<PathBuf>,
    /// Take values from the threat library too: all of it, or what --type and --status choose
    #[arg(long)]
    pub(crate) from_library: bool,
    /// Only this type, of the library
    #[arg(long = "type", value_name = "T", requires = "from_library", value_parser = types(), ignore_case = true)]
    pub(crate) kind: Option<IndicatorType>,
    /// Only this status, of the library
    #[arg(long, value_name = "S", requires = "from_library", value_parser = statuses(), ignore_case = true)]
    pub(crate) status: Option<Status>,
    /// The installed operation to ask with
    #[arg(long, value_name = "NAME[@VERSION]")]
    pub(crate) operation: Option<String>,
    /// Ask even if a kept answer is fresh enough
    #[arg(long, conflicts_with = "offline")]
    pub(crate) fresh: bool,
    /// Never ask: only what is kept, however old
    #[arg(long)]
    pub(crate) offline: bool,
    /// Add what is found to the threat library at once: all but what is flagged as doubtful [default: none]
    #[arg(long, value_enum)]
    pub(crate) add: Option<Add>,
    /// Show what is new, gone or different since the answer before
    #[arg(long)]
    pub(crate) changes: bool,
    /// Set a parameter of the operation for this run
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Ask for a secret parameter; without a terminal, read it from a line of standard input
    #[arg(long, value_name = "KEY")]
    pub(crate) secret: Vec<String>,
    /// How to print; cof streams as it arrives, the others hold each answer first
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Ask which records have a name in their data: what a name server serves, say. Backsight's servers answer this
    #[arg(long)]
    pub(crate) by_data: bool,
    /// Only these record types
    #[arg(long, value_name = "A,NS")]
    pub(crate) rrtype: Option<String>,
    /// Only records last seen at or after this: a date, a time, or 90d for ninety days ago
    #[arg(long, value_name = "T")]
    pub(crate) seen_after: Option<String>,
    /// Only records first seen at or before this
    #[arg(long, value_name = "T")]
    pub(crate) seen_before: Option<String>,
    /// Only records that were there at this time: where did it point then
    #[arg(long, value_name = "T", conflicts_with_all = ["seen_after", "seen_before"])]
    pub(crate) at: Option<String>,
    /// The order of the records; not with cof, which prints them as they arrive
    #[arg(long, value_enum)]
    pub(crate) sort: Option<Sort>,
    /// Print at most this many records a value
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    pub(crate) limit: Option<usize>,
    /// Hold at most this many records a value; beyond it the answer is truncated (exit code 3)
    #[arg(long, value_name = "N", value_parser = at_least_one())]
    pub(crate) max_records: Option<usize>,
    /// How many values to ask about at once
    #[arg(long, value_name = "N", value_parser = at_least_one().range(1..=MAX_CONCURRENCY as u64))]
    pub(crate) concurrency: Option<usize>,
}

/// What of the findings goes into the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Add {
    /// Everything that is not flagged
    All,
    /// Nothing; `backsight run add` selects later
    None,
}
