//! What decoders find: [`Sighting`]s of records, handed to [`Out`].
//!
//! A decoder reads one unit of its format at a time (a frame, a packet, a line) and reports what it holds: records that it proves,
//! units that say nothing about DNS data ([`Dropped`]), and damage ([`Reason`]). [`Out`] counts all of it, and merges sightings in a
//! [`Window`]. Client addresses, ports and message ids have no place here, so they cannot be stored.

use cof::RrType;
use cof::time;

use crate::tally::{Dropped, Reason, Tally};
use crate::window::{Refused, Window};

/// A part of a record as the input has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Presentation format.
    Text(&'a str),
    /// Uncompressed wire format; names are in lower case.
    Wire(&'a [u8]),
}

/// A record that a response proves. Its parts may still be unreadable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sighting<'a> {
    pub(crate) owner: Part<'a>,
    pub(crate) rrtype: RrType,
    pub(crate) rdata: Part<'a>,
    /// The zone that the answering server spoke for, in wire format and lower case.
    pub(crate) bailiwick: Option<&'a [u8]>,
    pub(crate) seen: Seen,
}

/// When a record was seen and how often, in seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) count: u64,
}

impl Seen {
    /// Seen once, at this time.
    pub(crate) fn once(at: u64) -> Self {
        Self { first: at, last: at, count: 1 }
    }
}

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
            return;
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
