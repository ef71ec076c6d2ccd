//! The table of a run's records: filters, order and pages.

use std::collections::HashMap;

use cof::{Record, time};
use operation::{Caution, Indicator, Relation};
use workbench::library::Status;
use workbench::{Error, Workbench};

use super::super::stamp::Stamp;
pub(super) use super::narrowing::Narrowing;
use crate::job::Answer;
use picture::links::Links;
use picture::timeline::words::{length, thousands};
use picture::timeline::{Places, TimelineView, class_of};

/// Rows per page.
pub(super) const PAGE: usize = 100;

/// The rows that are shown, in order, by their positions in the answer.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) places: Vec<usize>,
    pub(super) order: Order,
}

/// The order of the table: a column, ascending or descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) column: Column,
    pub(super) reversed: bool,
}

/// A column that the table can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Count,
    Data,
    First,
    Last,
    Name,
    Relation,
    Span,
    Type,
}

/// A row in its printed form.
pub(super) struct Row {
    /// Its position in the answer, which a selection refers to.
    pub(super) place: usize,
    /// The anchor that the timeline's bars link to.
    pub(super) anchor: usize,
    pub(super) name: String,
    pub(super) name_address: Option<String>,
    pub(super) class: &'static str,
    pub(super) rrtype: String,
    pub(super) data: String,
    pub(super) data_address: Option<String>,
    pub(super) first: Option<Stamp>,
    pub(super) last: Option<Stamp>,
    pub(super) span: String,
    pub(super) count: String,
    pub(super) relation: &'static str,
    pub(super) library: InLibrary,
    pub(super) picked: bool,
    /// Whether its findings are left out unless it is ticked individually.
    pub(super) flagged: bool,
    /// A caution about the name or about a host in its data: one word, or the whole text for a lookalike.
    pub(super) caution: Option<(&'static str, String)>,
}

impl Column {
    const NAMED: [(&'static str, Self); 8] = [
        ("name", Self::Name),
        ("type", Self::Type),
        ("data", Self::Data),
        ("first", Self::First),
        ("last", Self::Last),
        ("span", Self::Span),
        ("count", Self::Count),
        ("relation", Self::Relation),
    ];

    pub(super) fn word(self) -> &'static str {
        Self::NAMED.iter().find(|(_, column)| *column == self).map_or("last", |(word, _)| word)
    }
}

impl Order {
    pub(super) fn of(word: &str) -> Self {
        let (reversed, word) = word.strip_prefix('-').map_or((false, word), |rest| (true, rest));
        let column = Column::NAMED.iter().find(|(known, _)| *known == word).map(|(_, column)| *column);
        column.map_or(Self { column: Column::Last, reversed: false }, |column| Self { column, reversed })
    }

    /// The parameters of the address that sort by a column; a second click reverses the order.
    pub(super) fn link(self, links: &Links, column: Column) -> String {
        let turned = self.column == column && !self.reversed;
        let word = format!("{}{}", if turned { "-" } else { "" }, column.word());
        links.with(&[("sort", Some(&word)), ("page", None)]) + "#th"
    }

    /// For `aria-sort`: names are sorted ascending, dates and counts descending unless reversed.
    pub(super) fn direction(self, column: Column) -> &'static str {
        if self.column != column {
            return "";
        }
        let ascends = matches!(column, Column::Data | Column::Name | Column::Relation | Column::Type);
        if ascends == self.reversed { "descending" } else { "ascending" }
    }
}

impl Rows {
    /// The positions of the records that match the filters, sorted.
    pub(super) fn new(answer: &Answer, view: &TimelineView, narrowing: &Narrowing, order: Order) -> Self {
        let mut rows: Vec<Sorted<'_>> = kept(answer, view, narrowing).collect();
        sort(&mut rows, order.column);
        if order.reversed {
            rows.reverse();
        }
        Self { places: rows.into_iter().map(|(place, ..)| place).collect(), order }
    }

    /// The number of pages.
    pub(super) fn pages(&self) -> usize {
        self.places.len().div_ceil(PAGE).max(1)
    }

    /// The requested page, or the nearest existing one.
    pub(super) fn page(&self, asked: &str) -> usize {
        asked.trim().parse::<usize>().unwrap_or(1).clamp(1, self.pages())
    }

    /// The page of the row of each drawn record, given the page that is shown.
    pub(super) fn pages_of(&self, drawn: &[usize], here: usize) -> Places {
        let mut pages = vec![here; if self.pages() > 1 { drawn.len() } else { 0 }];
        for (at, place) in self.places.iter().enumerate() {
            if let Some(page) = drawn.binary_search(place).ok().and_then(|at| pages.get_mut(at)) {
                *page = at / PAGE + 1;
            }
        }
        Places { here, pages }
    }
}

/// The records that match the filters, in the order of the answer.
pub(super) fn kept<'a>(
    answer: &'a Answer,
    view: &'a TimelineView,
    narrowing: &'a Narrowing,
) -> impl Iterator<Item = Sorted<'a>> {
    let numbered = answer.kept.records.iter().zip(answer.relations()).enumerate();
    numbered.map(|(place, (record, relation))| (place, record, *relation)).filter(|(_, record, relation)| {
        view.shows(record, *relation) && (narrowing.is_empty() || narrowing.keeps(record))
    })
}

