//! `cargo xtask bench NAME`: runs one of the benchmarks that print ratios, [`Bench`].
//!
//! The measuring is in the crates' own `benches/`; here is only what they need around them.

use clap::ValueEnum;

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{peers, process};

/// What can be measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Bench {
    /// One query, a large answer and many values against a local server, beside pypdns.
    Ask,
    /// The reader beside the fastest general JSON parsers.
    Cof,
    /// A library of a million indicators: adding, finding, listing, importing.
    Keep,
}

impl Bench {
    fn package_and_bench(self) -> (&'static str, &'static str) {
        match self {
            Self::Ask => ("cli", "ask"),
            Self::Cof => ("cof", "reader"),
            Self::Keep => ("workbench", "keep"),
        }
    }
}

/// Runs a benchmark with the peers at hand where it asks them.
pub(crate) fn run(bench: Bench, workspace: &Workspace) -> Result<(), Failure> {
    let (package, name) = bench.package_and_bench();
    let mut command = workspace.cargo(&["bench", "--package", package, "--bench", name]);
    if matches!(bench, Bench::Ask) {
        peers::provide(workspace)?;
        command.env(peers::VARIABLE, peers::python(workspace));
    }
    process::run(&mut command)
}
