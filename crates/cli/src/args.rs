//! The command line: every argument and its help, one file per command. This module does nothing else.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod collect;
pub(crate) mod database;
pub(crate) mod forwarding;
pub(crate) mod handover;
pub(crate) mod history;
pub(crate) mod indicator;
pub(crate) mod integration;
pub(crate) mod investigation;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod noise;
pub(crate) mod placing;
pub(crate) mod push;
pub(crate) mod query;
pub(crate) mod records;
pub(crate) mod run;
pub(crate) mod sensing;
pub(crate) mod serve;
pub(crate) mod threatq;
pub(crate) mod token;

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use self::audit::AuditArgs;
use self::backup::{BackupArgs, RestoreArgs};
use self::collect::{COLLECT_ABOUT, CollectArgs};
use self::database::{
    DbArgs, ExportArgs, IMPORT_ABOUT, IMPORT_EXAMPLES, ImportArgs, LOOKUP_ABOUT, LOOKUP_EXAMPLES, LookupArgs,
};
use self::handover::HandoverArgs;
use self::history::HistoryArgs;
use self::indicator::IndicatorArgs;
use self::integration::IntegrationArgs;
use self::investigation::InvestigationArgs;
use self::key::KeyArgs;
use self::list::ListArgs;
use self::push::PushArgs;
pub(crate) use self::query::{Add, MAX_CONCURRENCY, QueryArgs};
use self::run::RunArgs;
pub(crate) use self::serve::{AccessLog, ServeArgs};
use self::threatq::ThreatqArgs;
use self::token::TokenArgs;

/// The heading of global options in the help of every command.
const GLOBAL: &str = "Global options";

