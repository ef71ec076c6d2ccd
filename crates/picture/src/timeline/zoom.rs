//! The offered windows: everything, and the last years or days before the last observation.

use super::entry::Entry;
use super::view::TimelineView;
use super::words::day;

/// An offered window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zoom {
    /// Its label.
    pub(crate) word: &'static str,
    /// The values of `from` and `to`; `None` is everything.
    pub(crate) window: Option<(String, String)>,
    /// Whether it is the current window.
    pub(crate) current: bool,
}

const DAY: u64 = 86_400;
/// The lengths that can be offered, in days.
const LENGTHS: [(&str, u64); 5] = [("5 y", 1_826), ("1 y", 365), ("90 d", 90), ("30 d", 30), ("7 d", 7)];
/// The most windows that are offered.
const MOST: usize = 3;

/// Everything, and the longest windows that are shorter than the data, ending at the last observation, so that the offers for
/// an answer do not change over time. Empty if there is no choice: everything is shown, and no window is shorter.
pub(super) fn offers<'a>(view: &TimelineView, dated: impl Iterator<Item = &'a Entry<'a>>) -> Vec<Zoom> {
    let (first, last) =
        dated.fold((u64::MAX, 0), |(first, last), entry| (first.min(entry.first), last.max(entry.last)));
    let first = first.min(last);
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
