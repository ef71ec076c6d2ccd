//! The name under which the database stores how far a file was imported. A file that is imported and one that is loaded in the
//! browser get the same name, so the file counts once either way.
//!
//! Observations add up, so a file of observations is identified by its decompressed content, whatever its compression. Reports
//! change nothing when they are imported again, so a file of reports is identified by its bytes as they are, without
//! decompressing it.
//!
//! Errors: I/O errors while a file is digested, and errors of the store.

use std::io::{self, BufReader, Read};

use blake3::Hash;
use cof::Orientation;
use store::{Store, StoreError};

use crate::{Bounds, Packing};

/// Prefix of the names of inputs whose records are observations.
const OBSERVED: &str = "observation:";

/// The digests that identify a file.
#[derive(Clone, Copy, Debug)]
pub struct Digests {
    /// The digest of all bytes as they were received.
    pub packed: Hash,
    /// The digest of the decompressed content; `None` if it was not computed, or the file cannot be decompressed to its end.
    pub content: Option<Hash>,
}

/// What the user states about the records of a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// Whether they are observations of our own sensors, rather than reports of another database.
    pub observed: bool,
    /// The origin of records that do not state one.
    pub origin: Option<&'a str>,
    /// The sensor that observed them.
    pub sensor: Option<&'a str>,
    /// Whether the sensor of each record is kept.
    pub keep_sensors: bool,
    /// Which side of the records is the owner.
    pub orientation: Orientation,
}

/// The digest of the decompressed content of a file; `None` if it cannot be decompressed, or is larger than the given number of
/// bytes.
///
/// # Errors
/// A decoder could not be created.
pub fn digest_of_content(
    file: impl Read + Send + 'static,
    packing: Packing,
    bounds: Bounds,
    most: u64,
) -> io::Result<Option<Hash>> {
    let content = packing.unpack(BufReader::new(file), bounds)?;
    let mut hasher = blake3::Hasher::new();
    let read = hasher.update_reader(content.take(most.saturating_add(1))).is_ok();
    Ok((read && hasher.count() <= most).then(|| hasher.finalize()))
}

/// The name of a file: the existing name if it was imported before, otherwise a new one. A file of observations may have been
/// imported under another name, with another compression.
///
/// # Errors
/// Errors of the store.
pub fn name_in(
    store: &(impl Store + ?Sized),
    digests: Digests,
    said: Said<'_>,
) -> Result<String, StoreError> {
    let by_bytes = name_of(digests.packed, said);
    let Some(content) = digests.content.filter(|_| said.observed) else { return Ok(by_bytes) };
    let name = name_of(content, said);
    for known in [&name, &by_bytes] {
        if store.position(known)?.is_some() {
            return Ok(known.clone());
        }
    }
    Ok(observed(store, content)?.unwrap_or(name))
}

/// The name under which observations with this content were imported completely.
///
/// # Errors
/// Errors of the store.
pub fn observed(store: &(impl Store + ?Sized), content: Hash) -> Result<Option<String>, StoreError> {
    let names = store.wholes(content.as_bytes())?;
    Ok(names.iter().find(|name| name.starts_with(OBSERVED)).map(|name| name.as_ref().to_owned()))
}

/// The name of a file, from the BLAKE3 digest of the whole file.
pub fn name_of(digest: Hash, said: Said<'_>) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(b"whole").update(digest.as_bytes());
    named(hash, said)
}

/// The name that older versions gave a file, from its first 64 KiB and its size in bytes.
pub fn old_name_of(head: &[u8], size: u64, said: Said<'_>) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(&size.to_le_bytes()).update(head);
    named(hash, said)
}

/// Observations count once, whatever origin or sensor is given. Reports with different origins are different statements.
fn named(mut hash: blake3::Hasher, said: Said<'_>) -> String {
    if said.observed {
        return format!("{OBSERVED}{}", hash.finalize().to_hex());
    }
    for text in [said.origin, said.sensor] {
        hash.update(text.map(str::as_bytes).unwrap_or_default()).update(&[0xff]);
    }
    // Only values that differ from the default are hashed, so that files imported by older versions are recognised.
    if said.keep_sensors {
        hash.update(b"sensors");
    }
    if said.orientation != Orientation::Auto {
        hash.update(said.orientation.word().as_bytes());
    }
    format!("report:{}", hash.finalize().to_hex())
}
