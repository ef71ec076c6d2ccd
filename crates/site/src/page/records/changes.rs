//! Lists of new, gone and different records.

use cof::Record;
use picture::links::Links;
use picture::timeline::class_of;
use picture::timeline::words::{day, figure, thousands};
use workbench::run::Difference;

use super::lead::Lead;
use crate::page::stamp::Stamp;

/// The most lines of a kind that are shown; all are counted.
const MOST: usize = 200;

/// The records of a kind.
pub(in crate::page) struct List {
    pub(in crate::page) title: &'static str,
    pub(in crate::page) meaning: &'static str,
    pub(in crate::page) count: String,
    pub(in crate::page) more: usize,
    pub(in crate::page) lines: Vec<Line>,
}

pub(in crate::page) struct Line {
    pub(in crate::page) name: String,
    pub(in crate::page) name_lead: Option<Lead>,
    pub(in crate::page) class: &'static str,
    pub(in crate::page) rrtype: String,
    pub(in crate::page) data: String,
    pub(in crate::page) data_lead: Option<Lead>,
    pub(in crate::page) last: Option<Stamp>,
    pub(in crate::page) count: String,
    /// The earlier state.
    pub(in crate::page) before: String,
}

impl List {
    /// The lists of new, gone and different records, each with its meaning.
    pub(in crate::page) fn all(
        (new, is_new): (&[Record], &'static str),
        (gone, is_gone): (&[Record], &'static str),
        different: &[Difference],
        links: &Links,
    ) -> Vec<Self> {
        let different: Vec<_> = different.iter().map(|one| (&one.now, sightings(&one.before))).collect();
        vec![
            Self::new("New", is_new, &plain(new), links),
            Self::new("Gone", is_gone, &plain(gone), links),
            Self::new("Different", "Dates or count differ", &different, links),
        ]
    }

    fn new(title: &'static str, meaning: &'static str, records: &[(&Record, String)], links: &Links) -> Self {
        let shown = records.iter().take(MOST).map(|(record, before)| Line::new(record, before, links));
        Self {
            title,
            meaning,
            count: figure(records.len()),
            more: records.len().saturating_sub(MOST),
            lines: shown.collect(),
        }
    }
}

impl Line {
    fn new(record: &Record, before: &str, links: &Links) -> Self {
        Self {
            name: record.rrname.to_string(),
            name_lead: Lead::of_owner(record, None, links),
            class: class_of(record.rrtype),
            rrtype: record.rrtype.to_string(),
            data: record.rdata_text(),
            data_lead: Lead::of_data(record, None, links),
            last: record.seen().1.and_then(|last| Some(Stamp::of(i64::try_from(last).ok()?))),
            count: record.count.map_or_else(|| "unknown".to_owned(), thousands),
            before: before.to_owned(),
        }
    }
}

/// Records without an earlier state.
fn plain(records: &[Record]) -> Vec<(&Record, String)> {
    records.iter().map(|record| (record, String::new())).collect()
}

fn sightings(record: &Record) -> String {
    let last = record.seen().1.map(|last| format!("last seen {}", day(last)));
    let count = record.count.map(|count| format!("{} sightings", thousands(count)));
    [last, count].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
