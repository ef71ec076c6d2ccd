//! The values of an answer and the links between them, without positions.

use std::collections::{HashMap, HashSet};

use cof::{Name, Rdata, Record, RrType};
use operation::{Host, Indicator};

use crate::fold::Key;
use crate::timeline::words::figure;

/// Boxes and links. The first boxes are the roots: the queried value, or the members.
#[derive(Clone, Debug, Default)]
pub(super) struct Net {
    pub(super) boxes: Vec<Node>,
    /// How many boxes are roots.
    pub(super) roots: usize,
    /// Both ends are positions in `boxes`, and differ. No two links have the same ends and type.
    pub(super) links: Vec<Link>,
}

/// The content of a box.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) face: Face,
    /// The number of records that it owns, including those without an edge.
    pub(super) records: usize,
    /// Whether it says little, so that it is dimmed.
    pub(super) is_weak: bool,
}

/// One value, or a group of values.
#[derive(Clone, Debug)]
pub(super) enum Face {
    /// Values of one column that would make it too tall, see [`super::bundle`].
    Bundle(Bundle),
    /// Names below one parent that the same record sets point to.
    Crowd {
        parent: Name,
        rrtype: RrType,
        /// At least [`super::collapse::CROWD`], sorted.
        members: Vec<String>,
    },
    /// A value.
    One(Host),
}

/// Many values as one box.
#[derive(Clone, Debug)]
pub(super) struct Bundle {
    /// `None` if it cannot be opened.
    pub(super) key: Option<Key>,
    /// Their network, autonomous system or registered domain; or in how many of them they are.
    pub(super) label: String,
    /// Whether all of them are addresses.
    pub(super) of_addresses: bool,
    /// At least two.
    pub(super) count: usize,
    /// The most observed ones, at most [`Self::NAMED`].
    pub(super) members: Vec<String>,
}

/// The data of a record set that points from its owner to another box.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) rrtype: RrType,
    /// The sum of counts; `None` if no record has one.
    pub(super) count: Option<u64>,
}

/// Finds the position of a known value.
struct Places {
    /// Without the queried value.
    boxes: HashMap<Host, usize>,
    links: HashMap<(usize, usize, RrType), usize>,
}

/// Whether records of this type are edges. The data of other types is text, or more than one value.
pub(super) fn points(rrtype: RrType) -> bool {
    use RrType as T;
    matches!(rrtype, T::A | T::AAAA | T::CNAME | T::DNAME | T::MX | T::NS | T::PTR | T::SRV)
}

impl Net {
    /// The net of an answer.
    pub(super) fn new(asked: &Indicator, records: &[&Record]) -> Self {
        let mut net = Self { boxes: vec![Node::of(asked.host().clone())], roots: 1, links: Vec::new() };
        // An answer for an address has about one new value and one new link per record.
        let mut places = Places {
            boxes: HashMap::with_capacity(records.len()),
            links: HashMap::with_capacity(records.len()),
        };
        net.add(&mut places, asked, records);
        net
    }

