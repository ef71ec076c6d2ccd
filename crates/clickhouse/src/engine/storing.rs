//! Storing: a batch counts once, whatever is lost on the way.
//!
//! [`Prepared`] is a batch whose rows are sorted, which takes a good part of the time that the server needs to store them. So a batch is
//! prepared when it is submitted, and sent when it is redeemed, while the next one is prepared.
//!
//! A batch is a block whose mark has the next version of its input's position. The position is stored after it. What happened to a
//! block whose acknowledgement was lost is never guessed: the server is asked for the mark, once it no longer works on the block
//! (each block is a query with a name that is made from the mark). If the server cannot be asked, the error says so.

use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cof::{Batch, Position, Source};
use store::engine::{KeyRange, Positions};
use store::{Held, Reached, StoreError, StoreErrorKind};

use super::{ClickHouse, TURNS, lock};
use crate::binary::{Block, Reader};
use crate::cluster::Shard;
use crate::inputs::Input;
use crate::link::{Lost, PAUSES, insertion};
use crate::mark::{INPUT, PREFIX};
use crate::schema::Schema;
use crate::sources::{self, Id};
use crate::{literal, mark, rows};

/// The longest answer about the last marks of inputs, in bytes: about 40 million inputs.
const MARKS: usize = 1 << 30;
/// After how many new inputs it is counted again how many there are.
const COUNT_AGAIN: usize = 256;
/// How often it is asked whether the server still works on a block, and how long it is waited in between.
const LOOKS: u32 = 60;
const LOOK: Duration = Duration::from_secs(1);

/// A batch that can be sent as soon as its mark is known.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The id of the tables for which it is divided into shards.
    tables: String,
    pub(super) observations: usize,
    position: Option<Position>,
    sources: Vec<Source>,
    /// For each shard that has rows, without the mark.
    blocks: Vec<(Shard, Block)>,
}

impl Prepared {
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub(super) fn new(batch: Batch, schema: &Schema) -> Result<Self, StoreError> {
        let blocks = rows::blocks(&batch, &schema.entries)?;
        let Batch { sources, observations, position } = batch;
        let (tables, observations) = (schema.id.clone(), observations.len());
        Ok(Self { tables, observations, position, sources, blocks })
    }

    /// Whether it was prepared for these tables.
    pub(super) fn is_for(&self, schema: &Schema) -> bool {
        self.tables == schema.id
    }

    /// The blocks as they are sent: the mark is the first row of each.
    pub(super) fn parts(&self, mark: &[u8]) -> Vec<(Shard, Bytes)> {
        let part = |(shard, block): &(Shard, Block)| {
            (*shard, rows::keys_alone([mark], *shard).bytes_before(block).into())
        };
        self.blocks.iter().map(part).collect()
    }
}

impl ClickHouse {
    /// Stores a batch, and returns whether it was stored before.
    pub(super) fn store(&self, batch: &Prepared) -> Result<bool, StoreError> {
        match &batch.position {
            Some(position) => self.store_with(batch, position),
            None => self.store_without(batch).map(|()| false),
        }
    }

    fn store_with(&self, batch: &Prepared, position: &Position) -> Result<bool, StoreError> {
        let input = &position.input;
        let turn = blake3::hash(input.as_bytes()).as_bytes().first().map_or(0, |byte| usize::from(*byte));
        let turn = self.turns.get(turn % TURNS).ok_or(StoreError::Panicked)?;
        let _turn = lock(turn)?;
        let stored = self.stored(input)?;
        if has_reached(&stored, position)? {
            return Ok(true);
        }
        self.admit_sources(&batch.sources)?;
        let is_known = stored.reached.is_some();
        self.admit_input(position, batch.sources.len(), is_known)?;
        self.add_sources(&batch.sources)?;
        let named: Vec<Id> = batch.sources.iter().map(sources::id).collect();
        let next = stored.next(Reached::at(position), &named);
        let mark = mark::of_position(position, next.version, &named);
        if batch.blocks.is_empty() {
            self.inputs.put(&self.link, input, &next)?;
        } else if self.schema.cluster().is_some() {
            self.spread_with(batch, &mark, input, &next)?;
        } else {
            self.insert(batch, &mark)?;
            self.inputs.put(&self.link, input, &next)?;
        }
        if !is_known && let Some((_, added)) = lock(&self.held)?.as_mut() {
            *added += 1;
        }
        Ok(false)
    }

