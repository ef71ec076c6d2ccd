//! A history as a graph of names and addresses.

use askama::Template;
use axum::response::Response;
use edge::problem::Problem;
use picture::graph::GraphPart;

use super::Looked;
use super::head::Head;
use crate::content::Content;
use crate::page::{Frame, show};

#[derive(Template)]
#[template(path = "history-graph.html")]
struct Page<'a> {
    frame: Frame,
    head: Head,
    graph: GraphPart<'a>,
    is_empty: bool,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let head = Head::of(&looked, "/graph").await?;
    let (graph, links) = (looked.answer.graph().ok_or_else(Problem::internal_page)?, looked.links("/graph"));
    show(&Page { graph: graph.part(&links), is_empty: graph.is_empty(), head, frame: looked.frame })
}
