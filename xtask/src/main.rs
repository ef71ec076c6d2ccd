//! `cargo xtask`: the project's own tasks, so that developers and CI run the same commands.
//!
//! `test` checks everything, `bench` measures, `crash` kills the database at random moments, `dist` creates the package, `fuzz`
//! searches for inputs that violate a property, and `screenshots` creates the screenshots. A task starts other programs and
//! reports how they ended; it contains no logic of the project itself. [`Workspace`] knows the paths, and a [`Failure`] states
//! why a task stopped.
//!
//! Errors: the first failure ends the task with exit code 1 and a message that states what to do and which steps did not run.
//! Wrong usage is exit code 2 (from clap).
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
#[path = "../../crates/testkit/src/figure.rs"]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "benchmarks make figures, and this program only reads them")
)]
#[expect(unreachable_pub, reason = "it is also a module of testkit, which benchmarks use")]
mod figure;
mod figures;
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

/// The project's own tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Measure something, compare it with other programs, and print each figure beside its goal.
    Bench {
        /// What to measure: `cof` is the reader compared with JSON parsers, `ask` the command with a local server, `serve` that
        /// server, and `all` everything, for docs/figures.md.
        #[arg(value_enum)]
        name: Bench,
        /// Arguments of the benchmark: `serve --path /dnsdb/v2/lookup/rrset/name/{}` also queries in another way.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill imports, compaction and drops many times, and check what is stored afterwards.
    Crash(CrashArgs),
    /// Create the Debian package.
    Dist(DistArgs),
    /// Run the fuzz targets on stable Rust; all of them unless some are named.
    Fuzz(FuzzArgs),
    /// Create the screenshots of every page in docs/images, from the sample data of the demo.
    Screenshots,
    /// Install what the tests need, then run every check, and stop at the first failure.
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
