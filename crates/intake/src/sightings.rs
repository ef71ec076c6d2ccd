//! What decoders find: [`Sighting`]s of records.
//!
//! A decoder reads one unit of its format at a time (a frame, a packet, a line) and reports the records that it proves. Client
//! addresses, ports and message ids have no place here, so they cannot be stored.

use cof::RrType;

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
