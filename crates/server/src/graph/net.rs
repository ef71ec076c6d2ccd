//! Values and what joins them, as an answer has them: no places yet.

use std::collections::HashMap;

use cof::{Name, Record, RrType};
use operation::{Indicator, Relation};

/// Boxes and links. The first box is the asked value, and is always there.
#[derive(Clone, Debug, Default)]
pub(super) struct Net {
    pub(super) boxes: Vec<Node>,
    /// Both ends are places in `boxes`, and differ. No two links have the same ends and type.
    pub(super) links: Vec<Link>,
}

/// What a box stands for.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) face: Face,
    /// Records of which it is the owner.
    pub(super) records: usize,
}

/// One value, or a crowd of them.
#[derive(Clone, Debug)]
pub(super) enum Face {
    /// Names below one parent that the same record sets point to.
    Crowd {
        parent: Name,
        rrtype: RrType,
        /// At least [`super::collapse::CROWD`], sorted.
        members: Vec<String>,
    },
    /// A value.
    One(Indicator),
}

/// A record set's data that points from its owner to another box.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) rrtype: RrType,
    /// Sightings; none where not one record says how many.
    pub(super) count: Option<u64>,
    /// Whether all of its records are only related to the asked value.
    pub(super) related: bool,
}

/// Finds the place of what was there before.
#[derive(Default)]
struct Places<'a> {
    boxes: HashMap<Indicator, usize>,
    links: HashMap<(usize, usize, RrType), usize>,
    /// Records by owner.
    records: HashMap<&'a Name, usize>,
}

/// Whether records of this type are edges. The data of the others is a text, or more than one value.
pub(super) fn points(rrtype: RrType) -> bool {
    use RrType as T;
    matches!(rrtype, T::A | T::AAAA | T::CNAME | T::DNAME | T::MX | T::NS | T::PTR | T::SRV)
}

impl Net {
    /// The net of an answer.
    pub(super) fn new(asked: &Indicator, records: &[Record]) -> Self {
        let mut places = Places::default();
        for record in records {
            *places.records.entry(&record.rrname).or_default() += 1;
        }
        let mut net = Self::default();
        net.place(&mut places, asked.clone());
        for record in records.iter().filter(|record| points(record.rrtype)) {
            let Some(target) = Indicator::of_target(&record.rdata, record.rrtype) else { continue };
            // A wildcard or a service is no indicator, but an owner.
            let owner = Indicator::of_owner(record).unwrap_or_else(|| Indicator::Fqdn(record.rrname.clone()));
            // What points to itself would be an edge without length: it is in the table.
            if owner == target {
                continue;
            }
            let from = net.place(&mut places, owner);
            let to = net.place(&mut places, target);
            if let Some(node) = net.boxes.get_mut(from) {
                node.records = places.records.get(&record.rrname).copied().unwrap_or_default();
            }
            net.join(&mut places, (from, to), record, Relation::of(asked, record) == Relation::Related);
        }
        net
    }

    fn place(&mut self, places: &mut Places<'_>, value: Indicator) -> usize {
        let next = self.boxes.len();
        *places.boxes.entry(value).or_insert_with_key(|value| {
            self.boxes.push(Node { face: Face::One(value.clone()), records: 0 });
            next
        })
    }

    fn join(&mut self, places: &mut Places<'_>, (from, to): (usize, usize), record: &Record, related: bool) {
        let next = self.links.len();
        let at = *places.links.entry((from, to, record.rrtype)).or_insert(next);
        if at == next {
            self.links.push(Link { from, to, rrtype: record.rrtype, count: record.count, related });
        } else if let Some(link) = self.links.get_mut(at) {
            link.count = sum(link.count, record.count);
            link.related &= related;
        }
    }

    /// How often each box was seen, at either end of a link.
    pub(super) fn sightings(&self) -> Vec<u64> {
        let mut sums = vec![0u64; self.boxes.len()];
        for link in &self.links {
            for end in [link.from, link.to] {
                if let Some(sum) = sums.get_mut(end) {
                    *sum = sum.saturating_add(link.count.unwrap_or(0));
                }
            }
        }
        sums
    }

    /// The boxes at the other ends of each box's links.
    pub(super) fn neighbours(&self) -> Vec<Vec<usize>> {
        let mut neighbours = vec![Vec::new(); self.boxes.len()];
        for link in &self.links {
            for (end, other) in [(link.from, link.to), (link.to, link.from)] {
                if let Some(others) = neighbours.get_mut(end) {
                    others.push(other);
                }
            }
        }
        neighbours
    }
}

impl Face {
    /// What is written on the box.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Crowd { rrtype, members, .. } => format!("{} {}", members.len(), crowd(*rrtype)),
            Self::One(value) => value.to_string(),
        }
    }

    /// What it is called in a title.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Crowd { parent, .. } => format!("{} under {parent}", self.text()),
            Self::One(value) => value.to_string(),
        }
    }

    /// The value that an action can be run on.
    pub(super) fn pivot(&self) -> Option<String> {
        match self {
            Self::Crowd { .. } => None,
            Self::One(value) => {
                let text = value.to_string();
                Indicator::parse(&text).ok().map(|_| text)
            }
        }
    }
}

/// Adds up what is known.
pub(super) fn sum(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.saturating_add(right)),
        (left, right) => left.or(right),
    }
}

fn crowd(rrtype: RrType) -> &'static str {
    match rrtype {
        RrType::NS => "name servers",
        RrType::MX => "mail servers",
        _ => "names",
    }
}
