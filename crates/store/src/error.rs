//! Why a store did not do what it was asked.
//!
//! [`StoreError`] has a variant for every refusal that all engines share, and [`StoreError::Engine`] for everything that only one
//! engine knows: it carries that engine's own words. [`StoreError::kind`] is what callers decide by, so that they work with an
//! engine on files, in memory or on another machine alike.

use std::borrow::Cow;
use std::fmt;

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum StoreError {
    /// An observation of the batch is invalid.
    #[error("observation {index} of the batch: {fault}")]
    Batch {
        /// Which one, from 0.
        index: usize,
        /// What is wrong with it.
        #[source]
        fault: BatchFault,
    },
    /// A stored tuple cannot be decoded.
    #[error("a stored tuple cannot be decoded")]
    Damaged,
    /// The engine failed for a reason of its own; made by [`StoreError::engine`].
    #[error("{detail}")]
    Engine {
        /// What callers decide by.
        kind: StoreErrorKind,
        /// What happened, to what, and what to do next, in the engine's words.
        detail: Box<str>,
    },
    /// One of the [`crate::Limits`] on what is remembered for good is reached.
    #[error("the passive-DNS database has reached its limit of {most} {of}: {}", of.advice())]
    Full {
        /// What there are too many of.
        of: Remembered,
        /// How many there may be.
        most: usize,
    },
    /// Another process uses the database.
    #[error("another process {}is using the passive-DNS database; wait until it has finished", process.map(|process| format!("({process}) ")).unwrap_or_default())]
    Locked {
        /// Its number on this machine, if it is known.
        process: Option<u32>,
    },
    /// One batch names too many sources for the first time.
    #[error(
        "the batch has {new} new sources (pairs of origin and sensor), and the limit is {most}: give all records one origin, or leave origins and sensors out"
    )]
    ManySources {
        /// How many there are.
        new: usize,
        /// How many there may be.
        most: usize,
    },
    /// A cursor with an order that has no pages.
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
    /// The thread that worked for the caller panicked: a bug. What it had not acknowledged may be missing.
    #[error(
        "a task of the passive-DNS database failed unexpectedly; please report it with the message printed before"
    )]
    Panicked,
    /// The store was opened for reading only and was asked to write.
    #[error("the passive-DNS database is open for reading only")]
    ReadOnly,
    /// A name is longer than the names that are remembered may be.
    #[error("{what} has {bytes} bytes, and the limit is {most}: use a shorter one")]
    TooLong {
        /// What the name belongs to.
        what: Cow<'static, str>,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// One batch of more than a gibibyte.
    #[error("the batch is larger than 1 GiB: split it")]
    TooLarge,
}

/// What a caller can do about a [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum StoreErrorKind {
    /// There is no database yet. The first batch creates it.
    Absent,
    /// Stored data is missing or cannot be read. A backup has it.
    Damaged,
    /// There is something else in place of the database. Use another folder.
    Foreign,
    /// There is no room for more, in the store or in what it remembers. The same batch succeeds once there is room.
    Full,
    /// Another version wrote the stored data, or answers for it. Use that version.
    Incompatible,
    /// Another process uses the database. Wait for it, or ask that process.
    Locked,
    /// The stored data must be converted before it can be read. Open the database for writing once.
    Outdated,
    /// The store was opened for reading only.
    ReadOnly,
    /// The request or the batch itself is at fault and will be refused again, wherever it is sent. The words are shown to whoever
    /// sent it, who may be a stranger.
    Refused,
    /// The store cannot work at the moment: the system, the network or an earlier failure prevents it. Try again later.
    Unavailable,
}

impl StoreError {
    /// A failure that only the engine knows about, with its own words for people.
    pub fn engine(kind: StoreErrorKind, detail: impl fmt::Display) -> Self {
        Self::Engine { kind, detail: detail.to_string().into() }
    }

    /// What callers decide by.
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

/// What a store remembers for good, or until it expires.
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
    /// The data is not of its type.
    #[error("data that does not match its type")]
    Rdata,
    /// First seen after last seen.
    #[error("first seen after last seen")]
    Reversed,
    /// The batch does not have this source.
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