/// A passive-DNS workbench: look up the history of names and addresses, and keep what you find
#[derive(Debug, Parser)]
#[command(
    name = "backsight",
    version,
    max_term_width = 100,
    after_help = "Start with `backsight demo`. It needs no account and no network.\n\n\
        Exit codes: 0 success (also if nothing was found), 1 failure, 2 wrong usage, 3 incomplete answer, \
        4 refused by the service (credentials or quota)."
)]
pub(crate) struct Arguments {
    /// The data folder [env: `BACKSIGHT_DATA_DIR`; default: the platform's, such as
    /// ~/.local/share/backsight]
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    pub(crate) data_dir: Option<PathBuf>,
    /// The configuration file [env: `BACKSIGHT_CONFIG`; default: the platform's, such as
    /// ~/.config/backsight/backsight.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the audit trail: who changed what, and when
    Audit(AuditArgs),
    /// Back up the data folder: workbench, evidence, key and passive-DNS database
    #[command(
        long_about = "Writes a consistent copy of the data folder while servers and other commands keep working: the workbench, the \
            evidence of its runs, the encryption key and the passive-DNS database. Only the owner can read the copy, and it is \
            verified before the command ends.\n\n\
            The backup contains the key that decrypts its secrets. Protect the backup like the data folder, or use \
            --without-key and store secret.key elsewhere.",
        after_help = "Example: backsight backup /mnt/backup/monday\n\n\
            Exit code 1 if the data folder is damaged; the copy then has the same damage.\n\
            With --format json: {\"backup\", \"workbench\": null or {\"rows\", \"audit_entries\", \"evidence_files\", \"faults\"}, \
            \"pdns\": whether there is a passive-DNS database, \"key\": whether the key is in it}"
    )]
    Backup(BackupArgs),
    /// Collect records from running resolvers into the passive-DNS database
    #[command(long_about = COLLECT_ABOUT)]
    Collect(CollectArgs),
    /// Print a shell completion script
    #[command(
        after_help = "Example: backsight completions bash > ~/.local/share/bash-completion/completions/backsight"
    )]
    Completions(CompletionsArgs),
    /// Print the effective configuration and where each value comes from
    Config(ConfigArgs),
    /// Maintain the databases: verify both; compact, back up, restore and prune passive DNS
    #[command(
        long_about = "Maintains the passive-DNS database of the data folder. These commands also work while a server has the database \
            open; while an import has it open, they wait."
    )]
    Db(DbArgs),
    /// Try it out: the workbench in your browser, with a local passive-DNS server and sample records
    #[command(
        long_about = "Starts the workbench and a passive-DNS server with sample records on a free port of this machine. The CIRCL Passive \
        DNS operation is installed, enabled and configured to use that server. Prints a one-time sign-in link and runs until \
        Ctrl-C. Nothing leaves this machine, and all data is deleted when it ends.\n\n\
        With --once it shows the same steps in the terminal: install, configure and enable the operation, run \"Query CIRCL \
        Passive DNS\", add the results to the threat library, and list them."
    )]
    Demo(DemoArgs),
    /// Export passive-DNS records in the Common Output Format
    #[command(
        long_about = "Prints the matching records of the passive-DNS database in the Common Output Format, one per line, without a limit. \
            Another database that imports the export as reports gives the same answers.",
        after_help = "Examples:\n  backsight export | zstd > all.ndjson.zst\n  backsight export '*.example.com'\n  \
            backsight export 192.0.2.0/24"
    )]
    Export(ExportArgs),
    /// Print what was found as a document for another platform: STIX 2.1, MISP, CSV, COF or JSON
    #[command(long_about = handover::ABOUT, after_help = handover::EXAMPLES)]
    Handover(Box<HandoverArgs>),
    /// Show what all operations know about a value, merged into one history
    #[command(long_about = history::ABOUT, after_help = history::EXAMPLES)]
    History(Box<HistoryArgs>),
    /// Import records into the passive-DNS database
    #[command(long_about = IMPORT_ABOUT, after_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Manage the threat library: domain names and addresses, with attributes and relationships
    Indicator(IndicatorArgs),
    /// Install, configure and enable integrations with passive-DNS services
    Integration(IntegrationArgs),
    /// Investigate a report: its indicators, all operations about them, verdicts and notes
    #[command(long_about = investigation::ABOUT, after_help = investigation::EXAMPLES)]
    Investigation(Box<InvestigationArgs>),
    /// Rotate the key that encrypts secrets
    Key(KeyArgs),
    /// Manage warning lists: names and addresses that say little, in MISP's format
    #[command(long_about = list::ABOUT)]
    List(ListArgs),
    /// Look up records in the local passive-DNS database
    #[command(long_about = LOOKUP_ABOUT, after_help = LOOKUP_EXAMPLES)]
    Lookup(Box<LookupArgs>),
    /// Write the manual pages to a folder
    #[command(after_help = "Example: backsight man ~/.local/share/man/man1")]
    Man(ManArgs),
    /// Send what was found to a platform such as MISP, and show what was sent where
    #[command(long_about = push::ABOUT, after_help = push::EXAMPLES)]
    Push(Box<PushArgs>),
    /// Query a passive-DNS service about domain names and IP addresses
    #[command(
        long_about = "Runs \"Query CIRCL Passive DNS\" on each value and shows its history: direct records (the value is the owner name \
            or the data), related records (other records of the names that an address has had), and the findings that can be \
            added to the threat library.",
        after_help = query::EXAMPLES
    )]
    Query(Box<QueryArgs>),
    /// Restore the data folder from a backup
    #[command(after_help = "Example: backsight --data-dir /srv/backsight restore /mnt/backup/monday\n\n\
        The data folder must be empty. The result is verified: exit code 1 if anything is damaged.\n\
        With --format json: {\"restored\", \"from\", \"workbench\": null or {\"rows\", \"audit_entries\", \"evidence_files\", \
        \"faults\"}, \"pdns\": whether there is a passive-DNS database}")]
    Restore(RestoreArgs),
    /// Show runs, and add their findings to the threat library
    Run(RunArgs),
    /// Serve the workbench, and passive DNS over CIRCL's and DNSDB's interfaces
    #[command(
        long_about = "Serves the passive-DNS database of the data folder over CIRCL's and DNSDB's interfaces (described at /docs/pdns), and \
            the workbench: integrations, the threat library, users. As long as there is no user, it prints a link to create the \
            first administrator.\n\n\
            Other commands keep working while the server runs: they reach the database through it. With --cof or --sample it \
            serves those records instead, from a temporary database.",
        after_help = "Examples:\n  backsight import records.ndjson && backsight serve --anonymous\n  \
        backsight serve --anonymous --cof records.ndjson\n  backsight serve --anonymous --sample\n  \
        curl http://127.0.0.1:8053/pdns/query/www.example.com\n\n  \
        backsight token create --name partner --rate 10/s --daily 20000\n  \
        backsight serve\n  \
        curl -H 'X-API-Key: bsk_…' http://127.0.0.1:8053/pdns/query/www.example.com\n\n  \
        backsight serve --listen 0.0.0.0:8443 --tls-cert fullchain.pem --tls-key privkey.pem --access-log json\n\n\
        /healthz and /readyz report the server's health, /metrics its counters (Prometheus format; needs read access).\n\
        BACKSIGHT_SECRET_TOKEN sets one more token that clients may use. Limits are part of the configuration: `backsight config`.\n\
        SIGTERM and Ctrl-C stop it: it accepts no more connections, and gives running requests 10 seconds."
    )]
    Serve(ServeArgs),
    /// Take indicators from a ThreatQ, and execute the operations that are installed there
    #[command(long_about = threatq::ABOUT)]
    Threatq(Box<ThreatqArgs>),
    /// Manage access tokens for the passive-DNS interfaces
    #[command(
        long_about = "Creates, lists and revokes tokens for the passive-DNS interfaces of `backsight serve`. A token is shown only once, \
            when it is created; only its hash is stored. Running servers notice a change within a second.",
        after_help = "Clients send the token as the password of HTTP Basic authentication (with any user name), as `Authorization: Bearer \
            TOKEN`, as `Authorization: TOKEN` or as `X-API-Key: TOKEN`, but never in the URL."
    )]
    Token(TokenArgs),
}

