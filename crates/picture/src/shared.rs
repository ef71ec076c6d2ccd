//! Small pictures of what members share, for a row of a table: [`Overlap`], when they had it, and [`Sharers`], who had it.
//!
//! Both are laid out as SVG that fits into a cell, with the same facts as text. Everything in them is bounded: at most
//! `MOST_STRETCHES` rectangles of an overlap, and `MOST_CELLS` cells of members.

use std::fmt::Write as _;

use askama::Template;
use cof::RrType;

use crate::days::{DAY, Stretch, at_once};
use crate::timeline::class_of;
use crate::timeline::words::{counted, cut, day, figure};

/// When members had something: from the first to the last sighting by any of them, and the days on which two or more had it.
#[derive(Clone, Debug, Template)]
#[template(path = "overlap.html")]
pub struct Overlap {
    class: &'static str,
    /// In percent of the page's common span: where it begins, and how wide it is.
    any: (String, String),
    both: Vec<(String, String)>,
    /// How many days two or more had it at once, and what that means in words.
    days: u64,
    said: String,
}

/// Who of all members has something: a cell for each, always in the same order.
#[derive(Clone, Debug, Template)]
#[template(path = "sharers.html")]
pub struct Sharers {
    /// The width of the picture in px.
    width: usize,
    /// The cells that are on and off, as paths.
    on: String,
    off: String,
    has: usize,
    of: usize,
    /// A few names, and how many more.
    names: Vec<String>,
    more: usize,
}

/// The most rectangles of an overlap; the last one covers what is left.
const MOST_STRETCHES: usize = 40;
/// The most cells: one for each member up to this number, or else one for several.
const MOST_CELLS: usize = 60;
/// The width of a cell and the distance to the next one, and its height, in px.
const CELL: usize = 5;
const PITCH: usize = 6;
const HEIGHT: usize = 12;
/// How many members are named, and the longest name in characters.
const NAMED: usize = 2;
const LONGEST: usize = 28;

impl Overlap {
    /// The picture on an axis from `common.0` to `common.1`, in seconds, for the time spans of each member in seconds; `rrtype`
    /// gives the colour.
    pub fn new(common: (u64, u64), members: &[Vec<(u64, u64)>], rrtype: RrType) -> Self {
        let together = at_once(members.iter().map(|member| member.iter().copied()));
        let spans = || members.iter().flatten();
        let first = spans().map(|(first, last)| *first.min(last)).min().unwrap_or(common.0);
        let last = spans().map(|(first, last)| *first.max(last)).max().unwrap_or(common.0);
        let days = together.iter().map(|stretch| stretch.days()).sum();
        let place = |first: u64, last: u64| (percent(common, first), width(common, first, last));
        let at_once = match (days, together.is_empty()) {
            (_, true) => "never two at once".to_owned(),
            (0, false) => "two or more at once, for less than a day".to_owned(),
            (days, false) => format!("two or more at once on {}", days_text(days)),
        };
        Self {
            class: class_of(rrtype),
            any: place(first, last),
            both: drawn(&together).map(Stretch::seconds).map(|(first, last)| place(first, last)).collect(),
            days,
            said: format!("{} to {}, {at_once}", day(first), day(last)),
        }
    }

    /// How many whole days two or more members had it at once; the last day of a stretch is not counted.
    pub fn days(&self) -> u64 {
        self.days
    }

    fn number(&self) -> String {
        format!("{} d", figure(usize::try_from(self.days).unwrap_or(usize::MAX)))
    }
}

impl Sharers {
    /// The picture for these positions of members, whose names are in the order of all of them.
    pub fn new(has: &[usize], names: &[&str]) -> Self {
        let mut is_on = vec![false; names.len()];
        for at in has {
            if let Some(slot) = is_on.get_mut(*at) {
                *slot = true;
            }
        }
        let count = is_on.iter().filter(|on| **on).count();
        let cells: Vec<&[bool]> = is_on.chunks(names.len().div_ceil(MOST_CELLS).max(1)).collect();
        let (mut on, mut off) = (String::new(), String::new());
        for (at, cell) in cells.iter().enumerate() {
            // A cell for several members is filled by their share, but never so little that nothing is seen.
            let share = cell.iter().filter(|on| **on).count();
            let full = if share == 0 { 0 } else { (HEIGHT * share / cell.len()).max(2) };
            let x = at * PITCH;
            if full < HEIGHT {
                let _ = write!(off, "M{x} 0h{CELL}v{}h-{CELL}z", HEIGHT - full);
            }
            if full > 0 {
                let _ = write!(on, "M{x} {}h{CELL}v{full}h-{CELL}z", HEIGHT - full);
            }
        }
        let few = names.iter().zip(&is_on).filter(|(_, on)| **on).map(|(name, _)| cut(name, LONGEST));
        Self {
            width: cells.len() * PITCH,
            on,
            off,
            has: count,
            of: names.len(),
            names: few.take(NAMED).collect(),
            more: count.saturating_sub(NAMED),
        }
    }
}

