//! The rows of a type: a lane for each name as long as they are few, and folds that open.
//!
//! Names fold by registered domain, and the data of one name by network, autonomous system or registered domain, see
//! [`crate::fold`]. A [`Rows`] has a number of bytes to spend, because the cost of a page must not depend on the size of the answer;
//! what has no room is in a last row with its number, so that the numbers of the rows always add up to that of their fold.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use cof::{Name, NameRef, Rdata, RrType, Target};

use super::bar::Drawing;
use super::entry::Entry;
use super::lane::{Act, Fold, Lane, serials};
use super::words::{cut, figure};
use crate::fold::{By, Key, ROWS, Systems, domain, part_of_address};

/// Collects the rows of a picture.
pub(super) struct Rows<'a> {
    pub(super) drawing: &'a Drawing<'a>,
    pub(super) systems: Option<Systems<'a>>,
    /// How many bytes are left.
    pub(super) left: usize,
    /// Whether folds that the reader has opened are open.
    pub(super) opens: bool,
    /// Whether rows that are not within an open fold cost nothing, because they are known to have room.
    pub(super) is_paid: bool,
    /// How many bytes the list of open folds has in each link.
    pub(super) open: usize,
    /// In how many open folds it is.
    pub(super) inner: usize,
    pub(super) lanes: Vec<Lane>,
}

/// Records that are drawn together.
pub(super) struct Part<'a> {
    what: What,
    label: String,
    entries: Vec<&'a Entry<'a>>,
}

/// What the records of a part have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Data,
    Domain,
    Name,
    /// A network, an autonomous system, or the registered domain of their targets.
    Place,
}

/// A fold whose parts are drawn.
#[derive(Clone, Copy)]
pub(super) struct Within {
    pub(super) key: Key,
    pub(super) depth: usize,
    /// How many parts are drawn.
    pub(super) wanted: usize,
}

/// A name with more data than this is a fold.
const MANY_DATA: usize = 40;
/// A lane with more sub-lanes than this is a fold, because it would fill the screen.
const MANY_SUBS: usize = 20;
/// From this many serials of a zone on, they are one row.
const MANY_SERIALS: usize = 3;
/// The longest label of a fold, in characters.
const LONGEST: usize = 80;

impl<'a> Rows<'a> {
    /// Without rows, and so many bytes to spend.
    pub(super) fn new(drawing: &'a Drawing<'a>, systems: Option<Systems<'a>>, left: usize) -> Self {
        let open = drawing.view.open.to_string().len();
        Self { drawing, systems, left, opens: false, is_paid: false, open, inner: 0, lanes: Vec::new() }
    }

    /// Adds the lane of one name, and what it folds if that is open; returns whether there was room.
    pub(super) fn name(&mut self, entries: &[&'a Entry<'a>], depth: usize) -> bool {
        let Some(record) = entries.first().map(|entry| entry.record) else { return true };
        let name = record.rrname.to_string();
        let key = Key::of(&[&record.rrtype.to_string(), &name]);
        let lane = if entries.len() > MANY_DATA || serials(entries) >= Some(MANY_SERIALS) {
            None
        } else {
            Some(Lane::bars(&name, entries, self.drawing)).filter(|lane| lane.subs() <= MANY_SUBS)
        };
        let asked = self.drawing.asked;
        if let Some(lane) = lane {
            return self.push(Lane { depth, ..lane.of_owner(entries, asked) });
        }
        let lane =
            Lane::folded(&name, entries, self.fold(entries, key), self.drawing).of_owner(entries, asked);
        if !self.push(Lane { depth, ..lane }) {
            return false;
        }
        if let Some(wanted) = self.opened(key) {
            self.data(entries, Within { key, depth: depth + 1, wanted });
        }
        true
    }

