//! A history's timeline, table and selection.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use edge::problem::Problem;
use picture::timeline::TimelinePart;
use workbench::history::Agreement;

use super::head::Head;
use super::{Agree, Looked, agreements, apart, column};
use crate::content::Content;
use crate::page::records::Shown;
use crate::page::records::filters::Filters;
use crate::page::records::row::{Order, Rows};
use crate::page::records::table::{Made, Table};
use crate::page::{Frame, show, show_as};

#[derive(Template)]
#[template(path = "history.html")]
struct Page<'a> {
    frame: Frame,
    head: Head,
    filters: Filters<'a>,
    timeline: TimelinePart<'a>,
    table: Table<'a>,
    segments: Vec<Segment>,
    /// From how many days on dates are far apart, as it was written.
    apart: String,
    is_empty: bool,
}

/// A value that no operation was run on.
#[derive(Template)]
#[template(path = "history-none.html")]
struct Nothing {
    frame: Frame,
    value: String,
    indicator: String,
}

/// A choice of the filter for disagreements.
struct Segment {
    label: &'static str,
    count: String,
    address: String,
    here: bool,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    if looked.answer.history.parts.is_empty() {
        let asked = &looked.answer.history.indicator;
        let (indicator, value) = (crate::page::indicator_address(asked), asked.to_string());
        return show_as(StatusCode::NOT_FOUND, &Nothing { frame: looked.frame, value, indicator });
    }
    let head = Head::of(&looked, "").await?;
    let content: Arc<dyn Content> = looked.answer.clone();
    let shown = Shown::new(&*content, &looked.parameters, looked.narrowing());
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
        of: "history",
        picks: looked.frame.may_edit(),
        is_own: false,
    };
    let mut table = Table::new(made, rows, &links).await?;
    table.parts = looked.answer.history.parts.iter().map(column::of).collect();
    let (agreements, span) = (agreements(&looked.answer, &looked.parameters), content.figures().span);
    for row in &mut table.rows {
        column::fill(row, &looked.answer.history, agreements.get(row.place).copied(), span);
    }
    show(&Page {
        filters: Filters::new(
            Some(timeline.facets_part(&links)),
            &links,
            (table.shown, table.total),
            table.is_placed,
        ),
        timeline: timeline.part(&links).with_places(places).with_systems(table.is_placed),
        table,
        segments: segments(&looked, &agreements),
        apart: apart(&looked.parameters).to_string(),
        is_empty: content.records().is_empty(),
        head,
        frame: looked.frame,
    })
}

fn segments(looked: &Looked, agreements: &[Agreement]) -> Vec<Segment> {
    let (links, here) = (looked.links(""), Agree::of(looked.parameter("agree")));
    let count = |agree: Agree| agreements.iter().filter(|agreement| agree.keeps(**agreement)).count();
    [
        ("All", None, Agree::Any),
        ("Seen by all", Some("all"), Agree::All),
        ("By one only", Some("only"), Agree::Only),
        ("Dates far apart", Some("apart"), Agree::Apart),
    ]
    .into_iter()
    .map(|(label, word, agree)| Segment {
        label,
        count: picture::timeline::words::figure(count(agree)),
        address: links.with(&[("agree", word), ("page", None)]) + "#filters",
        here: agree == here,
    })
    .collect()
}
