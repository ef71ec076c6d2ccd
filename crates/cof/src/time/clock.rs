//! The wall clock, which is passed in, so that tests determine the time.
//!
//! It is only used for dates: durations are measured with the runtime's clock, which tests pause.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the time since the epoch.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Arc::new(now))
    }

    /// A clock that returns the result of this function.
    pub fn telling(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time since the epoch.
    pub fn now(&self) -> Duration {
        (self.0)()
    }

    /// Whole seconds since the epoch.
    pub fn seconds(&self) -> u64 {
        self.now().as_secs()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({:?})", self.now())
    }
}
