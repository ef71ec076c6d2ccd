//! Storing on the shards of a cluster: a batch counts once on each of them.
//!
//! First, all blocks of a batch are stored as one row of the table `pending`; then each is sent to its shard; then the position is
//! stored; then the row is emptied. A block that is sent again is the same bytes, which a shard drops if it has them. A batch that was
//! interrupted is completed by the next one who touches its input, or who opens the database later: the marks say which shards have
//! their block, however long ago that was.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use store::StoreError;

use super::storing::{Prepared, unknown};
use super::{ClickHouse, lock};
use crate::binary::Reader;
use crate::cluster::Shard;
use crate::inputs::Input;
use crate::link::{PAUSES, insertion};
use crate::pending::{Id, Waiting, id_of};
use crate::{literal, mark, random, rows};

/// The age after which nobody works on a batch any more, in seconds: whoever stores a batch gives up much earlier.
const OLD: u32 = 600;

impl ClickHouse {
    /// Stores a batch with a position, and then this state of its input.
    pub(super) fn spread_with(
        &self,
        batch: &Prepared,
        mark: &[u8],
        input: &str,
        next: &Input,
    ) -> Result<(), StoreError> {
        let waiting = waiting(batch, mark, Some(input), next.version);
        let id = id_of(input);
        self.pending.put(&self.link, &id, &waiting)?;
        self.send_all(&waiting.parts).map_err(|error| unknown(&error))?;
        self.inputs.put(&self.link, input, next)?;
        // The batch is stored; a row that is not emptied is found later.
        let _ = self.pending.clear(&self.link, &id, next.version);
        Ok(())
    }

    /// Stores a batch without a position.
    pub(super) fn spread(&self, batch: &Prepared, mark: &[u8]) -> Result<(), StoreError> {
        let spare = lock(&self.spare)?.pop();
        let (id, version) = match spare {
            Some(spare) => spare,
            None => (random::bytes()?, 1),
        };
        let waiting = waiting(batch, mark, None, version);
        // The id is not used again if this fails, so that what waits under it is not replaced.
        self.pending.put(&self.link, &id, &waiting).map_err(|error| unknown(&error))?;
        self.send_all(&waiting.parts).map_err(|error| unknown(&error))?;
        if self.pending.clear(&self.link, &id, version).is_ok() {
            lock(&self.spare)?.push((id, version.saturating_add(1)));
        }
        Ok(())
    }

    /// Sends blocks to their shards, all at the same time.
    fn send_all(&self, parts: &[(Shard, Bytes)]) -> Result<(), StoreError> {
        if let [(shard, block)] = parts {
            return self.send(*shard, block);
        }
        std::thread::scope(|scope| {
            let begin = |(shard, block)| scope.spawn(move || self.send(shard, block));
            let threads: Vec<_> = parts.iter().map(|(shard, block)| begin((*shard, block))).collect();
            let results: Vec<_> =
                threads.into_iter().map(|thread| thread.join().map_err(|_| StoreError::Panicked)?).collect();
            results.into_iter().collect()
        })
    }

    fn send(&self, shard: Shard, block: &Bytes) -> Result<(), StoreError> {
        let table = &self.schema.entries;
        let sql = insertion(&table.whole(), &rows::columns(shard));
        let sent = self.link.insert_bytes(&sql, block.clone(), None);
        sent.map_err(|error| table.of_shard(shard, error))
    }

    /// The stored state of an input, after its batch that was interrupted, if there is one, has been completed.
    pub(super) fn stored_after_pending(&self, input: &Arc<str>, stored: Input) -> Result<Input, StoreError> {
        let id = id_of(input);
        match self.pending.get(&self.link, &id)? {
            Some(waiting) => self.complete(&id, &waiting).and_then(|()| self.inputs.get(&self.link, input)),
            None => Ok(stored),
        }
    }

    /// Completes batches on which nobody works any more. Who opens the database need not be able to store; what is left is completed by
    /// the next one.
    pub(super) fn complete_what_is_old(&self) {
        let _ = self.complete_all(OLD, &[]);
    }

    /// Completes all batches, because what is deleted must not come back. What another process is storing is stored by both, once.
    pub(super) fn complete_everything(&self) -> Result<(), StoreError> {
        self.complete_all(0, &PAUSES)
    }

    /// Completes the batches that are at least so many seconds old.
    fn complete_all(&self, age: u32, pauses: &'static [Duration]) -> Result<(), StoreError> {
        if self.schema.cluster().is_none() {
            return Ok(());
        }
        for id in self.pending.old(&self.link, age, pauses)? {
            if let Some(waiting) = self.pending.get(&self.link, &id)? {
                self.complete(&id, &waiting)?;
            }
        }
        Ok(())
    }

    fn complete(&self, id: &Id, waiting: &Waiting) -> Result<(), StoreError> {
        for (shard, block) in &waiting.parts {
            if !self.has_mark(*shard, &waiting.mark)? {
                self.send(*shard, block)?;
            }
        }
        if let Some(input) = &waiting.input {
            let stored = self.inputs.get(&self.link, input)?;
            if stored.version.saturating_add(1) == waiting.version {
                let read = mark::read(&waiting.mark);
                let read =
                    read.ok_or_else(|| self.link.strange("something else than the mark of a batch"))?;
                self.inputs.put(&self.link, input, &stored.next(read.0, &read.1))?;
            }
        }
        self.pending.clear(&self.link, id, waiting.version)
    }

    /// Whether a shard has stored, and confirmed, the block with this mark.
    fn has_mark(&self, shard: Shard, mark: &[u8]) -> Result<bool, StoreError> {
        let table = &self.schema.entries;
        let sql = format!(
            "SELECT count() {} key = {} FORMAT RowBinary",
            table.from(shard, false),
            literal::text(mark)
        );
        let settings = [("select_sequential_consistency", "1".to_owned())];
        let reply = self.link.select(sql, 1 << 10, &settings);
        let reply = reply.map_err(|error| table.of_shard(shard, error))?;
        Reader::new(&reply.body).number().map(|rows| rows > 0).ok_or_else(|| self.link.strange("no number"))
    }
}

fn waiting(batch: &Prepared, mark: &[u8], input: Option<&str>, version: u64) -> Waiting {
    Waiting { input: input.map(Into::into), version, mark: mark.to_vec(), parts: batch.parts(mark) }
}
