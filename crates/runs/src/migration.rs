//! Converts a folder of format 1 to the current format: once, when it is opened for writing.
//!
//! [`migrate`] reads all runs of format 1 as one sequence and writes one run of the current format. Tuples that would be in
//! another position of it go into further runs: tuples whose data can be parsed now and could not before (text of types that
//! are canonical now, so that the rows of one record are merged), tuples with more targets than before, and the content of
//! journals. Times are repaired or left out ([`Times`]). Sources beyond [`store::Limits`] are combined into one without origin
//! and sensor. The positions of inputs go into a ledger; idempotency keys, which were kept for ever, expire 30 days from now.
//!
//! All new files are written next to the old ones, read again and checked. They count when the new manifest has replaced the
//! old one by renaming. If the process ends before that, the folder is unchanged, and the next process starts over. Old files
//! are removed afterwards. There must be room for both, which is checked first ([`Error::NoRoom`]).
//!
//! Errors are damage of the old files and I/O errors; nothing has changed then.

use std::collections::HashMap;
use std::sync::Arc;

use cof::{Name, Rdata, RrType, Source};

use super::advance::Advance;
use super::block::{Block, BlockCursor};
use super::error::Error;
use super::file::{Folder, damage, failed, missing};
use super::format1::{JOURNAL_HEAD, OldInput, OldManifest, RUN_HEAD};
use super::journal;
use super::ledger::{self, Ledger};
use super::manifest::{self, Manifest};
use super::merge::{Cursor, Merge};
use super::pool::{Destination, Pool, Tuple};
use super::run::{Blocks, Run, RunCursor, RunEntry};
use super::run_writer::{self, Input};
use super::sources::Sources;
use super::verify;
use super::word::{self, StoredWord};
use super::{Options, Step};
use store::engine::Side;
use store::engine::key::Parts;

/// Entries between two progress reports.
const STEP: u64 = 4_096;
/// Free space needed in addition to the size of the old files, in bytes: for the ledger, the manifest, and longer keys.
const SPARE: u64 = 16 << 20;
/// The prefix of the names of idempotency keys.
const KEYS: &str = "records/";
/// How long idempotency keys are kept, in seconds.
const KEPT: u64 = 30 * 86_400;

/// The result of converting an old database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Tuples that were read.
    pub tuples: u64,
    /// Tuples whose data was text and is canonical now, so that they may have been merged with another tuple.
    pub reread: u64,
    /// Words (a word is what one source states about a tuple) with an implausible time that was repaired.
    pub repaired: u64,
    /// Words that were left out because neither of their times is plausible.
    pub dropped: u64,
    /// Sources that were combined into one without origin and sensor, because there were too many or their names were too long.
    pub folded: u64,
}

/// Converts a folder to the current format.
///
/// # Errors
/// [`Error::NoRoom`], [`Error::Damage`], [`Error::Missing`], [`Error::Io`].
pub(super) fn migrate(
    files: &dyn Folder,
    options: &Options,
    manifest: OldManifest,
    first: u64,
    tell: &mut dyn FnMut(Step),
) -> Result<(), Error> {
    tell(Step::Migrating { done: 0, total: 1 });
    let old = Old::read(files, manifest, options)?;
    old.room(files)?;
    let total = old.runs.iter().map(|run| run.entry().tuples).sum::<u64>().max(1) * 4;
    let mut migration = Migration {
        files,
        options,
        times: Times { now: options.now },
        numbers: old.next.max(first),
        told: Told { tell, done: 0, total },
        pool: Pool::default(),
        runs: Vec::new(),
        outcome: Migrated { folded: old.folded, ..Migrated::default() },
    };
    migration.take_runs(&old)?;
    migration.take_journals(&old)?;
    migration.flush(&old.sources)?;
    migration.check(&old.sources)?;
    migration.end(&old)
}

/// The old content.
struct Old {
    next: u64,
    runs: Vec<Arc<Run>>,
    /// The content of the journals, as blocks by owner.
    blocks: Vec<Vec<u8>>,
    octets: u64,
    /// The sources by their old numbers.
    known: Arc<Sources>,
    /// The new number of each old number.
    ids: Vec<u32>,
    sources: Arc<Sources>,
    ledger: Ledger,
    folded: u64,
}

