//! The name under which the database remembers how far a file was taken in: the same for a file that is imported and one that
//! is loaded in the browser, so that it counts once whichever way it comes.

use blake3::Hash;
use cof::Orientation;

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

/// The name of a file by the BLAKE3 digest of all of it, as it came, packed or not.
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
        return format!("observation:{}", hash.finalize().to_hex());
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
