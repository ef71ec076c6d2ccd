//! One passive-DNS record and the notes on what had to be repaired to read it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::{Name, Rdata, RrType};

/// A tuple (rrname, rrtype, rdata) with the information of a database about it.
///
/// Times are seconds since the epoch, UTC; `None` means unknown. `time_*` are observations by sensors, `zone_time_*`
/// appearances in zone files; they are never copied into each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The owner.
    pub rrname: Name,
    /// The type.
    pub rrtype: RrType,
    /// The data.
    pub rdata: Rdata,
    /// First seen.
    pub time_first: Option<u64>,
    /// Last seen.
    pub time_last: Option<u64>,
    /// First seen in a zone file.
    pub zone_time_first: Option<u64>,
    /// Last seen in a zone file.
    pub zone_time_last: Option<u64>,
    /// The count; `None` means unknown, neither 0 nor 1.
    pub count: Option<u64>,
    /// The zone that the answering server is responsible for.
    pub bailiwick: Option<Name>,
    /// The sensor that observed it.
    pub sensor_id: Option<Arc<str>>,
    /// The database that it comes from; a URI in the draft.
    pub origin: Option<Arc<str>>,
    /// What was repaired while reading.
    pub notes: Vec<Note>,
    /// Unknown keys, with their raw JSON values.
    pub extras: Extras,
}

/// Unknown keys, with their raw JSON values.
///
/// The records of one array of data share them, so that a large unknown value is stored only once for many small elements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras(Option<Arc<[Extra]>>);

/// A key and its raw JSON value.
pub(crate) type Extra = (Box<str>, Box<str>);

impl Deref for Extras {
    type Target = [Extra];

    fn deref(&self) -> &[Extra] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl FromIterator<Extra> for Extras {
    fn from_iter<I: IntoIterator<Item = Extra>>(extras: I) -> Self {
        let mut extras = extras.into_iter().peekable();
        Self(extras.peek().is_some().then(|| extras.collect()))
    }
}

impl Record {
    /// A record of which only the tuple is known.
    pub fn new(rrname: Name, rrtype: RrType, rdata: Rdata) -> Self {
        Self {
            rrname,
            rrtype,
            rdata,
            time_first: None,
            time_last: None,
            zone_time_first: None,
            zone_time_last: None,
            count: None,
            bailiwick: None,
            sensor_id: None,
            origin: None,
            notes: Vec::new(),
            extras: Extras::default(),
        }
    }

    /// The data in presentation form.
    pub fn rdata_text(&self) -> String {
        self.rdata.to_text(self.rrtype)
    }

    /// The time span in which it was seen: from observations, or from zone times if there are no others; put in order if the
    /// provider had them reversed.
    pub fn span(&self) -> Option<(u64, u64)> {
        let either = |first: Option<u64>, last: Option<u64>| match (first.or(last), last.or(first)) {
            (Some(first), Some(last)) => Some((first.min(last), first.max(last))),
            _ => None,
        };
        either(self.time_first, self.time_last).or_else(|| either(self.zone_time_first, self.zone_time_last))
    }

    /// First and last seen as shown to users and written to files: from observations, or from zone times if no observation has
    /// a time; put in order if the provider had them reversed. An unknown time stays unknown, unlike in [`Self::span`].
    pub fn seen(&self) -> (Option<u64>, Option<u64>) {
        match self.sightings() {
            (None, None) => self.zone_times(),
            sightings => sightings,
        }
    }

    /// The times of the observations, in order, without zone times in their place.
    pub fn sightings(&self) -> (Option<u64>, Option<u64>) {
        in_order(self.time_first, self.time_last)
    }

    /// The zone times, in order.
    pub fn zone_times(&self) -> (Option<u64>, Option<u64>) {
        in_order(self.zone_time_first, self.zone_time_last)
    }

    /// Whether a time that was sent is unknown, because it was invalid.
    pub fn has_lost_times(&self) -> bool {
        let is_lost = |kind: NoteKind| {
            matches!(kind, NoteKind::Implausible | NoteKind::Negative | NoteKind::Unreadable)
        };
        self.notes.iter().any(|note| note.field.is_time() && is_lost(note.kind))
    }

    /// Whether first seen was sent as later than last seen.
    pub fn has_reversed_times(&self) -> bool {
        self.notes.iter().any(|note| note.kind == NoteKind::Reversed)
    }

    /// Whether a time was in another unit, or was invalid and is unknown.
    pub fn has_repaired_times(&self) -> bool {
        self.notes.iter().any(|note| note.field.is_time() && note.kind.repairs_a_time())
    }

    /// The note about another unit of this time.
    pub(crate) fn unit_of(&self, field: Field) -> Option<NoteKind> {
        let is_unit = |kind: NoteKind| {
            matches!(
                kind,
                NoteKind::CompactDate
                    | NoteKind::Microseconds
                    | NoteKind::Milliseconds
                    | NoteKind::Nanoseconds
            )
        };
        let units = self.notes.iter().filter(|note| note.field == field && is_unit(note.kind));
        units.map(|note| note.kind).next()
    }