impl Old {
    fn read(files: &dyn Folder, manifest: OldManifest, options: &Options) -> Result<Self, Error> {
        let OldManifest { next, journals, runs, sources: listed, inputs } = manifest;
        let twice = || damage(manifest::NAME, 0, "a source that is there twice");
        let mut old_sources = Sources::default();
        for (id, source) in listed.into_iter().enumerate() {
            let interned = old_sources.intern(&source.source()).ok_or_else(twice)?;
            (usize::try_from(interned) == Ok(id)).then_some(()).ok_or_else(twice)?;
        }
        let open = |entry: RunEntry| Run::open_as(files, entry, RUN_HEAD).map(Arc::new).map_err(missing);
        let runs: Vec<Arc<Run>> = runs.into_iter().map(open).collect::<Result<_, _>>()?;
        let (mut blocks, mut advances) = (Vec::new(), Vec::new());
        for number in journals {
            let read = journal::replay(files, number, JOURNAL_HEAD, &mut old_sources, |record, _| {
                // Checked now, because it is read later.
                Block::of(record.block.clone())?;
                blocks.push(record.block);
                advances.extend(record.advance);
                Some(())
            });
            read.map_err(missing)?;
        }
        let (sources, ids, folded) = folded(&old_sources, options);
        let mut ledger = Ledger::default();
        take_inputs(inputs.into_iter(), &sources, options.now, &mut ledger);
        for mut advance in advances {
            advance.named.retain_mut(|id| ids.get(*id as usize).map(|new| *id = *new).is_some());
            advance.position.expires = expiry(&advance.position.input, options.now);
            advance.apply(&mut ledger);
        }
        let octets = runs.iter().map(|run| run.entry().octets).sum::<u64>()
            + blocks.iter().map(|block| block.len() as u64).sum::<u64>();
        let (known, sources) = (Arc::new(old_sources), Arc::new(sources));
        Ok(Self { next, runs, blocks, octets, known, ids, sources, ledger, folded })
    }

    /// Checks that there is room for a second copy.
    fn room(&self, files: &dyn Folder) -> Result<(), Error> {
        let needed = self.octets + self.octets / 4 + SPARE;
        match files.room().map_err(failed("look for room in", "the folder"))? {
            Some(free) if free < needed => Err(Error::NoRoom { needed, free }),
            _ => Ok(()),
        }
    }

    fn entries(&self, side: Side) -> Result<Merge, Error> {
        let cursor =
            |run: &Arc<Run>| Cursor::Run(Box::new(RunCursor::new(Arc::clone(run), side, Blocks::InFile)));
        Merge::from(self.runs.iter().map(cursor), &[], Arc::clone(&self.known))
    }
}

/// The sources within the current limits, the new numbers of the old ones, and how many sources lost their names.
fn folded(old: &Sources, options: &Options) -> (Sources, Vec<u32>, u64) {
    let limits = &options.limits;
    // A place is reserved for the combined source of each kind.
    let most = limits.sources.saturating_sub(3);
    let (mut sources, mut lost) = (Sources::default(), 0);
    let mut ids = Vec::with_capacity(old.len());
    for source in old.iter() {
        let fits = limits.admit_texts(std::slice::from_ref(source), None).is_ok();
        let keeps = fits && (sources.len() < most || sources.id(source).is_some());
        let plain = Source { kind: source.kind, origin: None, sensor: None };
        let kept = if keeps { source } else { &plain };
        lost += u64::from(*kept != *source);
        ids.push(sources.intern(kept).unwrap_or_default());
    }
    (sources, ids, lost)
}

/// Takes the positions from the manifest.
fn take_inputs(
    inputs: impl Iterator<Item = (Box<str>, OldInput)>,
    sources: &Sources,
    now: Option<u64>,
    ledger: &mut Ledger,
) {
    let mut by_origin: HashMap<Option<&str>, u32> = HashMap::new();
    for (id, source) in (0_u32..).zip(sources.iter()) {
        by_origin.entry(source.origin.as_deref()).or_insert(id);
    }
    let plain = by_origin.get(&None).copied();
    for (input, known) in inputs {
        let named = known.origins.iter();
        let named = named.filter_map(|origin| by_origin.get(&origin.as_deref()).copied().or(plain));
        let mut position = journal::old_position(&input, known.offset);
        position.expires = expiry(&input, now);
        Advance { position, fresh: true, named: named.collect() }.apply(ledger);
    }
}

fn expiry(input: &str, now: Option<u64>) -> Option<u64> {
    now.filter(|_| input.starts_with(KEYS)).map(|now| now.saturating_add(KEPT))
}

/// A conversion in progress.
struct Migration<'a> {
    files: &'a dyn Folder,
    options: &'a Options,
    times: Times,
    /// The number of the next file.
    numbers: u64,
    told: Told<'a>,
    pool: Pool,
    runs: Vec<RunEntry>,
    outcome: Migrated,
}

/// The progress.
struct Told<'a> {
    tell: &'a mut dyn FnMut(Step),
    done: u64,
    total: u64,
}

impl Told<'_> {
    fn step(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(STEP) {
            self.say();
        }
    }

    fn say(&mut self) {
        (self.tell)(Step::Migrating { done: self.done.min(self.total), total: self.total });
    }
}

