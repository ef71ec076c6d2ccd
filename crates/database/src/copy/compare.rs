//! Compares a slice with what a database holds in the same keys: [`compare`]. Errors are [`StoreError`].
//!
//! A database that has much more in these keys, such as one that many sensors feed, is not read whole: then [`SAMPLE`] entries of the
//! slice are looked up one by one.

use std::collections::BTreeMap;

use store::{Cursor, Question, Store, StoreError};

use super::slice::{Entry, Slice, digest, everything};

/// A database with more than so many times the entries of a slice in its keys is not read whole.
const DENSER: usize = 4;
/// The number of entries that are looked up then, spread evenly.
const SAMPLE: usize = 500;
/// The size of a page in which one entry is looked up.
const FEW: usize = 64;

/// What a database holds in the keys of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// The same entries, with the same digest.
    Identical,
    /// More than the slice; of the slice's entries, all that were looked up are there, with at least the same count and times.
    Contained,
    /// So many of the entries that were compared are missing, or have a smaller count or span of time.
    Missing { missing: u64, compared: u64 },
}

/// Reads the keys of a slice from a database.
///
/// # Errors
/// Those of the database.
pub(super) fn compare(store: &dyn Store, slice: &Slice) -> Result<Compared, StoreError> {
    let entries: Vec<_> = slice.entries().collect();
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Ok(Compared::Identical);
    };
    let most = entries.len().saturating_mul(DENSER);
    let (missing, compared) = match held(store, (&first.key, &last.key), most, usize::MAX)? {
        Some(held) if digest(&held) == digest(&entries) => return Ok(Compared::Identical),
        Some(held) => (missing(&entries, held), entries.len()),
        None => missing_of_a_sample(store, &entries)?,
    };
    let compared = compared as u64;
    Ok(if missing == 0 { Compared::Contained } else { Compared::Missing { missing, compared } })
}

/// The entries from one key to another, both included, read in pages of this size; `None` if they are more than `most`.
fn held(
    store: &dyn Store,
    (first, last): (&[u8], &[u8]),
    most: usize,
    page: usize,
) -> Result<Option<Vec<Entry>>, StoreError> {
    let mut question = Question { limit: page, ..everything() };
    // A cursor holds a part of a long key only, and then the page begins before it.
    question.cursor = Some(Cursor::new(first, 0));
    let mut held = Vec::new();
    loop {
        let page = store.lookup(&question)?;
        for record in page.records {
            let entry = Entry::of(record)?;
            if &*entry.key > last {
                return Ok(Some(held));
            }
            if &*entry.key >= first {
                held.push(entry);
            }
        }
        question.cursor = page.next;
        if question.cursor.is_none() {
            return Ok(Some(held));
        }
        if held.len() > most {
            return Ok(None);
        }
    }
}

/// The number of entries that these ones do not cover.
fn missing(entries: &[Entry], held: Vec<Entry>) -> u64 {
    let mut by_key: BTreeMap<Vec<u8>, Vec<Entry>> = BTreeMap::new();
    for entry in held {
        by_key.entry(entry.key.clone()).or_default().push(entry);
    }
    let is_missing = |entry: &&Entry| {
        let mut same = by_key.get(&entry.key).into_iter().flatten();
        !same.any(|other| other.covers(entry))
    };
    entries.iter().filter(is_missing).count() as u64
}

/// The same of [`SAMPLE`] entries, each looked up, and how many these were.
fn missing_of_a_sample(store: &dyn Store, entries: &[Entry]) -> Result<(u64, usize), StoreError> {
    let (mut count, mut compared) = (0, 0);
    for entry in entries.iter().step_by(entries.len().div_ceil(SAMPLE)) {
        let held = held(store, (&entry.key, &entry.key), usize::MAX, FEW)?.unwrap_or_default();
        count += missing(std::slice::from_ref(entry), held);
        compared += 1;
    }
    Ok((count, compared))
}
