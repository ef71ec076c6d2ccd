//! A part of a database that is copied as one batch: [`Slice`]. Errors are [`StoreError`].

use blake3::Hasher;
use cof::{Batch, Name, Observation, Position, Record, Source, SourceKind};
use serde::{Deserialize, Serialize};
use store::engine::key;
use store::{Apart, Cursor, Question, Store, StoreError, StoreErrorKind, Subject, source_kind};

/// A slice ends with the tuple that reaches this size, in bytes of keys.
const BYTES: usize = 32 << 20;

/// The tuples of a range of keys.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Slice {
    /// From 1.
    pub(super) number: u64,
    /// The key of the first tuple of the next one; `None` for the last one.
    pub(super) next: Option<Vec<u8>>,
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
    /// Reads whole tuples from this key on, until they have so many entries or sources.
    ///
    /// # Errors
    /// Those of the store; `Incompatible` for a row without source or times, which no engine of this version answers.
    pub(super) fn read(
        from: &dyn Store,
        number: u64,
        start: Option<Vec<u8>>,
        most: Most,
    ) -> Result<Self, StoreError> {
        let (mut content, mut bytes) = (Batch::default(), 0);
        let mut tuples = WholeTuples::new(from, start, most.entries);
        while let Some(tuple) = tuples.next()? {
            bytes += tuple.key.len();
            let is_full = content.observations.len() >= most.entries || bytes >= BYTES;
            let is_begun = !content.observations.is_empty();
            if is_begun && (is_full || sources_with(&content, &tuple.rows) > most.sources) {
                return Ok(Self { number, next: Some(tuple.key), content });
            }
            for row in tuple.rows {
                add(&mut content, row)?;
            }
        }
        Ok(Self { number, next: None, content })
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

/// Where a slice ends; it has at least one tuple.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    pub(super) entries: usize,
    pub(super) sources: usize,
}

/// A tuple with all its entries.
struct Tuple {
    key: Vec<u8>,
    rows: Vec<Record>,
}

/// Reads tuples one after another, each at one moment.
///
/// The cursor of a page that ends within a tuple counts its rows, and a row that another sensor adds or somebody drops meanwhile would
/// make the next page repeat a row, or leave one out. So the last tuple of a page is read again with the next page. Only a tuple
/// that fills pages by itself is read with such cursors.
struct WholeTuples<'a> {
    from: &'a dyn Store,
    question: Question,
    /// Tuples before this key were read.
    start: Vec<u8>,
    /// The tuples of the page, the next one last.
    read: Vec<Tuple>,
    is_over: bool,
}

impl<'a> WholeTuples<'a> {
    fn new(from: &'a dyn Store, start: Option<Vec<u8>>, limit: usize) -> Self {
        let cursor = start.as_ref().map(|key| Cursor::new(key, 0));
        let question = Question { cursor, limit, ..everything() };
        Self { from, question, start: start.unwrap_or_default(), read: Vec::new(), is_over: false }
    }

    fn next(&mut self) -> Result<Option<Tuple>, StoreError> {
        while self.read.is_empty() && !self.is_over {
            self.page()?;
        }
        Ok(self.read.pop())
    }

    /// Reads pages until there is a whole tuple, or no more.
    fn page(&mut self) -> Result<(), StoreError> {
        let mut tuples: Vec<Tuple> = Vec::new();
        loop {
            let page = self.from.lookup(&self.question)?;
            for row in page.records {
                let key = key::by_owner(&row.rrname, row.rrtype, &row.rdata);
                match tuples.last_mut() {
                    Some(last) if last.key == key => last.rows.push(row),
                    // A cursor holds a part of a long key only, and then the page begins before it.
                    _ if key < self.start => {}
                    _ => tuples.push(Tuple { key, rows: vec![row] }),
                }
            }
            self.question.cursor = page.next;
            self.is_over = self.question.cursor.is_none();
            if self.is_over || tuples.len() > 1 {
                break;
            }
        }
        if !self.is_over
            && let Some(begun) = tuples.pop()
        {
            self.question.cursor = Some(Cursor::new(&begun.key, 0));
            self.start = begun.key;
        }
        tuples.reverse();
        self.read = tuples;
        Ok(())
    }
}

/// How many sources a batch has with these rows.
fn sources_with(batch: &Batch, rows: &[Record]) -> usize {
    let is_new = |row: &&Record| source(row).is_some_and(|source| !batch.sources.contains(&source));
    batch.sources.len() + rows.iter().filter(is_new).count()
}

fn source(row: &Record) -> Option<Source> {
    Some(Source { kind: source_kind(row)?, origin: row.origin.clone(), sensor: row.sensor_id.clone() })
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
    fn is_about_the_same(&self, other: &Self) -> bool {
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