    fn store_without(&self, batch: &Prepared) -> Result<(), StoreError> {
        self.admit_sources(&batch.sources)?;
        self.add_sources(&batch.sources)?;
        if batch.blocks.is_empty() {
            return Ok(());
        }
        let mark = mark::without_position()?;
        if self.schema.cluster().is_some() { self.spread(batch, &mark) } else { self.insert(batch, &mark) }
    }

    /// Stores a block with its mark. If an acknowledgement is lost, the mark says whether the block was stored, and the same bytes are
    /// sent again if it was not.
    fn insert(&self, batch: &Prepared, mark: &[u8]) -> Result<(), StoreError> {
        let mut settings = vec![("query_id", mark::label(mark))];
        if self.schema.takes_tokens() {
            settings.push(("insert_deduplication_token", blake3::hash(mark).to_hex().to_string()));
        }
        let sql = insertion(&self.schema.entries.whole(), &rows::columns(None));
        let Some((_, bytes)) = batch.parts(mark).pop() else { return Ok(()) };
        let mut pauses = PAUSES.iter();
        loop {
            let Err(Lost { error, is_passing }) = self.link.offer(&sql, bytes.clone(), &settings) else {
                return Ok(());
            };
            let pause = pauses.next().filter(|_| is_passing);
            self.link.pause(pause.copied().unwrap_or_default())?;
            match (self.mark_like(mark::prefix(mark), &[]), pause) {
                (Ok(Some(stored)), _) if stored == mark => return Ok(()),
                (Ok(Some(_)), _) => return Err(self.crossed()),
                (Ok(None), None) => return Err(error),
                (Err(_), None) => return Err(unknown(&error)),
                (Ok(None) | Err(_), Some(_)) => {}
            }
        }
    }

    /// The mark of a stored block that begins like this.
    fn mark_like(&self, prefix: &[u8], pauses: &'static [Duration]) -> Result<Option<Vec<u8>>, StoreError> {
        self.wait_for(&mark::label(prefix), pauses)?;
        let range = KeyRange::head(prefix.to_vec());
        let Some((_, Bound::Excluded(end))) = range.bounds() else { return Ok(None) };
        let sql = format!(
            "SELECT key {} key >= {} AND key < {} ORDER BY key LIMIT 1 FORMAT RowBinary",
            self.schema.entries.from(None, false),
            literal::text(range.start()),
            literal::text(end)
        );
        let answer = self.link.ask_with(sql, pauses)?;
        let mark = Reader::new(&answer).string().map(<[u8]>::to_vec);
        if mark.is_none() && !answer.is_empty() { Err(self.link.strange("no key")) } else { Ok(mark) }
    }

    /// Two processes have stored a batch of one input.
    fn crossed(&self) -> StoreError {
        let detail = format!(
            "{}: another process stores records of the same input at this time; let one of them do it, and send the batch again",
            self.address()
        );
        StoreError::engine(StoreErrorKind::Unavailable, detail)
    }

    /// Waits while the server still stores a block of which nobody waits for the acknowledgement.
    fn wait_for(&self, label: &str, pauses: &'static [Duration]) -> Result<(), StoreError> {
        for _ in 0..LOOKS {
            let sql =
                format!("SELECT count() FROM system.processes WHERE query_id = '{label}' FORMAT RowBinary");
            let answer = self.link.ask_with(sql, pauses)?;
            if Reader::new(&answer).number() == Some(0) {
                return Ok(());
            }
            self.link.pause(LOOK)?;
        }
        let detail = format!(
            "{}: the server has been storing a batch of the same input for {} s; see what it does in system.processes, and try again",
            self.address(),
            LOOK.as_secs() * u64::from(LOOKS)
        );
        Err(StoreError::engine(StoreErrorKind::Unavailable, detail))
    }

    /// The stored state of an input. If a batch was stored and its position was not, it is stored now.
    pub(super) fn stored(&self, input: &Arc<str>) -> Result<Input, StoreError> {
        let stored = self.inputs.get(&self.link, input)?;
        if self.schema.cluster().is_some() {
            return self.stored_after_pending(input, stored);
        }
        // Another process may have stored a batch since this one has looked, so this is never remembered.
        let Some(next) = self.mark_after(input, &stored)? else { return Ok(stored) };
        self.inputs.put(&self.link, input, &next)?;
        Ok(next)
    }