    /// The net of several members, each with its records. A record that several have is one link.
    pub(super) fn of_members<'r>(members: &[(&Indicator, Vec<&'r Record>)]) -> Self {
        let mut net = Self::default();
        let mut places = Places { boxes: HashMap::new(), links: HashMap::new() };
        for (member, _) in members {
            net.place(&mut places, member.host().clone());
        }
        net.roots = net.boxes.len();
        let mut seen: HashSet<(&'r Name, RrType, &'r Rdata)> = HashSet::new();
        for (member, records) in members {
            let mut records = records.clone();
            records.retain(|record| seen.insert((&record.rrname, record.rrtype, &record.rdata)));
            net.add(&mut places, member, &records);
        }
        net
    }

    /// Adds the records of an answer to a query for `asked`.
    fn add(&mut self, places: &mut Places, asked: &Indicator, records: &[&Record]) {
        let mut others = Vec::new();
        for record in records {
            let owner = owner(asked, record);
            let target = Some(*record).filter(|record| points(record.rrtype));
            let target = target.and_then(|record| Indicator::of_target(&record.rdata, record.rrtype));
            // An edge from a value to itself would have no length; the record is in the table.
            let target = target.map(|target| target.host().clone());
            let Some(target) = target.filter(|target| *target != owner) else {
                others.push(owner);
                continue;
            };
            let from = self.place(places, owner);
            let to = self.place(places, target);
            self.count(from);
            self.join(places, (from, to), record);
        }
        for owner in others {
            if let Some(at) = self.known(places, &owner) {
                self.count(at);
            }
        }
    }

    /// The position of a value, if it is a box.
    fn known(&self, places: &Places, value: &Host) -> Option<usize> {
        if self.is_asked(value) { Some(0) } else { places.boxes.get(value).copied() }
    }

    /// Whether a value is the first box.
    fn is_asked(&self, value: &Host) -> bool {
        self.boxes.first().is_some_and(|node| matches!(&node.face, Face::One(asked) if asked == value))
    }

    /// The position of a value, which is added if it is new.
    fn place(&mut self, places: &mut Places, value: Host) -> usize {
        // Half of all ends are the queried value.
        if self.is_asked(&value) {
            return 0;
        }
        *places.boxes.entry(value).or_insert_with_key(|value| {
            self.boxes.push(Node::of(value.clone()));
            self.boxes.len() - 1
        })
    }

    fn count(&mut self, at: usize) {
        if let Some(node) = self.boxes.get_mut(at) {
            node.records += 1;
        }
    }

    fn join(&mut self, places: &mut Places, (from, to): (usize, usize), record: &Record) {
        let next = self.links.len();
        let at = *places.links.entry((from, to, record.rrtype)).or_insert(next);
        if at == next {
            self.links.push(Link { from, to, rrtype: record.rrtype, count: record.count });
        } else if let Some(link) = self.links.get_mut(at) {
            link.count = sum(link.count, record.count);
        }
    }

    /// The sum of counts of each box, from the links at either end.
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

impl Node {
    fn of(value: Host) -> Self {
        Self { face: Face::One(value), records: 0, is_weak: false }
    }
}

impl Bundle {
    /// How many members are known by name.
    pub(super) const NAMED: usize = 50;
}

impl Face {
    /// The text of the box.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Bundle(Bundle { of_addresses, count, key, .. }) => {
                let what = if *of_addresses { "addresses" } else { "names" };
                let more = if key.is_some() { "" } else { "more " };
                format!("{} {more}{what}", figure(*count))
            }
            Self::Crowd { rrtype, members, .. } => format!("{} {}", members.len(), crowd(*rrtype)),
            Self::One(value) => value.to_string(),
        }
    }

    /// The text in a title.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Bundle(Bundle { label, .. }) => format!("{}, {label}", self.text()),
            Self::Crowd { parent, .. } => format!("{} under {parent}", self.text()),
            Self::One(value) => value.to_string(),
        }
    }

    /// How many values it stands for.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Bundle(bundle) => bundle.count,
            Self::Crowd { members, .. } => members.len(),
            Self::One(_) => 1,
        }
    }

    /// The value on which an action can be run.
    pub(super) fn pivot(&self) -> Option<String> {
        match self {
            Self::Bundle(_) | Self::Crowd { .. } => None,
            Self::One(value) => {
                let text = value.to_string();
                Indicator::from_canonical(&text).ok().map(|_| text)
            }
        }
    }
}

impl Link {
    /// Whether it is only related to the queried value, see [`operation::Relation::of`]: neither end is a root.
    pub(super) fn related(&self, roots: usize) -> bool {
        self.from >= roots && self.to >= roots
    }
}

/// The owner of a record. A wildcard is not an indicator, but can be an owner; a reverse name stands for its address, unless it
/// is the queried value.
fn owner(asked: &Indicator, record: &Record) -> Host {
    match asked.host() {
        Host::Name(name) if *name == record.rrname => asked.host().clone(),
        _ => Indicator::of_owner(record)
            .map_or_else(|| Host::Name(record.rrname.clone()), |owner| owner.host().clone()),
    }
}

/// Adds the known values.
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
