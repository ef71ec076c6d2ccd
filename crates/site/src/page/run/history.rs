//! A run's history: filters, timeline, table and selection.

use std::collections::{BTreeSet, HashSet};

use askama::Template;
use axum::response::Response;
use cof::Record;
use edge::problem::Problem;
use operation::{Finding, Findings, Host};

use super::head::{Asked, Head};
use super::row::{Column, InLibrary, Narrowing, Order, PAGE, Row, Rows};
use super::selection::{Count, written};
use super::uses::{self, Use};
use super::{Looked, narrowing, progress};
use crate::page::{Frame, show};
use picture::links::Links;
use picture::timeline::date::{self, Field};
use picture::timeline::words::{self, figure};
use picture::timeline::{FacetsPart, Timeline, TimelinePart, TimelineView};

#[derive(Template)]
#[template(path = "run.html")]
struct Page<'a> {
    frame: Frame,
    head: Head,
    facets: FacetsPart<'a>,
    timeline: TimelinePart<'a>,
    table: Table<'a>,
    errors: Vec<Fault>,
    is_empty: bool,
    /// Whether the answer is complete, so that no records means that there are none.
    is_complete: bool,
    /// How this server's own database uses the name, if the answer is empty.
    uses: Vec<Use>,
}

/// The table and the selection in it.
struct Table<'a> {
    rows: Vec<Row>,
    /// How many records match the filters, and how many there are.
    shown: usize,
    total: usize,
    /// The number of the first row of this page.
    first: usize,
    page: usize,
    pages: usize,
    order: Order,
    links: &'a Links,
    window: [Field; 2],
    text: String,
    least: Field,
    carried: Vec<(String, String)>,
    unfiltered: String,
    /// How many are selected, what adding them would do, and the records on this page, in the form that forms send.
    selected: usize,
    count: Option<Count>,
    here: String,
}

/// The header of a column: a link that sorts by it.
struct Heading {
    label: &'static str,
    class: &'static str,
    address: String,
    /// For `aria-sort`; empty if the table is not sorted by it.
    direction: &'static str,
}

/// A part of the answer that is not a record.
pub(super) struct Fault {
    pub(super) what: String,
    pub(super) offset: u64,
    pub(super) end: u64,
    pub(super) slice: String,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let head = looked.head("").await?;
    if looked.is_running() {
        return progress::page(looked, head);
    }
    let (asked, all) = (&looked.answer.kept.run.indicator, &looked.answer.kept.records);
    let (view, narrowing) = (TimelineView::of(&looked.parameters), Narrowing::of(&looked.parameters));
    // The timeline shows what the filters of the table leave of the answer.
    let left: Vec<usize> = (0..all.len())
        .filter(|place| all.get(*place).is_some_and(|one| narrowing.is_empty() || narrowing.keeps(one)))
        .collect();
    let narrowed: Vec<Record>;
    let drawn: &[Record] = if narrowing.is_empty() {
        all
    } else {
        narrowed = left.iter().filter_map(|place| all.get(*place)).cloned().collect();
        &narrowed
    };
    let links = looked.links("");
    let chosen_view: Timeline;
    let timeline = if view == TimelineView::default() && narrowing.is_empty() {
        looked.answer.timeline()
    } else {
        chosen_view = Timeline::new(&view, asked, drawn);
        &chosen_view
    };
    let rows = Rows::new(&looked.answer, &view, &narrowing, Order::of(looked.parameter("sort")));
    let places = rows.pages_of(&left, rows.page(looked.parameter("page")));
    let table = table(&looked, rows, &left, &links).await?;
    let uses = match asked.host() {
        Host::Name(name) if all.is_empty() && head.asked == Asked::Owner => {
            uses::of(&looked.site, name).await?
        }
        _ => Vec::new(),
    };
    show(&Page {
        facets: timeline.facets_part(&links),
        timeline: timeline.part(&links).with_places(places),
        table,
        errors: faults(&looked),
        is_empty: all.is_empty(),
        uses,
        is_complete: looked.answer.kept.run.ending.is_complete(),
        head,
        frame: looked.frame,
    })
}

