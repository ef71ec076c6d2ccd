//! The rate and quota of a token: a bucket with the requests of one second, and a quota per day (UTC).
//!
//! The current time is passed to [`Meter`]. Servers on one data folder share the usage of a limited token through
//! [`SharedUsage`], so that together they grant one quota and one rate; if that file cannot be used, the counts of this process
//! apply. The bucket is one number, the time when it is full again: a request moves it on by its share of a second, at most one
//! second ahead. Refused requests are not counted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use workbench::token::{SharedUsage, Spent, Usage};

const SECOND: i64 = 1_000_000;
const DAY: u64 = 24 * 3600;
/// How far a synchronised clock is set back at most.
const STEP_BACK: Duration = Duration::from_mins(10);

/// Counts the requests of one token.
#[derive(Debug)]
pub(crate) struct Meter {
    rate: Option<u32>,
    daily: Option<u64>,
    state: Mutex<State>,
    /// The usage that is shared with other servers, and the number of this token; only for limited tokens.
    shared: Option<(Arc<SharedUsage>, i64)>,
}

#[derive(Debug)]
struct State {
    /// The usage, including what is not written yet.
    usage: Usage,
    /// Requests of that day that are not written yet.
    unwritten: u64,
}

/// The remaining quota of a day for headers; the limit is `None` if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Requests per day.
    pub limit: Option<u64>,
    /// Remaining requests.
    pub remaining: u64,
    /// When the day ends, in seconds since the epoch.
    pub reset: u64,
}

/// Too many requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    /// Whether the daily quota was exceeded, and not the rate.
    pub daily: bool,
    /// When to try again, in seconds from now.
    pub wait: u64,
    pub quota: Quota,
}

impl Meter {
    pub(crate) fn new(rate: Option<u32>, daily: Option<u64>, usage: Usage) -> Self {
        Self { rate, daily, state: Mutex::new(State { usage, unwritten: 0 }), shared: None }
    }

    /// Counts the requests of this token together with other servers, if it has a limit.
    pub(crate) fn sharing(mut self, shared: Option<&Arc<SharedUsage>>, token: i64) -> Self {
        let is_limited = self.rate.is_some() || self.daily.is_some();
        self.shared = shared.filter(|_| is_limited).map(|shared| (Arc::clone(shared), token));
        self
    }

    /// Counts a request at this time since the epoch.
    ///
    /// # Errors
    /// [`Exceeded`].
    pub(crate) fn take(&self, now: Duration) -> Result<Quota, Exceeded> {
        self.together(now, |state| self.take_from(state, now))
    }

    /// The remaining quota at this time since the epoch.
    pub(crate) fn left(&self, now: Duration) -> Quota {
        self.together(now, |state| self.quota(state.usage.used, now.as_secs() / DAY))
    }

    /// Applies a function to the usage of all servers.
    fn together<T>(&self, now: Duration, what: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        state.turn_to(now);
        let Some((shared, token)) = &self.shared else { return what(&mut state) };
        shared.change(*token, |usage| {
            let mut others = State { usage: *usage, unwritten: 0 };
            others.turn_to(now);
            state.usage.used = state.usage.used.max(others.usage.used);
            state.usage.full_at = state.usage.full_at.max(others.usage.full_at);
            let result = what(&mut state);
            *usage = state.usage;
            result
        })
    }

    fn take_from(&self, state: &mut State, now: Duration) -> Result<Quota, Exceeded> {
        let day = now.as_secs() / DAY;
        let reset = (day + 1) * DAY;
        let quota = |used| self.quota(used, day);
        let used = state.usage.used;
        if self.daily.is_some_and(|daily| used >= daily) {
            return Err(Exceeded { daily: true, wait: reset - now.as_secs(), quota: quota(used) });
        }
        if let Some(rate) = self.rate {
            let micros = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
            // A bucket is never more than a second ahead: if it is, the clock has been set back since.
            let known = if state.usage.full_at > micros + SECOND { micros } else { state.usage.full_at };
            let full_at = known.max(micros) + SECOND / i64::from(rate.max(1));
            if full_at - micros > SECOND {
                let wait = (full_at - micros - SECOND).div_euclid(SECOND) + 1;
                return Err(Exceeded { daily: false, wait: wait.unsigned_abs(), quota: quota(used) });
            }
            state.usage.full_at = full_at;
        }
        state.usage.used += 1;
        state.unwritten += 1;
        Ok(quota(used + 1))
    }

