//! Who reads when: [`Turns`]. Nothing here fails.
//!
//! A page that is being made goes first: readers give way to it. Next is an answer that has just been asked for, because somebody waits
//! for it. An answer that takes long is read by half of the processors at most, and gives way to both. Nobody gives way for ever.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How long a slice gives way.
const PATIENCE: Duration = Duration::from_millis(100);

/// The turns of all answers that are being read; cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    /// Slices of long answers at the same time.
    long: Arc<Semaphore>,
    going: Arc<watch::Sender<Going>>,
}

/// What readers give way to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Going {
    pages: usize,
    brief: usize,
}

/// Something that goes on until it is dropped.
#[derive(Debug)]
pub(crate) enum Turn {
    Page(Arc<watch::Sender<Going>>),
    Brief(Arc<watch::Sender<Going>>),
    Long(#[expect(dead_code, reason = "held until the slice has been read")] Option<OwnedSemaphorePermit>),
}

impl Default for Turns {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { long: Arc::new(Semaphore::new((processors / 2).max(1))), going: Arc::default() }
    }
}

impl Turns {
    /// A page that is being made.
    pub(super) fn page(&self) -> Turn {
        self.going.send_modify(|going| going.pages += 1);
        Turn::Page(Arc::clone(&self.going))
    }

    /// An answer that has just been asked for.
    pub(super) fn brief(&self) -> Turn {
        self.going.send_modify(|going| going.brief += 1);
        Turn::Brief(Arc::clone(&self.going))
    }

    /// Gives way to pages.
    pub(super) async fn give_way(&self) {
        self.until(|going| going.pages == 0).await;
    }

    /// A slice of a long answer, when its turn has come.
    pub(super) async fn long(&self) -> Turn {
        let permit = Arc::clone(&self.long).acquire_owned().await.ok();
        self.until(|going| going.pages == 0 && going.brief == 0).await;
        Turn::Long(permit)
    }

    async fn until(&self, is_so: impl Fn(&Going) -> bool) {
        let mut going = self.going.subscribe();
        // Whoever has waited long enough goes on nevertheless.
        let _ = tokio::time::timeout(PATIENCE, going.wait_for(is_so)).await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self {
            Self::Page(going) => going.send_modify(|going| going.pages -= 1),
            Self::Brief(going) => going.send_modify(|going| going.brief -= 1),
            Self::Long(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn readers_give_way_but_not_for_ever() {
        let (turns, began) = (Turns::default(), Instant::now());
        turns.give_way().await;
        drop(turns.long().await);
        assert_eq!(began.elapsed(), Duration::ZERO);
        let brief = turns.brief();
        turns.give_way().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        drop(turns.long().await);
        assert_eq!(began.elapsed(), PATIENCE);
        let page = turns.page();
        turns.give_way().await;
        assert_eq!(began.elapsed(), 2 * PATIENCE);
        let (long, ()) = tokio::join!(turns.long(), async {
            tokio::time::sleep(PATIENCE / 2).await;
            drop((page, brief));
        });
        assert_eq!(began.elapsed(), 2 * PATIENCE + PATIENCE / 2);
        drop(long);
    }
}
