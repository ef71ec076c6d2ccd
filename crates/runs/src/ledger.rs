//! The sources, the positions of all inputs, and which sources each input named, so that nothing is counted twice. They are in
//! files of their own, to which only new entries are appended.
//!
//! ```text
//! ledger   = "BSLEDG" ‖ format: u16 ‖ number: u64 ‖ record*
//! record   = length of the payload: u32 ‖ checksum: u64 ‖ payload
//! payload  = change*
//! change   = 1 ‖ source of `sources`                                  it gets the next number
//!          | 2 ‖ advance of `advance`                                its sources are added to those named before
//!          | 3 ‖ varint length ‖ input                                the input is forgotten
//! ```
//!
//! Numbers are little-endian; a checksum is XXH3-64, seeded with the record's offset. The manifest lists the files in their
//! order, and how many bytes of each count; data after that was never acknowledged. A file is written by one process only. The
//! cost of one batch therefore does not depend on the size of the ledger. When there are many files, or most of their content
//! is outdated, all of them are read and replaced by one new file ([`LedgerFiles::append`]).
//!
//! A position is written together with the run that contains its batch, never earlier: until then, both are in the journal. The
//! longest payload is [`MAX_PAYLOAD`], for writers and readers alike. Errors are [`Error::Damage`], [`Error::Missing`] and I/O
//! errors.

use std::sync::Arc;

use cof::Position;
use serde::{Deserialize, Serialize};

use super::advance::Advance;
use super::checksum::checksum;
use super::error::Error;
use super::file::{FileWrite, Folder, damage, failed, missing, read_stretch};
use super::sources::{self, Sources};
use super::varint;
use store::Reached;
use store::engine::Positions;

const HEAD: &[u8; 8] = b"BSLEDG\x02\0";
/// Octets before the first record.
const START: u64 = 16;
/// Octets before a payload.
const RECORD: usize = 12;
/// The longest payload, in bytes.
const MAX_PAYLOAD: usize = 1 << 20;
/// A payload that has reached this length is ended; no change is longer than the rest up to [`MAX_PAYLOAD`].
const PAYLOAD: usize = 1 << 19;
/// The most sources in one change; if an input has more, they are in several changes.
const NAMED: usize = 1 << 12;
/// The files are rewritten when there are this many.
const FILES: usize = 16;
/// The files are rewritten when so many bytes are outdated, in addition to their length when they were last rewritten.
const WASTE: u64 = 1 << 20;

const SOURCE: u8 = 1;
const POSITION: u8 = 2;
const FORGET: u8 = 3;

/// Inputs by name, with the numbers of the sources that they named.
pub(super) type Ledger = Positions<u32>;

/// An entry of the manifest for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Segment {
    pub(super) number: u64,
    /// How many bytes of it count.
    pub(super) octets: u64,
}

/// A new entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// An input was forgotten.
    Forget(Arc<str>),
    /// An input was imported up to this position.
    Reached(Advance),
}

/// The file name of a ledger.
pub(super) fn name(number: u64) -> String {
    format!("{number:08}.ledger")
}

/// Reads the files in their order.
///
/// # Errors
/// [`Error::Damage`], [`Error::Missing`], [`Error::Io`].
pub(super) fn read(folder: &dyn Folder, segments: &[Segment]) -> Result<(Sources, Ledger), Error> {
    let (mut sources, mut ledger) = (Sources::default(), Ledger::default());
    for segment in segments {
        read_one(folder, *segment, &mut sources, &mut ledger)?;
    }
    Ok((sources, ledger))
}

fn read_one(
    folder: &dyn Folder,
    segment: Segment,
    sources: &mut Sources,
    ledger: &mut Ledger,
) -> Result<(), Error> {
    let name = name(segment.number);
    let file = folder.open(&name).map_err(failed("open", &name)).map_err(missing)?;
    let len = file.len().map_err(failed("look at", &name))?;
    if len < segment.octets {
        return Err(damage(&name, len, "the file ends before what was acknowledged"));
    }
    let head = read_stretch(&*file, &name, 0, 16)?;
    if head != head_of(segment.number) {
        return Err(damage(&name, 0, "it does not begin like a ledger"));
    }
    let mut place = START;
    while place < segment.octets {
        let wrong = || damage(&name, place, "a record that does not read");
        let head = read_stretch(&*file, &name, place, RECORD)?;
        let (octets, sum) = head.split_first_chunk::<4>().ok_or_else(wrong)?;
        let octets = u32::from_le_bytes(*octets) as usize;
        let end = place + (RECORD + octets) as u64;
        if octets > MAX_PAYLOAD || end > segment.octets {
            return Err(wrong());
        }
        let payload = read_stretch(&*file, &name, place + RECORD as u64, octets)?;
        if checksum(&payload, place).to_le_bytes() != sum {
            return Err(wrong());
        }
        apply(&payload, sources, ledger).ok_or_else(wrong)?;
        place = end;
    }
    Ok(())
}

