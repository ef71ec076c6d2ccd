//! Indicators as text. Text from outside is made printable; values are printable by their type.

use std::fmt::Write as _;

use comfy_table::ColumnConstraint;
use operation::{Tlp, shown};
use workbench::audit;
use workbench::library::{Adding, Claim, Counts, Details, MOST_COUNTED, Outcome, Page, Relationship, Status};

use crate::kept;
use crate::output::table::{cautions, new_table, shorten};
use crate::terminal::{self, plural, printable};

/// The most rows of a list within the details; the JSON has all of them.
const MOST_ROWS: usize = 50;

pub(super) fn added(added: &[Adding]) -> String {
    let mut text = String::new();
    if added.is_empty() {
        return text;
    }
    let mut table = new_table(terminal::width());
    table.set_header(["Indicator", "Type", "Status", "Result"]);
    for adding in added.iter().take(MOST_ROWS) {
        let outcome = match adding.outcome {
            Outcome::Known => "already known",
            Outcome::New => "new",
            Outcome::Restored => "restored",
        };
        let (kind, status) = (adding.indicator.kind().name(), marked(adding.status, adding.tlp));
        table.add_row([&shown::labelled(&adding.indicator.to_string()), kind, &status, outcome]);
    }
    let _ = writeln!(text, "{table}");
    text.push_str(&cautions(added.iter().map(|adding| &adding.indicator)));
    if added.len() > MOST_ROWS {
        let _ = writeln!(text, "… and {} more", added.len() - MOST_ROWS);
    }
    let of = |outcome| added.iter().filter(|adding| adding.outcome == outcome).count();
    let (new, known, restored) = (of(Outcome::New), of(Outcome::Known), of(Outcome::Restored));
    let _ = writeln!(text, "{new} new, {known} already known, {restored} restored");
    text
}

