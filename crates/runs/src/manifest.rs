//! What a store consists of: the one file that says which others count.
//!
//! ```text
//! MANIFEST = "backsight passive-dns store, format 2, checksum 0123456789abcdef\n" ‖ JSON
//! ```
//!
//! The checksum is XXH3-64 of the JSON. A manifest is written beside the old one, synced, and takes its place by its name, so
//! that there is always a whole one: before a change or after. [`Manifest`] is what it says; it names files and nothing that
//! strangers make up, so it stays small: at most [`MAX`] octets, for who writes as for who reads. A newer format is told apart
//! before anything else is read, an older one is for [`super::migration`]. A journal is named before anything is in it, so
//! that one that was lost is missed.

use serde::{Deserialize, Serialize};

use super::checksum::checksum;
use super::error::Error;
use super::file::{FileRead, Folder, damage, failed, read_stretch};
use super::ledger::Segment;
use super::run::RunEntry;

/// The format that is written.
pub(super) const FORMAT: u32 = 2;
/// Its name.
pub(super) const NAME: &str = "MANIFEST";
const NEW: &str = "MANIFEST.new";
const TITLE: &str = "backsight passive-dns store, format ";
/// The longest first line.
const LINE: u64 = 128;
/// The longest manifest: tens of thousands of files.
const MAX: u64 = 16 << 20;

/// What a store consists of.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Every file so far has a number below this.
    pub(super) next: u64,
    /// The journals whose records are not in runs, in their order.
    pub(super) journals: Vec<u64>,
    pub(super) runs: Vec<RunEntry>,
    /// The files of the ledger, in their order.
    pub(super) ledgers: Vec<Segment>,
}

/// The first line of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Title {
    pub(super) format: u32,
    /// Of what follows; `None` if it is not written as we do.
    pub(super) checksum: Option<u64>,
    /// Where what follows begins.
    pub(super) end: u64,
}

/// A manifest that was opened, and its first line.
pub(super) type Opened = (Box<dyn FileRead>, Title);

/// The manifest of a folder; `None` when there is none.
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
    /// Reads a manifest of our format.
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

    /// Reads what follows the first line.
    ///
    /// # Errors
    /// [`Error::Damage`].
    pub(super) fn of_octets(json: &[u8], title: Title) -> Result<Self, Error> {
        if title.checksum != Some(checksum(json, 0)) {
            return Err(damage(NAME, 0, "a checksum that does not match"));
        }
        serde_json::from_slice(json).map_err(|_| damage(NAME, 0, "JSON that is no manifest"))
    }

    /// Puts this manifest in the place of the one before.
    ///
    /// # Errors
    /// [`Error::Io`]; then the one before is still there, or this one is.
    pub(super) fn write(&self, folder: &dyn Folder) -> Result<(), Error> {
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        let title = format!("{TITLE}{FORMAT}, checksum {:016x}\n", checksum(&json, 0));
        let octets = [title.as_bytes(), &json].concat();
        if octets.len() as u64 > MAX {
            let text = "there are too many files for a manifest that can be read again";
            return Err(failed("write", NAME)(std::io::Error::other(text)));
        }
        let written = (|| {
            // One may be left of somebody who did not get further.
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

/// The first line of these octets.
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