/// Applies a payload.
fn apply(mut octets: &[u8], sources: &mut Sources, ledger: &mut Ledger) -> Option<()> {
    let octets = &mut octets;
    while let Some((kind, rest)) = octets.split_first() {
        *octets = rest;
        match *kind {
            SOURCE => {
                let next = sources.len();
                let id = sources.intern(&sources::take(octets)?)?;
                (usize::try_from(id) == Ok(next)).then_some(())?;
            }
            POSITION => {
                let advance = Advance::take(octets)?;
                advance.named.iter().all(|id| sources.by_id(*id).is_some()).then_some(())?;
                advance.apply(ledger);
            }
            FORGET => ledger.forget(std::str::from_utf8(varint::take_octets(octets)?).ok()?),
            _ => return None,
        }
    }
    Some(())
}

fn head_of(number: u64) -> Vec<u8> {
    [&HEAD[..], &number.to_le_bytes()].concat()
}

/// The files on disk, and the file that is being written.
#[derive(Default)]
pub(super) struct LedgerFiles {
    active: Option<(u64, Arc<dyn FileWrite>)>,
    /// How many sources are in the files.
    sources: usize,
    /// The length of the files when they were last rewritten.
    compact: u64,
}

/// What was appended, and counts as soon as the manifest lists it.
#[must_use = "what was appended does not count before the manifest says so"]
pub(super) struct Appended {
    active: Option<(u64, Arc<dyn FileWrite>)>,
    sources: usize,
    compact: Option<u64>,
    /// Files that a new one replaces.
    pub(super) replaced: Vec<u64>,
}

impl LedgerFiles {
    /// The state for the files of a manifest, which contain this many sources.
    pub(super) fn of(segments: &[Segment], sources: usize) -> Self {
        let octets = segments.iter().map(|segment| segment.octets).sum();
        Self { sources, compact: octets, ..Self::default() }
    }

    /// Starts a new file for the next append, because the holder of the current files must not see them grow.
    pub(super) fn end_file(&mut self) {
        self.active = None;
    }

    /// Records that what was appended is now listed by the manifest.
    pub(super) fn confirm(&mut self, appended: Appended) {
        self.active = appended.active;
        self.sources = appended.sources;
        self.compact = appended.compact.unwrap_or(self.compact);
    }

    /// Appends the new sources and these changes; `segments` are those that the manifest will list.
    ///
    /// # Errors
    /// I/O errors; nothing counts then, and the next append starts another file.
    pub(super) fn append(
        &mut self,
        folder: &dyn Folder,
        segments: &mut Vec<Segment>,
        number: &dyn Fn() -> u64,
        sources: &Sources,
        changes: &[Change],
    ) -> Result<Option<Appended>, Error> {
        if changes.is_empty() && self.sources >= sources.len() {
            return Ok(None);
        }
        let octets: u64 = segments.iter().map(|segment| segment.octets).sum();
        if segments.len() >= FILES || octets > self.compact * 2 + WASTE {
            return self.write_anew(folder, segments, number(), sources, changes).map(Some);
        }
        let mut payloads = Payloads::default();
        for source in sources.iter().skip(self.sources) {
            payloads.source(source);
        }
        for change in changes {
            payloads.change(change);
        }
        let (number, place, file) = match (self.active.take(), segments.last()) {
            (Some((number, file)), Some(last)) if last.number == number => (number, last.octets, Some(file)),
            _ => (number(), START, None),
        };
        let (file, len) = write(folder, number, place, file, payloads)?;
        match segments.last_mut().filter(|last| last.number == number) {
            Some(last) => last.octets = len,
            None => segments.push(Segment { number, octets: len }),
        }
        let active = Some((number, file));
        let sources = sources.len().max(self.sources);
        Ok(Some(Appended { active, sources, compact: None, replaced: Vec::new() }))
    }

