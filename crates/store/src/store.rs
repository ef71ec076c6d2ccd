//! The trait that every engine implements, with its inputs and outputs.
//!
//! [`Store`] defines answers so precisely that two engines with the same batches give the same answers; [`crate::Memory`] is the
//! reference. Errors are [`StoreError`].

use std::any::Any;
use std::sync::Arc;

use cof::{Batch, Digest, Name, Record};

use crate::{Cursor, Question, Reached, StoreError, StoreErrorKind};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// A passive-DNS database.
///
/// Calls block. Each call reads a snapshot of the data; a reader never sees part of a batch. An engine on another machine
/// (`clickhouse`) may read a long answer in slices, each of which is a snapshot of its own; on several machines, a reader may see the
/// part of a batch that is there already.
///
/// # What is stored
///
/// For each tuple (rrname, rrtype, rdata), bailiwick and source: first seen, last seen and count. Equal ones are merged: the
/// earliest first seen, the latest last seen; counts are added for [`cof::SourceKind::Observation`], and the largest is kept for
/// `Report` and `Zone`. A merged count is unknown only if all merged counts are, and saturates at `u64::MAX`. Merging is
/// commutative: the order of batches makes no difference. A bailiwick that does not contain the owner is stored as unknown.
///
/// # What a reader sees
///
/// One row per tuple, merged over bailiwicks and sources, with
///
/// * `time_first`, `time_last`: the earliest and latest time of observations and reports;
/// * `zone_time_first`, `zone_time_last`: the same for zones;
/// * `count`: the larger of the sum of all observations and the largest report, unknown if both are unknown; if no
///   observation and no report has a count, the largest count of the zones;
/// * `bailiwick`: the known bailiwick, if all known ones are equal;
/// * `origin`: the origin of the sources, if all have the same one; a source without an origin counts as a different one;
/// * no `sensor_id`, no notes, no extras.
///
/// With [`crate::Apart`], each bailiwick, the zones, or each source has its own row by the same rules. The rows of one tuple are
/// ordered by bailiwick (by its number of labels, unknown last), then observations and reports before zones, then by source.
///
/// A store that imports its own answers as reports therefore gives the same answers. Types, fences, order and limit apply to
/// merged rows, never to the entries from which they were merged.
///
/// # What is not part of this trait
///
/// Maintenance, such as verifying, compacting and backing up, differs between engines and belongs to each of them.
pub trait Store: Send + Sync {
    /// Stores a batch, completely or not at all; on several machines, what an interruption leaves half done is completed later. When this
    /// returns, the batch is as durable as the engine can make it.
    ///
    /// A batch whose [`cof::Position`] is not beyond the stored position of its input was stored before: nothing changes, and
    /// [`Receipt::repeated`] is true. Batches of one input must therefore arrive in order.
    ///
    /// # Errors
    /// [`StoreError::Batch`] if an observation is invalid, [`StoreError::OtherContent`] if the digests show that an input
    /// with other content was stored under this name. In both cases nothing of the batch is stored.
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError>;

    /// Stores a batch as [`Self::absorb`] does, but may return before it is durable, so that the next one can be prepared in
    /// the meantime.
    ///
    /// Tickets are redeemed in the order in which their batches were submitted. Until then, the same thread makes no other
    /// request to the store.
    ///
    /// # Errors
    /// Those of [`Self::absorb`].
    fn submit(&self, batch: Batch) -> Result<Ticket, StoreError> {
        self.absorb(batch).map(Ticket::settled)
    }

    /// Waits until a batch is durable and readers see it. A batch whose ticket is dropped instead may never be stored.
    ///
    /// After an error, the tickets of later batches of the same input must be dropped, and those batches submitted again.
    ///
    /// # Errors
    /// Those of [`Self::absorb`]; then the batch is not stored.
    fn redeem(&self, ticket: Ticket) -> Result<Receipt, StoreError> {
        ticket.receipt.ok_or_else(Ticket::of_another_store)
    }

    /// How many observations a batch should have, if there are as many: in smaller batches, the fixed cost of a batch dominates.
    fn usual_batch(&self) -> usize {
        10_000
    }

    /// Returns one page of the answer.
    ///
    /// In key order, without types and fences, the work is proportional to the limit and independent of the size of the whole
    /// answer. With types and fences, many rows may be skipped for each one returned.
    ///
    /// # Errors
    /// [`StoreError::NotPaged`] for a cursor together with [`crate::Order::NewestFirst`].
    fn lookup(&self, question: &Question) -> Result<Page, StoreError>;

    /// The same page, if it can be had at once: from memory, without waiting for a disk, a network, another process or a lock that is
    /// held for long. `None` otherwise, or if the lookup fails: then [`Store::lookup`] has the answer.
    ///
    /// A thread that serves many clients may call this, with a small limit and reach, and must not call anything else here.
    fn lookup_at_once(&self, question: &Question) -> Option<Page> {
        let _ = question;
        None
    }

    /// Summarises the whole answer; limit, cursor and order have no effect.
    ///
    /// # Errors
    /// Only the engine's own.
    fn summarise(&self, question: &Question) -> Result<Summary, StoreError>;

    /// Deletes the selected rows, in one step for all readers. A batch that is stored at the same time comes before or after it; for
    /// rows that are selected by their age, its rows may lose what was dropped of them.
    ///
    /// Returns the number of deleted entries; each is a tuple with a bailiwick and a source.
    ///
    /// # Errors
    /// Only the engine's own.
    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError>;

