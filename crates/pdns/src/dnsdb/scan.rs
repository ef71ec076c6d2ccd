//! Runs a search through the store: page by page, on one thread at a time, until a limit.
//!
//! [`Scan::step`] reads one page and writes the results, or continues with the rest of the previous page; it checks the time
//! after every record. It holds no lock and no thread between two steps, so the caller can wait for a slow reader, or drop the
//! scan.

use std::time::Duration;

use cof::Record;
use store::{Cursor, Question, Store, StoreError};
use tokio::time::Instant;

use super::budget::Budget;
use super::gather::{End, Gather, Held};
use super::path::Version;
use super::search::Search;

/// The limits of a search, and its timing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The most rows that are read; of a full page, only the rows in it are counted.
    pub(super) rows: u64,
    /// The most time for reading, not counting the time to wait for the reader.
    pub(super) time: Duration,
    /// Rows of a page.
    pub(super) page: usize,
    /// How long a step may compare rows before other searches get their turn.
    pub(super) slice: Duration,
    /// After this time without a result, a line reports that the search continues.
    pub(super) silence: Duration,
    /// How long a reader may take to read what was last sent.
    pub(super) patience: Duration,
}

impl Bounds {
    pub(super) const USUAL: Self = Self {
        rows: 20_000_000,
        time: Duration::from_mins(1),
        page: 1_000,
        slice: Duration::from_millis(20),
        silence: Duration::from_secs(5),
        patience: Duration::from_mins(2),
    };
}

/// How many tuples are read per row of a page: the store skips most of them quickly.
const REACH: usize = 8;

/// A search and its progress.
#[derive(Debug)]
pub(super) struct Scan {
    search: Search,
    pub(super) bounds: Bounds,
    gather: Gather,
    stage: usize,
    /// The start of the next page of the stage; `None` is the start of the stage.
    cursor: Option<Cursor>,
    /// Rows of the page that were not compared yet: with an expensive pattern, they take more than one step.
    left: std::vec::IntoIter<Record>,
    looked_at: u64,
    pub(super) spent: Duration,
    /// Set when everything was read: the end, after what is held has been sent.
    ending: Option<End>,
    scratch: String,
}

impl Scan {
    pub(super) fn new(search: Search, bounds: Bounds, budget: &Budget) -> Self {
        let gather = Gather::new(&search, budget);
        Self {
            search,
            bounds,
            gather,
            stage: 0,
            cursor: None,
            left: Vec::new().into_iter(),
            looked_at: 0,
            spent: Duration::ZERO,
            ending: None,
            scratch: String::new(),
        }
    }

    /// The form in which results are written.
    pub(super) fn version(&self) -> Version {
        self.search.objects.version
    }

    /// See [`Search::is_direct`].
    pub(super) fn is_direct(&self) -> bool {
        self.search.is_direct()
    }

    /// Reads up to `rows` more rows and appends the results; returns the end if it was reached.
    pub(super) fn step(
        &mut self,
        store: &dyn Store,
        rows: usize,
        out: &mut String,
    ) -> Result<Option<End>, StoreError> {
        if let Some(end) = self.ending.take() {
            return Ok(self.finish(end, rows, out));
        }
        if self.left.as_slice().is_empty() {
            let Some(question) = self.search.question(self.stage) else {
                return Ok(self.finish(End::Succeeded, rows, out));
            };
            self.read(store, question, rows)?;
        }
        let began = Instant::now();
        while let Some(record) = self.left.next() {
            if self.search.admits(self.stage, &record, &mut self.scratch)
                && let Some(end) = self.gather.take(&self.search, record, out)
            {
                return Ok(self.finish(end, rows, out));
            }
            let took = began.elapsed();
            if self.spent + took >= self.bounds.time && !self.left.as_slice().is_empty() {
                self.spent += took;
                return Ok(self.bound().and_then(|end| self.finish(end, rows, out)));
            }
            if took >= self.bounds.slice && !self.left.as_slice().is_empty() {
                return Ok(None);
            }
        }
        if self.cursor.is_none() {
            self.stage += 1;
        }
        let stopped = if self.search.is_over(self.stage) { Some(End::Succeeded) } else { self.bound() };
        Ok(stopped.and_then(|end| self.finish(end, rows, out)))
    }

    /// Reads the next rows.
    fn read(&mut self, store: &dyn Store, mut question: Question, rows: usize) -> Result<(), StoreError> {
        question.limit = rows;
        question.reach = rows.saturating_mul(REACH);
        question.cursor = self.cursor.take();
        let page = store.lookup(&question)?;
        // A page that is not full was read up to its reach, unless it is the last one.
        let read = if page.records.len() < rows { question.reach } else { rows };
        self.looked_at = self.looked_at.saturating_add(read as u64);
        self.left = page.records.into_iter();
        self.cursor = page.next;
        Ok(())
    }

    /// The limit that stops the search although there are more rows.
    fn bound(&self) -> Option<End> {
        let stop = |what: String| {
            Some(End::Stopped(format!("Search stopped after {what}; narrow it to see the rest")))
        };
        if self.looked_at >= self.bounds.rows {
            return stop(format!("{} records", self.looked_at));
        }
        if self.spent >= self.bounds.time {
            return stop(format!("{} seconds", self.bounds.time.as_secs()));
        }
        None
    }

    /// The end, if what is still held fits into this many objects. One of them may be over the limit itself.
    fn finish(&mut self, end: End, rows: usize, out: &mut String) -> Option<End> {
        match self.gather.finish(&self.search, rows, out) {
            Held::More => {
                self.ending = Some(end);
                None
            }
            Held::Sent(held) if end == End::Succeeded => Some(held.unwrap_or(end)),
            Held::Sent(_) => Some(end),
        }
    }
}
