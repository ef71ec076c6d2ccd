//! A clock that follows the runtime's clock, which tests pause: [`clock_from`].

use std::time::Duration;

use cof::time::Clock;

/// A clock that shows `start` now, as time since the epoch, and advances with tokio's clock, paused or not.
pub fn clock_from(start: Duration) -> Clock {
    let began = tokio::time::Instant::now();
    Clock::telling(move || start + began.elapsed())
}
