//! Tables: direct and related records separately, dates in UTC with span and count.
//!
//! Text from outside is printable before it becomes a cell: names and data are printable ASCII by their type.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use cof::{Record, time};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};
use context::Placing;
use operation::{Findings, Indicator, IndicatorType, Relation, Side, shown};
use workbench::library::Tally;
use workbench::run::{Compared, Difference, Run, Shown, State};

use crate::asked::Asked;
use crate::kept;
use crate::terminal::{self, plural};

/// The longest data in a cell; the other formats have all of it.
const LONGEST_CELL: usize = 240;
/// The most cautions that are shown; the other formats have one with each record.
const MOST_CAUTIONS: usize = 20;
/// The smallest width of a table: a narrower one would consist of single letters.
const NARROWEST: u16 = 60;

/// One answer, with a line about its findings.
pub(super) fn render(asked: &Asked) -> String {
    let mut text =
        asked.operation.iter().map(|operation| terminal::printable(operation) + "\n").collect::<String>();
    let Ok(shown) = &asked.outcome else {
        let _ = writeln!(text, "{}: not queried\n", terminal::label(&asked.value));
        return text;
    };
    text.push_str(&history(shown, terminal::width()));
    text.push_str(&changes(shown, terminal::width()));
    if !shown.findings.list.is_empty() {
        text.push_str(&count_findings(&shown.findings));
        if shown.added.is_none() {
            let id = shown.run.id;
            let _ =
                writeln!(text, "backsight run show {id}   numbers them\nbacksight run add {id}    adds them");
        }
    }
    if let Some(tally) = &shown.added {
        text.push_str(&added(tally));
    }
    text.push('\n');
    text
}

/// The title and the tables of one answer.
pub(crate) fn history(shown: &Shown, width: Option<u16>) -> String {
    let mut text = headline(shown);
    let (direct, related): (Vec<&Record>, Vec<&Record>) =
        shown.records.iter().partition(|record| Relation::of(shown.indicator(), record) == Relation::Direct);
    for (title, records) in [
        ("Direct: the value is the name or the data (times in UTC)", direct),
        ("Related: other records of the names found (times in UTC)", related),
    ] {
        if !records.is_empty() {
            let _ =
                writeln!(text, "\n{title}\n{}", placed(&records, &shown.placing, false, width).trim_fmt());
        }
    }
    if !shown.records.is_empty() {
        text.push('\n');
    }
    let mut hosts = hosts_of(&shown.records);
    hosts.push(shown.indicator().clone());
    text.push_str(&cautions(&hosts));
    text
}

/// The cautions about the names and addresses of records, one per line.
pub(crate) fn cautions_of(records: &[Record]) -> String {
    cautions(&hosts_of(records))
}

fn hosts_of(records: &[Record]) -> Vec<Indicator> {
    let sides =
        |record: &Record| [Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype)];
    records.iter().flat_map(sides).flatten().collect()
}

/// The cautions about indicators, one per line.
pub(crate) fn cautions<'a>(indicators: impl IntoIterator<Item = &'a Indicator>) -> String {
    let said = shown::cautions(indicators);
    let mut text = String::new();
    for one in said.iter().take(MOST_CAUTIONS) {
        let _ = writeln!(text, "Caution: {one}");
    }
    if said.len() > MOST_CAUTIONS {
        let _ = writeln!(text, "… and {} more", plural((said.len() - MOST_CAUTIONS) as u64, "caution"));
    }
    text
}

fn headline(shown: &Shown) -> String {
    let (indicator, run) = (shown.indicator(), &shown.run);
    let count = shown.records.len() + shown.left_out;
    let records = plural(count as u64, "record");
    let few = if shown.left_out > 0 { format!(", {} shown", shown.records.len()) } else { String::new() };
    let state = match run.ending.state {
        State::Complete if count == 0 => nothing(run),
        State::Complete => format!("{records}, complete{few}"),
        State::Failed if count == 0 => "no answer".to_owned(),
        state => format!("at least {records}, INCOMPLETE ({}){few}", state.word()),
    };
    let value = shown::labelled(&indicator.to_string());
    let mut text = format!("{value} ({}): {state}\n", indicator.kind());
    if run.is_cached() {
        let at = kept::readable(run.fetched.at);
        let _ = writeln!(text, "Stored {at} UTC (run {}); --fresh queries again", run.fetched.by);
    }
    text
}

