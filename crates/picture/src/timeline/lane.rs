//! One name's records of one type, as bars in a lane.
//!
//! Records share a lane as long as their bars do not overlap; otherwise there are sub-lanes. A [`Bar`] that would be too short
//! to see is a mark of fixed width. Names and data are untrusted text: they are escaped by the template, and shortened here.

use cof::{Name, RrType};
use operation::{Indicator, Relation};

use super::alive::{Alive, HEAT_BINS, Heat};
use super::axis::{Axis, PLOT, Share};
use super::entry::{Entry, sightings_of, sum_text};
use super::label::{Label, Room};
use super::view::TimelineView;
use super::words::counted;

/// A lane of the picture: one name within one type.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    /// The whole name.
    pub(crate) name: String,
    /// Whether an action can be run on it; false for the queried value.
    pub(crate) pivots: bool,
    /// The height of the plot in px.
    pub(crate) height: usize,
    /// By sub-lane, then by time; bars of a sub-lane never overlap.
    pub(crate) bars: Vec<Bar>,
    /// Used instead of bars if there are too many.
    pub(crate) heat: Vec<Heat>,
    /// The same for screen readers.
    pub(crate) said: String,
    /// The sum of the counts.
    pub(crate) sightings: String,
}

/// The time span of a record.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// The position of the record in the answer.
    pub(crate) index: usize,
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
    /// Three lines of text.
    pub(crate) title: String,
    /// The data, if there is room.
    pub(crate) label: Option<Label>,
}

/// What is needed to draw the lanes of a picture.
pub(super) struct Drawing<'a> {
    pub(super) axis: &'a Axis,
    pub(super) view: &'a TimelineView,
    /// The queried value as text, which is never a label.
    pub(super) asked: &'a str,
}

/// A mark's width in px.
pub(super) const MARK: u32 = 4;
/// A bar of less than half a percent of the axis is drawn as a mark, because it would be hard to see.
const SHORTEST: u32 = 50;
/// The distance of sub-lanes in px, which is also the height of the clickable area (WCAG 2.2, target size: at least 24 px). The
/// row around a plot provides [`FREE`] px of it.
const SUB_HEIGHT: usize = 24;
const FREE: usize = 4;
/// The height of a lane without sub-lanes, in px.
const HEIGHT: usize = SUB_HEIGHT - FREE;
/// The same sizes as signed numbers, because a clickable area may start above the plot.
const TARGET: i32 = 24;
const TARGET_ABOVE: i32 = 2;

