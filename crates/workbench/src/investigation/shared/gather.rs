//! From facts to resources with their members: what two or more members share, when, and who else uses it.
//!
//! [`gather`] keeps only the facts about shared resources, puts those of one resource next to each other, and makes a [`Draft`]
//! of each. Its cost is that of sorting these facts.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use cof::{Name, NameRef};

use super::facts::{Fact, Facts};
use super::resource::Resource;
use super::span::{Overlap, Span, merged};
use super::table::{Id, NONE, Table, at};
use super::{How, Sharer};

/// The number of addresses of members in a network, with the first and the last one.
pub(super) type Neighbours = (usize, IpAddr, IpAddr);

/// A shared resource before it is ranked.
pub(super) struct Draft {
    /// The resource.
    pub resource: Resource,
    /// The members, in their order.
    pub sharers: Vec<Sharer>,
    /// The days that they have in common.
    pub overlap: Overlap,
    /// How many other names use it in the answers.
    pub answer_names: usize,
    /// Of a network, the addresses of members.
    pub neighbours: Option<Neighbours>,
    /// The positions of drafts with the same members that it is derived from.
    pub parents: Vec<usize>,
}

/// All that is shared. The order means nothing.
pub(super) fn gather(facts: Facts<'_>) -> Vec<Draft> {
    let Facts { table, mut list, .. } = facts;
    list.retain(|fact| table.is_shared(fact.resource));
    list.sort_unstable_by_key(|fact| (fact.resource, fact.member, fact.name));
    let neighbours = neighbours(&table);
    let (mut ids, mut drafts) = (Vec::new(), Vec::new());
    for group in list.chunk_by(|one, other| one.resource == other.resource) {
        let Some(id) = group.first().map(|fact| fact.resource) else { continue };
        let Some(row) = table.resource(id) else { continue };
        ids.push(id);
        drafts.push(draft(&table, row.to_resource(), group, neighbours.get(&id).copied()));
    }
    find_parents(&table, &ids, &mut drafts);
    drafts
}

fn draft(table: &Table<'_>, resource: Resource, group: &[Fact], neighbours: Option<Neighbours>) -> Draft {
    let (of_members, of_others) = group.split_at(group.partition_point(|fact| fact.member != NONE));
    let by_member = of_members.chunk_by(|one, other| one.member == other.member);
    let sharers: Vec<Sharer> = by_member.filter_map(|facts| sharer(table, facts)).collect();
    // A name through which a member came is part of its way, and not another user.
    let through = of_members.iter().filter(|fact| fact.how == How::Through);
    let through: HashSet<Id> = through.map(|fact| fact.name).collect();
    let others = of_others.chunk_by(|one, other| one.name == other.name).filter_map(<[Fact]>::first);
    let answer_names = others.filter(|fact| !through.contains(&fact.name)).count();
    let users = sharers.iter().filter(|sharer| sharer.how != How::Itself);
    let overlap = Overlap::of(users.map(|sharer| sharer.spans.as_slice()));
    Draft { resource, sharers, overlap, answer_names, neighbours, parents: Vec::new() }
}

/// A member with all facts about its use of one resource.
fn sharer(table: &Table<'_>, facts: &[Fact]) -> Option<Sharer> {
    let member = facts.first()?.member;
    let how = facts.iter().map(|fact| fact.how).min()?;
    // Times at which others used the member are not those at which it used something.
    let counts = |fact: &&Fact| fact.how != How::Itself || how == How::Itself;
    let spans: Vec<Span> = facts.iter().filter(counts).filter_map(|fact| fact.times).collect();
    let ways = facts.chunk_by(|one, other| one.name == other.name).filter_map(<[Fact]>::first);
    let through = ways.filter(|_| how == How::Through).filter_map(|fact| table.name_of(fact.name)).min();
    Some(Sharer { member: at(member), how, through: through.map(NameRef::to_name), spans: merged(spans) })
}

/// The addresses of members in each network.
fn neighbours(table: &Table<'_>) -> HashMap<Id, Neighbours> {
    let mut neighbours: HashMap<Id, Neighbours> = HashMap::new();
    for (network, address) in table.used_addresses() {
        let (count, first, last) = neighbours.entry(network).or_insert((0, address, address));
        *count += 1;
        *first = address.min(*first);
        *last = address.max(*last);
    }
    neighbours
}

/// Finds what each resource is derived from: a network from its only address, a registered domain from a host below it, an
/// address from the CNAME target that led all members there. It counts if the members are the same.
fn find_parents(table: &Table<'_>, ids: &[Id], drafts: &mut [Draft]) {
    let positions: HashMap<Id, usize> =
        ids.iter().enumerate().map(|(position, id)| (*id, position)).collect();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let cname_targets: HashMap<&Name, usize> = drafts.iter().enumerate().filter_map(cname_target).collect();
    for ((position, id), draft) in ids.iter().enumerate().zip(&*drafts) {
        let within = table.resource(*id).and_then(|row| positions.get(&row.within));
        pairs.extend(within.map(|child| (*child, position)));
        let through = only_way(&draft.sharers).and_then(|name| cname_targets.get(name));
        pairs.extend(through.map(|parent| (position, *parent)));
    }
    let members =
        |position: usize| drafts.get(position).map(|draft| draft.sharers.iter().map(|sharer| sharer.member));
    let has_neighbours = |position: usize| {
        let neighbours = drafts.get(position).and_then(|draft| draft.neighbours);
        neighbours.is_some_and(|(count, ..)| count > 1)
    };
    pairs.retain(|(child, parent)| match (members(*child), members(*parent)) {
        (Some(of_child), Some(of_parent)) => !has_neighbours(*child) && of_child.eq(of_parent),
        _ => false,
    });
    for (child, parent) in pairs {
        if let Some(draft) = drafts.get_mut(child) {
            draft.parents.push(parent);
        }
    }
}

fn cname_target((position, draft): (usize, &Draft)) -> Option<(&Name, usize)> {
    match &draft.resource {
        Resource::CnameTarget(name) => Some((name, position)),
        _ => None,
    }
}

/// The name through which all members came.
fn only_way(sharers: &[Sharer]) -> Option<&Name> {
    let first = sharers.first()?.through.as_ref()?;
    sharers.iter().all(|sharer| sharer.through.as_ref() == Some(first)).then_some(first)
}
