//! Passive DNS in the Common Output Format (COF): the basic types of all other crates.
//!
//! In the order of the data flow: [`Name`], [`RrType`] and [`Rdata`] make up a [`Record`]. [`Reader`] parses bytes into
//! records, and [`Writer`] writes records as bytes. A store keeps [`Observation`]s, each with its [`Source`]; a [`Batch`]
//! contains many of them.
//!
//! This crate has no I/O, no clock and no async code. All of it accepts hostile input: memory is bounded, nothing panics, and
//! repairs are noted on the record ([`Note`]). The format is draft-dulaunoy-dnsop-passive-dns-cof-13, with the deviations that
//! occur in practice.

mod escape;
mod json;
pub mod name;
pub mod observation;
pub mod orientation;
pub mod rdata;
pub mod reader;
pub mod record;
mod registered;
pub mod rrtype;
#[cfg(feature = "serde")]
mod serialize;
pub mod special;
pub mod time;
pub mod writer;

pub use name::{Name, NameError, NameRef};
pub use observation::{Batch, Digest, Observation, Position, Source, SourceKind, Taken};
pub use orientation::Orientation;
pub use rdata::{Rdata, RdataError, Target};
pub use reader::{Damage, DamageKind, End, Limits, Reader, SafEnd};
pub use record::{Extras, Field, Note, NoteKind, Record};
pub use registered::PublicSuffix;
pub use rrtype::{RrType, RrTypeError};
pub use writer::{Dialect, Writer};
