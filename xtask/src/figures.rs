//! `docs/figures.md`: the figures of one run of every benchmark, with the date, the machine and the commit.
//!
//! Readers get figures from this file only: a test compares the section "How fast" of the README with it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, thread};

use crate::bench::Bench;
use crate::failure::Failure;
use crate::figure::Figure;
use crate::process::capture;
use crate::workspace::Workspace;

/// The beginnings of variables that change what is measured.
const CHANGING: [&str; 2] = ["BACKSIGHT_BENCH_", "CARGO_PROFILE_"];

/// The figures of a benchmark.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) bench: Bench,
    pub(crate) figures: Vec<Figure>,
}

/// Where and when something was measured.
struct Circumstances {
    date: String,
    processor: String,
    commit: String,
    /// The variables that change what is measured, as `NAME=VALUE`.
    changed: Vec<String>,
}

/// Writes `docs/figures.md`; returns its path.
pub(crate) fn write(measured: &[Measured], workspace: &Workspace) -> Result<PathBuf, Failure> {
    let file = workspace.root().join("docs/figures.md");
    let text = document(measured, &Circumstances::of(workspace)?);
    fs::write(&file, text).map_err(|error| Failure::new(format!("writing {}: {error}", file.display())))?;
    Ok(file)
}

impl Circumstances {
    fn of(workspace: &Workspace) -> Result<Self, Failure> {
        let git = |arguments: &[&str]| {
            capture(Command::new("git").current_dir(workspace.root()).args(arguments))
                .map(|text| text.trim().to_owned())
        };
        let uncommitted = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
        let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
        let changed = env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let changes = CHANGING.iter().any(|start| name.starts_with(start));
            changes.then(|| format!("{name}={}", value.to_string_lossy()))
        });
        Ok(Self {
            date: capture(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]))?.trim().to_owned(),
            processor: processor(),
            commit: if uncommitted { format!("{commit} with uncommitted changes") } else { commit },
            changed: changed.collect(),
        })
    }
}

/// The model and the number of cores.
fn processor() -> String {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("an unknown processor", |(_, model)| model.trim());
    let cores = thread::available_parallelism().map_or(0, usize::from);
    format!("{model}, {cores} cores")
}

fn document(measured: &[Measured], circumstances: &Circumstances) -> String {
    let Circumstances { date, processor, commit, changed } = circumstances;
    let mut text = format!(
        "# Figures\n\nWritten by `cargo xtask bench all`; [speed.md](speed.md) explains what is measured. Do not edit it.\n\n\
         - date: {date}\n- processor: {processor}\n- commit: {commit}\n"
    );
    if !changed.is_empty() {
        let _ = writeln!(text, "- changed: {}", changed.join(", "));
    }
    for Measured { bench, figures } in measured {
        let _ = write!(text, "\n## {}\n\n{}.\n\n", bench.name(), bench.about());
        text.push_str("| | figure | goal |\n| --- | --- | --- |\n");
        for figure in figures {
            let _ = writeln!(text, "{}", row(figure));
        }
    }
    text
}

fn row(figure: &Figure) -> String {
    let missed = if figure.misses_by(0.0) { ", missed" } else { "" };
    let goal = figure.goal.map(|goal| goal.to_string()).unwrap_or_default();
    format!("| {} | {} | {goal}{missed} |", figure.name, figure.quantity())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Goal;

    fn file(name: &str) -> String {
        fs::read_to_string(Workspace::locate().unwrap().root().join(name)).unwrap()
    }

    /// The quantities in the tables, such as `11.3 ms`.
    fn quantities(figures: &str) -> Vec<String> {
        let rows = figures.lines().filter(|line| line.starts_with("| "));
        let cells = rows.filter_map(|row| row.split(" | ").nth(1));
        // Not the heads of the tables.
        cells.filter(|cell| cell.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned).collect()
    }

    /// The numbers of a text for which no quantity is quoted, each with what follows it.
    fn unfounded(text: &str, quantities: &[String]) -> Vec<String> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_part = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let starts = text.char_indices().filter(|(at, c)| {
            c.is_ascii_digit()
                && !text
                    .get(..*at)
                    .and_then(|before| before.chars().last())
                    .is_some_and(|c| is_part(c) || c == ',')
        });
        let rest = starts.filter_map(|(at, _)| text.get(at..));
        let quotes = |rest: &&str| quantities.iter().any(|quantity| rest.starts_with(quantity.as_str()));
        rest.filter(|rest| !quotes(rest)).map(|rest| rest.chars().take(40).collect()).collect()
    }

    #[test]
    fn the_readme_quotes_the_figures_of_the_last_run() {
        let (readme, quantities) = (file("README.md"), quantities(&file("docs/figures.md")));
        let section = readme.split("\n## ").find(|section| section.starts_with("How fast\n")).unwrap();
        assert!(!quantities.is_empty(), "there are figures");
        assert!(section.chars().any(|c| c.is_ascii_digit()), "it quotes something");
        assert_eq!(unfounded(section, &quantities), Vec::<String>::new(), "numbers without a figure");
    }

    #[test]
    fn a_number_without_its_figure_is_found() {
        let quantities = ["11.3 ms".to_owned(), "1,470,000 records per second".to_owned()];
        let good = "A query takes 11.3 ms, and\nprints 1,470,000 records\nper second; see UTF-8.";
        assert_eq!(unfounded(good, &quantities), Vec::<String>::new());
        let bad = "A query takes 1.3 ms, and prints 1,470,000 values; 11.3 s.";
        let expected = ["1.3 ms, and prints 1,470,000 values; 11.", "1,470,000 values; 11.3 s.", "11.3 s."];
        assert_eq!(unfounded(bad, &quantities), expected);
    }

    #[test]
    fn the_document_states_when_where_and_what() {
        let figures = vec![
            Figure::new("many values", 5.1, "times pypdns").wanted(Goal::AtLeast(10.0)),
            Figure::new("the reader alone", 2_648_000.0, "records per second"),
        ];
        let circumstances = Circumstances {
            date: "2026-11-29 12:00 UTC".to_owned(),
            processor: "a processor, 2 cores".to_owned(),
            commit: "0123456789ab".to_owned(),
            changed: vec!["BACKSIGHT_BENCH_HELD=5".to_owned()],
        };
        let text = document(&[Measured { bench: Bench::Ask, figures }], &circumstances);
        for line in [
            "- date: 2026-11-29 12:00 UTC",
            "- processor: a processor, 2 cores",
            "- commit: 0123456789ab",
            "- changed: BACKSIGHT_BENCH_HELD=5",
            "## ask",
            "| many values | 5.1 times pypdns | at least 10, missed |",
            "| the reader alone | 2,650,000 records per second |  |",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert_eq!(quantities(&text), ["5.1 times pypdns", "2,650,000 records per second"]);
    }
}
