//! The comparison of members with what else is known: the own database counts the names that use a resource, and lists and rules say
//! what is weak.

use std::collections::BTreeSet;

use cof::Name;
use context::weak::Rules;
use operation::{Host, Indicator};
use store::Store;

use super::shared::{self, Candidate, Count, Options, Resource, Shared};
use super::{MemberRecords, Records};

/// The most names of the own database behind a resource that become candidates: as many as make it weak.
const MOST_BEHIND: usize = shared::WEAK_NAMES as usize;

/// What members share. Blocks while the own database counts.
pub fn compared(records: &Records, store: Option<&dyn Store>, rules: &Rules) -> Shared {
    let names = names(records);
    let other_names = |resource: &Resource, limit: u32| match store {
        // A resource that cannot be counted is shown without its number.
        Some(store) => shared::other_names(store, &names, resource, limit).unwrap_or(Count::NotCounted),
        None => Count::NotCounted,
    };
    let warned = |resource: &Resource| shared::warned(rules, resource);
    let weak_names = u32::try_from(rules.most_names).unwrap_or(u32::MAX);
    let options = Options { weak_names, warned: &warned, other_names: &other_names, ..Options::default() };
    shared::compare(&members(records), &options)
}

/// Who else is behind these resources, in the answers and in the own database. Blocks.
pub fn behind(records: &Records, resources: &[Resource], store: Option<&dyn Store>) -> Vec<Candidate> {
    let answers = shared::candidates(&members(records), resources);
    // What cannot be read there is left out; the answers are shown.
    let own =
        store.and_then(|store| shared::own_candidates(store, &names(records), resources, MOST_BEHIND).ok());
    shared::joined(answers.into_iter().chain(own.unwrap_or_default()))
}

/// The names of the members.
fn names(records: &Records) -> BTreeSet<Name> {
    records.members.iter().filter_map(|member| name_of(&member.indicator).cloned()).collect()
}

fn members(records: &Records) -> Vec<shared::Member<'_>> {
    let members = records.members.iter();
    members.map(|MemberRecords { indicator, records, .. }| shared::Member { indicator, records }).collect()
}

fn name_of(indicator: &Indicator) -> Option<&Name> {
    match indicator.host() {
        Host::Name(name) => Some(name),
        Host::Address(_) => None,
    }
}
