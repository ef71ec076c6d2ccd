//! What is to be handed over, before anything is decided: [`Matter`].
//!
//! It has no order: the same values and records in another order are the same matter.

use cof::{Record, RrType};
use operation::{Indicator, Tlp};

use crate::Levels;

/// Values and records with what is known about them. Times are seconds since the epoch, UTC.
#[derive(Clone, Debug)]
pub struct Matter {
    /// Where it comes from.
    pub kind: Kind,
    /// Identifies it for ever, also among those of other installations: its documents get the same ids whenever they are made.
    pub key: String,
    /// Its name.
    pub title: String,
    /// What people wrote about it; may be empty.
    pub summary: String,
    /// Its own marking.
    pub tlp: Option<Tlp>,
    /// When that may have been changed last; 0 if it has none.
    pub marked_at: u64,
    /// Whether work on it is finished.
    pub is_closed: bool,
    /// When it began to exist.
    pub created_at: u64,
    /// When it was last changed, apart from its values and records.
    pub changed_at: u64,
    /// The texts that its values were read from.
    pub sources: Vec<Source>,
    /// The indicators that it is about.
    pub values: Vec<Value>,
    /// The records that providers reported.
    pub reported: Vec<Reported>,
    /// Relationships of the threat library, of which no record is known here.
    pub links: Vec<Link>,
    /// How many attributes and relationships of the library are not among these, because an indicator has too many; a relationship of
    /// two such indicators counts twice.
    pub left_out: u64,
    /// The markings of indicators in it.
    pub levels: Levels,
}

/// Where a matter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The answers of all operations on an indicator.
    History,
    /// An investigation.
    Investigation,
    /// A part of the threat library.
    Library,
    /// The answer of one run.
    Run,
}

/// A text that values were read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// What it is called.
    pub title: String,
    /// Its date.
    pub dated_at: Option<u64>,
}

/// An indicator that a matter is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Value {
    /// The indicator.
    pub indicator: Indicator,
    /// What is known about it, as name and value: its status, a verdict, attributes of the library.
    pub facts: Vec<(String, String)>,
    /// When it was added.
    pub created_at: u64,
    /// When it was last changed.
    pub changed_at: u64,
}

/// A record as a provider reported it.
#[derive(Clone, Debug)]
pub struct Reported {
    /// The indicator that the provider was asked about.
    pub asked: Indicator,
    /// The record.
    pub record: Record,
    /// The name of the provider, as users know it.
    pub provider: String,
    /// When it was asked.
    pub fetched_at: u64,
}

/// A relationship of the threat library.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The owner of the records.
    pub from: Indicator,
    /// The host in their data.
    pub to: Indicator,
    /// Their type.
    pub rrtype: RrType,
    /// First seen.
    pub first: Option<u64>,
    /// Last seen.
    pub last: Option<u64>,
    /// When it was last claimed.
    pub changed_at: u64,
}
