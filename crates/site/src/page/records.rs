//! Tables of records with their filters, timeline and selection, as the pages of runs and of histories have them.
//!
//! [`Shown`] is what the filters of the address leave of a [`Content`](crate::content::Content); [`table::Table`] is its table, with
//! one page of [`row`]s, [`filters`] the form above it, and [`net`] the graph of the same. [`selection`] is what is ticked, [`changes`] lists what differs from earlier answers, and [`lead`] is where a value leads. All of it is read
//! from the parameters of the address; an invalid parameter has no effect, and the error is shown next to its field.

pub(super) mod changes;
pub(super) mod filters;
pub(super) mod lead;
pub(super) mod narrowing;
pub(super) mod net;
pub(super) mod row;
pub(super) mod selection;
pub(super) mod table;

use cof::Record;
use picture::timeline::{Timeline, TimelineView};

use self::narrowing::Narrowing;
use crate::content::Content;
use crate::placed::with_systems;

/// A parameter of an address, empty if it is missing.
pub(super) fn text<'a>(parameters: &'a [(String, String)], name: &str) -> &'a str {
    parameters.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// The button that turns to another page is a field of its own, which replaces the page of the address.
pub(super) fn turn(parameters: &mut Vec<(String, String)>) {
    let turned = parameters.iter().find(|(name, _)| name == "turn").map(|(_, page)| page.clone());
    let Some(page) = turned else { return };
    parameters.retain(|(name, _)| name != "turn" && name != "page");
    parameters.push(("page".to_owned(), page));
}

/// What the filters leave of some records.
pub(super) struct Shown {
    pub(super) view: TimelineView,
    pub(super) narrowing: Narrowing,
    /// The positions of the records that the timeline draws: it has its own filters for types and dates.
    pub(super) drawn: Vec<usize>,
    /// The timeline, unless it is that of all records.
    own: Option<Timeline>,
}

impl Shown {
    /// Applies the filters of an address, and those that only this page has.
    pub(super) fn new(content: &dyn Content, parameters: &[(String, String)], narrowing: Narrowing) -> Self {
        let (view, all) = (TimelineView::of(parameters), content.records());
        let kept = |(place, record): (usize, &Record)| narrowing.keeps(place, record).then_some(place);
        let drawn: Vec<usize> = if narrowing.is_empty() {
            (0..all.len()).collect()
        } else {
            all.iter().enumerate().filter_map(kept).collect()
        };
        let narrowed = || drawn.iter().filter_map(|place| all.get(*place)).cloned().collect::<Vec<_>>();
        let timeline = |records: &[Record]| {
            with_systems(narrowing.networks(), |systems| content.timeline_of(&view, records, systems))
        };
        let own = match (narrowing.is_empty(), view == TimelineView::default()) {
            (true, true) => None,
            (true, false) => Some(timeline(all)),
            (false, _) => Some(timeline(&narrowed())),
        };
        Self { view, narrowing, drawn, own }
    }

    /// The timeline of what is left.
    pub(super) fn timeline<'a>(&'a self, content: &'a dyn Content) -> &'a Timeline {
        self.own.as_ref().unwrap_or_else(|| content.timeline())
    }
}
