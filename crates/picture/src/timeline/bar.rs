//! The bars of a lane: the time spans of records, in sub-lanes.
//!
//! Records share a sub-lane as long as their bars do not overlap. A [`Bar`] that would be too short to see is a mark of fixed
//! width. Bars that touch are tinted in two strengths in turn, with ground between them, so that sixteen in a row look like
//! sixteen; a bar that has its label inside is tinted as well, because text is only readable on a tint. A [`Floor`] below
//! tinted bars says that they are direct. Data is untrusted text: it is escaped by the template, and shortened here.

use cof::RrType;
use operation::Relation;

use super::axis::{Axis, PLOT, Share};
use super::common::Common;
use super::entry::Entry;
use super::label::{Label, Room};
use super::view::TimelineView;

/// The time span of a record.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// The position of the record in the answer.
    pub(crate) index: usize,
    /// The style class of its type.
    pub(crate) class: &'static str,
    /// Its start, or the middle of a mark.
    pub(crate) x: Share,
    /// Its width; `None` is a mark of [`MARK`] px.
    pub(crate) width: Option<Share>,
    /// The number of the sub-lane, from 0.
    pub(crate) sub: usize,
    /// Its upper edge and height in px.
    pub(crate) y: f64,
    pub(crate) height: f64,
    /// Whether it is only related to the queried value.
    pub(crate) related: bool,
    /// Whether it was not alive on the selected day.
    pub(crate) dimmed: bool,
    /// Whether its data is followed through all lanes.
    pub(crate) followed: bool,
    pub(crate) tint: Option<Tint>,
    /// What it leads to in a timeline of members: a value, and whether it is in the data of records.
    pub(crate) value: Option<(String, bool)>,
    /// Lines of text.
    pub(crate) title: String,
    /// The data, if there is room.
    pub(crate) label: Option<Label>,
}

/// The strength of a bar that touches another one, or that has its label inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tint {
    Strong,
    Weak,
}

/// A line below tinted bars that touch: they are direct.
#[derive(Clone, Debug)]
pub(crate) struct Floor {
    pub(crate) x: Share,
    pub(crate) width: Share,
    pub(crate) y: f64,
}

/// What is needed to draw the lanes of a picture.
pub(super) struct Drawing<'a> {
    pub(super) axis: &'a Axis,
    pub(super) view: &'a TimelineView,
    /// The queried value as text, which is never a label; empty if there is none.
    pub(super) asked: &'a str,
    pub(super) detail: Detail,
    /// How many bins a density has.
    pub(super) bins: u64,
    /// Whether the lanes are those of members: bars lead to their values, and all of them are tinted.
    pub(super) of_members: bool,
}

/// How much is written about each bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    Full,
    /// Titles are short and repeat nothing of their lane.
    Short,
    /// The same, and only bars that touch have labels.
    Bare,
}

/// The bars of a lane, by sub-lane and then by time.
pub(super) struct Bars {
    pub(super) all: Vec<Bar>,
    pub(super) floors: Vec<Floor>,
    /// The number of sub-lanes.
    pub(super) subs: usize,
    /// What the data of bars in a row have in common, which their labels leave out.
    pub(super) common: Option<String>,
}

/// A mark's width in px.
pub(super) const MARK: u32 = 4;
/// A bar of less than half a percent of the axis is drawn as a mark, because it would be hard to see.
const SHORTEST: u32 = 50;
/// Bars that are this close to each other touch, in px; a later one that overlaps no more than this follows the earlier one.
const TOUCH: u32 = 2;
/// The distance of sub-lanes in px, which is also the height of the clickable area (WCAG 2.2, target size: at least 24 px).
pub(super) const SUB_HEIGHT: usize = 24;
const TARGET: i32 = 24;
/// How much of a clickable area is above the plot, within its row.
const TARGET_ABOVE: i32 = 2;
/// The height of tinted bars, and of the line below them, in px.
const TINTED: f64 = 12.0;
const FLOOR: f64 = 2.0;

/// A bar with its record and data.
type Placed<'a> = (Bar, &'a Entry<'a>, &'a str);

