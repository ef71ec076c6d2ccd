//! The rows of the picture: types in a fixed order, and names within them.
//!
//! As long as there are at most [`MANY`] bars and lanes, every record is a bar. Otherwise, each type is a density. From
//! [`MANY_OF_TYPE`] records on, its most observed names also get lanes, until there are [`MANY`] of both. So the cost of a page
//! does not depend on the size of the answer: it has to stay below 300 KiB with its table, stylesheet and scripts.

use std::collections::{HashMap, HashSet};

use cof::{Name, RrType};

use super::alive::{Alive, HEAT_BINS, Heat};
use super::entry::{Entry, sightings_of, sum_text};
use super::lane::{Drawing, Lane, class_of};
use super::words::{counted, cut, figure};

/// A type with its rows.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The type; `None` for all types beyond [`MOST_GROUPS`] together.
    pub(crate) rrtype: Option<RrType>,
    /// Its name, shortened to its column.
    pub(crate) word: String,
    /// Its style class.
    pub(crate) class: &'static str,
    /// All of its records together, if there are many.
    pub(crate) density: Option<Density>,
    /// Its names.
    pub(crate) lanes: Vec<Lane>,
    /// Whether more lanes can be shown.
    pub(crate) more: bool,
}

/// A type's records as one row.
#[derive(Clone, Debug)]
pub(crate) struct Density {
    /// `all 41,882 records`.
    pub(crate) name: String,
    /// How many were alive at what time.
    pub(crate) heat: Vec<Heat>,
    /// The same for screen readers.
    pub(crate) said: String,
    /// The sum of the counts.
    pub(crate) sightings: String,
}

/// The most bars and lanes that are drawn.
pub(super) const MANY: usize = 160;
/// A type with this many records has lanes in addition to its density.
const MANY_OF_TYPE: usize = 2_000;
/// A name with more records than this is a density too, because its lane would fill the screen.
const MANY_OF_LANE: usize = 40;
/// More types than this are drawn as one; only an artificial answer has more.
const MOST_GROUPS: usize = 30;
/// The longest name of a type in its column, in characters.
const WORD: usize = 7;

