//! The HTML of the graph: its template and its texts.

use askama::Template;

use super::{Graph, MOST_EDGES};
use crate::links::Links;
use crate::timeline::words::{self, figure};

/// The panel with the picture and the list below it; empty if no record links two boxes.
#[derive(Template)]
#[template(path = "graph.html")]
pub struct GraphPart<'a> {
    graph: &'a Graph,
    links: &'a Links,
}

impl Graph {
    /// The panel and the list.
    pub fn part<'a>(&'a self, links: &'a Links) -> GraphPart<'a> {
        GraphPart { graph: self, links }
    }
}

/// The most types that a text names.
const MOST_NAMED: usize = 8;

impl GraphPart<'_> {
    /// A hint, and what the picture leaves out.
    fn left_out(&self) -> String {
        let graph = self.graph;
        let boxes = (graph.total() > graph.shown()).then(|| {
            format!(
                "Shows the {} boxes with the most sightings, of {}.",
                figure(graph.shown()),
                figure(graph.total())
            )
        });
        let edges = (graph.edges_left_out > 0).then(|| {
            let more = figure(graph.edges_left_out);
            format!("Shows the {} edges with the most sightings; {more} are not drawn.", figure(MOST_EDGES))
        });
        let sentences = [Some("Click a box to query it.".to_owned()), self.table_only(), boxes, edges];
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The types that are only in the table.
    fn table_only(&self) -> Option<String> {
        let (last, others) = self.graph.table_only.split_last()?;
        Some(match others {
            [] => format!("{last} is in the table only."),
            _ if others.len() >= MOST_NAMED => {
                format!("{} other types are in the table only.", figure(others.len() + 1))
            }
            _ => format!("{} and {last} are in the table only.", others.join(", ")),
        })
    }
}