    /// Returns how far an input has been stored: the [`cof::Position`] of its last batch.
    ///
    /// An expired position is still returned until [`Self::forget_expired`] is called.
    ///
    /// # Errors
    /// Only the engine's own.
    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError>;

    /// Returns the names of the completely stored inputs with this digest, sorted; at most [`crate::MAX_WHOLES`].
    ///
    /// Inputs that expire are not included: only permanent inputs are recognised by their content.
    ///
    /// # Errors
    /// Only the engine's own.
    fn wholes(&self, digest: &Digest) -> Result<Vec<Arc<str>>, StoreError>;

    /// Deletes the positions of inputs that expire at or before `now` (seconds since the epoch), and returns their number.
    ///
    /// A store has no clock: callers with inputs that expire call this before they read a position. It is cheap if nothing
    /// has expired.
    ///
    /// # Errors
    /// Only the engine's own.
    fn forget_expired(&self, now: u64) -> Result<u64, StoreError>;

    /// Returns how much is stored.
    ///
    /// # Errors
    /// Only the engine's own.
    fn stats(&self) -> Result<Stats, StoreError>;

    /// Whether it can answer now, and whether it can store. It may cost a query.
    ///
    /// # Errors
    /// Those of an engine that cannot answer.
    fn readiness(&self) -> Result<Readiness, StoreError> {
        // Any query will do; no position is stored for this input.
        self.position("").map(|_| Readiness::Ready)
    }
}

/// What a store can do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Everything.
    Ready,
    /// It answers, and does not store for this reason, which strangers may read.
    AnswersOnly(&'static str),
}

/// The result of storing a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Receipt {
    /// How many observations were stored.
    pub observations: usize,
    /// Whether the batch was stored before, so that nothing was stored now.
    pub repeated: bool,
}

/// A batch that was submitted and may not be durable yet.
#[derive(Debug)]
#[must_use = "a batch is durable when its ticket has been redeemed"]
pub struct Ticket {
    /// The result of redeeming it, if the engine already knows it.
    pub receipt: Option<Receipt>,
    /// The position of the batch, in numbers that only the engine understands; `None` for one that is durable, or only prepared.
    pub place: Option<(u64, u64)>,
    /// The batch in a form that only the engine understands, if it is stored when the ticket is redeemed.
    prepared: Option<Box<dyn Any + Send>>,
}

impl Ticket {
    /// A batch that is already durable.
    pub fn settled(receipt: Receipt) -> Self {
        Self { receipt: Some(receipt), place: None, prepared: None }
    }

    /// A batch that will be durable when it reaches this place, and then has this receipt; `None` if that is not known yet.
    pub fn at(place: (u64, u64), receipt: Option<Receipt>) -> Self {
        Self { receipt, place: Some(place), prepared: None }
    }

    /// A batch that is stored when the ticket is redeemed.
    pub fn prepared(batch: impl Any + Send) -> Self {
        Self { receipt: None, place: None, prepared: Some(Box::new(batch)) }
    }

    /// The batch of [`Self::prepared`]; `None` if the ticket is another engine's.
    pub fn into_prepared<T: Any>(self) -> Option<Box<T>> {
        self.prepared?.downcast().ok()
    }

    /// The error of a store for a ticket that it did not create.
    pub fn of_another_store() -> StoreError {
        let detail = "a batch was submitted to one store and redeemed at another; please report it";
        StoreError::engine(StoreErrorKind::Unavailable, detail)
    }
}

/// One page of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Page {
    /// The rows, in the question's order.
    pub records: Vec<Record>,
    /// Where the next page begins; only in key order, and only if there are more rows.
    pub next: Option<Cursor>,
    /// Whether the answer has more rows. In key order they are on the next page; newest first, they cannot be read.
    pub more: bool,
    /// The limit that was applied, 1 to [`crate::MAX_LIMIT`].
    pub limit: usize,
}

/// A summary of an answer. Sums saturate at `u64::MAX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Summary {
    /// The number of rows.
    pub rows: u64,
    /// The sum of their counts; unknown if all are.
    pub count: Option<u64>,
    /// The earliest time ([`Record::span`]), seconds since the epoch; `None` if there are no rows.
    pub first: Option<u64>,
    /// The latest time, seconds since the epoch.
    pub last: Option<u64>,
}

/// What [`Store::drop_where`] deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Selection {
    /// Rows whose latest time is before this (seconds since the epoch). As with [`crate::Apart::Kind`], the observations and
    /// reports of a tuple are judged by their latest time, and its zone data by its own.
    LastSeenBefore(u64),
    /// The entries of sources with this origin, or without one. The positions of inputs with such entries are deleted too, so
    /// that they can be imported again.
    Origin(Option<Arc<str>>),
    /// The entries of this name and of all names below it.
    Suffix(Name),
}

impl Selection {
    /// The rows that were not seen in the last so many days before today (UTC). It is the same all day, so that nothing more is
    /// outdated when it is asked again.
    pub fn outdated(now: u64, days: u32) -> Self {
        let today = now - now % DAY;
        Self::LastSeenBefore(today.saturating_sub(u64::from(days).saturating_mul(DAY)))
    }
}

/// How much is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stats {
    /// Tuples, each with a bailiwick and source. An engine that merges in the background counts unmerged parts separately.
    pub entries: u64,
    /// All sources that ever occurred; sources are never deleted.
    pub sources: u64,
    /// Inputs with a stored position.
    pub inputs: u64,
}
