//! Batches that are not on all shards of a cluster yet: [`Pending`] reads and writes the table `pending`.
//!
//! A batch waits under an [`Id`]: that of its input, or one that a process has made up for batches without a position. Each change of a
//! row has a higher version; an even version is a batch, the odd one after it says that this batch is complete. So there is one row
//! for each input, and it is small unless its last batch is not complete.

use std::time::Duration;

use bytes::Bytes;
use store::StoreError;

use crate::binary::{Block, Column, Reader};
use crate::cluster::{Shard, Table};
use crate::link::Link;
use crate::literal;

/// What batches wait under.
pub(crate) type Id = [u8; 32];

/// The longest row, in bytes; a batch is shorter.
const MOST: usize = 1 << 30;
/// How many batches are looked for at once.
const AT_ONCE: usize = 1_000;

/// A batch that is not on all shards yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Of this input; `None` for one without a position.
    pub(crate) input: Option<Box<str>>,
    /// The version of the input's next position.
    pub(crate) version: u64,
    /// What the block of each shard is marked with.
    pub(crate) mark: Vec<u8>,
    /// The blocks.
    pub(crate) parts: Vec<(Shard, Bytes)>,
}

/// The table.
#[derive(Debug)]
pub(crate) struct Pending {
    table: Table,
}

/// The id of an input.
pub(crate) fn id_of(input: &str) -> Id {
    *blake3::hash(input.as_bytes()).as_bytes()
}

impl Pending {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }

    /// Stores a batch.
    ///
    /// # Errors
    /// Those of [`Link::insert`].
    pub(crate) fn put(&self, link: &Link, id: &Id, waiting: &Waiting) -> Result<(), StoreError> {
        self.insert(link, id, waiting.version.saturating_mul(2), Some(waiting))
    }

    /// Says that the batch with this version is complete.
    ///
    /// # Errors
    /// Those of [`Link::insert`].
    pub(crate) fn clear(&self, link: &Link, id: &Id, version: u64) -> Result<(), StoreError> {
        self.insert(link, id, version.saturating_mul(2).saturating_add(1), None)
    }

    fn insert(
        &self,
        link: &Link,
        id: &Id,
        version: u64,
        waiting: Option<&Waiting>,
    ) -> Result<(), StoreError> {
        let shard = self.table.shard_of(id);
        let block = block(id, version, waiting).on(std::iter::once(shard));
        let inserted = link.insert(&self.table.whole(), block, None);
        inserted.map_err(|error| self.table.of_shard(shard, error))
    }

    /// The batch that waits under an id.
    ///
    /// # Errors
    /// Those of [`Link::select`].
    pub(crate) fn get(&self, link: &Link, id: &Id) -> Result<Option<Waiting>, StoreError> {
        let shard = self.table.shard_of(id);
        let ask = |columns: &str, also: &str| {
            let from = self.table.from(shard, true);
            let id = literal::text(id);
            let reply =
                link.select(format!("SELECT {columns} {from} id = {id}{also} FORMAT RowBinary"), MOST, &[]);
            reply.map_err(|error| self.table.of_shard(shard, error))
        };
        // The blocks are only read if there are some.
        let version = Reader::new(&ask("version", "")?.body).number();
        let Some(version) = version.filter(|version| version % 2 == 0) else { return Ok(None) };
        let reply = ask("has_input, input, mark, parts", &format!(" AND version = {version}"))?;
        if reply.body.is_empty() {
            // It was completed in between.
            return Ok(None);
        }
        let waiting = if reply.is_cut { None } else { decode(&reply.body, version / 2) };
        waiting.map(Some).ok_or_else(|| link.strange("something else than a batch"))
    }

    /// The ids of batches that are at least so many seconds old. The query is tried again after these pauses.
    ///
    /// # Errors
    /// Those of [`Link::select`].
    pub(crate) fn old(
        &self,
        link: &Link,
        age: u32,
        pauses: &'static [Duration],
    ) -> Result<Vec<Id>, StoreError> {
        let sql = format!(
            "SELECT id {} version % 2 = 0 AND at <= now() - {age} LIMIT {AT_ONCE} FORMAT RowBinary",
            self.table.from(None, true)
        );
        let reply = link.select_with(sql, MOST, &[], pauses)?;
        let mut reader = Reader::new(&reply.body);
        let mut ids = Vec::new();
        while !reader.is_at_end() {
            ids.push(reader.fixed().ok_or_else(|| link.strange("something else than ids"))?);
        }
        Ok(ids)
    }
}

