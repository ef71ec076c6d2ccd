//! What happens while forwarding: [`Event`].

use std::io;

use super::status::Figures;
use super::verdict::Trouble;

/// What happens while forwarding. What lasts is told when it begins and when it ends.
#[derive(Debug)]
pub enum Event {
    /// The server takes no batches; they wait, and are tried again.
    Waits(Trouble, Box<Figures>),
    /// It takes them again.
    Works(Box<Figures>),
    /// The spool is full: the oldest batches are removed from now on.
    Full,
    /// The server refused a batch, which is set aside.
    Refused {
        /// Its number.
        number: u64,
        /// Its records.
        records: u64,
        /// The reason, in the server's words.
        why: String,
    },
    /// The server could not use records of a batch. It is told of the first such batch alone.
    Rejected {
        /// How many.
        records: u64,
    },
    /// A batch was damaged on the disk, and was removed.
    Damaged {
        /// Its number.
        number: u64,
        /// Its records.
        records: u64,
    },
    /// The spool cannot be written: senders wait.
    Unwritable(io::Error),
    /// It can be written again.
    Writable,
    /// Records could not be written before the end, and are lost.
    Lost {
        /// How many.
        records: u64,
    },
}
