//! The trait that every engine implements, and what goes in and comes out of it.
//!
//! [`Store`] says what an answer is, exactly enough that two engines given the same batches give the same answers;
//! [`crate::Memory`] is the one to compare with. [`StoreError`] nests by who is to blame.

use std::borrow::Cow;
use std::sync::Arc;

use cof::{Batch, Digest, Name, Record};

use crate::{Cursor, Question, Reached};

/// A passive-DNS database.
///
/// Calls block; each sees one moment of the data, and a reader never sees half a batch.
///
/// # What is stored
///
/// For each tuple (rrname, rrtype, rdata), bailiwick and source: first seen, last seen, count. Hearing of the same again
/// merges: the earliest first, the latest last; counts add up for [`cof::SourceKind::Observation`] and the larger one
/// stands for `Report` and `Zone`. A count stays unknown only while all that were merged are unknown, and stops at
/// `u64::MAX`. Merging commutes: the order in which batches arrive never shows. A bailiwick that its owner is not in
/// is taken as unknown.
///
/// # What a reader sees
///
/// One row a tuple, merged over bailiwicks and sources, with
///
/// * `time_first`, `time_last`: the earliest and latest of observations and reports;
/// * `zone_time_first`, `zone_time_last`: the same of zones;
/// * `count`: the larger of the sum of all observations and the largest report, unknown if both are; where no
///   observation and no report has a count, the largest of the zones;
/// * `bailiwick`: the one that is stated, if those that state one agree;
/// * `origin`: the one of all its sources, if they all have the same one; a source without origin disagrees with
///   one that has one;
/// * no `sensor_id`, no notes, no extras.
///
/// Asked [`crate::Apart`], the words of one bailiwick, of zones, or of one source make a row of their own by the same rules; rows
/// of one tuple come by bailiwick (its number of labels, unknown last), then sightings and reports before zones, then by source.
///
/// So a store that takes in its own answers as reports answers as before. Types, fences, order and limit are applied to
/// these rows, never to what they were merged from.
///
/// # What is not here
///
/// Verifying, backing up and compacting belong to engines that keep files and come with them.
pub trait Store: Send + Sync {
    /// Takes in a batch, all or nothing; when this returns it is as durable as the engine makes it.
    ///
    /// A batch whose [`cof::Position`] is not beyond the one remembered for its input has been taken in before:
    /// nothing changes, and the receipt says so. Batches of one input must therefore come in order.
    ///
    /// # Errors
    /// [`StoreError::Batch`] when an observation cannot be one, [`StoreError::OtherContent`] when the digests show that the
    /// input is not the one that was taken in under its name; then nothing of the batch was taken in.
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError>;

    /// A page of the answer.
    ///
    /// In key order and without types and fences the work is in proportion to the limit, whatever the answer's size;
    /// types and fences may mean passing over many rows for one.
    ///
    /// # Errors
    /// [`StoreError::NotPaged`] for a cursor with [`crate::Order::NewestFirst`].
    fn lookup(&self, question: &Question) -> Result<Page, StoreError>;

    /// The whole answer in four numbers; limit, cursor and order do not matter.
    ///
    /// # Errors
    /// Only the engine's own.
    fn summarise(&self, question: &Question) -> Result<Summary, StoreError>;

    /// Forgets what the selection covers, at once for every reader.
    ///
    /// Returns how many entries (a tuple, bailiwick and source each) were dropped.
    ///
    /// # Errors
    /// Only the engine's own.
    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError>;

    /// How much of an input has been taken in: the last batch's [`cof::Position`].
    ///
    /// An input whose position has expired is known until [`Self::forget_expired`] is called.
    ///
    /// # Errors
    /// Only the engine's own.
    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError>;

    /// The names of the inputs that were taken in whole and have this digest, sorted; at most [`crate::MAX_WHOLES`].
    ///
    /// Inputs that expire are not among them: only what lasts is known by its content.
    ///
    /// # Errors
    /// Only the engine's own.
    fn wholes(&self, digest: &Digest) -> Result<Vec<Arc<str>>, StoreError>;

    /// Forgets the inputs that expire at or before `now`, in seconds since the epoch, and says how many those were.
    ///
    /// A store has no clock: whoever uses inputs that expire calls this before asking for a position. It costs nothing when
    /// nothing has expired.
    ///
    /// # Errors
    /// Only the engine's own.
    fn forget_expired(&self, now: u64) -> Result<u64, StoreError>;

