//! Imports a file of records that a user loads in the browser, in the same way as `POST /api/v1/records`.
//!
//! The file arrives over a network, and is first written to a [`Spool`], an unnamed file in the data folder: only a complete
//! file is imported, and its digest identifies it, here and in `backsight import`. [`Bringing`] is the part of the service that
//! this needs. Sizes are limited as for the API. An error of a file is an [`Unusable`], whose text states the problem and what
//! to do.

use std::fs;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use ::intake::batches::Order;
use ::intake::{Bounds, Digests, Foreign, Noise, Packing, Said, digest_of_content, name_in};
use axum::http::StatusCode;
use cof::SourceKind;
use cof::time::Clock;
use edge::limits::Limits;
use edge::metrics::Metrics;
use store::{Store, StoreError, StoreErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::intake::{self, Fault};
use super::receipt::Receipt;

/// The part of the service that importing a file needs.
#[derive(Clone)]
pub struct Bringing {
    /// The store that files are imported into.
    pub store: Arc<dyn Store>,
    /// The limits on sizes.
    pub limits: Limits,
    /// Places for imports, shared with the API.
    pub places: Arc<Semaphore>,
    /// Where records are counted.
    pub metrics: Metrics,
    /// What is not kept.
    pub noise: Arc<Noise>,
}

impl std::fmt::Debug for Bringing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bringing").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A file that is being received: written to disk and digested while it arrives.
pub struct Spool {
    file: fs::File,
    digest: blake3::Hasher,
    len: u64,
    most: u64,
}

/// A file that was received completely.
pub struct File {
    file: fs::File,
    digest: blake3::Hash,
}

/// Why a file was not imported, or only in part.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The compression is damaged.
    #[error("the compressed file is damaged or truncated: send it again, or decompress it first")]
    Damaged,
    #[error(
        "the file has no records and looks like {0}: use the Common Output Format, one JSON object per line"
    )]
    /// The format is not COF.
    Foreign(Foreign),
    /// There are no records, and the format is unknown.
    #[error("the file has no records: use the Common Output Format, one JSON object per line")]
    Useless,
    /// It has more than this many bytes.
    #[error("the file is larger than {} MiB: split it, or use `backsight import`, which has no limit", .0 >> 20)]
    Large(u64),
    /// It has more than this many bytes after decompression.
    #[error("the file is larger than {} MiB uncompressed: split it, or use `backsight import`, which has no limit", .0 >> 20)]
    Expanded(u64),
    /// The store refused the records.
    #[error("{0}")]
    Store(StoreError),
    /// The disk under the store is full.
    #[error(
        "the passive-DNS database has no room for more: make room on the server, then send the file again"
    )]
    Full,
    /// The data folder could not be written.
    #[error("the file could not be written to the data folder: {0}")]
    Disk(io::Error),
    /// A bug of the program; the log has the details.
    #[error("the server could not import the file; see its log")]
    Internal,
}

impl Unusable {
    /// The status of the page that reports it.
    pub fn status(&self) -> StatusCode {
        let is_full = match self {
            Self::Disk(error) => {
                matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::Full => true,
            Self::Store(error) => error.kind() == StoreErrorKind::Full,
            Self::Damaged
            | Self::Expanded(_)
            | Self::Foreign(_)
            | Self::Internal
            | Self::Large(_)
            | Self::Useless => false,
        };
        if is_full { StatusCode::INSUFFICIENT_STORAGE } else { StatusCode::UNPROCESSABLE_ENTITY }
    }
}

impl Spool {
    /// Creates a spool in this folder, for a file of at most `most` bytes.
    ///
    /// # Errors
    /// [`Unusable::Disk`].
    pub fn new(folder: &Path, most: u64) -> Result<Self, Unusable> {
        let file = tempfile::tempfile_in(folder).map_err(Unusable::Disk)?;
        Ok(Self { file, digest: blake3::Hasher::new(), len: 0, most })
    }

