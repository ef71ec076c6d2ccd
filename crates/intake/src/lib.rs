//! From bytes to observations: the steps that files, request bodies and live streams share on their way into a passive-DNS database.
//!
//! In the order of the data flow: [`Packing`] decompresses, and [`detect`] finds out the [`Format`]. [`Content`] computes a digest, so
//! that known content is recognised, and [`name_in`] names whole files. [`batches`] makes batches of observations, each with the
//! position it reaches: [`OrientedReader`] parses records in JSON and detects which side is the owner; every other format has a decoder
//! and a window, in which equal records are merged. [`Noise`] is what is not kept. [`live`] collects from running resolvers, and [`follow`]
//! reads files that grow; a [`collector`] is one of both with its [`status`]. [`deliver`] delivers batches to a store, and [`forward`] sends
//! them to a server with one.
//! [`Tally`] counts the results, and [`Rejects`] keeps what was left out. [`Foreign`] says what an input without records looks like.
//!
//! This crate opens no database and prints nothing. Everything accepts hostile input: memory is bounded, and nothing panics.

pub mod batches;
pub mod collector;
mod content;
mod delivery;
mod detection;
pub mod follow;
mod foreign;
mod format;
pub mod forward;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod identity;
pub mod live;
mod noise;
mod order;
mod oriented;
mod out;
mod packing;
mod passage;
mod pause;
mod records;
mod rejects;
mod sightings;
pub mod status;
mod tally;
mod units;
mod window;

pub use content::Content;
pub use delivery::{Delivered, Turns, deliver, persist};
pub use detection::detect;
pub use foreign::{Foreign, ForeignKind, is_marker};
pub use format::{Format, HEAD, PassiveDnsColumns, PassiveDnsColumnsError, Side};
pub use identity::{Digests, Said, digest_of_content, name_in, name_of, observed, old_name_of};
pub use noise::{Noise, Rules};
pub use oriented::OrientedReader;
pub use packing::{Bounds, Packing};
pub use rejects::Rejects;
pub use tally::{Dropped, LeftOut, Place, Reason, Tally};
pub use window::SPAN as WINDOW;
