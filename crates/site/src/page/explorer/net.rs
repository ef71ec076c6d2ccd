//! The answer as a graph of names and addresses.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use edge::problem::Problem;
use picture::fold::Systems;
use picture::graph::{Graph, GraphPart, GraphView};

use super::Looked;
use super::head::Head;
use crate::content::Content;
use crate::page::{Frame, show};
use crate::placed::{located, with_systems};

#[derive(Template)]
#[template(path = "explorer-graph.html")]
struct Page<'a> {
    frame: Frame,
    head: Head,
    graph: Option<GraphPart<'a>>,
    /// The value around which it is drawn, if it was not asked about.
    hub: Option<String>,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let Some(found) = looked.found().map(Arc::clone) else {
        return Ok(Redirect::to(&looked.links("").with(&[])).into_response());
    };
    let head = Head::of(&looked, "/graph").await?;
    let links = looked.links("/graph");
    let (how, networks) = (GraphView::of(&looked.parameters), looked.site.networks.now());
    let own = found.hub().filter(|_| networks.is_configured() || how != GraphView::default());
    let own = own.map(|hub| {
        let new = |systems: Option<Systems<'_>>| Graph::new(&how, hub, found.records(), systems);
        located(with_systems(&networks, new), &networks)
    });
    let graph = own.as_ref().or_else(|| found.graph()).filter(|graph| !graph.is_empty());
    let hub = found.hub().filter(|_| found.asked().is_none() && graph.is_some());
    show(&Page {
        graph: graph.map(|graph| graph.part(&links)),
        hub: hub.map(ToString::to_string),
        head,
        frame: looked.frame,
    })
}
