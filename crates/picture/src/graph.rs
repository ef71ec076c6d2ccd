//! The graph of an answer: boxes in columns by their distance from the queried value, and edges.
//!
//! [`Graph`] is the layout of an answer, and [`GraphPart`] its HTML, which the template of a page includes as `{{ graph }}`: an
//! SVG, and the same content as a list below it. The steps are `net` (values and links), `collapse` (groups of similar names
//! become one box), `bundle` (columns that are too tall), `choice` (selects the most observed), `columns` (positions), `drawing`
//! (px), `list`, and `located` (places of addresses). [`GraphView`] is what the reader has selected.
//!
//! Names are untrusted text. They are shortened here and escaped by the template. Nothing fails: an answer of any size results
//! in at most [`MOST_BOXES`] boxes and [`MOST_EDGES`] edges, and the page states what is left out.

mod bundle;
mod choice;
mod collapse;
mod columns;
mod drawing;
mod list;
mod located;
mod net;
mod part;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use cof::{Record, RrType};
use operation::{Host, Indicator};

use crate::fold::{By, Key, Opened, Systems};
use crate::timeline::{class_of, type_order};
use drawing::Drawing;
use list::Row;
pub use located::{Location, Locations};
use net::{Face, Net};
pub use part::GraphPart;

/// The most boxes that are drawn, most observed first: nobody reads more, and the page has to stay below 300 KiB with its
/// stylesheet and scripts.
pub const MOST_BOXES: usize = 200;
/// The most edges that are drawn, most observed first. Only an artificial answer has more between so few boxes.
pub const MOST_EDGES: usize = 600;

/// What the reader of a graph has selected, from the page's query string: `fold` and `open`, as in a timeline. Which records are
/// drawn is up to the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphView {
    /// What addresses are bundled by.
    pub by: By,
    /// The open bundles.
    pub open: Opened,
}

/// The layout of an answer as a graph. It owns what it shows, which is bounded.
#[derive(Clone, Debug)]
pub struct Graph {
    asked: String,
    /// Whether it is that of several members.
    of_members: bool,
    view: GraphView,
    /// The open bundles, with their labels.
    open: Vec<(Key, String)>,
    /// Whether there are bundles by network or autonomous system, and whether the latter are known.
    has_places: bool,
    knows_systems: bool,
    drawing: Drawing,
    rows: Vec<Row>,
    /// The number of all boxes, drawn or not, and of the values in them.
    total: usize,
    values: usize,
    /// Edges between drawn boxes that are not drawn.
    edges_left_out: usize,
    /// The types of the edges, and their style classes, in order.
    types: Vec<(&'static str, String)>,
    /// The types without edges.
    table_only: Vec<String>,
}

impl Graph {
    /// Lays out `records`, the part of an answer to a query for `asked` that is shown. Addresses can be bundled by autonomous system
    /// if the caller knows them. Costs O(n log n).
    pub fn new<'r>(
        view: &GraphView,
        asked: &Indicator,
        records: impl IntoIterator<Item = &'r Record>,
        systems: Option<Systems<'_>>,
    ) -> Self {
        let records: Vec<&Record> = records.into_iter().collect();
        let of_address = matches!(asked.host(), Host::Address(_));
        let net = collapse::collapsed(Net::new(asked, &records));
        Self::of(view, net, systems, asked.to_string(), of_address, table_only(&records))
    }

    /// Lays out members in the first column, what they have next, and what that is linked to in further columns. What several members
    /// share has its own box; what says little, by `is_weak`, is dimmed. Costs O(n log n).
    pub fn of_members(
        view: &GraphView,
        members: &[(&Indicator, Vec<&Record>)],
        is_weak: &dyn Fn(&Host) -> bool,
        systems: Option<Systems<'_>>,
    ) -> Self {
        let mut net = collapse::collapsed(Net::of_members(members));
        for node in net.boxes.iter_mut().skip(net.roots) {
            node.is_weak = matches!(&node.face, Face::One(value) if is_weak(value));
        }
        let all: Vec<&Record> = members.iter().flat_map(|(_, records)| records.iter().copied()).collect();
        let asked = crate::timeline::words::counted(members.len(), "member");
        Self::of(view, net, systems, asked, false, table_only(&all))
    }

    fn of(
        view: &GraphView,
        net: Net,
        systems: Option<Systems<'_>>,
        asked: String,
        of_address: bool,
        table_only: Vec<String>,
    ) -> Self {
        let values = net.boxes.iter().map(|node| node.face.count()).sum();
        let of_members = net.roots > 1;
        let (net, open) = bundle::bundled(net, view, systems);
        let total = net.boxes.len();
        let has_places =
            net.boxes.iter().any(|node| matches!(&node.face, Face::Bundle(bundle) if bundle.of_addresses));
        let (net, edges_left_out) = choice::most_sighted(&net, MOST_BOXES, MOST_EDGES);
        let columns = columns::columns(&net);
        let types: BTreeMap<_, _> =
            net.links.iter().map(|link| (type_order(link.rrtype), link.rrtype)).collect();
        Self {
            asked,
            of_members,
            view: view.clone(),
            open,
            has_places,
            knows_systems: systems.is_some(),
            drawing: Drawing::new(&net, &columns, of_address),
            rows: list::rows(&net),
            total,
            values,
            edges_left_out,
            types: types.values().map(|rrtype| (class_of(*rrtype), rrtype.to_string())).collect(),
            table_only,
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

impl GraphView {
    /// Reads the decoded parameters of a query string; others are ignored.
    pub fn of(parameters: &[(String, String)]) -> Self {
        let last = |wanted: &str| {
            parameters.iter().rfind(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
        };
        Self {
            by: last("fold").and_then(By::parse).unwrap_or_default(),
            open: last("open").map(Opened::parse).unwrap_or_default(),
        }
    }
}

/// The types without an edge, in order.
fn table_only(records: &[&Record]) -> Vec<String> {
    let types: std::collections::HashSet<RrType> = records.iter().map(|record| record.rrtype).collect();
    let mut types: Vec<RrType> = types.into_iter().filter(|rrtype| !net::points(*rrtype)).collect();
    types.sort_by_cached_key(|rrtype| type_order(*rrtype));
    types.iter().map(RrType::to_string).collect()
}
