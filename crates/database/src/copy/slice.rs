//! A part of a database that is copied as one batch: [`Slice`]. Errors are [`StoreError`].

use blake3::Hasher;
use cof::{Batch, Name, Observation, Position, Record, Source, SourceKind};
use serde::{Deserialize, Serialize};
use store::engine::key;
use store::{Apart, Cursor, Question, Store, StoreError, StoreErrorKind, Subject, source_kind};

/// A slice ends with the page that reaches this size, in bytes of keys.
const BYTES: usize = 32 << 20;

/// The entries of a range of keys.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Slice {
    /// From 1.
    pub(super) number: u64,
    /// Where the next one begins; `None` for the last one.
    pub(super) next: Option<Cursor>,
    /// The entries in the order of their keys, without a position.
    content: Batch,
}

/// What one source says about a tuple, within one bailiwick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    /// The tuple; entries are sorted by it.
    pub(super) key: Vec<u8>,
    bailiwick: Option<Name>,
    source: Source,
    first: u64,
    last: u64,
    count: Option<u64>,
}

impl Slice {
    /// Reads the entries behind a cursor, until there are this many.
    ///
    /// # Errors
    /// Those of the store; `Incompatible` for a row without source or times, which no engine of this version answers.
    pub(super) fn read(
        from: &dyn Store,
        number: u64,
        cursor: Option<Cursor>,
        most: usize,
    ) -> Result<Self, StoreError> {
        let mut question = Question { cursor, limit: most, ..everything() };
        let (mut content, mut bytes) = (Batch::default(), 0);
        loop {
            let page = from.lookup(&question)?;
            for row in page.records {
                bytes += key::by_owner(&row.rrname, row.rrtype, &row.rdata).len();
                add(&mut content, row)?;
            }
            question.cursor = page.next;
            if question.cursor.is_none() || content.observations.len() >= most || bytes >= BYTES {
                return Ok(Self { number, next: question.cursor, content });
            }
        }
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.content.observations.len()
    }

    /// Its entries.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.content.observations.iter().filter_map(|one| {
            let source = self.content.sources.get(one.source)?.clone();
            let key = key::by_owner(&one.rrname, one.rrtype, &one.rdata);
            let bailiwick = one.bailiwick.clone();
            Some(Entry {
                key,
                bailiwick,
                source,
                first: one.time_first,
                last: one.time_last,
                count: one.count,
            })
        })
    }

    /// The batch that stores it.
    pub(super) fn batch(&self, input: &str) -> Batch {
        let position = Position { whole: self.next.is_none(), ..Position::new(input, self.number) };
        Batch { position: Some(position), ..self.content.clone() }
    }
}

/// All entries of a database, in the order of their keys.
pub(super) fn everything() -> Question {
    Question { apart: Apart::Source, ..Question::new(Subject::Suffix(Name::root())) }
}

/// A digest of entries in the order of their keys.
pub(super) fn digest(entries: &[Entry]) -> blake3::Hash {
    let mut hasher = Hasher::new();
    for entry in entries {
        // Nothing of an entry can fail to be serialised; if it did, the digests would differ.
        let bytes = postcard::to_stdvec(entry).unwrap_or_default();
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    }
    hasher.finalize()
}

impl Entry {
    /// The entry in a row of [`everything`].
    ///
    /// # Errors
    /// Those of [`Slice::read`].
    pub(super) fn of(row: Record) -> Result<Self, StoreError> {
        let (kind, first, last) = said(&row)?;
        let key = key::by_owner(&row.rrname, row.rrtype, &row.rdata);
        let source = Source { kind, origin: row.origin, sensor: row.sensor_id };
        Ok(Self { key, bailiwick: row.bailiwick, source, first, last, count: row.count })
    }

    /// Whether both are statements of the same source about the same tuple, within the same bailiwick.
    pub(super) fn is_about_the_same(&self, other: &Self) -> bool {
        self.key == other.key && self.source == other.source && self.bailiwick == other.bailiwick
    }

    /// Whether this says at least as much as another entry about the same.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let is_as_long = self.first <= other.first && self.last >= other.last;
        self.is_about_the_same(other) && is_as_long && self.count >= other.count
    }
}

/// Adds the entry in a row of [`everything`] to a batch.
fn add(batch: &mut Batch, row: Record) -> Result<(), StoreError> {
    let (kind, time_first, time_last) = said(&row)?;
    let source = Source { kind, origin: row.origin, sensor: row.sensor_id };
    let known = batch.sources.iter().position(|known| *known == source);
    let source = known.unwrap_or_else(|| {
        batch.sources.push(source);
        batch.sources.len() - 1
    });
    batch.observations.push(Observation {
        rrname: row.rrname,
        rrtype: row.rrtype,
        rdata: row.rdata,
        bailiwick: row.bailiwick,
        time_first,
        time_last,
        count: row.count,
        source,
    });
    Ok(())
}

/// The kind of source and the times of a row of [`everything`].
fn said(row: &Record) -> Result<(SourceKind, u64, u64), StoreError> {
    let kind = source_kind(row);
    let times = match kind {
        Some(SourceKind::Zone) => row.zone_time_first.zip(row.zone_time_last),
        _ => row.time_first.zip(row.time_last),
    };
    match (kind, times) {
        (Some(kind), Some((first, last))) => Ok((kind, first, last)),
        _ => Err(StoreError::engine(StoreErrorKind::Incompatible, "a row has no source or no times")),
    }
}
