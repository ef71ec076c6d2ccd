//! The arguments of `backsight import`, `lookup`, `export` and `db`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use cof::Orientation;
use intake::Format as InputFormat;
use store::Limits;

use super::noise::NoiseArgs;
use super::placing::PlacingArgs;
use super::sensing::SensingArgs;
use super::{Format, View, at_least_one};

pub(crate) const IMPORT_ABOUT: &str = "Imports records into the passive-DNS database. Formats are detected by content, not by name: the Common \
    Output Format and DNSDB's answers; packet captures (pcap and pcapng) and dnstap frame streams; the logs of Zeek, Suricata \
    (EVE), DNS-collector, AdGuard Home, Packetbeat (ECS), passivedns and gopassivedns. Files may be compressed with gzip, zstd or \
    xz. For a folder, imports every file in it, recursively; formats may be mixed. \
    `tcpdump -U -w - port 53 | backsight import -` makes a sensor of any machine: what arrives is committed once a second.\n\n\
    Of captures, logs and frame streams, only records that answer a question are taken: the answer of a complete NOERROR response, \
    along its chain of CNAME records. Everything else is counted in the report. Addresses of clients are never stored.\n\n\
    Reports come from another database: of equal records the largest count is kept, so importing them twice changes \
    nothing. Observations come from your own sensors: their counts add up. A file of observations that was imported \
    completely is therefore refused the second time, unless you use --again.\n\n\
    Records are committed in batches; an interrupted import resumes after the last one, and nothing is counted twice. Files are \
    recognised by a digest of their whole content and skipped with a message; for reports the exit code is then 0.\n\n\
    CIRCL's second interface swaps rrname and rdata. A record that proves it (an A record with an address in rrname) is \
    corrected by itself. Records that prove nothing are corrected only if all that do are swapped. The table says how many \
    were corrected.\n\n\
    A record may hold a whole RRset with one count. The count belongs to the RRset: each of its records gets it, the \
    largest of several reports is kept, and counts of reports are never added up.";

pub(crate) const IMPORT_EXAMPLES: &str = "\
Examples:
  backsight import records.ndjson more.ndjson.gz dump.zst
  backsight query 192.0.2.1 --format cof | backsight import -
  backsight import sensor.ndjson.xz --as observation --sensor vienna-1
  backsight import dumps/ --origin https://pdns.example.org/ --rejects bad.ndjson
  backsight import dns.log.gz eve.json resolver.dnstap capture.pcap --sensor vienna-1

With --format json, one object per file:
  {\"input\", \"as\", \"state\": done, known, stopped or failed, \"resumed_at\": null or an offset, \"records\", \"repaired_times\", \"turned\",
   \"sensors_dropped\", \"octets\", \"format\", \"units\": frames, packets or lines, \"messages\", \"observations\": stored,
   \"left_out\": [{\"reason\", \"count\", \"offsets\": the first 10}], \"dropped\": the same for what is not wanted, \"truncated\", \"source_answer\": null, succeeded, limited, failed or missing,
   \"source_message\", \"error\": null or a text}

Exit codes: 0 everything was imported, 1 failure or no records found, 2 wrong usage,
3 some records were left out or the source's own answer is incomplete.";

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Files or folders; - is standard input
    #[arg(value_name = "FILE|DIR|-", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Whether the records are reports of another database or observations of your own sensors [default: report for the Common
    /// Output Format, observation for everything else]
    #[arg(long = "as", value_enum, value_name = "KIND")]
    pub(crate) kind: Option<Kind>,
    /// The format of the input [default: detected by its content]
    #[arg(long, value_parser = input_format(), value_name = "FORMAT")]
    pub(crate) input_format: Option<InputFormat>,
    /// The origin of all records; replaces the one they state
    #[arg(long, value_name = "URI", value_parser = text(Limits::USUAL.origin))]
    pub(crate) origin: Option<String>,
    /// The sensor that made these observations; its data is kept apart
    #[arg(long, value_name = "ID", value_parser = text(Limits::USUAL.sensor))]
    pub(crate) sensor: Option<String>,
    /// Keep each record's own `sensor_id` apart; without this option it is dropped
    #[arg(long, conflicts_with = "sensor")]
    pub(crate) keep_sensors: bool,
    /// Which field holds the owner name: rrname (draft) or rdata (swapped, as sent by CIRCL's second interface); auto
    /// decides by the records
    #[arg(long, value_parser = orientation(), default_value = "auto", value_name = "HOW")]
    pub(crate) orientation: Orientation,
    /// Append rejected input to this file, unchanged, so that you can fix and import it
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Stop at the first record that would be rejected
    #[arg(long)]
    pub(crate) strict: bool,
    /// Import files again that were imported before
    #[arg(long)]
    pub(crate) again: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
    #[command(flatten)]
    pub(crate) place: StoreArgs,
    #[command(flatten)]
    pub(crate) sensing: SensingArgs,
    #[command(flatten)]
    pub(crate) noise: NoiseArgs,
}

