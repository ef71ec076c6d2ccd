//! Records over time in a few rows: one for each type, as a density.
//!
//! [`Strip`] is the layout and [`StripPart`] its HTML, which the template of a page includes. Its size does not depend on the
//! number of records. Nothing here fails.

use std::collections::HashMap;

use askama::Template;
use cof::time::LATEST_PLAUSIBLE;
use cof::{Record, RrType};

use super::alive::{Alive, HEAT_BINS, Heat};
use super::axis::{Axis, End};
use super::bar::class_of;
use super::group::order;
use super::words::{self, counted, cut, day};
use crate::links::Links;

/// The most rows; further types share the last one.
const MOST: usize = 7;

/// The density of each type over time.
#[derive(Clone, Debug)]
pub struct Strip {
    /// `None` if no record has a date.
    picture: Option<(Axis, Vec<Row>)>,
    /// The first and the last day.
    span: Option<(String, String)>,
}

/// A type.
#[derive(Clone, Debug)]
struct Row {
    word: String,
    class: &'static str,
    heat: Vec<Heat>,
    count: usize,
    said: String,
}

/// The HTML of a strip.
#[derive(Template)]
#[template(path = "strip.html")]
pub struct StripPart<'a> {
    strip: &'a Strip,
    links: &'a Links,
}

impl Strip {
    /// Lays out records; those without a date are left out. Costs O(n log n).
    pub fn new<'a>(records: impl Iterator<Item = &'a Record>) -> Self {
        let mut spans: HashMap<RrType, Vec<(u64, u64)>> = HashMap::new();
        for record in records {
            if let Some((first, last)) = record.span() {
                let span = (first.min(LATEST_PLAUSIBLE), last.min(LATEST_PLAUSIBLE));
                spans.entry(record.rrtype).or_default().push(span);
            }
        }
        let ends = spans.values().flatten().copied().reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
        let picture = ends.map(|(first, last)| {
            let axis = Axis::new(End::Data(first), End::Data(last));
            let rows = rows(&axis, spans);
            (axis, rows)
        });
        Self { picture, span: ends.map(|(first, last)| (day(first), day(last))) }
    }

    /// The HTML.
    pub fn part<'a>(&'a self, links: &'a Links) -> StripPart<'a> {
        StripPart { strip: self, links }
    }

    /// Whether no record has a date.
    pub fn is_empty(&self) -> bool {
        self.picture.is_none()
    }

    /// The first and the last day on which a record was seen.
    pub fn span(&self) -> Option<(&str, &str)> {
        self.span.as_ref().map(|(first, last)| (first.as_str(), last.as_str()))
    }
}

/// The rows, in the order of types.
fn rows(axis: &Axis, spans: HashMap<RrType, Vec<(u64, u64)>>) -> Vec<Row> {
    let mut types: Vec<_> = spans.into_iter().collect();
    types.sort_by_cached_key(|(rrtype, _)| order(*rrtype));
    let rest = types.split_off(types.len().min(MOST));
    let mut rows: Vec<Row> = types
        .into_iter()
        .map(|(rrtype, spans)| Row::new(axis, cut(&rrtype.to_string(), 8), class_of(rrtype), &spans))
        .collect();
    if !rest.is_empty() {
        let spans: Vec<(u64, u64)> = rest.into_iter().flat_map(|(_, spans)| spans).collect();
        rows.push(Row::new(axis, "others".to_owned(), "rr-other", &spans));
    }
    rows
}

impl Row {
    fn new(axis: &Axis, word: String, class: &'static str, spans: &[(u64, u64)]) -> Self {
        let alive = Alive::over(axis, HEAT_BINS, spans.iter().copied());
        let said = format!("{}, most alive at once {}.", counted(spans.len(), "record"), alive.most());
        Self { word, class, heat: alive.heat(), count: spans.len(), said }
    }
}

impl StripPart<'_> {
    /// This page without a window; a script adds one.
    fn unzoomed(&self) -> String {
        self.links.with(&[("from", None), ("to", None), ("page", None)])
    }
}

#[cfg(test)]
mod tests {
    use cof::{Name, Rdata};

    use super::*;

    fn record(rrtype: RrType, time: Option<u64>) -> Record {
        let rdata = Rdata::from_text("x");
        let name = Name::parse("a.example").unwrap();
        Record {
            time_first: time,
            time_last: time.map(|time| time + 86_400 * 30),
            ..Record::new(name, rrtype, rdata)
        }
    }

    #[test]
    fn each_type_has_a_row_and_many_types_share_the_last() {
        let records: Vec<Record> = (0..20u16)
            .map(|n| record(RrType::parse(&format!("TYPE{}", 65_280 + n)).unwrap(), Some(1_700_000_000)))
            .collect();
        let strip = Strip::new(records.iter());
        let (_, rows) = strip.picture.as_ref().unwrap();
        assert_eq!(rows.len(), MOST + 1);
        assert_eq!(rows.iter().map(|row| row.count).sum::<usize>(), 20);
        let links = Links::new("/x", &[], "/y?q=");
        let html = strip.part(&links).render().unwrap();
        assert!(html.contains("others") && html.contains("most alive at once 13"), "{html}");
        assert_eq!(strip.span(), Some(("2023-11-14", "2023-12-14")));
    }

    #[test]
    fn without_dates_there_is_nothing_to_draw() {
        let strip = Strip::new([record(RrType::A, None)].iter());
        assert!(strip.is_empty() && strip.span().is_none());
        let links = Links::new("/x", &[], "/y?q=");
        assert_eq!(strip.part(&links).render().unwrap().trim(), "");
    }

    #[test]
    fn its_size_does_not_depend_on_the_number_of_records() {
        let records: Vec<Record> =
            (0..50_000).map(|n| record(RrType::A, Some(1_500_000_000 + n * 7_919 % 200_000_000))).collect();
        let links = Links::new("/x", &[], "/y?q=");
        assert!(Strip::new(records.iter()).part(&links).render().unwrap().len() < 16_000);
    }
}
