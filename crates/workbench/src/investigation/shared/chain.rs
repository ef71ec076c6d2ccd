//! The addresses and targets that members reached through CNAME records.
//!
//! [`follow`] adds facts: if x is an alias of y, and y had an address at that time, x had it through y. The records may be in
//! the answers of different members. The time is what the records of the chain have in common, by days. Every loop is bounded:
//! the hops, the names per member, the addresses and targets per name. A name with more addresses rotates through those of a
//! network, which say little about one member: it is returned, and not followed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cof::{Name, NameRef};

use super::How;
use super::facts::{Fact, Facts};
use super::span::{Span, common, merged};
use super::table::{Id, NONE, ResourceRow};

/// The most hops of a chain: resolvers give up after about as many.
const MOST_HOPS: usize = 8;
/// The most names that are followed for one member.
const MOST_NAMES: usize = 16;
/// The most addresses, and the most targets, of a name that is followed.
const MOST_EACH: usize = 64;

/// What the names that others are an alias of lead to.
#[derive(Default)]
struct Chains {
    /// The addresses of a name, as resources, and when it had them.
    addresses: HashMap<Id, BTreeMap<Id, Vec<Span>>>,
    /// The targets of a name, and when it had them.
    targets: HashMap<Id, BTreeMap<Id, Vec<Span>>>,
}

/// The names that a member reached with so many hops, in order, and when.
type Level<'a> = BTreeMap<NameRef<'a>, (Id, Vec<Span>)>;

/// Adds what members had through other names. Returns the names that were not followed because of a limit.
pub(super) fn follow(facts: &mut Facts<'_>) -> BTreeSet<Name> {
    let mut unfollowed = BTreeSet::new();
    if facts.aliases.is_empty() {
        return unfollowed;
    }
    let chains = Chains::of(facts);
    let starts: Vec<(Id, Id)> =
        chains.targets.keys().map(|name| (*name, facts.table.member(*name))).collect();
    for (name, member) in starts.into_iter().filter(|(_, member)| *member != NONE) {
        Walk { chains: &chains, facts, member, unfollowed: &mut unfollowed }.from(name);
    }
    unfollowed
}

impl Chains {
    fn of(facts: &Facts<'_>) -> Self {
        let mut chains = Self::default();
        for alias in &facts.aliases {
            let spans = chains.targets.entry(alias.owner).or_default().entry(alias.target).or_default();
            spans.extend(alias.times);
        }
        let reached: HashSet<Id> = facts.aliases.iter().map(|alias| alias.target).collect();
        let is_address =
            |fact: &Fact| facts.table.resource(fact.resource).is_some_and(ResourceRow::is_address);
        for fact in &facts.list {
            if fact.how == How::Direct && reached.contains(&fact.name) && is_address(fact) {
                let spans = chains.addresses.entry(fact.name).or_default().entry(fact.resource).or_default();
                spans.extend(fact.times);
            }
        }
        let times = chains.addresses.values_mut().chain(chains.targets.values_mut());
        for spans in times.flat_map(BTreeMap::values_mut) {
            *spans = merged(std::mem::take(spans));
        }
        chains
    }
}

/// The way of one member.
struct Walk<'w, 'a> {
    chains: &'w Chains,
    facts: &'w mut Facts<'a>,
    member: Id,
    unfollowed: &'w mut BTreeSet<Name>,
}

impl<'a> Walk<'_, 'a> {
    fn from(mut self, name: Id) {
        let mut seen = HashSet::from([name]);
        let mut level = Level::new();
        self.go_on(name, None, &mut level);
        for _ in 0..MOST_HOPS {
            let mut next = Level::new();
            for (name, (id, spans)) in level {
                if seen.contains(&id) {
                    continue;
                }
                if seen.len() > MOST_NAMES {
                    self.unfollowed.insert(name.to_name());
                } else {
                    seen.insert(id);
                    self.add_addresses(id, &spans);
                    self.go_on(id, Some(&spans), &mut next);
                }
            }
            level = next;
        }
    }

    /// Adds the targets of a name to the next level, and as resources unless it is the member, whose own targets are known.
    fn go_on(&mut self, name: Id, spans: Option<&[Span]>, next: &mut Level<'a>) {
        let chains = self.chains;
        let Some(targets) = chains.targets.get(&name) else { return };
        if spans.is_some() && targets.len() > MOST_EACH {
            self.leave(name);
            return;
        }
        for (target, times) in targets {
            // A circle leads back to the member itself.
            if self.facts.table.member(*target) == self.member {
                continue;
            }
            let Some(times) = spans.map_or_else(|| Some(times.clone()), |spans| common(spans, times)) else {
                continue;
            };
            if spans.is_some() {
                let resource = self.facts.table.named(super::Kind::CnameTarget, *target);
                let domain = self.facts.table.domain(*target);
                self.add([resource, domain], name, &times);
            }
            if let Some(key) = self.facts.table.name_of(*target) {
                let (_, known) = next.entry(key).or_insert_with(|| (*target, Vec::new()));
                *known = merged(std::mem::take(known).into_iter().chain(times).collect());
            }
        }
    }

    fn add_addresses(&mut self, name: Id, spans: &[Span]) {
        let chains = self.chains;
        let Some(addresses) = chains.addresses.get(&name) else { return };
        if addresses.len() > MOST_EACH {
            self.leave(name);
            return;
        }
        for (address, times) in addresses {
            let Some(times) = common(spans, times) else { continue };
            let network = self.facts.table.resource(*address).map_or(NONE, |row| row.within);
            self.add([*address, network], name, &times);
        }
    }

    fn add(&mut self, resources: [Id; 2], through: Id, times: &[Span]) {
        for resource in resources {
            let unknown = times.is_empty().then_some(None);
            for times in times.iter().copied().map(Some).chain(unknown) {
                self.facts.push(resource, self.member, through, (How::Through, times));
            }
        }
    }

    fn leave(&mut self, name: Id) {
        self.unfollowed.extend(self.facts.table.name_of(name).map(NameRef::to_name));
    }
}
