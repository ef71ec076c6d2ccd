//! Converts the members of one JSON object to records.
//!
//! [`Fields::parse`] finds the object's members in the buffer and stores their positions; [`Fields::records`] makes records
//! from them, with a note for every repair. Positions instead of slices allow using one `Fields` for the whole input without
//! borrowing the buffer.

use std::collections::VecDeque;
use std::sync::Arc;

use super::key::Key;
use super::number::{Number, date, number, plausible};
use super::{DamageKind, End, Limits, SafEnd};
use crate::json::{self, Cursor, Fault, Kind};
use crate::orientation::is_provable;
use crate::record::{Field, NoteKind};
use crate::time::Window;
use crate::{Name, Rdata, Record, RrType, escape};

/// The members of the current object, and what is kept between objects.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "two are settings, two say what the object at hand was like"
)]
pub(super) struct Fields {
    /// Which times are plausible.
    window: Window,
    members: [Option<Span>; Key::COUNT],
    /// The keys of the last objects by their positions, because the next object usually has the same ones.
    order: [Option<Key>; Key::COUNT],
    extras: Vec<(Span, Span)>,
    duplicates: Vec<Field>,
    alias: bool,
    /// Whether the provider swaps rrname and rdata.
    pub(super) turned: bool,
    /// Whether a record that is proven to be swapped is turned individually.
    pub(super) by_proof: bool,
    /// Whether a SAF answer has started and not ended.
    saf_is_open: bool,
    /// The worst end of the SAF answers so far.
    saf_worst: Option<SafEnd>,
    /// Whether the object was a record with an empty array of data.
    pub(super) without_data: bool,
    scratch: String,
    /// The last origin and sensor, which all records of an answer often share.
    origin: Shared,
    sensor: Shared,
}

/// A text that many records share, parsed once.
#[derive(Debug, Default)]
struct Shared {
    /// The raw text in the input.
    raw: Vec<u8>,
    text: Option<Arc<str>>,
    repairs: Repairs,
}

/// The position of a raw value in the object, and its kind.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
    kind: Kind,
}

/// A complete object.
pub(super) struct Parsed {
    /// Its length; for an envelope, up to and including the bracket of its array.
    pub(super) len: usize,
    pub(super) shape: Shape,
}

/// The purpose of an object.
pub(super) enum Shape {
    Empty,
    /// An object around an array of objects.
    Envelope,
    Record,
    Saf,
}

