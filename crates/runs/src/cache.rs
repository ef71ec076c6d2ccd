//! A cache of recently read blocks, decompressed.
//!
//! A [`Cache`] is limited by the bytes of its blocks, and shared by all readers of a store. Merging bypasses it, because it
//! would evict the blocks that readers need.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache as Blocks;

use super::block::Block;

/// The approximate size of a block, in bytes.
const BLOCK: u64 = 16 * 1024;

/// Identifies a block: the number of the run, and the offset in it.
type Place = (u64, u64);

/// Blocks by their run and offset.
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
    /// A cache of this size in bytes.
    pub(super) fn new(octets: u64) -> Self {
        let blocks = usize::try_from(octets / BLOCK).unwrap_or(usize::MAX).max(16);
        Self(Blocks::with_weighter(blocks, octets, Octets))
    }

    /// The block at an offset, if it is cached.
    pub(super) fn cached(&self, place: Place) -> Option<Arc<Block>> {
        self.0.get(&place)
    }

    /// The block at an offset, which is read if it is not cached.
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