    /// How much there is.
    ///
    /// # Errors
    /// Only the engine's own.
    fn stats(&self) -> Result<Stats, StoreError>;
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Receipt {
    /// How many observations were taken in.
    pub observations: usize,
    /// The batch's position had been reached before, so that nothing was taken in.
    pub repeated: bool,
}

/// Some rows of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Page {
    /// The rows, in the question's order.
    pub records: Vec<Record>,
    /// Where the next page begins; only in key order, and only when there are more rows.
    pub next: Option<Cursor>,
    /// Whether the answer has rows beyond these: in key order on the next page, newest first nowhere.
    pub more: bool,
    /// The limit that was applied, 1 to [`crate::MAX_LIMIT`].
    pub limit: usize,
}

/// An answer without its rows. Sums stop at `u64::MAX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Summary {
    /// How many rows.
    pub rows: u64,
    /// The sum of their counts; unknown if all are.
    pub count: Option<u64>,
    /// The earliest time ([`Record::span`]), seconds since the epoch; `None` if there are no rows.
    pub first: Option<u64>,
    /// The latest time, seconds since the epoch.
    pub last: Option<u64>,
}

/// What is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Selection {
    /// Rows whose latest time is before this, seconds since the epoch, as [`crate::Apart::Kind`] keeps them: sightings and reports
    /// of a tuple go by their latest time, zone data goes by its own.
    LastSeenBefore(u64),
    /// What sources of this origin said, or sources without one. The positions of inputs whose batches said anything
    /// in its name are forgotten too, so that they can be imported again.
    Origin(Option<Arc<str>>),
    /// All of this name and the names below it.
    Suffix(Name),
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stats {
    /// Tuples, each with a bailiwick and source; an engine that merges later counts each part that is not yet merged.
    pub entries: u64,
    /// Sources that were ever heard of; they are not forgotten.
    pub sources: u64,
    /// Inputs whose position is remembered.
    pub inputs: u64,
}

/// Why a store did not do as it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum StoreError {
    /// The caller's: an observation of the batch cannot be one.
    #[error("observation {index} of the batch: {fault}")]
    Batch {
        /// Which one, from 0.
        index: usize,
        /// What is wrong with it.
        #[source]
        fault: BatchFault,
    },
    /// The disk's: what is there is not what was written.
    #[error(
        "{file} is damaged at octet {offset}: {what}; `backsight db verify` looks for more, a backup has what it had"
    )]
    Damage {
        /// Which file of the store.
        file: Box<str>,
        /// Where, in octets.
        offset: u64,
        /// What was found there.
        what: Cow<'static, str>,
    },
    /// The engine's: what it holds does not read.
    #[error("a stored tuple does not read back")]
    Damaged,
    /// The caller's: there is nothing yet that could be read.
    #[error("there is no passive-DNS database in the folder yet: the first import makes one")]
    Empty,
    /// The caller's: a folder with something else in it.
    #[error(
        "the folder has files, and no MANIFEST: it is no passive-DNS database, or only half of one was copied"
    )]
    Foreign,
    /// The caller's and the owner's: there is no place for what would be remembered for good.
    #[error("the passive-DNS database remembers {most} {of}, and takes no more: {}", of.advice())]
    Full {
        /// What there are too many of.
        of: Remembered,
        /// How many there may be.
        most: usize,
    },
    /// The disk's: the system refused.
    #[error("cannot {doing} {file}: {reason}{}", if *kind == std::io::ErrorKind::StorageFull { "; writing goes on when there is room again" } else { "" })]
    Io {
        /// What was being done.
        doing: Cow<'static, str>,
        /// To which file of the store.
        file: Box<str>,
        /// What kind of refusal it was; serialised, as far as somebody decides by it.
        #[cfg_attr(feature = "serde", serde(with = "kind"))]
        kind: std::io::ErrorKind,
        /// The system's words.
        reason: Box<str>,
    },
    /// The caller's: somebody else has the folder.
    #[error("another process {}has the passive-DNS database; ask it, or wait until it has ended", process.map(|process| format!("({process}) ")).unwrap_or_default())]
    Locked {
        /// Which one, if it says so.
        process: Option<u32>,
    },
    /// The caller's: one batch that names too many sources for the first time.
    #[error(
        "the batch names {new} sources that are new (an origin and a sensor each), {most} may be: give all of it one origin, or leave origins and sensors out"
    )]
    ManySources {
        /// How many there are.
        new: usize,
        /// How many there may be.
        most: usize,
    },
    /// The disk's: a file that the manifest names is not there.
    #[error("{file} is missing: the folder was copied in part, or something removed it; a backup has it")]
    Missing {
        /// Which one.
        file: Box<str>,
    },
    /// The caller's: the folder was written by a later version.
    #[error(
        "the passive-DNS database has format {found}, this program knows formats up to {known}: use the newer one; nothing was changed"
    )]
    Newer {
        /// The folder's.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The disk's: there is not enough room to bring the database into this version's format.
    #[error(
        "bringing the passive-DNS database into the format of this version takes {} MiB of free space, and there are {} MiB: make room and try again; nothing was changed",
        needed.div_ceil(1 << 20), free >> 20
    )]
    NoRoom {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The caller's: a cursor with an order that has no pages.
    #[error("newest first is not paged: ask without a cursor, or in key order")]
    NotPaged,
    /// The caller's: the folder was written by an earlier version and was to be opened for reading only.
    #[error(
        "the passive-DNS database has format {found}, and is brought into format {known} when it is opened for writing: run `backsight db compact`, or start `backsight serve`, once"
    )]
    Older {
        /// The folder's.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The caller's: under this name an input with other content was taken in.
    #[error(
        "{input} was taken in with other content before: what is new needs a name of its own, such as another Idempotency-Key"
    )]
    OtherContent {
        /// The name of the input.
        input: Box<str>,
    },
    /// The engine's: a write failed half-way; nothing more is taken in, what was taken in can be read.
    #[error("an earlier write failed half-way; open the store again")]
    Poisoned,
    /// The caller's: what only reads was asked to write.
    #[error("the passive-DNS database is open for reading only")]
    ReadOnly,
    /// The caller's: it was told to stop.
    #[error("stopped before it was done")]
    Stopped,
    /// The caller's: a name that is longer than names are remembered.
    #[error("{what} has {bytes} bytes, and may have {most}: use a shorter one")]
    TooLong {
        /// Of what.
        what: Cow<'static, str>,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// The caller's: a batch of more than a gibibyte.
    #[error("a batch that takes more than 1 GiB: take it in in parts")]
    TooLarge,
}

