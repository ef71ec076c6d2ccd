//! A timeline for paper: one lane a member on a common axis, as a single SVG without links and without names that it was not given.
//!
//! [`Sheet`] lays out [`Lane`]s that the caller names and fills, so that it decides how values are written. Bars that touch have two
//! strengths in turn, so that sixteen look like sixteen; what is marked is a dark line below them, which a grey printer keeps apart. Everything is bounded:
//! at most [`MOST_LANES`] lanes and 60 bars in each. A lane with more bars is drawn in steps, and what has no room is counted. Nothing
//! fails.

use askama::Template;

use crate::timeline::axis::{Axis, End};
use crate::timeline::words::{counted, day, without_middle};

/// The most lanes, which fit on one sheet.
pub const MOST_LANES: usize = 40;
/// The most bars of each strength in a lane; more are drawn in twice as many steps.
const MOST_BARS: usize = 30;
/// The width of the picture and that of the names, in units that are scaled to the sheet.
const WIDTH: u32 = 680;
const NAMES: u32 = 190;
/// The height of the axis and of a lane.
const HEAD: u32 = 16;
const LANE: u32 = 17;
/// The longest name of a lane, in characters.
const LONGEST: usize = 31;
/// The narrowest bar.
const NARROWEST: u32 = 2;
/// The width of a character of the axis, and the least distance between two labels.
const CHARACTER: u32 = 6;
const GAP: u32 = 8;

/// A member with the times that are drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// Its name, as it is to be written; untrusted text.
    pub name: String,
    /// From when to when, in seconds.
    pub spans: Vec<(u64, u64)>,
    /// When it had what the picture marks.
    pub marked: Vec<(u64, u64)>,
}

/// The layout. It owns what it shows.
#[derive(Clone, Debug, Template)]
#[template(path = "sheet.html")]
pub struct Sheet {
    height: u32,
    lines: Vec<u32>,
    labels: Vec<(u32, String)>,
    rows: Vec<Row>,
    /// What it is, for those who do not see it.
    said: String,
    /// What the labels of the axis leave out.
    note: Option<String>,
    /// How many lanes have no room.
    left_out: usize,
}

/// A lane as it is drawn.
#[derive(Clone, Debug)]
struct Row {
    name: String,
    /// The base line of its name, the top of its bars, and that of the marks below them.
    text: u32,
    top: u32,
    under: u32,
    bars: Vec<Bar>,
    marks: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bar {
    x: u32,
    width: u32,
    class: &'static str,
}

impl Sheet {
    /// Lays out lanes in their order; `None` if none of them has a time.
    pub fn new(lanes: &[Lane]) -> Option<Self> {
        let dated: Vec<&Lane> = lanes.iter().filter(|lane| lane.times().next().is_some()).collect();
        let first = dated.iter().flat_map(|lane| lane.times()).map(|(first, _)| first).min()?;
        let last = dated.iter().flat_map(|lane| lane.times()).map(|(_, last)| last).max()?;
        let axis = Axis::new(End::Data(first), End::Data(last));
        let drawn = dated.len().min(MOST_LANES);
        let rows = dated.iter().take(MOST_LANES).zip(0..).map(|(lane, at)| Row::new(lane, at, &axis));
        Some(Self {
            height: HEAD + LANE * u32::try_from(drawn).unwrap_or_default() + 4,
            lines: axis.lines.iter().map(|share| place(share.ten_thousandths())).collect(),
            labels: labels(&axis),
            rows: rows.collect(),
            said: format!("{} on one axis, from {} to {}", counted(drawn, "lane"), day(first), day(last)),
            note: axis.note(),
            left_out: dated.len() - drawn,
        })
    }

