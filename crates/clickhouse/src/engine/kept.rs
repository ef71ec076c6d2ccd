//! A figure that is costly to get on a large database: [`Kept`].
//!
//! Whoever shows figures asks for them often, metrics every few seconds. A figure that took longer than [`QUICK`] is therefore kept
//! for [`TIMES`] as long, so that the server spends a small part of its time on it. Errors are those of what gets the figure.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use store::StoreError;

use super::lock;

/// What takes no longer than this is not kept.
const QUICK: Duration = Duration::from_secs(1);
const TIMES: u32 = 20;

/// The last figure, if it was costly.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Option<(u64, Instant)>>);

impl Kept {
    /// The figure that is kept, or a new one.
    pub(super) fn get(
        &self,
        now: impl Fn() -> Instant,
        figure: impl FnOnce() -> Result<u64, StoreError>,
    ) -> Result<u64, StoreError> {
        let began = now();
        if let Some((figure, until)) = *lock(&self.0)?
            && began < until
        {
            return Ok(figure);
        }
        let figure = figure()?;
        let ended = now();
        let took = ended.duration_since(began);
        *lock(&self.0)? = (took > QUICK).then(|| (figure, ended + took * TIMES));
        Ok(figure)
    }
}

/// The clock of a process.
#[expect(clippy::disallowed_methods, reason = "only how long something takes matters")]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn only_what_took_long_is_kept_and_not_for_ever() {
        let (kept, start) = (Kept::default(), now());
        let time = Cell::new(0);
        let get = |seconds: u64, figure: u64| {
            let clock = || start + Duration::from_secs(time.get());
            let work = || {
                time.set(time.get() + seconds);
                Ok(figure)
            };
            kept.get(clock, work).unwrap()
        };
        assert_eq!([get(1, 5), get(1, 6), get(2, 7)], [5, 6, 7]);
        assert_eq!(get(2, 8), 7, "it is kept");
        time.set(time.get() + 39);
        assert_eq!(get(2, 9), 7);
        time.set(time.get() + 1);
        assert_eq!(get(1, 10), 10);
    }
}