    /// Adds the lane of a member or of what members share, and what it folds if that is open; returns whether there was room.
    pub(super) fn strand(
        &mut self,
        name: &str,
        entries: &[&'a Entry<'a>],
        dress: impl Fn(Lane) -> Lane,
        folds: bool,
    ) -> bool {
        let rrtype = entries.first().map(|entry| entry.record.rrtype.to_string()).unwrap_or_default();
        let key = Key::of(&["strand", name, &rrtype]);
        let is_many = folds || entries.len() > MANY_DATA || serials(entries) >= Some(MANY_SERIALS);
        let lane = if is_many { None } else { Some(Lane::bars(name, entries, self.drawing)) };
        if let Some(lane) = lane.filter(|lane| lane.subs() <= MANY_SUBS) {
            return self.push(dress(lane));
        }
        let lane = dress(Lane::folded(name, entries, self.fold(entries, key), self.drawing));
        let depth = lane.depth + 1;
        if !self.push(lane) {
            return false;
        }
        if let Some(wanted) = self.opened(key) {
            let within = Within { key, depth, wanted };
            if distinct(entries, |entry| &entry.record.rrname) == 1 {
                self.data(entries, within);
            } else {
                self.parts(self.names(entries), within);
            }
        }
        true
    }

    /// Adds a row for each of these parts, as many as are wanted and have room, and one for all others.
    pub(super) fn parts(&mut self, mut parts: Vec<Part<'a>>, within: Within) {
        parts.sort_by(|a, b| b.entries.len().cmp(&a.entries.len()).then_with(|| a.label.cmp(&b.label)));
        self.inner += 1;
        let reserve = REST.min(self.left);
        self.left -= reserve;
        let mut shown = 0;
        for part in parts.iter().take(within.wanted) {
            if !self.part(part, within) {
                break;
            }
            shown += 1;
        }
        self.inner -= 1;
        self.left += reserve;
        let rest = parts.split_off(shown);
        if !rest.is_empty() {
            self.rest(&rest, Within { wanted: shown, ..within });
        }
    }

