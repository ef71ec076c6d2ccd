//! Waiting for something that does not report itself: [`pause`].

use std::time::Duration;

use rustix::event::{Timespec, poll};

/// How often waiting threads look whether they are to stop, or whether something has arrived.
pub(crate) const LOOK: Duration = Duration::from_millis(250);

/// Waits for this long; an interrupted wait is a shorter one.
pub(crate) fn pause(time: Duration) {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let time = Timespec { tv_sec: seconds, tv_nsec: i64::from(time.subsec_nanos()) };
    let _ = poll(&mut [], Some(&time));
}
