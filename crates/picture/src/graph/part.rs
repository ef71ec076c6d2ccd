//! The HTML of the graph: its template and its texts.

use askama::Template;

use super::{Graph, MOST_EDGES};
use crate::fold::{By, Key, ROWS};
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
        let act = if graph.of_members { "open" } else { "query" };
        let hint = format!("Click a box to {act} it.");
        let sentences = [Some(hint), self.bundles(), self.table_only(), boxes, edges];
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// How much is bundled.
    fn bundles(&self) -> Option<String> {
        let Graph { values, total, .. } = *self.graph;
        let has_bundles = self.graph.drawing.boxes.iter().any(|tile| tile.opens.is_some());
        has_bundles.then(|| {
            format!(
                "{} names and addresses in {} boxes: click one with a number to open it.",
                figure(values),
                figure(total)
            )
        })
    }

    /// Opens a bundle, or shows more of an open one.
    fn open_href(&self, key: Key) -> String {
        let open = &self.graph.view.open;
        let value = open.with(key, open.rows(key).map_or(ROWS, |rows| rows + ROWS));
        self.links.with(&[("open", Some(&value))])
    }

    fn close_href(&self, key: Key) -> String {
        self.links.with(&[("open", self.graph.view.open.toggled(key).as_deref())])
    }

    /// The choices of what addresses are bundled by; empty if there is no choice.
    fn ways(&self) -> Vec<(&'static str, String, bool)> {
        let Graph { view, has_places, knows_systems, .. } = self.graph;
        if !*knows_systems || !(*has_places || view.by == By::System) {
            return Vec::new();
        }
        let way =
            |(word, value, current)| (word, self.links.with(&[("fold", value), ("open", None)]), current);
        let by_system = view.by == By::System;
        [("Network", None, !by_system), ("AS", Some(By::System.word()), by_system)].map(way).to_vec()
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
