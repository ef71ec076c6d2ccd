//! What a collector is doing, for whoever wants to show it: [`Status`].
//!
//! A status is shared. Every sender, and every file that is read, has a [`Progress`], through which the path of its bytes publishes its
//! [`Tally`] about once a second; when it is done, its tally becomes part of the sum. The rate is the number of records of the last
//! minute. Memory is bounded by the number of senders.
//!
//! Nothing here fails.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cof::time::Clock;

use crate::format::Format;
use crate::tally::Tally;

/// The stretch of time of the rate.
const MINUTE: Duration = Duration::from_mins(1);
/// How often figures are published.
const SECOND: Duration = Duration::from_secs(1);

/// What a collector is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody has connected, or the file does not exist yet.
    Waiting,
    /// A sender is connected, or a file is open.
    Receiving,
    /// It was stopped.
    Stopped,
    /// It does not work, for this reason, and is tried again.
    Failed(Arc<str>),
}

/// The state and the figures of one collector since it was started.
#[derive(Debug)]
pub struct Status {
    clock: Clock,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    since: Duration,
    senders: usize,
    /// What came of everything that is done.
    ended: Tally,
    /// What comes of everything that is being read.
    running: BTreeMap<u64, Tally>,
    next: u64,
    records: u64,
    last_record: Option<u64>,
    /// The number of records at some moments: those of the last minute, and the last one before it.
    moments: VecDeque<(Duration, u64)>,
    format: Option<Format>,
    lost: u64,
    restarts: u64,
}

/// The figures of a collector at one moment.
#[derive(Clone, Debug)]
pub struct Figures {
    /// What it is doing.
    pub state: State,
    /// Since when, in seconds since the epoch.
    pub since: u64,
    /// What it reads, once that is known.
    pub format: Option<Format>,
    /// Senders that are connected, or 1 if a file is open.
    pub senders: usize,
    /// When records arrived last, in seconds since the epoch.
    pub last_record: Option<u64>,
    /// Records per second in the last minute.
    pub rate: u64,
    /// What came of everything that was received.
    pub tally: Tally,
    /// Records that were received and could not be stored.
    pub lost: u64,
    /// How often a file was truncated or rewritten, so that it was read again from its beginning.
    pub restarts: u64,
}

/// Publishes the figures of one sender or file. They are part of the sum for good when the last copy of it is dropped.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Pass>);

#[derive(Debug)]
struct Pass {
    status: Arc<Status>,
    number: u64,
    /// When it was published last.
    told: Mutex<Duration>,
}

impl Status {
    /// The status of a collector that has not started.
    pub fn new(clock: Clock) -> Arc<Self> {
        let since = clock.now();
        let inner = Inner {
            state: State::Waiting,
            since,
            senders: 0,
            ended: Tally::default(),
            running: BTreeMap::new(),
            next: 0,
            records: 0,
            last_record: None,
            moments: [(since, 0)].into(),
            format: None,
            lost: 0,
            restarts: 0,
        };
        Arc::new(Self { clock, inner: Mutex::new(inner) })
    }

    /// The figures now.
    pub fn figures(&self) -> Figures {
        let (now, inner) = (self.clock.now(), self.lock());
        Figures {
            state: inner.state.clone(),
            since: inner.since.as_secs(),
            format: inner.format,
            senders: inner.senders,
            last_record: inner.last_record,
            rate: inner.rate(now),
            tally: inner.sum(),
            lost: inner.lost,
            restarts: inner.restarts,
        }
    }

    /// What came of everything that was received.
    pub fn tally(&self) -> Tally {
        self.lock().sum()
    }

    /// Sets what it is doing.
    pub fn set(&self, state: State) {
        let (now, mut inner) = (self.clock.now(), self.lock());
        if inner.state != state {
            inner.since = now;
            inner.state = state;
        }
    }

    /// Notes that nothing is wrong, whether or not something arrives.
    pub(crate) fn works(&self) {
        let is_used = self.lock().senders > 0;
        self.set(if is_used { State::Receiving } else { State::Waiting });
    }

    /// Counts records that were received and could not be stored.
    pub fn lose(&self, records: u64) {
        self.lock().lost += records;
    }

    /// Sets what it reads.
    pub(crate) fn reads(&self, format: Format) {
        self.lock().format = Some(format);
    }

    pub(crate) fn restart(&self) {
        self.lock().restarts += 1;
    }

    /// A sender has connected, or a file was opened; returns how many there are.
    pub(crate) fn begin(self: &Arc<Self>) -> (Progress, usize) {
        self.set(State::Receiving);
        let mut inner = self.lock();
        inner.senders += 1;
        inner.next += 1;
        let number = inner.next;
        inner.running.insert(number, Tally::default());
        let pass = Pass { status: Arc::clone(self), number, told: Mutex::default() };
        (Progress(Arc::new(pass)), inner.senders)
    }

    fn publish(&self, number: u64, tally: &Tally) {
        let (now, mut inner) = (self.clock.now(), self.lock());
        inner.running.insert(number, tally.clone());
        inner.count(now);
    }