impl Drawing<'_> {
    /// Distributes the bars to sub-lanes, each to the first one in which it fits, and labels them.
    pub(super) fn bars(&self, texts: &[(&Entry<'_>, String)]) -> Bars {
        let mut subs: Vec<Vec<Placed<'_>>> = Vec::new();
        let mut ends: Vec<u32> = Vec::new();
        for (entry, data) in texts {
            let mut bar = self.bar(entry, data);
            bar.take_place(&ends);
            let end = bar.reach().1;
            if let Some((taken, sub)) = ends.get_mut(bar.sub).zip(subs.get_mut(bar.sub)) {
                *taken = end;
                sub.push((bar, entry, data));
            } else {
                ends.push(end);
                subs.push(vec![(bar, entry, data)]);
            }
        }
        let several = subs.len() > 1;
        for sub in &mut subs {
            tint(sub);
            for (bar, entry, _) in sub {
                bar.settle(entry.record.count, several, self.of_members);
            }
        }
        let tinted = subs.iter().flatten().filter(|(bar, ..)| bar.tint.is_some());
        let common =
            Common::of(&tinted.map(|(_, entry, data)| (entry.record.rrtype, *data)).collect::<Vec<_>>());
        let count = subs.len();
        let bars: Vec<Bar> = subs.into_iter().flat_map(|sub| self.labelled(sub, common.as_ref())).collect();
        Bars { floors: floors(&bars), all: bars, subs: count, common: common.map(|common| common.text) }
    }

    /// A bar that is not in a sub-lane yet.
    fn bar(&self, entry: &Entry<'_>, data: &str) -> Bar {
        let (x, end) = (self.axis.at(entry.first), self.axis.at(entry.last));
        let width = end.0 - x.0;
        Bar {
            index: entry.index,
            class: class_of(entry.record.rrtype),
            x,
            width: (width >= SHORTEST).then_some(Share(width)),
            sub: 0,
            y: 0.0,
            height: 0.0,
            related: entry.relation == Relation::Related,
            dimmed: !self.view.alive(entry.first, entry.last),
            followed: entry.followed,
            tint: None,
            value: self.of_members.then(|| entry.value()).flatten(),
            title: if self.detail == Detail::Full { entry.title(data) } else { entry.short_title(data) },
            label: None,
        }
    }

    /// Adds labels where they do not overlap anything.
    fn labelled(&self, sub: Vec<Placed<'_>>, common: Option<&Common>) -> Vec<Bar> {
        let starts: Vec<u32> =
            sub.iter().skip(1).map(|(bar, ..)| bar.extent().0).chain([Share::END.0]).collect();
        let mut taken = 0;
        let label = |((mut bar, entry, data), next): (Placed<'_>, u32)| {
            if data != self.asked {
                let own = common.filter(|_| bar.tint.is_some()).map(|common| common.own(data));
                let room = Room { from: taken, to: next };
                let prefers_inside = bar.tint.is_some() || self.of_members;
                bar.label = Label::of(&bar, data, own, room, prefers_inside)
                    .filter(|label| self.detail < Detail::Bare || (label.inside && bar.tint.is_some()));
                let is_inside = bar.label.as_ref().is_some_and(|label| label.inside);
                if is_inside && bar.tint.is_none() && !self.of_members {
                    bar.tint = Some(Tint::Strong);
                    bar.settle(entry.record.count, false, false);
                }
            }
            taken = bar.extent().1.max(bar.label.as_ref().map_or(0, |label| label.end));
            bar
        };
        sub.into_iter().zip(starts).map(label).collect()
    }
}

impl Bar {
    /// The drawn range.
    pub(super) fn extent(&self) -> (u32, u32) {
        let half = Share::of_px(MARK / 2).0;
        match self.width {
            Some(width) => (self.x.0, self.x.0 + width.0),
            None => (self.x.0.saturating_sub(half), self.x.0 + half),
        }
    }

    /// The range in which no other bar of its sub-lane begins or ends: marks keep a distance, so that each can be seen.
    fn reach(&self) -> (u32, u32) {
        let (start, end) = self.extent();
        let free = if self.width.is_some() { 0 } else { Share::of_px(TOUCH / 2).0 };
        (start.saturating_sub(free), end + free)
    }

    /// Moves it to the first sub-lane in which it fits, if the bars there end at these positions. Where it overlaps the bar before
    /// it by so little that they would touch, it begins at its end.
    fn take_place(&mut self, ends: &[u32]) {
        let (start, _) = self.reach();
        let overlap = match self.width {
            Some(width) if width.0 >= SHORTEST + Share::of_px(TOUCH).0 => Share::of_px(TOUCH).0,
            _ => 0,
        };
        self.sub = ends.iter().position(|taken| *taken <= start + overlap).unwrap_or(ends.len());
        let Some((width, taken)) = self.width.zip(ends.get(self.sub)) else { return };
        let moved = taken.saturating_sub(self.x.0);
        (self.x, self.width) = (Share(self.x.0 + moved), Some(Share(width.0 - moved)));
    }

    /// Sets its height by its count, unless all are equally high, and its position in its sub-lane.
    fn settle(&mut self, count: Option<u64>, several: bool, is_even: bool) {
        let most = if several { 12.0 } else { 14.0 };
        // An unknown count is drawn as the smallest. Beyond 32 bits, all bars have the same height.
        let count = f64::from(u32::try_from(count.unwrap_or(1).max(1)).unwrap_or(u32::MAX));
        let by_count = (5.0 + 2.2 * count.log10()).min(most);
        self.height = if self.tint.is_some() || is_even { TINTED } else { by_count };
        self.y = f64::from(self.target_y()) + f64::from(TARGET) / 2.0 - self.height / 2.0;
    }

    /// The top of the clickable area in px: half of the free space of the row is above the plot.
    pub(crate) fn target_y(&self) -> i32 {
        let sub = i32::try_from(self.sub).unwrap_or_default();
        sub * TARGET - TARGET_ABOVE
    }

    /// The style classes of its look.
    pub(crate) fn look(&self) -> &'static str {
        match (self.tint, self.related) {
            _ if self.followed => " hit",
            (Some(Tint::Strong), _) => " seq",
            (Some(Tint::Weak), _) => " seq alt",
            (None, true) => " related",
            (None, false) => "",
        }
    }

    /// Whether the next bar of its sub-lane touches it.
    fn touches(&self, next: &Self) -> bool {
        let gap = next.x.0.saturating_sub(self.extent().1);
        self.width.is_some() && next.width.is_some() && gap <= Share::of_px(TOUCH).0
    }
}