pub(crate) fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Show all steps once in the terminal, then exit
    #[arg(long)]
    pub(crate) once: bool,
    /// The values to query [default: www.threatq.com 104.196.175.197]
    #[arg(value_name = "VALUE", requires = "once")]
    pub(crate) values: Vec<String>,
    /// The address and port to listen on [default: a free port of 127.0.0.1]
    #[arg(long, value_name = "ADDR", conflicts_with = "once")]
    pub(crate) listen: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Print a reference of all settings as Markdown instead
    #[arg(long)]
    pub(crate) reference: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder; created if it does not exist
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables for reading
    Table,
    /// One JSON object per value, one per line
    Json,
    /// The records in the Common Output Format
    Cof,
    /// One table for spreadsheets
    Csv,
}

/// How lists and details are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// A table for reading
    #[default]
    Table,
    /// One JSON object
    Json,
}

/// The order in which records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// Last seen first
    Last,
    /// First seen first
    First,
    /// Largest count first
    Count,
    /// By owner name, type and data
    Name,
}

impl From<Sort> for workbench::run::Sort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Count => Self::Count,
            Sort::First => Self::First,
            Sort::Last => Self::Last,
            Sort::Name => Self::Name,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    const UNIT: &str = include_str!("../../../dist/backsight.service");
    const CONTAINER: &str = include_str!("../../../dist/Containerfile");

    /// Fails unless the program accepts these arguments.
    #[track_caller]
    fn understood(words: &str) -> Arguments {
        let words = words.split(" < ").next().unwrap_or_default().split_whitespace();
        Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The rest of the line that begins with this text.
    #[track_caller]
    fn after<'a>(text: &'a str, begins: &str) -> &'a str {
        text.lines().find_map(|line| line.strip_prefix(begins)).unwrap_or_else(|| panic!("no {begins}"))
    }

    #[test]
    fn the_unit_says_what_the_program_understands() {
        let serve = understood(after(UNIT, "ExecStart=/usr/bin/"));
        assert_eq!(serve.data_dir.as_deref(), Some("/var/lib/backsight".as_ref()));
        assert_eq!(after(UNIT, "StateDirectory="), "backsight");
        let advice: Vec<&str> =
            UNIT.lines().filter_map(|line| line.split_once(" -- ")).map(|(_, said)| said).collect();
        assert_eq!(advice.len(), 2, "{advice:?}");
        for command in advice {
            assert_eq!(understood(command).data_dir, serve.data_dir);
        }
    }

    #[test]
    fn the_container_says_what_the_program_understands() {
        let words =
            |begins| serde_json::from_str::<Vec<String>>(after(CONTAINER, begins)).expect("a JSON array");
        let command = [words("ENTRYPOINT "), words("CMD ")].concat().join(" ");
        let Command::Serve(serve) = understood(&command).command else { panic!("{command}") };
        let port = after(CONTAINER, "EXPOSE ");
        assert_eq!(serve.listen, Some(format!("0.0.0.0:{port}")));
        assert!(
            serve.behind_proxy && CONTAINER.contains(&format!("/127.0.0.1/{port};")),
            "the health check asks there"
        );
        assert_eq!(after(CONTAINER, "ENV BACKSIGHT_DATA_DIR="), after(CONTAINER, "VOLUME "));
        let lines =
            CONTAINER.lines().filter(|line| line.contains("podman exec") || line.contains("podman run …"));
        let advice: Vec<&str> =
            lines.filter_map(|line| line.split_once(" backsight ")).map(|(_, said)| said).collect();
        assert_eq!(advice.len(), 3, "{advice:?}");
        for command in advice {
            understood(&format!("backsight {command}"));
        }
    }
}
