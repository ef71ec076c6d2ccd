//! `cargo xtask crash`: the passive-DNS database killed at random moments of importing, compacting and dropping, many more times than
//! the tests do.
//!
//! The kills and what is counted after them are the tests of `crates/cli/tests/keep/database_kills.rs`; here is only how often.

use clap::Args;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The variable by which those tests are told.
const ROUNDS: &str = "BACKSIGHT_CRASH_ROUNDS";

/// How long to go on.
#[derive(Debug, Args)]
pub(crate) struct CrashArgs {
    /// How many kills each of the tests makes.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// Kills and counts.
pub(crate) fn run(args: &CrashArgs, workspace: &Workspace) -> Result<(), Failure> {
    let mut command = workspace.cargo(&[
        "test",
        "--package",
        "cli",
        "--test",
        "keep",
        "database_kills",
        "--",
        "--nocapture",
    ]);
    process::run(command.env(ROUNDS, args.rounds.to_string()))
}
