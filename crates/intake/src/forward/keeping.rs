//! Writes what is collected into the spool: [`Keeping`].
//!
//! Batches that wait are put into one body, as far as they fit, so that many senders do not make many files. While the disk takes
//! nothing, the body is tried again once a second and nothing more is accepted: senders wait.
//!
//! Errors are told as [`Event`]s and kept in the status.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use cof::time::Clock;
use cof::{Batch, Position};

use super::body::{Bodies, Body};
use super::event::Event;
use super::spool::Spool;

/// How often it is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often it is looked whether collecting ends.
const LOOK: Duration = Duration::from_millis(100);

/// What keeping needs.
pub(super) struct Keeping<'a> {
    pub(super) spool: &'a Spool,
    pub(super) clock: &'a Clock,
    /// Collecting ends.
    pub(super) stop: &'a AtomicBool,
    pub(super) tell: &'a (dyn Fn(Event) + Sync),
    /// It was told that the spool is full.
    pub(super) is_full: bool,
}

impl Keeping<'_> {
    /// Keeps all batches until there are no more.
    pub(super) fn run(&mut self, batches: &Receiver<Batch>) {
        let mut bodies = Bodies::new();
        while let Ok(first) = batches.recv() {
            let (mut next, mut positions) = (Some(first), Vec::new());
            while let Some(mut batch) = next.take() {
                positions.extend(batch.position.take());
                let records = batch.observations.len() as u64;
                if let Err(error) = bodies.add(batch) {
                    self.lose(records, Some(&error));
                }
                next = if bodies.is_full() { None } else { batches.try_recv().ok() };
            }
            match bodies.take() {
                Ok(done) if positions.is_empty() => {
                    done.chunks(1).for_each(|body| self.keep(body, &[]));
                }
                Ok(done) => self.keep(&done, &positions),
                Err(error) => self.lose(0, Some(&error)),
            }
        }
    }

    /// Keeps bodies, and the positions that they belong to. What followed files had is read again if it is not kept.
    fn keep(&mut self, bodies: &[Body], positions: &[Position]) {
        let mut is_told = false;
        loop {
            match self.spool.keep(bodies, positions, self.clock.seconds()) {
                Ok(dropped) => {
                    self.tell_of_room(dropped);
                    if is_told {
                        self.spool.status().update(|figures| figures.disk_trouble = None);
                        (self.tell)(Event::Writable);
                    }
                    return;
                }
                Err(error) if self.stop.load(Ordering::Relaxed) => {
                    if positions.is_empty() {
                        self.lose(bodies.iter().map(|body| body.records).sum(), Some(&error));
                    }
                    return;
                }
                Err(error) => {
                    let text = format!("the spool cannot be written: {error}");
                    self.spool.status().update(|figures| figures.disk_trouble = Some(text));
                    if !std::mem::replace(&mut is_told, true) {
                        (self.tell)(Event::Unwritable(error));
                    }
                }
            }
            self.pause();
        }
    }

    /// Says that old batches are removed, once until half of the spool is free again.
    fn tell_of_room(&mut self, dropped: u64) {
        if dropped > 0 && !self.is_full {
            (self.tell)(Event::Full);
        }
        self.is_full = dropped > 0 || (self.is_full && !self.spool.is_half_empty());
    }

    fn lose(&self, records: u64, error: Option<&io::Error>) {
        self.spool.status().update(|figures| {
            figures.lost_records += records;
            figures.disk_trouble = error.map(|error| format!("the spool cannot be written: {error}"));
        });
        (self.tell)(Event::Lost { records });
    }

    /// Waits for the next attempt, or until collecting ends.
    fn pause(&self) {
        let mut waited = Duration::ZERO;
        while waited < AGAIN && !self.stop.load(Ordering::Relaxed) {
            thread::park_timeout(LOOK);
            waited += LOOK;
        }
    }
}