impl Migration<'_> {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers - 1
    }

    /// Merges all old runs into one; tuples that change their position go to the pool.
    fn take_runs(&mut self, old: &Old) -> Result<(), Error> {
        if old.runs.is_empty() {
            return Ok(());
        }
        let number = self.number();
        let heads = old.runs.iter().fold([0, 0], |[owners, targets], run| {
            [owners + run.entry().heads[0], targets + run.entry().heads[1]]
        });
        let entries = |side| old.entries(side);
        let files = self.files;
        let mut words = Vec::new();
        let mut keep = |side: Side, key: &[u8], octets: &mut Vec<u8>| {
            self.told.step();
            let parts = match side {
                Side::Owner => Parts::of_owner_key(key),
                Side::Rdata => Parts::of_rdata_key(key),
            };
            let (other, reread) = parts.and_then(|parts| other(&parts)).ok_or(Error::Damaged)?;
            let counted = side == Side::Owner;
            self.outcome.reread += u64::from(reread && counted);
            self.translate(octets, old, counted, &mut words)?;
            octets.clear();
            match other {
                Some(tuple) if counted => self.pool_up(tuple, &words, &old.sources)?,
                Some(_) => {}
                None => words.iter().for_each(|word| word.push(octets)),
            }
            Ok(!octets.is_empty())
        };
        let mut input = Input { entries: &entries, heads, keep: &mut keep, stopped: &|| false };
        let written = run_writer::write(files, number, &mut input)?;
        self.runs.extend(written);
        self.told.say();
        Ok(())
    }

    /// Adds the content of the journals to the pool.
    fn take_journals(&mut self, old: &Old) -> Result<(), Error> {
        let mut words = Vec::new();
        for block in &old.blocks {
            let block = Block::of(block.clone()).ok_or(Error::Damaged)?;
            let mut cursor = BlockCursor::new(Arc::new(block));
            while cursor.advance().ok_or(Error::Damaged)? {
                let parts = Parts::of_owner_key(cursor.key()).ok_or(Error::Damaged)?;
                let (other, reread) = other(&parts).ok_or(Error::Damaged)?;
                self.outcome.reread += u64::from(reread);
                let tuple = match other {
                    Some(tuple) => tuple,
                    None => parts.decode().ok_or(Error::Damaged)?,
                };
                self.translate(cursor.words(), old, true, &mut words)?;
                self.pool_up(tuple, &words, &old.sources)?;
            }
        }
        self.told.say();
        Ok(())
    }

    /// The words of a tuple, with the new source numbers and plausible times.
    fn translate(
        &mut self,
        octets: &[u8],
        old: &Old,
        counted: bool,
        words: &mut Vec<StoredWord>,
    ) -> Result<(), Error> {
        words.clear();
        word::take_all(octets, words).ok_or(Error::Damaged)?;
        let (mut repaired, mut dropped, mut unknown) = (0, 0, false);
        words.retain_mut(|word| {
            match old.ids.get(word.source as usize) {
                Some(id) => word.source = *id,
                None => unknown = true,
            }
            let Some((first, last)) = self.times.repaired(word.value.first, word.value.last) else {
                dropped += 1;
                return false;
            };
            repaired += u64::from((first, last) != (word.value.first, word.value.last));
            (word.value.first, word.value.last) = (first, last);
            true
        });
        if unknown {
            return Err(Error::Damaged);
        }
        word::fold(words, &old.sources);
        if counted {
            self.outcome.tuples += 1;
            self.outcome.repaired += repaired;
            self.outcome.dropped += dropped;
        }
        Ok(())
    }

    fn pool_up(&mut self, tuple: Tuple, words: &[StoredWord], sources: &Sources) -> Result<(), Error> {
        let numbers = &mut self.numbers;
        let mut number = || {
            *numbers += 1;
            *numbers - 1
        };
        let memory = self.options.memory;
        let mut to = Destination { files: self.files, sources, memory, number: &mut number };
        let written = self.pool.runs();
        self.pool.add(tuple, words, &mut to)?;
        if self.pool.runs() > written {
            self.told.say();
        }
        Ok(())
    }

    fn flush(&mut self, sources: &Sources) -> Result<(), Error> {
        let numbers = &mut self.numbers;
        let mut number = || {
            *numbers += 1;
            *numbers - 1
        };
        let memory = self.options.memory;
        let mut to = Destination { files: self.files, sources, memory, number: &mut number };
        self.runs.extend(std::mem::take(&mut self.pool).finish(&mut to)?);
        self.told.say();
        Ok(())
    }

    /// Reads everything that was written again, to check it.
    fn check(&mut self, sources: &Sources) -> Result<(), Error> {
        for entry in &self.runs {
            let run = Arc::new(Run::open(self.files, entry.clone())?);
            verify::run(&run, sources, &mut || self.told.step())?;
        }
        self.told.say();
        Ok(())
    }

    /// Makes the new files count.
    fn end(mut self, old: &Old) -> Result<(), Error> {
        let number = self.number();
        let (_, segment) = ledger::write_all(self.files, number, &old.sources, &old.ledger)?;
        let (sources, ledger) = ledger::read(self.files, &[segment])?;
        if (sources.len(), ledger.inputs()) != (old.sources.len(), old.ledger.inputs()) {
            return Err(damage(&ledger::name(number), 0, "it does not hold what was written"));
        }
        self.told.say();
        let ledgers = vec![segment];
        Manifest { next: self.numbers, journals: Vec::new(), runs: self.runs, ledgers }.write(self.files)?;
        (self.told.tell)(Step::Migrated(self.outcome));
        Ok(())
    }
}

