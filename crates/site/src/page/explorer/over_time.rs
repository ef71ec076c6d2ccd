//! The answer as a timeline, with its table.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use edge::problem::Problem;
use picture::timeline::TimelinePart;

use super::Looked;
use super::head::Head;
use super::look::table;
use crate::explorer::Found;
use crate::page::records::Shown;
use crate::page::records::filters::Filters;
use crate::page::records::narrowing::Narrowing;
use crate::page::records::row::{Order, Rows};
use crate::page::records::table::Table;
use crate::page::{Frame, show};

#[derive(Template)]
#[template(path = "explorer-timeline.html")]
struct Page<'a> {
    frame: Frame,
    head: Head,
    filters: Filters<'a>,
    timeline: TimelinePart<'a>,
    table: Table<'a>,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let Some(found) = looked.found().map(Arc::clone) else {
        return Ok(Redirect::to(&looked.links("").with(&[])).into_response());
    };
    let head = Head::of(&looked, "/timeline").await?;
    let content: Arc<Found> = Arc::clone(&found);
    let shown = Shown::new(
        &*content,
        &looked.parameters,
        Narrowing::of(&looked.parameters, looked.site.networks.now()),
    );
    let (links, timeline) = (looked.links("/timeline"), shown.timeline(&*content));
    let rows = Rows::new(&*content, &shown.view, &shown.narrowing, Order::of(looked.parameter("sort")));
    let rows = rows.beside(timeline);
    let places = rows.pages_of(&shown.drawn, rows.page(looked.parameter("page")));
    let table = table(&looked, &found, (rows, &shown.drawn), &links).await?;
    show(&Page {
        filters: Filters::new(
            Some(timeline.facets_part(&links)),
            &links,
            (table.shown, table.total),
            table.is_placed,
        ),
        timeline: timeline.part(&links).with_places(places).with_systems(table.is_placed),
        table,
        head,
        frame: looked.frame,
    })
}
