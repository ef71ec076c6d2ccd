//! How long records are kept: [`Retention`] deletes what was not seen for longer, once a day.
//!
//! The limit moves at midnight (UTC). A server that starts deletes at once what is outdated, and then after each midnight. Errors of
//! the store are logged, and deleting is tried again an hour later.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cof::time::Clock;
use edge::metrics::Metrics;
use store::{Selection, Store, StoreError};

/// Seconds of a day.
const DAY: u64 = 86_400;
/// How long after midnight records are deleted, so that clocks that differ a little agree about the day.
const AFTER_MIDNIGHT: u64 = 60;
/// How long to wait after an error.
const PAUSE: Duration = Duration::from_hours(1);

/// Deletes records that were not seen for a number of days.
#[derive(Debug)]
pub struct Retention {
    days: NonZeroU32,
    clock: Clock,
    last: Mutex<Option<Deleted>>,
}

/// When records were deleted, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// In seconds since the epoch.
    pub at: u64,
    /// Entries: one for each source of a record.
    pub entries: u64,
}

impl Retention {
    /// Keeps records for so many days.
    pub fn new(days: NonZeroU32, clock: Clock) -> Self {
        Self { days, clock, last: Mutex::default() }
    }

    /// For how many days records are kept.
    pub fn days(&self) -> u32 {
        self.days.get()
    }

    /// What was deleted last, since the server started.
    pub fn last(&self) -> Option<Deleted> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes what is outdated now, and then every day; does not end.
    pub async fn keep(self: Arc<Self>, store: Arc<dyn Store>, metrics: Metrics) {
        loop {
            let (retention, store) = (Arc::clone(&self), Arc::clone(&store));
            let deleting = tokio::task::spawn_blocking(move || retention.delete(&*store));
            let pause = match deleting.await.unwrap_or(Err(StoreError::Panicked)) {
                Ok(deleted) => {
                    metrics.outdated(deleted.entries);
                    self.until_tomorrow()
                }
                Err(error) => {
                    tracing::error!(target: "server", %error, "outdated records cannot be deleted; trying again in an hour");
                    PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    fn delete(&self, store: &dyn Store) -> Result<Deleted, StoreError> {
        let entries = store.drop_where(&Selection::outdated(self.clock.seconds(), self.days()))?;
        let deleted = Deleted { at: self.clock.seconds(), entries };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(deleted);
        if entries > 0 {
            tracing::info!(target: "server", entries, days = self.days(), "deleted records that were not seen for longer");
        }
        Ok(deleted)
    }

    fn until_tomorrow(&self) -> Duration {
        Duration::from_secs(DAY - self.clock.seconds() % DAY + AFTER_MIDNIGHT)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use cof::{Batch, Name, Observation, Rdata, RrType, Source, SourceKind};
    use store::Memory;

    use super::*;

    /// Noon of a day.
    const NOON: u64 = 20_000 * DAY + DAY / 2;

    fn store(last_seen: &[u64]) -> Arc<dyn Store> {
        let memory = Memory::new();
        let observation = |(number, time): (usize, &u64)| Observation {
            rrname: Name::parse(&format!("n{number}.example")).unwrap(),
            rrtype: RrType::A,
            rdata: Rdata::parse(RrType::A, "185.194.93.1"),
            bailiwick: None,
            time_first: *time - 5,
            time_last: *time,
            count: Some(1),
            source: 0,
        };
        let source = Source { kind: SourceKind::Observation, origin: None, sensor: None };
        let observations = last_seen.iter().enumerate().map(observation).collect();
        memory.absorb(Batch { sources: vec![source], observations, position: None }).unwrap();
        Arc::new(memory)
    }

    fn clock(now: &Arc<AtomicU64>) -> Clock {
        let now = Arc::clone(now);
        Clock::telling(move || Duration::from_secs(now.load(Ordering::Relaxed)))
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_seen_for_longer_is_deleted_at_the_start_and_after_midnight() {
        let midnight = NOON - DAY / 2;
        let store = store(&[midnight - 3 * DAY - 1, midnight - 3 * DAY, NOON]);
        let now = Arc::new(AtomicU64::new(NOON));
        let retention = Arc::new(Retention::new(NonZeroU32::new(3).unwrap(), clock(&now)));
        let metrics = Metrics::new();
        tokio::spawn(Arc::clone(&retention).keep(Arc::clone(&store), metrics.clone()));
        let after = async |seconds: u64| {
            now.store(NOON + seconds, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            store.stats().unwrap().entries
        };
        assert_eq!(after(1).await, 2);
        assert_eq!(retention.last().map(|deleted| deleted.entries), Some(1));
        assert_eq!(after(DAY / 2 + AFTER_MIDNIGHT + 1).await, 1);
        assert_eq!(retention.last().map(|deleted| deleted.entries), Some(1));
        let text = metrics.text(store.stats().unwrap());
        assert!(text.contains("backsight_store_outdated_total 2"), "{text}");
    }
}
