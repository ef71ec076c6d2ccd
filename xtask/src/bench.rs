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
    /// A library of a million indicators: adding, finding, listing, importing; and a question whose answer is kept.
    Keep,
    /// The pages on a million indicators, and on a run of 50,000 records.
    Pages,
    /// Questions to a server with a million records, compared with nginx, and beside idle and slow clients; and records that are sent.
    Serve,
    /// The passive-DNS database beside SQLite and the machine's floor: taking in, looking up, sizes, opening.
    Store,
}

impl Bench {
    /// Folders of packages and their benchmarks, in the order in which they are run.
    fn parts(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Ask => &[("crates/cli", "ask")],
            Self::Cof => &[("benches/json", "reader")],
            Self::Keep => &[("crates/workbench", "keep"), ("crates/cli", "kept")],
            Self::Pages => &[("crates/server", "pages")],
            Self::Serve => &[("crates/cli", "serve")],
            Self::Store => &[("crates/runs", "runs")],
        }
    }
}

/// Runs a benchmark with the peers at hand where it asks them.
///
/// `arguments` go to the benchmark.
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