impl StoreError {
    /// Whether a batch was refused for what is in it, so that the same batch will be refused again, wherever it is sent.
    pub fn is_of_the_batch(&self) -> bool {
        match self {
            Self::Batch { .. }
            | Self::ManySources { .. }
            | Self::OtherContent { .. }
            | Self::TooLong { .. } => true,
            Self::Damage { .. }
            | Self::Damaged
            | Self::Empty
            | Self::Foreign
            | Self::Full { .. }
            | Self::Io { .. }
            | Self::Locked { .. }
            | Self::Missing { .. }
            | Self::Newer { .. }
            | Self::NoRoom { .. }
            | Self::NotPaged
            | Self::Older { .. }
            | Self::Poisoned
            | Self::ReadOnly
            | Self::Stopped
            | Self::TooLarge => false,
        }
    }
}

/// What a store remembers for good, or until it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Remembered {
    /// Inputs that expire: idempotency keys.
    Keys,
    /// Inputs that do not: files and numbered batches.
    Inputs,
    /// Origins and sensors.
    Sources,
}

impl Remembered {
    fn advice(self) -> &'static str {
        match self {
            Self::Keys => "wait until some have expired, or send the records without an idempotency key",
            Self::Inputs => {
                "`backsight db drop --origin` forgets the inputs of an origin together with its records"
            }
            Self::Sources => {
                "import with `--origin` to give many records the same one, or begin another database"
            }
        }
    }
}

impl std::fmt::Display for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
    #[error("data that is not of its type")]
    Rdata,
    /// First seen after last seen.
    #[error("first seen after last seen")]
    Reversed,
    /// The batch has no such source.
    #[error("a source that the batch does not have")]
    Source,
}

/// Kinds of refusal as places in a list.
#[cfg(feature = "serde")]
mod kind {
    use std::io::ErrorKind::{self, AlreadyExists, NotFound, Other, PermissionDenied, StorageFull};

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    /// The kinds that somebody decides by; any other one is sent as the first.
    const KINDS: [ErrorKind; 5] = [Other, StorageFull, NotFound, PermissionDenied, AlreadyExists];

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to every field")]
    pub(super) fn serialize<S: Serializer>(kind: &ErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
        let place = KINDS.iter().position(|known| known == kind);
        serializer.serialize_u8(place.and_then(|place| u8::try_from(place).ok()).unwrap_or_default())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ErrorKind, D::Error> {
        let place = usize::from(u8::deserialize(deserializer)?);
        KINDS.get(place).copied().ok_or_else(|| D::Error::custom("not a kind of refusal"))
    }
}
