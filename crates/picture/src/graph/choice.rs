//! Selects the boxes and edges to draw if there are too many: the most observed connected ones.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::net::{Link, Net};

/// Selects at most this many boxes and edges; also returns how many edges between these boxes were left out.
///
/// The selection grows from the roots, which are the first: the next box is the most observed one that is connected to a selected box.
/// Unconnected boxes follow in the same way.
pub(super) fn most_sighted(net: &Net, most_boxes: usize, most_edges: usize) -> (Net, usize) {
    let places = places(net, most_boxes);
    let mut boxes: Vec<_> =
        net.boxes.iter().zip(&places).filter_map(|(node, place)| Some(((*place)?, node))).collect();
    boxes.sort_by_key(|(place, _)| *place);
    let moved = |link: &Link| {
        let place = |at: usize| places.get(at).copied().flatten();
        Some(Link { from: place(link.from)?, to: place(link.to)?, ..link.clone() })
    };
    let mut links: Vec<Link> = net.links.iter().filter_map(moved).collect();
    links.sort_by_key(|link| (Reverse(link.count), link.from, link.to, link.rrtype));
    let left_out = links.len().saturating_sub(most_edges);
    links.truncate(most_edges);
    let roots = net.roots.min(boxes.len());
    (Net { boxes: boxes.into_iter().map(|(_, node)| node.clone()).collect(), roots, links }, left_out)
}

/// The new position of each box, in the order of selection.
fn places(net: &Net, most: usize) -> Vec<Option<usize>> {
    let sightings = net.sightings();
    let neighbours = net.neighbours();
    let rank = |at: usize| (sightings.get(at).copied().unwrap_or_default(), Reverse(at));
    let mut islands: Vec<usize> = (0..net.boxes.len()).collect();
    islands.sort_by_key(|at| (*at >= net.roots, Reverse(rank(*at))));
    let mut places: Vec<Option<usize>> = vec![None; net.boxes.len()];
    let mut chosen = net.roots.min(most);
    for (root, place) in places.iter_mut().take(chosen).enumerate() {
        *place = Some(root);
    }
    for island in islands {
        // What is connected to a root is reached from it, although the root itself is selected already.
        let others = neighbours.get(island).into_iter().flatten().filter(|_| island < net.roots);
        let mut edge: BinaryHeap<_> = others.chain([&island]).map(|at| rank(*at)).collect();
        while let Some((_, Reverse(at))) = edge.pop() {
            let Some(place) = places.get_mut(at).filter(|place| place.is_none()) else { continue };
            if chosen == most {
                return places;
            }
            *place = Some(chosen);
            chosen += 1;
            let others = neighbours.get(at).into_iter().flatten();
            edge.extend(
                others.filter(|other| matches!(places.get(**other), Some(None))).map(|other| rank(*other)),
            );
        }
    }
    places
}
