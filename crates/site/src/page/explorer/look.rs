//! The answer as a table, below a strip that shows when its records were seen.

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use edge::problem::Problem;
use picture::links::Links;
use picture::timeline::StripPart;
use picture::timeline::words::figure;

use super::Looked;
use super::head::Head;
use crate::content::Content;
use crate::explorer::{Found, Use, uses};
use crate::page::records::filters::Filters;
use crate::page::records::narrowing::Narrowing;
use crate::page::records::row::{Order, Rows, UseOf};
use crate::page::records::selection::Selection;
use crate::page::records::table::{Made, Table};
use crate::page::{Frame, show};
use picture::timeline::TimelineView;

/// The answer.
#[derive(Template)]
#[template(path = "explorer.html")]
struct Page<'a> {
    frame: Frame,
    head: Head,
    strip: StripPart<'a>,
    span: Option<(&'a str, &'a str)>,
    table: Table<'a>,
    /// The timeline has its own filters, which the strip does not need.
    filters: Filters<'a>,
}

/// The page without an answer.
#[derive(Template)]
#[template(path = "explorer-start.html")]
pub(super) struct Start {
    frame: Frame,
    head: Head,
}

/// The most sources that are named in a row.
const SOURCES: usize = 3;
/// Questions to begin with.
const EXAMPLES: [(&str, &str); 8] = [
    ("www.example.com", "records of a name"),
    ("*.example.com", "of a name and all names below it"),
    ("192.0.2.0/24", "with an address in a network, or a range"),
    ("rdata:ns1.example.com", "with a name in their data"),
    ("*harbor* type:A,NS", "name or data like this, of these types"),
    ("name:/^mail[0-9]+/", "names that match a regular expression"),
    ("*.example.com after:90d", "seen in the last 90 days"),
    ("192.0.2.0/24 by:source", "a row for each source"),
];

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let head = Head::of(&looked, "").await?;
    let Some(found) = looked.found().map(Arc::clone) else {
        return show(&Start { head, frame: looked.frame });
    };
    let links = looked.links("");
    let (view, narrowing) =
        (TimelineView::of(&looked.parameters), Narrowing::of(&looked.parameters, looked.site.networks.now()));
    let rows = Rows::new(&*found, &view, &narrowing, Order::of(looked.parameter("sort")));
    let drawn: Vec<usize> = (0..found.records().len()).collect();
    let table = table(&looked, &found, (rows, &drawn), &links).await?;
    let strip = found.strip();
    show(&Page {
        strip: strip.part(&links),
        span: strip.span(),
        filters: Filters::new(None, &links, (table.shown, table.total), table.is_placed),
        table,
        head,
        frame: looked.frame,
    })
}

/// The table of some rows, with who else has their values, and who saw them; `drawn` are the records that the page draws.
pub(super) async fn table<'a>(
    looked: &Looked,
    found: &Arc<Found>,
    (rows, drawn): (Rows, &[usize]),
    links: &'a Links,
) -> Result<Table<'a>, Problem> {
    let made = Made {
        site: &looked.site,
        content: Arc::<Found>::clone(found),
        selection: &Selection::default(),
        drawn,
        count: None,
        of: "question",
        picks: false,
        is_own: true,
    };
    let mut table = Table::new(made, rows, links).await?;
    let places: Vec<usize> = table.rows.iter().map(|row| row.place).collect();
    let uses = uses(found, looked.rows()?, &places).await?;
    for (row, one) in table.rows.iter_mut().zip(uses) {
        row.use_of = one.map(|one| use_of(&one, links));
        row.sources = named(found.sources_of(row.place));
    }
    Ok(table)
}

/// The first sources, and how many more there are.
fn named<'a>(mut sources: impl Iterator<Item = &'a str>) -> String {
    let mut text = sources.by_ref().take(SOURCES).collect::<Vec<_>>().join(", ");
    let more = sources.count();
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text
}

fn use_of(one: &Use, links: &Links) -> UseOf {
    let count = figure(one.names.count);
    let names = if one.names.count == 1 { "name" } else { "names" };
    let text = match (one.is_text, one.names.at_least) {
        (true, _) => format!("{count} {names} here"),
        (false, true) => format!("over {count} {names}"),
        (false, false) => format!("{count} {names}"),
    };
    let title =
        if one.is_text { "Searches the whole database for exactly this text" } else { "Who else has this" };
    UseOf { address: links.pivot(&one.line), text, title }
}

impl Start {
    /// Example questions with their addresses.
    fn examples() -> Vec<(&'static str, &'static str, String)> {
        EXAMPLES.into_iter().map(|(text, meaning)| (text, meaning, super::address(text))).collect()
    }
}
