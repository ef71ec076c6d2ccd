//! Batches that are not in a run yet: appended, checksummed, and synced before they are acknowledged.
//!
//! ```text
//! journal  = "BSJRNL" ‖ format: u16 ‖ number: u64 ‖ mark ×2 ‖ record*
//! mark     = acknowledged: u64 ‖ checksum: u64
//! record   = length of the payload: u32 ‖ checksum: u64 ‖ payload
//! payload  = new sources ‖ 0, or 1 ‖ advance of `advance` ‖ block by owner
//! new      = varint number of the first source ‖ varint how many ‖ source of `sources` *
//! ```
//!
//! Numbers are little-endian; checksums are XXH3-64, seeded with the offset, or, for a mark, with the journal's number. The
//! marks, written alternately, state how far records have been synced: unreadable data before that position is damage, and
//! unreadable data after it was never acknowledged and is ignored. A mark is written after its sync and becomes durable with
//! the next one, so it never states too much.

use std::sync::Arc;

use cof::Position;
use twox_hash::XxHash3_64;

use super::advance::Advance;
use super::batch::Batch;
use super::checksum::checksum;
use super::error::Error;
use super::file::{FileRead, FileWrite, Folder, damage, failed, read_stretch};
use super::sources::{self, Sources};
use super::varint;

/// The first bytes of a journal.
pub(super) const HEAD: [u8; 8] = *b"BSJRNL\x02\0";
/// Bytes before the first record.
const HEADER: usize = 48;
/// The offset of the first record.
const START: u64 = HEADER as u64;
/// Bytes before a payload.
const RECORD: usize = 12;
/// The offsets of the marks.
const MARKS: [u64; 2] = [16, 32];

/// A journal that is being written.
pub(super) struct Journal {
    name: String,
    number: u64,
    file: Arc<dyn FileWrite>,
    len: u64,
}

/// A record to append.
pub(super) struct Record(Vec<u8>);

/// The content of a record.
pub(super) struct Replayed {
    pub(super) advance: Option<Advance>,
    /// A block by owner; not checked.
    pub(super) block: Vec<u8>,
}

/// The file name of a journal.
pub(super) fn name(number: u64) -> String {
    format!("{number:08}.journal")
}

impl Journal {
    /// Creates a journal; it is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Io`]; then it does not exist, or is empty and not needed.
    pub(super) fn create(folder: &dyn Folder, number: u64) -> Result<Self, Error> {
        let name = name(number);
        let mut head = HEAD.to_vec();
        head.extend_from_slice(&number.to_le_bytes());
        head.extend_from_slice(&mark(number, 0, START));
        head.extend_from_slice(&mark(number, 1, START));
        let file = folder.create(&name).map_err(failed("create", &name))?;
        let made = file.append(&head).and_then(|()| file.sync()).and_then(|()| folder.sync());
        if let Err(error) = made {
            // The next process that opens the folder finds it empty.
            let _ = folder.remove(&name);
            return Err(failed("write", &name)(error));
        }
        Ok(Self { name, number, file, len: START })
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The offset of the next record.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was ever appended.
    pub(super) fn is_empty(&self) -> bool {
        self.len == START
    }

    /// Appends a record, which is not durable yet.
    ///
    /// # Errors
    /// [`Error::Io`]; then nothing was appended. [`Error::Poisoned`] if a partial record could not be removed.
    pub(super) fn append(&mut self, mut record: Record) -> Result<(), Error> {
        let octets = &mut record.0;
        let sum = octets.get(RECORD..).map(|payload| checksum(payload, self.len)).unwrap_or_default();
        let sum = sum.to_le_bytes();
        octets.iter_mut().skip(4).zip(sum).for_each(|(to, from)| *to = from);
        if let Err(error) = self.file.append(octets) {
            let cut = self.file.truncate(self.len);
            return Err(if cut.is_ok() { failed("append to", &self.name)(error) } else { Error::Poisoned });
        }
        self.len += octets.len() as u64;
        Ok(())
    }

    /// A handle that syncs what was appended so far, while others may continue to append.
    pub(super) fn syncing(&self) -> Syncing {
        Syncing { name: self.name.clone(), number: self.number, file: Arc::clone(&self.file), len: self.len }
    }
}

/// A sync up to an offset.
pub(super) struct Syncing {
    name: String,
    pub(super) number: u64,
    file: Arc<dyn FileWrite>,
    pub(super) len: u64,
}

impl Syncing {
    /// Syncs, and then writes a mark; `turn` determines which of the two marks.
    ///
    /// # Errors
    /// [`Error::Io`]; it is unknown then what of the appended data is durable.
    pub(super) fn sync(&self, turn: usize) -> Result<(), Error> {
        self.file.sync().map_err(failed("sync", &self.name))?;
        let turn = turn % MARKS.len();
        let place = MARKS.get(turn).copied().unwrap_or_default();
        // Without the mark, the record is just as durable; only later damage to it would be treated differently.
        let _ = self.file.overwrite(&mark(self.number, turn, self.len), place);
        Ok(())
    }
}

impl Record {
    /// The record of a batch; sources from the number `new` on are not in any record yet.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub(super) fn of(
        batch: &Batch,
        advance: Option<&Advance>,
        sources: &Sources,
        new: usize,
    ) -> Result<Self, Error> {
        let block = batch.owner_block();
        let mut octets = Vec::with_capacity(RECORD + 256 + block.len());
        octets.resize(RECORD, 0);
        varint::push(&mut octets, new as u64);
        varint::push(&mut octets, sources.len().saturating_sub(new) as u64);
        for source in sources.iter().skip(new) {
            sources::push(&mut octets, source);
        }
        octets.push(u8::from(advance.is_some()));
        if let Some(advance) = advance {
            advance.push(&mut octets);
        }
        octets.extend_from_slice(block);
        let len = u32::try_from(octets.len() - RECORD).map_err(|_| Error::TooLarge)?;
        octets.iter_mut().zip(len.to_le_bytes()).for_each(|(to, from)| *to = from);
        Ok(Self(octets))
    }
}

