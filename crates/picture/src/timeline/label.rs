//! Where the data of a bar can be written, if anywhere.
//!
//! A [`Label`] stands to the right of its bar, else in it, else to the left of it, else nowhere: it never lies over
//! another bar of its sub-lane, nor over another label. Widths are those of the monospace face at its size.

use super::axis::{PLOT, Share};
use super::lane::Bar;
use super::words::cut;

/// Text beside or in a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// What it hangs on: an end of the bar.
    pub(crate) x: Share,
    /// How far from there, in px.
    pub(crate) dx: i32,
    /// Whether it ends there instead of beginning.
    pub(crate) ends: bool,
    /// The data, cut.
    pub(crate) text: String,
    /// Where it ends, in ten-thousandths of the axis.
    pub(super) end: u32,
}

/// What is free around a bar, in ten-thousandths of the axis: from the end of what is before it to the next bar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// The most characters of a label.
const LONGEST: usize = 26;
/// A bar that a text can stand in, in px.
const HIGH_ENOUGH: f64 = 11.0;

impl Label {
    /// The label of a bar, if it has room.
    pub(super) fn of(bar: &Bar, data: &str, room: Room) -> Option<Self> {
        let text = cut(data, LONGEST);
        let need = need(text.chars().count());
        let (start, end) = bar.extent();
        // A mark's text keeps its distance from the middle.
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

/// The width of so many characters and their distances: 6.65 px each and 12.
fn need(chars: usize) -> u32 {
    let hundredths = 665 * u32::try_from(chars).unwrap_or(u32::MAX / 1_000) + 1_200;
    (hundredths * (Share::END.0 / 100)).div_ceil(PLOT)
}
