//! `cargo xtask bench NAME`: runs one of the benchmarks that print figures, [`Bench`], or all of them.
//!
//! The measurements are in the crates' own `benches/`; this module only prepares what they need, and collects the figures that
//! they print. `all` writes them to `docs/figures.md` ([`crate::figures`]), and fails if a ratio is far from its goal.

use clap::ValueEnum;

use crate::failure::Failure;
use crate::figure::Figure;
use crate::figures::{Measured, write};
use crate::workspace::Workspace;
use crate::{peers, process};

/// A ratio may miss its goal by this share of it before `all` fails, because no two runs are alike.
const TOLERATED: f64 = 0.2;

/// The available benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bench {
    /// Every benchmark: writes docs/figures.md; three quarters of an hour on a machine that does nothing else.
    All,
    /// One query, a large answer and many values with a local server, compared with pypdns; and several providers at once.
    Ask,
    /// The passive-DNS database on a ClickHouse server, compared with the embedded engine: importing, sizes, looking up, serving.
    Clickhouse,
    /// The reader, compared with the fastest general JSON parsers.
    Cof,
    /// Importing dnstap, captures and logs, and collecting dnstap, compared with parsing them.
    Collect,
    /// A library of a million indicators: adding, finding, listing, importing; and a query with a stored answer.
    Keep,
    /// The pages with a million indicators, a run of 50,000 records, and five million records in the own database.
    Pages,
    /// Queries to a server with a million records, compared with nginx, and with idle and slow clients; and sending records.
    Serve,
    /// The passive-DNS database, compared with SQLite and the machine's lower bound: importing, looking up, sizes, opening.
    Store,
}

impl Bench {
    /// Its name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it measures, in a sentence.
    pub(crate) fn about(self) -> String {
        let value = self.to_possible_value();
        value.and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }

    /// The folders of packages and their benchmarks, in the order in which they run.
    fn parts(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::All => &[],
            Self::Ask => &[("crates/cli", "ask")],
            Self::Clickhouse => &[("crates/cli", "clickhouse")],
            Self::Cof => &[("benches/json", "reader")],
            Self::Collect => &[("crates/cli", "collect")],
            Self::Keep => &[("crates/workbench", "keep"), ("crates/cli", "kept")],
            Self::Pages => &[
                ("crates/server", "pages"),
                ("crates/cli", "investigate"),
                ("crates/workbench", "shared"),
                ("crates/picture", "layout"),
            ],
            Self::Serve => &[("crates/cli", "serve")],
            Self::Store => &[("crates/runs", "runs")],
        }
    }
}

/// Runs a benchmark, and provides the peers if it needs them.
///
/// `arguments` are passed to the benchmark.
pub(crate) fn run(bench: Bench, arguments: &[String], workspace: &Workspace) -> Result<(), Failure> {
    match bench {
        Bench::All if !arguments.is_empty() => {
            Err(Failure::new("`bench all` has no arguments").hint("name a benchmark to pass arguments to it"))
        }
        Bench::All => all(workspace),
        one => measure(one, arguments, workspace).map(drop),
    }
}

/// Runs every benchmark, writes the figures, and fails if a ratio is far from its goal.
fn all(workspace: &Workspace) -> Result<(), Failure> {
    let benches = Bench::value_variants().iter().filter(|bench| **bench != Bench::All);
    let measured = benches
        .map(|bench| {
            println!("\n== {}: {}", bench.name(), bench.about());
            Ok(Measured { bench: *bench, figures: measure(*bench, &[], workspace)? })
        })
        .collect::<Result<Vec<Measured>, Failure>>()?;
    let file = write(&measured, workspace)?;
    println!("\nwritten to {}", workspace.relative(&file));
    judge(&measured)
}

/// Fails if a ratio misses its goal by more than what is tolerated; the message names each of them.
fn judge(measured: &[Measured]) -> Result<(), Failure> {
    let figures = measured.iter().flat_map(|measured| &measured.figures);
    let missed: Vec<String> = figures
        .filter(|figure| figure.is_ratio() && figure.misses_by(TOLERATED))
        .map(ToString::to_string)
        .collect();
    if missed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("ratios that are missed by more than a fifth:\n{}", missed.join("\n")))
        .hint("measure again on a machine that does nothing else"))
}

/// Runs a benchmark; returns the figures that it prints.
fn measure(bench: Bench, arguments: &[String], workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let asks_peers = bench == Bench::Ask;
    if asks_peers {
        peers::provide(workspace)?;
    }
    let mut figures = Vec::new();
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
        let lines = process::run_and_read(&mut command)?;
        figures.extend(collect(&lines)?);
    }
    Ok(figures)
}

/// The figures among the lines of a benchmark.
fn collect(lines: &[String]) -> Result<Vec<Figure>, Failure> {
    let lines = lines.iter().filter(|line| Figure::is_in(line));
    let wrong = |line: &String| Failure::new(format!("this line of a benchmark is not a figure: {line}"));
    lines.map(|line| Figure::read(line).ok_or_else(|| wrong(line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Goal;

    fn measured(value: f64, unit: &str) -> [Measured; 1] {
        let figure = Figure::new("many values", value, unit).wanted(Goal::AtLeast(5.0));
        [Measured { bench: Bench::Ask, figures: vec![figure] }]
    }

    #[test]
    fn figures_are_collected_among_other_lines() {
        let lines = ["compiling", "figure: a | 5.1 | times b | at least 5", ""].map(str::to_owned);
        let expected = Figure::new("a", 5.1, "times b").wanted(Goal::AtLeast(5.0));
        assert_eq!(collect(&lines).unwrap(), [expected]);
        let failure = collect(&["figure: a | five | times b |".to_owned()]).unwrap_err().to_string();
        assert!(failure.contains("a | five"), "{failure}");
    }

    #[test]
    fn only_a_ratio_that_is_far_from_its_goal_fails() {
        assert!(judge(&measured(4.1, "times pypdns")).is_ok());
        assert!(judge(&measured(1.0, "values per second")).is_ok());
        let failure = judge(&measured(3.9, "times pypdns")).unwrap_err().to_string();
        assert!(failure.contains("many values") && failure.contains("at least 5"), "{failure}");
    }

    #[test]
    fn every_benchmark_has_parts_and_a_sentence() {
        for bench in Bench::value_variants() {
            assert_eq!(bench.parts().is_empty(), *bench == Bench::All, "{bench:?}");
            assert!(!bench.about().is_empty(), "{bench:?}");
        }
    }
}
