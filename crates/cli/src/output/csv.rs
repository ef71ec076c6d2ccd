//! One table for spreadsheets: RFC 4180, dates in UTC, nothing that a spreadsheet would run.
//!
//! A cell that begins like a formula gets a `'` before it; control characters are written as `\xNN`.

use cof::{Record, time};
use operation::Relation;
use workbench::run::Run;

use crate::exit::Failure;
use crate::query::Asked;
use crate::{kept, terminal};

const COLUMNS: [&str; 15] = [
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
];

/// The names of the columns.
pub(super) fn head() -> Result<String, Failure> {
    rows(std::iter::once(COLUMNS.map(str::to_owned)))
}

/// One row a record.
pub(super) fn render(asked: &Asked) -> Result<String, Failure> {
    let Ok(shown) = &asked.outcome else { return Ok(String::new()) };
    rows(shown.records.iter().map(|record| cells(&shown.run, record).map(|cell| safe(&cell))))
}

fn rows(rows: impl Iterator<Item = [String; 15]>) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Work(format!("writing CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

fn cells(run: &Run, record: &Record) -> [String; 15] {
    let indicator = &run.indicator;
    let date = |seconds: Option<u64>| seconds.map(time::rfc3339).unwrap_or_default();
    let notes: Vec<String> = record.notes.iter().map(ToString::to_string).collect();
    [
        indicator.to_string(),
        Relation::of(indicator, record).word().to_owned(),
        record.rrname.to_string(),
        record.rrtype.to_string(),
        record.rdata_text(),
        date(record.time_first),
        date(record.time_last),
        date(record.zone_time_first),
        date(record.zone_time_last),
        record.count.map(|count| count.to_string()).unwrap_or_default(),
        record.bailiwick.as_ref().map(ToString::to_string).unwrap_or_default(),
        record.origin.as_deref().unwrap_or_default().to_owned(),
        run.provider.clone(),
        time::rfc3339(kept::seconds(run.fetched.at)),
        notes.join("; "),
    ]
}

/// A cell that a spreadsheet shows and does not run.
fn safe(cell: &str) -> String {
    let printable = terminal::printable(cell);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{printable}") } else { printable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b44_cells_are_shown_and_not_run() {
        assert_eq!(safe("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(safe("-1+1"), "'-1+1");
        assert_eq!(safe("\t=1"), "'\\x09=1");
        assert_eq!(safe("www.example.com"), "www.example.com");
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["a \"quoted\" text", "b,c"]).unwrap();
        assert_eq!(writer.into_inner().unwrap(), b"\"a \"\"quoted\"\" text\",\"b,c\"\n");
    }
}
