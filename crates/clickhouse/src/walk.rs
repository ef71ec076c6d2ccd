//! Reading tuples in the order of their keys: [`Snapshot`] is [`Tuples`] on a server.
//!
//! A walk asks for a few rows, and for more and more while it goes on. The last tuple of a slice may have more rows, so it is read
//! again with the next slice. Rows with the same key, bailiwick and source are merged here, whatever the server has merged.
//!
//! All rows about one name or one address are asked for at once, in any order, and put in order here if they are few, as they mostly are.
//!
//! On a cluster, each question about one name or one address asks the shard that has it. Others ask all shards, and merge what comes.
//!
//! A slice shows the table at one moment. What arrives between two slices may or may not be in an answer. Rows that do not follow each
//! other in order are an error, never an answer.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cof::Source;
use store::engine::{KeyRange, Side, Tuples, Value, Walk, Word};
use store::{StoreError, StoreErrorKind};

use crate::binary::Reader;
use crate::cluster::Shard;
use crate::link::{Link, Reply, Settings};
use crate::literal;
use crate::rows::{COLUMNS, Stored, first_byte};
use crate::schema::Schema;
use crate::sources::{Id, Sources};

/// A range about one name or one address usually has no more rows than this, and is then read at once.
const FEW: usize = 256;
/// By what factor each slice is larger than the one before.
const GROWTH: usize = 4;
/// The largest slice, in rows.
const SLICE: usize = 16_384;
/// The most rows of one tuple.
const TUPLE: usize = 1 << 20;
/// The largest slice, in bytes.
const MOST: usize = 64 << 20;

/// The tables, and the sources that were known at a moment.
pub(crate) struct Snapshot<'a> {
    link: &'a Link,
    schema: &'a Schema,
    sources: Arc<Sources>,
    /// How many rows the first slice of a walk has.
    first: usize,
    /// Whether there was a row of an unknown source.
    is_stale: AtomicBool,
}

impl<'a> Snapshot<'a> {
    pub(crate) fn new(link: &'a Link, schema: &'a Schema, sources: Arc<Sources>, first: usize) -> Self {
        Self { link, schema, sources, first: first.clamp(1, SLICE), is_stale: AtomicBool::new(false) }
    }

    /// Whether another process has added a source, so that the sources have to be read again.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }

    /// The query for the first rows of a range, in the order of their keys.
    fn sql(&self, shard: Shard, start: &[u8], end: &[u8], rows: usize) -> String {
        let (is_final, order) = if self.schema.reads_in_order() {
            (false, "ORDER BY key, bailiwick, source ")
        } else {
            (true, "")
        };
        let from = self.schema.entries.from(shard, is_final);
        format!("SELECT {COLUMNS} {from} {} {order}LIMIT {rows} FORMAT RowBinary", between(start, end))
    }

    /// The query for any rows of a range.
    fn sql_of_few(&self, shard: Shard, start: &[u8], end: &[u8], rows: usize) -> String {
        let from = self.schema.entries.filtered_from(shard);
        format!("SELECT {COLUMNS} {from} {} LIMIT {rows} FORMAT RowBinary", between(start, end))
    }
}

/// The condition of a range of keys.
fn between(start: &[u8], end: &[u8]) -> String {
    format!("key >= {} AND key < {}", literal::text(start), literal::text(end))
}

impl Tuples for Snapshot<'_> {
    fn walk(&self, side: Side, range: &KeyRange) -> Result<Box<dyn Walk<'_> + '_>, StoreError> {
        let byte = first_byte(side);
        let with_byte = |key: &[u8]| [&[byte][..], key].concat();
        let start = range.bounds().map(|(start, _)| match start {
            Bound::Included(key) | Bound::Excluded(key) => with_byte(key),
            Bound::Unbounded => vec![byte],
        });
        let end = match range.bounds() {
            Some((_, Bound::Included(key) | Bound::Excluded(key))) => with_byte(key),
            _ => vec![byte + 1],
        };
        let table = &self.schema.entries;
        let shards = match range.whole_head() {
            Some(head) => vec![table.shard_of(&with_byte(head))],
            None => table.shards(),
        };
        let is_narrow = range.whole_head().is_some();
        let stretch = |shard| {
            let (start, end) = (start.clone(), end.clone());
            let (rows, tuples) = (self.first, Vec::new());
            Stretch { snapshot: self, shard, start, end, is_narrow, rows, tuples, at: 0 }
        };
        let mut stretches: Vec<Stretch<'_>> = shards.into_iter().map(stretch).collect();
        match (stretches.pop(), stretches.is_empty()) {
            (Some(only), true) => Ok(Box::new(only)),
            (last, _) => {
                stretches.extend(last);
                Ok(Box::new(Gathered { stretches, at: None }))
            }
        }
    }
}

/// The tuples of a range, gathered from several shards. No key is on two of them.
struct Gathered<'a> {
    /// Those that have a tuple.
    stretches: Vec<Stretch<'a>>,
    /// The number of the stretch with the current tuple; `None` before the first.
    at: Option<usize>,
}