    /// Writes the next piece.
    ///
    /// # Errors
    /// [`Unusable::Large`] and [`Unusable::Disk`].
    pub fn write(&mut self, piece: &[u8]) -> Result<(), Unusable> {
        self.len = self.len.saturating_add(piece.len() as u64);
        if self.len > self.most {
            return Err(Unusable::Large(self.most));
        }
        self.digest.update(piece);
        self.file.write_all(piece).map_err(Unusable::Disk)
    }

    /// The complete file.
    ///
    /// # Errors
    /// [`Unusable::Disk`].
    pub fn finish(mut self) -> Result<File, Unusable> {
        self.file.rewind().map_err(Unusable::Disk)?;
        Ok(File { file: self.file, digest: self.digest.finalize() })
    }
}

impl File {
    /// The digest of all of it, in hexadecimal digits.
    pub fn digest(&self) -> String {
        self.digest.to_hex().to_string()
    }
}

impl Bringing {
    /// A place for one file, unless all places are taken.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Imports a file; blocks. The receipt is valid even if there is an error.
    pub fn take(&self, mut file: File, said: Said<'_>) -> (Receipt, Option<Unusable>) {
        let mut head = [0; 8];
        let read = file.file.read(&mut head).and_then(|len| file.file.rewind().map(|()| len));
        let len = match read {
            Ok(len) => len,
            Err(error) => return (Receipt::default(), Some(Unusable::Disk(error))),
        };
        let kind = if said.observed { SourceKind::Observation } else { SourceKind::Report };
        let coding = Packing::of(head.get(..len).unwrap_or_default());
        let content = match self.content(&mut file, coding, said) {
            Ok(content) => content,
            Err(error) => return (Receipt::default(), Some(Unusable::Disk(error))),
        };
        let name = match name_in(&*self.store, Digests { packed: file.digest, content }, said) {
            Ok(name) => name,
            Err(error) => return (Receipt::default(), Some(self.told(Fault::Store(error)))),
        };
        let order = Order {
            keep_sensors: said.keep_sensors,
            orientation: said.orientation,
            input: Some(name.into()),
            tell_again: true,
            most: self.limits.expanded,
            noise: Arc::clone(&self.noise),
            ..Order::new(kind, Clock::system().seconds())
        };
        let (receipt, fault) = intake::take_all(&*self.store, coding, order, file.file);
        self.metrics.brought(receipt.taken, receipt.rejected.values().sum());
        let useless = receipt.is_useless().then_some(Unusable::Useless);
        let unusable = fault.map(|fault| self.told(fault)).or(useless);
        (receipt, unusable)
    }

    /// The digest of the decompressed content of a file of observations, which is the same for every compression.
    fn content(&self, file: &mut File, packing: Packing, said: Said<'_>) -> io::Result<Option<blake3::Hash>> {
        match packing {
            _ if !said.observed => Ok(None),
            Packing::Plain => Ok(Some(file.digest)),
            packed => {
                let copy = file.file.try_clone()?;
                let content = digest_of_content(copy, packed, Bounds::REQUEST, self.limits.expanded);
                file.file.rewind()?;
                content
            }
        }
    }

    fn told(&self, fault: Fault) -> Unusable {
        match fault {
            Fault::Coding | Fault::Cut | Fault::Long | Fault::Names | Fault::Other => Unusable::Damaged,
            Fault::Decoder(error) => {
                tracing::error!(%error, "cannot create a decoder for the file");
                Unusable::Internal
            }
            Fault::Foreign(foreign) => Unusable::Foreign(foreign),
            Fault::Expanded => Unusable::Expanded(self.limits.expanded),
            Fault::Store(error) => {
                intake::log(&error);
                match error.kind() {
                    StoreErrorKind::Full if matches!(error, StoreError::Engine { .. }) => Unusable::Full,
                    StoreErrorKind::Full | StoreErrorKind::Refused => Unusable::Store(error),
                    _ => Unusable::Internal,
                }
            }
        }
    }
}
