//! An answer that is read in the background, slice by slice: [`Reading`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use edge::problem::Problem;
use pdns::inquiry::{Inquiry, Row, Scan};
use pdns::rows::{Rows, Unanswered};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::found::{Found, Progress};
use super::turns::Turns;
use crate::content::Content as _;

/// How far an answer is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// The most rows.
    pub(crate) rows: usize,
    /// The most tuples that are read for them.
    pub(crate) tuples: u64,
    /// The most time for reading.
    pub(crate) time: Duration,
    /// How long it goes on after somebody looked at it.
    pub(crate) unwatched: Duration,
}

/// After so much time, an answer is one that takes long: see [`Turns`].
const BRIEF: Duration = Duration::from_millis(150);
/// Tuples that are read at a time: about 10 ms, after which others have their turn.
const SLICE: usize = 5_000;

impl Default for Bounds {
    fn default() -> Self {
        Self {
            rows: 100_000,
            tuples: 20_000_000,
            time: Duration::from_mins(1),
            // A page without script loads itself again after 2 s.
            unwatched: Duration::from_secs(3),
        }
    }
}

/// Why an answer is not read any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is complete.
    Complete,
    /// It has more rows than are held.
    Rows,
    /// So much was read without reaching the end.
    Tuples,
    /// It took too long.
    Time,
}

/// An answer, as far as it was read.
#[derive(Debug)]
pub(super) struct Reading {
    /// The line of its inquiry, in its shortest form.
    pub(super) text: String,
    /// Distinguishes it from others with the same inquiry.
    pub(super) number: u64,
    state: Mutex<State>,
    /// After each slice, and at the end.
    moved: Notify,
}

#[derive(Debug)]
struct State {
    /// `None` while a slice is read.
    scan: Option<Scan>,
    inquiry: Arc<Inquiry>,
    rows: Vec<Row>,
    sources: Vec<Arc<str>>,
    read: u64,
    spent: Duration,
    /// Whether a task reads it.
    is_active: bool,
    looked_at: Instant,
    end: Option<(End, Instant)>,
    failed: Option<Problem>,
    /// What was found, once it has ended.
    found: Option<Arc<Found>>,
}

impl Reading {
    pub(super) fn new(text: String, inquiry: Inquiry, number: u64) -> Self {
        let inquiry = Arc::new(inquiry);
        let state = State {
            scan: Some(Scan::new(Arc::clone(&inquiry))),
            inquiry,
            rows: Vec::new(),
            sources: Vec::new(),
            read: 0,
            spent: Duration::ZERO,
            is_active: false,
            looked_at: Instant::now(),
            end: None,
            failed: None,
            found: None,
        };
        Self { text, number, state: Mutex::new(state), moved: Notify::new() }
    }

    /// Whether it may be shown again.
    pub(super) fn is_fresh(&self, fresh: Duration) -> bool {
        let state = self.lock();
        state.failed.is_none() && state.end.as_ref().is_none_or(|(_, at)| at.elapsed() < fresh)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.lock().end.is_some()
    }

    pub(super) fn is_active(&self) -> bool {
        self.lock().is_active
    }

    /// How far it was read; the end is only told when what was found can be shown.
    pub(super) fn progress(&self) -> Progress {
        let state = self.lock();
        let shown = state.found.is_some() || state.failed.is_some();
        Progress { end: state.progress(self.number).end.filter(|_| shown), ..state.progress(self.number) }
    }

    /// The number of rows so far.
    pub(super) fn len(&self) -> usize {
        let state = self.lock();
        state.found.as_ref().map_or(state.rows.len(), |found| found.records().len())
    }

    /// Reads on in the background, unless it has ended.
    pub(super) fn go_on(self: &Arc<Self>, rows: &Rows, bounds: Bounds, turns: &Turns) {
        let mut state = self.lock();
        state.looked_at = Instant::now();
        if state.is_active || state.end.is_some() || state.failed.is_some() {
            return;
        }
        state.is_active = true;
        drop(state);
        let (reading, rows, turns) = (Arc::clone(self), rows.clone(), turns.clone());
        tokio::spawn(async move {
            // Dropped at the end in any case, so that it never seems to be active for ever.
            let _active = Active(&reading);
            reading.read(&rows, bounds, &turns).await;
        });
    }

