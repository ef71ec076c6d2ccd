//! The `backsight` command: parses its arguments, carries out one command, and reports the result in its exit code.
//!
//! There is one file per subcommand. Data is written to standard output, everything else to standard error. Errors of the
//! libraries end here: [`exit`] determines the code of each.

mod args;
mod asked;
mod audit;
mod backup;
mod collect;
mod completions;
mod config;
mod confirm;
mod database;
mod db;
mod demo;
mod exit;
mod export;
mod folder;
mod handover;
mod hint;
mod history;
mod import;
mod indicator;
mod integration;
mod investigation;
mod kept;
mod key;
mod list;
mod lookup;
mod man;
mod output;
mod placing;
mod push;
mod query;
mod route;
mod run;
mod sample;
mod secret;
mod serve;
mod terminal;
mod threatq;
mod token;
mod told;
mod values;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::exit::{Exit, Failure};

/// Records are allocated where they are read and freed where they are printed; measured with `cargo xtask bench ask`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match dispatch(&arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal::complain(&failure.to_string());
            failure.exit().into()
        }
    }
}

fn dispatch(arguments: &Arguments) -> Result<Exit, Failure> {
    let config = config::load(arguments)?;
    match &arguments.command {
        Command::Audit(command) => audit::run(command, arguments),
        Command::Backup(command) => backup::run(command, &config, arguments),
        Command::Collect(command) => collect::run(command, &config, arguments),
        Command::Completions(command) => completions::run(command),
        Command::Config(command) => config::print(command, &config),
        Command::Db(command) => db::run(command, &config, arguments),
        Command::Demo(command) => demo::run(command),
        Command::Export(command) => export::run(command, &config, arguments),
        Command::Handover(command) => handover::run(command, &config, arguments),
        Command::History(command) => history::run(command, &config, arguments),
        Command::Import(command) => import::run(command, &config, arguments),
        Command::Indicator(command) => indicator::run(command, arguments),
        Command::Integration(command) => integration::run(command, &config, arguments),
        Command::Investigation(command) => investigation::run(command, &config, arguments),
        Command::Key(command) => key::run(command, arguments),
        Command::List(command) => list::run(command, &config, arguments),
        Command::Lookup(command) => lookup::run(command, &config, arguments),
        Command::Man(command) => man::run(command),
        Command::Push(command) => runtime()?.block_on(push::run(command, &config, arguments)),
        Command::Query(command) => runtime()?.block_on(query::run(command, &config, arguments)),
        Command::Restore(command) => backup::restore(command, &config, arguments),
        Command::Run(command) => run::run(command, &config, arguments),
        Command::Serve(command) => serve::run(command, &config, arguments),
        Command::Threatq(command) => runtime()?.block_on(threatq::run(command, arguments)),
        Command::Token(command) => token::run(command, arguments),
    }
}

/// The most threads for blocking work: lookups, imported bodies (both of which have lower limits of their own), and the
/// workbench. Each thread keeps megabytes of the allocator's memory as long as it exists, so the number must not grow with the
/// number of clients.
const BLOCKING: usize = 16;
/// How long the tasks of a server may take to end.
const ENDING: Duration = Duration::from_secs(10);

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING)
        .build()
        .map_err(|error| Failure::work("starting", &error))
}