/// Tints the bars of a sub-lane that touch another one, in two strengths in turn.
fn tint(sub: &mut [Placed<'_>]) {
    let touching: Vec<bool> =
        sub.windows(2).map(|pair| matches!(pair, [(left, ..), (right, ..)] if left.touches(right))).collect();
    let mut before = None;
    for (at, (bar, ..)) in sub.iter_mut().enumerate() {
        let after_one = at.checked_sub(1).and_then(|at| touching.get(at)) == Some(&true);
        let before_one = touching.get(at) == Some(&true);
        bar.tint = match before {
            Some(Tint::Strong) if after_one => Some(Tint::Weak),
            _ if after_one || before_one => Some(Tint::Strong),
            _ => None,
        };
        before = bar.tint;
    }
}

/// One line below each row of direct tinted bars that touch.
fn floors(bars: &[Bar]) -> Vec<Floor> {
    let mut floors: Vec<(usize, Floor)> = Vec::new();
    for bar in bars.iter().filter(|bar| bar.tint.is_some() && !bar.related && !bar.followed) {
        let (start, end) = bar.extent();
        match floors.last_mut() {
            Some((sub, floor))
                if *sub == bar.sub
                    && start.saturating_sub(floor.x.0 + floor.width.0) <= Share::of_px(TOUCH).0 =>
            {
                floor.width = Share(end - floor.x.0);
            }
            _ => {
                let y = bar.y + bar.height - FLOOR;
                floors.push((bar.sub, Floor { x: bar.x, width: Share(end - start), y }));
            }
        }
    }
    floors.into_iter().map(|(_, floor)| floor).collect()
}

/// The style class of a type.
pub fn class_of(rrtype: RrType) -> &'static str {
    match rrtype {
        RrType::A => "rr-a",
        RrType::AAAA => "rr-aaaa",
        RrType::CNAME => "rr-cname",
        RrType::NS => "rr-ns",
        RrType::MX => "rr-mx",
        RrType::TXT => "rr-txt",
        RrType::SOA => "rr-soa",
        _ => "rr-other",
    }
}

const _: () = assert!(Share::of_px(MARK).0 < SHORTEST && PLOT > 0);
