//! Prints the rows of a lookup. The command's help describes the JSON shapes.

use std::fmt::Write as _;
use std::io;

use cof::{Dialect, Record, Writer, time};
use context::Placing;
use pdns::inquiry::{Inquiry, What};
use serde::Serialize;
use serde_json::value::RawValue;
use store::{Page, Subject, Summary};
use workbench::text::ascii;
use workbench::{csv, json};

use crate::args::Format;
use crate::args::database::LookupArgs;
use crate::exit::Failure;
use crate::output::table;
use crate::terminal::{self, plural};

const COLUMNS: [&str; 15] = [
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
    "sensor_id",
    "source_kind",
    "rrname_unicode",
    "rdata_unicode",
    "caution",
];

#[derive(Serialize)]
struct PageShape<'a> {
    question: &'a str,
    records: Vec<Box<RawValue>>,
    more: bool,
    limit: usize,
}

#[derive(Serialize)]
struct SummaryShape<'a> {
    question: &'a str,
    rows: u64,
    count: Option<u64>,
    time_first: Option<u64>,
    time_last: Option<u64>,
}

/// A page in the requested format.
pub(super) fn page(
    command: &LookupArgs,
    inquiry: &Inquiry,
    page: &Page,
    placing: &Placing,
) -> Result<String, Failure> {
    Ok(match command.format {
        Format::Cof => lines(&page.records),
        Format::Csv => as_csv(&page.records, placing)?,
        Format::Json => as_json(&PageShape {
            question: &command.question,
            records: page
                .records
                .iter()
                .map(|record| json_record(record, placing))
                .collect::<Result<_, _>>()
                .map_err(|error| written(&error))?,
            more: page.more,
            limit: page.limit,
        })?,
        Format::Table => as_table(command, inquiry, page, placing),
    })
}

/// A summary in the requested format.
///
/// # Errors
/// The format has no summaries.
pub(super) fn summary(command: &LookupArgs, summary: &Summary) -> Result<String, Failure> {
    let Summary { rows, count, first, last } = *summary;
    match command.format {
        Format::Json => as_json(&SummaryShape {
            question: &command.question,
            rows,
            count,
            time_first: first,
            time_last: last,
        }),
        Format::Table => {
            let mut text = format!("{}: {}", terminal::label(&command.question), plural(rows, "row"));
            match count {
                Some(count) => {
                    let _ = write!(text, ", seen {}", plural(count, "time"));
                }
                None if rows > 0 => text.push_str(", count unknown"),
                None => {}
            }
            if let (Some(first), Some(last)) = (first, last) {
                let _ = write!(text, ", {} to {} UTC", time::readable(first), time::readable(last));
            }
            Ok(text + "\n")
        }
        Format::Cof | Format::Csv => Err(Failure::Usage("--summary needs --format table or json".to_owned())),
    }
}

/// Records in the form of files.
pub(crate) fn lines(records: &[Record]) -> String {
    let mut text = String::with_capacity(records.len() * 160);
    let mut writer = Writer::new(Dialect::Draft);
    for record in records {
        writer.write(record, &mut text);
    }
    text
}

fn as_table(command: &LookupArgs, inquiry: &Inquiry, page: &Page, placing: &Placing) -> String {
    if page.records.is_empty() {
        return format!("{}: {}\n", terminal::label(&command.question), nothing(inquiry, placing));
    }
    let records: Vec<&Record> = page.records.iter().collect();
    let table = table::placed(&records, placing, inquiry.by_source, terminal::width());
    let cautions = table::cautions_of(&page.records);
    format!("{table}\n{} (times in UTC)\n{cautions}", plural(records.len() as u64, "row"))
}

/// The message that nothing was found, and where a name was not searched for.
fn nothing(inquiry: &Inquiry, placing: &Placing) -> String {
    match &inquiry.what {
        _ if !placing.only.is_empty() => {
            "no records with an address in the requested networks or countries".to_owned()
        }
        What::Subject(Subject::Name(name)) => format!(
            "no records with this name as owner; to search the data of records, use `backsight lookup {}`",
            terminal::quoted(&format!("rdata:{name}"))
        ),
        _ => "no records".to_owned(),
    }
}

fn as_json(shape: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(shape).map(|text| ascii(text) + "\n").map_err(|error| written(&error))
}

fn written(error: &serde_json::Error) -> Failure {
    Failure::work("writing JSON", error)
}

/// The record in the form of files, with the members that distinguish sources, and where its address is.
fn json_record(record: &Record, placing: &Placing) -> Result<Box<RawValue>, serde_json::Error> {
    let mut text = lines(std::slice::from_ref(record));
    text.truncate(text.trim_end().len() - 1);
    for (key, value) in record.extras.iter() {
        let _ = write!(text, ",{}:{value}", serde_json::to_string(key)?);
    }
    if let Some(place) = placing.of(record) {
        json::answer::push_place(&mut text, &place)?;
    }
    text.push('}');
    RawValue::from_string(text)
}

fn as_csv(records: &[Record], placing: &Placing) -> io::Result<String> {
    let head = COLUMNS.into_iter().chain(csv::place_columns(placing)).map(str::to_owned);
    let row = |record: &Record| -> Vec<String> {
        let (own, named) = csv::record_cells(record);
        let sensor = record.sensor_id.as_deref().unwrap_or_default().to_owned();
        let source = [sensor, table::source_kind(record).to_owned()];
        let all = own.into_iter().chain(source).chain(named).chain(csv::place_cells(placing, record));
        all.map(|cell| csv::safe(&cell)).collect()
    };
    csv::rows(std::iter::once(head.collect()).chain(records.iter().map(row)))
}