impl Lane {
    /// Draws the records of one name and type.
    pub(super) fn new(name: &Name, entries: &[&Entry<'_>], drawing: &Drawing<'_>) -> Self {
        let mut texts: Vec<_> = entries.iter().map(|entry| (*entry, entry.record.rdata_text())).collect();
        texts.sort_by(|(a, left), (b, right)| (a.first, left, a.index).cmp(&(b.first, right, b.index)));
        let said: Vec<_> = texts.iter().map(|(entry, data)| entry.said(data)).collect();
        let subs = drawing.sub_lanes(&texts);
        Self {
            height: SUB_HEIGHT * subs.len().max(1) - FREE,
            bars: subs.into_iter().flatten().collect(),
            said: format!("{}: {}.", counted(entries.len(), "record"), said.join("; ")),
            ..Self::bare(name, entries, drawing.asked)
        }
    }

    /// Draws the density of a name with more records than fit into a lane.
    pub(super) fn dense(name: &Name, entries: &[&Entry<'_>], drawing: &Drawing<'_>) -> Self {
        let alive =
            Alive::over(drawing.axis, HEAT_BINS, entries.iter().map(|entry| (entry.first, entry.last)));
        let most = alive.most();
        Self {
            heat: alive.heat(),
            said: format!("{}, most alive at once {most}.", counted(entries.len(), "record")),
            ..Self::bare(name, entries, drawing.asked)
        }
    }

    fn bare(name: &Name, entries: &[&Entry<'_>], asked: &str) -> Self {
        let owner = entries.first().map(|entry| entry.record);
        Self {
            name: name.to_string(),
            pivots: owner.and_then(Indicator::of_owner).is_some_and(|one| one.to_string() != asked),
            height: HEIGHT,
            bars: Vec::new(),
            heat: Vec::new(),
            said: String::new(),
            sightings: sum_text(sightings_of(entries.iter().map(|entry| entry.record))),
        }
    }

    /// Its cost: the lane and its shapes.
    pub(super) fn cost(&self) -> usize {
        1 + self.bars.len() + self.heat.len()
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
}

impl Drawing<'_> {
    /// Distributes the bars to sub-lanes: each to the first one in which it fits.
    fn sub_lanes(&self, texts: &[(&Entry<'_>, String)]) -> Vec<Vec<Bar>> {
        let mut ends: Vec<u32> = Vec::new();
        let mut bars: Vec<Bar> = texts.iter().map(|(entry, data)| self.bar(entry, data)).collect();
        for bar in &mut bars {
            let (start, end) = bar.extent();
            bar.sub = ends.iter().position(|taken| *taken <= start).unwrap_or(ends.len());
            match ends.get_mut(bar.sub) {
                Some(taken) => *taken = end,
                None => ends.push(end),
            }
        }
        let mut subs: Vec<Vec<(Bar, &str)>> = ends.iter().map(|_| Vec::new()).collect();
        let several = subs.len() > 1;
        for (mut bar, (entry, data)) in bars.into_iter().zip(texts) {
            bar.settle(entry.record.count, several);
            if let Some(sub) = subs.get_mut(bar.sub) {
                sub.push((bar, data));
            }
        }
        subs.into_iter().map(|sub| self.labelled(sub)).collect()
    }

    /// A bar that is not in a sub-lane yet.
    fn bar(&self, entry: &Entry<'_>, data: &str) -> Bar {
        let (x, end) = (self.axis.at(entry.first), self.axis.at(entry.last));
        let width = end.0 - x.0;
        Bar {
            index: entry.index,
            x,
            width: (width >= SHORTEST).then_some(Share(width)),
            sub: 0,
            y: 0.0,
            height: 0.0,
            related: entry.relation == Relation::Related,
            dimmed: !self.view.alive(entry.first, entry.last),
            title: entry.title(data),
            label: None,
        }
    }

    /// Adds labels where they do not overlap anything.
    fn labelled(&self, sub: Vec<(Bar, &str)>) -> Vec<Bar> {
        let starts: Vec<u32> =
            sub.iter().skip(1).map(|(bar, _)| bar.extent().0).chain([Share::END.0]).collect();
        let mut taken = 0;
        let label = |((mut bar, data), next): ((Bar, &str), u32)| {
            if data != self.asked {
                bar.label = Label::of(&bar, data, Room { from: taken, to: next });
            }
            taken = bar.extent().1.max(bar.label.as_ref().map_or(0, |label| label.end));
            bar
        };
        sub.into_iter().zip(starts).map(label).collect()
    }
}

impl Bar {
    /// Sets its height by its count, and its position in its sub-lane.
    fn settle(&mut self, count: Option<u64>, several: bool) {
        let most = if several { 12.0 } else { 14.0 };
        // An unknown count is drawn as the smallest. Beyond 32 bits, all bars have the same height.
        let count = f64::from(u32::try_from(count.unwrap_or(1).max(1)).unwrap_or(u32::MAX));
        self.height = (5.0 + 2.2 * count.log10()).min(most);
        self.y = f64::from(self.target_y()) + f64::from(TARGET) / 2.0 - self.height / 2.0;
    }

    /// The top of the clickable area in px: half of the free space of the row is above the plot.
    pub(crate) fn target_y(&self) -> i32 {
        let sub = i32::try_from(self.sub).unwrap_or_default();
        sub * TARGET - TARGET_ABOVE
    }
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
