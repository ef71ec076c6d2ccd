//! Records as a table for spreadsheets: RFC 4180, dates in UTC, and no cell that a spreadsheet would run as a formula.
//!
//! A cell that begins like a formula gets a `'` before it; control characters are written as `\xNN`.

use std::io;

use cof::{Record, time};
use context::Placing;
use operation::{Indicator, Relation, shown};

use crate::history::{Part, ShownHistory};
use crate::run::Run;
use crate::text::printable;

const COLUMNS: [&str; 18] = [
    "query",
    "relation",
    "rrname",
    "rrtype",
    "rdata",
    "time_first",
    "time_last",
    "zone_time_first",
    "zone_time_last",
    "count",
    "bailiwick",
    "origin",
    "provider",
    "fetched_at",
    "notes",
    "rrname_unicode",
    "rdata_unicode",
    "caution",
];

/// The columns of a history before those of its answers.
const HISTORY_COLUMNS: [&str; 9] =
    ["query", "relation", "rrname", "rrtype", "rdata", "time_first", "time_last", "sources", "caution"];

/// The last columns, if files say where addresses are.
const PLACE_COLUMNS: [&str; 3] = ["as_number", "as_name", "country"];

/// The names of the columns.
///
/// # Errors
/// None in practice: the text is written to memory.
pub fn head(placing: &Placing) -> io::Result<String> {
    let columns = COLUMNS.into_iter().chain(place_columns(placing));
    rows(std::iter::once(columns.map(str::to_owned).collect::<Vec<_>>()))
}

/// One row per record.
///
/// # Errors
/// None in practice: the text is written to memory.
pub fn body(run: &Run, records: &[Record], placing: &Placing) -> io::Result<String> {
    let row = |record| cells(run, record).into_iter().chain(place_cells(placing, record));
    rows(records.iter().map(|record| row(record).map(|cell| safe(&cell)).collect::<Vec<_>>()))
}

/// The columns for where addresses are; none if no file says it.
pub fn place_columns(placing: &Placing) -> impl Iterator<Item = &'static str> {
    PLACE_COLUMNS.into_iter().filter(|_| placing.networks.is_configured())
}

/// Where the address of a record is, in the columns that there are.
pub fn place_cells(placing: &Placing, record: &Record) -> impl Iterator<Item = String> + use<> {
    let place = placing.of(record).unwrap_or_default();
    let number = place.as_number.map(|number| number.to_string()).unwrap_or_default();
    let country = place.country.map(|country| country.to_string()).unwrap_or_default();
    let is_configured = placing.networks.is_configured();
    [number, place.as_name.unwrap_or_default(), country].into_iter().filter(move |_| is_configured)
}

/// A history: one row per record, with the dates and the count of each answer in columns of their own.
///
/// # Errors
/// None in practice: the text is written to memory.
pub fn history(shown: &ShownHistory) -> io::Result<String> {
    let history = &shown.history;
    let columns = HISTORY_COLUMNS.iter().map(|&column| column.to_owned());
    let of_part = |part: &Part| {
        let source = &part.latest.source;
        ["time_first", "time_last", "count"].map(|column| safe(&format!("{source}: {column}")))
    };
    let places = place_columns(&shown.placing).map(str::to_owned);
    let head = columns.chain(history.parts.iter().flat_map(of_part)).chain(places).collect();
    let row = |place: &usize| Some(history_cells(shown, *place, history.records.get(*place)?));
    rows(std::iter::once(head).chain(shown.places.iter().filter_map(row)))
}

fn history_cells(shown: &ShownHistory, place: usize, record: &Record) -> Vec<String> {
    let history = &shown.history;
    let indicator = &history.indicator;
    let sources = history.said(place).zip(&history.parts).filter(|(said, _)| said.is_some());
    let sources: Vec<&str> = sources.map(|(_, part)| part.latest.source.as_str()).collect();
    let own = [
        indicator.to_string(),
        Relation::of(indicator, record).word().to_owned(),
        record.rrname.to_string(),
        record.rrtype.to_string(),
        record.rdata_text(),
    ];
    let [first, last, _] = sightings(Some(record));
    let cells = own.into_iter().chain([first, last, sources.join("; "), caution(record)]);
    let cells = cells.chain(history.said(place).flat_map(sightings));
    cells.chain(place_cells(&shown.placing, record)).map(|cell| safe(&cell)).collect()
}

