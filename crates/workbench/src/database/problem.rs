//! The errors inside a read or a change, before it is known which file they concern.

use std::path::Path;

use crate::Error;

/// An error inside a read or a change.
#[derive(Debug)]
pub(crate) enum Problem {
    /// An error of SQLite; its meaning depends on the file.
    Sql(rusqlite::Error),
    /// A stored value that this program never writes.
    Stored(String),
    /// An error of this crate.
    Ours(Error),
}

impl Problem {
    pub(super) fn into_error(self, file: &Path) -> Error {
        match self {
            Self::Sql(error) => Error::sql(file, &error),
            Self::Stored(reason) => Error::Damaged { file: file.to_owned(), reason },
            Self::Ours(error) => error,
        }
    }

    /// The problem as text, where it is reported and not returned.
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Sql(error) => error.to_string(),
            Self::Stored(reason) => reason,
            Self::Ours(error) => error.to_string(),
        }
    }

    /// It does not exist.
    pub(crate) fn missing(why: impl Into<String>) -> Self {
        Self::Ours(Error::missing(why))
    }

    /// The request conflicts with the current state.
    pub(crate) fn conflict(why: impl Into<String>) -> Self {
        Self::Ours(Error::conflict(why))
    }

    /// The given value is not valid.
    pub(crate) fn invalid(why: impl Into<String>) -> Self {
        Self::Ours(Error::invalid(why))
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}
