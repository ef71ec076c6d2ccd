//! Compares a slice with what a database holds in the same keys: [`compare`]. Errors are [`StoreError`].
//!
//! A database that has much more in these keys, such as one that many sensors feed, is not read whole: then [`SAMPLE`] entries of the
//! slice are looked up one by one.

use std::collections::BTreeMap;

use store::{Cursor, Store, StoreError};

use super::slice::{Entry, Slice, digest, everything};

/// A database with more than so many times the entries of a slice in its keys is not read whole.
const DENSER: usize = 4;
/// The number of entries that are looked up then, spread evenly.
const SAMPLE: usize = 500;

/// What a database holds in the keys of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// The same entries, with the same digest.
    Identical,
    /// More than the slice; of the slice's entries, all that were looked up are there, with at least the same count and times.
    Contained,
    /// So many entries are missing, or have a smaller count or span of time.
    Missing(u64),
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
    let missing = match held(store, &first.key, &last.key, entries.len().saturating_mul(DENSER))? {
        Some(held) if is_identical(&held, &entries) => return Ok(Compared::Identical),
        Some(held) => missing(&entries, held),
        None => missing_of_a_sample(store, &entries)?,
    };
    Ok(if missing == 0 { Compared::Contained } else { Compared::Missing(missing) })
}

/// Whether there are the same entries from the first one to the last one. A slice may begin and end within a tuple.
fn is_identical(held: &[Entry], entries: &[Entry]) -> bool {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return held.is_empty() };
    let begin = held.iter().position(|entry| entry.is_about_the_same(first));
    let end = held.iter().rposition(|entry| entry.is_about_the_same(last));
    let (Some(begin), Some(end)) = (begin, end) else { return false };
    held.get(begin..=end).is_some_and(|held| held.len() == entries.len() && digest(held) == digest(entries))
}

/// The entries from one key to another, both included; `None` if they are more than `most`.
fn held(store: &dyn Store, first: &[u8], last: &[u8], most: usize) -> Result<Option<Vec<Entry>>, StoreError> {
    let mut question = everything();
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

/// The same of [`SAMPLE`] entries, each looked up.
fn missing_of_a_sample(store: &dyn Store, entries: &[Entry]) -> Result<u64, StoreError> {
    let mut count = 0;
    for entry in entries.iter().step_by(entries.len().div_ceil(SAMPLE)) {
        let held = held(store, &entry.key, &entry.key, usize::MAX)?.unwrap_or_default();
        count += missing(std::slice::from_ref(entry), held);
    }
    Ok(count)
}