/// First seen, last seen and count; empty where unknown.
fn sightings(record: Option<&Record>) -> [String; 3] {
    let (first, last) = record.map(Record::seen).unwrap_or_default();
    let count = record.and_then(|record| record.count);
    [date(first), date(last), count.map(|count| count.to_string()).unwrap_or_default()]
}

/// `LibreOffice` and Excel read this form as a date; with the T and Z of RFC 3339 it would be text.
fn date(seconds: Option<u64>) -> String {
    seconds.map(time::readable).unwrap_or_default()
}

/// Rows of cells that are [`safe`], with the header first.
///
/// # Errors
/// None in practice: the text is written to memory.
pub fn rows<R: IntoIterator<Item = String>>(rows: impl Iterator<Item = R>) -> io::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    let octets = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    String::from_utf8(octets).map_err(io::Error::other)
}

fn cells(run: &Run, record: &Record) -> [String; 18] {
    let indicator = &run.indicator;
    let ((first, last), (zone_first, zone_last)) = (record.sightings(), record.zone_times());
    let notes: Vec<String> = record.notes.iter().map(ToString::to_string).collect();
    [
        indicator.to_string(),
        Relation::of(indicator, record).word().to_owned(),
        record.rrname.to_string(),
        record.rrtype.to_string(),
        record.rdata_text(),
        date(first),
        date(last),
        date(zone_first),
        date(zone_last),
        record.count.map(|count| count.to_string()).unwrap_or_default(),
        record.bailiwick.as_ref().map(ToString::to_string).unwrap_or_default(),
        record.origin.as_deref().unwrap_or_default().to_owned(),
        run.provider.clone(),
        time::readable(u64::try_from(run.fetched.at).unwrap_or_default()),
        notes.join("; "),
        shown::unicode(&record.rrname.to_string()).unwrap_or_default(),
        shown::unicode(&record.rdata_text()).unwrap_or_default(),
        caution(record),
    ]
}

/// A caution about the name and about what the data names.
pub fn caution(record: &Record) -> String {
    let sides = [Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype)];
    shown::cautions(sides.iter().flatten()).join("; ")
}

/// What a record itself says, from `rrname` to `origin`, and what is said of its names: both in Unicode, and the caution. The tables
/// of records put their own columns in between.
pub fn record_cells(record: &Record) -> ([String; 10], [String; 3]) {
    // In the form that spreadsheets read.
    let date = |seconds: Option<u64>| seconds.map(time::readable).unwrap_or_default();
    let (rrname, rdata) = (record.rrname.to_string(), record.rdata_text());
    let named = [
        shown::unicode(&rrname).unwrap_or_default(),
        shown::unicode(&rdata).unwrap_or_default(),
        caution(record),
    ];
    let own = [
        rrname,
        record.rrtype.to_string(),
        rdata,
        date(record.time_first),
        date(record.time_last),
        date(record.zone_time_first),
        date(record.zone_time_last),
        record.count.map(|count| count.to_string()).unwrap_or_default(),
        record.bailiwick.as_ref().map(ToString::to_string).unwrap_or_default(),
        record.origin.as_deref().unwrap_or_default().to_owned(),
    ];
    (own, named)
}

/// A cell that a spreadsheet shows but does not run.
pub fn safe(cell: &str) -> String {
    let printable = printable(cell);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{printable}") } else { printable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_shown_and_not_run() {
        assert_eq!(safe("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(safe("-1+1"), "'-1+1");
        assert_eq!(safe("\t=1"), "'\\x09=1");
        assert_eq!(safe("www.example.com"), "www.example.com");
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["a \"quoted\" text", "b,c"]).unwrap();
        assert_eq!(writer.into_inner().unwrap(), b"\"a \"\"quoted\"\" text\",\"b,c\"\n");
    }
}
