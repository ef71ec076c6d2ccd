//! Shared resources and candidates as text. Values are printable by their type.

use cof::time::readable;
use operation::shown;
use workbench::investigation::shared::{Candidate, Count, Shared, SharedResource, Span, line};
use workbench::library::Entry;

use crate::output::table::{cautions, new_table, shorten};
use crate::terminal::{self, plural};

/// The ranking.
pub(super) fn ranking(listed: &[(usize, &SharedResource)]) -> String {
    if listed.is_empty() {
        return "No matching shared resources.\n".to_owned();
    }
    let mut table = new_table(terminal::width());
    table.set_header(["No.", "Resource", "Members", "Days at once", "Last seen", "Own names", "Why"]);
    for (rank, shared) in listed {
        table.add_row([
            rank.to_string(),
            shorten(&shown::labelled(&shared.resource.id())),
            shared.sharers.len().to_string(),
            shared.overlap.days.to_string(),
            date(shared.span),
            own(shared.other_names),
            line(&shared.why),
        ]);
    }
    format!("{table}\n")
}

/// What is not in the table, in a line; empty if everything is.
pub(super) fn rest(shared: &Shared, (listed, matching): (usize, usize), shows_weak: bool) -> String {
    let mut said = Vec::new();
    if listed < matching {
        said.push(format!("only {listed} of {matching} shown; use a higher --limit"));
    }
    let weak: usize = shared.weak.iter().map(|one| one.count).sum();
    if weak > 0 && !shows_weak {
        let reasons: Vec<String> = shared.weak.iter().map(ToString::to_string).collect();
        let count = plural(weak as u64, "resource");
        said.push(format!(
            "{count} left out that say little (show them with --weak): {}",
            reasons.join(", ")
        ));
    }
    if shared.left_out > 0 {
        said.push(format!("{} ranked below are not listed", plural(shared.left_out as u64, "resource")));
    }
    said.join("\n")
}

/// Who is behind resources.
pub(super) fn candidates(found: &[(Candidate, Option<Entry>)]) -> String {
    if found.is_empty() {
        return "Nobody else is behind it, as far as the answers and the own database know.\n".to_owned();
    }
    let mut table = new_table(terminal::width());
    table.set_header(["Candidate", "Type", "Last seen", "Members", "Library"]);
    for (candidate, entry) in found {
        let library = match entry {
            None => "not in the library",
            Some(entry) if entry.removed_at.is_some() => "removed",
            Some(entry) => entry.status.name(),
        };
        table.add_row([
            shown::labelled(&candidate.indicator.to_string()),
            candidate.indicator.kind().name().to_owned(),
            date(candidate.span),
            candidate.members.len().to_string(),
            library.to_owned(),
        ]);
    }
    let said = cautions(found.iter().map(|(candidate, _)| &candidate.indicator));
    format!("{table}\n{said}")
}

/// The day of the last sighting.
fn date(span: Option<Span>) -> String {
    let readable = span.map(|span| readable(span.last)).unwrap_or_default();
    readable.split(' ').next().unwrap_or_default().to_owned()
}

fn own(count: Count) -> String {
    match count {
        Count::NotCounted => String::new(),
        counted => counted.to_string(),
    }
}