/// A record with its position, and its relation to the queried indicator.
pub(super) type Sorted<'a> = (usize, &'a Record, Relation);

fn sort(rows: &mut [Sorted<'_>], column: Column) {
    use std::cmp::Reverse;
    match column {
        Column::Count => rows.sort_by_key(|(_, record, _)| Reverse(record.count)),
        Column::Data => rows.sort_by_cached_key(|(_, record, _)| record.rdata_text()),
        Column::First => rows.sort_by_key(|(_, record, _)| Reverse(record.span().map(|span| span.0))),
        Column::Last => rows.sort_by_key(|(_, record, _)| Reverse(record.span().map(|span| span.1))),
        Column::Name => {
            rows.sort_by(|(_, a, _), (_, b, _)| (&a.rrname, a.rrtype).cmp(&(&b.rrname, b.rrtype)));
        }
        Column::Relation => rows.sort_by_key(|(.., relation)| *relation),
        Column::Span => {
            rows.sort_by_key(|(_, record, _)| Reverse(record.span().map(|span| span.1 - span.0)));
        }
        Column::Type => rows.sort_by_key(|(_, record, _)| picture::timeline::type_order(record.rrtype)),
    }
}

impl Row {
    /// The row of the record at a position.
    pub(super) fn new(
        asked: &Indicator,
        record: &Record,
        (place, anchor): (usize, usize),
        links: &Links,
    ) -> Self {
        let (first, last) = record.seen();
        let stamp = |seconds: u64| Stamp::of(i64::try_from(seconds).unwrap_or(i64::MAX));
        let pivot =
            |one: Option<Indicator>| one.filter(|one| one != asked).map(|one| links.pivot(&one.to_string()));
        Self {
            place,
            anchor,
            name: record.rrname.to_string(),
            name_address: pivot(Indicator::of_owner(record)),
            class: class_of(record.rrtype),
            rrtype: record.rrtype.to_string(),
            data: record.rdata_text(),
            data_address: Indicator::of_target(&record.rdata, record.rrtype)
                .filter(|one| one != asked)
                .map(|one| links.pivot_from_data(&one.as_typed())),
            first: first.map(stamp),
            last: last.map(stamp),
            span: first
                .zip(last)
                .map(|(first, last)| length(last.min(time::LATEST_PLAUSIBLE).saturating_sub(first)))
                .unwrap_or_default(),
            count: record.count.map_or_else(|| "unknown".to_owned(), thousands),
            relation: match Relation::of(asked, record) {
                Relation::Direct => "Direct",
                Relation::Related => "Related",
            },
            library: InLibrary::AttributeOnly,
            picked: false,
            flagged: false,
            caution: mark(asked, record),
        }
    }

    /// The state of the hosts of rows in the library.
    pub(super) fn standing(
        workbench: &Workbench,
        asked: &Indicator,
        records: &[&Record],
    ) -> Result<Vec<InLibrary>, Error> {
        let mut known: HashMap<Indicator, Option<Status>> = HashMap::new();
        let mut words = Vec::with_capacity(records.len());
        for record in records {
            let sides = [Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype)];
            let (mut hosts, mut found, mut whitelisted) = (0, 0, false);
            for host in sides.into_iter().flatten().filter(|host| host != asked) {
                let status = if let Some(status) = known.get(&host) {
                    *status
                } else {
                    let entry = workbench.lookup(&host)?.filter(|entry| entry.removed_at.is_none());
                    let status = entry.map(|entry| entry.status);
                    known.insert(host, status);
                    status
                };
                hosts += 1;
                found += u32::from(status.is_some());
                whitelisted |= status == Some(Status::Whitelisted);
            }
            words.push(match (hosts, found) {
                _ if whitelisted => InLibrary::Whitelisted,
                (0, _) => InLibrary::AttributeOnly,
                (hosts, found) if hosts == found => InLibrary::Known,
                _ => InLibrary::New,
            });
        }
        Ok(words)
    }
}

/// The state of the hosts of a row in the library, or the state that they would get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InLibrary {
    /// The record contains no host other than the queried one.
    AttributeOnly,
    /// New, and left out unless it is ticked individually.
    Flagged,
    Known,
    New,
    Whitelisted,
}

impl InLibrary {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::AttributeOnly => "Attribute only",
            Self::Flagged => "Flagged",
            Self::Known => "Known",
            Self::New => "New",
            Self::Whitelisted => "Whitelisted",
        }
    }

    /// The style class; `None` for plain text.
    pub(super) fn class(self) -> Option<&'static str> {
        match self {
            Self::AttributeOnly => None,
            Self::Flagged => Some("review"),
            Self::Known => Some("known"),
            Self::New => Some("new"),
            Self::Whitelisted => Some("whitelisted"),
        }
    }
}

/// The caution of a row is short, because a page may have a hundred of them; the text above the table has more.
fn mark(asked: &Indicator, record: &Record) -> Option<(&'static str, String)> {
    let sides = [Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype)];
    let mut cautions = sides.iter().flatten().filter(|one| *one != asked).filter_map(Indicator::caution);
    cautions.find_map(|caution| match caution {
        Caution::Lookalike(_) => Some(("Lookalike", caution.to_string())),
        Caution::SingleLabel { .. } => Some(("Single label", caution.to_string())),
        Caution::Special { .. } => Some(("Special-purpose", String::new())),
        _ => None,
    })
}
