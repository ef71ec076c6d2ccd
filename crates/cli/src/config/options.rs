//! The options of commands that set a setting.
//!
//! Options that add to a setting (`--hostname`, `--cors`), and paths, which need not be text (`--tls-cert`, `--tls-key`), are
//! not included: their commands combine them.

use clap::ValueEnum;
use toml::Value;

use crate::args::Command;
use crate::args::collect::{CollectCommand, HowArgs};
use crate::args::handover::ChosenArgs;
use crate::args::investigation::InvestigationCommand;
use crate::args::noise::NoiseArgs;

/// An option, its section and key, and its value if it is given.
type Setting = (&'static str, &'static str, &'static str, Option<Value>);

/// The given options, each with section, key and value.
pub(super) fn given(
    command: &Command,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str, Value)> {
    let options: Vec<Setting> = match command {
        Command::Query(query) => vec![
            ("--operation", "query", "operation", query.operation.clone().map(Value::String)),
            ("--format", "query", "format", query.format.as_ref().and_then(name)),
            ("--sort", "query", "sort", query.sort.as_ref().and_then(name)),
            ("--max-records", "query", "max_records", query.max_records.map(number)),
            ("--concurrency", "query", "concurrency", query.concurrency.map(number)),
        ],
        Command::Investigation(investigation) => match &investigation.command {
            InvestigationCommand::Run(run) => {
                vec![("--operation", "query", "operation", run.operation.clone().map(Value::String))]
            }
            _ => Vec::new(),
        },
        Command::Handover(handover) => {
            let own = [
                ("--related", "handover", "related", set(handover.related)),
                ("--defang", "handover", "defang", set(handover.defang)),
            ];
            own.into_iter().chain(handed(&handover.chosen)).collect()
        }
        Command::Push(push) => handed(&push.new.chosen).into(),
        Command::Serve(serve) => vec![
            ("--listen", "serve", "listen", serve.listen.clone().map(Value::String)),
            ("--threatq-listen", "threatq", "listen", serve.threatq_listen.clone().map(Value::String)),
            ("--behind-proxy", "serve", "behind_proxy", set(serve.behind_proxy)),
            ("--origin", "serve", "origin", serve.origin.clone().map(Value::String)),
            ("--access-log", "serve", "access_log", serve.access_log.as_ref().and_then(name)),
            ("--log-addresses", "serve", "log_addresses", set(serve.log_addresses)),
            store(serve.place.store.as_ref()),
        ],
        Command::Db(db) => vec![store(db.store.as_ref())],
        Command::Export(export) => vec![store(export.place.store.as_ref())],
        Command::Import(import) => [noise(&import.noise), vec![store(import.place.store.as_ref())]].concat(),
        Command::Lookup(lookup) => vec![store(lookup.place.store.as_ref())],
        Command::Collect(collect) => match &collect.command {
            CollectCommand::Dnstap(dnstap) => collected(&dnstap.how),
            CollectCommand::File(file) => collected(&file.how),
        },
        _ => Vec::new(),
    };
    options.into_iter().filter_map(|(option, section, key, value)| Some((option, section, key, value?)))
}

/// The options that say how what is handed over is marked.
fn handed(chosen: &ChosenArgs) -> [Setting; 3] {
    [
        ("--max-tlp", "handover", "max_tlp", chosen.max_tlp.map(|level| word(level.word()))),
        ("--tlp", "handover", "tlp", chosen.tlp.map(|level| word(level.word()))),
        ("--distribution", "handover", "distribution", chosen.distribution.map(|one| word(one.word()))),
    ]
}

/// The server that has the database.
fn store(address: Option<&String>) -> Setting {
    ("--store", "store", "address", address.cloned().map(Value::String))
}

/// What is collected.
fn collected(how: &HowArgs) -> Vec<Setting> {
    [noise(&how.noise), vec![store(how.database.store.as_ref())]].concat()
}

/// The options that say what is not kept.
fn noise(options: &NoiseArgs) -> Vec<Setting> {
    options.settings().map(|(option, key, value)| (option, "intake", key, value)).into()
}

fn word(word: &str) -> Value {
    Value::String(word.to_owned())
}

fn name(choice: &impl ValueEnum) -> Option<Value> {
    Some(Value::String(choice.to_possible_value()?.get_name().to_owned()))
}

/// A number that is too large for TOML has the same effect as no limit.
fn number(count: usize) -> Value {
    Value::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

fn set(flag: bool) -> Option<Value> {
    flag.then_some(Value::Boolean(true))
}
