//! What a report contains, as text: every value with its first place, and what is left out.

use std::fmt::Write as _;

use operation::report::{Doubt, Found, LeftOut, Place, Report, sentence};
use operation::shown;

use crate::output::table::{new_table, shorten};
use crate::terminal::{self, plural, printable};

/// The most values in the table; the JSON has all of them.
const MOST_ROWS: usize = 1_000;
/// The most doubtful values that are named, and examples of each kind that is left out.
const NAMED: usize = 5;

/// All values, those that are taken with a plus sign.
pub(super) fn table(report: &Report, text: &str, taken: &[bool]) -> String {
    let mut out = String::new();
    if !report.found.is_empty() {
        let mut table = new_table(terminal::width());
        table.set_header(["", "Value", "Line", "Places", "In the text", "Doubt"]);
        for (found, taken) in report.found.iter().zip(taken).take(MOST_ROWS) {
            table.add_row(row(found, text, *taken));
        }
        let _ = writeln!(out, "{table}");
    }
    let more = report.found.len().saturating_sub(MOST_ROWS);
    if more > 0 {
        let _ = writeln!(out, "… and {more} more values; --format json has all of them");
    }
    let count = taken.iter().filter(|taken| **taken).count();
    let values = plural(report.found.len() as u64, "value");
    let _ = writeln!(out, "{count} of {values} would be taken (+). Nothing was changed.");
    for left in &report.left_out {
        let _ = writeln!(out, "{}", kind(left));
    }
    out
}

/// What a command leaves out of a report, in sentences.
pub(super) fn left_out(report: &Report, taken: &[bool]) -> Vec<String> {
    let mut lines: Vec<String> = sentence(&report.left_out).into_iter().collect();
    let doubtful = report.found.iter().zip(taken).filter(|(found, taken)| !**taken && found.doubt.is_some());
    let doubtful: Vec<&Found> = doubtful.map(|(found, _)| found).collect();
    if !doubtful.is_empty() {
        let values = plural(doubtful.len() as u64, "doubtful value");
        let named: Vec<String> =
            doubtful.iter().take(NAMED).map(|found| printable(&found.subject.to_string())).collect();
        let more = if doubtful.len() > NAMED { ", …" } else { "" };
        lines.push(format!(
            "{values} left out: {}{more}\n  hint: --dry-run shows why; --include VALUE takes one, --all takes all",
            named.join(", ")
        ));
    }
    if report.dropped() > 0 {
        let (kept, total) = (report.found.len() as u64, report.total);
        lines.push(format!(
            "only the first {} of {} values are read\n  hint: split the report, and add each part to an investigation of its own",
            shown::thousands(kept),
            shown::thousands(total)
        ));
    }
    lines
}

fn row(found: &Found, text: &str, taken: bool) -> [String; 6] {
    let first = found.places.first();
    let doubt = found.doubt.as_ref().map(ToString::to_string);
    // A special-purpose address has both for the same reason.
    let is_special = matches!(found.doubt, Some(Doubt::Special(_)));
    let caution = found.caution().filter(|_| !is_special).map(|caution| caution.to_string());
    let remarks: Vec<String> = doubt.into_iter().chain(caution).collect();
    [
        if taken { "+" } else { "" }.to_owned(),
        shown::labelled(&found.subject.to_string()),
        first.map_or_else(String::new, |place| place.line.to_string()),
        found.count.to_string(),
        first.map_or_else(String::new, |place| context(place, text)),
        shorten(&printable(&remarks.join("; "))),
    ]
}

fn context(place: &Place, text: &str) -> String {
    let context = place.context(text);
    shorten(&printable(&[&*context.before, "[", &context.found, "]", &context.after].concat()))
}

/// A kind that is left out, with its first examples.
fn kind(left: &LeftOut) -> String {
    let (one, several) = left.kind.nouns();
    let noun = if left.count == 1 { one } else { several };
    let examples: Vec<String> = left
        .examples
        .iter()
        .take(NAMED)
        .map(|example| {
            printable(&[&*example.written, " (line ", &example.place.line.to_string(), ")"].concat())
        })
        .collect();
    let more = if left.count > NAMED as u64 { ", …" } else { "" };
    format!("Left out: {} {noun}: {}{more}", shown::thousands(left.count), examples.join(", "))
}