    /// The state that follows from the mark of the batch after a stored state.
    fn mark_after(&self, input: &str, stored: &Input) -> Result<Option<Input>, StoreError> {
        let prefix = mark::prefix_of(input, stored.version.saturating_add(1));
        let Some(mark) = self.mark_like(&prefix, &PAUSES)? else { return Ok(None) };
        if mark::is_dropped(&mark) {
            return Ok(Some(stored.gone()));
        }
        let (reached, named) =
            mark::read(&mark).ok_or_else(|| self.link.strange("something else than the mark of a batch"))?;
        Ok(Some(stored.next(reached, &named)))
    }

    /// Says of batches that named one of these sources, and have no position yet, that they were dropped: otherwise their marks would
    /// say that they are stored.
    pub(super) fn forget_marks(&self, ids: &[Id]) -> Result<(), StoreError> {
        if self.schema.cluster().is_some() {
            return Ok(());
        }
        for id in ids {
            let keys = self.last_marks_of(id)?;
            if !keys.is_empty() {
                let takes_tokens = self.schema.takes_tokens();
                let token = takes_tokens.then(|| blake3::hash(&keys.concat()).to_hex().to_string());
                self.link.insert(
                    &self.schema.entries.whole(),
                    rows::keys_alone(keys.iter().map(|key| &**key), None),
                    token,
                )?;
            }
        }
        Ok(())
    }

    /// For each input, the key that says of its last batch that named a source that it was dropped.
    fn last_marks_of(&self, id: &Id) -> Result<Vec<Vec<u8>>, StoreError> {
        let [start, end] = [[mark::MARK], [rows::OWNER]].map(|key| literal::text(&key));
        let sql = format!(
            "SELECT toFixedString(substring(max(key), 1, {PREFIX}), {PREFIX}) {} key >= {start} AND key < {end} AND length(key) > {PREFIX} AND position(key, {}) > 0 GROUP BY substring(key, 1, {INPUT}) FORMAT RowBinary",
            self.schema.entries.from(None, false),
            literal::text(id)
        );
        let reply = self.link.select(sql, MARKS, &[])?;
        let strange = || self.link.strange("something else than marks");
        if reply.is_cut {
            return Err(strange());
        }
        let (mut reader, mut keys) = (Reader::new(&reply.body), Vec::new());
        while !reader.is_at_end() {
            keys.push(mark::dropped(&reader.fixed::<PREFIX>().ok_or_else(strange)?));
        }
        Ok(keys)
    }

    pub(super) fn admit_sources(&self, sources: &[Source]) -> Result<(), StoreError> {
        let known = Arc::clone(&*lock(&self.sources)?);
        self.limits.admit_sources(sources, |source| known.knows(source), known.len())
    }

    /// Stores the sources of a batch that are not known yet.
    fn add_sources(&self, sources: &[Source]) -> Result<(), StoreError> {
        let known = Arc::clone(&*lock(&self.sources)?);
        let new: Vec<_> = sources.iter().filter(|source| !known.knows(source)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let block = sources::block(&new, &self.schema.sources);
        self.link.insert(&self.schema.sources.whole(), block, None)?;
        self.read_sources().map(drop)
    }

    fn admit_input(&self, position: &Position, named: usize, is_known: bool) -> Result<(), StoreError> {
        let mut held = lock(&self.held)?;
        let counted = held.filter(|(_, added)| is_known || *added < COUNT_AGAIN);
        let (now, added) = match counted {
            Some(counted) => counted,
            None => (self.inputs.held(&self.link)?, 0),
        };
        *held = Some((now, added));
        let more = |number: usize| number.saturating_add(added);
        let expiring = if position.expires.is_some() { more(now.expiring) } else { now.expiring };
        let now = Held { inputs: more(now.inputs), expiring, is_known, ..now };
        self.limits.admit_one(position, named, &now)
    }
}

/// Whether a batch with this position was stored before.
fn has_reached(stored: &Input, position: &Position) -> Result<bool, StoreError> {
    let mut positions = Positions::<()>::default();
    if let Some(reached) = stored.reached {
        positions.advance(&position.input, reached, []);
    }
    positions.has_reached(Some(position))
}

/// The error of a batch that the server may have stored.
pub(super) fn unknown(error: &StoreError) -> StoreError {
    let detail = format!(
        "{error}; whether the batch was stored is not known: if it has a name, such as that of a file or an Idempotency-Key, send it again, and it counts once"
    );
    StoreError::engine(error.kind(), detail)
}
