//! Errors of a data folder, and what to do about them.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use operation::SettingsError;
use rusqlite::{ErrorCode, ffi};

use crate::run::Held;
use crate::{Hint, Kind, Refusal};

/// Why the workbench refused or failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be read, or contains something that was never written.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The evidence of the damage.
        reason: String,
    },
    /// The stored evidence of an answer is missing or was changed.
    #[error("the evidence of run {run} ({place}) {reason}")]
    Evidence {
        /// A run that has it.
        run: i64,
        /// The file, or the row of the database.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The disk is full.
    #[error("no space left on the disk with {0}")]
    Full(PathBuf),
    /// Any other error of a file.
    #[error("{doing} {file}: {source}")]
    Io {
        /// The failed action: "reading", "creating".
        doing: &'static str,
        /// The file or folder.
        file: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// An operation may not be asked about a value, because of the value's marking.
    #[error("{value} is not sent: {0}", value = .0.indicator)]
    Held(Held),
    /// The key file is missing although there are secrets, or is not the one they were encrypted with.
    #[error("{file}: {reason}")]
    Key {
        /// The key file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Users other than its owner can read the key file.
    #[error("{file} can be read by others (mode {mode:04o})")]
    KeyExposed {
        /// The key file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The database was written by a newer Backsight.
    #[error(
        "{file} was written by a newer version of Backsight (format {found}; this version supports up to {known})"
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program supports.
        known: i64,
    },
    /// The folder or file cannot be written.
    #[error("{0} cannot be written")]
    ReadOnly(PathBuf),
    /// An error of the user: the request cannot be carried out.
    #[error("{0}")]
    Refused(Refusal),
    /// An error of the user: values that the package's parameters do not accept; none of them was stored.
    #[error("{}", lines(.0))]
    Settings(Vec<SettingsError>),
    /// Another process was writing for too long.
    #[error("{0} is in use by another process")]
    Busy(PathBuf),
    /// A bug: invalid SQL or impossible data.
    #[error("internal error in the workbench: {0}")]
    Bug(String),
}

impl Error {
    /// It does not exist.
    pub fn missing(text: impl Into<String>) -> Self {
        Self::refused(Kind::Missing, text)
    }

    /// The request conflicts with the current state.
    pub fn conflict(text: impl Into<String>) -> Self {
        Self::refused(Kind::Conflict, text)
    }

    /// The given value is not valid.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::refused(Kind::Invalid, text)
    }

    /// The user does not have the permission.
    pub fn forbidden(text: impl Into<String>) -> Self {
        Self::refused(Kind::Forbidden, text)
    }

    /// Too many attempts; `wait` is the time until the next one is allowed.
    pub fn throttled(wait: Duration, text: impl Into<String>) -> Self {
        Self::refused(Kind::Throttled(wait), text)
    }

    fn refused(kind: Kind, text: impl Into<String>) -> Self {
        Self::Refused(Refusal { kind, text: text.into() })
    }

    /// The kind of a refusal; `None` if there is a problem with the data folder or the program.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Refused(refusal) => Some(refusal.kind),
            Self::Settings(_) => Some(Kind::Invalid),
            Self::Held(_) => Some(Kind::Conflict),
            _ => None,
        }
    }

    /// What to do about it; `None` if the text says so.
    pub fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Damaged { .. } => Hint::RestoreBackup,
            Self::Evidence { .. } => Hint::RunFresh,
            Self::Full(_) => Hint::MakeRoom,
            Self::Held(_) => Hint::ChangeMarking,
            Self::Io { .. } | Self::ReadOnly(_) => Hint::CheckFolder,
            Self::Key { .. } => Hint::RestoreKey,
            Self::KeyExposed { .. } => Hint::ProtectKey,
            Self::Newer { .. } => Hint::UseNewer,
            Self::Refused(_) | Self::Settings(_) => return None,
            Self::Busy(_) => Hint::FindProcess,
            Self::Bug(_) => Hint::Report,
        })
    }

    /// Whether the request is at fault, and not the data folder or the program.
    pub fn is_users(&self) -> bool {
        matches!(self, Self::Held(_) | Self::Refused(_) | Self::Settings(_))
    }

    /// The same error for another task that it affects.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Busy(file) => Self::Busy(file.clone()),
            Self::Damaged { file, reason } => Self::Damaged { file: file.clone(), reason: reason.clone() },
            Self::Full(file) => Self::Full(file.clone()),
            Self::Io { doing, file, source } => Self::Io {
                doing,
                file: file.clone(),
                source: io::Error::new(source.kind(), source.to_string()),
            },
            Self::ReadOnly(file) => Self::ReadOnly(file.clone()),
            // A commit cannot end with any other error.
            other => Self::Bug(other.to_string()),
        }
    }

    /// The meaning of an SQLite error for the database in `file`.
    pub(crate) fn sql(file: &Path, error: &rusqlite::Error) -> Self {
        let file = file.to_owned();
        if is_damage(error) {
            return Self::Damaged { file, reason: error.to_string() };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { file, reason: error.to_string() }
            }
            // Refused by our triggers: a row whose seal does not match its content, or a value that is not canonical.
            Some(ErrorCode::ConstraintViolation) if extended(error) == ffi::SQLITE_CONSTRAINT_TRIGGER => {
                Self::Damaged { file, reason: error.to_string() }
            }
            Some(ErrorCode::DiskFull) => Self::Full(file),
            // SQLite creates this file even for reading.
            Some(ErrorCode::SystemIoFailure) if extended(error) == ffi::SQLITE_IOERR_SHMSIZE => {
                Self::Full(file)
            }
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly(file)
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(file),
            Some(ErrorCode::SystemIoFailure) => {
                Self::Io { doing: "working on", file, source: io::Error::other(error.to_string()) }
            }
            _ => Self::Bug(error.to_string()),
        }
    }

    /// The meaning of a file-system error for `file`.
    pub(crate) fn io(doing: &'static str, file: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull => Self::Full(file.to_owned()),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                Self::ReadOnly(file.to_owned())
            }
            _ => Self::Io { doing, file: file.to_owned(), source: error },
        }
    }
}

/// Whether a value differs from what was written: SQLite has no checksums, and returns what it finds.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::QueryReturnedNoRows
            | rusqlite::Error::Utf8Error(..)
    )
}

fn extended(error: &rusqlite::Error) -> i32 {
    error.sqlite_error().map_or(0, |error| error.extended_code)
}

fn lines(errors: &[SettingsError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
