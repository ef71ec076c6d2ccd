//! Format 1 of an earlier version, which is read once and never written.
//!
//! ```text
//! MANIFEST = "backsight passive-dns store, format 1, checksum 0123456789abcdef\n" ‖ JSON
//! ```
//!
//! The JSON contains the sources and the positions of all inputs in addition to the files, so it could grow without bound, even
//! beyond what that version could read itself (1 GiB). Here it is read in pieces, up to [`MAX`]. Runs and journals differ from
//! the current format only in their first bytes, and journals also in the form of a position; a tuple has at most one key by
//! rdata.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};

use cof::{Source, SourceKind};
use serde::Deserialize;
use twox_hash::XxHash3_64;

use super::error::Error;
use super::file::{FileRead, damage, failed};
use super::manifest::{NAME, Title};
use super::run::RunEntry;

/// The first bytes of a run.
pub(super) const RUN_HEAD: [u8; 8] = *b"BSRUN\0\x01\0";
/// The first bytes of a journal.
pub(super) const JOURNAL_HEAD: [u8; 8] = *b"BSJRNL\x01\0";
/// The longest manifest, in bytes.
const MAX: u64 = 1 << 36;
/// Bytes read at a time.
const PIECE: usize = 1 << 16;

/// The files and inputs of a store.
#[derive(Debug, Deserialize)]
pub(super) struct OldManifest {
    pub(super) next: u64,
    pub(super) journals: Vec<u64>,
    pub(super) runs: Vec<RunEntry>,
    pub(super) sources: Vec<OldSource>,
    pub(super) inputs: BTreeMap<Box<str>, OldInput>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OldSource {
    kind: Kind,
    origin: Option<Box<str>>,
    sensor: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Observation,
    Report,
    Zone,
}

#[derive(Debug, Deserialize)]
pub(super) struct OldInput {
    /// The offset; [`u64::MAX`] if the whole input was imported.
    pub(super) offset: u64,
    pub(super) origins: Vec<Option<Box<str>>>,
}

impl OldSource {
    pub(super) fn source(self) -> Source {
        let kind = match self.kind {
            Kind::Observation => SourceKind::Observation,
            Kind::Report => SourceKind::Report,
            Kind::Zone => SourceKind::Zone,
        };
        Source { kind, origin: self.origin.map(Into::into), sensor: self.sensor.map(Into::into) }
    }
}

impl OldManifest {
    /// Reads a manifest with this first line.
    ///
    /// # Errors
    /// [`Error::Damage`], [`Error::Io`].
    pub(super) fn read(file: &dyn FileRead, title: Title) -> Result<Self, Error> {
        let len = file.len().map_err(failed("look at", NAME))?;
        if len > MAX {
            return Err(damage(NAME, MAX, "it is longer than it may be"));
        }
        let mut hash = XxHash3_64::with_seed(0);
        let mut piece = vec![0; PIECE];
        let mut rest = Rest { file, place: title.end, len };
        loop {
            let read = rest.read(&mut piece).map_err(failed("read", NAME))?;
            if read == 0 {
                break;
            }
            std::hash::Hasher::write(&mut hash, piece.get(..read).unwrap_or_default());
        }
        if title.checksum != Some(std::hash::Hasher::finish(&hash)) {
            return Err(damage(NAME, 0, "a checksum that does not match"));
        }
        let rest = Rest { file, place: title.end, len };
        serde_json::from_reader(BufReader::with_capacity(PIECE, rest))
            .map_err(|_| damage(NAME, 0, "JSON that is no manifest"))
    }
}

/// The rest of a file, from an offset on.
struct Rest<'a> {
    file: &'a dyn FileRead,
    place: u64,
    len: u64,
}

impl Read for Rest<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.place)).unwrap_or(usize::MAX);
        let len = out.len().min(left);
        let out = out.get_mut(..len).unwrap_or_default();
        self.file.read(out, self.place)?;
        self.place += len as u64;
        Ok(len)
    }
}
