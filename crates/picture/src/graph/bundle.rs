//! Bundles: what would make a column too tall becomes a box for each network, autonomous system or registered domain, and one
//! box for all others. A bundle that the reader has opened shows its most observed members.
//!
//! Nothing is left out: every member of a column is a box of its own, in a bundle, or in the last box, which says how many it has.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use cof::RrType;
use operation::Host;

use super::net::{Bundle, Face, Link, Net, Node, sum};
use super::{GraphView, columns};
use crate::fold::{By, Key, Systems, domain, part_of_address};
use crate::timeline::words::cut;

/// The most boxes of a column, so that the picture is no taller than two screens.
pub(super) const TALLEST: usize = 55;

/// The longest label, in characters.
const LONGEST: usize = 80;

/// Boxes of a column with something in common.
struct Group {
    key: Key,
    label: String,
    of_addresses: bool,
    /// Most observed first.
    members: Vec<usize>,
    sightings: u64,
}

/// A group of boxes that become one.
struct Merged {
    label: String,
    key: Option<Key>,
    members: Vec<usize>,
}

/// The net with bundles in columns that would be too tall; and the open ones, with their labels.
pub(super) fn bundled(net: Net, view: &GraphView, systems: Option<Systems<'_>>) -> (Net, Vec<(Key, String)>) {
    let columns = columns::columns(&net);
    let sightings = net.sightings();
    let (mut merged, mut open) = (Vec::new(), Vec::new());
    let shared = shared(&net);
    for column in columns.iter().filter(|column| column.len() > TALLEST) {
        let (alone, column) = alone(column, &shared);
        let groups = groups(&net, &column, &sightings, view, systems);
        open.extend(
            groups.iter().filter(|group| is_open(group, view)).map(|group| (group.key, group.label.clone())),
        );
        merged.extend(chosen(groups, view, TALLEST - alone));
    }
    if merged.is_empty() { (net, open) } else { (with_boxes(net, merged), open) }
}

/// To how many roots each box is linked, if there are several roots; and for a root, how many of its neighbours are shared.
fn shared(net: &Net) -> Vec<usize> {
    if net.roots < 2 {
        return Vec::new();
    }
    let neighbours = net.neighbours();
    let roots = |at: usize| {
        let roots = neighbours.get(at).into_iter().flatten().filter(|other| **other < net.roots);
        roots.collect::<HashSet<_>>().len()
    };
    let of: Vec<usize> = (0..net.boxes.len()).map(roots).collect();
    let is_shared = |other: &&usize| of.get(**other).is_some_and(|count| *count >= 2);
    let of_root = |at: usize| neighbours.get(at).into_iter().flatten().filter(is_shared).count();
    let rank = |(at, count): (usize, &usize)| match *count {
        _ if at < net.roots => of_root(at),
        0 | 1 => 0,
        count => count,
    };
    of.iter().enumerate().map(rank).collect()
}

/// How many boxes of a column stay alone because members share them, most shared first; and all others.
fn alone(column: &[usize], shared: &[usize]) -> (usize, Vec<usize>) {
    let count = |at: &usize| shared.get(*at).copied().unwrap_or_default();
    let mut sorted = column.to_vec();
    sorted.sort_by_key(|at| Reverse(count(at)));
    let alone = sorted.iter().take(TALLEST * 3 / 4).take_while(|at| count(at) > 0).count();
    (alone, sorted.split_off(alone))
}

fn is_open(group: &Group, view: &GraphView) -> bool {
    group.members.len() > 1 && view.open.rows(group.key).is_some()
}

/// The groups of a column, the largest first.
fn groups(
    net: &Net,
    column: &[usize],
    sightings: &[u64],
    view: &GraphView,
    systems: Option<Systems<'_>>,
) -> Vec<Group> {
    let mut members: HashMap<(bool, String), Vec<usize>> = HashMap::new();
    for at in column {
        let Some(node) = net.boxes.get(*at) else { continue };
        let label = match &node.face {
            Face::One(Host::Address(address)) => {
                (true, cut(&part_of_address(*address, view.by, systems), LONGEST))
            }
            Face::One(Host::Name(name)) => (false, domain(name).to_name().to_string()),
            other => (false, other.title()),
        };
        members.entry(label).or_default().push(*at);
    }
    let seen = |at: &usize| sightings.get(*at).copied().unwrap_or_default();
    let group = |((of_addresses, label), mut members): ((bool, String), Vec<usize>)| {
        members.sort_by_key(|at| (Reverse(seen(at)), *at));
        let sightings = members.iter().map(seen).fold(0, u64::saturating_add);
        Group { key: Key::of(&["graph", &label]), label, of_addresses, members, sightings }
    };
    let mut groups: Vec<Group> = members.into_iter().map(group).collect();
    groups.sort_by(|a, b| {
        let rank = |group: &Group| (Reverse(group.members.len()), Reverse(group.sightings));
        rank(a).cmp(&rank(b)).then_with(|| a.label.cmp(&b.label))
    });
    groups
}