/// The tuples of a range on one shard.
struct Stretch<'a> {
    snapshot: &'a Snapshot<'a>,
    shard: Shard,
    /// Where the next slice begins; `None` if there is none.
    start: Option<Vec<u8>>,
    end: Vec<u8>,
    /// Whether it is tried to read all of it at once.
    is_narrow: bool,
    /// How many rows the next slice has.
    rows: usize,
    /// The tuples of this slice.
    tuples: Vec<Tuple<'a>>,
    /// The number of the current tuple in the slice, from 1; 0 before the first.
    at: usize,
}

/// A tuple with all its entries.
#[derive(Debug)]
struct Tuple<'a> {
    /// With the byte before it.
    key: Vec<u8>,
    entries: Vec<Entry<'a>>,
}

#[derive(Debug)]
struct Entry<'a> {
    bailiwick: u8,
    id: Id,
    source: &'a Source,
    value: Value,
}

/// What a slice consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unread {
    /// Bytes that are no rows.
    Form,
    /// Rows that are not sorted.
    Order,
    /// A row of a source that is not known.
    Source,
}

impl<'a> Walk<'a> for Gathered<'a> {
    fn advance(&mut self) -> Result<bool, StoreError> {
        match self.at {
            None => self.begin()?,
            Some(at) => {
                let is_there = self.stretches.get_mut(at).map_or(Ok(false), Walk::advance)?;
                if !is_there {
                    self.stretches.remove(at);
                }
            }
        }
        let first = self.stretches.iter().enumerate().min_by_key(|(_, stretch)| stretch.key());
        self.at = Some(first.map_or(0, |(at, _)| at));
        Ok(!self.stretches.is_empty())
    }

    fn key(&self) -> &[u8] {
        self.current().map_or(&[], Walk::key)
    }

    fn words(&self, words: &mut Vec<Word<'a>>) -> Result<(), StoreError> {
        self.current().map_or(Ok(()), |stretch| stretch.words(words))
    }
}

impl<'a> Gathered<'a> {
    fn current(&self) -> Option<&Stretch<'a>> {
        self.stretches.get(self.at?)
    }

    /// Asks all shards at the same time, and keeps those that have something.
    fn begin(&mut self) -> Result<(), StoreError> {
        let stretches = std::mem::take(&mut self.stretches);
        let begun: Vec<Result<_, StoreError>> = std::thread::scope(|scope| {
            let begin =
                |mut stretch: Stretch<'a>| scope.spawn(move || Ok(stretch.advance()?.then_some(stretch)));
            let threads: Vec<_> = stretches.into_iter().map(begin).collect();
            threads.into_iter().map(|thread| thread.join().map_err(|_| StoreError::Panicked)?).collect()
        });
        self.stretches = begun.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
        Ok(())
    }
}

impl<'a> Walk<'a> for Stretch<'a> {
    fn advance(&mut self) -> Result<bool, StoreError> {
        if self.at < self.tuples.len() {
            self.at += 1;
            return Ok(true);
        }
        self.tuples.clear();
        self.at = 0;
        let Some(start) = self.start.take() else { return Ok(false) };
        self.fetch(&start)?;
        self.at = self.tuples.len().min(1);
        Ok(self.at > 0)
    }

    fn key(&self) -> &[u8] {
        self.tuple().and_then(|tuple| tuple.key.get(1..)).unwrap_or_default()
    }

    fn words(&self, words: &mut Vec<Word<'a>>) -> Result<(), StoreError> {
        let entries = self.tuple().map(|tuple| tuple.entries.iter()).unwrap_or_default();
        words.extend(entries.map(|entry| Word {
            bailiwick: entry.bailiwick,
            source: entry.source,
            value: entry.value,
        }));
        Ok(())
    }
}