/// Reads the records of a journal that begins with `begin`; sources get their previous numbers. `take` returns `None` for a
/// payload that it cannot read.
///
/// # Errors
/// [`Error::Damage`] if an acknowledged record cannot be read; [`Error::Io`].
pub(super) fn replay(
    folder: &dyn Folder,
    number: u64,
    begin: [u8; 8],
    sources: &mut Sources,
    mut take: impl FnMut(Replayed, &Sources) -> Option<()>,
) -> Result<(), Error> {
    let name = name(number);
    let file = folder.open(&name).map_err(failed("open", &name))?;
    let len = file.len().map_err(failed("look at", &name))?;
    let head = read_stretch(&*file, &name, 0, HEADER)?;
    let acknowledged =
        head_of(&head, begin, number).ok_or_else(|| damage(&name, 0, "it does not begin like a journal"))?;
    if len < acknowledged {
        return Err(damage(&name, len, "the file ends before what was acknowledged"));
    }
    let mut place = START;
    while place < len {
        let payload = payload(&*file, &name, place, len)?;
        let read = if begin == HEAD { replayed } else { old_replayed };
        let taken = payload.as_deref().and_then(|payload| read(payload, sources));
        if taken.and_then(|replayed| take(replayed, sources)).is_none() {
            if place < acknowledged {
                return Err(damage(&name, place, "an acknowledged record that does not read"));
            }
            return Ok(());
        }
        place += (RECORD + payload.map_or(0, |payload| payload.len())) as u64;
    }
    Ok(())
}

/// The payload of the record at an offset, if the record is complete.
fn payload(file: &dyn FileRead, name: &str, place: u64, len: u64) -> Result<Option<Vec<u8>>, Error> {
    let start = place + RECORD as u64;
    if start > len {
        return Ok(None);
    }
    let head = read_stretch(file, name, place, RECORD)?;
    let (Some(octets), Some(sum)) = (head.first_chunk::<4>(), head.last_chunk::<8>()) else {
        return Ok(None);
    };
    let octets = u32::from_le_bytes(*octets);
    if len - start < u64::from(octets) {
        return Ok(None);
    }
    let payload = read_stretch(file, name, start, octets as usize)?;
    Ok((checksum(&payload, place) == u64::from_le_bytes(*sum)).then_some(payload))
}

/// Decodes a payload; sources get their previous numbers.
pub(super) fn replayed(mut payload: &[u8], sources: &mut Sources) -> Option<Replayed> {
    let octets = &mut payload;
    take_sources(octets, sources)?;
    let (kind, rest) = octets.split_first()?;
    *octets = rest;
    let advance = match kind {
        0 => None,
        1 => Some(Advance::take(octets)?),
        _ => return None,
    };
    Some(Replayed { advance, block: octets.to_vec() })
}

/// Decodes a payload of format 1: the batch's sources came before the position, and a position was a name and an offset.
fn old_replayed(mut payload: &[u8], sources: &mut Sources) -> Option<Replayed> {
    let octets = &mut payload;
    take_sources(octets, sources)?;
    let mut named = Vec::new();
    for _ in 0..varint::take(octets)? {
        named.push(u32::try_from(varint::take(octets)?).ok()?);
    }
    let (kind, rest) = octets.split_first()?;
    *octets = rest;
    let advance = match kind {
        0 => None,
        1 => {
            let input = std::str::from_utf8(varint::take_octets(octets)?).ok()?;
            let position = old_position(input, varint::take(octets)?);
            Some(Advance { position, fresh: false, named })
        }
        _ => return None,
    };
    Some(Replayed { advance, block: octets.to_vec() })
}

/// Converts the position of format 1: the largest offset meant that the whole input was imported.
pub(super) fn old_position(input: &str, offset: u64) -> Position {
    Position { whole: offset == u64::MAX, ..Position::new(input, offset) }
}

fn take_sources(octets: &mut &[u8], sources: &mut Sources) -> Option<()> {
    let new = varint::take(octets)?;
    for id in new..new.checked_add(varint::take(octets)?)? {
        if u64::from(sources.intern(&sources::take(octets)?)?) != id {
            return None;
        }
    }
    Some(())
}

/// How far records were acknowledged, if this is the head of this journal.
fn head_of(head: &[u8], begin: [u8; 8], number: u64) -> Option<u64> {
    let rest = head.strip_prefix(&begin)?.strip_prefix(&number.to_le_bytes())?;
    let marks = rest.as_chunks::<16>().0.iter().enumerate().filter_map(|(turn, octets)| {
        let acknowledged = u64::from_le_bytes(*octets.first_chunk()?);
        (*octets == mark(number, turn, acknowledged)).then_some(acknowledged)
    });
    marks.max()
}

fn mark(number: u64, turn: usize, acknowledged: u64) -> [u8; 16] {
    let mut octets = [0; 16];
    let sum = XxHash3_64::oneshot_with_seed(number ^ turn as u64, &acknowledged.to_le_bytes());
    let both = acknowledged.to_le_bytes().into_iter().chain(sum.to_le_bytes());
    octets.iter_mut().zip(both).for_each(|(to, from)| *to = from);
    octets
}