/// The message that nothing was found, and what was queried: names as owners of records, or in their data.
fn nothing(run: &Run) -> String {
    let (side, other) = match (run.indicator.kind(), run.filter().side) {
        (IndicatorType::Fqdn, Side::Owner) => {
            (" with this name as owner", "\n--by-data queries records with it in their data")
        }
        (IndicatorType::Fqdn, Side::Data) => {
            (" with this name in its data", "\nWithout --by-data, records with it as owner are queried")
        }
        (IndicatorType::IpAddress | IndicatorType::Ipv6Address, _) => ("", ""),
    };
    format!("nothing found{side}; the answer is complete{other}")
}

/// The changes since the previous answer, if they were requested.
pub(crate) fn changes(shown: &Shown, width: Option<u16>) -> String {
    let changes = match &shown.compared {
        Compared::No => return String::new(),
        Compared::WithNothing => return "No earlier complete answer to compare with\n".to_owned(),
        Compared::With(changes) => changes,
    };
    let at = kept::readable(changes.since.fetched.at);
    let lists = change_lists(&changes.new, changes.gone.as_deref(), &changes.different, width);
    format!("Since {at} UTC (run {}): {lists}", changes.since.id)
}

/// How many records are new, gone and different, and their tables.
pub(crate) fn change_lists(
    new: &[Record],
    gone: Option<&[Record]>,
    different: &[Difference],
    width: Option<u16>,
) -> String {
    let mut text = format!("{} new, ", new.len());
    let _ = match gone {
        Some(gone) => writeln!(text, "{} gone, {} different", gone.len(), different.len()),
        None => writeln!(text, "{} different; gone records cannot be determined here", different.len()),
    };
    let lists: [(&str, Vec<&Record>); 4] = [
        ("New", new.iter().collect()),
        ("Gone", gone.into_iter().flatten().collect()),
        ("Different: before", different.iter().map(|one| &one.before).collect()),
        ("Different: now", different.iter().map(|one| &one.now).collect()),
    ];
    for (title, records) in lists {
        if !records.is_empty() {
            let _ = writeln!(text, "\n{title}\n{}", self::records(&records, false, width).trim_fmt());
        }
    }
    text.push('\n');
    text
}

/// What became of findings in the library, or would become of them.
pub(crate) fn added(tally: &Tally) -> String {
    let mut text = String::new();
    for (one, count) in [
        ("indicator", &tally.indicators),
        ("attribute", &tally.attributes),
        ("relationship", &tally.relationships),
    ] {
        let left_out = [
            (count.whitelisted, "whitelisted"),
            (count.removed, "removed earlier"),
            (count.over_cap, "over the limit"),
        ];
        let _ = write!(text, "{}, {} already known", plural(count.new, &format!("new {one}")), count.known);
        for (number, why) in left_out.into_iter().filter(|(number, _)| *number > 0) {
            let _ = write!(text, ", {number} left out: {why}");
        }
        text.push('\n');
    }
    text
}

