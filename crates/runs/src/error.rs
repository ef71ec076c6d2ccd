//! Errors of the engine.
//!
//! An [`Error`] names files and offsets in them. Users of a [`store::Store`] receive it as a [`StoreError`] with the same text
//! and a kind.

use std::borrow::Cow;
use std::io;

use store::{StoreError, StoreErrorKind};

/// Why the engine did not carry out a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The content of a file is not what was written.
    #[error(
        "{file} is damaged at byte {offset}: {what}; run `backsight db verify` to find all damage, and restore a backup"
    )]
    Damage {
        /// The file in the folder.
        file: Box<str>,
        /// The offset in bytes.
        offset: u64,
        /// The fault.
        what: Cow<'static, str>,
    },
    /// A stored tuple cannot be decoded.
    #[error("a stored tuple cannot be decoded")]
    Damaged,
    /// There is no database to read.
    #[error("there is no passive-DNS database in the folder yet: the first import creates it")]
    Empty,
    /// The folder contains other files.
    #[error(
        "the folder has files but no MANIFEST: it is not a passive-DNS database, or was copied incompletely"
    )]
    Foreign,
    /// The system returned an error.
    #[error("cannot {doing} {file}: {reason}{}", if refusal(*kind) == StoreErrorKind::Full { "; writing continues when there is space again" } else { "" })]
    Io {
        /// The failed action.
        doing: Cow<'static, str>,
        /// The file in the folder.
        file: Box<str>,
        /// The kind of the error.
        kind: io::ErrorKind,
        /// The text of the system.
        reason: Box<str>,
    },
    /// Another process has locked the folder.
    #[error("{}", StoreError::Locked { process: *process })]
    Locked {
        /// The number of that process, if it is known.
        process: Option<u32>,
    },
    /// A file that the manifest lists is missing.
    #[error(
        "{file} is missing: the folder was copied incompletely, or the file was deleted; restore a backup"
    )]
    Missing {
        /// The file.
        file: Box<str>,
    },
    /// A block that is not in memory was needed by a lookup that must not wait for the disk.
    #[error("the records are not in memory")]
    NotInMemory,
    /// The folder was written by a later version.
    #[error(
        "the passive-DNS database has format {found}, and this version of Backsight supports up to {known}: use a newer version; nothing was changed"
    )]
    Newer {
        /// The format of the folder.
        found: u32,
        /// The newest supported format.
        known: u32,
    },
    /// There is not enough room to convert the database to this version's format.
    #[error(
        "converting the passive-DNS database to the format of this version needs {} MiB of free space, and there are {} MiB: free space and try again; nothing was changed",
        needed.div_ceil(1 << 20), free >> 20
    )]
    NoRoom {
        /// The needed bytes.
        needed: u64,
        /// The free bytes.
        free: u64,
    },
    /// The folder was written by an earlier version, but was opened for reading only.
    #[error(
        "the passive-DNS database has format {found} and is converted to format {known} when it is opened for writing: run `backsight db compact` or start `backsight serve` once"
    )]
    Older {
        /// The format of the folder.
        found: u32,
        /// The current format.
        known: u32,
    },
    /// A write failed half-way. Nothing more is stored until the store is opened again; stored data can be read.
    #[error("an earlier write failed half-way; open the store again")]
    Poisoned,
    /// A write was requested, but the database was opened for reading only.
    #[error("{}", StoreError::ReadOnly)]
    ReadOnly,
    /// The engine is being closed.
    #[error("stopped before it was done")]
    Stopped,
    /// A batch, or a block merged from several, of more than 1 GiB.
    #[error("{}", StoreError::TooLarge)]
    TooLarge,
    /// An error that all engines share.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// The kind by which users of any engine decide.
    fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Damage { .. } | Self::Damaged | Self::Missing { .. } => StoreErrorKind::Damaged,
            Self::Empty => StoreErrorKind::Absent,
            Self::Foreign => StoreErrorKind::Foreign,
            Self::Io { kind, .. } => refusal(*kind),
            Self::Locked { .. } => StoreErrorKind::Locked,
            Self::Newer { .. } => StoreErrorKind::Incompatible,
            Self::NoRoom { .. } => StoreErrorKind::Full,
            Self::Older { .. } => StoreErrorKind::Outdated,
            Self::NotInMemory | Self::Poisoned | Self::Stopped => StoreErrorKind::Unavailable,
            Self::ReadOnly => StoreErrorKind::ReadOnly,
            Self::Store(error) => error.kind(),
            Self::TooLarge => StoreErrorKind::Refused,
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::Damaged => Self::Damaged,
            Error::Locked { process } => Self::Locked { process },
            Error::ReadOnly => Self::ReadOnly,
            Error::Store(error) => error,
            Error::TooLarge => Self::TooLarge,
            error => Self::engine(error.kind(), error),
        }
    }
}

/// The kind for an error of the system.
fn refusal(kind: io::ErrorKind) -> StoreErrorKind {
    match kind {
        // The file to be created already exists: another name helps, and trying again does not.
        io::ErrorKind::AlreadyExists => StoreErrorKind::Refused,
        // The disk or the user's quota is full.
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreErrorKind::Full,
        _ => StoreErrorKind::Unavailable,
    }
}
