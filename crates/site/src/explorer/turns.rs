//! Who reads when: [`Turns`]. Nothing here fails.
//!
//! Somebody waits for an answer that has just been asked for, so its slices are read at once. An answer that takes long is read by half
//! of the processors at most, and gives way to those that have just been asked for, but not for ever.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// How long a slice of a long answer gives way.
const PATIENCE: Duration = Duration::from_millis(100);

/// The turns of all answers that are being read.
#[derive(Debug)]
pub(super) struct Turns {
    /// Slices of long answers at the same time.
    long: Semaphore,
    /// The number of brief answers that are being read.
    brief: watch::Sender<usize>,
}

/// An answer that is being read, or a slice of it.
pub(super) enum Turn<'a> {
    Brief(&'a watch::Sender<usize>),
    Long(#[expect(dead_code, reason = "held until the slice has been read")] Option<SemaphorePermit<'a>>),
}

impl Default for Turns {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { long: Semaphore::new((processors / 2).max(1)), brief: watch::Sender::new(0) }
    }
}

impl Turns {
    /// The turn of an answer that has just been asked for; others give way until it is dropped.
    pub(super) fn brief(&self) -> Turn<'_> {
        self.brief.send_modify(|brief| *brief += 1);
        Turn::Brief(&self.brief)
    }

    /// The turn of a slice of a long answer.
    pub(super) async fn long(&self) -> Turn<'_> {
        let permit = self.long.acquire().await.ok();
        let mut brief = self.brief.subscribe();
        let is_quiet = brief.wait_for(|brief| *brief == 0);
        // If it has waited long enough, it is read nevertheless.
        let _ = tokio::time::timeout(PATIENCE, is_quiet).await;
        Turn::Long(permit)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Self::Brief(brief) = self {
            brief.send_modify(|brief| *brief -= 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_long_answer_gives_way_but_not_for_ever() {
        let turns = Turns::default();
        let began = tokio::time::Instant::now();
        drop(turns.long().await);
        assert_eq!(began.elapsed(), Duration::ZERO);
        let brief = turns.brief();
        drop(turns.long().await);
        assert_eq!(began.elapsed(), PATIENCE);
        let (long, ()) = tokio::join!(turns.long(), async {
            tokio::time::sleep(PATIENCE / 2).await;
            drop(brief);
        });
        assert_eq!(began.elapsed(), PATIENCE + PATIENCE / 2);
        drop(long);
    }
}
