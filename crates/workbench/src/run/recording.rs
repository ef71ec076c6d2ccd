//! What happens to an answer while it arrives: its records are counted ([`Counting`]), and its bytes become evidence
//! ([`Recording`]).
//!
//! Errors: if the evidence cannot be stored, [`Recording`] accepts no more records, and [`Tape::into_recorder`] returns the reason.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cof::{Damage, Record};
use operation::provider::Stop;
use operation::{Filter, Sink};

use super::ask::Progress;
use super::evidence::Recorder;
use crate::Error;

/// Counts what a sink receives.
pub(super) struct Counting<'a> {
    sink: &'a mut dyn Sink,
    filter: &'a Filter,
    progress: &'a Progress,
    pub(super) records: u64,
    pub(super) damages: u64,
    /// The sink's limit, when it was reached.
    pub(super) full: Option<usize>,
}

impl<'a> Counting<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink, filter: &'a Filter, progress: &'a Progress) -> Self {
        Self { sink, filter, progress, records: 0, damages: 0, full: None }
    }
}

impl Sink for Counting<'_> {
    fn record(&mut self, record: Record) -> Result<(), Stop> {
        let wanted = self.filter.keeps(&record);
        let taken = self.sink.record(record);
        match taken {
            Ok(()) => self.records += u64::from(wanted),
            Err(Stop::Full(most)) => self.full = Some(most),
            Err(Stop::Gone) => {}
        }
        taken
    }

    fn damage(&mut self, damage: Damage) {
        self.damages += 1;
        self.sink.damage(damage);
    }

    fn pause(&mut self) {
        self.progress.records.store(self.records, Ordering::Relaxed);
        self.sink.pause();
    }
}

/// The evidence of an answer while it arrives, for the task that receives it and for the timer.
pub(super) struct Tape(Mutex<Result<Recorder, Error>>);

impl Tape {
    pub(super) fn new(recorder: Recorder) -> Self {
        Self(Mutex::new(Ok(recorder)))
    }

    /// Adds bytes; returns whether the evidence can still be stored.
    fn write(&self, octets: &[u8]) -> bool {
        self.change(|recorder| recorder.write(octets))
    }

    /// Writes what is held, and from now on everything at once.
    pub(super) fn write_through(&self) {
        self.change(Recorder::write_through);
    }

    fn change(&self, change: impl FnOnce(&mut Recorder) -> Result<(), Error>) -> bool {
        let mut tape = self.lock();
        if let Ok(recorder) = &mut *tape
            && let Err(fault) = change(recorder)
        {
            *tape = Err(fault);
        }
        tape.is_ok()
    }

    /// The recorder, or why the evidence cannot be stored.
    pub(super) fn into_recorder(self) -> Result<Recorder, Error> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Result<Recorder, Error>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stores the evidence of what a sink receives.
pub(super) struct Recording<'a> {
    pub(super) counting: Counting<'a>,
    pub(super) tape: &'a Tape,
    /// Whether it cannot be stored; after that, no more data is accepted.
    pub(super) failed: bool,
}

impl Sink for Recording<'_> {
    fn record(&mut self, record: Record) -> Result<(), Stop> {
        if self.failed { Err(Stop::Gone) } else { self.counting.record(record) }
    }

    fn damage(&mut self, damage: Damage) {
        self.counting.damage(damage);
    }

    fn pause(&mut self) {
        self.counting.pause();
    }

    fn raw(&mut self, octets: &[u8]) {
        if !self.failed {
            self.failed = !self.tape.write(octets);
            self.counting.progress.bytes.fetch_add(octets.len() as u64, Ordering::Relaxed);
        }
    }
}
