//! Errors of a store.
//!
//! [`StoreError`] has a variant for every error that all engines share, and [`StoreError::Engine`], with a text of the engine,
//! for all others. Callers decide by [`StoreError::kind`], so that they work in the same way with an engine on files, in memory
//! or on another machine.

use std::borrow::Cow;
use std::fmt;

/// Why a store did not carry out a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum StoreError {
    /// An observation of the batch is invalid.
    #[error("observation {index} of the batch: {fault}")]
    Batch {
        /// The index of the observation, from 0.
        index: usize,
        /// What is wrong with it.
        #[source]
        fault: BatchFault,
    },
    /// A stored tuple cannot be decoded.
    #[error("a stored tuple cannot be decoded")]
    Damaged,
    /// The engine failed for a reason of its own; created with [`StoreError::engine`].
    #[error("{detail}")]
    Engine {
        /// The kind by which callers decide.
        kind: StoreErrorKind,
        /// What happened, to what, and what to do next, as a text of the engine.
        detail: Box<str>,
    },
    /// One of the [`crate::Limits`] on permanent data is reached.
    #[error("the passive-DNS database has reached its limit of {most} {of}: {}", of.advice())]
    Full {
        /// The kind of data of which there is too much.
        of: Remembered,
        /// The limit.
        most: usize,
    },
    /// Another process uses the database.
    #[error("another process {}is using the passive-DNS database; wait until it has finished", process.map(|process| format!("({process}) ")).unwrap_or_default())]
    Locked {
        /// Its number on this machine, if it is known.
        process: Option<u32>,
    },
    /// One batch has too many new sources.
    #[error(
        "the batch has {new} new sources (pairs of origin and sensor), and the limit is {most}: give all records one origin, or leave origins and sensors out"
    )]
    ManySources {
        /// The number of new sources.
        new: usize,
        /// The limit.
        most: usize,
    },
    /// A cursor was given for an order without pages.
    #[error("the order newest first has no pages: query without a cursor, or in key order")]
    NotPaged,
    /// An input with other content was imported under the same name.
    #[error(
        "{input} was already used for other content: new content needs its own name, such as another Idempotency-Key"
    )]
    OtherContent {
        /// The name of the input.
        input: Box<str>,
    },
    /// The thread that worked for the caller panicked, which is a bug. What was not acknowledged may be missing.
    #[error(
        "a task of the passive-DNS database failed unexpectedly; please report it with the message printed before"
    )]
    Panicked,
    /// A write was requested, but the store was opened for reading only.
    #[error("the passive-DNS database is open for reading only")]
    ReadOnly,
    /// The name of a source or input is too long.
    #[error("{what} has {bytes} bytes, and the limit is {most}: use a shorter one")]
    TooLong {
        /// What the name belongs to.
        what: Cow<'static, str>,
        /// Its length.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// The batch is larger than the engine stores at once.
    #[error("the batch is too large to be stored at once: split it")]
    TooLarge,
}

/// What a caller can do about a [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum StoreErrorKind {
    /// There is no database yet. The first batch creates it.
    Absent,
    /// Stored data is missing or cannot be read. Restore a backup.
    Damaged,
    /// There is something else in place of the database. Use another folder.
    Foreign,
    /// There is no room in the store, or one of its limits is reached. The same batch succeeds once there is room.
    Full,
    /// Another version wrote the stored data, or answers for it. Use that version.
    Incompatible,
    /// Another process uses the database. Wait for it, or ask that process.
    Locked,
    /// The stored data must be converted before it can be read. Open the database for writing once.
    Outdated,
    /// The store was opened for reading only.
    ReadOnly,
    /// The request or the batch itself is invalid and will be refused again, wherever it is sent. The text is shown to the
    /// sender, who may be a stranger.
    Refused,
    /// The store cannot work at the moment, because of the system, the network or an earlier failure. Try again later.
    Unavailable,
}

impl StoreError {
    /// A failure that only the engine knows about, with its own text for people.
    pub fn engine(kind: StoreErrorKind, detail: impl fmt::Display) -> Self {
        Self::Engine { kind, detail: detail.to_string().into() }
    }

    /// The kind by which callers decide.
    pub fn kind(&self) -> StoreErrorKind {
        match self {
            Self::Batch { .. }
            | Self::ManySources { .. }
            | Self::NotPaged
            | Self::OtherContent { .. }
            | Self::TooLarge
            | Self::TooLong { .. } => StoreErrorKind::Refused,
            Self::Damaged => StoreErrorKind::Damaged,
            Self::Engine { kind, .. } => *kind,
            Self::Full { .. } => StoreErrorKind::Full,
            Self::Locked { .. } => StoreErrorKind::Locked,
            Self::Panicked => StoreErrorKind::Unavailable,
            Self::ReadOnly => StoreErrorKind::ReadOnly,
        }
    }
}

/// Data that a store keeps permanently, or until it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Remembered {
    /// Inputs that expire: idempotency keys.
    Keys,
    /// Inputs that do not: imported files and numbered batches.
    Inputs,
    /// Origins and sensors.
    Sources,
}

impl Remembered {
    fn advice(self) -> &'static str {
        match self {
            Self::Keys => "wait until some have expired, or send the records without an idempotency key",
            Self::Inputs => {
                "to forget the inputs of an origin, delete its records with `backsight db drop --origin`"
            }
            Self::Sources => {
                "give many records the same origin with `import --origin`, or start another database"
            }
        }
    }
}

impl fmt::Display for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys => "idempotency keys",
            Self::Inputs => "inputs",
            Self::Sources => "sources",
        })
    }
}

/// What is wrong with an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum BatchFault {
    /// The data is not valid for its type.
    #[error("data that does not match its type")]
    Rdata,
    /// First seen is after last seen.
    #[error("first seen after last seen")]
    Reversed,
    /// The batch does not contain this source.
    #[error("a source that the batch does not have")]
    Source,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_says_what_happened_in_its_own_words() {
        let error = StoreError::engine(
            StoreErrorKind::Unavailable,
            "no answer from 192.0.2.1:8123; check that the server runs",
        );
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!(error.to_string(), "no answer from 192.0.2.1:8123; check that the server runs");
    }

    #[test]
    fn a_limit_that_is_reached_is_no_fault_of_the_batch() {
        let limit = StoreError::Full { of: Remembered::Sources, most: 5 };
        assert_eq!(limit.kind(), StoreErrorKind::Full);
        let batch = StoreError::Batch { index: 0, fault: BatchFault::Reversed };
        assert_eq!(batch.kind(), StoreErrorKind::Refused);
    }
}
