//! Reads all data again, and checks every checksum, the order of the keys, every word, and the ledger.
//!
//! [`verify`] stops at the first damage, which names its file and offset. Journals were checked when the folder was opened.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::file::damage;
use super::intake::Intake;
use super::run::{Blocks, Run, RunCursor};
use super::sources::Sources;
use super::word::StoredWord;
use store::engine::Side;
use store::engine::key::Parts;

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The number of runs.
    pub files: u64,
    /// Their size in bytes.
    pub octets: u64,
    /// The number of tuples by owner.
    pub tuples: u64,
}

/// Reads all current runs; `progress` receives the number of entries read, and the largest possible number.
///
/// # Errors
/// The first damage.
pub(super) fn verify(intake: &Intake, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, Error> {
    let snapshot = intake.snapshot();
    let total = snapshot.runs.iter().map(|run| run.entry().tuples * 2).sum();
    let (mut verified, mut read) = (Verified::default(), 0);
    for run in &snapshot.runs {
        let mut step = || {
            read += 1;
            if read % 65_536 == 0 {
                progress(read, total);
            }
        };
        self::run(run, &snapshot.sources, &mut step)?;
        verified.files += 1;
        verified.octets += run.entry().octets;
        verified.tuples += run.entry().tuples;
    }
    intake.verify_ledger()?;
    progress(total, total);
    Ok(verified)
}

/// Reads both orders of a run.
///
/// # Errors
/// The first damage.
pub(super) fn run(run: &Arc<Run>, sources: &Sources, step: &mut dyn FnMut()) -> Result<(), Error> {
    let counts = side(run, Side::Owner, sources, step)?;
    side(run, Side::Rdata, sources, step)?;
    if counts != [run.entry().tuples, run.entry().words] {
        return Err(damage(run.name(), 0, "it does not hold as many entries as were written"));
    }
    Ok(())
}

/// Reads one order of a run; returns the number of entries and words.
fn side(run: &Arc<Run>, side: Side, sources: &Sources, step: &mut dyn FnMut()) -> Result<[u64; 2], Error> {
    let mut cursor = RunCursor::new(Arc::clone(run), side, Blocks::InFile);
    let (mut before, mut counts): (Vec<u8>, [u64; 2]) = (Vec::new(), [0, 0]);
    while cursor.advance()? {
        step();
        let wrong = |what| damage(run.name(), cursor.place(), what);
        if counts[0] > 0 && cursor.key() <= &*before || cursor.key() > cursor.last_key() {
            return Err(wrong("entries that are not in order"));
        }
        let parts = match side {
            Side::Owner => Parts::of_owner_key(cursor.key()),
            Side::Rdata => Parts::of_rdata_key(cursor.key()),
        };
        if parts.and_then(|parts| parts.decode()).is_none() {
            return Err(wrong("a tuple that does not read"));
        }
        let mut rest = cursor.words();
        while !rest.is_empty() {
            let word = StoredWord::take(&mut rest).ok_or_else(|| wrong("words that do not read"))?;
            sources.by_id(word.source).ok_or_else(|| wrong("a source that is not known"))?;
            counts[1] += 1;
        }
        counts[0] += 1;
        before.clear();
        before.extend_from_slice(cursor.key());
    }
    Ok(counts)
}