impl<'a> Stretch<'a> {
    fn tuple(&self) -> Option<&Tuple<'a>> {
        self.tuples.get(self.at.checked_sub(1)?)
    }

    /// Reads the next slice. It has at least one tuple, unless there are no more.
    fn fetch(&mut self, start: &[u8]) -> Result<(), StoreError> {
        if std::mem::take(&mut self.is_narrow)
            && let Some(tuples) = self.few(start)?
        {
            self.tuples = tuples;
            return Ok(());
        }
        loop {
            let (mut tuples, is_last) = self.slice(start)?;
            let begun = if is_last { None } else { tuples.pop() };
            let is_enough = is_last || !tuples.is_empty();
            if !is_enough && self.rows >= TUPLE {
                return Err(self.too_much());
            }
            self.rows = if is_enough {
                self.rows.saturating_mul(GROWTH).min(SLICE.max(self.rows))
            } else {
                self.rows.saturating_mul(GROWTH).min(TUPLE)
            };
            if is_enough {
                self.tuples = tuples;
                self.start = begun.map(|tuple| tuple.key);
                return Ok(());
            }
        }
    }

    /// The tuples of one slice, and whether it is the last one.
    fn slice(&self, start: &[u8]) -> Result<(Vec<Tuple<'a>>, bool), StoreError> {
        let snapshot = self.snapshot;
        let block = self.rows.clamp(1_024, 65_536).to_string();
        let settings = [("max_threads", "1".to_owned()), ("max_block_size", block)];
        let sql = snapshot.sql(self.shard, start, &self.end, self.rows);
        let reply = self.select(sql, &settings)?;
        let rows = rows(&reply.body, reply.is_cut).map_err(|unread| self.unreadable(unread))?;
        let tuples = tuples(&rows, &snapshot.sources).map_err(|unread| self.unreadable(unread))?;
        if reply.is_cut && tuples.len() < 2 {
            return Err(self.too_much());
        }
        Ok((tuples, !reply.is_cut && rows.len() < self.rows))
    }

    /// All tuples, if they have few rows. The server then need not put them in order, which takes it longer than reading them.
    fn few(&self, start: &[u8]) -> Result<Option<Vec<Tuple<'a>>>, StoreError> {
        let settings = [("max_threads", "1".to_owned()), ("max_block_size", FEW.to_string())];
        let sql = self.snapshot.sql_of_few(self.shard, start, &self.end, FEW);
        let reply = self.select(sql, &settings)?;
        let mut rows = rows(&reply.body, reply.is_cut).map_err(|unread| self.unreadable(unread))?;
        if reply.is_cut || rows.len() >= FEW {
            return Ok(None);
        }
        rows.sort_unstable_by_key(|row| (row.key, row.bailiwick, row.id));
        tuples(&rows, &self.snapshot.sources).map(Some).map_err(|unread| self.unreadable(unread))
    }

    fn select(&self, sql: String, settings: Settings<'_>) -> Result<Reply, StoreError> {
        let reply = self.snapshot.link.select(sql, MOST, settings);
        reply.map_err(|error| self.snapshot.schema.entries.of_shard(self.shard, error))
    }

    fn unreadable(&self, unread: Unread) -> StoreError {
        self.snapshot.link.strange(match unread {
            Unread::Form => "something else than rows",
            Unread::Order => "rows that are not in order",
            Unread::Source => {
                self.snapshot.is_stale.store(true, Ordering::Relaxed);
                "a row of a source that it does not have"
            }
        })
    }

    fn too_much(&self) -> StoreError {
        let detail = format!(
            "{}: more sources have reported one record than can be read at once",
            self.snapshot.link.address()
        );
        StoreError::engine(StoreErrorKind::Unavailable, detail)
    }
}

/// The rows of an answer. Of one that was cut, the last row may be incomplete and is left out.
fn rows(bytes: &[u8], is_cut: bool) -> Result<Vec<Stored<'_>>, Unread> {
    let mut reader = Reader::new(bytes);
    let mut rows = Vec::new();
    while !reader.is_at_end() {
        match Stored::read(&mut reader) {
            Some(row) => rows.push(row),
            None if is_cut => break,
            None => return Err(Unread::Form),
        }
    }
    Ok(rows)
}

/// The tuples of rows that are in order.
fn tuples<'a>(rows: &[Stored<'_>], sources: &'a Sources) -> Result<Vec<Tuple<'a>>, Unread> {
    let mut tuples: Vec<Tuple<'a>> = Vec::new();
    for row in rows {
        let source = sources.get(&row.id).ok_or(Unread::Source)?;
        let entry = Entry { bailiwick: row.bailiwick, id: row.id, source, value: row.value(source) };
        match tuples.last_mut() {
            Some(last) if last.key == row.key => last.add(entry)?,
            Some(last) if *last.key > *row.key => return Err(Unread::Order),
            _ => tuples.push(Tuple { key: row.key.to_vec(), entries: vec![entry] }),
        }
    }
    Ok(tuples)
}

impl<'a> Tuple<'a> {
    fn add(&mut self, entry: Entry<'a>) -> Result<(), Unread> {
        match self.entries.last_mut() {
            Some(last) if (last.bailiwick, last.id) == (entry.bailiwick, entry.id) => {
                last.value.merge(entry.value, entry.source.kind);
            }
            Some(last) if (last.bailiwick, last.id) > (entry.bailiwick, entry.id) => {
                return Err(Unread::Order);
            }
            _ => self.entries.push(entry),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(key: &[u8], bailiwick: u8) -> Vec<u8> {
        let mut bytes = vec![u8::try_from(key.len()).unwrap()];
        bytes.extend_from_slice(key);
        bytes.push(bailiwick);
        bytes.extend_from_slice(&[0; 16]);
        bytes.push(3);
        bytes.extend_from_slice(&[0; 24 + 16]);
        bytes
    }

    #[test]
    fn a_row_of_an_unknown_source_is_told_apart_from_bytes_that_are_none() {
        let bytes = row(b"a", 1);
        let read = rows(&bytes, false).unwrap();
        assert_eq!(tuples(&read, &Sources::default()).unwrap_err(), Unread::Source);
        let cut = &bytes[..20];
        assert_eq!(rows(cut, false).unwrap_err(), Unread::Form);
        assert!(rows(cut, true).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..120), is_cut: bool) {
            let _ = rows(&bytes, is_cut).and_then(|rows| tuples(&rows, &Sources::default()).map(drop));
        }
    }
}
