//! Where addresses are, in the form in which pictures ask for it. Nothing here fails.

use std::net::IpAddr;

use context::NetworksNow;
use picture::fold::Systems;
use picture::graph::{Graph, Location};

/// Lays out something that can be folded by autonomous system, if files say which there are.
pub(crate) fn with_systems<T>(networks: &NetworksNow, lay_out: impl FnOnce(Option<Systems<'_>>) -> T) -> T {
    let system = |address: IpAddr| networks.of(address).system();
    lay_out(networks.is_configured().then_some(&system as Systems<'_>))
}

/// A graph with the places of its addresses.
pub(crate) fn located(graph: Graph, networks: &NetworksNow) -> Graph {
    if !networks.is_configured() {
        return graph;
    }
    graph.with_places(&|address| {
        let place = networks.of(address);
        (!place.is_empty()).then(|| Location { short: place.short(), whole: place.to_string() })
    })
}
