//! A sorted batch of observations: both orders in memory until they are in a run.
//!
//! A [`Batch`] is two blocks, front-coded but not compressed. The block by owner is also the content of the journal record, and
//! the other one is computed from it. A batch takes about as much memory as its size in a run before compression.

use std::sync::Arc;

use cof::Observation;

use super::block::{Block, BlockCursor, Builder};
use super::bloom::{Bloom, Heads};
use super::error::Error;
use super::merge::{Cursor, Merge};
use super::sources::Sources;
use super::word::{self, StoredWord};
use store::engine::Side;
use store::engine::Value;
use store::engine::key::{self, Parts};

/// The largest size of the keys of a batch, in bytes.
const MAX: usize = 1 << 30;

/// Sorted entries in both orders.
#[derive(Debug)]
pub(super) struct Batch {
    owner: Order,
    rdata: Order,
}

/// The entries of one order.
#[derive(Debug)]
struct Order {
    block: Arc<Block>,
    /// A filter of owners or targets.
    bloom: Bloom,
    entries: u64,
}

impl Batch {
    /// Sorts checked observations; `ids` are the numbers of the sources that they refer to.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub(super) fn of(batch: &cof::Batch, ids: &[u32], sources: &Sources) -> Result<Self, Error> {
        let count = batch.observations.len();
        let (mut owner, mut rdata, mut words) =
            (Keys::with_capacity(count), Keys::with_capacity(count), Vec::new());
        for observation in &batch.observations {
            let Observation { rrname, rrtype, rdata: data, .. } = observation;
            let source = ids.get(observation.source).copied().unwrap_or_default();
            let bailiwick = key::bailiwick_labels(rrname, observation.bailiwick.as_ref());
            let start = words.len();
            StoredWord { source, bailiwick, value: Value::of(observation) }.push(&mut words);
            owner.push((start, words.len()), |key| key::push_owner_key(rrname, *rrtype, data, key))?;
            for target in data.targets(*rrtype) {
                let push = |key: &mut Vec<u8>| key::push_rdata_key(rrname, *rrtype, data, target, key);
                rdata.push((start, words.len()), push)?;
            }
        }
        Ok(Self {
            owner: owner.order(Side::Owner, &words, sources)?,
            rdata: rdata.order(Side::Rdata, &words, sources)?,
        })
    }

    /// Reads a batch from the bytes of a block by owner.
    ///
    /// # Errors
    /// [`Error::Damaged`] if they are not such a block.
    pub(super) fn of_owner_block(octets: Vec<u8>, sources: &Sources) -> Result<Self, Error> {
        let block = Arc::new(Block::of(octets).ok_or(Error::Damaged)?);
        let mut cursor = BlockCursor::new(Arc::clone(&block));
        let (mut rdata, mut words, mut entries) = (Keys::with_capacity(0), Vec::new(), 0);
        // An entry has at least three bytes.
        let mut heads = Heads::new(Side::Owner, block.octets().len() as u64 / 3);
        while cursor.advance().ok_or(Error::Damaged)? {
            entries += 1;
            heads.add(cursor.key()).ok_or(Error::Damaged)?;
            let (rrname, rrtype, data) =
                Parts::of_owner_key(cursor.key()).and_then(|parts| parts.decode()).ok_or(Error::Damaged)?;
            let start = words.len();
            words.extend_from_slice(cursor.words());
            for target in data.targets(rrtype) {
                let push = |key: &mut Vec<u8>| key::push_rdata_key(&rrname, rrtype, &data, target, key);
                rdata.push((start, words.len()), push)?;
            }
        }
        let owner = Order { block, bloom: heads.finish().0, entries };
        Ok(Self { owner, rdata: rdata.order(Side::Rdata, &words, sources)? })
    }

    /// Merges several batches into one.
    ///
    /// # Errors
    /// [`Error::Damaged`], which would be a bug here.
    pub(super) fn merged(batches: &[Arc<Self>], sources: &Arc<Sources>) -> Result<Self, Error> {
        let order = |side| {
            let most = batches.iter().map(|batch| batch.order(side).entries).sum();
            let cursors = batches.iter().map(|batch| batch.cursor(side));
            let mut merge = Merge::from(cursors, &[], Arc::clone(sources))?;
            let mut writing = Writing::new(side, most);
            while merge.advance()? {
                writing.push(merge.key(), merge.words())?;
            }
            writing.finish()
        };
        Ok(Self { owner: order(Side::Owner)?, rdata: order(Side::Rdata)? })
    }

    /// A cursor before the first entry of an order.
    pub(super) fn cursor(&self, side: Side) -> Cursor {
        Cursor::Batch(BlockCursor::new(Arc::clone(&self.order(side).block)))
    }

    /// Whether there may be entries whose keys begin with this owner or target.
    pub(super) fn may_have(&self, side: Side, head: &[u8]) -> bool {
        self.order(side).bloom.may_have(head)
    }

    fn order(&self, side: Side) -> &Order {
        match side {
            Side::Owner => &self.owner,
            Side::Rdata => &self.rdata,
        }
    }

    /// The block by owner, as it is in the journal.
    pub(super) fn owner_block(&self) -> &[u8] {
        self.owner.block.octets()
    }

    /// The number of entries by owner.
    pub(super) fn entries(&self) -> u64 {
        self.owner.entries
    }

    /// The number of keys in one order.
    pub(super) fn keys(&self, side: Side) -> u64 {
        self.order(side).entries
    }

    /// Its memory, in bytes.
    pub(super) fn octets(&self) -> usize {
        let octets = |order: &Order| order.block.octets().len() + order.bloom.octets().len();
        octets(&self.owner) + octets(&self.rdata)
    }
}