/// How imported counts are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Sightings of your own sensors: counts add up
    Observation,
    /// Records of another database: the largest count is kept
    #[default]
    Report,
}

pub(crate) const LOOKUP_ABOUT: &str = "Looks up records in the passive-DNS database of the data folder. This uses no network and no \
    integration, and keeps no run.\n\n\
    A question is a name (www.example.com), all names at and below one (*.example.com), an address (192.0.2.1), a network \
    (192.0.2.0/24), a range (192.0.2.1-192.0.2.9), or a name in the data (rdata:ns1.example.com, rdata:*.example.com). \
    Values may be defanged, a URL, or have a port, as for `query`. \
    Other text with * or ? is a pattern for the name or the data (*harbor*), and text between slashes a regular expression \
    (/^mail[0-9]/); name: or rdata: before it selects one of the two. exact:TEXT finds records whose data is exactly this. \
    Such a search reads the whole database.\n\n\
    The question may contain filters, as in the explorer of the workbench: type:A,NS, after:T, before:T (seen at this time or \
    later, or earlier), first-after:T and so on, below:example.com, in:192.0.2.0/24, source:NAME, by:source. \
    Times are dates (2017-06-09 or 20170609), timestamps, seconds since 1970, or ages: 90d, 12h, 3w, 2y.";

pub(crate) const LOOKUP_EXAMPLES: &str = "\
Examples:
  backsight lookup www.example.com
  backsight lookup '*.example.com' --rrtype A,AAAA --last-after 90d
  backsight lookup 192.0.2.0/24 --sort newest --limit 20
  backsight lookup rdata:ns1.example.com --summary
  backsight lookup www.example.com --by-source --format json
  backsight lookup '*harbor* type:A,NS after:2026-05-01'
  backsight lookup '*.example.com' --as-number AS64496 --country NL
  backsight lookup 'rdata:/spf1 .*mailroom/ source:vienna-1'

With --format json, one object:
  {\"question\", \"records\": [in the Common Output Format; with --by-source also \"source_kind\"], \"more\", \"limit\"}
Records whose address a file of [enrich] mmdb knows also have \"as_number\", \"as_name\", \"country\"
and with --summary:
  {\"question\", \"rows\", \"count\": the sum or null, \"time_first\", \"time_last\"}

For more than 10,000 rows use: backsight export QUESTION";

/// Where the passive-DNS database is.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// Use the database on this ClickHouse server, clickhouse://USER@HOST:PORT/DATABASE, or on a cluster (HOST:PORT,HOST:PORT and
    /// ?cluster=NAME), instead of that of the data folder; the password is in `BACKSIGHT_SECRET_STORE`
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
}

/// Filters of a query.
#[derive(Debug, Args)]
pub(crate) struct Narrowed {
    /// Only these record types
    #[arg(long, value_name = "A,NS")]
    pub(crate) rrtype: Option<String>,
    /// Only records first seen at or after this time
    #[arg(long, value_name = "T")]
    pub(crate) first_after: Option<String>,
    /// Only records first seen at or before this time
    #[arg(long, value_name = "T")]
    pub(crate) first_before: Option<String>,
    /// Only records last seen at or after this time
    #[arg(long, value_name = "T")]
    pub(crate) last_after: Option<String>,
    /// Only records last seen at or before this time
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
    #[command(flatten)]
    pub(crate) placing: PlacingArgs,
    /// Print at most this many rows, up to 10,000
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = at_least_one())]
    pub(crate) limit: usize,
    /// The order of the rows
    #[arg(long, value_enum, default_value_t)]
    pub(crate) sort: Sort,
    /// Print only the number of rows, the total count, and the first and last time
    #[arg(long)]
    pub(crate) summary: bool,
    /// Print a row for each source and bailiwick instead of a merged one
    #[arg(long)]
    pub(crate) by_source: bool,
    /// The output format
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) place: StoreArgs,
}

