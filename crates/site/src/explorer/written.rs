//! What was found as text: JSON for programs, the Common Output Format, and CSV.
//!
//! Errors are those of writing to memory, which do not occur in practice.

use std::io;

use cof::{Dialect, Writer};
use context::Placing;
use serde::Serialize;
use utoipa::ToSchema;
use workbench::csv;

use super::facets::{Facets, Word};
use super::found::Found;
use super::reading::End;
use crate::content::Content;

/// What the own database has about a question.
#[derive(Serialize, ToSchema)]
pub(crate) struct Explored {
    /// The question in its shortest form.
    question: String,
    /// How each word of it was read.
    read_as: Vec<ReadAs>,
    /// `complete`, `reading` if there was not enough time to read all of it yet, or `limited` if there is more than is read.
    state: &'static str,
    /// How many entries of the database were read.
    entries_read: u64,
    /// The number of rows that were found; there are more unless the state is complete. The other figures are about these rows.
    rows: usize,
    /// The number of names.
    names: usize,
    /// The number of addresses.
    addresses: usize,
    /// The sum of the counts; null if none is known.
    sightings: Option<u64>,
    /// The earliest first seen, in seconds since the epoch.
    time_first: Option<u64>,
    /// The latest last seen, in seconds since the epoch.
    time_last: Option<u64>,
    facets: Distributions,
    /// How many of the rows have an address in the requested networks and countries; all of them if none were requested.
    matching: usize,
    /// The rows that were requested.
    records: Vec<ExploredRecord>,
    /// Whether there are rows after these.
    more: bool,
}

/// Some of the rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extract<'a> {
    /// Their positions.
    pub(crate) places: &'a [usize],
    /// The number of rows that they are taken from.
    pub(crate) of: usize,
    /// Whether there are rows after these.
    pub(crate) more: bool,
}

/// A word of a question.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReadAs {
    /// What it is, such as `name`, `types` or `seen after`.
    label: &'static str,
    /// Its value as it was understood.
    value: String,
}

/// How the rows are distributed; the 200 most frequent values of each.
#[derive(Serialize, ToSchema)]
pub(crate) struct Distributions {
    /// Record types.
    types: Vec<Share>,
    /// Registered domains of the names.
    domains: Vec<Share>,
    /// /24 and /48 networks of the addresses.
    networks: Vec<Share>,
    /// Sources: the sensor, or else the origin, or else the kind.
    sources: Vec<Share>,
}

/// A value, and how many rows have it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Share {
    value: String,
    rows: usize,
    /// First seen, in seconds since the epoch.
    time_first: Option<u64>,
    /// Last seen, in seconds since the epoch.
    time_last: Option<u64>,
}

/// A row.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExploredRecord {
    rrname: String,
    rrtype: String,
    rdata: String,
    /// Times are in seconds since the epoch.
    time_first: Option<u64>,
    time_last: Option<u64>,
    zone_time_first: Option<u64>,
    zone_time_last: Option<u64>,
    count: Option<u64>,
    bailiwick: Option<String>,
    origin: Option<String>,
    /// The sources that saw it, at most 1,000.
    sources: Vec<String>,
    /// The number of the autonomous system of the address in the data. Left out if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_number: Option<u32>,
    /// The name of the autonomous system. Left out if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_name: Option<String>,
    /// The country of the address, as two letters of ISO 3166-1. Left out if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
}

impl Explored {
    /// Some rows with the places of their addresses, and what is known about all rows.
    pub(crate) fn of(found: &Found, extract: Extract<'_>, placing: &Placing) -> Self {
        let figures = found.figures();
        let parts = found.inquiry.parts().iter();
        Self {
            question: found.inquiry.text(),
            read_as: parts.map(|part| ReadAs { label: part.label, value: part.value.clone() }).collect(),
            state: match found.progress.end {
                None => "reading",
                Some(End::Complete) => "complete",
                Some(End::Rows | End::Time | End::Tuples) => "limited",
            },
            entries_read: found.progress.read,
            rows: found.records().len(),
            names: figures.names,
            addresses: figures.addresses,
            sightings: figures.sightings,
            time_first: figures.span.map(|(first, _)| first),
            time_last: figures.span.map(|(_, last)| last),
            facets: Distributions::of(found.facets()),
            matching: extract.of,
            records: extract
                .places
                .iter()
                .filter_map(|place| ExploredRecord::of(found, *place, placing))
                .collect(),
            more: extract.more,
        }
    }
}

impl Distributions {
    fn of(facets: &Facets) -> Self {
        let shares = |word| {
            let values = facets.of(word).map(|facet| facet.values.as_slice()).unwrap_or_default();
            let share = |tally: &super::facets::Tally| Share {
                value: tally.value.clone(),
                rows: tally.rows,
                time_first: tally.span.map(|(first, _)| first),
                time_last: tally.span.map(|(_, last)| last),
            };
            values.iter().map(share).collect()
        };
        Self {
            types: shares(Word::Type),
            domains: shares(Word::Domain),
            networks: shares(Word::Network),
            sources: shares(Word::Source),
        }
    }
}

impl ExploredRecord {
    fn of(found: &Found, place: usize, placing: &Placing) -> Option<Self> {
        let record = found.records().get(place)?;
        let located = placing.of(record).unwrap_or_default();
        Some(Self {
            rrname: record.rrname.to_string(),
            rrtype: record.rrtype.to_string(),
            rdata: record.rdata_text(),
            time_first: record.time_first,
            time_last: record.time_last,
            zone_time_first: record.zone_time_first,
            zone_time_last: record.zone_time_last,
            count: record.count,
            bailiwick: record.bailiwick.as_ref().map(ToString::to_string),
            origin: record.origin.as_deref().map(str::to_owned),
            sources: found.sources_of(place).map(str::to_owned).collect(),
            as_number: located.as_number,
            as_name: located.as_name,
            country: located.country.map(|country| country.to_string()),
        })
    }
}

/// All of it as JSON.
pub(crate) fn json(found: &Found, places: &[usize], placing: &Placing) -> io::Result<String> {
    let all = Extract { places, of: places.len(), more: false };
    Ok(serde_json::to_string(&Explored::of(found, all, placing))? + "\n")
}

/// The records in the Common Output Format.
#[expect(clippy::unnecessary_wraps, reason = "the other formats, which take its place, can fail")]
pub(crate) fn cof(found: &Found, places: &[usize], _: &Placing) -> io::Result<String> {
    let (mut writer, mut text) = (Writer::new(Dialect::Draft), String::new());
    for record in places.iter().filter_map(|place| found.records().get(*place)) {
        writer.write(record, &mut text);
    }
    Ok(text)
}

const COLUMNS: [&str; 14] = [
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
    "sources",
    "rrname_unicode",
    "rdata_unicode",
    "caution",
];

/// The records as a table for spreadsheets, with the places of their addresses if files say them.
pub(crate) fn table(found: &Found, places: &[usize], placing: &Placing) -> io::Result<String> {
    let row = |place: &usize| {
        let record = found.records().get(*place)?;
        let sources: Vec<&str> = found.sources_of(*place).collect();
        let (own, named) = csv::record_cells(record);
        let cells = own.into_iter().chain([sources.join("; ")]).chain(named);
        let cells = cells.chain(csv::place_cells(placing, record));
        Some(cells.map(|cell| csv::safe(&cell)).collect::<Vec<_>>())
    };
    let columns = COLUMNS.into_iter().chain(csv::place_columns(placing)).map(str::to_owned).collect();
    csv::rows(std::iter::once(columns).chain(places.iter().filter_map(row)))
}