impl Fields {
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            members: [None; Key::COUNT],
            order: [None; Key::COUNT],
            extras: Vec::new(),
            duplicates: Vec::new(),
            alias: false,
            turned: false,
            by_proof: false,
            saf_is_open: false,
            saf_worst: None,
            without_data: false,
            scratch: String::new(),
            origin: Shared::default(),
            sensor: Shared::default(),
        }
    }

    /// Finds the members of the object that starts at `bytes[0]`.
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
        for place in 0.. {
            let (key, known) = self.key(&mut cursor, place)?;
            let first = cursor.peek()?;
            if first == b'[' && known.is_none() && self.opens_envelope(key.raw(bytes), &mut cursor)? {
                return Ok(Parsed { len: cursor.at, shape: Shape::Envelope });
            }
            let start = cursor.at;
            let kind = cursor.value()?;
            self.keep(key, known, Span { start, end: cursor.at, kind });
            if !cursor.more(b'}')? {
                break;
            }
        }
        let saf = self.member(Key::RrName).is_none()
            && (self.member(Key::Cond).is_some() || self.member(Key::Obj).is_some());
        Ok(Parsed { len: cursor.at, shape: if saf { Shape::Saf } else { Shape::Record } })
    }

    /// Consumes a key and its colon; if the last object had a known key at this position, that one is tried first.
    #[inline]
    fn key(&mut self, cursor: &mut Cursor<'_>, place: usize) -> Result<(Span, Option<Key>), Fault> {
        cursor.peek()?;
        let start = cursor.at + 1;
        if let Some(Some(known)) = self.order.get(place)
            && cursor.takes(known.quoted())
        {
            return Ok((Span { start, end: cursor.at - 2, kind: Kind::String }, Some(*known)));
        }
        let key = cursor.string()?;
        let end = cursor.at - 1;
        cursor.expect(b':')?;
        let known = Key::of(key);
        self.alias |= key == b"rrdata";
        if let Some(expected) = self.order.get_mut(place) {
            *expected = known;
        }
        Ok((Span { start: end - key.len(), end, kind: Kind::String }, known))
    }

    /// Whether the array at the cursor belongs to an envelope: `data` or `results`, before any rrname. The cursor is then after
    /// its bracket.
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

    #[inline]
    fn keep(&mut self, key: Span, known: Option<Key>, value: Span) {
        match known.and_then(|known| self.members.get_mut(known as usize)) {
            Some(slot @ None) => *slot = Some(value),
            _ => self.keep_unusual(key, known, value),
        }
    }

    /// Stores a member with an unknown key, or with a repeated one.
    #[cold]
    fn keep_unusual(&mut self, key: Span, known: Option<Key>, value: Span) {
        let Some(known) = known else {
            self.extras.push((key, value));
            return;
        };
        if let Some(slot) = self.members.get_mut(known as usize) {
            *slot = Some(value);
            self.duplicates.push(known.field());
        }
    }

    fn member(&self, key: Key) -> Option<Span> {
        self.members.get(key as usize).copied().flatten()
    }

    /// Handles a SAF frame; returns the bytes of the object in it, whose members have already been found.
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
        let ended = match (member(Key::Cond), text(member(Key::Cond)).as_str()) {
            (None, _) | (_, "ongoing") => None,
            // An input may contain several answers, and the previous one may have had no end.
            (_, "begin") if self.saf_is_open => Some(SafEnd::Missing),
            (_, "begin") => None,
            (_, "succeeded") => Some(SafEnd::Succeeded),
            (_, "limited") => Some(SafEnd::Limited(message)),
            (_, "failed") => Some(SafEnd::Failed(message)),
            _ => return Err(DamageKind::Missing(Field::Record)),
        };
        self.saf_is_open = matches!(ended, None | Some(SafEnd::Missing));
        if let Some(ended) = ended {
            self.saf_worst = Some(ended.worse_of(self.saf_worst.take()));
        }
        let open = self.saf_is_open.then_some(SafEnd::Missing);
        end.saf = match (open, &self.saf_worst) {
            (Some(open), worst) => Some(open.worse_of(worst.clone())),
            (None, worst) => worst.clone(),
        };
        let Some(object) = member(Key::Obj).filter(|span| span.kind == Kind::Object) else { return Ok(None) };
        let inner = object.raw(bytes);
        match self.parse(inner, 64) {
            Ok(Parsed { shape: Shape::Record, .. }) => Ok(Some(inner)),
            _ => Err(DamageKind::Missing(Field::RrName)),
        }
    }

    /// Makes records from the members: one for each element of an array of data.
    pub(super) fn records(
        &mut self,
        bytes: &[u8],
        limits: Limits,
        out: &mut VecDeque<Record>,
    ) -> Result<(), DamageKind> {
        if !self.by_proof {
            return self.records_of_one_side(bytes, limits, self.turned, out);
        }
        let duplicates = self.duplicates.clone();
        let members = self.turned.then_some(self.members);
        let first = out.len();
        let expected = self.records_of_one_side(bytes, limits, self.turned, out);
        let unproven = |record: &Record| is_provable(record.rrtype) && record.rdata.is_text();
        let doubtful = out.range(first..).all(unproven) && self.rrtype(bytes).is_some_and(is_provable);
        if !doubtful {
            return expected;
        }
        // The expected side proves nothing; a value on the other side that is valid data does.
        self.members = members.unwrap_or(self.members);
        self.duplicates = duplicates;
        let mut other = VecDeque::new();
        let turned = self.records_of_one_side(bytes, limits, !self.turned, &mut other);
        if turned.is_ok() && !other.is_empty() && other.iter().all(|record| !record.rdata.is_text()) {
            out.truncate(first);
            out.append(&mut other);
            return turned;
        }
        expected
    }

    fn records_of_one_side(
        &mut self,
        bytes: &[u8],
        limits: Limits,
        turned: bool,
        out: &mut VecDeque<Record>,
    ) -> Result<(), DamageKind> {
        if !turned {
            return self.of_owner(bytes, limits, turned, out);
        }
        let owners = self.turn(bytes, limits.elements)?;
        for owner in owners {
            if let Some(member) = self.members.get_mut(Key::RrName as usize) {
                *member = owner;
            }
            self.of_owner(bytes, limits, turned, out)?;
        }
        Ok(())
    }

    fn of_owner(
        &mut self,
        bytes: &[u8],
        limits: Limits,
        turned: bool,
        out: &mut VecDeque<Record>,
    ) -> Result<(), DamageKind> {
        let (rrname, repairs) = self.name(bytes, Key::RrName).ok_or(DamageKind::Missing(Field::RrName))?;
        let rrtype = self.rrtype(bytes).ok_or(DamageKind::Missing(Field::RrType))?;
        let rdata = self.member(Key::Rdata).ok_or(DamageKind::Missing(Field::Rdata))?;
        let mut record = Record::new(rrname, rrtype, Rdata::empty());
        repairs.note(Field::RrName, &mut record);
        if turned {
            record.note(Field::Record, NoteKind::Turned);
        }
        self.rest(bytes, &mut record);
        match rdata.kind {
            Kind::String if self.set_rdata(bytes, rdata, &mut record) => {
                out.push_back(record);
                Ok(())
            }
            Kind::Array => self.siblings(bytes, rdata, limits.elements, record, out),
            _ => Err(DamageKind::Missing(Field::Rdata)),
        }
    }

    /// Makes a record from each element of an array of data.
    fn siblings(
        &mut self,
        bytes: &[u8],
        array: Span,
        limit: usize,
        mut record: Record,
        out: &mut VecDeque<Record>,
    ) -> Result<(), DamageKind> {
        let mut elements = Vec::new();
        // One more than the limit, to detect whether it is exceeded.
        elements_of(bytes, array, limit.saturating_add(1), &mut elements);
        self.without_data = elements.is_empty();
        let outcome = if elements.len() > limit { Err(DamageKind::Elements) } else { Ok(()) };
        elements.truncate(limit);
        let whole = elements.len();
        elements.retain(|span| span.kind == Kind::String);
        if elements.len() < whole {
            record.note(Field::Rdata, NoteKind::BadElement);
        }
        if elements.is_empty() && !self.without_data && outcome.is_ok() {
            return Err(DamageKind::Missing(Field::Rdata));
        }
        let first = out.len();
        let mut left_out = false;
        for span in elements {
            let mut sibling = record.clone();
            if self.set_rdata(bytes, span, &mut sibling) {
                out.push_back(sibling);
            } else {
                left_out = true;
            }
        }
        if left_out && out.len() == first {
            return Err(DamageKind::Missing(Field::Rdata));
        }
        if left_out {
            out.iter_mut().skip(first).for_each(|record| record.note(Field::Rdata, NoteKind::BadElement));
        }
        outcome
    }

    /// Exchanges the owner and the data of a swapped record; returns the owners, of which an array has several.
    fn turn(&mut self, bytes: &[u8], limit: usize) -> Result<Vec<Option<Span>>, DamageKind> {
        self.members.swap(Key::RrName as usize, Key::Rdata as usize);
        let owner = self.member(Key::RrName);
        let Some(array) = owner.filter(|span| span.kind == Kind::Array) else { return Ok(vec![owner]) };
        let mut owners = Vec::new();
        elements_of(bytes, array, limit.saturating_add(1), &mut owners);
        if owners.len() > limit {
            return Err(DamageKind::Elements);
        }
        self.without_data = owners.is_empty();
        Ok(owners.into_iter().map(Some).collect())
    }

    /// Everything but the tuple.
    fn rest(&mut self, bytes: &[u8], record: &mut Record) {
        if matches!(record.rrtype, RrType::Word(_)) {
            record.note(Field::RrType, NoteKind::UnknownType);
        }
        let times =
            self.times(bytes, [Key::TimeFirst, Key::TimeLast], [Key::TimeFirstMs, Key::TimeLastMs], record);
        [record.time_first, record.time_last] = times;
        let zone = [Key::ZoneTimeFirst, Key::ZoneTimeLast];
        [record.zone_time_first, record.zone_time_last] = self.times(bytes, zone, zone, record);
        record.count = self.count(bytes, record);
        self.texts(bytes, record);
        for field in std::mem::take(&mut self.duplicates) {
            record.note(field, NoteKind::DuplicateKey);
        }
        if self.alias {
            record.note(Field::Rdata, NoteKind::Alias);
        }
        if !self.extras.is_empty() {
            let lossy = |span: &Span| String::from_utf8_lossy(span.raw(bytes)).into();
            record.extras = self.extras.iter().map(|(key, value)| (lossy(key), lossy(value))).collect();
        }
    }

    /// Bailiwick, sensor and origin.
    fn texts(&mut self, bytes: &[u8], record: &mut Record) {
        if let Some(span) = self.member(Key::Bailiwick) {
            match self.name(bytes, Key::Bailiwick) {
                Some((name, repairs)) => {
                    record.bailiwick = Some(name);
                    repairs.note(Field::Bailiwick, record);
                }
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
            let (shared, slot) = match key {
                Key::Origin => (&mut self.origin, &mut record.origin),
                _ => (&mut self.sensor, &mut record.sensor_id),
            };
            *slot = Some(shared.read(span.inner(bytes)));
            shared.repairs.note(key.field(), record);
        }
    }

    /// Parses the data; false if it should be a name and is not valid, because nobody could query it.
    fn set_rdata(&mut self, bytes: &[u8], span: Span, record: &mut Record) -> bool {
        if let Some(rdata) = Rdata::parse_plain(record.rrtype, span.inner(bytes)) {
            record.rdata = rdata;
            return true;
        }
        let replaced = self.decode(bytes, span);
        Repairs::of(replaced, &self.scratch).note(Field::Rdata, record);
        record.rdata = Rdata::parse(record.rrtype, &self.scratch);
        if record.rdata.is_text() && record.rrtype.code().is_some() {
            if lacks_name(record.rrtype, &self.scratch) {
                return false;
            }
            record.note(Field::Rdata, NoteKind::KeptAsText);
        }
        true
    }

    /// Decodes a string into the scratch buffer; returns whether something had to be replaced.
    fn decode(&mut self, bytes: &[u8], span: Span) -> bool {
        self.scratch.clear();
        json::decode(span.inner(bytes), &mut self.scratch)
    }

    fn name(&mut self, bytes: &[u8], key: Key) -> Option<(Name, Repairs)> {
        let span = self.member(key).filter(|span| span.kind == Kind::String)?;
        if let Some(name) = Name::parse_plain(span.inner(bytes)) {
            return Some((name, Repairs::default()));
        }
        let replaced = self.decode(bytes, span);
        let repairs = Repairs::of(replaced, &self.scratch);
        Name::parse(&self.scratch).ok().map(|name| (name, repairs))
    }

    fn rrtype(&mut self, bytes: &[u8]) -> Option<RrType> {
        let span = self.member(Key::RrType)?;
        match span.kind {
            Kind::String => RrType::common(span.inner(bytes)).or_else(|| {
                self.decode(bytes, span);
                RrType::parse(&self.scratch).ok()
            }),
            Kind::Number => std::str::from_utf8(span.raw(bytes)).ok()?.parse().ok().map(RrType::Code),
            _ => None,
        }
    }

    fn count(&mut self, bytes: &[u8], record: &mut Record) -> Option<u64> {
        let span = self.member(Key::Count)?;
        match self.number(bytes, span, Field::Count, record)? {
            // A record has been seen at least once: 0 means that the count is unknown, for clients that require a number, and
            // `Dialect::Circl` writes it.
            Number::Plain(0) => None,
            Number::Plain(count) => Some(count),
            Number::Date(_) => {
                record.note(Field::Count, NoteKind::Unreadable);
                None
            }
        }
    }

    /// A time from its usual key, or else from the one for milliseconds; the number itself determines its unit.
    fn time(&mut self, bytes: &[u8], key: Key, millis: Key, record: &mut Record) -> Option<u64> {
        let span = self.member(key).or_else(|| self.member(millis))?;
        match self.number(bytes, span, key.field(), record)? {
            Number::Plain(number) => plausible(number, self.window, key.field(), record),
            Number::Date(seconds) if self.window.holds(seconds) => Some(seconds),
            Number::Date(_) => {
                record.note(key.field(), NoteKind::Implausible);
                None
            }
        }
    }

    /// First and last seen. If a time in another unit contradicts the other time, it is dropped, because a guess must not
    /// change the order of what was stated.
    fn times(
        &mut self,
        bytes: &[u8],
        keys: [Key; 2],
        millis: [Key; 2],
        record: &mut Record,
    ) -> [Option<u64>; 2] {
        let mut times = [None; 2];
        for ((time, key), millis) in times.iter_mut().zip(keys).zip(millis) {
            *time = self.time(bytes, key, millis, record);
        }
        if times[0] <= times[1] || times[1].is_none() {
            return times;
        }
        let units = keys.map(|key| record.unit_of(key.field()));
        if units[0] == units[1] {
            record.note(keys[0].field(), NoteKind::Reversed);
            return times;
        }
        for ((time, key), unit) in times.iter_mut().zip(keys).zip(units) {
            if unit.is_some() {
                *time = None;
                record.note(key.field(), NoteKind::Implausible);
            }
        }
        times
    }

    /// Parses a number, which may be a string, a fraction, a date, negative or null.
    fn number(&mut self, bytes: &[u8], span: Span, field: Field, record: &mut Record) -> Option<Number> {
        let text = match span.kind {
            Kind::Number => span.raw(bytes),
            Kind::String => {
                self.decode(bytes, span);
                self.scratch.trim().as_bytes()
            }
            _ => {
                record.note(field, unread(span));
                return None;
            }
        };
        let (number, kind) = number(text);
        if kind == Some(NoteKind::Unreadable) && span.kind == Kind::String {
            return date(&self.scratch, field, record);
        }
        if let Some(kind) = kind {
            record.note(field, kind);
        }
        if span.kind == Kind::String {
            record.note(field, NoteKind::FromOtherType);
        }
        number.map(Number::Plain)
    }
}