fn block(id: &Id, version: u64, waiting: Option<&Waiting>) -> Block {
    let [mut ids, mut versions, mut has_input, mut inputs] = [(); 4].map(|()| Column::default());
    let [mut marks, mut parts] = [(); 2].map(|()| Column::default());
    let input = waiting.and_then(|waiting| waiting.input.as_deref());
    ids.fixed(id);
    versions.number(version);
    has_input.byte(input.is_some().into());
    inputs.string(input.unwrap_or_default().as_bytes());
    marks.string(waiting.map_or(&[], |waiting| &waiting.mark));
    parts.string(&waiting.map_or_else(Vec::new, |waiting| joined(&waiting.parts)));
    Block::new(1)
        .with("id", "FixedString(32)", ids)
        .with("version", "UInt64", versions)
        .with("has_input", "UInt8", has_input)
        .with("input", "String", inputs)
        .with("mark", "String", marks)
        .with("parts", "String", parts)
}

/// Each part as the number of its shard, its length and its bytes.
fn joined(parts: &[(Shard, Bytes)]) -> Vec<u8> {
    let size: usize = parts.iter().map(|(_, bytes)| bytes.len() + 10).sum();
    let mut joined = Vec::with_capacity(size);
    for (shard, bytes) in parts {
        joined.extend_from_slice(&shard.unwrap_or_default().to_le_bytes());
        joined.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        joined.extend_from_slice(bytes);
    }
    joined
}

/// One row; `None` for anything that [`block`] did not write.
fn decode(bytes: &[u8], version: u64) -> Option<Waiting> {
    let mut reader = Reader::new(bytes);
    let has_input = reader.byte()? == 1;
    let input = reader.text()?;
    let mark = reader.string()?.to_vec();
    let mut rest = Reader::new(reader.string()?);
    let mut parts = Vec::new();
    while !rest.is_at_end() {
        let shard = u16::from_le_bytes(rest.fixed()?);
        let length = usize::try_from(rest.number()?).ok()?;
        parts.push((Some(shard), Bytes::copy_from_slice(rest.take(length)?)));
    }
    reader.is_at_end().then(|| Waiting { input: has_input.then(|| input.into()), version, mark, parts })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_batch_reads_back(
            input in prop::option::of("[a-c]{0,9}"), version: u32, mark in prop::collection::vec(any::<u8>(), 0..90),
            parts in prop::collection::vec((any::<u16>(), prop::collection::vec(any::<u8>(), 0..40)), 0..4),
        ) {
            let parts: Vec<(Shard, Bytes)> =
                parts.into_iter().map(|(shard, bytes)| (Some(shard), bytes.into())).collect();
            let input = input.map(Into::into);
            let waiting = Waiting { input, version: version.into(), mark, parts };
            // As the server would send it.
            let (mut name, mut mark, mut blocks) = (Column::default(), Column::default(), Column::default());
            name.string(waiting.input.as_deref().unwrap_or_default().as_bytes());
            mark.string(&waiting.mark);
            blocks.string(&joined(&waiting.parts));
            let columns = [name, mark, blocks].map(Column::into_bytes);
            let row = [&[waiting.input.is_some().into()][..], &columns.concat()].concat();
            prop_assert_eq!(decode(&row, version.into()), Some(waiting));
            for end in 0..row.len() {
                prop_assert_eq!(decode(&row[..end], 0), None);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = decode(&bytes, 1);
        }
    }
}