/// Whether there are too many records to draw each as a bar.
pub(super) fn are_many(entries: &[Entry<'_>]) -> bool {
    let lane = |entry: &Entry<'_>| (entry.record.rrtype, entry.record.rrname.clone());
    let few = entries.get(..entries.len().min(MANY)).unwrap_or_default();
    entries.len() + few.iter().map(lane).collect::<HashSet<_>>().len() > MANY
}

/// Groups the visible entries. Those of each group are in the order of the answer.
pub(super) fn groups(entries: &[Entry<'_>], drawing: &Drawing<'_>) -> Vec<Group> {
    let by_type = by_type(entries);
    if !are_many(entries) {
        return by_type.iter().map(|(rrtype, entries)| bars(*rrtype, entries, drawing)).collect();
    }
    let (named, rest) = by_type.split_at(by_type.len().min(MOST_GROUPS));
    let mut groups: Vec<Group> =
        named.iter().map(|(rrtype, entries)| dense(Some(*rrtype), entries, drawing)).collect();
    if !rest.is_empty() {
        let rest: Vec<&Entry<'_>> = rest.iter().flat_map(|(_, entries)| entries.iter().copied()).collect();
        groups.push(dense(None, &rest, drawing));
    }
    let mut left = MANY;
    for (group, (rrtype, entries)) in groups.iter_mut().zip(named) {
        if entries.len() >= MANY_OF_TYPE {
            most_sighted(group, *rrtype, entries, drawing, &mut left);
        }
    }
    groups
}

/// Entries by type, in the order of types.
fn by_type<'a, 'r>(entries: &'a [Entry<'r>]) -> Vec<(RrType, Vec<&'a Entry<'r>>)> {
    let mut types: HashMap<RrType, Vec<&Entry<'_>>> = HashMap::new();
    for run in entries.chunk_by(|a, b| a.record.rrtype == b.record.rrtype) {
        let rrtype = run.first().map(|entry| entry.record.rrtype);
        types.entry(rrtype.unwrap_or(RrType::A)).or_default().extend(run);
    }
    let mut types: Vec<_> = types.into_iter().collect();
    types.sort_by_cached_key(|(rrtype, _)| order(*rrtype));
    types
}

/// The sort key of a type: common ones first, then by name.
pub fn order(rrtype: RrType) -> (usize, String) {
    const COMMON: [RrType; 7] =
        [RrType::A, RrType::AAAA, RrType::CNAME, RrType::NS, RrType::MX, RrType::TXT, RrType::SOA];
    match COMMON.iter().position(|common| *common == rrtype) {
        Some(at) => (at, String::new()),
        None => (COMMON.len(), rrtype.to_string()),
    }
}

fn bars(rrtype: RrType, entries: &[&Entry<'_>], drawing: &Drawing<'_>) -> Group {
    let mut names: HashMap<&Name, Vec<&Entry<'_>>> = HashMap::new();
    for entry in entries {
        names.entry(&entry.record.rrname).or_default().push(entry);
    }
    let mut names: Vec<_> = names.into_iter().collect();
    let last = |entries: &[&Entry<'_>]| entries.iter().map(|entry| entry.last).max();
    names.sort_by(|(a, left), (b, right)| {
        last(right).cmp(&last(left)).then_with(|| a.as_wire().cmp(b.as_wire()))
    });
    let lanes = names.iter().map(|(name, entries)| Lane::new(name, entries, drawing)).collect();
    Group { lanes, ..Group::of(Some(rrtype)) }
}

fn dense(rrtype: Option<RrType>, entries: &[&Entry<'_>], drawing: &Drawing<'_>) -> Group {
    let spans = entries.iter().map(|entry| (entry.first, entry.last));
    let alive = Alive::over(drawing.axis, HEAT_BINS, spans);
    let density = Density {
        name: match entries.len() {
            1 => "1 record".to_owned(),
            many => format!("all {} records", figure(many)),
        },
        said: format!("{}, most alive at once {}.", counted(entries.len(), "record"), alive.most()),
        heat: alive.heat(),
        sightings: sum_text(sightings_of(entries.iter().map(|entry| entry.record))),
    };
    Group { density: Some(density), ..Group::of(rrtype) }
}

/// Adds lanes for the most observed names of a type: as many as requested, within `left`.
fn most_sighted(
    group: &mut Group,
    rrtype: RrType,
    entries: &[&Entry<'_>],
    drawing: &Drawing<'_>,
    left: &mut usize,
) {
    let ranked = ranked(entries);
    let wanted = drawing.view.lanes_of(rrtype);
    let places: HashMap<&Name, usize> = ranked.iter().take(wanted).copied().zip(0..).collect();
    let mut members: Vec<Vec<&Entry<'_>>> = vec![Vec::new(); places.len()];
    for entry in entries {
        let place = places.get(&entry.record.rrname);
        if let Some(members) = place.and_then(|at| members.get_mut(*at)) {
            members.push(entry);
        }
    }
    for (name, members) in ranked.iter().zip(members) {
        let lane = match members.len() {
            0..=MANY_OF_LANE => Lane::new(name, &members, drawing),
            _ => Lane::dense(name, &members, drawing),
        };
        let Some(rest) = left.checked_sub(lane.cost()) else { return };
        *left = rest;
        group.lanes.push(lane);
    }
    group.more = ranked.len() > wanted && *left > 0;
}

/// The names of these entries, most observed first.
fn ranked<'a>(entries: &[&Entry<'a>]) -> Vec<&'a Name> {
    let mut sums: HashMap<&Name, u64> = HashMap::new();
    for entry in entries {
        let sum = sums.entry(&entry.record.rrname).or_default();
        *sum = sum.saturating_add(entry.record.count.unwrap_or(0));
    }
    let mut ranked: Vec<_> = sums.into_iter().collect();
    ranked
        .sort_unstable_by(|(a, left), (b, right)| right.cmp(left).then_with(|| a.as_wire().cmp(b.as_wire())));
    ranked.into_iter().map(|(name, _)| name).collect()
}

impl Group {
    fn of(rrtype: Option<RrType>) -> Self {
        Self {
            rrtype,
            word: rrtype.map_or_else(|| "others".to_owned(), |rrtype| cut(&rrtype.to_string(), WORD)),
            class: rrtype.map_or("rr-other", class_of),
            density: None,
            lanes: Vec::new(),
            more: false,
        }
    }
}
