//! `cargo xtask`: the project's own chores, so that a developer's machine and the check of a
//! submission run the same thing.
//!
//! `test` checks everything, `bench` measures, `crash` kills the database at random, `dist` packs, `fuzz` looks for inputs that break a
//! promise, `screenshots` takes pictures.
//! A chore starts other programs and reports how they ended; it decides nothing about the project
//! itself. [`Workspace`] says where things are, [`Failure`] why a chore stopped.
//!
//! Error policy: the first failure ends the chore with exit code 1 and a message that says what
//! to do; what was not run because of it is named. Wrong usage is exit code 2 (clap's own).
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore's output is its headings and results, read by a developer or a log"
)]

mod bench;
mod crash;
mod dependencies;
mod dist;
mod failure;
mod fuzz;
mod peers;
mod process;
#[cfg(test)]
mod rooms;
mod screenshots;
mod scripts;
mod system;
mod test;
mod watch;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::crash::CrashArgs;
use crate::dist::DistArgs;
use crate::failure::Failure;
use crate::fuzz::FuzzArgs;
use crate::workspace::Workspace;

/// The project's own chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Measure something beside its peers and print the ratios.
    Bench {
        /// What to measure: `cof` is the reader beside JSON parsers, `ask` the command against a local server, `serve` that server.
        #[arg(value_enum)]
        name: Bench,
        /// What the benchmark takes besides: `serve --path /dnsdb/v2/lookup/rrset/name/{}` asks in another way, too.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill imports, compaction and dropping again and again, and count what is there afterwards.
    Crash(CrashArgs),
    /// Make the Debian package.
    Dist(DistArgs),
    /// Run the fuzz targets on stable Rust; all of them unless some are named.
    Fuzz(FuzzArgs),
    /// Take the pictures of every page in docs/images anew, from the demonstration's sample.
    Screenshots,
    /// Install what the tests need, then run every check there is, stopping at the first failure.
    Test,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match Workspace::locate().and_then(|workspace| perform(&cli.chore, &workspace)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(chore: &Chore, workspace: &Workspace) -> Result<(), Failure> {
    match chore {
        Chore::Bench { name, arguments } => bench::run(*name, arguments, workspace),
        Chore::Crash(args) => crash::run(args, workspace),
        Chore::Dist(args) => dist::run(args, workspace),
        Chore::Fuzz(args) => fuzz::run(args, workspace),
        Chore::Screenshots => screenshots::run(workspace),
        Chore::Test => test::run(workspace),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_unknown_bench_is_told_the_known_ones() {
        use clap::Parser;
        let error =
            Cli::try_parse_from(["xtask", "bench", "nothing"]).expect_err("no such bench").to_string();
        assert!(error.contains("cof") && error.contains("ask"), "{error}");
    }
}