/// What becomes one box, so that there are at most so many.
fn chosen(groups: Vec<Group>, view: &GraphView, most: usize) -> Vec<Merged> {
    let (open, closed): (Vec<Group>, Vec<Group>) = groups.into_iter().partition(|group| is_open(group, view));
    let mut left = most - 1;
    let mut merged = Vec::new();
    for mut group in open {
        // What is open leaves room for the box of its other members, and for the closed ones.
        let rows = view.open.rows(group.key).unwrap_or_default().min((left * 3 / 4).saturating_sub(1));
        let others = group.members.split_off(rows.min(group.members.len()));
        left = left.saturating_sub(group.members.len() + 1);
        if others.len() > 1 {
            merged.push(Merged { label: group.label, key: Some(group.key), members: others });
        }
    }
    let mut rest = Vec::new();
    let (mut of_addresses, mut count) = (true, 0);
    for group in closed {
        if let Some(less) = left.checked_sub(1) {
            left = less;
            if group.members.len() > 1 {
                merged.push(Merged { label: group.label, key: Some(group.key), members: group.members });
            }
        } else {
            of_addresses &= group.of_addresses;
            count += 1;
            rest.extend(group.members);
        }
    }
    if rest.len() > 1 {
        let of = match (of_addresses, view.by) {
            (true, By::System) => "ASes",
            (true, _) => "networks",
            (false, _) => "domains",
        };
        let label = if count == rest.len() { String::new() } else { format!("in {count} {of}") };
        merged.push(Merged { label, key: None, members: rest });
    }
    merged
}

/// The net with these boxes, each in place of the first of its members.
fn with_boxes(net: Net, merged: Vec<Merged>) -> Net {
    let mut box_of: Vec<Option<usize>> = vec![None; net.boxes.len()];
    let mut nodes: Vec<Option<Node>> = Vec::new();
    for (number, one) in merged.into_iter().enumerate() {
        for member in &one.members {
            if let Some(slot) = box_of.get_mut(*member) {
                *slot = Some(number);
            }
        }
        nodes.push(Some(node(&net, one)));
    }
    let mut places_of = vec![None; nodes.len()];
    let mut out = Net::default();
    let mut places: Vec<usize> = Vec::new();
    for (at, (node, number)) in net.boxes.into_iter().zip(box_of).enumerate() {
        if at == net.roots {
            out.roots = out.boxes.len();
        }
        let known = number.and_then(|number| places_of.get(number).copied().flatten());
        places.push(known.unwrap_or(out.boxes.len()));
        if known.is_some() {
            continue;
        }
        if let Some(place) = number.and_then(|number| places_of.get_mut(number)) {
            *place = Some(out.boxes.len());
        }
        let bundle = number.and_then(|number| nodes.get_mut(number)).and_then(Option::take);
        out.boxes.push(bundle.unwrap_or(node));
    }
    // Without boxes after the roots, all of them are roots.
    out.roots = if places.len() > net.roots { out.roots } else { out.boxes.len() };
    out.links = moved(&net.links, &places);
    out
}

fn node(net: &Net, merged: Merged) -> Node {
    let nodes = || merged.members.iter().filter_map(|at| net.boxes.get(*at));
    let of_addresses = nodes().all(|node| matches!(node.face, Face::One(Host::Address(_))));
    Node {
        records: nodes().map(|node| node.records).sum(),
        is_weak: nodes().all(|node| node.is_weak),
        face: Face::Bundle(Bundle {
            key: merged.key,
            label: merged.label,
            of_addresses,
            count: nodes().map(|node| node.face.count()).sum(),
            members: nodes().take(Bundle::NAMED).map(|node| node.face.text()).collect(),
        }),
    }
}

/// Links between the new positions; counts of links that became one are added.
pub(super) fn moved(links: &[Link], places: &[usize]) -> Vec<Link> {
    let mut at: HashMap<(usize, usize, RrType), usize> = HashMap::new();
    let mut out: Vec<Link> = Vec::new();
    for link in links {
        let (Some(&from), Some(&to)) = (places.get(link.from), places.get(link.to)) else { continue };
        // What is within one box is not an edge.
        if from == to {
            continue;
        }
        let place = *at.entry((from, to, link.rrtype)).or_insert(out.len());
        match out.get_mut(place) {
            Some(known) => known.count = sum(known.count, link.count),
            None => out.push(Link { from, to, ..link.clone() }),
        }
    }
    out
}
