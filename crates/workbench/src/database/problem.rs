//! What can go wrong inside a read or a change, before it is known which file it is about.

use std::path::Path;

use crate::Error;

/// What can go wrong inside a read or a change.
#[derive(Debug)]
pub(crate) enum Problem {
    /// SQLite's; what it means depends on the file.
    Sql(rusqlite::Error),
    /// A stored value that we never write.
    Stored(String),
    /// Ours.
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

    /// The problem in words, where it is reported and not returned.
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Sql(error) => error.to_string(),
            Self::Stored(reason) => reason,
            Self::Ours(error) => error.to_string(),
        }
    }

    /// There is no such thing.
    pub(crate) fn missing(why: impl Into<String>) -> Self {
        Self::Ours(Error::missing(why))
    }

    /// What was asked does not go together with what there is.
    pub(crate) fn conflict(why: impl Into<String>) -> Self {
        Self::Ours(Error::conflict(why))
    }

    /// What was given cannot be meant.
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
