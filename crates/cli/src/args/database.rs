//! What can be said about the passive-DNS database.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use cof::Orientation;
use store::Limits;

use super::{Format, View, at_least_one};

pub(crate) const IMPORT_ABOUT: &str = "Takes records in the Common Output Format into the passive-DNS database, plain or \
    packed with gzip, zstd or xz; what a file is shows in its content, not in its name. Of a folder, every file in it and below.\n\n\
    A report is what another database says: hearing it twice changes nothing, the largest count stands. Observations are \
    sightings of your own: their counts add up. So a file of observations that was imported whole is refused the second \
    time, unless --again says that it is meant.\n\n\
    Every 10,000 records last before the next are taken in, with how far in the file they reach: an import that was killed goes \
    on there when it is started again, and nothing counts twice. A file is known again by a digest of all of it, and is \
    then skipped, which is said: with exit code 0 for reports, which it would not change.\n\n\
    CIRCL's second interface swaps rrname and rdata. A record that proves which side is its owner (an address in rrname of an A \
    record) is turned alone; the others are turned where every record that proves anything is swapped. The table says how many \
    were turned.\n\n\
    One record may hold a whole RRset with one count. The count belongs to the RRset, so each of its records gets it, and of \
    several reports the largest count stands; counts of reports are never added up.";

pub(crate) const IMPORT_EXAMPLES: &str = "\
Examples:
  backsight import records.ndjson more.ndjson.gz dump.zst
  backsight query 192.0.2.1 --format cof | backsight import -
  backsight import sensor.ndjson.xz --as observation --sensor vienna-1
  backsight import dumps/ --origin https://pdns.example.org/ --rejects bad.ndjson

With --format json, one object a file:
  {\"input\", \"as\", \"state\": done, known, stopped or failed, \"resumed_at\": null or an offset, \"records\", \"repaired_times\", \"turned\",
   \"sensors_dropped\", \"octets\",
   \"left_out\": [{\"reason\", \"count\", \"offsets\": the first 10}], \"truncated\", \"source_answer\": null, succeeded, limited, failed or missing,
   \"source_message\", \"error\": null or a text}

Exit codes: 0 everything was taken in, 3 some of it was left out or the source's own answer is incomplete, 1 failed or no record in it, 2 wrong usage.";

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Files or folders; - is standard input
    #[arg(value_name = "FILE|DIR|-", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// What the records are: what another database says, or sightings of a sensor of yours
    #[arg(long = "as", value_enum, default_value_t, value_name = "KIND")]
    pub(crate) kind: Kind,
    /// Who says so, for all records, whatever origin they state
    #[arg(long, value_name = "URI", value_parser = text(Limits::USUAL.origin))]
    pub(crate) origin: Option<String>,
    /// Keep what this sensor says apart from what others say
    #[arg(long, value_name = "ID", value_parser = text(Limits::USUAL.sensor))]
    pub(crate) sensor: Option<String>,
    /// Keep apart what the sensors say that the records name; without this, `sensor_id` is dropped
    #[arg(long, conflicts_with = "sensor")]
    pub(crate) keep_sensors: bool,
    /// Which side of a record is the owner: rrname (draft) or rdata (swapped, as CIRCL's second interface sends it); auto
    /// lets the records decide
    #[arg(long, value_parser = orientation(), default_value = "auto", value_name = "HOW")]
    pub(crate) orientation: Orientation,
    /// Append what is left out to this file, as it came, so that it can be mended and imported
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// End at the first thing that would be left out
    #[arg(long)]
    pub(crate) strict: bool,
    /// Import files that have been imported before once more
    #[arg(long)]
    pub(crate) again: bool,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

/// How what is imported adds up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Sightings of a sensor: counts add up
    Observation,
    /// What another database says: the largest count stands
    #[default]
    Report,
}

pub(crate) const LOOKUP_ABOUT: &str = "Looks up a question in the passive-DNS database of this machine: no network, no \
    integration, no run.\n\n\
    A question is a name (www.example.com), all names at and below one (*.example.com), an address (192.0.2.1), a network \
    (192.0.2.0/24), a range (192.0.2.1-192.0.2.9), or a name in the data (rdata:ns1.example.com, rdata:*.example.com). \
    What is pasted is taken as by `query`: defanged, as a URL, or with a port. \
    Times are dates (2017-06-09 or 20170609), times, seconds since 1970, or how long ago: 90d, 12h, 3w, 2y.";

pub(crate) const LOOKUP_EXAMPLES: &str = "\
Examples:
  backsight lookup www.example.com
  backsight lookup '*.example.com' --rrtype A,AAAA --last-after 90d
  backsight lookup 192.0.2.0/24 --sort newest --limit 20
  backsight lookup rdata:ns1.example.com --summary
  backsight lookup www.example.com --by-source --format json

