//! The rows of a table of records: filters, order and pages.

use std::collections::HashMap;

use cof::{Record, time};
use context::Place;
use operation::{Caution, Indicator, Relation};
use workbench::library::Status;
use workbench::{Error, Workbench};

use super::lead::Lead;
use super::narrowing::Narrowing;
use crate::content::Content;
use crate::page::stamp::Stamp;
use picture::links::Links;
use picture::timeline::words::{length, thousands};
use picture::timeline::{Places, Timeline, TimelineView, class_of};

/// Rows per page, and beside a large timeline, because a page has to stay below 300 KiB.
const PAGE: usize = 100;
const SHORT_PAGE: usize = 20;

/// The rows that are shown, in order, by their positions in the answer.
#[derive(Debug)]
pub(in crate::page) struct Rows {
    pub(in crate::page) places: Vec<usize>,
    pub(in crate::page) order: Order,
    /// How many are on a page.
    pub(in crate::page) size: usize,
}

/// The order of the table: a column, ascending or descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::page) struct Order {
    pub(in crate::page) column: Column,
    pub(in crate::page) reversed: bool,
}

/// A column that the table can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::page) enum Column {
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
pub(in crate::page) struct Row {
    /// Its position in the answer, which a selection refers to.
    pub(in crate::page) place: usize,
    /// The anchor that the timeline's bars link to.
    pub(in crate::page) anchor: usize,
    pub(in crate::page) name: String,
    pub(in crate::page) name_lead: Option<Lead>,
    pub(in crate::page) class: &'static str,
    pub(in crate::page) rrtype: String,
    pub(in crate::page) data: String,
    pub(in crate::page) data_lead: Option<Lead>,
    /// Where the address in the data is, if that is known.
    pub(in crate::page) located: Option<Located>,
    pub(in crate::page) first: Option<Stamp>,
    pub(in crate::page) last: Option<Stamp>,
    pub(in crate::page) span: String,
    pub(in crate::page) count: String,
    pub(in crate::page) relation: &'static str,
    pub(in crate::page) library: InLibrary,
    pub(in crate::page) picked: bool,
    /// Whether its findings are left out unless it is ticked individually.
    pub(in crate::page) flagged: bool,
    /// A caution about the name or about a host in its data: one word, or the whole text for a lookalike.
    pub(in crate::page) caution: Option<(&'static str, String)>,
    /// What each answer of a history says about it; empty in a run.
    pub(in crate::page) said: Vec<Cell>,
    /// Whether the answers of a history agree about it.
    pub(in crate::page) agreement: Option<Agreed>,
    /// In the own database: who else has its value.
    pub(in crate::page) use_of: Option<UseOf>,
    /// In the own database: who saw it.
    pub(in crate::page) sources: String,
}

/// A link to the other records with the value of a row.
pub(in crate::page) struct UseOf {
    pub(in crate::page) address: String,
    /// How many names have it.
    pub(in crate::page) text: String,
    pub(in crate::page) title: &'static str,
}

/// Where an address is, with links that filter by it.
pub(in crate::page) struct Located {
    /// The AS number, the address that filters by it, and the name.
    pub(in crate::page) system: Option<(String, String)>,
    pub(in crate::page) name: String,
    pub(in crate::page) country: Option<(String, String)>,
}

/// What one answer of a history says about a record.
pub(in crate::page) struct Cell {
    /// The name of the column.
    pub(in crate::page) label: String,
    /// Where its span begins and how long it is, in percent of the history's; `None` if the answer does not have the record.
    pub(in crate::page) bar: Option<(String, String)>,
    /// Whether the answer is older than the newest run.
    pub(in crate::page) is_older: bool,
    pub(in crate::page) count: String,
    /// Its dates, or what it means that the record is missing.
    pub(in crate::page) text: String,
}

/// Whether the answers of a history agree about a record, and the style class; `None` for plain text.
pub(in crate::page) struct Agreed {
    pub(in crate::page) text: String,
    pub(in crate::page) class: Option<&'static str>,
}

impl Located {
    /// The place, on a page with these links.
    pub(in crate::page) fn new(place: &Place, links: &Links) -> Self {
        let filter = |name: &str, word: String| {
            let address = links.with(&[(name, Some(&word)), ("page", None)]) + "#filters";
            (word, address)
        };
        Self {
            system: place.as_word().map(|word| filter("as", word)),
            name: place.as_name.clone().unwrap_or_default(),
            country: place.country.map(|country| filter("country", country.to_string())),
        }
    }
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

    pub(in crate::page) fn word(self) -> &'static str {
        Self::NAMED.iter().find(|(_, column)| *column == self).map_or("last", |(word, _)| word)
    }
}

impl Order {
    pub(in crate::page) fn of(word: &str) -> Self {
        let (reversed, word) = word.strip_prefix('-').map_or((false, word), |rest| (true, rest));
        let column = Column::NAMED.iter().find(|(known, _)| *known == word).map(|(_, column)| *column);
        column.map_or(Self { column: Column::Last, reversed: false }, |column| Self { column, reversed })
    }

    /// The parameters of the address that sort by a column; a second click reverses the order.
    pub(in crate::page) fn link(self, links: &Links, column: Column) -> String {
        let turned = self.column == column && !self.reversed;
        let word = format!("{}{}", if turned { "-" } else { "" }, column.word());
        links.with(&[("sort", Some(&word)), ("page", None)]) + "#th"
    }

    /// For `aria-sort`: names are sorted ascending, dates and counts descending unless reversed.
    pub(in crate::page) fn direction(self, column: Column) -> &'static str {
        if self.column != column {
            return "";
        }
        let ascends = matches!(column, Column::Data | Column::Name | Column::Relation | Column::Type);
        if ascends == self.reversed { "descending" } else { "ascending" }
    }
}

