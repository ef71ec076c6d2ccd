//! Which records say that a member has the resource that is followed through the lanes: the same ones that the comparison counts.

use std::collections::{HashMap, HashSet};

use cof::{Name, Record};
use operation::{Host, Indicator, Relation};
use workbench::investigation::shared::{Finder, Resource};

use crate::comparisons::Comparison;

/// A resource that is followed.
pub(super) struct Follow<'a> {
    pub(super) label: String,
    /// The resource as an indicator. As a member, it does not have itself.
    itself: Option<Indicator>,
    finder: Finder<'a>,
    /// The names of all members.
    names: HashSet<&'a Name>,
    /// The names through which members reached it.
    through: HashMap<&'a Indicator, &'a Name>,
}

impl<'a> Follow<'a> {
    pub(super) fn new(comparison: &'a Comparison, resource: &'a Resource) -> Self {
        let members = &comparison.records.members;
        let name = |indicator: &'a Indicator| match indicator.host() {
            Host::Name(name) => Some(name),
            Host::Address(_) => None,
        };
        let shared = comparison.shared.list.iter().find(|shared| shared.resource == *resource);
        let ways = shared
            .into_iter()
            .flat_map(|shared| &shared.sharers)
            .filter_map(|sharer| Some((&members.get(sharer.member)?.indicator, sharer.through.as_ref()?)));
        Self {
            label: resource.to_string(),
            itself: resource.indicator(),
            finder: Finder::new(std::slice::from_ref(resource)),
            names: members.iter().filter_map(|member| name(&member.indicator)).collect(),
            through: ways.collect(),
        }
    }

    /// Whether a record in the lane of a member says that the member has the resource.
    pub(super) fn is_in(&self, member: Option<&Indicator>, record: &Record) -> bool {
        let Some(member) = member.filter(|member| self.itself.as_ref() != Some(member)) else { return false };
        let is_about = match member.host() {
            Host::Name(name) => {
                *name == record.rrname || self.through.get(member).is_some_and(|way| **way == record.rrname)
            }
            // What a name has that is a member itself is in its own lane.
            Host::Address(_) => {
                Relation::of(member, record) == Relation::Direct && !self.names.contains(&record.rrname)
            }
        };
        is_about && !self.finder.of(record).is_empty()
    }
}