/// The current tuple of these parts if its keys change, and whether its data was text; `None` means damage.
fn other(parts: &Parts<'_>) -> Option<(Option<Tuple>, bool)> {
    if parts.is_target() {
        return Some((None, false));
    }
    let (rrtype, is_text, octets) = parts.stored_data()?;
    let data = if is_text {
        Rdata::parse(rrtype, std::str::from_utf8(&octets).ok()?)
    } else {
        // Data that once was valid for its type but is not now is kept as data of an unknown type.
        Rdata::from_wire(rrtype, &octets).unwrap_or_else(|_| Rdata::parse(rrtype, &generic(&octets)))
    };
    let same = match (data.as_wire(), data.as_text()) {
        (Some(wire), _) => !is_text && *wire == *octets,
        (None, text) => is_text && text.unwrap_or_default().as_bytes() == octets,
    };
    // The types that had a key by rdata, which is still the same.
    let had_one = matches!(
        rrtype,
        RrType::A
            | RrType::AAAA
            | RrType::CNAME
            | RrType::DNAME
            | RrType::HTTPS
            | RrType::MX
            | RrType::NS
            | RrType::PTR
            | RrType::SRV
            | RrType::SVCB
    );
    let keeps = same && (is_text || had_one || data.targets(rrtype).next().is_none());
    if keeps && rrtype != RrType::SOA {
        return Some((None, false));
    }
    let reread = is_text && data.as_wire().is_some();
    Some((Some((Name::split_sort_key(parts.owner).ok()?.0, rrtype, data)), reread))
}

/// The generic form of data in RFC 3597.
fn generic(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = format!("\\# {} ", octets.len());
    for octet in octets {
        // Writing to a string does not fail.
        let _ = write!(text, "{octet:02x}");
    }
    text
}

/// Plausible times: from the year 1985 to one day from now.
#[derive(Clone, Copy, Debug)]
struct Times {
    now: Option<u64>,
}

impl Times {
    /// The start of 1985: before it, there was no DNS to observe.
    const EARLIEST: u64 = 473_385_600;
    const DAY: u64 = 86_400;

    /// Both times, with an implausible one replaced by the other; `None` if both are implausible.
    fn repaired(self, first: u64, last: u64) -> Option<(u64, u64)> {
        match (self.plausible(first), self.plausible(last)) {
            (Some(a), Some(b)) if a <= b => Some((a, b)),
            // The time that was in another unit is the less reliable one.
            (Some(a), Some(b)) => Some(if a == first { (a, a) } else { (b, b) }),
            (Some(one), None) | (None, Some(one)) => Some((one, one)),
            (None, None) => None,
        }
    }

    /// The time in seconds, from seconds, milliseconds, microseconds or nanoseconds.
    fn plausible(self, time: u64) -> Option<u64> {
        let latest = self.now.map_or(cof::time::LATEST_PLAUSIBLE, |now| now.saturating_add(Self::DAY));
        let scales = [1, 1_000, 1_000_000, 1_000_000_000];
        scales.into_iter().map(|scale| time / scale).find(|time| (Self::EARLIEST..=latest).contains(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_cannot_be_are_repaired_by_the_other_or_left_out() {
        let times = Times { now: Some(1_700_000_000) };
        for (given, wanted) in [
            ((1_500_000_000, 1_600_000_000), Some((1_500_000_000, 1_600_000_000))),
            ((1_500_000_000_000, 1_600_000_000_000_000), Some((1_500_000_000, 1_600_000_000))),
            ((1_500_000_000, 4_102_444_800), Some((1_500_000_000, 1_500_000_000))),
            ((0, 1_600_000_000), Some((1_600_000_000, 1_600_000_000))),
            ((1_650_000_000, 1_600_000_000_000), Some((1_650_000_000, 1_650_000_000))),
            ((5, 20_300_913), None),
        ] {
            assert_eq!(times.repaired(given.0, given.1), wanted, "{given:?}");
        }
    }
}
