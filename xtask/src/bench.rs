//! `cargo xtask bench NAME`: runs one of the benchmarks that print ratios, [`Bench`].
//!
//! The measurements are in the crates' own `benches/`; this module only prepares what they need.

use clap::ValueEnum;

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{peers, process};

/// The available benchmarks.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Bench {
    /// One query, a large answer and many values with a local server, compared with pypdns.
    Ask,
    /// The reader, compared with the fastest general JSON parsers.
    Cof,
    /// Importing dnstap, captures and logs, and collecting dnstap, compared with parsing them.
    Collect,
    /// A library of a million indicators: adding, finding, listing, importing; and a query with a stored answer.
    Keep,
    /// The pages with a million indicators, and with a run of 50,000 records.
    Pages,
    /// Queries to a server with a million records, compared with nginx, and with idle and slow clients; and sending records.
    Serve,
    /// The passive-DNS database, compared with SQLite and the machine's lower bound: importing, looking up, sizes, opening.
    Store,
}

impl Bench {
    /// The folders of packages and their benchmarks, in the order in which they run.
    fn parts(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Ask => &[("crates/cli", "ask")],
            Self::Cof => &[("benches/json", "reader")],
            Self::Collect => &[("crates/cli", "collect")],
            Self::Keep => &[("crates/workbench", "keep"), ("crates/cli", "kept")],
            Self::Pages => &[("crates/server", "pages")],
            Self::Serve => &[("crates/cli", "serve")],
            Self::Store => &[("crates/runs", "runs")],
        }
    }
}

/// Runs a benchmark, and provides the peers if it needs them.
///
/// `arguments` are passed to the benchmark.
pub(crate) fn run(bench: Bench, arguments: &[String], workspace: &Workspace) -> Result<(), Failure> {
    let asks_peers = matches!(bench, Bench::Ask);
    if asks_peers {
        peers::provide(workspace)?;
    }
    for (folder, name) in bench.parts() {
        let manifest = format!("{folder}/Cargo.toml");
        let mut command = workspace.cargo(&["bench", "--manifest-path", &manifest, "--bench", name]);
        command.arg("--target-dir").arg(workspace.target());
        if !arguments.is_empty() {
            command.arg("--").args(arguments);
        }
        if asks_peers {
            command.env(peers::VARIABLE, peers::python(workspace));
        }
        process::run(&mut command)?;
    }
    Ok(())
}
