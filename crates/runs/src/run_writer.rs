//! Writes a run with both orders, from any source of sorted entries.
//!
//! [`write`] creates the file, syncs it and returns its entry for the manifest. The file has its final name from the start;
//! until a manifest lists it, it does not count, and the next process that opens the folder removes it.
//!
//! Errors are I/O errors and those of reading the entries; the file is removed then.

use std::sync::Arc;

use zstd::bulk::Compressor;
use zstd::zstd_safe::compress_bound;

use super::block::{Block, Builder};
use super::bloom::{Bloom, Heads};
use super::checksum::checksum;
use super::error::Error;
use super::file::{FileWrite, Folder, failed};
use super::merge::Merge;
use super::run::{self, Footer, Frame, HEAD, RunEntry};
use super::word;
use store::engine::Side;

/// The approximate size of a block before compression, in bytes: larger blocks are smaller on disk, but slower to read one
/// entry from.
const BLOCK: usize = 16 * 1024;
/// The compression level of zstd: a higher level would take more time than everything else.
const LEVEL: i32 = 1;
/// Bytes that are passed to the system at a time.
const WRITE: usize = 1 << 20;
/// Entries between two checks whether to stop.
const PATIENCE: u64 = 4096;

/// Decides what to keep of an entry, given its key and its words, which may be replaced; `false` leaves it out.
pub(super) type Keep<'a> = dyn FnMut(Side, &[u8], &mut Vec<u8>) -> Result<bool, Error> + 'a;

/// The content of a run.
pub(super) struct Input<'a> {
    /// Returns the entries of one order.
    pub(super) entries: &'a dyn Fn(Side) -> Result<Merge, Error>,
    /// The most owners, and the most targets.
    pub(super) heads: [u64; 2],
    pub(super) keep: &'a mut Keep<'a>,
    /// Whether to stop.
    pub(super) stopped: &'a dyn Fn() -> bool,
}

/// Writes a run with this number; returns `None` if there were no entries.
///
/// # Errors
/// [`Error::Io`], [`Error::Stopped`], and the errors of reading the entries.
pub(super) fn write(
    folder: &dyn Folder,
    number: u64,
    input: &mut Input<'_>,
) -> Result<Option<RunEntry>, Error> {
    let name = run::name(number);
    let file = folder.create(&name).map_err(failed("create", &name))?;
    let written = Writer::new(file, &name).and_then(|mut writer| writer.run(number, input));
    if !matches!(written, Ok(Some(_))) {
        // If it cannot be removed now, it is removed at the next opening.
        let _ = folder.remove(&name);
    }
    written
}

struct Writer<'a> {
    name: &'a str,
    file: Arc<dyn FileWrite>,
    /// Bytes that have not been passed to the system yet.
    buffer: Vec<u8>,
    /// The offset of the buffer in the file.
    place: u64,
    zstd: Compressor<'static>,
    compressed: Vec<u8>,
}

/// The data about an order after its blocks are written.
struct Order {
    index: Vec<u8>,
    bloom: Bloom,
    heads: u64,
    entries: u64,
    words: u64,
}

impl<'a> Writer<'a> {
    fn new(file: Arc<dyn FileWrite>, name: &'a str) -> Result<Self, Error> {
        let zstd = Compressor::new(LEVEL).map_err(failed("compress", name))?;
        let buffer = HEAD.to_vec();
        Ok(Self { name, file, buffer, place: 0, zstd, compressed: Vec::new() })
    }

    fn run(&mut self, number: u64, input: &mut Input<'_>) -> Result<Option<RunEntry>, Error> {
        let owner = self.order(Side::Owner, input)?;
        let rdata = self.order(Side::Rdata, input)?;
        if owner.entries == 0 {
            return Ok(None);
        }
        let frames = [
            self.compressed(&owner.index)?,
            self.compressed(&rdata.index)?,
            self.frame(owner.bloom.octets())?,
            self.frame(rdata.bloom.octets())?,
        ];
        let footer = Footer { frames, counts: [owner.entries, rdata.entries, owner.words] };
        let place = self.here();
        let (octets, checksum) = footer.octets(place);
        self.buffer.extend_from_slice(&octets);
        self.flush()?;
        self.file.sync().map_err(failed("sync", self.name))?;
        Ok(Some(RunEntry {
            number,
            octets: self.here(),
            checksum,
            tuples: owner.entries,
            words: owner.words,
            heads: [owner.heads, rdata.heads],
        }))
    }

