//! The position of the text of a bar, if there is room.
//!
//! A [`Label`] is to the right of its bar, or else in it, or else to the left of it, or else left out: it never overlaps
//! another bar of its sub-lane, or another label. Widths are those of the monospace font at its size.

use super::axis::{PLOT, Share};
use super::lane::Bar;
use super::words::cut;

/// A text next to or in a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// The end of the bar to which it is attached.
    pub(crate) x: Share,
    /// The distance from there, in px.
    pub(crate) dx: i32,
    /// Whether the text ends there instead of starting.
    pub(crate) ends: bool,
    /// The data, shortened.
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
/// The minimum height of a bar that contains a text, in px.
const HIGH_ENOUGH: f64 = 11.0;

impl Label {
    /// The label of a bar, if it has room.
    pub(super) fn of(bar: &Bar, data: &str, room: Room) -> Option<Self> {
        let text = cut(data, LONGEST);
        let need = need(text.chars().count());
        let (start, end) = bar.extent();
        // The text of a mark keeps a distance from its middle.
        let right = bar.width.map_or(bar.x, |width| Share(bar.x.0 + width.0));
        let inside =
            bar.related && bar.height >= HIGH_ENOUGH && bar.width.is_some_and(|width| width.0 >= need);
        if end + need <= room.to {
            Some(Self { x: right, dx: 7, ends: false, text, end: end + need })
        } else if inside {
            Some(Self { x: bar.x, dx: 6, ends: false, text, end })
        } else if start >= room.from + need {
            Some(Self { x: bar.x, dx: -7, ends: true, text, end: start })
        } else {
            None
        }
    }
}

/// The width of this many characters with their margins: 6.65 px each plus 12.
fn need(chars: usize) -> u32 {
    let hundredths = 665 * u32::try_from(chars).unwrap_or(u32::MAX / 1_000) + 1_200;
    (hundredths * (Share::END.0 / 100)).div_ceil(PLOT)
}
