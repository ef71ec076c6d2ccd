//! What can be wrong with a data folder, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use operation::SettingsError;
use rusqlite::{ErrorCode, ffi};

/// Why the workbench did not do as it was asked. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be read as one, or holds what was never written.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What shows it.
        reason: String,
    },
    /// What was kept of an answer is not there any more, or not what it was.
    #[error("the evidence {file} {reason}")]
    Evidence {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No room on the disk.
    #[error("no room left on the disk that holds {0}")]
    Full(PathBuf),
    /// Anything else about a file.
    #[error("{doing} {file}: {source}")]
    Io {
        /// What was being done: "reading", "creating".
        doing: &'static str,
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The key file is missing beside secrets, or is not the one they were encrypted with.
    #[error("{file}: {reason}")]
    Key {
        /// The key file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key file can be read by others than its owner.
    #[error("{file} can be read by others (mode {mode:04o})")]
    KeyExposed {
        /// The key file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A database of a newer Backsight.
    #[error("{file} was made by a newer Backsight (version {found}; this one knows up to {known})")]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The folder or file cannot be written.
    #[error("{0} cannot be written")]
    ReadOnly(PathBuf),
    /// The user's: what was asked cannot be done, in words.
    #[error("{0}")]
    Refused(String),
    /// The user's: values that a package's parameters do not take; none of them was stored.
    #[error("{}", lines(.0))]
    Settings(Vec<SettingsError>),
    /// Another process wrote for longer than anybody waits.
    #[error("{0} is in use by another process that does not finish")]
    Busy(PathBuf),
    /// A bug of ours: SQL or data that should not be.
    #[error("internal error in the workbench: {0}")]
    Bug(String),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => {
                "restore it from a backup, or move it away to begin anew; nothing was changed"
            }
            Self::Evidence { .. } => "ask again with --fresh",
            Self::Full(_) => "make room, or use another folder with --data-dir",
            Self::Io { .. } | Self::ReadOnly(_) => {
                "check the folder's owner and rights, or use another with --data-dir"
            }
            Self::Key { .. } => {
                "put the right secret.key back; without it, give the secrets up with \
                 `backsight integration configure NAME --reset KEY` and enter them again"
            }
            Self::KeyExposed { .. } => {
                "run `chmod 600` on it, then `backsight key rotate`, and change the secrets if somebody was there"
            }
            Self::Newer { .. } => "use the newer Backsight; nothing was changed",
            Self::Refused(_) | Self::Settings(_) => "",
            Self::Busy(_) => "see which other backsight process is running",
            Self::Bug(_) => "please report it",
        }
    }

    /// Whether what was asked cannot be done, rather than something being wrong here.
    pub fn is_users(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Settings(_))
    }

    /// The same error for another who is struck by it.
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
            // What a commit cannot end with.
            other => Self::Bug(other.to_string()),
        }
    }

    /// What an error of SQLite means for the database in `file`.
    pub(crate) fn sql(file: &Path, error: &rusqlite::Error) -> Self {
        let file = file.to_owned();
        if is_damage(error) {
            return Self::Damaged { file, reason: error.to_string() };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged { file, reason: error.to_string() }
            }
            Some(ErrorCode::DiskFull) => Self::Full(file),
            // The one file that SQLite makes to read, too.
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

    /// What an error of the file system means for `file`.
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

/// Whether a value is not what was written: SQLite keeps no checksums, and gives what it finds.
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
