//! The table of records, with the selection in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use cof::Record;
use context::Placing;
use edge::problem::Problem;
use picture::links::Links;
use picture::timeline::words::figure;

use super::filters::unfiltered;
use super::row::{Column, InLibrary, Located, Order, Row, Rows};
use super::selection::{Count, Selection, written};
use crate::content::Content;
use crate::site::Shared;

/// What a table is made of.
pub(in crate::page) struct Made<'a> {
    pub(in crate::page) site: &'a Shared,
    pub(in crate::page) content: Arc<dyn Content>,
    pub(in crate::page) selection: &'a Selection,
    /// The positions of the records in the timeline.
    pub(in crate::page) drawn: &'a [usize],
    pub(in crate::page) count: Option<Count>,
    /// What the records are those of.
    pub(in crate::page) of: &'static str,
    /// Whether records can be selected.
    pub(in crate::page) picks: bool,
    /// Whether they are those of the own database.
    pub(in crate::page) is_own: bool,
}

/// The table and the selection in it.
pub(in crate::page) struct Table<'a> {
    /// The address of the page, for forms.
    pub(in crate::page) base: String,
    /// What the records are those of: a run, a history or a question.
    pub(in crate::page) of: &'static str,
    /// Whether records can be selected.
    pub(in crate::page) picks: bool,
    /// Whether the records are those of the own database: who else has a value, and who saw it, take the place of some columns.
    pub(in crate::page) is_own: bool,
    /// The columns of a history's answers; empty in a run.
    pub(in crate::page) parts: Vec<PartColumn>,
    pub(in crate::page) rows: Vec<Row>,
    /// How many records match the filters, and how many there are.
    pub(in crate::page) shown: usize,
    pub(in crate::page) total: usize,
    /// The number of the first row of this page.
    pub(in crate::page) first: usize,
    pub(in crate::page) page: usize,
    pub(in crate::page) pages: usize,
    pub(in crate::page) order: Order,
    pub(in crate::page) links: &'a Links,
    pub(in crate::page) unfiltered: String,
    /// Whether files say where addresses are.
    pub(in crate::page) is_placed: bool,
    /// How many are selected, what adding them would do, and the records on this page, in the form that forms send.
    pub(in crate::page) selected: usize,
    pub(in crate::page) count: Option<Count>,
    pub(in crate::page) here: String,
}

/// The header of a column: a link that sorts by it.
pub(in crate::page) struct Heading {
    pub(in crate::page) label: &'static str,
    pub(in crate::page) class: &'static str,
    pub(in crate::page) address: String,
    /// For `aria-sort`; empty if the table is not sorted by it.
    pub(in crate::page) direction: &'static str,
}

/// The column of one answer of a history.
pub(in crate::page) struct PartColumn {
    pub(in crate::page) label: String,
    /// How complete the answer is, in a word or a date.
    pub(in crate::page) state: String,
    /// The icon of the state, and its style class.
    pub(in crate::page) icon: &'static str,
    pub(in crate::page) class: &'static str,
}

impl<'a> Table<'a> {
    /// The page of the table that the address names.
    ///
    /// # Errors
    /// [`Problem`] if the library cannot be read.
    pub(in crate::page) async fn new(made: Made<'_>, rows: Rows, links: &'a Links) -> Result<Self, Problem> {
        let (page, pages) = (rows.page(links.value("page")), rows.pages());
        let size = rows.size;
        let places: Vec<usize> = rows.places.iter().skip((page - 1) * size).take(size).copied().collect();
        let here = written(&places.iter().copied().collect::<BTreeSet<_>>());
        Ok(Self {
            base: links.path().to_owned(),
            of: made.of,
            picks: made.picks,
            is_own: made.is_own,
            parts: Vec::new(),
            rows: made.rows(places, links).await?,
            shown: rows.places.len(),
            total: made.content.records().len(),
            first: (page - 1) * size + 1,
            page,
            pages,
            order: rows.order,
            unfiltered: unfiltered(links),
            is_placed: made.site.networks.is_configured(),
            links,
            selected: made.selection.len(&rows.places),
            count: made.count,
            here,
        })
    }
}

impl Made<'_> {
    /// The rows of the records at these positions, with their state in the library.
    async fn rows(&self, places: Vec<usize>, links: &Links) -> Result<Vec<Row>, Problem> {
        let (asked, all) = (self.content.asked().cloned(), self.content.records());
        let anchor = |place: &usize| self.drawn.binary_search(place).unwrap_or_default();
        let made = places.iter().filter_map(|place| {
            Some(Row::new(asked.as_ref(), all.get(*place)?, (*place, anchor(place)), links))
        });
        let mut made: Vec<Row> = made.collect();
        let placing = Placing { networks: self.site.networks.now(), ..Placing::default() };
        for row in &mut made {
            let place = all.get(row.place).and_then(|record| placing.of(record));
            row.located = place.map(|place| Located::new(&place, links));
        }
        if self.is_own {
            return Ok(made);
        }
        let content = Arc::clone(&self.content);
        let standing = self.site.desk.read(move |workbench| {
            let records: Vec<&Record> =
                places.iter().filter_map(|place| content.records().get(*place)).collect();
            Row::standing(workbench, asked.as_ref(), &records)
        });
        let flagged = self.content.flagged();
        for (row, standing) in made.iter_mut().zip(standing.await?) {
            row.library = standing;
            row.picked = self.selection.has(row.place);
            row.flagged = flagged.contains(&row.place);
            if row.flagged && row.library == InLibrary::New {
                row.library = InLibrary::Flagged;
            }
        }
        Ok(made)
    }
}

impl Table<'_> {
    /// The columns; in a history, the answers take the place of some.
    pub(in crate::page) fn columns(&self) -> Vec<Heading> {
        // On a narrow screen, the dates of the answers take the place of the merged ones.
        let merged = if self.parts.is_empty() { "" } else { "hide-m" };
        let all = [
            ("Name", "", Column::Name),
            ("Type", "", Column::Type),
            ("Data", "", Column::Data),
            ("First seen", merged, Column::First),
            ("Last seen", merged, Column::Last),
            ("Span", "num hide-n", Column::Span),
            ("Count", "num", Column::Count),
            ("Relation", "", Column::Relation),
        ];
        let is_shown = |column| match column {
            Column::Span | Column::Relation => self.parts.is_empty() && !self.is_own,
            Column::Count => self.parts.is_empty(),
            _ => true,
        };
        let heading = |(label, class, column)| Heading {
            label,
            class,
            address: self.order.link(self.links, column),
            direction: self.order.direction(column),
        };
        all.into_iter().filter(|(_, _, column)| is_shown(*column)).map(heading).collect()
    }

    pub(in crate::page) fn last(&self) -> usize {
        self.first + self.rows.len() - 1
    }

    /// How many rows adding would create.
    pub(in crate::page) fn to_add(&self) -> u64 {
        self.count.as_ref().and_then(|count| sums(count).first().map(|(_, new)| *new)).unwrap_or(0)
    }

    pub(in crate::page) fn shown_text(&self) -> String {
        figure(self.shown)
    }

    pub(in crate::page) fn total_text(&self) -> String {
        figure(self.total)
    }
}

/// The results of a dry run for all kinds together: added, known, left out, cut and skipped findings. Zero counts are omitted,
/// except for new ones.
pub(in crate::page) fn sums(count: &Count) -> Vec<(&'static str, u64)> {
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
