//! The list of the files that make up a store.
//!
//! ```text
//! MANIFEST = "backsight passive-dns store, format 2, checksum 0123456789abcdef\n" ‖ JSON
//! ```
//!
//! The checksum is XXH3-64 of the JSON. A manifest is written to a second file, synced, and renamed over the old one, so that
//! there always is a complete one, from before or after a change. [`Manifest`] is its content. It lists files, and nothing that
//! untrusted clients create, so it stays small: at most [`MAX`] bytes, for writers and readers alike. The format is checked
//! before anything else is read: a newer one is refused, and an older one is left to [`super::migration`]. A journal is listed
//! before it has any content, so that a lost journal is noticed.

use serde::{Deserialize, Serialize};

use super::checksum::checksum;
use super::error::Error;
use super::file::{FileRead, Folder, damage, failed, read_stretch};
use super::ledger::Segment;
use super::run::RunEntry;

/// The current format.
pub(super) const FORMAT: u32 = 2;
/// The file name of the manifest.
pub(super) const NAME: &str = "MANIFEST";
const NEW: &str = "MANIFEST.new";
const TITLE: &str = "backsight passive-dns store, format ";
/// The longest first line, in bytes.
const LINE: u64 = 128;
/// The longest manifest, in bytes: tens of thousands of files.
const MAX: u64 = 16 << 20;

/// The content of a manifest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The next file number; every existing file has a lower one.
    pub(super) next: u64,
    /// The journals whose records are not in runs, in order.
    pub(super) journals: Vec<u64>,
    pub(super) runs: Vec<RunEntry>,
    /// The files of the ledger, in order.
    pub(super) ledgers: Vec<Segment>,
}

/// The first line of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Title {
    pub(super) format: u32,
    /// The checksum of the rest; `None` if it is not in our form.
    pub(super) checksum: Option<u64>,
    /// The offset of the rest.
    pub(super) end: u64,
}

/// An opened manifest, and its first line.
pub(super) type Opened = (Box<dyn FileRead>, Title);

/// Opens the manifest of a folder; `None` if there is none.
///
/// # Errors
/// [`Error::Newer`], [`Error::Damage`], [`Error::Io`].
pub(super) fn title(folder: &dyn Folder) -> Result<Option<Opened>, Error> {
    let file = match folder.open(NAME) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed("open", NAME))?,
    };
    let len = file.len().map_err(failed("look at", NAME))?;
    let octets = read_stretch(&*file, NAME, 0, usize::try_from(len.min(LINE)).unwrap_or_default())?;
    let title = title_of(&octets).ok_or_else(|| damage(NAME, 0, "it does not begin like a manifest"))?;
    if title.format > FORMAT {
        return Err(Error::Newer { found: title.format, known: FORMAT });
    }
    if title.format == 0 {
        return Err(damage(NAME, 0, "it does not begin like a manifest"));
    }
    Ok(Some((file, title)))
}

impl Manifest {
    /// Reads a manifest of the current format.
    ///
    /// # Errors
    /// [`Error::Damage`], [`Error::Io`].
    pub(super) fn read(file: &dyn FileRead, title: Title) -> Result<Self, Error> {
        let len = file.len().map_err(failed("look at", NAME))?;
        if len > MAX {
            return Err(damage(NAME, MAX, "it is longer than it may be"));
        }
        let rest = usize::try_from(len.saturating_sub(title.end)).unwrap_or_default();
        Self::of_octets(&read_stretch(file, NAME, title.end, rest)?, title)
    }

    /// Parses the part after the first line.
    ///
    /// # Errors
    /// [`Error::Damage`].
    pub(super) fn of_octets(json: &[u8], title: Title) -> Result<Self, Error> {
        if title.checksum != Some(checksum(json, 0)) {
            return Err(damage(NAME, 0, "a checksum that does not match"));
        }
        serde_json::from_slice(json).map_err(|_| damage(NAME, 0, "JSON that is no manifest"))
    }

    /// Replaces the previous manifest with this one.
    ///
    /// # Errors
    /// [`Error::Io`]; the folder has the previous manifest or this one then.
    pub(super) fn write(&self, folder: &dyn Folder) -> Result<(), Error> {
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        let title = format!("{TITLE}{FORMAT}, checksum {:016x}\n", checksum(&json, 0));
        let octets = [title.as_bytes(), &json].concat();
        if octets.len() as u64 > MAX {
            let text = "there are too many files for a manifest that can be read again";
            return Err(failed("write", NAME)(std::io::Error::other(text)));
        }
        let written = (|| {
            // A process that did not finish may have left one.
            match folder.remove(NEW) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let file = folder.create(NEW)?;
            file.append(&octets)?;
            file.sync()?;
            folder.rename(NEW, NAME)?;
            folder.sync()
        })();
        written.map_err(failed("write", NAME))
    }
}

/// Parses the first line.
pub(super) fn title_of(octets: &[u8]) -> Option<Title> {
    let end = octets.iter().position(|octet| *octet == b'\n').unwrap_or(octets.len());
    let rest = std::str::from_utf8(octets.get(..end)?).ok()?.strip_prefix(TITLE)?;
    let (format, rest) = rest.split_once(',').unwrap_or((rest, ""));
    let sum = rest.strip_prefix(" checksum ").filter(|sum| sum.len() == 16);
    Some(Title {
        format: format.parse().ok()?,
        checksum: sum.and_then(|sum| u64::from_str_radix(sum, 16).ok()),
        end: end as u64 + 1,
    })
}
