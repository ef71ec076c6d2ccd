//! Blocks that were read lately, decompressed.
//!
//! A [`Cache`] is bounded by the octets of its blocks and shared by all readers of a store. Merging does not go through it: it
//! would push out what is asked for.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache as Blocks;

use super::block::Block;

/// About how many octets a block has.
const BLOCK: u64 = 16 * 1024;

/// Which block: the run's number and its place there.
type Place = (u64, u64);

/// Blocks by their place.
#[derive(Debug)]
pub(super) struct Cache(Blocks<Place, Arc<Block>, Octets>);

#[derive(Clone, Debug)]
struct Octets;

impl Weighter<Place, Arc<Block>> for Octets {
    fn weight(&self, _: &Place, block: &Arc<Block>) -> u64 {
        block.octets().len() as u64
    }
}

impl Cache {
    /// Of so many octets.
    pub(super) fn new(octets: u64) -> Self {
        let blocks = usize::try_from(octets / BLOCK).unwrap_or(usize::MAX).max(16);
        Self(Blocks::with_weighter(blocks, octets, Octets))
    }

    /// The block at a place, read unless it is there.
    pub(super) fn block<E>(
        &self,
        place: Place,
        read: impl FnOnce() -> Result<Arc<Block>, E>,
    ) -> Result<Arc<Block>, E> {
        if let Some(block) = self.0.get(&place) {
            return Ok(block);
        }
        let block = read()?;
        self.0.insert(place, Arc::clone(&block));
        Ok(block)
    }
}