/// A table of records; with `sources`, including the source of each.
pub(crate) fn records(records: &[&Record], sources: bool, width: Option<u16>) -> Table {
    // A narrow terminal has room for the day, but not for the second, and not for the span, which follows from the dates.
    let precise = is_wide(width);
    let mut table = new_table(width);
    let columns = if precise { 7 } else { 6 };
    let header = ["Type", "Name", "Data", "First seen", "Last seen", "Count", "Span"];
    table.set_header(header.into_iter().take(columns).chain(sources.then_some("Source")));
    for record in records {
        let source = sources.then(|| source(record));
        table.add_row(cells(record, precise).into_iter().take(columns).chain(source));
    }
    keep_short_whole(&mut table, 1..=2, width);
    for column in table.column_iter_mut().skip(5).take(columns - 5) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A table of records, with the place of each address if files say where addresses are; with `sources`, including the source of
/// each record.
pub(crate) fn placed(records: &[&Record], placing: &Placing, sources: bool, width: Option<u16>) -> Table {
    let mut table = self::records(records, sources, width);
    if placing.networks.is_configured() {
        let header =
            table.header().map(|row| row.cell_iter().map(comfy_table::Cell::content).collect::<Vec<_>>());
        let rows = records.iter().zip(table.row_iter_mut());
        for (record, row) in rows {
            row.add_cell(place(placing, record).into());
        }
        table.set_header(header.into_iter().flatten().chain([PLACE.to_owned()]));
    }
    table
}

/// The header of the column of places.
pub(crate) const PLACE: &str = "Network";

/// Where the address of a record is; empty if nothing is known.
pub(crate) fn place(placing: &Placing, record: &Record) -> String {
    placing.of(record).map(|place| terminal::printable(&place.to_string())).unwrap_or_default()
}

/// Whether there is room for times to the second, and for spans.
fn is_wide(width: Option<u16>) -> bool {
    width.is_none_or(|width| width >= 110)
}

/// Prevents breaks within dates, counts and the like: only long texts are broken if the row is too long.
///
/// `hosts` are the columns of names and data, which share the remaining width.
fn keep_short_whole(table: &mut Table, hosts: RangeInclusive<usize>, width: Option<u16>) {
    let short = if is_wide(width) { "2017-06-09 08:07:17".len() } else { "2017-06-09".len() };
    let widest = table.column_max_content_widths();
    for (at, (column, widest)) in table.column_iter_mut().zip(widest).enumerate() {
        if usize::from(widest) <= short && !hosts.contains(&at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// An empty table with the right width.
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
    let (first, last) = record.seen();
    // Zone times are marked, because they are not observations.
    let zone = if record.sightings() == (None, None) && first.or(last).is_some() { " (zone)" } else { "" };
    let date = |seconds: Option<u64>| {
        let text = seconds.map_or_else(|| "unknown".to_owned(), time::readable);
        let shown = if precise { text.as_str() } else { text.split(' ').next().unwrap_or_default() };
        if seconds.is_some() { format!("{shown}{zone}") } else { text }
    };
    [
        record.rrtype.to_string(),
        shorten(&shown::labelled(&record.rrname.to_string())),
        shorten(&shown::labelled(&record.rdata_text())),
        date(first),
        date(last),
        record.count.map_or_else(|| "unknown".to_owned(), terminal::thousands),
        first.zip(last).map(|(first, last)| length(last - first)).unwrap_or_default(),
    ]
}

/// The kind of a record's source, if sources are separate.
pub(crate) fn source_kind(record: &Record) -> &str {
    let kind = record.extras.iter().find(|(key, _)| &**key == "source_kind");
    kind.map(|(_, value)| value.trim_matches('"')).unwrap_or_default()
}

/// `report of https://www.circl.lu/pdns/, sensor vienna-1`.
fn source(record: &Record) -> String {
    let mut text = source_kind(record).to_owned();
    for (word, value) in [(" of ", &record.origin), (", sensor ", &record.sensor_id)] {
        if let Some(value) = value {
            let _ = write!(text, "{word}{}", terminal::printable(value));
        }
    }
    shorten(&text)
}

/// Shortens a text that is too long for a cell.
pub(crate) fn shorten(text: &str) -> String {
    match text.get(..LONGEST_CELL) {
        Some(head) if text.len() > LONGEST_CELL => format!("{head}…"),
        _ => text.to_owned(),
    }
}

/// A time span in its two largest units.
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
        "{}:\n{}, {}, {}\n",
        plural(findings.list.len() as u64, "finding"),
        plural(of("attribute"), "attribute"),
        plural(of("indicator"), "related indicator"),
        plural(of("relationship"), "relationship"),
    )
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
