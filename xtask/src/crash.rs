//! `cargo xtask crash`: kills the passive-DNS database at random moments of importing, compacting and dropping, many more times
//! than the tests do.
//!
//! The kills and the checks are the tests in `crates/cli/tests/keep/database_kills.rs`; this module only sets how often they
//! run.

use clap::Args;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The variable that tells those tests the number of kills.
const ROUNDS: &str = "BACKSIGHT_CRASH_ROUNDS";

/// How often to kill.
#[derive(Debug, Args)]
pub(crate) struct CrashArgs {
    /// How many kills each of the tests makes.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// Runs the tests.
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
