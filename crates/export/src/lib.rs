//! What was found, as documents for other platforms: STIX 2.1 bundles, MISP events, and flat files.
//!
//! In the order of the data flow: [`gather`] reads a [`Matter`] from the workbench (a run, a history, an investigation or a part of
//! the library). [`Handover`] is what may be handed over of it: values that are marked too strictly are held back, and equal
//! records are merged. [`write()`] turns it into a document: [`stix`], [`misp`] or [`flat`].
//!
//! Everything but [`gather`] is pure: no database, no clock, no randomness. The same data gives the same document, byte for byte:
//! ids are UUIDs of version 5 over what they stand for, and times are those of the data. A marking of the Traffic Light Protocol is
//! never weakened. Documents are made in memory, so their size is limited ([`MOST_ROWS`], [`MOST_VALUES`], [`MOST_TEXT`]).
//!
//! Errors: a [`Refusal`] says what cannot be handed over, and what to do.

mod document;
mod ends;
mod error;
pub mod flat;
pub mod gather;
mod handover;
mod ids;
mod levels;
mod matter;
pub mod misp;
mod related;
mod stamp;
pub mod stix;

pub use document::{Format, Manner, Written, write};
pub use error::Refusal;
pub use handover::{Handover, MOST_ROWS, MOST_TEXT, MOST_VALUES, Row, Terms};
pub use levels::{Levels, Marked};
pub use matter::{Kind, Link, Matter, Reported, Source, Value};
pub use related::{Mailbox, Related};

#[cfg(test)]
mod sample;