async fn table<'a>(
    looked: &Looked,
    rows: Rows,
    drawn: &[usize],
    links: &'a Links,
) -> Result<Table<'a>, Problem> {
    let answer = &looked.answer;
    let (asked, all) = (answer.kept.run.indicator.clone(), &answer.kept.records);
    let (page, pages) = (rows.page(looked.parameter("page")), rows.pages());
    let places: Vec<usize> = rows.places.iter().skip((page - 1) * PAGE).take(PAGE).copied().collect();
    let anchor = |place: &usize| drawn.binary_search(place).unwrap_or_default();
    let made = places
        .iter()
        .filter_map(|place| Some(Row::new(&asked, all.get(*place)?, (*place, anchor(place)), links)));
    let mut made: Vec<Row> = made.collect();
    let made_places: BTreeSet<usize> = made.iter().map(|row| row.place).collect();
    let shared = std::sync::Arc::clone(answer);
    let standing = looked
        .site
        .desk
        .read(move |workbench| {
            let records: Vec<&Record> =
                places.iter().filter_map(|place| shared.kept.records.get(*place)).collect();
            Row::standing(workbench, &asked, &records)
        })
        .await?;
    for (row, standing) in made.iter_mut().zip(standing) {
        row.library = standing;
        row.picked = looked.selection.has(row.place);
    }
    let flagged = flagged(&answer.findings);
    for row in &mut made {
        row.flagged = flagged.contains(&row.place);
        if row.flagged && row.library == InLibrary::New {
            row.library = InLibrary::Flagged;
        }
    }
    Ok(Table {
        rows: made,
        shown: rows.places.len(),
        total: all.len(),
        first: (page - 1) * PAGE + 1,
        page,
        pages,
        order: rows.order,
        window: date::window(links.value("from"), links.value("to")),
        text: looked.parameter("text").to_owned(),
        least: narrowing::least(looked.parameter("min")),
        carried: carried(links, &["from", "to", "text", "min", "page"]),
        unfiltered: links.with(&[
            ("hide", None),
            ("rel", None),
            ("from", None),
            ("to", None),
            ("at", None),
            ("alive", None),
            ("text", None),
            ("min", None),
            ("page", None),
        ]),
        links,
        selected: looked.selection.len(&rows.places),
        count: looked.count().await?,
        here: written(&made_places),
    })
}

/// The positions of records whose findings are left out unless they are ticked individually.
fn flagged(findings: &Findings) -> HashSet<usize> {
    let flagged = findings.list.iter().filter(|finding| !finding.is_selected());
    let flagged = flagged.filter_map(|finding| match finding {
        Finding::Indicator { records, .. } => Some(records),
        _ => None,
    });
    flagged.flatten().copied().collect()
}

/// The parameters that a form has to include.
fn carried(links: &Links, but: &[&str]) -> Vec<(String, String)> {
    links.others(but).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn faults(looked: &Looked) -> Vec<Fault> {
    let fault = |damage: &cof::Damage| Fault {
        what: damage.to_string().split_once(": ").map(|(_, what)| what.to_owned()).unwrap_or_default(),
        offset: damage.offset,
        end: damage.offset + damage.len,
        slice: String::from_utf8_lossy(&damage.raw).into_owned(),
    };
    looked.answer.kept.damages.iter().map(fault).collect()
}

impl Page<'_> {
    /// How many names use the queried one, by type.
    fn used(&self) -> String {
        uses::sentence(&self.uses)
    }
}

impl Table<'_> {
    fn columns(&self) -> [Heading; 8] {
        [
            ("Name", "", Column::Name),
            ("Type", "", Column::Type),
            ("Data", "", Column::Data),
            ("First seen", "", Column::First),
            ("Last seen", "", Column::Last),
            ("Span", "num hide-n", Column::Span),
            ("Count", "num", Column::Count),
            ("Relation", "", Column::Relation),
        ]
        .map(|(label, class, column)| Heading {
            label,
            class,
            address: self.order.link(self.links, column),
            direction: self.order.direction(column),
        })
    }

    /// The fields of the time window, with their labels.
    fn dates(&self) -> [(&'static str, &'static str, &Field); 2] {
        let [from, to] = &self.window;
        [("from", "Seen", from), ("to", "to", to)]
    }

    fn last(&self) -> usize {
        self.first + self.rows.len() - 1
    }

    /// How many rows adding would create.
    fn to_add(&self) -> u64 {
        self.count.as_ref().and_then(|count| sums(count).first().map(|(_, new)| *new)).unwrap_or(0)
    }

    fn shown_text(&self) -> String {
        figure(self.shown)
    }

    fn total_text(&self) -> String {
        figure(self.total)
    }
}

/// The results of a dry run for all kinds together: added, known, left out, cut and skipped findings. Zero counts are omitted,
/// except for new ones.
fn sums(count: &Count) -> Vec<(&'static str, u64)> {
    let tally = &count.tally;
    let all = [&tally.indicators, &tally.attributes, &tally.relationships];
    let sum = |of: fn(&workbench::library::Count) -> u64| all.iter().map(|count| of(count)).sum();
    let mut sums = vec![
        ("new", sum(|count| count.new)),
        ("already known", sum(|count| count.known)),
        ("whitelisted or removed, skipped", sum(|count| count.whitelisted + count.removed)),
        ("over the limit", sum(|count| count.over_cap)),
        ("flagged, select them one by one", count.flagged.try_into().unwrap_or(u64::MAX)),
        ("too many at once, select them one by one", count.beyond.try_into().unwrap_or(u64::MAX)),
    ];
    let mut first = true;
    sums.retain(|(_, sum)| std::mem::take(&mut first) || *sum > 0);
    sums
}
