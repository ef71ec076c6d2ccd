//! What is said over the socket: frames, each a length of four octets (little-endian) and so many octets of postcard.
//!
//! ```text
//! server: Hello                         as soon as somebody is let in
//! client: Request, server: Response     again and again, answered in order; progress may come before an answer
//! ```
//!
//! [`Request`] and [`Response`] are the vocabulary; the types behind them are those of `cof` and `store` in a form that is
//! written and read, and what is read is checked as whatever comes from outside: [`Unreadable`] says that it is not ours.
//! Another version's [`Hello`] is refused, so nothing here has to be readable for ever. The file is long because it is one flat
//! list: for each type its form, and the way there and back.

use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::sync::Arc;

use cof::{Batch, Digest, Name, Observation, Position, Rdata, Record, RrType, Source, SourceKind};
use runs::{Sizes, Verified};
use serde::{Deserialize, Serialize};
use store::{
    Apart, BatchFault, Cursor, Fences, Order, Page, Question, Reached, Receipt, Remembered, Selection, Stats,
};
use store::{StoreError, Subject, Summary};

/// The version of all of this.
pub(super) const PROTOCOL: u32 = 2;
/// The longest frame: as much as a batch may take.
const MAX_FRAME: u64 = 1 << 30;

/// What came is not what this version says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Who listens.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) protocol: u32,
    pub(super) process: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Request<'a> {
    #[serde(borrow)]
    Absorb(WireBatch<'a>),
    Backup(&'a str),
    Compact,
    CountWhere(WireSelection<'a>),
    DropWhere(WireSelection<'a>),
    ForgetExpired(u64),
    Lookup(WireQuestion<'a>),
    Position(&'a str),
    Sizes,
    Stats,
    Summarise(WireQuestion<'a>),
    Verify,
    Wholes(Digest),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Response<'a> {
    Counted(u64),
    Done,
    #[serde(borrow)]
    Failed(WireError<'a>),
    Page(WirePage<'a>),
    Position(Option<WireReached>),
    Progress(u64, u64),
    Receipt {
        observations: u64,
        repeated: bool,
    },
    Sizes {
        runs: u64,
        octets: u64,
        tuples: u64,
        memory: u64,
    },
    Stats {
        entries: u64,
        sources: u64,
        inputs: u64,
    },
    Summary {
        rows: u64,
        count: Option<u64>,
        first: Option<u64>,
        last: Option<u64>,
    },
    Verified {
        files: u64,
        octets: u64,
        tuples: u64,
    },
    Wholes(Vec<Box<str>>),
}

/// Writes one frame; what the other end gets is whole.
///
/// # Errors
/// The socket's; a frame that is too large is `InvalidInput`.
pub(super) fn send(to: &mut impl Write, said: &impl Serialize) -> io::Result<()> {
    let mut octets = postcard::to_extend(said, vec![0; 4]).map_err(io::Error::other)?;
    let len = octets.len() as u64 - 4;
    let prefix = u32::try_from(len).ok().filter(|_| len <= MAX_FRAME);
    let prefix =
        prefix.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "more than 1 GiB at once"))?;
    if let Some(head) = octets.first_chunk_mut() {
        *head = prefix.to_le_bytes();
    }
    to.write_all(&octets)
}

/// Reads one frame into `octets`; `false` at the end of the conversation.
///
/// # Errors
/// The socket's, an end within a frame, and a frame that is too large.
pub(super) fn receive(from: &mut impl Read, octets: &mut Vec<u8>) -> io::Result<bool> {
    octets.clear();
    let mut head = [0; 4];
    match from.read(&mut head)? {
        0 => return Ok(false),
        some => from.read_exact(head.get_mut(some..).unwrap_or_default())?,
    }
    let len = u64::from(u32::from_le_bytes(head));
    if len > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "more than 1 GiB at once"));
    }
    // Room is made as it comes: a length alone costs nothing.
    if from.take(len).read_to_end(octets)? as u64 != len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(true)
}

/// Reads what a frame says.
///
/// # Errors
/// [`Unreadable`].
pub(super) fn read<'a, T: Deserialize<'a>>(octets: &'a [u8]) -> Result<T, Unreadable> {
    match postcard::take_from_bytes(octets) {
        Ok((said, [])) => Ok(said),
        _ => Err(Unreadable),
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum WireType<'a> {
    Code(u16),
    Word(&'a str),
}

impl<'a> WireType<'a> {
    fn of(rrtype: &'a RrType) -> Self {
        match rrtype {
            RrType::Code(code) => Self::Code(*code),
            RrType::Word(word) => Self::Word(word.as_str()),
        }
    }

    fn rrtype(&self) -> Result<RrType, Unreadable> {
        match self {
            Self::Code(code) => Ok(RrType::Code(*code)),
            Self::Word(word) => RrType::parse(word).map_err(|_| Unreadable),
        }
    }
}

/// Data as it is held: wire form, or text that is no data of its type.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum WireData<'a> {
    Text(&'a str),
    Wire(&'a [u8]),
}

impl<'a> WireData<'a> {
    fn of(rdata: &'a Rdata) -> Self {
        let text = || rdata.as_text().unwrap_or_default();
        rdata.as_wire().map_or_else(|| Self::Text(text()), Self::Wire)
    }

    fn rdata(&self, rrtype: RrType) -> Result<Rdata, Unreadable> {
        match self {
            // An earlier version may send as text what is read as data today.
            Self::Text(text) => Ok(Rdata::parse(rrtype, text)),
            Self::Wire(octets) => Rdata::from_wire(rrtype, octets).map_err(|_| Unreadable),
        }
    }
}

fn name(wire: &[u8]) -> Result<Name, Unreadable> {
    Name::from_wire(wire).map_err(|_| Unreadable)
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct WireSource<'a> {
    /// 0 observation, 1 report, 2 zone.
    kind: u8,
    origin: Option<&'a str>,
    sensor: Option<&'a str>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct WireObservation<'a> {
    rrname: &'a [u8],
    #[serde(borrow)]
    rrtype: WireType<'a>,
    rdata: WireData<'a>,
    bailiwick: Option<&'a [u8]>,
    first: u64,
    last: u64,
    count: Option<u64>,
    source: usize,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct WireBatch<'a> {
    #[serde(borrow)]
    sources: Vec<WireSource<'a>>,
    observations: Vec<WireObservation<'a>>,
    #[serde(borrow)]
    position: Option<(&'a str, WireReached)>,
}

/// How far an input has been taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WireReached {
    offset: u64,
    digest: Option<Digest>,
    whole: bool,
    expires: Option<u64>,
}

impl WireReached {
    pub(super) fn of(reached: Reached) -> Self {
        let Reached { offset, digest, whole, expires } = reached;
        Self { offset, digest, whole, expires }
    }

    pub(super) fn reached(self) -> Reached {
        let Self { offset, digest, whole, expires } = self;
        Reached { offset, digest, whole, expires }
    }
}

impl<'a> WireBatch<'a> {
    pub(super) fn of(batch: &'a Batch) -> Self {
        let source = |source: &'a Source| WireSource {
            kind: match source.kind {
                SourceKind::Observation => 0,
                SourceKind::Report => 1,
                SourceKind::Zone => 2,
            },
            origin: source.origin.as_deref(),
            sensor: source.sensor.as_deref(),
        };
        let observation = |one: &'a Observation| WireObservation {
            rrname: one.rrname.as_wire(),
            rrtype: WireType::of(&one.rrtype),
            rdata: WireData::of(&one.rdata),
            bailiwick: one.bailiwick.as_ref().map(Name::as_wire),
            first: one.time_first,
            last: one.time_last,
            count: one.count,
            source: one.source,
        };
        Self {
            sources: batch.sources.iter().map(source).collect(),
            observations: batch.observations.iter().map(observation).collect(),
            position: batch.position.as_ref().map(|position| {
                let Position { ref input, offset, digest, whole, expires } = *position;
                (&**input, WireReached { offset, digest, whole, expires })
            }),
        }
    }

    pub(super) fn batch(&self) -> Result<Batch, Unreadable> {
        let position = self.position.map(|(input, at)| {
            let WireReached { offset, digest, whole, expires } = at;
            Position { input: input.into(), offset, digest, whole, expires }
        });
        let sources = self.sources.iter().map(WireSource::source).collect::<Result<_, _>>()?;
        let observations =
            self.observations.iter().map(WireObservation::observation).collect::<Result<_, _>>()?;
        Ok(Batch { sources, observations, position })
    }
}

impl WireSource<'_> {
    fn source(&self) -> Result<Source, Unreadable> {
        let kind = match self.kind {
            0 => SourceKind::Observation,
            1 => SourceKind::Report,
            2 => SourceKind::Zone,
            _ => return Err(Unreadable),
        };
        Ok(Source { kind, origin: self.origin.map(Arc::from), sensor: self.sensor.map(Arc::from) })
    }
}

impl WireObservation<'_> {
    fn observation(&self) -> Result<Observation, Unreadable> {
        let rrtype = self.rrtype.rrtype()?;
        Ok(Observation {
            rrname: name(self.rrname)?,
            rrtype,
            rdata: self.rdata.rdata(rrtype)?,
            bailiwick: self.bailiwick.map(name).transpose()?,
            time_first: self.first,
            time_last: self.last,
            count: self.count,
            source: self.source,
        })
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct WireRecord<'a> {
    rrname: &'a [u8],
    #[serde(borrow)]
    rrtype: WireType<'a>,
    rdata: WireData<'a>,
    /// First and last seen, first and last in a zone.
    times: [Option<u64>; 4],
    count: Option<u64>,
    bailiwick: Option<&'a [u8]>,
    sensor: Option<&'a str>,
    origin: Option<&'a str>,
    extras: Vec<(&'a str, &'a str)>,
}

/// A page; its rows have no notes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct WirePage<'a> {
    #[serde(borrow)]
    records: Vec<WireRecord<'a>>,
    next: Option<String>,
    more: bool,
    limit: usize,
}

impl<'a> WirePage<'a> {
    pub(super) fn of(page: &'a Page) -> Self {
        let record = |one: &'a Record| WireRecord {
            rrname: one.rrname.as_wire(),
            rrtype: WireType::of(&one.rrtype),
            rdata: WireData::of(&one.rdata),
            times: [one.time_first, one.time_last, one.zone_time_first, one.zone_time_last],
            count: one.count,
            bailiwick: one.bailiwick.as_ref().map(Name::as_wire),
            sensor: one.sensor_id.as_deref(),
            origin: one.origin.as_deref(),
            extras: one.extras.iter().map(|(key, value)| (&**key, &**value)).collect(),
        };
        Self {
            records: page.records.iter().map(record).collect(),
            next: page.next.as_ref().map(Cursor::to_decimal),
            more: page.more,
            limit: page.limit,
        }
    }

    pub(super) fn page(&self) -> Result<Page, Unreadable> {
        Ok(Page {
            records: self.records.iter().map(WireRecord::record).collect::<Result<_, _>>()?,
            next: cursor(self.next.as_deref())?,
            more: self.more,
            limit: self.limit,
        })
    }
}

impl WireRecord<'_> {
    fn record(&self) -> Result<Record, Unreadable> {
        let rrtype = self.rrtype.rrtype()?;
        let [time_first, time_last, zone_time_first, zone_time_last] = self.times;
        let extra = |(key, value): &(&str, &str)| ((*key).into(), (*value).into());
        Ok(Record {
            time_first,
            time_last,
            zone_time_first,
            zone_time_last,
            count: self.count,
            bailiwick: self.bailiwick.map(name).transpose()?,
            sensor_id: self.sensor.map(Arc::from),
            origin: self.origin.map(Arc::from),
            extras: self.extras.iter().map(extra).collect(),
            ..Record::new(name(self.rrname)?, rrtype, self.rdata.rdata(rrtype)?)
        })
    }
}

fn cursor(text: Option<&str>) -> Result<Option<Cursor>, Unreadable> {
    text.map(Cursor::from_decimal).transpose().map_err(|_| Unreadable)
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum WireSubject<'a> {
    Address(IpAddr),
    Name(&'a [u8]),
    NamesOn(IpAddr),
    Network(IpAddr, u8),
    Range(IpAddr, IpAddr),
    RdataName(&'a [u8]),
    RdataSuffix(&'a [u8]),
    Suffix(&'a [u8]),
}

impl<'a> WireSubject<'a> {
    fn of(subject: &'a Subject) -> Self {
        match subject {
            Subject::Address(address) => Self::Address(*address),
            Subject::Name(name) => Self::Name(name.as_wire()),
            Subject::NamesOn(address) => Self::NamesOn(*address),
            Subject::Network(address, length) => Self::Network(*address, *length),
            Subject::Range(first, last) => Self::Range(*first, *last),
            Subject::RdataName(name) => Self::RdataName(name.as_wire()),
            Subject::RdataSuffix(name) => Self::RdataSuffix(name.as_wire()),
            Subject::Suffix(name) => Self::Suffix(name.as_wire()),
        }
    }

    fn subject(&self) -> Result<Subject, Unreadable> {
        Ok(match self {
            Self::Address(address) => Subject::Address(*address),
            Self::Name(wire) => Subject::Name(name(wire)?),
            Self::NamesOn(address) => Subject::NamesOn(*address),
            Self::Network(address, length) => Subject::Network(*address, *length),
            Self::Range(first, last) => Subject::Range(*first, *last),
            Self::RdataName(wire) => Subject::RdataName(name(wire)?),
            Self::RdataSuffix(wire) => Subject::RdataSuffix(name(wire)?),
            Self::Suffix(wire) => Subject::Suffix(name(wire)?),
        })
    }
}

const APARTS: [Apart; 5] =
    [Apart::Merged, Apart::Kind, Apart::Bailiwick, Apart::BailiwickAndKind, Apart::Source];

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct WireQuestion<'a> {
    #[serde(borrow)]
    subject: WireSubject<'a>,
    rrtypes: Vec<WireType<'a>>,
    /// First seen after and before, last seen after and before.
    fences: [Option<u64>; 4],
    limit: usize,
    cursor: Option<String>,
    newest_first: bool,
    /// Which of [`APARTS`].
    apart: u8,
    reach: usize,
}

impl<'a> WireQuestion<'a> {
    pub(super) fn of(question: &'a Question) -> Self {
        let Fences { first_after, first_before, last_after, last_before } = question.fences;
        Self {
            subject: WireSubject::of(&question.subject),
            rrtypes: question.rrtypes.iter().map(WireType::of).collect(),
            fences: [first_after, first_before, last_after, last_before],
            limit: question.limit,
            cursor: question.cursor.as_ref().map(Cursor::to_decimal),
            newest_first: question.order == Order::NewestFirst,
            apart: place(&APARTS, &question.apart),
            reach: question.reach,
        }
    }

    pub(super) fn question(&self) -> Result<Question, Unreadable> {
        let [first_after, first_before, last_after, last_before] = self.fences;
        Ok(Question {
            subject: self.subject.subject()?,
            rrtypes: self.rrtypes.iter().map(WireType::rrtype).collect::<Result<_, _>>()?,
            fences: Fences { first_after, first_before, last_after, last_before },
            limit: self.limit,
            cursor: cursor(self.cursor.as_deref())?,
            order: if self.newest_first { Order::NewestFirst } else { Order::Key },
            apart: *APARTS.get(usize::from(self.apart)).ok_or(Unreadable)?,
            reach: self.reach,
        })
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum WireSelection<'a> {
    LastSeenBefore(u64),
    Origin(Option<&'a str>),
    Suffix(&'a [u8]),
}

impl<'a> WireSelection<'a> {
    pub(super) fn of(selection: &'a Selection) -> Self {
        match selection {
            Selection::LastSeenBefore(time) => Self::LastSeenBefore(*time),
            Selection::Origin(origin) => Self::Origin(origin.as_deref()),
            Selection::Suffix(name) => Self::Suffix(name.as_wire()),
        }
    }

    pub(super) fn selection(&self) -> Result<Selection, Unreadable> {
        Ok(match self {
            Self::LastSeenBefore(time) => Selection::LastSeenBefore(*time),
            Self::Origin(origin) => Selection::Origin(origin.map(Arc::from)),
            Self::Suffix(wire) => Selection::Suffix(name(wire)?),
        })
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum WireError<'a> {
    Batch(usize, u8),
    Damage(&'a str, u64, &'a str),
    Damaged,
    Empty,
    Foreign,
    Full(u8, usize),
    Io(&'a str, &'a str, u8, &'a str),
    Locked(Option<u32>),
    ManySources(usize, usize),
    Missing(&'a str),
    Newer(u32, u32),
    NoRoom(u64, u64),
    NotPaged,
    Older(u32, u32),
    OtherContent(&'a str),
    Poisoned,
    ReadOnly,
    Stopped,
    TooLarge,
    TooLong(&'a str, usize, usize),
}

/// The kinds of refusal that somebody decides by; any other is as good as none.
const KINDS: [io::ErrorKind; 5] = [
    io::ErrorKind::Other,
    io::ErrorKind::StorageFull,
    io::ErrorKind::NotFound,
    io::ErrorKind::PermissionDenied,
    io::ErrorKind::AlreadyExists,
];
const FAULTS: [BatchFault; 3] = [BatchFault::Rdata, BatchFault::Reversed, BatchFault::Source];

const REMEMBERED: [Remembered; 3] = [Remembered::Keys, Remembered::Inputs, Remembered::Sources];

/// Where in a short list something stands; the first place if nowhere.
fn place<T: PartialEq>(list: &[T], wanted: &T) -> u8 {
    list.iter().position(|one| one == wanted).and_then(|place| u8::try_from(place).ok()).unwrap_or_default()
}

impl<'a> WireError<'a> {
    pub(super) fn of(error: &'a StoreError) -> Self {
        match error {
            StoreError::Batch { index, fault } => Self::Batch(*index, place(&FAULTS, fault)),
            StoreError::Damage { file, offset, what } => Self::Damage(file, *offset, what),
            StoreError::Damaged => Self::Damaged,
            StoreError::Empty => Self::Empty,
            StoreError::Foreign => Self::Foreign,
            StoreError::Full { of, most } => Self::Full(place(&REMEMBERED, of), *most),
            StoreError::Io { doing, file, kind, reason } => {
                Self::Io(doing, file, place(&KINDS, kind), reason)
            }
            StoreError::Locked { process } => Self::Locked(*process),
            StoreError::ManySources { new, most } => Self::ManySources(*new, *most),
            StoreError::Missing { file } => Self::Missing(file),
            StoreError::Newer { found, known } => Self::Newer(*found, *known),
            StoreError::NoRoom { needed, free } => Self::NoRoom(*needed, *free),
            StoreError::NotPaged => Self::NotPaged,
            StoreError::Older { found, known } => Self::Older(*found, *known),
            StoreError::OtherContent { input } => Self::OtherContent(input),
            StoreError::Poisoned => Self::Poisoned,
            StoreError::ReadOnly => Self::ReadOnly,
            StoreError::Stopped => Self::Stopped,
            StoreError::TooLarge => Self::TooLarge,
            StoreError::TooLong { what, bytes, most } => Self::TooLong(what, *bytes, *most),
        }
    }

    pub(super) fn error(&self) -> Result<StoreError, Unreadable> {
        Ok(match *self {
            Self::Batch(index, fault) => {
                let fault = *FAULTS.get(usize::from(fault)).ok_or(Unreadable)?;
                StoreError::Batch { index, fault }
            }
            Self::Damage(file, offset, what) => {
                StoreError::Damage { file: file.into(), offset, what: lasting(what) }
            }
            Self::Damaged => StoreError::Damaged,
            Self::Empty => StoreError::Empty,
            Self::Foreign => StoreError::Foreign,
            Self::Full(of, most) => {
                let of = *REMEMBERED.get(usize::from(of)).ok_or(Unreadable)?;
                StoreError::Full { of, most }
            }
            Self::Io(doing, file, kind, reason) => {
                let kind = *KINDS.get(usize::from(kind)).ok_or(Unreadable)?;
                StoreError::Io { doing: lasting(doing), file: file.into(), kind, reason: reason.into() }
            }
            Self::Locked(process) => StoreError::Locked { process },
            Self::ManySources(new, most) => StoreError::ManySources { new, most },
            Self::Missing(file) => StoreError::Missing { file: file.into() },
            Self::Newer(found, known) => StoreError::Newer { found, known },
            Self::NoRoom(needed, free) => StoreError::NoRoom { needed, free },
            Self::NotPaged => StoreError::NotPaged,
            Self::Older(found, known) => StoreError::Older { found, known },
            Self::OtherContent(input) => StoreError::OtherContent { input: input.into() },
            Self::Poisoned => StoreError::Poisoned,
            Self::ReadOnly => StoreError::ReadOnly,
            Self::Stopped => StoreError::Stopped,
            Self::TooLarge => StoreError::TooLarge,
            Self::TooLong(what, bytes, most) => StoreError::TooLong { what: lasting(what), bytes, most },
        })
    }
}

/// The engine's own words are part of the program; another's are kept for as long as ours runs, which is to the end of the
/// command that they end.
fn lasting(words: &str) -> &'static str {
    Box::leak(words.into())
}

macro_rules! same_fields {
    ($($from:ident => $variant:ident { $($field:ident),* };)*) => {
        $(impl From<$from> for Response<'_> {
            fn from($from { $($field),* }: $from) -> Self {
                Self::$variant { $($field),* }
            }
        }
        impl TryFrom<Response<'_>> for $from {
            type Error = Unreadable;

            fn try_from(response: Response<'_>) -> Result<Self, Unreadable> {
                match response {
                    Response::$variant { $($field),* } => Ok(Self { $($field),* }),
                    _ => Err(Unreadable),
                }
            }
        })*
    };
}

same_fields! {
    Sizes => Sizes { runs, octets, tuples, memory };
    Stats => Stats { entries, sources, inputs };
    Summary => Summary { rows, count, first, last };
    Verified => Verified { files, octets, tuples };
}

impl From<Receipt> for Response<'_> {
    fn from(receipt: Receipt) -> Self {
        Self::Receipt { observations: receipt.observations as u64, repeated: receipt.repeated }
    }
}

impl TryFrom<Response<'_>> for Receipt {
    type Error = Unreadable;

    fn try_from(response: Response<'_>) -> Result<Self, Unreadable> {
        match response {
            Response::Receipt { observations, repeated } => {
                let observations = usize::try_from(observations).map_err(|_| Unreadable)?;
                Ok(Self { observations, repeated })
            }
            _ => Err(Unreadable),
        }
    }
}

#[cfg(test)]
mod tests;
