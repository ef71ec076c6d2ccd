//! Tables to read: what is direct apart from what is related, dates in UTC with span and count.
//!
//! Everything from outside is printable before it becomes a cell: names and data are printable ASCII by their type.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use cof::{Record, time};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};
use operation::{Answer, Finding, Findings, Indicator, Relation, State};

use crate::query::Asked;
use crate::terminal::{self, plural};

/// Data longer than this is cut in a cell; the other formats have it whole.
const LONGEST_CELL: usize = 240;
/// No table is made narrower than this: it would be a column of single letters.
const NARROWEST: u16 = 60;

/// One answer with a line on what it proposes.
pub(super) fn render(asked: &Asked) -> String {
    let mut text = history(asked, terminal::width());
    if !asked.findings.list.is_empty() {
        text.push_str(&count_findings(&asked.findings));
    }
    text.push('\n');
    text
}

/// The headline and the tables of one answer.
pub(crate) fn history(asked: &Asked, width: Option<u16>) -> String {
    let (Ok(answer), Some(indicator)) = (&asked.outcome, &asked.indicator) else {
        return format!("{}: not asked\n", terminal::label(&asked.value));
    };
    let mut text = headline(indicator, answer, asked.left_out);
    let (direct, related): (Vec<&Record>, Vec<&Record>) =
        answer.records.iter().partition(|record| Relation::of(indicator, record) == Relation::Direct);
    for (title, records) in [
        ("Direct: the value is the name or the data (times in UTC)", direct),
        ("Related: other records of the names found (times in UTC)", related),
    ] {
        if !records.is_empty() {
            let _ = writeln!(text, "\n{title}\n{}", table(&records, width).trim_fmt());
        }
    }
    if !answer.records.is_empty() {
        text.push('\n');
    }
    text
}

fn headline(indicator: &Indicator, answer: &Answer, left_out: usize) -> String {
    let count = answer.records.len() + left_out;
    let records = plural(count as u64, "record");
    let shown = if left_out > 0 { format!(", {} shown", answer.records.len()) } else { String::new() };
    let state = match answer.completeness.state {
        State::Complete if count == 0 => "nothing found; the answer is complete".to_owned(),
        State::Complete => format!("{records}, complete{shown}"),
        State::Failed if count == 0 => "no answer".to_owned(),
        state => format!("at least {records}, INCOMPLETE ({}){shown}", state.word()),
    };
    format!("{indicator} ({}): {state}\n", indicator.kind())
}

fn table(records: &[&Record], width: Option<u16>) -> Table {
    // A narrow terminal has room for the day, not for the second, and none for what the two dates say already.
    let precise = is_wide(width);
    let mut table = new_table(width);
    let columns = if precise { 7 } else { 6 };
    let header = ["Type", "Name", "Data", "First seen", "Last seen", "Count", "Span"];
    table.set_header(header.into_iter().take(columns));
    for record in records {
        table.add_row(cells(record, precise).into_iter().take(columns));
    }
    keep_short_whole(&mut table, 1..=2, width);
    for column in table.column_iter_mut().skip(5) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Whether times to the second, and how long it was between them, have room.
fn is_wide(width: Option<u16>) -> bool {
    width.is_none_or(|width| width >= 110)
}

/// Keeps dates, counts and the like in one piece: only what is long is broken where the row is too long.
///
/// `hosts` are the columns of names and data: they share what is left.
fn keep_short_whole(table: &mut Table, hosts: RangeInclusive<usize>, width: Option<u16>) {
    let short = if is_wide(width) { "2017-06-09 08:07:17".len() } else { "2017-06-09".len() };
    let widest = table.column_max_content_widths();
    for (at, (column, widest)) in table.column_iter_mut().zip(widest).enumerate() {
        if usize::from(widest) <= short && !hosts.contains(&at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// An empty table that fits.
pub(crate) fn new_table(width: Option<u16>) -> Table {
    let line = || LineStyle::none().fill('─').junction('─');
    fitting(TableStyle::new().top_border(line()).header_separator(line()).bottom_border(line()), width)
}

fn fitting(style: TableStyle, width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(style);
    match width {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(NARROWEST))
        }
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
    let of = |kind: &str| findings.list.iter().filter(|finding| finding.kind() == kind).count() as u64;
    format!(
        "{} (--format json lists them):\n{}, {}, {}\n",
        plural(findings.list.len() as u64, "finding"),
        plural(of("attribute"), "attribute"),
        plural(of("indicator"), "related indicator"),
        plural(of("relationship"), "relationship"),
    )
}

/// Findings to read: attributes by name, indicators by type, relationships one a row; at most `most` of each.
pub(crate) fn findings(findings: &Findings, most: usize, width: Option<u16>) -> String {
    let mut text = lists(findings, most, width);
    if let Some(table) = relationships(findings, most, width) {
        let _ = writeln!(text, " Relationships\n{}", table.trim_fmt());
    }
    text
}

/// What is proposed by itself: a row an attribute or type of indicator.
fn lists(findings: &Findings, most: usize, width: Option<u16>) -> String {
    let mut lists: Vec<(String, Vec<String>)> = Vec::new();
    for (title, entry) in findings.list.iter().filter_map(entry) {
        match lists.iter_mut().find(|(known, _)| *known == title) {
            Some((_, entries)) => entries.push(entry),
            None => lists.push((title, vec![entry])),
        }
    }
    let mut table = fitting(TableStyle::new(), width);
    for (title, mut entries) in lists {
        let more = entries.len().saturating_sub(most);
        entries.truncate(most);
        if more > 0 {
            entries.push(format!("… and {more} more"));
        }
        table.add_row([title, entries.join(" | ")]);
    }
    if let Some(titles) = table.column_mut(0) {
        titles.set_constraint(ColumnConstraint::ContentWidth);
    }
    if table.is_empty() { String::new() } else { table.trim_fmt() + "\n" }
}

/// A finding that stands by itself, under which title.
fn entry(finding: &Finding) -> Option<(String, String)> {
    let (title, entry) = match finding {
        Finding::Attribute { name, value, .. } => (format!("Attribute {name}"), value.clone()),
        Finding::Indicator { indicator, .. } => {
            (format!("Related {}", indicator.kind()), indicator.to_string())
        }
        Finding::Relationship { .. } => return None,
    };
    let mark = if finding.is_selected() { "" } else { " (not selected)" };
    Some((terminal::printable(&title), format!("{}{mark}", shorten(&terminal::printable(&entry)))))
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
        let values = attributes.iter().map(|(_, value)| shorten(&terminal::printable(day(value, width))));
        table.add_row([from.to_string(), format!("{to}{mark}")].into_iter().chain(values));
    }
    if more > 0 {
        table.add_row([format!("… and {more} more")]);
    }
    keep_short_whole(&mut table, 0..=1, width);
    (!table.is_empty()).then_some(table)
}

/// A time without the time of day, where the second has no room.
fn day(value: &str, width: Option<u16>) -> &str {
    let is_time = |day: &str, time: &str| day.len() == 10 && time.len() == 8 && time.contains(':');
    match value.split_once(' ') {
        Some((day, time)) if is_time(day, time) && width.is_some_and(|width| width < 150) => day,
        _ => value,
    }
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
