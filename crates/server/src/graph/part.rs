//! The graph's HTML: its template, and the sentences in it.

use askama::Template;

use super::{Graph, MOST_EDGES};
use crate::links::Links;
use crate::timeline::words::{self, figure};

/// The panel with the picture, and the list below it; nothing where nothing points anywhere.
#[derive(Template)]
#[template(path = "graph.html")]
pub(crate) struct GraphPart<'a> {
    graph: &'a Graph,
    links: &'a Links,
}

impl Graph {
    /// The panel and the list.
    pub(crate) fn part<'a>(&'a self, links: &'a Links) -> GraphPart<'a> {
        GraphPart { graph: self, links }
    }
}

/// Types that a sentence names.
const MOST_NAMED: usize = 8;

impl GraphPart<'_> {
    /// What is not in the picture, and why.
    fn left_out(&self) -> String {
        let graph = self.graph;
        let boxes = (graph.total() > graph.shown()).then(|| {
            format!("The {} most sighted of {} boxes.", figure(graph.shown()), figure(graph.total()))
        });
        let edges = (graph.edges_left_out > 0).then(|| {
            let more = figure(graph.edges_left_out);
            format!("The {} most sighted edges; {more} are not drawn.", figure(MOST_EDGES))
        });
        let sentences = [Some("A box runs the action on it.".to_owned()), self.table_only(), boxes, edges];
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The types that the picture does not have.
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