    fn quota(&self, used: u64, day: u64) -> Quota {
        let remaining = self.daily.unwrap_or_default().saturating_sub(used);
        Quota { limit: self.daily, remaining, reset: (day + 1) * DAY }
    }

    /// The usage that is not written yet.
    pub(crate) fn unwritten(&self, token: i64) -> Option<Spent> {
        let state = self.lock();
        let Usage { day, full_at, .. } = state.usage;
        (state.unwritten > 0).then_some(Spent { token, day, requests: state.unwritten, full_at })
    }

    /// Records that usage was written; `total` includes the usage of other servers.
    pub(crate) fn written(&self, spent: Spent, total: Usage) {
        let mut state = self.lock();
        if state.usage.day == spent.day {
            state.unwritten = state.unwritten.saturating_sub(spent.requests);
            if total.day == spent.day {
                // The count never decreases, because other servers may not have written theirs yet.
                state.usage.used = state.usage.used.max(total.used + state.unwritten);
            }
        }
        state.usage.full_at = state.usage.full_at.max(total.full_at);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Starts a new day; unwritten requests of the previous day no longer matter. A stored day that is more than [`STEP_BACK`]
    /// ahead comes from a wrong clock. One that is about to begin is kept when the clock is set back a little.
    fn turn_to(&mut self, now: Duration) {
        let day = |time: Duration| i64::try_from(time.as_secs() / DAY).unwrap_or(i64::MAX);
        let was_wrong = day(now + STEP_BACK) < self.usage.day;
        let day = day(now);
        if day > self.usage.day || was_wrong {
            self.usage.day = day;
            self.usage.used = 0;
            self.unwritten = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, millis: u64) -> Duration {
        Duration::from_secs(20_000 * DAY + seconds) + Duration::from_millis(millis)
    }

    fn refusal(meter: &Meter, now: Duration) -> (bool, u64) {
        let exceeded = meter.take(now).unwrap_err();
        (exceeded.daily, exceeded.wait)
    }

    #[test]
    fn a_second_holds_its_requests_at_once_and_gives_them_back_one_by_one() {
        let meter = Meter::new(Some(4), None, Usage::default());
        for _ in 0..4 {
            meter.take(at(0, 0)).unwrap();
        }
        assert_eq!(refusal(&meter, at(0, 0)), (false, 1));
        assert_eq!(refusal(&meter, at(0, 249)), (false, 1));
        meter.take(at(0, 250)).unwrap();
        assert_eq!(refusal(&meter, at(0, 250)), (false, 1));
        for _ in 0..4 {
            meter.take(at(9, 0)).unwrap();
        }
        assert_eq!(refusal(&meter, at(9, 0)), (false, 1));
    }

    #[test]
    fn a_day_has_its_quota_and_the_next_one_again() {
        let meter = Meter::new(None, Some(2), Usage::default());
        let reset = 20_001 * DAY;
        assert_eq!(meter.take(at(10, 0)), Ok(Quota { limit: Some(2), remaining: 1, reset }));
        assert_eq!(meter.take(at(10, 0)), Ok(Quota { limit: Some(2), remaining: 0, reset }));
        assert_eq!(refusal(&meter, at(DAY - 5, 0)), (true, 5));
        assert_eq!(meter.take(at(DAY, 0)).map(|quota| quota.remaining), Ok(1));
    }

    #[test]
    fn what_was_written_down_counts_after_a_restart_and_what_others_counted_too() {
        let meter = Meter::new(Some(1), Some(5), Usage::default());
        meter.take(at(0, 0)).unwrap();
        let spent = meter.unwritten(7).unwrap();
        assert_eq!((spent.token, spent.day, spent.requests), (7, 20_000, 1));
        meter.take(at(1, 0)).unwrap();
        // Another server counted two requests.
        meter.written(spent, Usage { day: 20_000, used: 3, full_at: spent.full_at });
        assert_eq!(meter.unwritten(7).unwrap().requests, 1);
        assert_eq!(meter.take(at(3, 0)).map(|quota| quota.remaining), Ok(0));
        let again = Meter::new(Some(1), Some(5), Usage { day: 20_000, used: 5, full_at: spent.full_at });
        assert!(again.take(at(3, 0)).unwrap_err().daily);
        let fast = Meter::new(Some(1), None, Usage { day: 20_000, used: 1, full_at: spent.full_at });
        assert_eq!(refusal(&fast, at(0, 500)), (false, 1));
        assert!(fast.unwritten(7).is_none(), "what is refused is not counted");
    }

    #[test]
    fn servers_on_one_folder_grant_one_quota_and_one_rate() {
        let folder = tempfile::tempdir().unwrap();
        let meter = |rate, daily, token| {
            let shared = Arc::new(SharedUsage::open(folder.path()).unwrap());
            Meter::new(rate, daily, Usage::default()).sharing(Some(&shared), token)
        };
        let granted = |meters: &[Meter; 2], now| {
            (0..20).filter(|turn: &usize| meters[turn % 2].take(now).is_ok()).count()
        };
        let daily = [meter(None, Some(7), 1), meter(None, Some(7), 1)];
        assert_eq!(granted(&daily, at(0, 0)), 7);
        assert_eq!(daily[0].left(at(0, 0)).remaining, 0);
        // Writing the usage of one server does not reduce the count.
        let spent = daily[0].unwritten(1).unwrap();
        assert_eq!(spent.requests, 4);
        daily[0].written(spent, Usage { day: 20_000, used: 4, full_at: 0 });
        assert_eq!(granted(&daily, at(1, 0)), 0);
        assert_eq!(granted(&daily, at(DAY, 0)), 7);
        let fast = [meter(Some(4), None, 2), meter(Some(4), None, 2)];
        assert_eq!(granted(&fast, at(0, 0)), 4);
        assert_eq!(granted(&fast, at(0, 250)), 1);
        // A clock that was wrong when the file was written does not lock anybody out.
        assert_eq!(granted(&daily, at(9 * DAY, 0)), 7);
        assert_eq!(granted(&daily, at(2 * DAY, 0)), 7);
    }

    #[test]
    fn a_clock_that_jumps_there_and_back_locks_nobody_out() {
        let meter = Meter::new(Some(2), Some(3), Usage::default());
        for _ in 0..2 {
            meter.take(at(0, 0)).unwrap();
        }
        // Three days ahead and back: neither the rate nor the quota of that day blocks requests.
        for _ in 0..2 {
            meter.take(at(3 * DAY, 0)).unwrap();
        }
        assert_eq!(refusal(&meter, at(3 * DAY, 0)), (false, 1));
        meter.take(at(1, 0)).unwrap();
        meter.take(at(1, 0)).unwrap();
        assert_eq!(refusal(&meter, at(1, 0)), (false, 1));
        meter.take(at(2, 0)).unwrap();
        assert!(refusal(&meter, at(3, 0)).0, "the quota of the day still counts");
        // Past midnight and one second back: it is still the new day.
        let meter = Meter::new(None, Some(1), Usage::default());
        meter.take(at(DAY, 0)).unwrap();
        assert!(refusal(&meter, at(DAY - 1, 0)).0);
    }

    #[test]
    fn without_limits_everything_goes() {
        let meter = Meter::new(None, None, Usage::default());
        assert!((0..1_000).all(|_| meter.take(at(0, 0)).is_ok_and(|quota| quota.limit.is_none())));
    }
}