    /// Replaces all files with one new file.
    fn write_anew(
        &mut self,
        folder: &dyn Folder,
        segments: &mut Vec<Segment>,
        number: u64,
        sources: &Sources,
        changes: &[Change],
    ) -> Result<Appended, Error> {
        self.active = None;
        let (mut known, mut ledger) = read(folder, segments)?;
        for source in sources.iter().skip(known.len()) {
            known.intern(source).ok_or(Error::TooLarge)?;
        }
        for change in changes {
            match change {
                Change::Forget(input) => ledger.forget(input),
                Change::Reached(advance) => advance.apply(&mut ledger),
            }
        }
        let (file, segment) = write_all(folder, number, &known, &ledger)?;
        let replaced = std::mem::replace(segments, vec![segment]);
        Ok(Appended {
            active: Some((number, file)),
            sources: known.len(),
            compact: Some(segment.octets),
            replaced: replaced.into_iter().map(|segment| segment.number).collect(),
        })
    }
}

/// Writes a file with the whole ledger.
///
/// # Errors
/// I/O errors; there is no such file then.
pub(super) fn write_all(
    folder: &dyn Folder,
    number: u64,
    sources: &Sources,
    ledger: &Ledger,
) -> Result<(Arc<dyn FileWrite>, Segment), Error> {
    let mut payloads = Payloads::default();
    for source in sources.iter() {
        payloads.source(source);
    }
    for (input, reached, named) in ledger.iter() {
        let Reached { offset, digest, whole, expires } = *reached;
        let position = Position { input: Arc::clone(input), offset, digest, whole, expires };
        payloads.change(&Change::Reached(Advance { position, fresh: true, named: named.to_vec() }));
    }
    let (file, octets) = write(folder, number, START, None, payloads)?;
    Ok((file, Segment { number, octets }))
}

/// Appends records to a file, or to a new one, and syncs it; returns its length.
fn write(
    folder: &dyn Folder,
    number: u64,
    place: u64,
    file: Option<Arc<dyn FileWrite>>,
    payloads: Payloads,
) -> Result<(Arc<dyn FileWrite>, u64), Error> {
    let name = name(number);
    let is_new = file.is_none();
    let file = match file {
        Some(file) => file,
        None => folder.create(&name).map_err(failed("create", &name))?,
    };
    let (mut octets, mut end) = (if is_new { head_of(number) } else { Vec::new() }, place);
    for payload in payloads.finish() {
        let len = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= MAX_PAYLOAD);
        octets.extend_from_slice(&len.ok_or(Error::TooLarge)?.to_le_bytes());
        octets.extend_from_slice(&checksum(&payload, end).to_le_bytes());
        octets.extend_from_slice(&payload);
        end += (RECORD + payload.len()) as u64;
    }
    let written = file.append(&octets).and_then(|()| file.sync());
    let written = written.and_then(|()| if is_new { folder.sync() } else { Ok(()) });
    if let Err(error) = written {
        if is_new {
            // The next process that opens the folder removes files that are not listed.
            let _ = folder.remove(&name);
        }
        return Err(failed("write", &name)(error));
    }
    Ok((file, end))
}

/// Changes that are being collected into payloads.
#[derive(Default)]
struct Payloads {
    ended: Vec<Vec<u8>>,
    last: Vec<u8>,
}

impl Payloads {
    fn source(&mut self, source: &cof::Source) {
        self.last.push(SOURCE);
        sources::push(&mut self.last, source);
        self.end_if_long();
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Forget(input) => {
                self.last.push(FORGET);
                varint::push_octets(&mut self.last, input.as_bytes());
                self.end_if_long();
            }
            Change::Reached(advance) => {
                let mut parts = advance.named.chunks(NAMED);
                let mut part = parts.next().unwrap_or_default();
                let mut fresh = advance.fresh;
                loop {
                    self.last.push(POSITION);
                    let position = advance.position.clone();
                    Advance { position, fresh, named: part.to_vec() }.push(&mut self.last);
                    self.end_if_long();
                    fresh = false;
                    let Some(next) = parts.next() else { break };
                    part = next;
                }
            }
        }
    }

    fn end_if_long(&mut self) {
        if self.last.len() >= PAYLOAD {
            self.ended.push(std::mem::take(&mut self.last));
        }
    }

    fn finish(mut self) -> Vec<Vec<u8>> {
        if !self.last.is_empty() {
            self.ended.push(self.last);
        }
        self.ended
    }
}