    /// A sentence with what the labels of the axis leave out; `None` if they are complete.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// How many lanes with times are not drawn.
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

impl Lane {
    /// All its times, each with its earlier end first.
    fn times(&self) -> impl Iterator<Item = (u64, u64)> {
        self.spans.iter().chain(&self.marked).map(|(one, other)| (*one.min(other), *one.max(other)))
    }
}

impl Row {
    fn new(lane: &Lane, at: u32, axis: &Axis) -> Self {
        let top = HEAD + LANE * at;
        let mut bars = Vec::new();
        for (number, (x, width)) in stretches(&lane.spans, axis).into_iter().enumerate() {
            bars.push(Bar { x, width, class: if number % 2 == 0 { "b" } else { "b alt" } });
        }
        Self {
            name: without_middle(&lane.name, LONGEST),
            text: top + 12,
            top: top + 3,
            under: top + 12,
            bars,
            marks: stretches(&lane.marked, axis),
        }
    }
}

/// Where spans are drawn, in their order: beginnings and widths.
fn stretches(spans: &[(u64, u64)], axis: &Axis) -> Vec<(u32, u32)> {
    let at = |second: u64| place(axis.at(second).ten_thousandths());
    let mut places: Vec<(u32, u32)> =
        spans.iter().map(|(one, other)| (at(*one.min(other)), at(*one.max(other)))).collect();
    places.sort_unstable();
    places.dedup();
    if places.len() > MOST_BARS {
        places = in_steps(&places);
    }
    // What is short is seen, and does not stick out.
    let drawn = places.into_iter().map(|(from, to)| {
        let width = (to - from).max(NARROWEST);
        (from.min(WIDTH - width), width)
    });
    drawn.collect()
}

/// The same in steps of equal width, in which there is something or nothing.
fn in_steps(places: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let steps = u32::try_from(2 * MOST_BARS).unwrap_or(1);
    let start = |step: u32| NAMES + (WIDTH - NAMES) * step / steps;
    let mut drawn: Vec<(u32, u32)> = Vec::new();
    for step in 0..steps {
        let (from, to) = (start(step), start(step + 1));
        if !places.iter().any(|(first, last)| (*first).min(WIDTH - 1) < to && *last >= from) {
            continue;
        }
        match drawn.last_mut() {
            Some(before) if before.1 == from => before.1 = to,
            _ => drawn.push((from, to)),
        }
    }
    drawn
}

/// The labels that have room, from the left.
fn labels(axis: &Axis) -> Vec<(u32, String)> {
    let mut free = 0;
    let mut labels = Vec::new();
    for label in &axis.labels {
        let x = place(label.at.ten_thousandths()) + 3;
        let end = x + CHARACTER * u32::try_from(label.text.len()).unwrap_or(WIDTH);
        if x >= free && end <= WIDTH {
            free = end + GAP;
            labels.push((x, label.text.clone()));
        }
    }
    labels
}

/// The place of a share of the axis.
fn place(ten_thousandths: u32) -> u32 {
    NAMES + (WIDTH - NAMES) * ten_thousandths.min(10_000) / 10_000
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: u64 = 86_400;
    /// 2026-05-01.
    const MAY: u64 = 1_777_593_600;

    fn lane(name: &str, spans: &[(u64, u64)], marked: &[(u64, u64)]) -> Lane {
        let days = |days: &[(u64, u64)]| {
            days.iter().map(|(first, last)| (MAY + first * DAY, MAY + last * DAY)).collect()
        };
        Lane { name: name.to_owned(), spans: days(spans), marked: days(marked) }
    }

    #[test]
    fn members_are_lanes_in_their_order_and_hostile_names_are_text() {
        let lanes = [
            lane("a[.]example", &[(0, 30), (30, 60), (70, 170)], &[(30, 60)]),
            lane("nothing[.]example", &[], &[]),
            lane("<b>\u{202e}</b>.a-name-that-is-much-too-long-for-its-lane.example", &[(100, 100)], &[]),
        ];
        insta::assert_snapshot!(Sheet::new(&lanes).unwrap().render().unwrap());
    }

    #[test]
    fn nothing_is_drawn_without_times_and_what_has_no_room_is_counted() {
        assert!(Sheet::new(&[lane("a", &[], &[])]).is_none());
        assert!(Sheet::new(&[]).is_none());
        let many = vec![lane("a", &[(0, 9)], &[]); MOST_LANES + 3];
        assert_eq!(Sheet::new(&many).unwrap().left_out(), 3);
        assert_eq!(Sheet::new(&many[..2]).unwrap().left_out(), 0);
    }

    #[test]
    fn a_lane_with_many_bars_is_drawn_in_steps() {
        let spans: Vec<(u64, u64)> = (0..200).map(|n| (n * 2, n * 2 + 1)).collect();
        let sheet = Sheet::new(&[lane("a", &spans, &[]), lane("b", &[(0, 0), (900, 900)], &[])]).unwrap();
        assert_eq!(sheet.rows[0].bars.len(), 1, "{:?}", sheet.rows[0]);
        assert_eq!(sheet.rows[1].bars.len(), 2);
    }

    proptest! {
        #[test]
        fn any_times_have_a_bounded_picture_within_its_frame(
            spans in proptest::collection::vec((any::<u64>(), any::<u64>()), 0..90),
            near in proptest::collection::vec((0u64..1 << 33, 0u64..1 << 33), 1..90),
        ) {
            let lanes = [
                Lane { name: "a".to_owned(), spans, marked: Vec::new() },
                Lane { name: "b".to_owned(), spans: Vec::new(), marked: near },
            ];
            let sheet = Sheet::new(&lanes).unwrap();
            let marks = sheet.rows.iter().flat_map(|row| row.marks.iter().copied());
            let bars = sheet.rows.iter().flat_map(|row| row.bars.iter().map(|bar| (bar.x, bar.width)));
            for (x, width) in marks.chain(bars) {
                prop_assert!(x >= NAMES && x + width <= WIDTH && width >= NARROWEST, "{x} {width}");
            }
            prop_assert!(sheet.rows.iter().all(|row| row.bars.len().max(row.marks.len()) <= MOST_BARS));
            prop_assert!(sheet.labels.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }
}
