//! When members had a resource, and the days on which several had it at once.
//!
//! A [`Span`] is the time from a first to a last sighting. [`merged`] joins the spans of one member and keeps the gaps between
//! them; [`Overlap`] compares the spans of several members by days in UTC. A day is shared when the spans of two or more
//! members cover it. The cost is that of sorting; no loop runs over days, so spans of any length are cheap.

const DAY: u64 = 24 * 60 * 60;

/// The time from a first to a last sighting, in seconds since the epoch; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First seen.
    pub first: u64,
    /// Last seen; never before `first`.
    pub last: u64,
}

/// The days on which two or more members had a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// The number of whole days in all stretches; the last day of a stretch is not counted, so that a stretch of one day counts
    /// as none.
    pub days: u64,
    /// The stretches of consecutive shared days, in order: each from the start of its first to the start of its last day. Empty
    /// if no day is shared.
    pub stretches: Vec<Span>,
    /// The most members on one day; 0 if no member has known times.
    pub most: usize,
}

impl Span {
    /// From a pair of a first and a last time, in order.
    pub(super) const fn of((first, last): (u64, u64)) -> Self {
        Self { first, last }
    }

    /// The time that both cover. Spans that share a day but no second meet at the end of the earlier one: two sightings in one
    /// answer can be seconds apart.
    pub(super) fn common(self, other: Self) -> Option<Self> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        let meets = first <= last || first / DAY == last / DAY;
        meets.then_some(Self { first: first.min(last), last: first.max(last) })
    }

    const fn days(self) -> (u64, u64) {
        (self.first / DAY, self.last / DAY)
    }
}

/// The same times in order, joined where the next span begins on the last day of the one before or on the day after.
pub(super) fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    spans.dedup_by(|next, before| {
        let joins = next.first / DAY <= (before.last / DAY).saturating_add(1);
        if joins {
            before.last = before.last.max(next.last);
        }
        joins
    });
    spans
}

/// What two lists of merged spans have in common; `None` if they never meet. A list without spans is of unknown times, and so is
/// what it has in common with another.
pub(super) fn common(one: &[Span], other: &[Span]) -> Option<Vec<Span>> {
    let mut found = Vec::new();
    let (mut ones, mut others) = (one.iter().peekable(), other.iter().peekable());
    while let (Some(a), Some(b)) = (ones.peek(), others.peek()) {
        found.extend(a.common(**b));
        // The other one of the two can still meet what follows.
        if a.last < b.last {
            ones.next()
        } else {
            others.next()
        };
    }
    let is_known = !one.is_empty() && !other.is_empty();
    (!is_known || !found.is_empty()).then_some(found)
}

impl Overlap {
    /// Compares the merged spans of members.
    pub(super) fn of<'a>(members: impl IntoIterator<Item = &'a [Span]>) -> Self {
        let (shared, most) = shared_days(turns(members));
        Self {
            days: shared.iter().map(|(first, last)| last - first).sum(),
            stretches: shared
                .iter()
                .map(|(first, last)| Span { first: first * DAY, last: last * DAY })
                .collect(),
            most,
        }
    }

    /// Whether two or more members had it on the same day.
    pub fn is_at_once(&self) -> bool {
        !self.stretches.is_empty()
    }
}

/// The days on which members begin (`true`), and those after which they have ended, in order; of one day, ends come first.
fn turns<'a>(members: impl IntoIterator<Item = &'a [Span]>) -> Vec<(u64, bool)> {
    let mut turns = Vec::new();
    for span in members.into_iter().flatten() {
        let (first, last) = span.days();
        turns.extend([(first, true), (last + 1, false)]);
    }
    turns.sort_unstable();
    turns
}

