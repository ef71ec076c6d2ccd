//! The trait that every engine implements, and what goes in and comes out of it.
//!
//! [`Store`] says what an answer is, exactly enough that two engines given the same batches give the same answers;
//! [`crate::Memory`] is the one to compare with. Errors are [`StoreError`].

use std::sync::Arc;

use cof::{Batch, Digest, Name, Record};

use crate::{Cursor, Question, Reached, StoreError};

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
/// Maintenance, such as verifying, compacting and backing up, differs between engines and belongs to each of them.
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