/// At most [`MOST_STRETCHES`] of them.
fn drawn(together: &[Stretch]) -> impl Iterator<Item = Stretch> + '_ {
    let (single, rest) = together.split_at(together.len().min(MOST_STRETCHES));
    let rest =
        rest.first().zip(rest.last()).map(|(first, last)| Stretch { first: first.first, last: last.last });
    single.iter().copied().chain(rest)
}

fn days_text(days: u64) -> String {
    counted(usize::try_from(days).unwrap_or(usize::MAX), "day")
}

/// The position of a second between two others, in percent with two decimals.
fn percent(common: (u64, u64), second: u64) -> String {
    hundredths(share(common, second))
}

fn width(common: (u64, u64), first: u64, last: u64) -> String {
    // A day is always seen.
    let day = (DAY * 10_000 / common.1.saturating_sub(common.0).max(1)).clamp(50, 10_000);
    hundredths((share(common, last) - share(common, first)).max(day))
}

fn share((from, to): (u64, u64), second: u64) -> u64 {
    let length = u128::from(to.saturating_sub(from).max(1));
    let within = u128::from(second.clamp(from, to.max(from)) - from);
    u64::try_from(within * 10_000 / length).unwrap_or(10_000).min(10_000)
}

fn hundredths(share: u64) -> String {
    format!("{}.{:02}%", share / 100, share % 100)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(first: u64, last: u64) -> (u64, u64) {
        (first * DAY, last * DAY + 60)
    }

    #[test]
    fn an_overlap_has_its_days_and_its_gaps() {
        let members = [vec![span(100, 120)], vec![span(110, 130), span(140, 160)], vec![span(150, 170)]];
        let overlap = Overlap::new((100 * DAY, 200 * DAY), &members, RrType::A);
        assert_eq!((overlap.days(), overlap.both.len()), (20, 2));
        insta::assert_snapshot!(overlap.to_string());
        let apart =
            Overlap::new((100 * DAY, 200 * DAY), &[vec![span(100, 110)], vec![span(120, 130)]], RrType::NS);
        assert!(apart.days() == 0 && apart.to_string().contains("never two at once"));
        let empty = Overlap::new((5, 5), &[], RrType::NS);
        assert_eq!(empty.days(), 0);
    }

    #[test]
    fn sharers_are_cells_in_the_members_order() {
        let names = ["a.example", "b.example", "c<.example", "d.example"];
        let sharers = Sharers::new(&[3, 0, 2, 2, 99], &names);
        insta::assert_snapshot!(sharers.to_string());
        let many: Vec<String> = (0..200).map(|n| format!("n{n}.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let sharers = Sharers::new(&[7], &many);
        assert_eq!((sharers.width, sharers.has, sharers.of), (50 * 6, 1, 200));
        assert!(sharers.on.contains("v3h-5z"), "{}", sharers.on);
    }

    proptest! {
        #[test]
        fn both_are_small_and_within_their_axis(
            spans in prop::collection::vec(prop::collection::vec((0u64..5_000, 0u64..300), 0..50), 0..60),
            common in (any::<u32>(), any::<u32>()),
        ) {
            let spans: Vec<Vec<(u64, u64)>> =
                spans.iter().map(|all| all.iter().map(|(a, b)| span(*a, a + b)).collect()).collect();
            let overlap = Overlap::new((common.0.into(), common.1.into()), &spans, RrType::A);
            prop_assert!(overlap.both.len() <= MOST_STRETCHES + 1);
            prop_assert!(overlap.to_string().len() < 4_000);
            let names = vec!["x.example"; spans.len() * 7];
            let sharers = Sharers::new(&[common.0 as usize % 100], &names);
            prop_assert!(sharers.to_string().len() < 4_000);
        }
    }
}
