//! The name under which the database remembers how far a file was taken in: the same for a file that is imported and one that
//! is loaded in the browser, so that it counts once whichever way it comes.
//!
//! Sightings add up, so a file of them is known by what it holds, packed or not. Reports change nothing when they are heard
//! again, so a file of them is known by its bytes alone, which need not be unpacked for it.
//!
//! Errors: the system's, while a file is digested, and the store's.

use std::io::{self, BufReader, Read};

use blake3::Hash;
use cof::Orientation;
use store::{Store, StoreError};

use crate::{Bounds, Packing};

/// Before the names of inputs whose records are sightings.
const OBSERVED: &str = "observation:";

/// What a file is known by.
#[derive(Clone, Copy, Debug)]
pub struct Digests {
    /// Of all of its bytes, as it came.
    pub packed: Hash,
    /// Of all that it holds; `None` where that was not looked at, or cannot be unpacked to its end.
    pub content: Option<Hash>,
}

/// What is said of a file's records beside its content.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// They are sightings of our own sensors, and no other database's reports.
    pub observed: bool,
    /// Where they come from, for those that do not say it.
    pub origin: Option<&'a str>,
    /// The sensor that saw them.
    pub sensor: Option<&'a str>,
    /// Each record's own sensor is kept.
    pub keep_sensors: bool,
    /// Which side of the records is the owner.
    pub orientation: Orientation,
}

/// The digest of all that a file holds, which takes unpacking it; `None` when it cannot be unpacked, or holds more bytes than
/// these.
///
/// # Errors
/// No decoder can be made.
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

/// The name under which a file is known or will be: a file of sightings was perhaps taken in under another one, packed in
/// another way.
///
/// # Errors
/// The store's.
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

/// The name under which sightings with this content were taken in whole.
///
/// # Errors
/// The store's.
pub fn observed(store: &(impl Store + ?Sized), content: Hash) -> Result<Option<String>, StoreError> {
    let names = store.wholes(content.as_bytes())?;
    Ok(names.iter().find(|name| name.starts_with(OBSERVED)).map(|name| name.as_ref().to_owned()))
}

/// The name of a file by the BLAKE3 digest of all of it.
pub fn name_of(digest: Hash, said: Said<'_>) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(b"whole").update(digest.as_bytes());
    named(hash, said)
}

/// The name that older versions gave a file, by its first 64 KiB and its size in bytes.
pub fn old_name_of(head: &[u8], size: u64, said: Said<'_>) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(&size.to_le_bytes()).update(head);
    named(hash, said)
}

/// Sightings count once whoever is said to have made them; reports of different origins are different words.
fn named(mut hash: blake3::Hasher, said: Said<'_>) -> String {
    if said.observed {
        return format!("{OBSERVED}{}", hash.finalize().to_hex());
    }
    for text in [said.origin, said.sensor] {
        hash.update(text.map(str::as_bytes).unwrap_or_default()).update(&[0xff]);
    }
    // Only where they are not as usual, so that files that older versions imported are known.
    if said.keep_sensors {
        hash.update(b"sensors");
    }
    if said.orientation != Orientation::Auto {
        hash.update(said.orientation.word().as_bytes());
    }
    format!("report:{}", hash.finalize().to_hex())
}