    /// The parts of records of many names: their names, or what those fold into.
    pub(super) fn names(&self, entries: &[&'a Entry<'a>]) -> Vec<Part<'a>> {
        let is_address = entries.iter().all(|entry| matches!(entry.record.rrtype, RrType::A | RrType::AAAA));
        if self.drawing.view.by != By::Domain && is_address {
            return self.places(entries);
        }
        let domains = grouped(entries, |entry| domain(&entry.record.rrname));
        let part = |(domain, entries): (NameRef<'_>, _)| Part {
            what: What::Domain,
            label: domain.to_name().to_string(),
            entries,
        };
        let parts: Vec<Part<'a>> = domains.into_iter().map(part).collect();
        if parts.len() > 1 { parts } else { owners(entries) }
    }

    fn part(&mut self, part: &Part<'a>, within: Within) -> bool {
        let (entries, depth) = (&part.entries, within.depth);
        let is_one_name = entries.iter().all(|entry| entry.record.rrname == part.owner());
        match part.what {
            What::Name => return self.name(entries, depth),
            What::Domain if is_one_name => return self.name(entries, depth),
            What::Data => return self.datum(part, depth),
            What::Place if is_one_name && distinct(entries, |entry| &entry.record.rdata) == 1 => {
                return self.datum(part, depth);
            }
            What::Domain | What::Place => {}
        }
        let key = within.key.within(&part.label);
        let lane = Lane::folded(&part.label, entries, self.fold(entries, key), self.drawing);
        if !self.push(Lane { depth, ..lane }) {
            return false;
        }
        if let Some(wanted) = self.opened(key) {
            let parts = if is_one_name { data(entries) } else { owners(entries) };
            self.parts(parts, Within { key, depth: depth + 1, wanted });
        }
        true
    }

    fn datum(&mut self, part: &Part<'a>, depth: usize) -> bool {
        let lane = Lane::bars(&part.label, &part.entries, self.drawing).of_data(&part.entries);
        self.push(Lane { depth, ..lane })
    }

    /// The data of one name: folded once more if there are several places.
    fn data(&mut self, entries: &[&'a Entry<'a>], within: Within) {
        let places = self.places(entries);
        let is_divided = places.len() > 1 && places.iter().any(|place| place.entries.len() > 1);
        self.parts(if is_divided { places } else { data(entries) }, within);
    }

    /// The same records by network, autonomous system or registered domain of what they point to; one place if there is none.
    fn places(&self, entries: &[&'a Entry<'a>]) -> Vec<Part<'a>> {
        let place = |entry: &Entry<'_>| match entry.record.rdata.target(entry.record.rrtype) {
            Some(Target::Address(address)) => {
                cut(&part_of_address(address, self.drawing.view.by, self.systems), LONGEST)
            }
            Some(Target::Name(name)) if entry.record.rrtype != RrType::SOA => {
                domain(&name.to_name()).to_name().to_string()
            }
            _ => String::new(),
        };
        let part = |(label, entries)| Part { what: What::Place, label, entries };
        grouped(entries, place).into_iter().map(part).collect()
    }

    /// One row for parts that have no row of their own; it has no limit, because it says how many there are.
    fn rest(&mut self, rest: &[Part<'a>], within: Within) {
        let entries: Vec<&Entry<'_>> = rest.iter().flat_map(|part| part.entries.iter().copied()).collect();
        let Some(first) = rest.first() else { return };
        let (one, many) = self.noun(first);
        let name = match rest.len() {
            1 => format!("1 more {one}"),
            count => format!("{} more {many}", figure(count)),
        };
        let caption =
            if matches!(first.what, What::Name | What::Data) { String::new() } else { caption_of(&entries) };
        let can_show_more = self.left > COST_OF_MORE && within.wanted < MOST_PARTS;
        let act = if can_show_more { Act::More(within.key, within.wanted + ROWS) } else { Act::Nothing };
        let lane = Lane::folded(&name, &entries, Fold { caption, act }, self.drawing);
        self.left = self.left.saturating_sub(lane.cost(self.open));
        self.lanes.push(Lane { depth: within.depth, ..lane });
    }

    /// Adds a row if there is room for it.
    pub(super) fn push(&mut self, lane: Lane) -> bool {
        let cost = if self.is_paid && self.inner == 0 { 0 } else { lane.cost(self.open) };
        let Some(left) = self.left.checked_sub(cost) else { return false };
        self.left = left;
        self.lanes.push(lane);
        true
    }

    /// How many parts of a fold are drawn; `None` if it is closed, or if there is no room for any.
    pub(super) fn opened(&self, key: Key) -> Option<usize> {
        self.drawing.view.open.rows(key).filter(|_| self.opens && self.left >= 2 * REST)
    }

    fn fold(&self, entries: &[&'a Entry<'a>], key: Key) -> Fold {
        let act = if self.opened(key).is_some() { Act::Close(key) } else { Act::Open(key) };
        Fold { caption: self.caption(entries), act }
    }

    /// What these records are: `46 serials of one zone`, `12 names`, `800 addresses in 31 networks`.
    fn caption(&self, entries: &[&'a Entry<'a>]) -> String {
        if let Some(serials) = serials(entries) {
            return format!("{} serials of one zone", figure(serials));
        }
        let is_one_name = distinct(entries, |entry| &entry.record.rrname) == 1;
        if is_one_name { self.caption_of(entries, &self.places(entries)) } else { caption_of(entries) }
    }

    /// The same, with the number of these parts if there are several.
    pub(super) fn caption_of(&self, entries: &[&'a Entry<'a>], parts: &[Part<'a>]) -> String {
        let caption = caption_of(entries);
        match parts.first() {
            Some(part) if parts.len() > 1 && matches!(part.what, What::Domain | What::Place) => {
                let (_, many) = self.noun(part);
                format!("{caption} in {} {many}", figure(parts.len()))
            }
            _ => caption,
        }
    }

    /// What a part is.
    fn noun(&self, part: &Part<'_>) -> (&'static str, &'static str) {
        let rrtype = part.entries.first().map_or(RrType::A, |entry| entry.record.rrtype);
        match (part.what, rrtype) {
            (What::Name, _) => ("name", "names"),
            (What::Data, rrtype) => noun(rrtype),
            (What::Place, RrType::A | RrType::AAAA) if self.drawing.view.by == By::System => ("AS", "ASes"),
            (What::Place, RrType::A | RrType::AAAA) => ("network", "networks"),
            (What::Domain | What::Place, _) => ("domain", "domains"),
        }
    }
}

/// About how many bytes the last row of a fold needs.
pub(super) const REST: usize = 1_500;
/// The bytes for which showing more rows is worth a click, and the most parts of a fold.
pub(super) const COST_OF_MORE: usize = 4_000;
pub(super) const MOST_PARTS: usize = 200;

impl Part<'_> {
    fn owner(&self) -> Name {
        self.entries.first().map_or_else(Name::root, |entry| entry.record.rrname.clone())
    }
}

