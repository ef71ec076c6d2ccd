//! The order of shared resources: the strong ones by score, then those that follow from others, then the weak ones.
//!
//! [`rank`] asks the caller about lists for every resource, and about names in the own database for the strongest ones: they
//! are ranked by the answers alone first, which can only rate them too high.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use cof::Name;

use super::gather::{Draft, Neighbours};
use super::score::Score;
use super::span::Span;
use super::weak::{WeakCount, Weakness};
use super::why::{self, Why};
use super::{Count, How, Options, Resource, Shared, SharedResource};

/// A resource with what only the ranking needs.
struct Ranked {
    shared: SharedResource,
    neighbours: Option<Neighbours>,
    parents: Vec<usize>,
}

/// Ranks what was gathered.
pub(super) fn rank(drafts: Vec<Draft>, unfollowed: BTreeSet<Name>, options: &Options<'_>) -> Shared {
    let mut all: Vec<Ranked> = drafts.into_iter().map(|draft| first_look(draft, options)).collect();
    count_names(&mut all, options);
    follow(&mut all);
    let weak = WeakCount::of(all.iter().map(|ranked| &ranked.shared));
    all.sort_by(|one, other| order(&one.shared).cmp(&order(&other.shared)));
    let left_out = all.len().saturating_sub(options.most);
    all.truncate(options.most);
    let mut list: Vec<SharedResource> = all.into_iter().map(explained).collect();
    note_same_members(&mut list);
    Shared { list, left_out, weak, unfollowed: unfollowed.into_iter().collect() }
}

/// A ranked resource with the reasons for its rank.
fn explained(ranked: Ranked) -> SharedResource {
    let why = why::reasons(&ranked.shared, ranked.neighbours);
    SharedResource { why, ..ranked.shared }
}

/// The key by which resources are sorted. The resource itself comes last, so that the order never depends on chance.
fn order(shared: &SharedResource) -> (bool, bool, Reverse<u64>, Reverse<usize>, &Resource) {
    let points = Reverse(shared.score.points);
    (shared.is_weak(), shared.follows.is_some(), points, Reverse(shared.sharers.len()), &shared.resource)
}

/// A resource with all that is known without the own database.
fn first_look(draft: Draft, options: &Options<'_>) -> Ranked {
    let Draft { resource, sharers, overlap, answer_names, neighbours, parents } = draft;
    let special = resource.special().map(Weakness::Special);
    let weakness = special.or_else(|| (options.warned)(&resource).map(Weakness::Warned));
    let users = || sharers.iter().filter(|sharer| sharer.how != How::Itself);
    let spans = || users().filter_map(super::Sharer::span);
    let first = spans().map(|span| span.first).min();
    let span = first.zip(spans().map(|span| span.last).max()).map(Span::of);
    let mut shared = SharedResource {
        score: Score::of(resource.kind(), sharers.len(), answer_names, overlap.days),
        resource,
        sharers,
        span,
        overlap,
        answer_names,
        other_names: Count::NotCounted,
        weakness,
        follows: None,
        why: Vec::new(),
    };
    note_crowd(&mut shared, options);
    Ranked { shared, neighbours, parents }
}

/// Counts the names in the own database for the strongest resources, and scores them again. Special-purpose addresses are not
/// counted: every database has many names on them.
fn count_names(all: &mut [Ranked], options: &Options<'_>) {
    let mut strongest: Vec<&mut SharedResource> = all.iter_mut().map(|ranked| &mut ranked.shared).collect();
    strongest.retain(|shared| !matches!(shared.weakness, Some(Weakness::Special(_))));
    strongest.sort_by(|one, other| order(one).cmp(&order(other)));
    for shared in strongest.into_iter().take(options.counted) {
        shared.other_names = (options.other_names)(&shared.resource, options.weak_names);
        let others = shared.others();
        shared.score = Score::of(shared.resource.kind(), shared.sharers.len(), others, shared.overlap.days);
        note_crowd(shared, options);
    }
}

fn note_crowd(shared: &mut SharedResource, options: &Options<'_>) {
    if shared.weakness.is_none() && shared.others() > options.weak_names as usize {
        shared.weakness = Some(Weakness::Crowded(options.weak_names));
    }
}

/// Notes which resources follow from others, each from the strongest at the beginning of its chain.
fn follow(all: &mut [Ranked]) {
    let strongest = |ranked: &Ranked| {
        let parents = ranked.parents.iter().filter_map(|parent| Some((*parent, all.get(*parent)?)));
        parents.min_by(|(_, one), (_, other)| order(&one.shared).cmp(&order(&other.shared))).map(|(at, _)| at)
    };
    let parents: Vec<Option<usize>> = all.iter().map(strongest).collect();
    for at in 0..all.len() {
        let Some(first) = parents.get(at).copied().flatten() else { continue };
        // A chain has at most two steps: from a network to an address to a CNAME target.
        let root = parents.get(first).copied().flatten().unwrap_or(first);
        let chain = [first, root].map(|at| all.get(at).map(|ranked| &ranked.shared));
        let weak = chain.into_iter().flatten().find(|parent| parent.is_weak());
        let weakness = weak.map(|parent| Weakness::Follows(parent.resource.clone()));
        let follows = chain.into_iter().flatten().last().map(|parent| parent.resource.clone());
        if let Some(Ranked { shared, .. }) = all.get_mut(at) {
            shared.weakness = shared.weakness.take().or(weakness);
            shared.follows = follows;
        }
    }
}

/// Says where a strong resource has exactly the members of one that ranks above.
fn note_same_members(list: &mut [SharedResource]) {
    let mut seen: HashMap<Vec<usize>, Resource> = HashMap::new();
    for shared in list.iter_mut().filter(|shared| !shared.is_weak() && shared.follows.is_none()) {
        let members: Vec<usize> = shared.sharers.iter().map(|sharer| sharer.member).collect();
        if let Some(above) = seen.get(&members) {
            shared.why.push(Why::SameMembers(above.clone()));
        } else {
            seen.insert(members, shared.resource.clone());
        }
    }
}