/// The order of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// By name (or by the matching data), then type and data
    #[default]
    Key,
    /// Last seen first
    Newest,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// What to export, with the same syntax as `lookup` [default: everything]
    #[arg(value_name = "QUESTION")]
    pub(crate) question: Option<String>,
    #[command(flatten)]
    pub(crate) narrowed: Narrowed,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ExportFormat,
    #[command(flatten)]
    pub(crate) place: StoreArgs,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// The Common Output Format, one record per line; zone data has its own lines
    #[default]
    Cof,
}

#[derive(Debug, Args)]
pub(crate) struct DbArgs {
    /// Use the database on this ClickHouse server, clickhouse://USER@HOST:PORT/DATABASE, or on a cluster (HOST:PORT,HOST:PORT and
    /// ?cluster=NAME), instead of that of the data folder; the password is in `BACKSIGHT_SECRET_STORE`
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) store: Option<String>,
    #[command(subcommand)]
    pub(crate) command: DbCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Back up the passive-DNS database while it is in use
    #[command(
        long_about = "Writes a folder with the current state of the database. Files that never change are hard-linked where the file \
            system allows it, so a backup on the same disk is fast and small; copy it to another disk to survive a disk failure. \
            If a server has the database open, the server writes the folder.",
        after_help = "Example: backsight db backup /mnt/backup/pdns-monday\n\n\
            With --format json: {\"backup\": the folder}"
    )]
    Backup(BackupArgs),
    /// Merge all data files into one, so that lookups read as little as possible
    #[command(after_help = "With --format json: {\"before\": sizes, \"after\": sizes}, as `stats` has them")]
    Compact(ViewArgs),
    /// Copy a database into another one, of any kind
    #[command(
        long_about = "Copies every record with its sources, times and counts from one passive-DNS database into another: from a data folder to \
            a ClickHouse server, back, or from one folder or server to another. The target may have records already; it is created if it \
            is a folder without a database.\n\n\
            The copy goes slice by slice, and the same command continues one that was interrupted; nothing is counted twice. Each slice is \
            read again from the target, and compared by its number of entries and its digest. Where the target has other records among \
            them, it is compared entry by entry; if it has far more, 500 entries are looked up.\n\n\
            Both databases can be in use. What is added to a part that has been copied is not copied. Which files were imported is not \
            copied either: the target would import them again.\n\n\
            FROM and TO are each a data folder, the folder of a passive-DNS database, or clickhouse://USER@HOST:PORT/DATABASE. The password \
            is in `BACKSIGHT_SECRET_STORE`; that of TO, if it is another one, is in `BACKSIGHT_SECRET_STORE_TO`. The journal of the copy is in the \
            folder `copies` of the data folder.",
        after_help = "Examples:\n  backsight db copy ~/.local/share/backsight clickhouse://pdns@127.0.0.1:8123/pdns\n  \
            backsight db copy clickhouse://pdns@127.0.0.1:8123/pdns /srv/backsight\n\n\
            With --format json: {\"from\", \"to\", \"entries\", \"slices\", \"identical\": slices that were found with the same digest, \
            \"contained\": slices that were found among other records}, the last two without those of an earlier, interrupted call"
    )]
    Copy(CopyArgs),
    /// Delete records by origin, by name or by age
    #[command(
        long_about = "Deletes the selected records permanently; earlier backups still have them. The command counts entries: one for each \
            source of a record. Files with records of a dropped origin can be imported again.",
        after_help = "Examples:\n  backsight db drop --origin https://pdns.example.org/ --dry-run\n  \
            backsight db drop --suffix test.example\n  backsight db drop --last-before 5y\n  \
            BACKSIGHT_DATABASE_KEEP_DAYS=365 backsight db drop --outdated\n\n\
            With --format json: {\"dropped\": entries, \"dry_run\"}"
    )]
    Drop(DropArgs),
    /// Create the tables of a database on a ClickHouse server
    #[command(
        long_about = "Creates the database and the tables of passive DNS on a ClickHouse server, or completes what was begun. Tables that \
            exist are never changed.\n\n\
            The server must recognise a block of records that is sent again, so that no record counts twice: version 18.16 or newer \
            with ZooKeeper or Keeper, or version 22.2 or newer. The database of a data folder is created by the first import.",
        after_help = "Example: backsight db init --store clickhouse://pdns@127.0.0.1:8123/pdns\n\n\
            After ? in the address: tls=yes (for other machines), ca_file=PATH, certificate=PATH, tables=PREFIX_ [default: pdns_].\n\
            On a cluster, with all its nodes: clickhouse://USER@HOST:PORT,HOST:PORT/DATABASE?cluster=NAME\n\
            With --format json: {\"store\": the address, \"created\": false if the tables were there}"
    )]
    Init(ViewArgs),
    /// Restore the passive-DNS database from a backup
    #[command(after_help = "Example: backsight db restore /mnt/backup/pdns-monday\n\n\
            The database must not exist yet. The backup is verified first.\n\
            With --format json: {\"restored\": the folder, \"from\": the backup}")]
    Restore(RestoreArgs),
    /// Show the size of the database, in memory and on disk
    #[command(after_help = "With --format json:\n  \
        {\"folder\": null on a server, \"store\": the address or null, \"server\": the process that has the folder open, or null, \"entries\", \"sources\", \"inputs\", \"sizes\": {\"runs\", \"octets\", \"tuples\", \"memory\"}}")]
    Stats(ViewArgs),
    /// Read both databases completely and verify them
    #[command(
        after_help = "Checks the workbench's structure, references, row contents, audit trail and evidence, and every file of the \
            passive-DNS database.\n\
            Exit code 1 if anything is damaged; the message says what.\n\
            With --format json: {\"files\", \"octets\", \"tuples\": null without a passive-DNS database, \"workbench\": null or \
            {\"rows\", \"audit_entries\", \"evidence_files\": the number of stored answers, \"faults\"}}"
    )]
    Verify(ViewArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The folder to create
    #[arg(value_name = "DEST")]
    pub(crate) to: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// The database to read: a folder, or an address on a server
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// The database to copy it into
    #[arg(value_name = "TO")]
    pub(crate) to: String,
    /// Copy everything, although it was copied before; observations that are there count twice
    #[arg(long)]
    pub(crate) again: bool,
    /// Do not read each slice again from the target
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The folder that `db backup` wrote
    #[arg(value_name = "SRC")]
    pub(crate) from: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
pub(crate) struct DropArgs {
    #[command(flatten)]
    pub(crate) what: DropWhat,
    /// Only count what would be deleted
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: View,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct DropWhat {
    /// Records of this origin; '' for records without one
    #[arg(long, value_name = "URI")]
    pub(crate) origin: Option<String>,
    /// Records of this name and of all names below it
    #[arg(long, value_name = "NAME")]
    pub(crate) suffix: Option<String>,
    /// Records last seen before this: a date, a time, or 5y for five years ago
    #[arg(long, value_name = "T")]
    pub(crate) last_before: Option<String>,
    /// Records that were not seen for longer than the setting `database.keep_days`
    #[arg(long)]
    pub(crate) outdated: bool,
}

/// A non-empty text that is not longer than a database stores.
pub(super) fn text(most: usize) -> impl clap::builder::TypedValueParser<Value = String> {
    use clap::builder::{NonEmptyStringValueParser, TypedValueParser as _};
    NonEmptyStringValueParser::new().try_map(move |text| {
        if text.len() <= most { Ok(text) } else { Err(format!("the maximum is {most} bytes")) }
    })
}

/// The word of a format that can be imported.
pub(super) fn input_format() -> impl clap::builder::TypedValueParser<Value = InputFormat> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};
    PossibleValuesParser::new(InputFormat::ALL.map(InputFormat::word))
        .map(|word| InputFormat::named(&word).unwrap_or(InputFormat::Cof))
}

/// The name of an [`Orientation`].
pub(crate) fn orientation() -> impl clap::builder::TypedValueParser<Value = Orientation> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};
    PossibleValuesParser::new(Orientation::ALL.map(Orientation::word))
        .map(|word| Orientation::from_word(&word).unwrap_or_default())
}
