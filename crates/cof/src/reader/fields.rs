//! From the members of one JSON object to records.
//!
//! [`Fields::parse`] delimits the object's members in the buffer and keeps where they are;
//! [`Fields::records`] makes records of them, with a note for every repair. Keeping places instead of slices
//! lets one `Fields` serve the whole input without borrowing the buffer.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{DamageKind, End, Limits, SafEnd};
use crate::json::{self, Cursor, Fault, Value};
use crate::record::{Field, NoteKind};
use crate::{Name, Rdata, Record, RrType, time};

/// The members of the object at hand, and what is worth keeping between objects.
#[derive(Debug, Default)]
pub(super) struct Fields {
    members: [Option<Span>; Key::COUNT],
    extras: Vec<(Span, Span)>,
    duplicates: Vec<Field>,
    alias: bool,
    /// The provider swaps rrname and rdata.
    pub(super) turned: bool,
    /// The object was a record whose array of data was empty.
    pub(super) without_data: bool,
    scratch: String,
    /// The last origin and sensor: whole answers share them.
    origin: Option<Arc<str>>,
    sensor: Option<Arc<str>>,
}

/// Where a raw value stands in the object, and what it is.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    Number,
    Bool,
    Null,
    Array,
    Object,
}

/// The keys that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    RrName,
    RrType,
    Rdata,
    TimeFirst,
    TimeLast,
    Count,
    Origin,
    Bailiwick,
    SensorId,
    ZoneTimeFirst,
    ZoneTimeLast,
    TimeFirstMs,
    TimeLastMs,
    Cond,
    Msg,
    Obj,
}

/// A whole object.
pub(super) struct Parsed {
    /// Its length; of an envelope, up to and including its array's bracket.
    pub(super) len: usize,
    pub(super) shape: Shape,
}

/// What an object is for.
pub(super) enum Shape {
    Empty,
    /// An object around an array of objects.
    Envelope,
    Record,
    Saf,
}

impl Key {
    const COUNT: usize = 16;

    #[inline]
    fn of(raw: &[u8]) -> Option<Self> {
        Some(match raw {
            b"rrname" => Self::RrName,
            b"rrtype" => Self::RrType,
            b"rdata" | b"rrdata" => Self::Rdata,
            b"time_first" => Self::TimeFirst,
            b"time_last" => Self::TimeLast,
            b"count" => Self::Count,
            b"origin" => Self::Origin,
            b"bailiwick" => Self::Bailiwick,
            b"sensor_id" => Self::SensorId,
            b"zone_time_first" => Self::ZoneTimeFirst,
            b"zone_time_last" => Self::ZoneTimeLast,
            b"time_first_ms" => Self::TimeFirstMs,
            b"time_last_ms" => Self::TimeLastMs,
            b"cond" => Self::Cond,
            b"msg" => Self::Msg,
            b"obj" => Self::Obj,
            _ => return None,
        })
    }

    fn field(self) -> Field {
        match self {
            Self::RrName => Field::RrName,
            Self::RrType => Field::RrType,
            Self::Rdata => Field::Rdata,
            Self::TimeFirst | Self::TimeFirstMs => Field::TimeFirst,
            Self::TimeLast | Self::TimeLastMs => Field::TimeLast,
            Self::Count => Field::Count,
            Self::Origin => Field::Origin,
            Self::Bailiwick => Field::Bailiwick,
            Self::SensorId => Field::SensorId,
            Self::ZoneTimeFirst => Field::ZoneTimeFirst,
            Self::ZoneTimeLast => Field::ZoneTimeLast,
            Self::Cond | Self::Msg | Self::Obj => Field::Record,
        }
    }
}

