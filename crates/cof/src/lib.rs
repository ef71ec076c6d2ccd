//! Passive DNS in the Common Output Format (COF): the vocabulary every other room speaks.
//!
//! Read in the order of the data: [`Name`], [`RrType`] and [`Rdata`] make a [`Record`];
//! [`Reader`] makes records of bytes, [`Writer`] makes bytes of records; what a store keeps of a record
//! is an [`Observation`] with its [`Source`], many of them a [`Batch`].
//!
//! No I/O, no clock, no async. Everything here takes hostile input: it is bounded, it never panics,
//! and what it repairs it notes on the record ([`Note`]).
//! The format is draft-dulaunoy-dnsop-passive-dns-cof-13, with the deviations seen in the wild.

mod escape;
mod json;
pub mod name;
pub mod observation;
pub mod orientation;
pub mod rdata;
pub mod reader;
pub mod record;
pub mod rrtype;
#[cfg(feature = "serde")]
mod serialize;
pub mod time;
pub mod writer;

pub use name::{Name, NameError, NameRef};
pub use observation::{Batch, Digest, Observation, Position, Source, SourceKind, Taken};
pub use orientation::Orientation;
pub use rdata::{Rdata, RdataError, Target};
pub use reader::{Damage, DamageKind, End, Limits, Reader, SafEnd};
pub use record::{Extras, Field, Note, NoteKind, Record};
pub use rrtype::{RrType, RrTypeError};
pub use writer::{Dialect, Writer};
