//! Runs as text. Text from outside is made printable; values and records are printable by their type.

use std::fmt::Write as _;

use operation::{Finding, shown};
use workbench::library::{Tally, Undone};
use workbench::run::{Page, Run, Shown, State};

use crate::kept;
use crate::output::table::{self, new_table, shorten};
use crate::terminal::{self, plural, printable};

/// The most findings that are shown; the JSON has all of them.
const MOST_FINDINGS: usize = 200;

pub(super) fn page(page: &Page) -> String {
    if page.runs.is_empty() {
        return "No matching runs. Start one with: backsight query VALUE\n".to_owned();
    }
    let width = terminal::width();
    // A narrow terminal has room for the result, but not for the user and the provider.
    let columns = if width.is_none_or(|width| width >= 110) { 7 } else { 5 };
    let mut table = new_table(width);
    let header = ["Run", "Indicator", "Began (UTC)", "State", "Records", "Library", "Operation"];
    table.set_header(header.into_iter().take(columns));
    for run in &page.runs {
        let records =
            if run.ending.state == State::Running { String::new() } else { run.records.to_string() };
        let row = [
            run.id.to_string(),
            shown::labelled(&run.indicator.to_string()),
            kept::readable(run.started_at),
            state(run),
            records,
            library(run).to_owned(),
            printable(&run.package),
        ];
        table.add_row(row.into_iter().take(columns));
    }
    let mut text = format!("{table}\n");
    if let Some(next) = page.next {
        let _ = writeln!(text, "More: repeat the command with --before {next}");
    }
    text
}

fn state(run: &Run) -> String {
    let cached =
        if run.is_cached() { format!(", reused from run {}", run.fetched.by) } else { String::new() };
    format!("{}{cached}", run.ending.state.word())
}

fn library(run: &Run) -> &'static str {
    match (run.added_at, run.undone_at) {
        (None, _) => "",
        (Some(_), Some(_)) => "undone",
        (Some(_), None) => "added",
    }
}

pub(super) fn run(shown: &Shown) -> String {
    let run = &shown.run;
    let mut text = format!(
        "Run {}: {} by {} with {}, querying {}\nBegan {} UTC",
        run.id,
        printable(&run.action),
        printable(&run.actor),
        printable(&run.package),
        printable(&run.provider),
        kept::readable(run.started_at)
    );
    if let Some(ended) = run.ended_at {
        let _ = write!(text, ", took {} s, {} bytes", ended.saturating_sub(run.started_at), run.bytes);
    }
    let standing = library(run);
    let _ = writeln!(text, "{}\n", if standing.is_empty() { String::new() } else { format!(", {standing}") });
    text.push_str(&table::history(shown, terminal::width()));
    text.push_str(&table::changes(shown, terminal::width()));
    text.push_str(&findings(shown));
    text
}

/// The findings with the numbers for `--pick`.
fn findings(shown: &Shown) -> String {
    let list = &shown.findings.list;
    if list.is_empty() {
        return String::new();
    }
    let mut table = new_table(terminal::width());
    table.set_header(["No.", "Finding", "Value", "Note"]);
    for (at, finding) in list.iter().take(MOST_FINDINGS).enumerate() {
        let (kind, value, note) = cells(finding);
        let cell = |text: &str| shorten(&printable(text));
        table.add_row([(at + 1).to_string(), cell(&kind), cell(&value), cell(&note)]);
    }
    let mut text = format!("{table}\n");
    if list.len() > MOST_FINDINGS {
        let _ = writeln!(text, "… and {} more (--format json lists them)", list.len() - MOST_FINDINGS);
    }
    let flagged = list.iter().filter(|finding| !finding.is_selected()).count();
    if flagged > 0 {
        let _ = writeln!(text, "{flagged} flagged: `--pick all` leaves them out; pick them by number");
    }
    let id = shown.run.id;
    let _ = writeln!(text, "Preview what would be added: backsight run add {id} --dry-run");
    text
}

fn cells(finding: &Finding) -> (String, String, String) {
    let note = finding.caution().map(ToString::to_string).unwrap_or_default();
    match finding {
        Finding::Attribute { name, value, .. } => (name.clone(), shown::labelled(value), note),
        Finding::Indicator { indicator, .. } => {
            (format!("Related {}", indicator.kind()), shown::labelled(&indicator.to_string()), note)
        }
        Finding::Relationship { from, to, rrtype, .. } => {
            (format!("Relationship {rrtype}"), shown::labelled(&format!("{from} -> {to}")), note)
        }
    }
}

pub(super) fn added(run: &Run, tally: &Tally, dry_run: bool) -> String {
    let said = if dry_run { "would add" } else { "added" };
    let mut text = format!("Run {} on {} {said}\n{}", run.id, run.indicator, table::added(tally));
    if !dry_run {
        let _ = writeln!(text, "Undo with: backsight run undo {}", run.id);
    }
    text
}

pub(super) fn undone(run: &Run, undone: &Undone) -> String {
    if undone.claims == 0 {
        return format!("Nothing that run {} added is still in the library\n", run.id);
    }
    format!(
        "Run {} on {} undone: removed {}, {} and {}; kept {} that other sources also have\n",
        run.id,
        run.indicator,
        plural(undone.indicators, "indicator"),
        plural(undone.attributes, "attribute"),
        plural(undone.relationships, "relationship"),
        undone.kept
    )
}