impl Fields {
    /// Delimits the members of the object that begins at `bytes[0]`.
    pub(super) fn parse(&mut self, bytes: &[u8], depth: usize) -> Result<Parsed, Fault> {
        self.members = [None; Key::COUNT];
        self.extras.clear();
        self.duplicates.clear();
        self.alias = false;
        self.without_data = false;
        let mut cursor = Cursor::new(bytes, depth);
        cursor.expect(b'{')?;
        if cursor.peek()? == b'}' {
            return Ok(Parsed { len: cursor.at + 1, shape: Shape::Empty });
        }
        loop {
            let key_end = {
                let key = cursor.string()?;
                (key, cursor.at - 1)
            };
            cursor.expect(b':')?;
            let first = cursor.peek()?;
            if first == b'[' && self.opens_envelope(key_end.0, &mut cursor)? {
                return Ok(Parsed { len: cursor.at, shape: Shape::Envelope });
            }
            let start = cursor.at;
            let value = cursor.value()?;
            self.keep(key_end, Span::of(value, start, cursor.at));
            if !cursor.more(b'}')? {
                break;
            }
        }
        let saf = self.member(Key::RrName).is_none()
            && (self.member(Key::Cond).is_some() || self.member(Key::Obj).is_some());
        Ok(Parsed { len: cursor.at, shape: if saf { Shape::Saf } else { Shape::Record } })
    }

    /// Whether the array at the cursor is an envelope's: `data` or `results`, before any rrname.
    /// The cursor is then behind its bracket.
    fn opens_envelope(&self, key: &[u8], cursor: &mut Cursor<'_>) -> Result<bool, Fault> {
        if !matches!(key, b"data" | b"results") || self.member(Key::RrName).is_some() {
            return Ok(false);
        }
        let mut inside = *cursor;
        inside.expect(b'[')?;
        let opens = matches!(inside.peek()?, b'{' | b']');
        if opens {
            cursor.at = inside.at;
        }
        Ok(opens)
    }

    fn keep(&mut self, (key, key_end): (&[u8], usize), span: Span) {
        let Some(known) = Key::of(key) else {
            let key = Span { start: key_end - key.len(), end: key_end, kind: Kind::String };
            self.extras.push((key, span));
            return;
        };
        self.alias |= key == b"rrdata";
        if let Some(slot) = self.members.get_mut(known as usize)
            && slot.replace(span).is_some()
        {
            self.duplicates.push(known.field());
        }
    }

    fn member(&self, key: Key) -> Option<Span> {
        self.members.get(key as usize).copied().flatten()
    }

