//! A run as a graph of names and addresses.

use askama::Template;
use axum::response::Response;
use edge::problem::Problem;

use super::head::Head;
use super::{Looked, progress};
use crate::content::Content;
use crate::page::{Frame, show};
use picture::graph::GraphPart;

#[derive(Template)]
#[template(path = "run-graph.html")]
struct Page<'a> {
    frame: Frame,
    head: Head,
    graph: GraphPart<'a>,
    is_empty: bool,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let head = looked.head("/graph").await?;
    if looked.is_running() {
        return progress::page(looked, head);
    }
    let graph = looked.answer.graph().ok_or_else(Problem::internal_page)?;
    let links = looked.links("/graph");
    show(&Page { graph: graph.part(&links), is_empty: graph.is_empty(), head, frame: looked.frame })
}