pub(super) fn page(page: &Page, counts: Counts) -> String {
    if page.entries.is_empty() {
        return "No matching indicators. Add one with: backsight indicator add VALUE\n".to_owned();
    }
    // A narrow terminal has room for the day, but not for the source.
    let width = terminal::width();
    let precise = width.is_none_or(|width| width >= 90);
    let columns = if precise { 5 } else { 4 };
    let mut table = new_table(width);
    table.set_header(["Indicator", "Type", "Status", "Changed (UTC)", "Sources"].into_iter().take(columns));
    for entry in &page.entries {
        let changed = kept::readable(entry.updated_at);
        let changed = if precise { Some(changed.as_str()) } else { changed.split(' ').next() };
        let row = [
            shown::labelled(&entry.indicator.to_string()),
            entry.indicator.kind().name().to_owned(),
            marked(entry.status, entry.tlp),
            changed.unwrap_or_default().to_owned(),
            shorten(&printable(&entry.sources.join(", "))),
        ];
        table.add_row(row.into_iter().take(columns));
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        if matches!(at, 1..=3) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut text = format!("{table}\n");
    text.push_str(&cautions(page.entries.iter().map(|entry| &entry.indicator)));
    if let Some(next) = &page.next {
        let _ = writeln!(text, "More: repeat the command with --after {next}");
    }
    text.push_str(&counted(counts));
    text
}

/// How many indicators there are, and how many match if others do not.
fn counted(counts: Counts) -> String {
    match counts.matching {
        Some(matching) if matching == counts.all => format!("{}\n", plural(matching, "indicator")),
        Some(matching) => format!("{matching} of {}\n", plural(counts.all, "indicator")),
        None => format!("more than {MOST_COUNTED} of {}\n", plural(counts.all, "indicator")),
    }
}

pub(super) fn details(details: &Details) -> String {
    let entry = &details.entry;
    let value = shown::labelled(&entry.indicator.to_string());
    let mut text = format!("{value} ({}): {}", entry.indicator.kind(), marked(entry.status, entry.tlp));
    if let Some(removed) = entry.removed_at {
        let _ = write!(text, ", REMOVED {}", kept::readable(removed));
    }
    let _ = writeln!(
        text,
        "\nAdded {}, changed {} (UTC)\nSources: {}",
        kept::readable(entry.created_at),
        kept::readable(entry.updated_at),
        sources(&details.claims)
    );
    if !entry.tags.is_empty() {
        let _ = writeln!(text, "Tags: {}", printable(&entry.tags.join(", ")));
    }
    text.push_str(&cautions([&entry.indicator]));
    text.push_str(&attributes(details));
    text.push_str(&relationships(details));
    for note in &details.notes {
        let _ = writeln!(text, "\nNote by {}, {}", printable(&note.actor), kept::readable(note.at));
        for line in note.text.lines() {
            let _ = writeln!(text, "  {}", printable(line));
        }
    }
    text.push_str(&history(&details.history));
    text
}

/// A status, with the level of the Traffic Light Protocol if there is one.
fn marked(status: Status, tlp: Option<Tlp>) -> String {
    tlp.map_or_else(|| status.name().to_owned(), |tlp| format!("{status}, {tlp}"))
}

fn attributes(details: &Details) -> String {
    if details.attributes.is_empty() {
        return String::new();
    }
    let mut table = new_table(terminal::width());
    table.set_header(["Attribute", "Value", "Sources"]);
    for attribute in &details.attributes {
        let cell = |text: &str| shorten(&printable(text));
        table.add_row([
            cell(&attribute.name),
            cell(&shown::labelled(&attribute.value)),
            sources(&attribute.claims),
        ]);
    }
    let mut text = format!("\n{table}\n");
    rest(&mut text, details.attribute_count, details.attributes.len(), "attributes");
    text
}

fn relationships(details: &Details) -> String {
    if details.relationships.is_empty() {
        return String::new();
    }
    let mut table = new_table(terminal::width());
    table.set_header(["Relationship", "Type", "Status", "Attributes", "Sources"]);
    for relationship in &details.relationships {
        table.add_row([
            joined(relationship),
            printable(&relationship.kind),
            relationship.status.name().to_owned(),
            shorten(&said(relationship)),
            sources(&relationship.claims),
        ]);
    }
    let mut text = format!("\n{table}\n");
    rest(&mut text, details.relationship_count, details.relationships.len(), "relationships");
    text
}

fn joined(relationship: &Relationship) -> String {
    let arrow = if relationship.outgoing { "->" } else { "<-" };
    format!("{arrow} {}", shown::labelled(&relationship.other.to_string()))
}

fn said(relationship: &Relationship) -> String {
    let pairs = relationship.attributes.iter();
    printable(&pairs.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", "))
}

fn history(events: &[audit::Entry]) -> String {
    if events.is_empty() {
        return String::new();
    }
    let mut table = new_table(terminal::width());
    table.set_header(["When (UTC)", "Who", "What", "How"]);
    for event in events {
        let cell = |text: &str| shorten(&printable(text));
        table.add_row([
            kept::readable(event.at),
            cell(&event.actor),
            cell(&event.action),
            cell(&event.in_words()),
        ]);
    }
    format!("\n{table}\n")
}

/// Each source once, with its number of claims.
fn sources(claims: &[Claim]) -> String {
    let mut named: Vec<(&str, usize)> = Vec::new();
    for claim in claims {
        match named.iter_mut().find(|(name, _)| *name == claim.source) {
            Some((_, times)) => *times += 1,
            None => named.push((&claim.source, 1)),
        }
    }
    let each = named.into_iter().map(|(name, times)| match times {
        1 => name.to_owned(),
        _ => format!("{name} ({times} times)"),
    });
    let text = each.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "none any more".to_owned() } else { shorten(&printable(&text)) }
}

fn rest(text: &mut String, total: u64, shown: usize, what: &str) {
    let more = total.saturating_sub(shown as u64);
    if more > 0 {
        let _ = writeln!(text, "… and {more} more {what}");
    }
}
