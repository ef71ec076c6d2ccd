//! Where decoders put what they find: [`Out`].
//!
//! It counts what a unit holds, merges its records in a [`Window`], and notes why the unit, or a part of it, was rejected.

use cof::time;

use crate::sightings::{Seen, Sighting};
use crate::tally::{Dropped, Reason, Tally};
use crate::window::{Refused, Window};

/// Where a decoder puts what it finds in one unit of its input.
pub(crate) struct Out<'a> {
    pub(crate) window: &'a mut Window,
    pub(crate) tally: &'a mut Tally,
    /// Which times are plausible.
    pub(crate) plausible: time::Window,
    /// When a live stream delivered the unit, for formats that may lack times; `None` for files.
    pub(crate) received: Option<u64>,
    /// An earlier pass imported the unit: nothing of it is taken or counted again.
    pub(crate) passes_over: bool,
    /// Where the unit begins.
    pub(crate) offset: u64,
    /// Why the unit, or a part of it, was rejected.
    pub(crate) rejected: Vec<Reason>,
}

impl Out<'_> {
    /// Counts a unit that was read: a frame, a packet or a line.
    pub(crate) fn unit(&mut self) {
        self.tally.units += 1;
    }

    /// Counts a DNS response whose records are taken.
    pub(crate) fn message(&mut self) {
        self.tally.messages += 1;
    }

    /// Takes a record that was seen.
    pub(crate) fn sight(&mut self, sighting: &Sighting<'_>) {
        if self.passes_over {
            self.tally.repeated += 1;
            return self.window.pass_over(sighting);
        }
        let Seen { first, last, .. } = sighting.seen;
        if !self.plausible.holds(first) || !self.plausible.holds(last) || first > last {
            return self.reject(Reason::WithoutTime);
        }
        match self.window.sight(sighting) {
            Ok(()) => self.tally.records += 1,
            Err(Refused::Dropped(why)) => self.tally.drop(why, self.offset),
            Err(Refused::Rejected(why)) => self.reject(why),
        }
    }

    /// Counts something that is well-formed and not wanted.
    pub(crate) fn drop(&mut self, why: Dropped) {
        if !self.passes_over {
            self.tally.drop(why, self.offset);
        }
    }

    /// Counts something that cannot be read.
    pub(crate) fn reject(&mut self, why: Reason) {
        if !self.passes_over {
            self.rejected.push(why);
        }
    }
}
