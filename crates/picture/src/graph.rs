//! The graph of an answer: boxes in columns by their distance from the queried value, and edges.
//!
//! [`Graph`] is the layout of an answer, and [`GraphPart`] its HTML, which the template of a page includes as `{{ graph }}`: an
//! SVG, and the same content as a list below it. The steps are `net` (values and links), `collapse` (groups of similar names
//! become one box), `choice` (selects the most observed), `columns` (positions), `drawing` (px), and `list`.
//!
//! Names are untrusted text. They are shortened here and escaped by the template. Nothing fails: an answer of any size results
//! in at most [`MOST_BOXES`] boxes and [`MOST_EDGES`] edges, and the page states what is left out.

mod choice;
mod collapse;
mod columns;
mod drawing;
mod list;
mod net;
mod part;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use cof::{Record, RrType};
use operation::{Host, Indicator};

use crate::timeline::{class_of, type_order};
use drawing::Drawing;
use list::Row;
use net::Net;
pub use part::GraphPart;

/// The most boxes that are drawn, most observed first: nobody reads more, and the page has to stay below 300 KiB with its
/// stylesheet and scripts.
pub const MOST_BOXES: usize = 200;
/// The most edges that are drawn, most observed first. Only an artificial answer has more between so few boxes.
pub const MOST_EDGES: usize = 600;

/// The layout of an answer as a graph. It owns what it shows, which is bounded.
#[derive(Clone, Debug)]
pub struct Graph {
    asked: String,
    drawing: Drawing,
    rows: Vec<Row>,
    /// The number of all boxes, drawn or not.
    total: usize,
    /// Edges between drawn boxes that are not drawn.
    edges_left_out: usize,
    /// The types of the edges, and their style classes, in order.
    types: Vec<(&'static str, String)>,
    /// The types without edges.
    table_only: Vec<String>,
}

impl Graph {
    /// Lays out `records`, the whole answer to a query for `asked`. Costs O(n log n).
    pub fn new(asked: &Indicator, records: &[Record]) -> Self {
        let net = collapse::collapsed(Net::new(asked, records));
        let total = net.boxes.len();
        let (net, edges_left_out) = choice::most_sighted(&net, MOST_BOXES, MOST_EDGES);
        let columns = columns::columns(&net);
        let types: BTreeMap<_, _> =
            net.links.iter().map(|link| (type_order(link.rrtype), link.rrtype)).collect();
        Self {
            asked: asked.to_string(),
            drawing: Drawing::new(&net, &columns, matches!(asked.host(), Host::Address(_))),
            rows: list::rows(&net),
            total,
            edges_left_out,
            types: types.values().map(|rrtype| (class_of(*rrtype), rrtype.to_string())).collect(),
            table_only: table_only(records),
        }
    }

    /// The number of drawn boxes.
    pub fn shown(&self) -> usize {
        self.drawing.boxes.len()
    }

    /// The number of all boxes, drawn or not.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Whether there are no edges, so that there is no picture.
    pub fn is_empty(&self) -> bool {
        self.drawing.edges.is_empty()
    }
}

/// The types without an edge, in order.
fn table_only(records: &[Record]) -> Vec<String> {
    let types: std::collections::HashSet<RrType> = records.iter().map(|record| record.rrtype).collect();
    let mut types: Vec<RrType> = types.into_iter().filter(|rrtype| !net::points(*rrtype)).collect();
    types.sort_by_cached_key(|rrtype| type_order(*rrtype));
    types.iter().map(RrType::to_string).collect()
}
