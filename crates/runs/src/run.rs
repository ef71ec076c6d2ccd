//! A sorted run: entries in both orders in one file that never changes.
//!
//! ```text
//! run    = "BSRUN" 0 ‖ format: u16 ‖ blocks by owner ‖ blocks by rdata ‖ index ×2 ‖ filter ×2 ‖ footer
//! each block, index and filter is a frame: checksum: u64 ‖ bytes; the checksum is XXH3-64 of the bytes, seeded with its offset
//! block  = length of the first half: u32, compressed and raw ‖ zstd of each half of a block of `block`
//! index  = like a block, of one such block: last key of a block -> offset, length, raw length
//! filter = bytes of `bloom`
//! footer = (offset, length, raw length: u64) ×4 ‖ tuples, tuples by rdata, words: u64 ‖ checksum: u64 ‖ "BSRUNEND"
//! ```
//!
//! Numbers are little-endian. Index and filters are in memory while a run is open: about a hundredth of the file. [`Run`] is an
//! open run, and [`RunCursor`] iterates over one order of it. Unreadable data is [`Error::Damage`] with file and offset.

use std::cell::RefCell;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zstd::bulk::Decompressor;

use super::block::{Block, BlockCursor};
use super::bloom::Bloom;
use super::cache::Cache;
use super::checksum::checksum;
use super::error::Error;
use super::file::{FileRead, Folder, damage, failed, read_stretch};
use super::varint;
use store::engine::Side;

/// The first bytes of a run.
pub(super) const HEAD: [u8; 8] = *b"BSRUN\0\x02\0";
/// The last bytes of a run.
pub(super) const TAIL: &[u8; 8] = b"BSRUNEND";
/// The length of a footer, in bytes.
pub(super) const FOOTER: usize = 4 * 24 + 3 * 8 + 8 + 8;
/// The largest index, block or filter in bytes: the limit for writing, and for what a damaged length may make us allocate.
pub(super) const MAX_FRAME: u64 = u32::MAX as u64;

/// The manifest's entry of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunEntry {
    pub(super) number: u64,
    /// The length of the file.
    pub(super) octets: u64,
    /// The checksum of its footer.
    pub(super) checksum: u64,
    pub(super) tuples: u64,
    pub(super) words: u64,
    /// The number of owners, and the number of targets.
    pub(super) heads: [u64; 2],
}

/// A run that is open.
pub(super) struct Run {
    entry: RunEntry,
    name: String,
    file: Box<dyn FileRead>,
    owner: Order,
    rdata: Order,
}

/// The index and filter of one order.
struct Order {
    index: Arc<Block>,
    bloom: Bloom,
}

/// The position of a frame, without the checksum before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) place: u64,
    pub(super) len: u64,
    /// The length after decompression.
    pub(super) raw: u64,
}

/// The footer of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Footer {
    /// Index by owner, by rdata; filter by owner, by rdata.
    pub(super) frames: [Frame; 4],
    /// Entries by owner, entries by rdata, words by owner.
    pub(super) counts: [u64; 3],
}

/// The file name of a run.
pub(super) fn name(number: u64) -> String {
    format!("{number:08}.run")
}

impl Run {
    /// Opens a run; reads its index and filters.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damage`].
    pub(super) fn open(folder: &dyn Folder, entry: RunEntry) -> Result<Self, Error> {
        Self::open_as(folder, entry, HEAD)
    }