    /// Adds a note unless it exists already.
    pub fn note(&mut self, field: Field, kind: NoteKind) {
        let note = Note { field, kind };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// The subject of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Field {
    /// `bailiwick`.
    Bailiwick,
    /// `count`.
    Count,
    /// `origin`.
    Origin,
    /// `rdata`.
    Rdata,
    /// The whole record.
    Record,
    /// `rrname`.
    RrName,
    /// `rrtype`.
    RrType,
    /// `sensor_id`.
    SensorId,
    /// `time_first`.
    TimeFirst,
    /// `time_last`.
    TimeLast,
    /// `zone_time_first`.
    ZoneTimeFirst,
    /// `zone_time_last`.
    ZoneTimeLast,
}

/// What was found and repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NoteKind {
    /// The provider used another key for this field.
    Alias,
    /// A date without a time zone was taken as UTC.
    AssumedUtc,
    /// Elements of the data that were no text were left out.
    BadElement,
    /// A byte order mark before the first record was skipped.
    ByteOrderMark,
    /// The time was a date without separators, such as 20170609.
    CompactDate,
    /// The key was repeated; the last value counts.
    DuplicateKey,
    /// A fraction of a second was cut off.
    Floored,
    /// A date was read where the format wants a number.
    FromDate,
    /// A number came as a string, or a string as a number.
    FromOtherType,
    /// The time is before the DNS or in the future, whatever its unit; it was taken as unknown.
    Implausible,
    /// The record was in a JSON array.
    InArray,
    /// The record was within another object.
    InEnvelope,
    /// The data is not valid for its type and was kept as text.
    KeptAsText,
    /// The time was in microseconds.
    Microseconds,
    /// The time was in milliseconds.
    Milliseconds,
    /// The time was in nanoseconds.
    Nanoseconds,
    /// The value was negative: unknown.
    Negative,
    /// The value was null: unknown.
    Null,
    /// First seen is after last seen; kept as sent.
    Reversed,
    /// Undecodable text was replaced by U+FFFD.
    Replaced,
    /// The number was too large for 64 bits, and was replaced by the largest number.
    Saturated,
    /// White space around a name or the data was removed.
    Trimmed,
    /// The provider had swapped rrname and rdata, and they were turned back.
    Turned,
    /// The type is not in the registry; its word was kept.
    UnknownType,
    /// The value could not be read and was ignored.
    Unreadable,
}

/// A note on a record: the field, and what was repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Note {
    /// The subject.
    pub field: Field,
    /// What was repaired.
    pub kind: NoteKind,
}

fn in_order(first: Option<u64>, last: Option<u64>) -> (Option<u64>, Option<u64>) {
    match (first, last) {
        (Some(first), Some(last)) => (Some(first.min(last)), Some(first.max(last))),
        unknown => unknown,
    }
}

impl NoteKind {
    /// Whether this note on a time means that it could not be used as it was sent.
    fn repairs_a_time(self) -> bool {
        matches!(
            self,
            Self::CompactDate
                | Self::Implausible
                | Self::Microseconds
                | Self::Milliseconds
                | Self::Nanoseconds
                | Self::Negative
                | Self::Unreadable
        )
    }
}

impl Field {
    fn is_time(self) -> bool {
        matches!(self, Self::TimeFirst | Self::TimeLast | Self::ZoneTimeFirst | Self::ZoneTimeLast)
    }

    /// The key in the format.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Bailiwick => "bailiwick",
            Self::Count => "count",
            Self::Origin => "origin",
            Self::Rdata => "rdata",
            Self::Record => "record",
            Self::RrName => "rrname",
            Self::RrType => "rrtype",
            Self::SensorId => "sensor_id",
            Self::TimeFirst => "time_first",
            Self::TimeLast => "time_last",
            Self::ZoneTimeFirst => "zone_time_first",
            Self::ZoneTimeLast => "zone_time_last",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.kind {
            NoteKind::Alias => "read from another key",
            NoteKind::AssumedUtc => "date without a zone taken as UTC",
            NoteKind::BadElement => "elements that are no text left out",
            NoteKind::ByteOrderMark => "byte order mark skipped",
            NoteKind::CompactDate => "read from a date without separators",
            NoteKind::DuplicateKey => "key given twice, the last one counts",
            NoteKind::Floored => "fraction cut off",
            NoteKind::FromDate => "read from a date",
            NoteKind::FromOtherType => "number and string confused",
            NoteKind::Implausible => "not a plausible time, taken as unknown",
            NoteKind::InArray => "read from an array",
            NoteKind::InEnvelope => "read from an envelope",
            NoteKind::KeptAsText => "no data of its type, kept as text",
            NoteKind::Microseconds => "converted from microseconds",
            NoteKind::Milliseconds => "converted from milliseconds",
            NoteKind::Nanoseconds => "converted from nanoseconds",
            NoteKind::Negative => "negative, taken as unknown",
            NoteKind::Null => "null, taken as unknown",
            NoteKind::Reversed => "first seen after last seen",
            NoteKind::Replaced => "undecodable text replaced",
            NoteKind::Saturated => "too large, the largest number stands for it",
            NoteKind::Trimmed => "white space around it left out",
            NoteKind::Turned => "rrname and rdata were swapped, turned back",
            NoteKind::UnknownType => "not a registered type, kept as a word",
            NoteKind::Unreadable => "could not be read, left out",
        };
        write!(f, "{}: {text}", self.field.key())
    }
}
