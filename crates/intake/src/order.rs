//! How an input is to be read: [`Order`], why it was not read to its end: [`Fault`], and who receives batches: [`Take`].

use std::io;
use std::sync::Arc;

use cof::time::Clock;
use cof::{Batch, Digest, Orientation, SourceKind};
use store::{Limits, Reached, Store};

use crate::Foreign;
use crate::format::{Format, Options, PassiveDnsColumns, Side};
use crate::noise::Noise;
use crate::status::Progress;
use crate::tally::LeftOut;
use crate::window;

/// How to read an input, and what is known about it beforehand.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by whoever brings the input")]
pub struct Order {
    /// Whether observations of this input add up or are kept as the largest count.
    pub kind: SourceKind,
    /// The origin of all records; it overrides the origin that a record states.
    pub origin: Option<Arc<str>>,
    /// The sensor of all records.
    pub sensor: Option<Arc<str>>,
    /// Whether the `sensor_id` of each record is kept if `sensor` is not given.
    pub keep_sensors: bool,
    /// Which side of the records is the owner.
    pub orientation: Orientation,
    /// Whether reading stops at the first record or stretch that would be left out.
    pub strict: bool,
    /// The name under which the position in this input is stored.
    pub input: Option<Arc<str>>,
    /// When the name may be forgotten, in seconds since the epoch.
    pub expires: Option<u64>,
    /// How long after the end of the input the name is kept, in seconds; for ever if `expires` does not say otherwise.
    pub kept: Option<u64>,
    /// How far an earlier pass under this name got.
    pub reached: Option<Reached>,
    /// The digest that identified the content, if it was read before; other content is refused at its end.
    pub identified: Option<Digest>,
    /// Whether the tally includes the digest of the whole input.
    pub digests: bool,
    /// Whether the tally also counts what was left out before the position that the earlier pass reached.
    pub tell_again: bool,
    /// The largest allowed size of the input, in bytes after decompression.
    pub most: u64,
    /// When a batch of records in JSON ends.
    pub batch: BatchBounds,
    /// The current time, in seconds since the epoch.
    pub now: u64,
    /// What the input is written in.
    pub format: Format,
    /// Which side of a resolver is collected, where the format tells.
    pub side: Side,
    /// The ports from which DNS servers answer, in packet captures.
    pub ports: Box<[u16]>,
    /// Whether messages that a mirrored capture has twice are counted once, where the format tells.
    pub fold_doubles: bool,
    /// The columns of passivedns lines.
    pub passivedns_columns: PassiveDnsColumns,
    /// For how many seconds of capture time equal records are merged.
    pub window: u64,
    /// What is not kept; whoever reads several inputs gives them the same, so that they share its budget.
    pub noise: Arc<Noise>,
    /// The clock of a live stream, which delivers at least once a second, also when nothing arrives: a reader of one reports
    /// [`io::ErrorKind::TimedOut`] or [`io::ErrorKind::WouldBlock`] then.
    pub live: Option<Clock>,
    /// Where the figures are published while the input is read.
    pub progress: Option<Progress>,
}

/// When a batch of records in JSON ends. It may be exceeded by the records of one value, which are never divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchBounds {
    /// It has so many observations.
    pub observations: usize,
    /// They come from so many bytes of the input, after decompression.
    pub bytes: u64,
    /// They come from so many sources.
    pub sources: usize,
}

impl Default for BatchBounds {
    /// Ten thousand observations, whatever they are.
    fn default() -> Self {
        Self { observations: 10_000, bytes: u64::MAX, sources: usize::MAX }
    }
}

impl BatchBounds {
    /// What a store takes well, and always takes: a batch that is larger in some way would be refused, and so the whole input.
    pub fn of(store: &dyn Store) -> Self {
        let sources = Limits::USUAL.batch_sources / 2;
        Self { observations: store.usual_batch(), bytes: 32 << 20, sources }
    }
}

impl Order {
    /// An input that is read with defaults: no position, no origin or sensor for all records, no size limit. `now` is in
    /// seconds since the epoch.
    pub fn new(kind: SourceKind, now: u64) -> Self {
        Self {
            kind,
            origin: None,
            sensor: None,
            keep_sensors: false,
            orientation: Orientation::Auto,
            strict: false,
            input: None,
            expires: None,
            kept: None,
            reached: None,
            identified: None,
            digests: false,
            tell_again: false,
            most: u64::MAX,
            batch: BatchBounds::default(),
            now,
            format: Format::Cof,
            side: Side::default(),
            ports: [53].into(),
            fold_doubles: false,
            passivedns_columns: PassiveDnsColumns::default(),
            window: window::SPAN,
            noise: Arc::default(),
            live: None,
            progress: None,
        }
    }

    /// The current time, in seconds since the epoch: a live stream goes on for days after the time that was ordered.
    pub(crate) fn time(&self) -> u64 {
        self.live.as_ref().map_or(self.now, Clock::seconds)
    }

    /// What decoders need of it.
    pub(crate) fn options(&self) -> Options<'_> {
        Options {
            side: self.side,
            ports: &self.ports,
            fold_doubles: self.fold_doubles,
            passivedns_columns: &self.passivedns_columns,
        }
    }
}

/// Why an input was not read to its end.
#[derive(Debug)]
pub enum Fault {
    /// The content is not the one that was identified: it changed while it was read. Earlier batches were delivered.
    Changed,
    /// The input is larger than allowed after decompression.
    Expanded,
    /// The input contains no record, and looks like this format.
    Foreign(Foreign),
    /// The part that an earlier pass imported under this name had different content. Nothing was delivered.
    Other,
    /// Reading failed. Earlier batches were delivered.
    Read(io::Error),
    /// A rejected stretch could not be written to the file of rejects.
    Rejects(io::Error),
    /// Something was left out although the order is strict. Earlier batches were delivered.
    Strict(Option<LeftOut>),
    /// The caller accepts no more batches.
    Unwanted,
}

/// The caller accepts no more batches, and knows the reason.
#[derive(Clone, Copy, Debug)]
pub struct Unwanted;

/// Receives a batch and the number of records it was made from.
pub type Take<'a> = dyn FnMut(Batch, u64) -> Result<(), Unwanted> + 'a;
