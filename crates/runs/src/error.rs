//! Why the engine did not do what it was asked.
//!
//! [`Error`] names files and places in them. Users of a [`store::Store`] see it as a [`StoreError`], which keeps its text and says
//! its kind.

use std::borrow::Cow;
use std::io;

use store::{StoreError, StoreErrorKind};

/// Why the engine did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A file does not hold what was written.
    #[error(
        "{file} is damaged at byte {offset}: {what}; run `backsight db verify` to find all damage, and restore a backup"
    )]
    Damage {
        /// Which file of the folder.
        file: Box<str>,
        /// Where, in bytes.
        offset: u64,
        /// What was found there.
        what: Cow<'static, str>,
    },
    /// A stored tuple cannot be decoded.
    #[error("a stored tuple cannot be decoded")]
    Damaged,
    /// There is no database yet that could be read.
    #[error("there is no passive-DNS database in the folder yet: the first import creates it")]
    Empty,
    /// The folder has something else in it.
    #[error(
        "the folder has files but no MANIFEST: it is not a passive-DNS database, or was copied incompletely"
    )]
    Foreign,
    /// The system refused.
    #[error("cannot {doing} {file}: {reason}{}", if refusal(*kind) == StoreErrorKind::Full { "; writing continues when there is space again" } else { "" })]
    Io {
        /// What was being done.
        doing: Cow<'static, str>,
        /// To which file of the folder.
        file: Box<str>,
        /// What kind of refusal it was.
        kind: io::ErrorKind,
        /// The system's words.
        reason: Box<str>,
    },
    /// Another process has the folder.
    #[error("{}", StoreError::Locked { process: *process })]
    Locked {
        /// Which one, if it says so.
        process: Option<u32>,
    },
    /// A file that the manifest names is not there.
    #[error(
        "{file} is missing: the folder was copied incompletely, or the file was deleted; restore a backup"
    )]
    Missing {
        /// Which one.
        file: Box<str>,
    },
    /// The folder was written by a later version.
    #[error(
        "the passive-DNS database has format {found}, and this version of Backsight supports up to {known}: use a newer version; nothing was changed"
    )]
    Newer {
        /// The folder's.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// There is not enough room to bring the database into this version's format.
    #[error(
        "converting the passive-DNS database to the format of this version needs {} MiB of free space, and there are {} MiB: free space and try again; nothing was changed",
        needed.div_ceil(1 << 20), free >> 20
    )]
    NoRoom {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The folder was written by an earlier version and was to be opened for reading only.
    #[error(
        "the passive-DNS database has format {found} and is converted to format {known} when it is opened for writing: run `backsight db compact` or start `backsight serve` once"
    )]
    Older {
        /// The folder's.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// A write failed half-way. Nothing more is stored until the store is opened again; stored data can be read.
    #[error("an earlier write failed half-way; open the store again")]
    Poisoned,
    /// What was opened for reading only was asked to write.
    #[error("{}", StoreError::ReadOnly)]
    ReadOnly,
    /// The engine is being closed.
    #[error("stopped before it was done")]
    Stopped,
    /// A batch, or a block made of several, of more than a gibibyte.
    #[error("{}", StoreError::TooLarge)]
    TooLarge,
    /// A refusal that all engines share.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// What users of any engine decide by.
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
            Self::Poisoned | Self::Stopped => StoreErrorKind::Unavailable,
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

/// What a refusal of the system means for users of any engine.
fn refusal(kind: io::ErrorKind) -> StoreErrorKind {
    match kind {
        // What was to be made is there already: another name helps, and trying again does not.
        io::ErrorKind::AlreadyExists => StoreErrorKind::Refused,
        // The disk is full, or the user's quota of it.
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreErrorKind::Full,
        _ => StoreErrorKind::Unavailable,
    }
}
