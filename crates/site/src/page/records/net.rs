//! The graph of what the filters of an address leave of some records.

use picture::graph::{Graph, GraphView};
use picture::links::Links;
use picture::timeline::{Facets, TimelineView};

use super::filters::Filters;
use super::narrowing::Narrowing;
use super::row::kept;
use crate::content::Content;
use crate::placed::{located, with_systems};

/// A graph with its filters.
pub(in crate::page) struct ShownNet {
    facets: Facets,
    /// How many records match the filters, and how many there are.
    shown: usize,
    total: usize,
    /// The graph, unless it is that of all records without the places of addresses.
    own: Option<Graph>,
}

impl ShownNet {
    /// Applies the filters of an address, and those that only this page has.
    pub(in crate::page) fn new(
        content: &dyn Content,
        parameters: &[(String, String)],
        narrowing: &Narrowing,
    ) -> Self {
        let (view, how) = (TimelineView::of(parameters), GraphView::of(parameters));
        let numbered = content.records().iter().zip(content.relations()).enumerate();
        let narrowed = numbered.filter(|(place, (record, _))| narrowing.keeps(*place, record));
        let facets = Facets::new(&view, narrowed.map(|(_, (record, relation))| (record.rrtype, *relation)));
        let records: Vec<_> = kept(content, &view, narrowing).map(|(_, record, _)| record).collect();
        let (shown, total) = (records.len(), content.records().len());
        let networks = narrowing.networks();
        let is_whole = shown == total && how == GraphView::default() && !networks.is_configured();
        let asked = content.asked().filter(|_| !is_whole);
        let new = |asked| with_systems(networks, |systems| Graph::new(&how, asked, records, systems));
        let own = asked.map(new).map(|graph| located(graph, networks));
        Self { facets, shown, total, own }
    }

    /// The graph, if the records are about an indicator.
    pub(in crate::page) fn graph<'a>(&'a self, content: &'a dyn Content) -> Option<&'a Graph> {
        self.own.as_ref().or_else(|| content.graph())
    }

    pub(in crate::page) fn is_filtered(&self) -> bool {
        self.shown < self.total
    }

    pub(in crate::page) fn filters<'a>(&'a self, links: &'a Links, is_placed: bool) -> Filters<'a> {
        Filters::new(Some(self.facets.part(links)), links, (self.shown, self.total), is_placed)
    }
}