    /// Opens a run with these first bytes.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) fn open_as(folder: &dyn Folder, entry: RunEntry, begin: [u8; 8]) -> Result<Self, Error> {
        let name = name(entry.number);
        let file = folder.open(&name).map_err(failed("open", &name))?;
        let len = file.len().map_err(failed("look at", &name))?;
        if len != entry.octets {
            return Err(damage(&name, len.min(entry.octets), "its length is not the one that was written"));
        }
        let head = read_stretch(&*file, &name, 0, HEAD.len())?;
        if head != begin {
            return Err(damage(&name, 0, "it does not begin like a run"));
        }
        let place = len.saturating_sub(FOOTER as u64);
        let octets = read_stretch(&*file, &name, place, FOOTER)?;
        let footer = Footer::of(&octets, place).filter(|(_, checksum)| *checksum == entry.checksum);
        let (footer, _) =
            footer.ok_or_else(|| damage(&name, place, "its footer is not the one that was written"))?;
        let [owner_index, rdata_index, owner_bloom, rdata_bloom] = footer.frames;
        let open = Opening { file: &*file, name: &name };
        let owner = Order { index: open.block(owner_index)?, bloom: open.bloom(owner_bloom)? };
        let rdata = Order { index: open.block(rdata_index)?, bloom: open.bloom(rdata_bloom)? };
        Ok(Self { entry, name, file, owner, rdata })
    }

    /// The entry of the manifest.
    pub(super) fn entry(&self) -> &RunEntry {
        &self.entry
    }

    /// The file name.
    pub(super) fn name(&self) -> &str {
        &self.name
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

    fn block(&self, frame: Frame) -> Result<Arc<Block>, Error> {
        Opening { file: &*self.file, name: &self.name }.block(frame)
    }

    fn damage(&self, place: u64) -> Error {
        damage(&self.name, place, "entries that do not read")
    }
}

/// Reads frames of a file.
struct Opening<'a> {
    file: &'a dyn FileRead,
    name: &'a str,
}

impl Opening<'_> {
    fn frame(&self, frame: Frame) -> Result<Vec<u8>, Error> {
        let place = frame.place.saturating_sub(8);
        let len = usize::try_from(frame.len).ok().filter(|_| frame.len <= MAX_FRAME);
        let len = len.ok_or_else(|| damage(self.name, place, "a length that cannot be"))?;
        let mut octets = read_stretch(self.file, self.name, place, len + 8)?;
        let sum = octets.first_chunk().map(|sum| u64::from_le_bytes(*sum));
        octets.drain(..8);
        if sum != Some(checksum(&octets, place)) {
            return Err(damage(self.name, place, "a checksum that does not match"));
        }
        Ok(octets)
    }

    fn block(&self, frame: Frame) -> Result<Arc<Block>, Error> {
        let octets = self.frame(frame)?;
        let block = decompress(&octets, frame.raw).and_then(Block::of);
        block.map(Arc::new).ok_or_else(|| damage(self.name, frame.place, "octets that are no block"))
    }

    fn bloom(&self, frame: Frame) -> Result<Bloom, Error> {
        Bloom::of(&self.frame(frame)?)
            .ok_or_else(|| damage(self.name, frame.place, "octets that are no filter"))
    }
}

fn decompress(octets: &[u8], raw: u64) -> Option<Vec<u8>> {
    thread_local! {
        /// Kept per thread, because creating a decompressor takes longer than decompressing a block.
        static ZSTD: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    let raw = usize::try_from(raw).ok().filter(|raw| *raw as u64 <= MAX_FRAME)?;
    let (lengths, rest) = octets.split_first_chunk::<8>()?;
    let length = |octets: &[u8; 4]| usize::try_from(u32::from_le_bytes(*octets)).ok();
    let (compressed, plain) = (length(lengths.first_chunk()?)?, length(lengths.last_chunk()?)?);
    let (keys, words) = rest.split_at_checked(compressed)?;
    let mut whole = vec![0; raw];
    let (keys_to, words_to) = whole.split_at_mut_checked(plain)?;
    ZSTD.with_borrow_mut(|zstd| {
        let zstd = match zstd {
            Some(zstd) => zstd,
            None => zstd.insert(Decompressor::new().ok()?),
        };
        let mut fill = |from: &[u8], to: &mut [u8]| {
            zstd.decompress_to_buffer(from, to).is_ok_and(|len| len == to.len()).then_some(())
        };
        fill(keys, keys_to)?;
        fill(words, words_to)
    })?;
    Some(whole)
}

impl Footer {
    /// The bytes at the end of a run, and the checksum in them.
    pub(super) fn octets(&self, place: u64) -> (Vec<u8>, u64) {
        let frames = self.frames.iter().flat_map(|frame| [frame.place, frame.len, frame.raw]);
        let mut octets: Vec<u8> = frames.chain(self.counts).flat_map(u64::to_le_bytes).collect();
        let sum = checksum(&octets, place);
        octets.extend_from_slice(&sum.to_le_bytes());
        octets.extend_from_slice(TAIL);
        (octets, sum)
    }

    fn of(octets: &[u8], place: u64) -> Option<(Self, u64)> {
        let (octets, tail) = octets.split_last_chunk::<8>()?;
        let (octets, sum) = octets.split_last_chunk::<8>()?;
        let sum = u64::from_le_bytes(*sum);
        if tail != TAIL || checksum(octets, place) != sum {
            return None;
        }
        let mut numbers = octets.as_chunks::<8>().0.iter().map(|octets| u64::from_le_bytes(*octets));
        let mut footer = Self::default();
        for frame in &mut footer.frames {
            *frame = Frame { place: numbers.next()?, len: numbers.next()?, raw: numbers.next()? };
        }
        for count in &mut footer.counts {
            *count = numbers.next()?;
        }
        Some((footer, sum))
    }
}

impl Frame {
    /// Appends it in the form of a value of an index.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        varint::push(out, self.place);
        varint::push(out, self.len);
        varint::push(out, self.raw);
    }

    fn of(mut octets: &[u8]) -> Option<Self> {
        let octets = &mut octets;
        let frame =
            Self { place: varint::take(octets)?, len: varint::take(octets)?, raw: varint::take(octets)? };
        octets.is_empty().then_some(frame)
    }
}

