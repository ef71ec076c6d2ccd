//! A history as a graph of names and addresses.

use askama::Template;
use axum::response::Response;
use edge::problem::Problem;
use picture::graph::GraphPart;

use super::Looked;
use super::head::Head;
use crate::page::records::filters::Filters;
use crate::page::records::net::ShownNet;
use crate::page::{Frame, show};

#[derive(Template)]
#[template(path = "history-graph.html")]
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
    let head = Head::of(&looked, "/graph").await?;
    let net = ShownNet::new(&*looked.answer, &looked.parameters, &looked.narrowing());
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