/// The repairs of a text before it was parsed.
#[derive(Clone, Copy, Debug, Default)]
struct Repairs {
    /// Whether something in it had to be replaced.
    replaced: bool,
    /// Whether surrounding white space was removed.
    trimmed: bool,
}

impl Repairs {
    fn of(replaced: bool, text: &str) -> Self {
        Self { replaced, trimmed: escape::trim(text).len() < text.len() }
    }

    fn note(self, field: Field, record: &mut Record) {
        if self.replaced {
            record.note(field, NoteKind::Replaced);
        }
        if self.trimmed {
            record.note(field, NoteKind::Trimmed);
        }
    }
}

impl Shared {
    fn read(&mut self, raw: &[u8]) -> Arc<str> {
        match &self.text {
            Some(text) if self.raw == raw => text.clone(),
            _ => {
                let mut text = String::new();
                let replaced = json::decode(raw, &mut text);
                self.repairs = Repairs::of(replaced, &text);
                self.raw = raw.into();
                self.text.insert(escape::trim(&text).into()).clone()
            }
        }
    }
}

fn unread(span: Span) -> NoteKind {
    if span.kind == Kind::Null { NoteKind::Null } else { NoteKind::Unreadable }
}

/// Whether invalid data has something else in place of its name: nothing at all, or a blank within it.
fn lacks_name(rrtype: RrType, text: &str) -> bool {
    let fields = match rrtype {
        RrType::NS | RrType::CNAME | RrType::DNAME | RrType::PTR => return true,
        RrType::MX => 2,
        RrType::SRV => 4,
        _ => return false,
    };
    let count = text.split_whitespace().count();
    count == 0 || count > fields
}

/// Finds the elements of an array, at most `limit`.
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
        let kind = cursor.value()?;
        out.push(Span { start: array.start + start, end: array.start + cursor.at, kind });
        Ok(out.len() < limit && cursor.more(b']')?)
    };
    while let Ok(true) = step() {}
}

impl Span {
    fn raw(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// A string without its quotes; any other value unchanged.
    fn inner(self, bytes: &[u8]) -> &[u8] {
        let quotes = usize::from(self.kind == Kind::String);
        bytes.get(self.start + quotes..self.end - quotes).unwrap_or_default()
    }
}