/// How many names, or data of one name, these records have.
fn caption_of(entries: &[&Entry<'_>]) -> String {
    let names = distinct(entries, |entry| &entry.record.rrname);
    if names > 1 {
        return format!("{} names", figure(names));
    }
    let count = distinct(entries, |entry| &entry.record.rdata);
    let (one, many) = noun_of(entries);
    format!("{} {}", figure(count), if count == 1 { one } else { many })
}

/// What the data of these records are.
fn noun_of(entries: &[&Entry<'_>]) -> (&'static str, &'static str) {
    let mut nouns: Vec<_> = entries.iter().map(|entry| noun(entry.record.rrtype)).collect();
    nouns.dedup();
    match nouns.as_slice() {
        [one] => *one,
        [first, others @ ..] if others.iter().all(|other| other == first) => *first,
        _ => ("value", "values"),
    }
}

/// What the data of a type is.
fn noun(rrtype: RrType) -> (&'static str, &'static str) {
    match rrtype {
        RrType::A | RrType::AAAA => ("address", "addresses"),
        RrType::NS => ("name server", "name servers"),
        RrType::MX => ("mail server", "mail servers"),
        RrType::TXT => ("text", "texts"),
        RrType::CNAME | RrType::DNAME | RrType::PTR => ("name", "names"),
        _ => ("value", "values"),
    }
}

/// One part for each owner.
pub(super) fn owners<'a>(entries: &[&'a Entry<'a>]) -> Vec<Part<'a>> {
    let part = |(name, entries): (&Name, _)| Part { what: What::Name, label: name.to_string(), entries };
    grouped(entries, |entry| &entry.record.rrname).into_iter().map(part).collect()
}

/// One part for each data.
fn data<'a>(entries: &[&'a Entry<'a>]) -> Vec<Part<'a>> {
    let part = |(rdata, entries): (&Rdata, Vec<&'a Entry<'a>>)| {
        let rrtype = entries.first().map_or(RrType::A, |entry| entry.record.rrtype);
        Part { what: What::Data, label: rdata.to_text(rrtype), entries }
    };
    grouped(entries, |entry| &entry.record.rdata).into_iter().map(part).collect()
}

/// Records by what they have in common, in any order.
pub(super) fn grouped<'a, K: Eq + Hash>(
    entries: &[&'a Entry<'a>],
    key: impl Fn(&'a Entry<'a>) -> K,
) -> HashMap<K, Vec<&'a Entry<'a>>> {
    let mut groups: HashMap<K, Vec<&'a Entry<'a>>> = HashMap::new();
    for entry in entries {
        groups.entry(key(entry)).or_default().push(entry);
    }
    groups
}

/// How many different values these records have.
fn distinct<'a, K: Eq + Hash>(entries: &[&'a Entry<'a>], key: impl Fn(&'a Entry<'a>) -> K) -> usize {
    entries.iter().map(|entry| key(entry)).collect::<HashSet<K>>().len()
}