/// Iterates over one order of a run; it has no current entry until it is moved.
pub(super) struct RunCursor {
    run: Arc<Run>,
    index: BlockCursor,
    block: Option<BlockCursor>,
    /// The offset of the block.
    place: u64,
    blocks: Blocks,
}

/// Where a cursor reads blocks.
#[derive(Clone)]
pub(super) enum Blocks {
    /// In the cache, and nowhere else.
    Cached(Arc<Cache>),
    /// In the file, past the cache.
    InFile,
    /// In the cache, or in the file and into the cache.
    Through(Arc<Cache>),
}

impl RunCursor {
    /// A cursor before the first entry.
    pub(super) fn new(run: Arc<Run>, side: Side, blocks: Blocks) -> Self {
        let index = BlockCursor::new(Arc::clone(&run.order(side).index));
        Self { run, index, block: None, place: 0, blocks }
    }

    /// Moves to the next entry.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        loop {
            if let Some(block) = &mut self.block
                && block.advance().ok_or_else(|| self.run.damage(self.place))?
            {
                return Ok(true);
            }
            if !self.index.advance().ok_or_else(|| self.run.damage(0))? {
                return Ok(false);
            }
            self.load()?;
        }
    }

    /// Moves to the first entry whose key is not below `from`.
    pub(super) fn seek(&mut self, from: &[u8]) -> Result<bool, Error> {
        if !self.index.seek(from).ok_or_else(|| self.run.damage(0))? {
            self.block = None;
            return Ok(false);
        }
        self.load()?;
        let found = self.block.as_mut().and_then(|block| block.seek(from));
        // According to the index, the last key of this block is not below `from`.
        found.filter(|found| *found).ok_or_else(|| self.run.damage(self.place))
    }

    /// The key of this entry.
    pub(super) fn key(&self) -> &[u8] {
        self.block.as_ref().map(BlockCursor::key).unwrap_or_default()
    }

    /// The words of this entry, in their stored form.
    pub(super) fn words(&self) -> &[u8] {
        self.block.as_ref().map(BlockCursor::words).unwrap_or_default()
    }

    /// The offset of the block of this entry, for reports of damage.
    pub(super) fn place(&self) -> u64 {
        self.place
    }

    /// The last key of this block, from the index.
    pub(super) fn last_key(&self) -> &[u8] {
        self.index.key()
    }

    fn load(&mut self) -> Result<(), Error> {
        let frame = Frame::of(self.index.words()).ok_or_else(|| self.run.damage(0))?;
        self.place = frame.place;
        let place = (self.run.entry.number, frame.place);
        let block = match &self.blocks {
            Blocks::Cached(cache) => cache.cached(place).ok_or(Error::NotInMemory)?,
            Blocks::InFile => self.run.block(frame)?,
            Blocks::Through(cache) => cache.block(place, || self.run.block(frame))?,
        };
        match &mut self.block {
            Some(cursor) => cursor.reset(block),
            None => self.block = Some(BlockCursor::new(block)),
        }
        Ok(())
    }
}
