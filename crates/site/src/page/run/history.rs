//! A run's history: filters, timeline, table and selection.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use edge::problem::Problem;
use operation::Host;

use super::head::{Asked, Head};
use super::uses::{self, Use};
use super::{Looked, progress};
use crate::content::Content;
use crate::page::records::Shown;
use crate::page::records::filters::Filters;
use crate::page::records::narrowing::Narrowing;
use crate::page::records::row::{Order, Rows};
use crate::page::records::table::{Made, Table};
use crate::page::{Frame, show};
use picture::timeline::TimelinePart;

#[derive(Template)]
#[template(path = "run.html")]
struct Page<'a> {
    frame: Frame,
    head: Head,
    filters: Filters<'a>,
    timeline: TimelinePart<'a>,
    table: Table<'a>,
    errors: Vec<Fault>,
    is_empty: bool,
    /// Whether the answer is complete, so that no records means that there are none.
    is_complete: bool,
    /// How this server's own database uses the name, if the answer is empty.
    uses: Vec<Use>,
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
    let content: Arc<dyn Content> = looked.answer.clone();
    let narrowing = Narrowing::of(&looked.parameters, looked.site.networks.now());
    let shown = Shown::new(&*content, &looked.parameters, narrowing);
    let (links, timeline) = (looked.links(""), shown.timeline(&*content));
    let rows = Rows::new(&*content, &shown.view, &shown.narrowing, Order::of(looked.parameter("sort")));
    let rows = rows.beside(timeline);
    let places = rows.pages_of(&shown.drawn, rows.page(looked.parameter("page")));
    let made = Made {
        site: &looked.site,
        content: Arc::clone(&content),
        selection: &looked.selection,
        drawn: &shown.drawn,
        count: looked.count().await?,
        of: "run",
        picks: looked.frame.may_edit(),
        is_own: false,
    };
    let table = Table::new(made, rows, &links).await?;
    let is_empty = content.records().is_empty();
    let uses = match looked.answer.kept.run.indicator.host() {
        Host::Name(name) if is_empty && head.asked == Asked::Owner => uses::of(&looked.site, name).await?,
        _ => Vec::new(),
    };
    show(&Page {
        filters: Filters::new(
            Some(timeline.facets_part(&links)),
            &links,
            (table.shown, table.total),
            table.is_placed,
        ),
        timeline: timeline.part(&links).with_places(places).with_systems(table.is_placed),
        table,
        errors: faults(&looked),
        is_empty,
        uses,
        is_complete: looked.answer.kept.run.ending.is_complete(),
        head,
        frame: looked.frame,
    })
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
    /// The records with the name in their data, in the own database.
    fn used_address(&self) -> String {
        crate::page::explorer_address(&format!("rdata:{}", self.head.value))
    }

    /// How many names use the queried one, by type.
    fn used(&self) -> String {
        uses::sentence(&self.uses)
    }
}
