//! Entry points for the fuzz targets: each decoder of this engine, without the checksums that otherwise protect it.

use std::sync::Arc;

use super::advance::Advance;
use super::batch::Batch;
use super::block::{Block, BlockCursor};
use super::sources::{self, Sources};
use super::word;
use super::{journal, manifest};

/// Decodes bytes with every decoder of the engine.
///
/// The property: nothing panics, and time and memory are bounded by the size of the input.
pub fn decode(octets: &[u8]) {
    let (from, _) = octets.split_at(octets.len().min(4));
    if let Some(block) = Block::of(octets.to_vec()) {
        let mut cursor = BlockCursor::new(Arc::new(block));
        let _ = cursor.seek(from);
        while cursor.advance() == Some(true) {
            let _ = word::take_all(cursor.words(), &mut Vec::new());
        }
    }
    let known = Arc::new(Sources::default());
    if let Ok(batch) = Batch::of_owner_block(octets.to_vec(), &known) {
        let _ = Batch::merged(&[Arc::new(batch)], &known);
    }
    let _ = sources::take(&mut &*octets);
    let _ = journal::replayed(octets, &mut Sources::default());
    let _ = Advance::take(&mut &*octets);
    if let Some(title) = manifest::title_of(octets) {
        let _ = manifest::Manifest::of_octets(octets, title);
    }
}
