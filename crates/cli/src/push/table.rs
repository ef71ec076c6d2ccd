//! Pushes as text. Text from outside is made printable.

use std::fmt::Write as _;

use platform::push::Preview;
use workbench::push::{Counts, Outcome, Push, Row, Shown};

use crate::kept;
use crate::output::table::{new_table, shorten};
use crate::terminal::{self, plural, printable};

/// What a push would do: each row, and the sums.
pub(super) fn preview(preview: &Preview) -> String {
    let mut table = new_table(terminal::width());
    table.set_header(["What would be done", "Kind", "What", "Why"]);
    for row in &preview.rows {
        let Row { kind, label, outcome, reason, .. } = row;
        let why = reason.as_deref().map(printable).unwrap_or_default();
        table.add_row([words(*outcome).to_owned(), kind.word().to_owned(), shorten(&printable(label)), why]);
    }
    let title = printable(&preview.title);
    format!("{table}\n{title}, to {}: {}. Nothing was sent.\n", preview.target, sums(&preview.counts))
}

/// A push, with the rows that are named.
pub(super) fn push(push: &Push, counts: &Counts, rows: &[Shown]) -> String {
    let (title, platform) = (printable(&push.title), printable(&push.platform));
    let mut text =
        format!("Push {} of {title} to {platform} ({}): {}\n", push.id, push.place, push.state.word());
    if let Some(reason) = &push.reason {
        let _ = writeln!(text, "{}", printable(reason));
    }
    if let Some(target) = &push.target {
        let what = if target.contains("://") { "Instance" } else { "Event" };
        let _ = writeln!(text, "{what} {}", printable(target));
    }
    let _ = writeln!(text, "{}", sums(counts));
    let _ = writeln!(text, "Started by {} {} (UTC)", printable(&push.actor), kept::readable(push.created_at));
    for Shown { row, .. } in rows {
        let why = row.reason.as_deref().map(printable).unwrap_or_default();
        let _ = writeln!(text, "{} {}: {why}", words(row.outcome), shorten(&printable(&row.label)));
    }
    let named = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let more = (counts.held + counts.refused).saturating_sub(named);
    if more > 0 {
        let _ = writeln!(text, "and {}", plural(more, "more row"));
    }
    text
}

pub(super) fn list(pushes: &[(Counts, bool, Push)], next: Option<i64>) -> String {
    if pushes.is_empty() {
        return "Nothing was pushed yet. Begin with: backsight push PLATFORM --investigation NAME\n"
            .to_owned();
    }
    let mut table = new_table(terminal::width());
    table.set_header([
        "No.",
        "Platform",
        "What",
        "State",
        "Sent",
        "Unchanged",
        "Held back",
        "Refused",
        "Started (UTC)",
    ]);
    for (counts, _, push) in pushes {
        table.add_row([
            push.id.to_string(),
            printable(&push.platform),
            shorten(&printable(&push.title)),
            push.state.word().to_owned(),
            (counts.created + counts.updated).to_string(),
            counts.unchanged.to_string(),
            counts.held.to_string(),
            counts.refused.to_string(),
            kept::readable(push.created_at),
        ]);
    }
    let mut text = format!("{table}\n");
    if let Some(next) = next {
        let _ = writeln!(text, "More: repeat the command with --before {next}");
    }
    text
}

/// How many rows have each outcome, without those that none has.
fn sums(counts: &Counts) -> String {
    let Counts { create, update, created, updated, unchanged, held, refused } = *counts;
    let all = [
        (create, "to create"),
        (update, "to update"),
        (created, "created"),
        (updated, "updated"),
        (unchanged, "unchanged"),
        (held, "held back"),
        (refused, "refused"),
    ];
    let some = all.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = some.map(|(count, what)| [&count.to_string(), " ", what].concat()).collect();
    if parts.is_empty() { "no rows".to_owned() } else { parts.join(", ") }
}

fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Create => "create",
        Outcome::Update => "update",
        Outcome::Created => "created",
        Outcome::Updated => "updated",
        Outcome::Unchanged => "unchanged",
        Outcome::Held => "held back",
        Outcome::Refused => "refused",
    }
}