    /// Handles a SAF frame; returns the octets of the object inside, its members already delimited.
    pub(super) fn saf<'a>(&mut self, bytes: &'a [u8], end: &mut End) -> Result<Option<&'a [u8]>, DamageKind> {
        let scratch = &mut self.scratch;
        let mut text = |span: Option<Span>| {
            scratch.clear();
            if let Some(span) = span.filter(|span| span.kind == Kind::String) {
                json::decode(span.inner(bytes), scratch);
            }
            scratch.clone()
        };
        let member = |key: Key| self.members.get(key as usize).copied().flatten();
        let message = text(member(Key::Msg));
        end.saf.get_or_insert(SafEnd::Missing);
        match (member(Key::Cond), text(member(Key::Cond)).as_str()) {
            (None, _) | (_, "begin" | "ongoing") => {}
            (_, "succeeded") => end.saf = Some(SafEnd::Succeeded),
            (_, "limited") => end.saf = Some(SafEnd::Limited(message)),
            (_, "failed") => end.saf = Some(SafEnd::Failed(message)),
            _ => return Err(DamageKind::Missing(Field::Record)),
        }
        let Some(object) = member(Key::Obj).filter(|span| span.kind == Kind::Object) else { return Ok(None) };
        let inner = object.raw(bytes);
        match self.parse(inner, 64) {
            Ok(Parsed { shape: Shape::Record, .. }) => Ok(Some(inner)),
            _ => Err(DamageKind::Missing(Field::RrName)),
        }
    }

    /// Makes records of the members; one for each element of an array of data.
    pub(super) fn records(
        &mut self,
        bytes: &[u8],
        limits: Limits,
        out: &mut VecDeque<Record>,
    ) -> Result<(), DamageKind> {
        if self.turned {
            self.turn(bytes);
        }
        let mut record = self.head(bytes)?;
        let rdata = self.member(Key::Rdata).ok_or(DamageKind::Missing(Field::Rdata))?;
        let mut elements = Vec::new();
        match rdata.kind {
            Kind::String => elements.push(rdata),
            // One more than the limit, to see whether it is passed.
            Kind::Array => elements_of(bytes, rdata, limits.elements.saturating_add(1), &mut elements),
            _ => return Err(DamageKind::Missing(Field::Rdata)),
        }
        self.without_data = elements.is_empty();
        let outcome = if elements.len() > limits.elements { Err(DamageKind::Elements) } else { Ok(()) };
        elements.truncate(limits.elements);
        let whole = elements.len();
        elements.retain(|span| span.kind == Kind::String);
        if elements.len() < whole {
            record.note(Field::Rdata, NoteKind::BadElement);
        }
        if elements.is_empty() && !self.without_data && outcome.is_ok() {
            return Err(DamageKind::Missing(Field::Rdata));
        }
        let last = elements.pop();
        for span in elements {
            let mut sibling = record.clone();
            self.set_rdata(bytes, span, &mut sibling);
            out.push_back(sibling);
        }
        if let Some(span) = last {
            self.set_rdata(bytes, span, &mut record);
            out.push_back(record);
        }
        outcome
    }

    /// Puts the owner and the data of a swapped record where they belong.
    fn turn(&mut self, bytes: &[u8]) {
        self.members.swap(Key::RrName as usize, Key::Rdata as usize);
        if let Some(Some(owner)) = self.members.get_mut(Key::RrName as usize)
            && owner.kind == Kind::Array
        {
            let mut elements = Vec::new();
            elements_of(bytes, *owner, 2, &mut elements);
            // Two owners for one datum is no record; what is left as an array is refused as one.
            if let [only] = elements.as_slice() {
                *owner = *only;
            }
        }
    }

    /// Everything but the data.
    fn head(&mut self, bytes: &[u8]) -> Result<Record, DamageKind> {
        let (rrname, replaced) = self.name(bytes, Key::RrName).ok_or(DamageKind::Missing(Field::RrName))?;
        let rrtype = self.rrtype(bytes).ok_or(DamageKind::Missing(Field::RrType))?;
        let mut record = Record::new(rrname, rrtype, Rdata::from_text(""));
        if replaced {
            record.note(Field::RrName, NoteKind::Replaced);
        }
        if matches!(rrtype, RrType::Word(_)) {
            record.note(Field::RrType, NoteKind::UnknownType);
        }
        record.time_first = self.time(bytes, Key::TimeFirst, Key::TimeFirstMs, &mut record);
        record.time_last = self.time(bytes, Key::TimeLast, Key::TimeLastMs, &mut record);
        record.zone_time_first = self.time(bytes, Key::ZoneTimeFirst, Key::ZoneTimeFirst, &mut record);
        record.zone_time_last = self.time(bytes, Key::ZoneTimeLast, Key::ZoneTimeLast, &mut record);
        record.count = self.count(bytes, &mut record);
        self.texts(bytes, &mut record);
        if record.time_first > record.time_last && record.time_last.is_some() {
            record.note(Field::TimeFirst, NoteKind::Reversed);
        }
        for field in std::mem::take(&mut self.duplicates) {
            record.note(field, NoteKind::DuplicateKey);
        }
        if self.alias {
            record.note(Field::Rdata, NoteKind::Alias);
        }
        if self.turned {
            record.note(Field::Record, NoteKind::Turned);
        }
        let lossy = |span: &Span| String::from_utf8_lossy(span.raw(bytes)).into();
        record.extras = self.extras.iter().map(|(key, value)| (lossy(key), lossy(value))).collect();
        Ok(record)
    }

    /// Bailiwick, sensor and origin.
    fn texts(&mut self, bytes: &[u8], record: &mut Record) {
        if let Some(span) = self.member(Key::Bailiwick) {
            match self.name(bytes, Key::Bailiwick) {
                Some((name, _)) => record.bailiwick = Some(name),
                None => record.note(Field::Bailiwick, unread(span)),
            }
        }
        for key in [Key::SensorId, Key::Origin] {
            let Some(span) = self.member(key) else { continue };
            match span.kind {
                Kind::Number => record.note(key.field(), NoteKind::FromOtherType),
                Kind::String => {}
                _ => {
                    record.note(key.field(), unread(span));
                    continue;
                }
            }
            if self.decode(bytes, span) {
                record.note(key.field(), NoteKind::Replaced);
            }
            let shared = if key == Key::Origin { &mut self.origin } else { &mut self.sensor };
            if shared.as_deref() != Some(self.scratch.as_str()) {
                *shared = Some(self.scratch.as_str().into());
            }
            let slot = if key == Key::Origin { &mut record.origin } else { &mut record.sensor_id };
            slot.clone_from(shared);
        }
    }

    fn set_rdata(&mut self, bytes: &[u8], span: Span, record: &mut Record) {
        if self.decode(bytes, span) {
            record.note(Field::Rdata, NoteKind::Replaced);
        }
        record.rdata = Rdata::parse(record.rrtype, &self.scratch);
        if record.rdata.is_text() && record.rrtype.code().is_some() {
            record.note(Field::Rdata, NoteKind::KeptAsText);
        }
    }

    /// Resolves a string into the scratch buffer; returns whether something had to be replaced.
    fn decode(&mut self, bytes: &[u8], span: Span) -> bool {
        self.scratch.clear();
        json::decode(span.inner(bytes), &mut self.scratch)
    }

    fn name(&mut self, bytes: &[u8], key: Key) -> Option<(Name, bool)> {
        let span = self.member(key).filter(|span| span.kind == Kind::String)?;
        let replaced = self.decode(bytes, span);
        Name::parse(&self.scratch).ok().map(|name| (name, replaced))
    }

    fn rrtype(&mut self, bytes: &[u8]) -> Option<RrType> {
        let span = self.member(Key::RrType)?;
        match span.kind {
            Kind::String => {
                self.decode(bytes, span);
                RrType::parse(&self.scratch).ok()
            }
            Kind::Number => std::str::from_utf8(span.raw(bytes)).ok()?.parse().ok().map(RrType::Code),
            _ => None,
        }
    }

    fn count(&mut self, bytes: &[u8], record: &mut Record) -> Option<u64> {
        let span = self.member(Key::Count)?;
        let (number, mut kinds) = self.number(bytes, span);
        if matches!(number, Some(Number::Date(_))) {
            kinds.push(NoteKind::Unreadable);
        }
        for kind in kinds {
            record.note(Field::Count, kind);
        }
        match number {
            Some(Number::Plain(count)) => Some(count),
            _ => None,
        }
    }

    /// A time from its key in seconds, else from the one in milliseconds.
    fn time(&mut self, bytes: &[u8], key: Key, millis: Key, record: &mut Record) -> Option<u64> {
        let (span, scale) = match (self.member(key), self.member(millis)) {
            (Some(span), _) => (span, 1),
            (None, Some(span)) => (span, 1000),
            (None, None) => return None,
        };
        let (number, mut kinds) = self.number(bytes, span);
        let seconds = number.map(|number| match number {
            Number::Plain(number) => plausible(number / scale, &mut kinds),
            Number::Date(seconds) => plausible(seconds, &mut kinds),
        });
        for kind in kinds {
            record.note(key.field(), kind);
        }
        seconds
    }

    /// Reads a number that may be a string, a fraction, a date, negative or null.
    fn number(&mut self, bytes: &[u8], span: Span) -> (Option<Number>, Vec<NoteKind>) {
        match span.kind {
            Kind::Number => number(span.raw(bytes)),
            Kind::String => {
                self.decode(bytes, span);
                let text = self.scratch.trim();
                let (found, mut kinds) = number(text.as_bytes());
                if found.is_some() || kinds != [NoteKind::Unreadable] {
                    kinds.push(NoteKind::FromOtherType);
                    return (found, kinds);
                }
                match time::parse_date(text) {
                    Some(date) if date.zoned => (Some(Number::Date(date.seconds)), vec![NoteKind::FromDate]),
                    Some(date) => {
                        (Some(Number::Date(date.seconds)), vec![NoteKind::FromDate, NoteKind::AssumedUtc])
                    }
                    None => (None, kinds),
                }
            }
            _ => (None, vec![unread(span)]),
        }
    }
}