    fn order(&mut self, side: Side, input: &mut Input<'_>) -> Result<Order, Error> {
        let [owners, targets] = input.heads;
        let heads = if side == Side::Owner { owners } else { targets };
        let (mut heads, mut blocks, mut index) =
            (Heads::new(side, heads), Builder::default(), Builder::default());
        let mut entries = (input.entries)(side)?;
        let (mut words, mut read, mut written, mut said) = (Vec::new(), 0_u64, 0, 0);
        while entries.advance()? {
            read += 1;
            if read.is_multiple_of(PATIENCE) && (input.stopped)() {
                return Err(Error::Stopped);
            }
            words.clear();
            words.extend_from_slice(entries.words());
            if !(input.keep)(side, entries.key(), &mut words)? {
                continue;
            }
            heads.add(entries.key()).ok_or(Error::Damaged)?;
            written += 1;
            said += word::count(&words).ok_or(Error::Damaged)?;
            blocks.push(entries.key(), &words);
            if blocks.len() >= BLOCK {
                self.end_block(&mut blocks, &mut index)?;
            }
        }
        if blocks.entries() > 0 {
            self.end_block(&mut blocks, &mut index)?;
        }
        let (bloom, heads) = heads.finish();
        Ok(Order { index: index.finish(), bloom, heads, entries: written, words: said })
    }

    fn end_block(&mut self, blocks: &mut Builder, index: &mut Builder) -> Result<(), Error> {
        let key = blocks.key().to_vec();
        let mut place = Vec::with_capacity(16);
        self.compressed(&blocks.finish())?.push(&mut place);
        index.push(&key, &place);
        Ok(())
    }

    fn compressed(&mut self, octets: &[u8]) -> Result<Frame, Error> {
        if octets.len() as u64 > run::MAX_FRAME {
            return Err(Error::TooLarge);
        }
        let (keys, words) = Block::halves(octets);
        let mut compressed = std::mem::take(&mut self.compressed);
        compressed.clear();
        compressed.resize(8, 0);
        self.compress(keys, &mut compressed)?;
        let lengths = [compressed.len() - 8, keys.len()].map(|len| u32::try_from(len).unwrap_or(u32::MAX));
        let lengths = lengths.into_iter().flat_map(u32::to_le_bytes);
        compressed.iter_mut().zip(lengths).for_each(|(to, from)| *to = from);
        self.compress(words, &mut compressed)?;
        let frame = self.frame(&compressed)?;
        self.compressed = compressed;
        Ok(Frame { raw: octets.len() as u64, ..frame })
    }

    /// Appends the compressed bytes.
    fn compress(&mut self, octets: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let start = out.len();
        out.resize(start + compress_bound(octets.len()), 0);
        let room = out.get_mut(start..).unwrap_or_default();
        let len = self.zstd.compress_to_buffer(octets, room).map_err(failed("compress", self.name))?;
        out.truncate(start + len);
        Ok(())
    }

    fn frame(&mut self, octets: &[u8]) -> Result<Frame, Error> {
        if octets.len() as u64 > run::MAX_FRAME {
            return Err(Error::TooLarge);
        }
        let place = self.here();
        self.buffer.extend_from_slice(&checksum(octets, place).to_le_bytes());
        self.buffer.extend_from_slice(octets);
        if self.buffer.len() >= WRITE {
            self.flush()?;
        }
        let len = octets.len() as u64;
        Ok(Frame { place: place + 8, len, raw: len })
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.file.append(&self.buffer).map_err(failed("write", self.name))?;
        self.place = self.here();
        self.buffer.clear();
        Ok(())
    }

    fn here(&self) -> u64 {
        self.place + self.buffer.len() as u64
    }
}