    fn end(&self, number: u64) {
        let (now, mut inner) = (self.clock.now(), self.lock());
        if let Some(tally) = inner.running.remove(&number) {
            inner.ended.add(&tally);
        }
        inner.senders = inner.senders.saturating_sub(1);
        inner.count(now);
        if inner.senders == 0 && inner.state == State::Receiving {
            (inner.state, inner.since) = (State::Waiting, now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn sum(&self) -> Tally {
        let mut sum = self.ended.clone();
        self.running.values().for_each(|tally| sum.add(tally));
        sum
    }

    /// Notes how many records there are now.
    fn count(&mut self, now: Duration) {
        let records = self.ended.records + self.running.values().map(|tally| tally.records).sum::<u64>();
        if records > self.records {
            self.last_record = Some(now.as_secs());
        }
        self.records = records;
        let newest = self.moments.back().map_or(Duration::ZERO, |moment| moment.0);
        if now < newest {
            // The clock was set back.
            self.moments.clear();
        } else if self.moments.len() > 1 && now.saturating_sub(newest) < SECOND {
            self.moments.pop_back();
        }
        self.moments.push_back((now, records));
        while self.moments.get(1).is_some_and(|moment| now.saturating_sub(moment.0) >= MINUTE) {
            self.moments.pop_front();
        }
    }

    fn rate(&self, now: Duration) -> u64 {
        let is_old = |moment: &&(Duration, u64)| now.saturating_sub(moment.0) >= MINUTE;
        let first = self.moments.iter().rfind(is_old).or(self.moments.front());
        let Some((at, records)) = first else { return 0 };
        let elapsed = now.saturating_sub(*at).clamp(SECOND, MINUTE);
        self.records.saturating_sub(*records) / elapsed.as_secs().max(1)
    }
}

impl Progress {
    /// Publishes the figures, unless that was done within the last second.
    pub(crate) fn tell(&self, tally: &Tally) {
        let now = self.0.status.clock.now();
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        if now.abs_diff(*told) >= SECOND {
            *told = now;
            self.0.status.publish(self.0.number, tally);
        }
    }

    /// Publishes the last figures.
    pub(crate) fn close(&self, tally: &Tally) {
        self.0.status.publish(self.0.number, tally);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.status.end(self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn status() -> (Arc<Status>, Arc<AtomicU64>) {
        let now = Arc::new(AtomicU64::new(1_700_000_000));
        let told = Arc::clone(&now);
        let clock = Clock::telling(move || Duration::from_secs(told.load(Ordering::Relaxed)));
        (Status::new(clock), now)
    }

    fn records(records: u64) -> Tally {
        Tally { records, units: records * 2, ..Tally::default() }
    }

    #[test]
    fn figures_are_seen_while_senders_run_and_stay_when_they_are_gone() {
        let (status, now) = status();
        let (one, senders) = status.begin();
        let (two, both) = status.begin();
        assert_eq!((senders, both, status.figures().state), (1, 2, State::Receiving));
        one.tell(&records(10));
        two.tell(&records(5));
        // Within the same second, nothing is published.
        one.tell(&records(11));
        assert_eq!((status.figures().tally.records, status.figures().tally.units), (15, 30));
        now.fetch_add(1, Ordering::Relaxed);
        one.tell(&records(12));
        assert_eq!(status.figures().tally.records, 17);
        one.close(&records(20));
        drop((one, two));
        let figures = status.figures();
        assert_eq!((figures.tally.records, figures.senders, figures.state), (25, 0, State::Waiting));
        assert_eq!(figures.last_record, Some(1_700_000_001));
    }

    #[test]
    fn the_rate_is_that_of_the_last_minute() {
        let (status, now) = status();
        let (progress, _) = status.begin();
        for second in 1..=300 {
            now.fetch_add(1, Ordering::Relaxed);
            progress.tell(&records(second * 100));
        }
        assert_eq!(status.figures().rate, 100);
        assert!(status.lock().moments.len() < 64);
        now.fetch_add(30, Ordering::Relaxed);
        assert_eq!(status.figures().rate, 50, "nothing has arrived for half a minute");
        now.fetch_add(30, Ordering::Relaxed);
        assert_eq!((status.figures().rate, status.figures().last_record), (0, Some(1_700_000_300)));
        // A clock that is set back makes no nonsense.
        now.fetch_sub(1_000, Ordering::Relaxed);
        progress.close(&records(30_100));
        assert_eq!(status.figures().rate, 0);
    }

    #[test]
    fn since_when_is_that_of_the_state() {
        let (status, now) = status();
        now.fetch_add(5, Ordering::Relaxed);
        status.set(State::Failed("the socket is in use".into()));
        now.fetch_add(5, Ordering::Relaxed);
        status.set(State::Failed("the socket is in use".into()));
        assert_eq!(status.figures().since, 1_700_000_005);
        drop(status.begin());
        assert_eq!((status.figures().since, status.figures().state), (1_700_000_010, State::Waiting));
    }
}
