//! The command line: what can be said, and the help that teaches it. A file for each command; none of them does anything.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod database;
pub(crate) mod indicator;
pub(crate) mod integration;
pub(crate) mod key;
pub(crate) mod query;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod token;

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use self::audit::AuditArgs;
use self::backup::{BackupArgs, RestoreArgs};
use self::database::{
    DbArgs, ExportArgs, IMPORT_ABOUT, IMPORT_EXAMPLES, ImportArgs, LOOKUP_ABOUT, LOOKUP_EXAMPLES, LookupArgs,
};
use self::indicator::IndicatorArgs;
use self::integration::IntegrationArgs;
use self::key::KeyArgs;
pub(crate) use self::query::{Add, MAX_CONCURRENCY, QueryArgs};
use self::run::RunArgs;
pub(crate) use self::serve::{AccessLog, ServeArgs};
use self::token::TokenArgs;

/// Under what the options of every command stand in its help.
const GLOBAL: &str = "Global options";

/// Where has it pointed, since when, and what else lives there? A passive-DNS workbench.
#[derive(Debug, Parser)]
#[command(
    name = "backsight",
    version,
    max_term_width = 100,
    after_help = "Begin with `backsight demo`: it needs no account and no network.\n\n\
        Exit codes: 0 done (nothing found is done), 1 failed, 2 wrong usage, 3 an answer is incomplete, \
        4 refused (credentials or quota)."
)]
pub(crate) struct Arguments {
    /// The folder for what Backsight keeps [env: `BACKSIGHT_DATA_DIR`; default: the platform's, such as
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
    /// Show who changed what, and when
    Audit(AuditArgs),
    /// Copy the data folder: workbench, evidence, key and passive-DNS database, at one moment
    #[command(
        long_about = "Makes a folder with a consistent copy of all that the data folder keeps, while servers and other commands work: the \
            workbench, the evidence of its runs, the key of its secrets, and the passive-DNS database. The copy is for its owner \
            alone and is verified before the command ends.\n\n\
            The key lies beside the secrets that it opens, as in the data folder: keep the backup as safe, or leave the key out with \
            --without-key and keep secret.key elsewhere.",
        after_help = "Example: backsight backup /mnt/backup/monday\n\n\
            Exit code 1 if something is damaged; the copy is as damaged as its original then.\n\
            With --format json: {\"backup\", \"workbench\": null or {\"rows\", \"audit_entries\", \"evidence_files\", \"faults\"}, \
            \"pdns\": whether there is a passive-DNS database, \"key\": whether the key is in it}"
    )]
    Backup(BackupArgs),
    /// Print the completions of a shell
    #[command(
        after_help = "Example: backsight completions bash > ~/.local/share/bash-completion/completions/backsight"
    )]
    Completions(CompletionsArgs),
    /// Print the configuration in force, and where each value comes from
    Config(ConfigArgs),
    /// Look after the databases: check both; compact, back up, restore and forget passive DNS
    #[command(
        long_about = "Looks after the passive-DNS database of this machine. Every one of these works the same while a server has the \
            database; while an import has it, it is waited for."
    )]
    Db(DbArgs),
    /// See what it does: the workbench in the browser, with a passive-DNS server of our own and sample records
    #[command(
        long_about = "Opens the workbench with everything set: starts Backsight's own passive-DNS server with sample records and \
        the workbench on one free port of this machine, with the CIRCL Passive DNS operation installed, pointed at that \
        server and enabled. Prints a link that signs in, once, and runs until Ctrl-C. Nothing leaves this machine, and what is \
        kept goes when it ends.\n\n\
        With --once it prints the way instead, command by command: install, configure and enable the operation, run \"Query CIRCL \
        Passive DNS\", add what it finds to a threat library, and look at it."
    )]
    Demo(DemoArgs),
    /// Print the passive-DNS database, or a part of it, in the Common Output Format
    #[command(
        long_about = "Prints all of an answer of the passive-DNS database in the Common Output Format, one record a line, however much it \
            is. Importing it as reports into another database gives that database the same answers.",
        after_help = "Examples:\n  backsight export | zstd > all.ndjson.zst\n  backsight export '*.example.com'\n  \
            backsight export 192.0.2.0/24"
    )]
    Export(ExportArgs),
    /// Take records into the passive-DNS database
    #[command(long_about = IMPORT_ABOUT, after_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Keep the threat library: domain names and addresses, and what is known of them
    Indicator(IndicatorArgs),
    /// Install, configure and enable what asks passive-DNS services
    Integration(IntegrationArgs),
    /// Change the key that secrets are encrypted with
    Key(KeyArgs),
    /// Ask the passive-DNS database of this machine
    #[command(long_about = LOOKUP_ABOUT, after_help = LOOKUP_EXAMPLES)]
    Lookup(Box<LookupArgs>),
    /// Write the manual pages into a folder
    #[command(after_help = "Example: backsight man ~/.local/share/man/man1")]
    Man(ManArgs),
    /// Ask a passive-DNS service about domain names and addresses
    #[command(
        long_about = "Runs \"Query CIRCL Passive DNS\" on each value and shows its history: direct records (the value is the \
            owner or the data) apart from related ones (other records of the names that an address has had), and what the \
            package proposes for the threat library.",
        after_help = query::EXAMPLES
    )]
    Query(Box<QueryArgs>),
    /// Make the data folder again from a backup, where there is none
    #[command(after_help = "Example: backsight --data-dir /srv/backsight restore /mnt/backup/monday\n\n\
        What is restored is verified; exit code 1 if something is damaged.\n\
        With --format json: {\"restored\", \"from\", \"workbench\": null or {\"rows\", \"audit_entries\", \"evidence_files\", \
        \"faults\"}, \"pdns\": whether there is a passive-DNS database}")]
    Restore(RestoreArgs),
    /// Look at what was asked, and add to the threat library what it found
    Run(RunArgs),
    /// Answer passive-DNS questions over CIRCL's and DNSDB's interfaces, and open the workbench in the browser
    #[command(
        long_about = "Answers passive-DNS questions over CIRCL's and DNSDB's interfaces from the passive-DNS database of the data folder \
            (its page /docs/pdns describes both), and serves the workbench to browsers: integrations, the threat library, users. \
            While there is no user, a link is printed that makes the first administrator.\n\n\
            Other commands work on the database as before while it is served: they ask the server. With --cof or --sample the \
            records named are served instead, from a database of their own that goes when the server ends.",
        after_help = "Examples:\n  backsight import records.ndjson && backsight serve --anonymous\n  \
        backsight serve --anonymous --cof records.ndjson\n  backsight serve --anonymous --sample\n  \
        curl http://127.0.0.1:8053/pdns/query/www.example.com\n\n  \
        backsight token create --name partner --rate 10/s --daily 20000\n  \
        backsight serve\n  \
        curl -H 'X-API-Key: bsk_…' http://127.0.0.1:8053/pdns/query/www.example.com\n\n  \
        backsight serve --listen 0.0.0.0:8443 --tls-cert fullchain.pem --tls-key privkey.pem --access-log json\n\n\
        /healthz and /readyz say how it is, /metrics what was counted (Prometheus; for whoever may read).\n\
        Another token that clients may present comes from BACKSIGHT_SECRET_TOKEN. Limits are in the configuration: `backsight config`.\n\
        SIGTERM and Ctrl-C end it: no connection is taken any more, and requests that have begun have 10 seconds."
    )]
    Serve(ServeArgs),
    /// Say who may use the passive-DNS interfaces, how fast and how much
    #[command(
        long_about = "Makes, lists and revokes tokens for the passive-DNS interfaces of `backsight serve`. A token is shown once, when \
            it is made; only its hash is kept. Running servers know of a change within a second.",
        after_help = "Clients send it as the password of a login with any name (HTTP Basic), as `Authorization: Bearer TOKEN`, as \
            `Authorization: TOKEN` or as `X-API-Key: TOKEN`; never in the address."
    )]
    Token(TokenArgs),
}

pub(crate) fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Walk the way once in the terminal, command by command, and end
    #[arg(long)]
    pub(crate) once: bool,
    /// What to ask about [default: www.threatq.com 104.196.175.197]
    #[arg(value_name = "VALUE", requires = "once")]
    pub(crate) values: Vec<String>,
    /// The address and port of this machine to listen on [default: a free port of 127.0.0.1]
    #[arg(long, value_name = "ADDR", conflicts_with = "once")]
    pub(crate) listen: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Print what can be configured instead, as Markdown
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
    /// The folder; made if it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables to read
    Table,
    /// One JSON object a value, a line each
    Json,
    /// The records in the Common Output Format
    Cof,
    /// One table for spreadsheets
    Csv,
}

/// How lists and details are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// To read
    #[default]
    Table,
    /// One JSON object
    Json,
}

/// In which order records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// Last seen first
    Last,
    /// First seen first
    First,
    /// Most seen first
    Count,
    /// By owner, type and data
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

    /// Fails unless the program understands these words.
    #[track_caller]
    fn understood(words: &str) -> Arguments {
        let words = words.split(" < ").next().unwrap_or_default().split_whitespace();
        Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The rest of the line that begins so.
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
