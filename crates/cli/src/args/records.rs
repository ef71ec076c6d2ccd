//! The options that select records: types and times.

use clap::Args;

/// Which records of an answer are wanted.
#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// Only these record types
    #[arg(long, value_name = "A,NS")]
    pub(crate) rrtype: Option<String>,
    /// Only records last seen at or after this: a date, a time, or 90d for ninety days ago
    #[arg(long, value_name = "T")]
    pub(crate) seen_after: Option<String>,
    /// Only records first seen at or before this
    #[arg(long, value_name = "T")]
    pub(crate) seen_before: Option<String>,
    /// Only records whose span includes this time
    #[arg(long, value_name = "T", conflicts_with_all = ["seen_after", "seen_before"])]
    pub(crate) at: Option<String>,
}

impl RecordArgs {
    /// Whether none of the options is given.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { rrtype, seen_after, seen_before, at } = self;
        [rrtype, seen_after, seen_before, at].into_iter().all(Option::is_none)
    }
}
