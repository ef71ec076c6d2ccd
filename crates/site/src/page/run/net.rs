//! A run as a graph of names and addresses.

use askama::Template;
use axum::response::Response;
use edge::problem::Problem;

use super::head::Head;
use super::{Looked, progress};
use crate::page::records::filters::Filters;
use crate::page::records::narrowing::Narrowing;
use crate::page::records::net::ShownNet;
use crate::page::{Frame, show};
use picture::graph::GraphPart;

#[derive(Template)]
#[template(path = "run-graph.html")]
struct Page<'a> {
    frame: Frame,
    head: Head,
    filters: Filters<'a>,
    graph: GraphPart<'a>,
    /// Whether no record links two boxes, and whether that is because of the filters.
    is_empty: bool,
    is_filtered: bool,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let head = looked.head("/graph").await?;
    if looked.is_running() {
        return progress::page(looked, head);
    }
    let net = ShownNet::new(
        &*looked.answer,
        &looked.parameters,
        &Narrowing::of(&looked.parameters, looked.site.networks.now()),
    );
    let (graph, links) =
        (net.graph(&*looked.answer).ok_or_else(Problem::internal_page)?, looked.links("/graph"));
    show(&Page {
        filters: net.filters(&links, looked.site.networks.is_configured()),
        graph: graph.part(&links),
        is_empty: graph.is_empty(),
        is_filtered: net.is_filtered(),
        head,
        frame: looked.frame,
    })
}
