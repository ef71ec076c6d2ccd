//! The graph as a list: each owner and what it pointed to.

use super::net::{Face, Net};
use crate::timeline::type_order;

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The owner.
    pub(crate) name: String,
    /// Where it is, if it is an address and that is known.
    pub(crate) place: Option<String>,
    /// Whether an action can be run on it; false for the queried value.
    pub(crate) pivots: bool,
    /// Types and data, sorted by type and then text.
    pub(crate) targets: Vec<Target>,
    /// The number of further targets.
    pub(crate) more: usize,
}

/// A target of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) rrtype: String,
    pub(crate) text: String,
    /// Where it is, if it is an address and that is known.
    pub(crate) place: Option<String>,
}

/// The most targets in a row.
const MOST: usize = 50;

/// Rows by name; members of a group are listed individually.
pub(super) fn rows(net: &Net) -> Vec<Row> {
    let mut targets = vec![Vec::new(); net.boxes.len()];
    for link in &net.links {
        let Some((targets, node)) = targets.get_mut(link.from).zip(net.boxes.get(link.to)) else { continue };
        let members = match &node.face {
            Face::Bundle(bundle) => {
                let more = bundle.count.saturating_sub(bundle.members.len());
                bundle.members.iter().cloned().chain((more > 0).then(|| format!("{more} more"))).collect()
            }
            Face::Crowd { members, .. } => members.clone(),
            Face::One(value) => vec![value.to_string()],
        };
        targets.extend(members.into_iter().map(|text| (type_order(link.rrtype), link.rrtype, text)));
    }
    let owners = net.boxes.iter().zip(targets).enumerate().filter(|(_, (_, targets))| !targets.is_empty());
    let row = |(at, (node, mut targets)): (usize, (&super::net::Node, Vec<_>))| {
        targets.sort();
        let target = |(_, rrtype, text): (_, cof::RrType, String)| Target {
            rrtype: rrtype.to_string(),
            text,
            place: None,
        };
        Row {
            place: None,
            name: if node.face.pivot().is_some() { node.face.text() } else { node.face.title() },
            pivots: (at > 0 || net.roots > 1) && node.face.pivot().is_some(),
            more: targets.len().saturating_sub(MOST),
            targets: targets.into_iter().take(MOST).map(target).collect(),
        }
    };
    let mut rows: Vec<Row> = owners.map(row).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows
}