/// Takes milliseconds for what they are; notes what is no time of this world.
fn plausible(mut seconds: u64, kinds: &mut Vec<NoteKind>) -> u64 {
    if seconds > time::LATEST_PLAUSIBLE && seconds / 1000 <= time::LATEST_PLAUSIBLE {
        seconds /= 1000;
        kinds.push(NoteKind::Milliseconds);
    }
    if !(time::EARLIEST_PLAUSIBLE..=time::LATEST_PLAUSIBLE).contains(&seconds) {
        kinds.push(NoteKind::Implausible);
    }
    seconds
}

/// What stood where a number belongs.
enum Number {
    Plain(u64),
    /// A date, in seconds.
    Date(u64),
}

/// Reads a JSON number as whole seconds or a count; the notes say what had to be done.
fn number(raw: &[u8]) -> (Option<Number>, Vec<NoteKind>) {
    let digits = |sum: Option<u64>, byte: &u8| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        sum?.checked_mul(10)?.checked_add(digit)
    };
    if !raw.is_empty()
        && let Some(plain) = raw.iter().fold(Some(0), digits)
    {
        return (Some(Number::Plain(plain)), Vec::new());
    }
    let text = std::str::from_utf8(raw).unwrap_or_default();
    match text.parse::<f64>() {
        _ if !raw.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E')) => {
            (None, vec![NoteKind::Unreadable])
        }
        Err(_) => (None, vec![NoteKind::Unreadable]),
        Ok(float) if float < 0.0 => (None, vec![NoteKind::Negative]),
        #[expect(clippy::cast_precision_loss, reason = "the comparison is with the nearest float on purpose")]
        Ok(float) if float >= u64::MAX as f64 => (Some(Number::Plain(u64::MAX)), vec![NoteKind::Saturated]),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
        Ok(float) => {
            let notes = if float.fract() > 0.0 { vec![NoteKind::Floored] } else { Vec::new() };
            (Some(Number::Plain(float as u64)), notes)
        }
    }
}