With --format json, one object:
  {\"question\", \"records\": [in the Common Output Format; with --by-source also \"source_kind\"], \"more\", \"limit\"}
and with --summary:
  {\"question\", \"rows\", \"count\": the sum or null, \"time_first\", \"time_last\"}

More than 10,000 rows: backsight export QUESTION";

/// What narrows a question.
#[derive(Debug, Args)]
pub(crate) struct Narrowed {
    /// Only these record types
    #[arg(long, value_name = "A,NS")]
    pub(crate) rrtype: Option<String>,
    /// Only what was first seen then or later
    #[arg(long, value_name = "T")]
    pub(crate) first_after: Option<String>,
    /// Only what was first seen then or earlier
    #[arg(long, value_name = "T")]
    pub(crate) first_before: Option<String>,
    /// Only what was last seen then or later
    #[arg(long, value_name = "T")]
    pub(crate) last_after: Option<String>,
    /// Only what was last seen then or earlier
    #[arg(long, value_name = "T")]
    pub(crate) last_before: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LookupArgs {
    /// What to look up
    #[arg(value_name = "QUESTION")]
    pub(crate) question: String,
    #[command(flatten)]
    pub(crate) narrowed: Narrowed,
    /// At most so many rows, up to 10,000
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = at_least_one())]
    pub(crate) limit: usize,
    /// Which rows come first
    #[arg(long, value_enum, default_value_t)]
    pub(crate) sort: Sort,
    /// Only how many rows there are, how often they were seen, and when
    #[arg(long)]
    pub(crate) summary: bool,
    /// A row for each source and bailiwick, rather than one over all of them
    #[arg(long)]
    pub(crate) by_source: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

/// The order of what is looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// By name, or by what was asked for in the data; then type and data
    #[default]
    Key,
    /// Last seen first
    Newest,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// What to export, as for `lookup` [default: everything]
    #[arg(value_name = "QUESTION")]
    pub(crate) question: Option<String>,
    #[command(flatten)]
    pub(crate) narrowed: Narrowed,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ExportFormat,
}

/// What an export is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// The Common Output Format, one record a line
    #[default]
    Cof,
}

#[derive(Debug, Args)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    pub(crate) command: DbCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Make a copy that can be restored, while the database goes on
    #[command(
        long_about = "Makes a folder that opens as the database is now. Files that never change are linked where the file \
            system can, so that a backup beside the database takes no time and little room; copy it elsewhere to be safe from \
            the disk. While a server has the database, the server writes the folder.",
        after_help = "Example: backsight db backup /mnt/backup/pdns-monday\n\n\
            With --format json: {\"backup\": the folder}"
    )]
    Backup(BackupArgs),
    /// Put all that is kept into one file, so that questions read as little as possible
    #[command(after_help = "With --format json: {\"before\": sizes, \"after\": sizes}, as `stats` has them")]
    Compact(ViewArgs),
    /// Forget what a source said, a part of the names, or what was last seen long ago
    #[command(
        long_about = "Forgets what the one selection covers, at once and for good; a backup made before has it. What is counted is \
            entries: what one source says of one record. Files that said something in the name of an origin that is dropped can be \
            imported again.",
        after_help = "Examples:\n  backsight db drop --origin https://pdns.example.org/ --dry-run\n  \
            backsight db drop --suffix test.example\n  backsight db drop --last-before 5y\n\n\
            With --format json: {\"dropped\": entries, \"dry_run\"}"
    )]
    Drop(DropArgs),
    /// Make the database from a backup, where there is none
    #[command(after_help = "Example: backsight db restore /mnt/backup/pdns-monday\n\n\
            The backup is read and checked first.\n\
            With --format json: {\"restored\": the folder, \"from\": the backup}")]
    Restore(RestoreArgs),
    /// Show how much there is, in memory and on disk
    #[command(after_help = "With --format json:\n  \
        {\"folder\", \"server\": its process or null, \"entries\", \"sources\", \"inputs\", \"sizes\": {\"runs\", \"octets\", \"tuples\", \"memory\"}}")]
    Stats(ViewArgs),
    /// Read both databases again and check everything in them
    #[command(
        after_help = "Of the workbench it checks structure, references, the content of each row, the chain of the audit trail and the \
            evidence of each run; of the passive-DNS database every file.\n\
            Exit code 1 with what is damaged.\n\
            With --format json: {\"files\", \"octets\", \"tuples\": null without a passive-DNS database, \"workbench\": null or \
            {\"rows\", \"audit_entries\", \"evidence_files\", \"faults\"}}"
    )]
    Verify(ViewArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The folder to make
    #[arg(value_name = "DEST")]
    pub(crate) to: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The folder that `backup` made
    #[arg(value_name = "SRC")]
    pub(crate) from: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct DropArgs {
    #[command(flatten)]
    pub(crate) what: DropWhat,
    /// Only count what would be dropped
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct DropWhat {
    /// What sources of this origin said; '' is those without one
    #[arg(long, value_name = "URI")]
    pub(crate) origin: Option<String>,
    /// This name and all below it
    #[arg(long, value_name = "NAME")]
    pub(crate) suffix: Option<String>,
    /// What was last seen before this: a date, a time, or 5y for five years ago
    #[arg(long, value_name = "T")]
    pub(crate) last_before: Option<String>,
}

/// Text that sources are kept by: not empty, and no longer than a database keeps it.
fn text(most: usize) -> impl clap::builder::TypedValueParser<Value = String> {
    use clap::builder::{NonEmptyStringValueParser, TypedValueParser as _};
    NonEmptyStringValueParser::new().try_map(move |text| {
        if text.len() <= most { Ok(text) } else { Err(format!("it may have {most} bytes")) }
    })
}

/// One of the words of [`Orientation`].
pub(crate) fn orientation() -> impl clap::builder::TypedValueParser<Value = Orientation> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};
    PossibleValuesParser::new(Orientation::ALL.map(Orientation::word))
        .map(|word| Orientation::from_word(&word).unwrap_or_default())
}