impl Rows {
    /// The positions of the records that match the filters, sorted.
    pub(in crate::page) fn new(
        content: &dyn Content,
        view: &TimelineView,
        narrowing: &Narrowing,
        order: Order,
    ) -> Self {
        let mut rows: Vec<Sorted<'_>> = kept(content, view, narrowing).collect();
        sort(&mut rows, order.column);
        if order.reversed {
            rows.reverse();
        }
        Self { places: rows.into_iter().map(|(place, ..)| place).collect(), order, size: PAGE }
    }

    /// The same, with fewer rows on a page if this timeline on the same page is large.
    pub(in crate::page) fn beside(self, timeline: &Timeline) -> Self {
        Self { size: if timeline.is_large() { SHORT_PAGE } else { PAGE }, ..self }
    }

    /// The number of pages.
    pub(in crate::page) fn pages(&self) -> usize {
        self.places.len().div_ceil(self.size).max(1)
    }

    /// The requested page, or the nearest existing one.
    pub(in crate::page) fn page(&self, asked: &str) -> usize {
        asked.trim().parse::<usize>().unwrap_or(1).clamp(1, self.pages())
    }

    /// The page of the row of each drawn record, given the page that is shown.
    pub(in crate::page) fn pages_of(&self, drawn: &[usize], here: usize) -> Places {
        let mut pages = vec![here; if self.pages() > 1 { drawn.len() } else { 0 }];
        for (at, place) in self.places.iter().enumerate() {
            if let Some(page) = drawn.binary_search(place).ok().and_then(|at| pages.get_mut(at)) {
                *page = at / self.size + 1;
            }
        }
        Places { here, pages }
    }
}

/// The records that match the filters, in the order of the answer.
pub(in crate::page) fn kept<'a>(
    content: &'a dyn Content,
    view: &'a TimelineView,
    narrowing: &'a Narrowing,
) -> impl Iterator<Item = Sorted<'a>> {
    let numbered = content.records().iter().zip(content.relations()).enumerate();
    numbered
        .map(|(place, (record, relation))| (place, record, *relation))
        .filter(|(place, record, relation)| view.shows(record, *relation) && narrowing.keeps(*place, record))
}

/// A record with its position, and its relation to the queried indicator.
pub(in crate::page) type Sorted<'a> = (usize, &'a Record, Relation);

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
    pub(in crate::page) fn new(
        asked: Option<&Indicator>,
        record: &Record,
        (place, anchor): (usize, usize),
        links: &Links,
    ) -> Self {
        let (first, last) = record.seen();
        let stamp = |seconds: u64| Stamp::of(i64::try_from(seconds).unwrap_or(i64::MAX));
        Self {
            place,
            anchor,
            name: record.rrname.to_string(),
            name_lead: Lead::of_owner(record, asked, links),
            class: class_of(record.rrtype),
            rrtype: record.rrtype.to_string(),
            data: record.rdata_text(),
            data_lead: Lead::of_data(record, asked, links),
            located: None,
            first: first.map(stamp),
            last: last.map(stamp),
            span: first
                .zip(last)
                .map(|(first, last)| length(last.min(time::LATEST_PLAUSIBLE).saturating_sub(first)))
                .unwrap_or_default(),
            count: record.count.map_or_else(|| "unknown".to_owned(), thousands),
            relation: match asked.map(|asked| Relation::of(asked, record)) {
                None | Some(Relation::Direct) => "Direct",
                Some(Relation::Related) => "Related",
            },
            library: InLibrary::AttributeOnly,
            picked: false,
            flagged: false,
            caution: mark(asked, record),
            said: Vec::new(),
            agreement: None,
            use_of: None,
            sources: String::new(),
        }
    }

    /// The state of the hosts of rows in the library.
    pub(in crate::page) fn standing(
        workbench: &Workbench,
        asked: Option<&Indicator>,
        records: &[&Record],
    ) -> Result<Vec<InLibrary>, Error> {
        let mut known: HashMap<Indicator, Option<Status>> = HashMap::new();
        let mut words = Vec::with_capacity(records.len());
        for record in records {
            let sides = [Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype)];
            let (mut hosts, mut found, mut whitelisted) = (0, 0, false);
            for host in sides.into_iter().flatten().filter(|host| Some(host) != asked) {
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
pub(in crate::page) enum InLibrary {
    /// The record contains no host other than the queried one.
    AttributeOnly,
    /// New, and left out unless it is ticked individually.
    Flagged,
    Known,
    New,
    Whitelisted,
}

impl InLibrary {
    pub(in crate::page) fn word(self) -> &'static str {
        match self {
            Self::AttributeOnly => "Attribute only",
            Self::Flagged => "Flagged",
            Self::Known => "Known",
            Self::New => "New",
            Self::Whitelisted => "Whitelisted",
        }
    }

    /// The style class; `None` for plain text.
    pub(in crate::page) fn class(self) -> Option<&'static str> {
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
fn mark(asked: Option<&Indicator>, record: &Record) -> Option<(&'static str, String)> {
    let sides = [Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype)];
    let mut cautions =
        sides.iter().flatten().filter(|one| Some(*one) != asked).filter_map(Indicator::caution);
    cautions.find_map(|caution| match caution {
        Caution::Lookalike(_) => Some(("Lookalike", caution.to_string())),
        Caution::SingleLabel { .. } => Some(("Single label", caution.to_string())),
        Caution::Special { .. } => Some(("Special-purpose", String::new())),
        _ => None,
    })
}
