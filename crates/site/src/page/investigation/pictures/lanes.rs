//! What the timeline has lanes for: members, or resources that they share, with the records of each.

use std::collections::{HashMap, HashSet};

use cof::{Name, Rdata, Record, RrType};
use operation::{Host, Indicator};
use picture::timeline::members::{Labels, Strand};
use workbench::investigation::MemberRecords;
use workbench::investigation::shared::{Finder, Kind, Resource, SharedResource};

use crate::comparisons::Comparison;
use crate::page::records::narrowing::Narrowing;

/// The lanes before they are laid out.
pub(super) struct Lanes<'a> {
    list: Vec<Lane<'a>>,
    /// How many records they have without filters.
    pub(super) total: usize,
}

struct Lane<'a> {
    label: String,
    /// What its name leads to.
    indicator: Option<Indicator>,
    /// The id of the resource that can be followed through the lanes of members.
    follow: Option<String>,
    labels: Labels,
    records: Vec<&'a Record>,
}

/// The most lanes of resources; the picture counts those for which it has no room, but weaker ones say less and less.
const MOST: usize = 200;

/// A record of a lane: whoever's answer it is in, it is drawn once.
type Tuple<'a> = (usize, &'a Name, RrType, &'a Rdata);

/// The records of lanes of resources, in the order of the answers.
#[derive(Default)]
struct Gathered<'a> {
    places: HashMap<Tuple<'a>, usize>,
    list: Vec<(usize, &'a Record)>,
}

impl<'a> Lanes<'a> {
    /// A lane for each member.
    pub(super) fn by_member(comparison: &'a Comparison, narrowing: &Narrowing) -> Self {
        let members = &comparison.records.members;
        let lane = |member: &'a MemberRecords| {
            let records = member.records.iter().filter(|record| narrowing.keeps(0, record));
            Lane::of_member(&member.indicator, records.collect())
        };
        Self { list: members.iter().map(lane).collect(), total: comparison.records.len() }
    }

    /// A lane for each shared resource, the strongest first, with the records of those who share it.
    pub(super) fn by_resource(comparison: &'a Comparison, narrowing: &Narrowing, weak: bool) -> Self {
        let list = comparison.shared.list.iter().filter(|shared| weak || !shared.is_weak());
        let shared: Vec<&SharedResource> = list.take(MOST).collect();
        let resources: Vec<Resource> = shared.iter().map(|shared| shared.resource.clone()).collect();
        let gathered = Gathered::new(comparison, &shared, &resources);
        let mut list: Vec<Lane<'a>> = resources.iter().map(Lane::of_resource).collect();
        for (at, record) in &gathered.list {
            if let Some(lane) = list.get_mut(*at).filter(|_| narrowing.keeps(0, record)) {
                lane.records.push(record);
            }
        }
        Self { list, total: gathered.list.len() }
    }

    /// The lanes as the picture takes them.
    pub(super) fn strands(&self) -> Vec<Strand<'_>> {
        self.list.iter().map(Lane::strand).collect()
    }
}

impl<'a> Lane<'a> {
    fn of_member(indicator: &Indicator, records: Vec<&'a Record>) -> Self {
        let (follow, labels) = match indicator.host() {
            Host::Address(address) => (Some(Resource::Address(*address).id()), Labels::Owner),
            Host::Name(_) => (None, Labels::Data),
        };
        Self { label: indicator.to_string(), indicator: Some(indicator.clone()), follow, labels, records }
    }

    fn strand(&self) -> Strand<'_> {
        Strand {
            label: &self.label,
            indicator: self.indicator.as_ref(),
            follow: self.follow.as_deref(),
            labels: self.labels,
            records: self.records.clone(),
        }
    }

    fn of_resource(resource: &Resource) -> Self {
        // The records of other kinds do not name the resource itself, but something in it.
        let is_named = matches!(
            resource.kind(),
            Kind::Address | Kind::CnameTarget | Kind::MailServer | Kind::NameServer
        );
        Self {
            label: resource.to_string(),
            indicator: resource.indicator().filter(|_| is_named),
            follow: Some(resource.id()),
            labels: Labels::Owner,
            records: Vec::new(),
        }
    }
}

impl<'a> Gathered<'a> {
    fn new(comparison: &'a Comparison, shared: &[&'a SharedResource], resources: &[Resource]) -> Self {
        let users: Vec<HashSet<&Name>> = shared.iter().map(|shared| users(comparison, shared)).collect();
        let finder = Finder::new(resources);
        let mut gathered = Self::default();
        for member in &comparison.records.members {
            for record in &member.records {
                for at in finder.of(record) {
                    if users.get(at).is_some_and(|users| users.contains(&record.rrname)) {
                        gathered.add(at, record, &member.indicator);
                    }
                }
            }
        }
        gathered
    }

    /// Adds a record to a lane. Of the same record in several answers, that in the answer about its owner counts.
    fn add(&mut self, lane: usize, record: &'a Record, member: &Indicator) {
        let next = self.list.len();
        let place = *self.places.entry((lane, &record.rrname, record.rrtype, &record.rdata)).or_insert(next);
        if place == next {
            self.list.push((lane, record));
        } else if matches!(member.host(), Host::Name(name) if *name == record.rrname)
            && let Some(known) = self.list.get_mut(place)
        {
            *known = (lane, record);
        }
    }
}

/// The names whose records say that they share a resource: those of members, and those through which members reached it.
fn users<'a>(comparison: &'a Comparison, shared: &'a SharedResource) -> HashSet<&'a Name> {
    let sharers = || shared.sharers.iter();
    let members = sharers().filter_map(|sharer| comparison.records.members.get(sharer.member));
    let names = members.filter_map(|member| match member.indicator.host() {
        Host::Name(name) => Some(name),
        Host::Address(_) => None,
    });
    names.chain(sharers().filter_map(|sharer| sharer.through.as_ref())).collect()
}
