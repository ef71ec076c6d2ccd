//! The position of the text of a bar, if there is room.
//!
//! A [`Label`] is to the right of its bar, or else in it, or else to the left of it, or else left out: it never overlaps
//! another bar of its sub-lane, or another label. A bar that touches another one has its label inside if that is possible.
//! Widths are those of the monospace font at its size.

use std::net::IpAddr;

use super::axis::{LEAST_PLOT, PLOT, Share};
use super::bar::Bar;
use super::words::{cut, cut_front};

/// A text next to or in a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// The end of the bar to which it is attached.
    pub(crate) x: Share,
    /// The distance from there, in px.
    pub(crate) dx: i32,
    /// Whether the text ends there instead of starting.
    pub(crate) ends: bool,
    /// Whether it is in the bar.
    pub(crate) inside: bool,
    /// The data, shortened, or its own part.
    pub(crate) text: String,
    /// The position of its end, in ten-thousandths of the axis.
    pub(super) end: u32,
}

/// The free space around a bar, in ten-thousandths of the axis: from the end of the previous one to the start of the next one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// The longest label, in characters.
const LONGEST: usize = 26;
/// The distance of a text in a bar from its start, in px, and the characters of a shortened text that are worth showing.
const INSET: i32 = 3;
const WORTH: usize = 8;

impl Label {
    /// The label of a bar, if it has room: its data, or only the own part of it inside.
    pub(super) fn of(
        bar: &Bar,
        data: &str,
        own: Option<&str>,
        room: Room,
        prefers_inside: bool,
    ) -> Option<Self> {
        if prefers_inside {
            Self::inside(bar, own.unwrap_or(data)).or_else(|| Self::beside(bar, data, room))
        } else {
            Self::right(bar, data, room)
                .or_else(|| Self::inside(bar, data))
                .or_else(|| Self::left(bar, data, room))
        }
    }

    fn beside(bar: &Bar, data: &str, room: Room) -> Option<Self> {
        Self::right(bar, data, room).or_else(|| Self::left(bar, data, room))
    }

    fn right(bar: &Bar, data: &str, room: Room) -> Option<Self> {
        let (text, need, (_, end)) = (cut(data, LONGEST), need(data), bar.extent());
        // The text of a mark keeps a distance from its middle.
        let x = bar.width.map_or(bar.x, |width| Share(bar.x.0 + width.0));
        let label = Self { x, dx: 7, ends: false, inside: false, text, end: end + need };
        (label.end <= room.to).then_some(label)
    }

    fn left(bar: &Bar, data: &str, room: Room) -> Option<Self> {
        let (start, _) = bar.extent();
        let label =
            Self { x: bar.x, dx: -7, ends: true, inside: false, text: cut(data, LONGEST), end: start };
        (start >= room.from + need(data)).then_some(label)
    }

    /// The whole text, or as much of a long one as fits.
    fn inside(bar: &Bar, text: &str) -> Option<Self> {
        let fits = most_inside(bar.width?);
        let whole = text.char_indices().nth(fits).is_none();
        let shorten: fn(&str, usize) -> String = if text.parse::<IpAddr>().is_ok() { cut_front } else { cut };
        let text = shorten(text, fits.min(LONGEST));
        (!text.is_empty() && (whole || fits >= WORTH)).then(|| Self {
            x: bar.x,
            dx: INSET,
            ends: false,
            inside: true,
            text,
            end: bar.extent().1,
        })
    }
}

/// How many characters fit into a bar of this width, on the narrowest plot with labels: 6.65 px each.
fn most_inside(width: Share) -> usize {
    let hundredths = width.0 * LEAST_PLOT / (Share::END.0 / 100);
    let inset = 200 * INSET.unsigned_abs();
    usize::try_from(hundredths.saturating_sub(inset) / 665).unwrap_or_default()
}

/// The width of a shortened text with its margins: 6.65 px per character plus 12.
fn need(data: &str) -> u32 {
    let chars = data.chars().take(LONGEST).count();
    let hundredths = 665 * u32::try_from(chars).unwrap_or(u32::MAX / 1_000) + 1_200;
    (hundredths * (Share::END.0 / 100)).div_ceil(PLOT)
}