/// Keys to be sorted, each with the position of its words.
struct Keys {
    octets: Vec<u8>,
    places: Vec<Place>,
}

/// The position of a key and of its words.
#[derive(Clone, Copy)]
struct Place {
    /// The first bytes of the key, which decide most comparisons.
    prefix: u64,
    key: (u32, u32),
    words: (u32, u32),
}

impl Keys {
    fn with_capacity(count: usize) -> Self {
        Self { octets: Vec::with_capacity(count * 48), places: Vec::with_capacity(count) }
    }

    /// Adds the key that `push` appends.
    fn push(&mut self, words: (usize, usize), push: impl FnOnce(&mut Vec<u8>)) -> Result<(), Error> {
        let start = self.octets.len();
        push(&mut self.octets);
        let place = |place: usize| u32::try_from(place).ok().filter(|_| place <= MAX).ok_or(Error::TooLarge);
        let key = (place(start)?, place(self.octets.len())?);
        let words = (place(words.0)?, place(words.1)?);
        let prefix = prefix(self.octets.get(start..).unwrap_or_default());
        self.places.push(Place { prefix, key, words });
        Ok(())
    }

    /// Sorts the keys, and makes one entry of equal keys.
    fn order(mut self, side: Side, words: &[u8], sources: &Sources) -> Result<Order, Error> {
        let octets = &self.octets;
        self.places.sort_unstable_by(|a, b| {
            a.prefix.cmp(&b.prefix).then_with(|| slice(octets, a.key).cmp(slice(octets, b.key)))
        });
        let mut writing = Writing::new(side, self.places.len() as u64);
        let (mut folding, mut folded) = (Vec::new(), Vec::new());
        let same =
            |a: &Place, b: &Place| a.prefix == b.prefix && slice(octets, a.key) == slice(octets, b.key);
        for group in self.places.chunk_by(same) {
            let Some((first, rest)) = group.split_first() else { continue };
            let mut entry = slice(words, first.words);
            if !rest.is_empty() {
                folding.clear();
                folded.clear();
                for place in group {
                    word::take_all(slice(words, place.words), &mut folding).ok_or(Error::Damaged)?;
                }
                word::fold(&mut folding, sources);
                for word in &folding {
                    word.push(&mut folded);
                }
                entry = &folded;
            }
            writing.push(slice(octets, first.key), entry)?;
        }
        writing.finish()
    }
}

/// An order that is being written into its block.
struct Writing {
    builder: Builder,
    heads: Heads,
    entries: u64,
}

impl Writing {
    fn new(side: Side, most: u64) -> Self {
        Self { builder: Builder::default(), heads: Heads::new(side, most), entries: 0 }
    }

    fn push(&mut self, key: &[u8], words: &[u8]) -> Result<(), Error> {
        self.heads.add(key).ok_or(Error::Damaged)?;
        self.builder.push(key, words);
        self.entries += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<Order, Error> {
        if self.builder.len() > MAX {
            return Err(Error::TooLarge);
        }
        let block = Block::of(self.builder.finish()).map(Arc::new).ok_or(Error::Damaged)?;
        Ok(Order { block, bloom: self.heads.finish().0, entries: self.entries })
    }
}

fn prefix(key: &[u8]) -> u64 {
    let mut octets = [0; 8];
    octets.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(octets)
}

fn slice(octets: &[u8], (start, end): (u32, u32)) -> &[u8] {
    octets.get(start as usize..end as usize).unwrap_or_default()
}
