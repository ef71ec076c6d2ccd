//! The own database's answers to inquiries, for pages and programs: [`Explorer`], which keeps the most recent ones.
//!
//! An answer is read by a task of its own ([`Reading`]), slice by slice, within the bounds of [`Bounds`]. A page waits for it for a
//! moment only, and then shows what has been read so far. A reading that nobody looks at any more stops, and goes on when it is
//! looked at again. An answer is kept for [`FRESH`], so that the pages and views of one question show the same rows. Errors are
//! [`Problem`]s.

mod facets;
mod found;
mod reading;
mod turns;
mod uses;
mod written;

pub(crate) use self::facets::{Facet, Tally, Word};
pub(crate) use self::found::{Found, Progress, newest_first};
pub(crate) use self::reading::{Bounds, End};
pub(crate) use self::turns::Turn;
pub(crate) use self::uses::{Use, uses};
pub(crate) use self::written::{Explored, Extract, cof, json, table};

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use edge::problem::Problem;
use pdns::inquiry::Inquiry;
use pdns::rows::Rows;

use self::reading::Reading;
use self::turns::Turns;

/// How long an answer is shown again, from when it was complete.
const FRESH: Duration = Duration::from_secs(30);
/// The number of answers that are kept, and of their rows in total.
const KEPT: usize = 16;
const ROWS: usize = 400_000;
/// A page with so many rows is shown before the rest is read, which takes longer anyway.
const PLENTY: usize = 5_000;
/// The most answers that are being read; one more has to wait for another try.
const READING: usize = 100;
/// Answers that are being read or were read; cloning is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Explorer {
    readings: Arc<Mutex<VecDeque<Arc<Reading>>>>,
    bounds: Bounds,
    turns: Turns,
    /// The number of the next answer.
    next: Arc<AtomicU64>,
}

/// What is waited for, and how long at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The whole answer.
    Whole(Duration),
    /// The whole answer, or as many rows as a page has time for: [`PLENTY`].
    Plenty(Duration),
}

/// Whether an answer that was read before is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    No,
    /// If it has this number, so that loading the same page twice does not read it twice.
    This(u64),
    /// In any case.
    Yes,
}

impl Again {
    fn replaces(self, known: &Reading) -> bool {
        let is_meant = match self {
            Self::No => false,
            Self::This(number) => known.number == number,
            Self::Yes => true,
        };
        is_meant && known.has_ended()
    }
}

impl Explorer {
    /// What was found so far for an inquiry, after waiting.
    ///
    /// # Errors
    /// 503 if too many answers are being read, and the errors of the database.
    pub(crate) async fn of(
        &self,
        rows: &Rows,
        inquiry: Inquiry,
        (wait, again): (Wait, Again),
    ) -> Result<Arc<Found>, Problem> {
        let reading = self.reading(inquiry, again)?;
        reading.go_on(rows, self.bounds, &self.turns);
        // Both run out at the same time at the latest: whoever comes first is not important.
        let _ = match wait {
            Wait::Whole(most) => tokio::time::timeout(most, reading.ended(usize::MAX)).await,
            Wait::Plenty(most) => tokio::time::timeout(most, reading.ended(PLENTY)).await,
        };
        reading.found().await
    }

    /// Lets reading give way to a page that is being made, until this is dropped.
    pub(crate) fn page(&self) -> Turn {
        self.turns.page()
    }

    /// How far an answer was read, and its number of rows so far; it is read on.
    ///
    /// # Errors
    /// As for [`Self::of`].
    pub(crate) fn watch(&self, rows: &Rows, inquiry: Inquiry) -> Result<(Progress, usize), Problem> {
        let reading = self.reading(inquiry, Again::No)?;
        reading.go_on(rows, self.bounds, &self.turns);
        Ok((reading.progress(), reading.len()))
    }

    /// The reading of an inquiry: one that is known, or a new one.
    fn reading(&self, inquiry: Inquiry, again: Again) -> Result<Arc<Reading>, Problem> {
        let text = inquiry.text();
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let place = readings.iter().position(|known| known.text == text);
        let known = place.and_then(|place| readings.remove(place));
        if let Some(known) = known.filter(|known| known.is_fresh(FRESH) && !again.replaces(known)) {
            readings.push_front(Arc::clone(&known));
            return Ok(known);
        }
        if readings.iter().filter(|reading| reading.is_active()).count() >= READING {
            return Err(Problem::busy(
                "too many questions are being answered from the database; try again in a few seconds",
            ));
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let reading = Arc::new(Reading::new(text, inquiry, number));
        readings.push_front(Arc::clone(&reading));
        let (mut sum, mut number) = (0, 0);
        let is_kept = |reading: &Arc<Reading>| {
            (sum, number) = (sum + reading.len(), number + 1);
            number == 1 || reading.is_active() || (sum <= ROWS && number <= KEPT)
        };
        let (kept, forgotten): (VecDeque<_>, VecDeque<_>) = readings.drain(..).partition(is_kept);
        *readings = kept;
        drop(readings);
        if !forgotten.is_empty() {
            // Freeing many rows takes as long as a page.
            drop(tokio::task::spawn_blocking(|| drop(forgotten)));
        }
        Ok(reading)
    }
}

#[cfg(test)]
mod tests;