    async fn read(&self, rows: &Rows, bounds: Bounds, turns: &Turns) {
        let mut turn = self.is_brief().then(|| turns.brief());
        loop {
            if self.is_brief() {
                turns.give_way().await;
            } else {
                drop(turn.take());
                // Nobody may look at it any more before its turn comes.
                turn = tokio::time::timeout(bounds.unwatched, turns.long()).await.ok();
            }
            if turn.is_none() && !self.is_unwatched(bounds) {
                continue;
            }
            let Some(scan) = self.take(bounds) else { return };
            let began = Instant::now();
            let step = move |store: &dyn store::Store| {
                let mut scan = scan;
                let found = scan.step(store, SLICE)?;
                Ok((scan, found))
            };
            let looked = rows.blocking(step).await;
            if self.add(looked, began.elapsed(), bounds) {
                break;
            }
            self.moved.notify_waiters();
        }
        let Some(found) = self.prepared().await else { return };
        let rows = {
            let mut state = self.lock();
            state.found = Some(found);
            std::mem::take(&mut state.rows)
        };
        self.moved.notify_waiters();
        drop(tokio::task::spawn_blocking(|| drop(rows)));
    }

    fn is_brief(&self) -> bool {
        self.lock().spent < BRIEF
    }

    fn is_unwatched(&self, bounds: Bounds) -> bool {
        self.lock().looked_at.elapsed() > bounds.unwatched
    }

    /// The scan, unless nobody looks at it any more.
    fn take(&self, bounds: Bounds) -> Option<Scan> {
        if self.is_unwatched(bounds) { None } else { self.lock().scan.take() }
    }

    /// Adds a slice; returns whether it was the last one.
    fn add(&self, looked: Result<(Scan, Vec<Row>), Unanswered>, took: Duration, bounds: Bounds) -> bool {
        let mut state = self.lock();
        state.spent += took;
        let (scan, found) = match looked {
            Ok(looked) => looked,
            Err(error) => {
                state.failed = Some(error.into());
                return true;
            }
        };
        state.rows.extend(found);
        state.read = scan.read();
        state.sources = scan.sources().to_vec();
        let end = if state.rows.len() > bounds.rows {
            Some(End::Rows)
        } else if scan.is_over() {
            Some(End::Complete)
        } else if state.read >= bounds.tuples {
            Some(End::Tuples)
        } else {
            (state.spent >= bounds.time).then_some(End::Time)
        };
        state.rows.truncate(bounds.rows);
        state.end = end.map(|end| (end, Instant::now()));
        state.scan = Some(scan);
        state.end.is_some()
    }

    /// What was found, with what pages need of it; `None` if it failed.
    async fn prepared(&self) -> Option<Arc<Found>> {
        let (inquiry, rows, sources, progress) = {
            let mut state = self.lock();
            if state.failed.is_some() {
                return None;
            }
            let rows = state.rows.clone();
            state.scan = None;
            (Arc::clone(&state.inquiry), rows, state.sources.clone(), state.progress(self.number))
        };
        let prepare = move || {
            let found = Found::new(inquiry, rows, sources, progress);
            found.prepare();
            Arc::new(found)
        };
        tokio::task::spawn_blocking(prepare).await.ok()
    }

    /// Waits until it has ended or failed, or has so many rows.
    pub(super) async fn ended(&self, rows: usize) {
        loop {
            let moved = self.moved.notified();
            {
                let state = self.lock();
                if state.found.is_some() || !state.is_active || state.rows.len() >= rows {
                    return;
                }
            }
            moved.await;
        }
    }

    /// What was found so far.
    ///
    /// # Errors
    /// Why it failed.
    pub(super) async fn found(&self) -> Result<Arc<Found>, Problem> {
        let (inquiry, rows, sources, progress) = {
            let state = self.lock();
            if let Some(problem) = &state.failed {
                return Err(problem.clone());
            }
            if let Some(found) = &state.found {
                return Ok(Arc::clone(found));
            }
            let progress = Progress { end: None, ..state.progress(self.number) };
            (Arc::clone(&state.inquiry), state.rows.clone(), state.sources.clone(), progress)
        };
        let make = move || Arc::new(Found::new(inquiry, rows, sources, progress));
        tokio::task::spawn_blocking(make).await.map_err(|_| Problem::internal_page())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn progress(&self, number: u64) -> Progress {
        let end = self.end.as_ref().map(|(end, _)| end.clone());
        Progress { number, end, read: self.read, took: self.spent }
    }
}

/// A task that reads.
struct Active<'a>(&'a Reading);

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.lock().is_active = false;
        self.0.moved.notify_waiters();
    }
}
