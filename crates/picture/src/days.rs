//! Days on which several had something at once.
//!
//! A time span covers every day that it touches, in UTC. Spans have gaps: what happened between two sightings is unknown, and
//! pages say so. Nothing here fails; the cost is that of sorting the spans.

/// A day in seconds.
pub const DAY: u64 = 86_400;

/// Consecutive days, both included, as numbers since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// The first day.
    pub first: u64,
    /// The last day.
    pub last: u64,
}

impl Stretch {
    /// The days that a time span touches; its ends, in seconds, may be in either order.
    pub fn of(first: u64, last: u64) -> Self {
        Self { first: first.min(last) / DAY, last: first.max(last) / DAY }
    }

    /// How many days it lasts: the last day is not counted, so days on which it only began are none.
    pub fn days(self) -> u64 {
        self.last - self.first
    }

    /// Its first second, and the first second after it.
    pub fn seconds(self) -> (u64, u64) {
        (self.first.saturating_mul(DAY), self.last.saturating_add(1).saturating_mul(DAY))
    }
}

/// The days that any of these time spans touches, without overlaps, in order.
pub fn union(spans: impl Iterator<Item = (u64, u64)>) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = spans.map(|(first, last)| Stretch::of(first, last)).collect();
    all.sort_unstable();
    joined(all)
}

/// The days on which two or more members had something at once, given the time spans of each; in order.
pub fn at_once<Member: IntoIterator<Item = (u64, u64)>>(
    members: impl IntoIterator<Item = Member>,
) -> Vec<Stretch> {
    // Each member counts once on a day, however many spans touch it.
    let mut changes: Vec<(u64, i64)> = Vec::new();
    for member in members {
        for stretch in union(member.into_iter()) {
            changes.extend([(stretch.first, 1), (stretch.last.saturating_add(1), -1)]);
        }
    }
    // On one day, those who begin are counted before those who ended the day before.
    changes.sort_unstable_by_key(|(day, change)| (*day, -change));
    let (mut together, mut running, mut since) = (Vec::new(), 0, None);
    for (day, change) in changes {
        running += change;
        match (running >= 2, since) {
            (true, None) => since = Some(day),
            (false, Some(first)) => {
                together.push(Stretch { first, last: day.saturating_sub(1) });
                since = None;
            }
            _ => {}
        }
    }
    together.retain(|stretch| stretch.first <= stretch.last);
    joined(together)
}

/// Sorted stretches that overlap, or follow each other without a day between, become one.
fn joined(stretches: Vec<Stretch>) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::new();
    for next in stretches {
        match out.last_mut() {
            Some(before) if next.first <= before.last.saturating_add(1) => {
                before.last = before.last.max(next.last);
            }
            _ => out.push(next),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn span(first: u64, last: u64) -> (u64, u64) {
        (first * DAY + 5, last * DAY + 6)
    }

    #[test]
    fn two_at_once_are_counted_in_whole_days() {
        let both = at_once([vec![span(10, 20)], vec![span(15, 30)]]);
        assert_eq!(both, [Stretch { first: 15, last: 20 }]);
        assert_eq!(both[0].days(), 5);
        assert_eq!(at_once([vec![span(10, 20)], vec![span(21, 30)]]), []);
        // A member does not overlap itself, and the gap of one is a gap.
        assert_eq!(at_once([vec![span(10, 20), span(12, 18)]]), []);
        let gap = at_once([vec![span(1, 9)], vec![span(2, 3), span(6, 7)]]);
        assert_eq!(gap, [Stretch { first: 2, last: 3 }, Stretch { first: 6, last: 7 }]);
        // One takes over from another while a third one stays.
        let relay = at_once([vec![span(1, 9)], vec![span(1, 4)], vec![span(5, 9)]]);
        assert_eq!(relay, [Stretch { first: 1, last: 9 }]);
    }

    proptest! {
        #[test]
        fn it_is_what_counting_every_day_gives(
            members in prop::collection::vec(prop::collection::vec((0u64..60, 0u64..9), 0..5), 0..6),
        ) {
            let spans: Vec<Vec<(u64, u64)>> = members.iter()
                .map(|member| member.iter().map(|(first, length)| span(*first, first + length)).collect()).collect();
            let has = |member: &Vec<(u64, u64)>, day: u64| member.iter().any(|(a, length)| *a <= day && day <= a + length);
            let wanted: BTreeSet<u64> =
                (0..80).filter(|day| members.iter().filter(|member| has(member, *day)).count() >= 2).collect();
            let together = at_once(spans);
            let days: BTreeSet<u64> = together.iter().flat_map(|one| one.first..=one.last).collect();
            prop_assert_eq!(days, wanted);
            prop_assert!(together.windows(2).all(|pair| pair[0].last + 1 < pair[1].first));
        }
    }
}
