//! The windows that are offered: everything, and the last years or days before the last sighting.

use super::entry::Entry;
use super::view::TimelineView;
use super::words::day;

/// A window to look through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zoom {
    /// Its word.
    pub(crate) word: &'static str,
    /// The values of `from` and `to`; none is everything.
    pub(crate) window: Option<(String, String)>,
    /// Whether it is the one that is shown.
    pub(crate) current: bool,
}

const DAY: u64 = 86_400;
/// What can be offered, in days.
const LENGTHS: [(&str, u64); 5] = [("5 y", 1_826), ("1 y", 365), ("90 d", 90), ("30 d", 30), ("7 d", 7)];
/// More are a choice of their own.
const MOST: usize = 3;

/// All, and the longest windows that are shorter than the data; counted back from the last sighting, because an answer
/// does not age while it is looked at. Empty where there is nothing to choose: everything is shown, and nothing is shorter.
pub(super) fn offers(view: &TimelineView, dated: &[Entry<'_>]) -> Vec<Zoom> {
    let first = dated.iter().map(|entry| entry.first).min().unwrap_or_default();
    let last = dated.iter().map(|entry| entry.last).max().unwrap_or_default();
    let everything = Zoom { word: "All", window: None, current: view.from.is_none() && view.to.is_none() };
    let shorter = LENGTHS.into_iter().filter(|(_, days)| last - first > days * DAY).take(MOST);
    let offer = |(word, days): (&'static str, u64)| {
        let from = last - days * DAY;
        let current = view.from.is_some_and(|at| at / DAY == from / DAY)
            && view.to.is_some_and(|at| at / DAY == last / DAY);
        Zoom { word, window: Some((day(from), day(last))), current }
    };
    let offers: Vec<Zoom> = [everything].into_iter().chain(shorter.map(offer)).collect();
    if matches!(offers.as_slice(), [all] if all.current) { Vec::new() } else { offers }
}