/// The first and last day of each stretch with two or more members, and the most members on one day.
fn shared_days(turns: Vec<(u64, bool)>) -> (Vec<(u64, u64)>, usize) {
    let mut stretches: Vec<(u64, u64)> = Vec::new();
    let (mut alive, mut most) = (0_usize, 0);
    for (day, begins) in turns {
        match (begins, alive) {
            // The stretch goes on if it was only interrupted between two days.
            (true, 1) if stretches.last().is_some_and(|(_, last)| last + 1 == day) => {}
            (true, 1) => stretches.push((day, day)),
            (false, 2) => {
                if let Some((_, last)) = stretches.last_mut() {
                    *last = day - 1;
                }
            }
            _ => {}
        }
        alive = if begins { alive + 1 } else { alive.saturating_sub(1) };
        most = most.max(alive);
    }
    (stretches, most)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use proptest::prelude::*;

    /// Spans that begin and end at noon of these days.
    fn days(days: &[(u64, u64)]) -> Vec<Span> {
        merged(
            days.iter()
                .map(|(first, last)| Span { first: first * DAY + DAY / 2, last: last * DAY + DAY / 2 })
                .collect(),
        )
    }

    fn overlap(members: &[&[(u64, u64)]]) -> (u64, Vec<(u64, u64)>, usize) {
        let members: Vec<Vec<Span>> = members.iter().map(|member| days(member)).collect();
        let overlap = Overlap::of(members.iter().map(Vec::as_slice));
        let stretches = overlap.stretches.iter().map(|span| span.days()).collect();
        (overlap.days, stretches, overlap.most)
    }

    #[test]
    fn days_that_two_members_cover_are_counted_without_the_last() {
        assert_eq!(overlap(&[&[(10, 20)], &[(15, 30)]]), (5, vec![(15, 20)], 2));
        assert_eq!(overlap(&[&[(10, 20)], &[(21, 30)]]), (0, vec![], 1));
        assert_eq!(overlap(&[&[(10, 20)], &[(20, 30)]]), (0, vec![(20, 20)], 2));
        assert_eq!(overlap(&[&[(10, 12), (20, 22)], &[(1, 40)]]), (4, vec![(10, 12), (20, 22)], 2));
        assert_eq!(overlap(&[&[(1, 5)], &[(1, 3)], &[(4, 5)]]), (4, vec![(1, 5)], 2));
        assert_eq!(overlap(&[&[(1, 5)], &[(2, 3)], &[(3, 9)]]), (3, vec![(2, 5)], 3));
        assert_eq!(overlap(&[&[(1, 5)]]), (0, vec![], 1));
        assert_eq!(overlap(&[]), (0, vec![], 0));
    }

    #[test]
    fn spans_are_joined_from_one_day_to_the_next_and_keep_longer_gaps() {
        assert_eq!(days(&[(5, 6), (1, 4)]), days(&[(1, 6)]));
        assert_eq!(days(&[(1, 9), (2, 3)]), days(&[(1, 9)]));
        assert_eq!(days(&[(1, 2), (4, 5)]).len(), 2);
        let whole = Span { first: 0, last: u64::MAX };
        assert_eq!(merged(vec![whole, whole, Span { first: u64::MAX, last: u64::MAX }]), [whole]);
        assert_eq!(Overlap::of([&[whole][..], &[whole][..]]).days, u64::MAX / DAY);
    }

    #[test]
    fn what_shares_a_day_meets() {
        let span = |first, last| Span { first, last };
        assert_eq!(span(0, 50).common(span(20, 90)), Some(span(20, 50)));
        assert_eq!(span(0, 50).common(span(53, 90)), Some(span(50, 53)));
        assert_eq!(span(0, 50).common(span(DAY, DAY)), None);
        let (early, late) =
            ([span(0, 10), span(5 * DAY, 6 * DAY)], [span(7, 5 * DAY + 3), span(8 * DAY, 9 * DAY)]);
        assert_eq!(common(&early, &late), Some(vec![span(7, 10), span(5 * DAY, 5 * DAY + 3)]));
        assert_eq!(common(&early, &[span(3 * DAY, 4 * DAY)]), None);
        assert_eq!(common(&early, &[]), Some(vec![]));
    }

    fn members() -> impl Strategy<Value = Vec<Vec<(u64, u64)>>> {
        let span = (0_u64..60, 0_u64..20).prop_map(|(first, length)| (first, first + length));
        prop::collection::vec(prop::collection::vec(span, 0..5), 0..6)
    }

    proptest! {
        #[test]
        fn overlap_is_that_of_sets_of_days(members in members()) {
            let mut by_day: BTreeMap<u64, usize> = BTreeMap::new();
            for member in &members {
                let covered: BTreeSet<u64> = member.iter().flat_map(|(first, last)| *first..=*last).collect();
                for day in covered {
                    *by_day.entry(day).or_default() += 1;
                }
            }
            let is_shared = |day: &u64| by_day.get(day).is_some_and(|count| *count >= 2);
            let wanted = by_day.keys().filter(|day| is_shared(day) && is_shared(&(**day + 1))).count();
            let borrowed: Vec<&[(u64, u64)]> = members.iter().map(Vec::as_slice).collect();
            let (found, stretches, most) = overlap(&borrowed);
            prop_assert_eq!(found, wanted as u64);
            prop_assert_eq!(most, by_day.values().copied().max().unwrap_or(0));
            let inside: BTreeSet<u64> = stretches.iter().flat_map(|(first, last)| *first..=*last).collect();
            let shared: BTreeSet<u64> = by_day.keys().copied().filter(is_shared).collect();
            prop_assert_eq!(inside, shared);
        }

        #[test]
        fn joining_changes_no_day_but_fills_no_gap(spans in prop::collection::vec((0_u64..60, 0_u64..20), 0..8)) {
            let spans: Vec<(u64, u64)> = spans.into_iter().map(|(first, length)| (first, first + length)).collect();
            let covered = |spans: &[(u64, u64)]| spans.iter().flat_map(|(first, last)| *first..=*last).collect::<BTreeSet<_>>();
            let joined: Vec<(u64, u64)> = days(&spans).into_iter().map(Span::days).collect();
            prop_assert_eq!(covered(&joined), covered(&spans));
            prop_assert!(joined.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }
}
