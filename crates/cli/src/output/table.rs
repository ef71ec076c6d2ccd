//! Tables to read: what is direct apart from what is related, dates in UTC with span and count.
//!
//! Everything from outside is printable before it becomes a cell: names and data are printable ASCII by their type.

use std::fmt::Write as _;

use cof::{Record, time};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};
use operation::{Answer, Finding, Findings, Indicator, Relation, State};

use crate::query::Asked;
use crate::terminal;

/// Data longer than this is cut in a cell; the other formats have it whole.
const LONGEST_CELL: usize = 240;

/// One answer with a line on what it proposes.
pub(super) fn render(asked: &Asked) -> String {
    let mut text = history(asked, terminal::width());
    if !asked.findings.list.is_empty() {
        let _ = writeln!(text, "{}; --format json lists them", count_findings(&asked.findings));
    }
    text.push('\n');
    text
}

/// The headline and the tables of one answer.
pub(crate) fn history(asked: &Asked, width: Option<u16>) -> String {
    let (Ok(answer), Some(indicator)) = (&asked.outcome, &asked.indicator) else {
        return format!("{}: not asked\n", terminal::printable(&asked.value));
    };
    let mut text = headline(indicator, answer);
    let (direct, related): (Vec<&Record>, Vec<&Record>) =
        answer.records.iter().partition(|record| Relation::of(indicator, record) == Relation::Direct);
    for (title, records) in [
        (format!("Direct: {indicator} is the name or the data (times in UTC)"), direct),
        ("Related: other records of the names found (times in UTC)".to_owned(), related),
    ] {
        if !records.is_empty() {
            let _ = writeln!(text, "\n{title}\n{}", table(&records, width));
        }
    }
    if !answer.records.is_empty() {
        text.push('\n');
    }
    text
}

fn headline(indicator: &Indicator, answer: &Answer) -> String {
    let count = answer.records.len();
    let records = if count == 1 { "record" } else { "records" };
    let kind = indicator.kind();
    match answer.completeness.state {
        State::Complete if count == 0 => {
            format!("{indicator} ({kind}): nothing found; the answer is complete\n")
        }
        State::Complete => format!("{indicator} ({kind}): {count} {records}, complete\n"),
        state => format!("{indicator} ({kind}): at least {count} {records}, INCOMPLETE ({})\n", state.word()),
    }
}

fn table(records: &[&Record], width: Option<u16>) -> Table {
    // A narrow terminal has room for the day, not for the second, and none for what the two dates say already.
    let precise = width.is_none_or(|width| width >= 110);
    let mut table = new_table(width);
    let columns = if precise { 7 } else { 6 };
    let header = ["Type", "Name", "Data", "First seen", "Last seen", "Count", "Span"];
    table.set_header(header.into_iter().take(columns));
    for record in records {
        table.add_row(cells(record, precise).into_iter().take(columns));
    }
    // Only names and data are broken where the row is too long.
    for (at, column) in table.column_iter_mut().enumerate() {
        if !matches!(at, 1 | 2) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        if at > 4 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// An empty table that fits.
pub(crate) fn new_table(width: Option<u16>) -> Table {
    let line = || LineStyle::none().fill('─').junction('─');
    let mut table = Table::new();
    table.load_style(TableStyle::new().top_border(line()).header_separator(line()).bottom_border(line()));
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(40)),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table
}

fn cells(record: &Record, precise: bool) -> [String; 7] {
    let span = record.span();
    // Zone times are another thing than sightings, and say so.
    let zone =
        if record.time_first.or(record.time_last).is_none() && span.is_some() { " (zone)" } else { "" };
    let date = |seconds: Option<u64>| {
        let text = seconds.map_or_else(|| "unknown".to_owned(), time::readable);
        let shown = if precise { text.as_str() } else { text.split(' ').next().unwrap_or_default() };
        format!("{shown}{zone}")
    };
    [
        record.rrtype.to_string(),
        shorten(&record.rrname.to_string()),
        shorten(&record.rdata_text()),
        date(span.map(|span| span.0)),
        date(span.map(|span| span.1)),
        record.count.map_or_else(|| "?".to_owned(), |count| count.to_string()),
        span.map(|(first, last)| length(last - first)).unwrap_or_default(),
    ]
}

/// Cuts what is too long for a cell.
pub(crate) fn shorten(text: &str) -> String {
    match text.get(..LONGEST_CELL) {
        Some(head) if text.len() > LONGEST_CELL => format!("{head}…"),
        _ => text.to_owned(),
    }
}

/// A length of time in its two largest units.
fn length(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        (1..=89, _, _) => format!("{days} d {} h", hours % 24),
        (90..=729, _, _) => format!("{days} d"),
        _ => format!("{} y {} d", days / 365, days % 365),
    }
}

fn count_findings(findings: &Findings) -> String {
    let of = |kind: &str| findings.list.iter().filter(|finding| finding.kind() == kind).count();
    let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    format!(
        "{}: {}, {}, {}",
        plural(findings.list.len(), "finding"),
        plural(of("attribute"), "attribute"),
        plural(of("indicator"), "related indicator"),
        plural(of("relationship"), "relationship"),
    )
}

/// Findings to read: attributes by name, indicators by type, relationships one a row; at most `most` of each.
pub(crate) fn findings(findings: &Findings, most: usize, width: Option<u16>) -> String {
    let mut text = String::new();
    let mut lists: Vec<(String, Vec<String>)> = Vec::new();
    for finding in &findings.list {
        let mark = if finding.is_selected() { "" } else { " (not selected)" };
        let (title, entry) = match finding {
            Finding::Attribute { name, value, .. } => (format!("Attribute {name}"), value.clone()),
            Finding::Indicator { indicator, .. } => {
                (format!("Related {}", indicator.kind()), indicator.to_string())
            }
            Finding::Relationship { .. } => continue,
        };
        let entry = format!("{}{mark}", shorten(&terminal::printable(&entry)));
        match lists.iter_mut().find(|(known, _)| *known == title) {
            Some((_, entries)) => entries.push(entry),
            None => lists.push((title, vec![entry])),
        }
    }
    for (title, mut entries) in lists {
        let more = entries.len().saturating_sub(most);
        entries.truncate(most);
        if more > 0 {
            entries.push(format!("… and {more} more"));
        }
        let _ = writeln!(text, "  {title}: {}", entries.join(" | "));
    }
    if let Some(table) = relationships(findings, most, width) {
        let _ = writeln!(text, "  Relationships:\n{table}");
    }
    text
}

fn relationships(findings: &Findings, most: usize, width: Option<u16>) -> Option<Table> {
    let mut table = new_table(width);
    let mut more = 0;
    for finding in &findings.list {
        let Finding::Relationship { from, to, attributes, caution, .. } = finding else { continue };
        if table.is_empty() {
            let names = attributes.iter().map(|(name, _)| name.as_str());
            table.set_header(["From", "To"].into_iter().chain(names));
        }
        if table.row_count() >= most {
            more += 1;
            continue;
        }
        let mark = if caution.is_some() { " (not selected)" } else { "" };
        let values = attributes.iter().map(|(_, value)| shorten(&terminal::printable(value)));
        table.add_row([from.to_string(), format!("{to}{mark}")].into_iter().chain(values));
    }
    if more > 0 {
        table.add_row([format!("… and {more} more")]);
    }
    (!table.is_empty()).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_in_two_units() {
        assert_eq!(length(0), "0 s");
        assert_eq!(length(9_739), "2 h 42 min");
        assert_eq!(length(2_955_474), "34 d 4 h");
        assert_eq!(length(86_400 * 800), "2 y 70 d");
    }
}
