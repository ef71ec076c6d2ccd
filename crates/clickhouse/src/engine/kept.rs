//! A figure that is costly to get on a large database: [`Kept`].
//!
//! Whoever shows figures asks for them often, metrics every few seconds. A figure that took longer than [`QUICK`] is therefore kept
//! for [`TIMES`] as long, at most [`LONGEST`], and only one thread at a time gets a new one; the others have the old one meanwhile, if
//! there is one. Errors are those of what gets the figure.

use std::sync::{Mutex, TryLockError};
use std::time::{Duration, Instant};

use store::StoreError;

use super::lock;

/// What takes no longer than this is not kept.
const QUICK: Duration = Duration::from_secs(1);
const TIMES: u32 = 20;
const LONGEST: Duration = Duration::from_hours(1);

/// The last figure, if it was costly, and until when it is kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    last: Mutex<Option<(u64, Instant)>>,
    turn: Mutex<()>,
}

impl Kept {
    /// The figure that is kept, or a new one.
    pub(super) fn get(
        &self,
        now: impl Fn() -> Instant,
        figure: impl FnOnce() -> Result<u64, StoreError>,
    ) -> Result<u64, StoreError> {
        let last = *lock(&self.last)?;
        let _turn = match (self.turn.try_lock(), last) {
            (Err(TryLockError::WouldBlock), Some((figure, _))) => return Ok(figure),
            (Err(TryLockError::WouldBlock), None) => lock(&self.turn)?,
            (turn, _) => turn.map_err(|_| StoreError::Panicked)?,
        };
        let began = now();
        // Whoever had the turn before may have found it.
        if let Some((figure, until)) = *lock(&self.last)?
            && began < until
        {
            return Ok(figure);
        }
        let figure = figure()?;
        let ended = now();
        let took = ended.duration_since(began);
        let kept = (took > QUICK).then(|| (figure, ended + (took * TIMES).min(LONGEST)));
        *lock(&self.last)? = kept;
        Ok(figure)
    }

    /// Forgets the figure, because it has changed.
    pub(super) fn forget(&self) -> Result<(), StoreError> {
        *lock(&self.last)? = None;
        Ok(())
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
        assert_eq!([get(2, 11), get(2, 12)], [11, 11]);
        kept.forget().unwrap();
        assert_eq!(get(2, 13), 13);
    }

    #[test]
    fn one_thread_gets_a_new_figure_while_the_others_have_the_old_one() {
        let (kept, start) = (Kept::default(), now());
        let at = |seconds| move || start + Duration::from_secs(seconds);
        let clock = Cell::new(0);
        let slow = || {
            clock.set(10);
            Ok(1)
        };
        assert_eq!(kept.get(|| start + Duration::from_secs(clock.get()), slow), Ok(1));
        let second = kept.get(at(1_000), || {
            let meanwhile = std::thread::scope(|scope| {
                scope.spawn(|| kept.get(at(1_000), || unreachable!("it is being counted"))).join().unwrap()
            });
            assert_eq!(meanwhile, Ok(1));
            Ok(2)
        });
        assert_eq!(second, Ok(2));
    }
}