fn unread(span: Span) -> NoteKind {
    if span.kind == Kind::Null { NoteKind::Null } else { NoteKind::Unreadable }
}

/// Delimits the elements of an array, at most `limit`.
fn elements_of(bytes: &[u8], array: Span, limit: usize, out: &mut Vec<Span>) {
    let mut cursor = Cursor::new(array.raw(bytes), 64);
    let mut step = || -> Result<bool, Fault> {
        if cursor.at == 0 {
            cursor.expect(b'[')?;
            if cursor.peek()? == b']' {
                return Ok(false);
            }
        }
        cursor.peek()?;
        let start = cursor.at;
        let value = cursor.value()?;
        out.push(Span::of(value, array.start + start, array.start + cursor.at));
        Ok(out.len() < limit && cursor.more(b']')?)
    };
    while let Ok(true) = step() {}
}

impl Span {
    fn of(value: Value<'_>, start: usize, end: usize) -> Self {
        let kind = match value {
            Value::String(_) => Kind::String,
            Value::Number(_) => Kind::Number,
            Value::Bool => Kind::Bool,
            Value::Null => Kind::Null,
            Value::Array(_) => Kind::Array,
            Value::Object(_) => Kind::Object,
        };
        Self { start, end, kind }
    }

    fn raw(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// A string without its quotes; anything else as it is.
    fn inner(self, bytes: &[u8]) -> &[u8] {
        let quotes = usize::from(self.kind == Kind::String);
        bytes.get(self.start + quotes..self.end - quotes).unwrap_or_default()
    }
}
