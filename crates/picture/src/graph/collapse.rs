//! Groups: targets of the same record sets with the same parent become one box.
//!
//! Only names without outgoing edges are grouped, so that no edge is lost, and only below a parent that is not a top-level
//! domain, because names below a top-level domain have nothing in common.

use std::collections::HashMap;

use cof::{Name, RrType};
use operation::Host;

use super::bundle::moved;
use super::net::{Face, Net, Node};

/// The smallest number of names that form a group.
pub(super) const CROWD: usize = 5;

/// What the members of a group have in common.
#[derive(PartialEq, Eq, Hash)]
struct Common {
    parent: Name,
    rrtype: RrType,
    /// The boxes that point to them, sorted.
    owners: Vec<usize>,
}

/// The net with a box for each group. The queried value is never grouped.
pub(super) fn collapsed(net: Net) -> Net {
    let mut crowds: Vec<(Common, Vec<usize>)> = common(&net);
    crowds.retain(|(_, members)| members.len() >= CROWD);
    if crowds.is_empty() {
        return net;
    }
    let mut crowd_of = vec![None; net.boxes.len()];
    for (common, members) in &crowds {
        let first = members.first().copied();
        let mut face = Some(face(&net, common, members));
        for member in members {
            if let Some(slot) = crowd_of.get_mut(*member) {
                *slot = first.map(|first| (first, face.take()));
            }
        }
    }
    let mut out = Net { roots: net.roots, ..Net::default() };
    let mut places: Vec<usize> = Vec::new();
    for (node, crowd) in net.boxes.into_iter().zip(crowd_of) {
        let (node, known) = match crowd {
            // The first member is processed before the others, and becomes the box; the others become the same box.
            Some((_, Some(face))) => (face, None),
            Some((first, None)) => (node, places.get(first).copied()),
            None => (node, None),
        };
        places.push(known.unwrap_or(out.boxes.len()));
        if known.is_none() {
            out.boxes.push(node);
        }
    }
    out.links = moved(&net.links, &places);
    out
}

/// Names that can be grouped, by what they have in common, in the order of their first member.
fn common(net: &Net) -> Vec<(Common, Vec<usize>)> {
    let mut incoming: Vec<Vec<(usize, RrType)>> = vec![Vec::new(); net.boxes.len()];
    for link in &net.links {
        if let Some(owners) = incoming.get_mut(link.to) {
            owners.push((link.from, link.rrtype));
        }
    }
    let mut groups: HashMap<Common, Vec<usize>> = HashMap::new();
    for (at, (node, mut owners)) in net.boxes.iter().zip(incoming).enumerate().skip(net.roots) {
        owners.sort_unstable();
        let rrtype = owners.first().map(|(_, rrtype)| *rrtype);
        let (Some(parent), Some(rrtype)) = (parent(node), rrtype) else { continue };
        if owners.iter().all(|(_, other)| *other == rrtype) {
            let owners = owners.into_iter().map(|(owner, _)| owner).collect();
            groups.entry(Common { parent, rrtype, owners }).or_default().push(at);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, members)| members.first().copied());
    groups
}

/// The parent below which a node can be grouped.
fn parent(node: &Node) -> Option<Name> {
    let Face::One(Host::Name(name)) = &node.face else { return None };
    let wire = name.as_wire();
    let parent = Name::from_wire(wire.get(usize::from(*wire.first()?) + 1..)?).ok()?;
    (node.records == 0 && parent.labels().count() >= 2).then_some(parent)
}

fn face(net: &Net, common: &Common, members: &[usize]) -> Node {
    let texts = members.iter().filter_map(|member| net.boxes.get(*member)).map(|node| node.face.text());
    let mut members: Vec<String> = texts.collect();
    members.sort();
    Node {
        face: Face::Crowd { parent: common.parent.clone(), rrtype: common.rrtype, members },
        records: 0,
        is_weak: false,
    }
}
