//! Determines when the next request may be sent: a rate that all processes with the same folder share.
//!
//! One small file per provider contains three times in milliseconds since the epoch: the next free slot, the time until which
//! the provider asked us to wait, and when the file was written. If the current time is earlier than the last of them, the
//! clock was set back, and the other two are moved back by the same amount. The file is read and written under its lock, so
//! that any number of processes keep to one rate. This process also remembers the times, for the case that there is no folder,
//! or the file can no longer be read or written.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cof::time::Clock;

/// A stored time that is further in the future was written with a wrong clock.
const FARTHEST: u64 = 24 * 3_600_000;
/// How far the clock may be behind the last writer's before it counts as set back, in milliseconds: two processes that read the
/// clock and then wait for the lock may write in the opposite order.
const SET_BACK: u64 = 2_000;

/// The budget of one provider.
#[derive(Clone, Debug)]
pub struct Budget {
    /// The time between two requests; zero for no limit.
    interval: Duration,
    file: Option<PathBuf>,
    /// The times known to this process; never locked across an await.
    memory: Arc<Mutex<Times>>,
    clock: Clock,
}

/// Milliseconds since the epoch.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    next: u64,
    hold: u64,
    /// When these times were written; 0 if unknown.
    at: u64,
}

impl Budget {
    /// A budget of `rate` requests per second for the provider `name`; 0 removes the limit. It is shared through a file in
    /// `folder`, if there is one that can be written. Without a limit, a provider's request to wait is still respected.
    pub fn new(rate: f64, name: &str, folder: Option<&Path>, clock: Clock) -> Self {
        let interval = if rate > 0.0 { Duration::from_secs_f64(1.0 / rate) } else { Duration::ZERO };
        let file = folder.filter(|_| !interval.is_zero()).and_then(|folder| {
            std::fs::create_dir_all(folder).ok()?;
            let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
            let path = folder.join(name.chars().map(plain).collect::<String>());
            open(&path).ok().map(|_| path)
        });
        Self { interval, file, memory: Arc::default(), clock }
    }

    /// A budget without any limit.
    pub fn unlimited(clock: Clock) -> Self {
        Self::new(0.0, "", None, clock)
    }

    /// Takes the next slot: returns how long to wait for it, or, as `Err`, how long the provider asked us to wait.
    ///
    /// # Errors
    /// The remaining wait after a 429 of the provider.
    pub async fn take(&self) -> Result<Duration, Duration> {
        let now = millis(self.clock.now());
        let interval = millis(self.interval);
        self.update(now, move |times| {
            if times.hold > now {
                return Err(Duration::from_millis(times.hold - now));
            }
            if interval == 0 {
                return Ok(Duration::ZERO);
            }
            let slot = times.next.max(now);
            times.next = slot + interval;
            Ok(Duration::from_millis(slot - now))
        })
        .await
    }

    /// Makes every process wait before its next request to the provider.
    pub async fn hold(&self, wait: Duration) {
        let now = millis(self.clock.now());
        let until = now.saturating_add(millis(wait));
        self.update(now, move |times| times.hold = times.hold.max(until)).await;
    }

    async fn update<T: Send + 'static>(
        &self,
        now: u64,
        change: impl FnOnce(&mut Times) -> T + Send + 'static,
    ) -> T {
        let Some(path) = self.file.clone() else { return Times::change(&self.memory, None, now, change) };
        let memory = Arc::clone(&self.memory);
        let update = move || Times::change(&memory, open(&path).ok(), now, change);
        match tokio::task::spawn_blocking(update).await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(result) => result,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(Err(_)) => std::future::pending().await,
        }
    }
}

impl Times {
    /// The same times relative to a clock that shows `now`.
    fn moved_to(self, now: u64) -> Self {
        let back = self.at.checked_sub(now).filter(|back| *back > SET_BACK).unwrap_or(0);
        let moved = |time: u64| match time.saturating_sub(back) {
            time if time > now.saturating_add(FARTHEST) => 0,
            time => time,
        };
        Self { next: moved(self.next), hold: moved(self.hold), at: now }
    }

    /// Changes the times in memory and in the file, starting from the later ones.
    fn change<T>(
        memory: &Mutex<Self>,
        mut file: Option<File>,
        now: u64,
        change: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mut known = memory.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.as_mut().map(read).unwrap_or_default();
        let (known_now, written) = (known.moved_to(now), written.moved_to(now));
        let mut times =
            Self { next: known_now.next.max(written.next), hold: known_now.hold.max(written.hold), at: now };
        let result = change(&mut times);
        *known = times;
        if let Some(file) = &mut file {
            // If it cannot be written, the times are still in memory.
            let _ = write(file, times);
        }
        result
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Opens the file and waits for its lock, which is released when the file is closed.
fn open(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    file.lock()?;
    Ok(file)
}

fn read(file: &mut File) -> Times {
    let mut text = String::new();
    let _ = file.take(100).read_to_string(&mut text);
    let mut numbers = text.split_ascii_whitespace().map(|number| number.parse().unwrap_or_default());
    let mut next = || numbers.next().unwrap_or_default();
    Times { next: next(), hold: next(), at: next() }
}

fn write(file: &mut File, times: Times) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.set_len(0)?;
    writeln!(file, "{} {} {}", times.next, times.hold, times.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        testkit::clock_from(Duration::from_secs(1_700_000_000))
    }

    #[tokio::test(start_paused = true)]
    async fn slots_follow_each_other_at_the_rate_across_processes() {
        let folder = tempfile::tempdir().unwrap();
        let clock = clock();
        // Two budgets with one file act like two processes.
        let first = Budget::new(0.5, "www.circl.lu:443", Some(folder.path()), clock.clone());
        let second = Budget::new(0.5, "www.circl.lu:443", Some(folder.path()), clock);
        assert_eq!(first.take().await, Ok(Duration::ZERO));
        assert_eq!(second.take().await, Ok(Duration::from_secs(2)));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(first.take().await, Ok(Duration::from_secs(1)));
        second.hold(Duration::from_mins(1)).await;
        assert_eq!(first.take().await, Err(Duration::from_mins(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_folder_that_cannot_be_written_leaves_the_rate_to_the_process() {
        let folder = tempfile::tempdir().unwrap();
        // A file in place of the folder: even the superuser cannot write there.
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let nowhere = Budget::new(0.5, "p", Some(&file), clock());
        assert_eq!(nowhere.take().await, Ok(Duration::ZERO));
        assert_eq!(nowhere.take().await, Ok(Duration::from_secs(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_goes_away_leaves_the_rate_to_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let budget = Budget::new(0.5, "p", Some(folder.path()), clock());
        assert_eq!(budget.take().await, Ok(Duration::ZERO));
        folder.close().unwrap();
        assert_eq!(budget.take().await, Ok(Duration::from_secs(2)));
        assert_eq!(budget.clone().take().await, Ok(Duration::from_secs(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lifted_budget_leaves_a_provider_alone_that_asked_for_it() {
        let budget = Budget::unlimited(clock());
        budget.hold(Duration::from_secs(9)).await;
        assert_eq!(budget.take().await, Err(Duration::from_secs(9)));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert_eq!(budget.take().await, Ok(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_jumps_there_and_back_keeps_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let at = |seconds: u64| {
            let clock = Clock::telling(move || Duration::from_secs(1_700_000_000 + seconds));
            Budget::new(0.5, "p", Some(folder.path()), clock)
        };
        assert_eq!(at(7_200).take().await, Ok(Duration::ZERO));
        // Two hours back: the wait for the slot stays the same.
        assert_eq!(at(0).take().await, Ok(Duration::from_secs(2)));
        assert_eq!(at(100).take().await, Ok(Duration::ZERO));
        at(7_200).hold(Duration::from_mins(1)).await;
        assert_eq!(at(0).take().await, Err(Duration::from_mins(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn no_rate_no_wait_and_rubbish_in_the_file_is_no_harm() {
        assert_eq!(Budget::unlimited(clock()).take().await, Ok(Duration::ZERO));
        let folder = tempfile::tempdir().unwrap();
        for rubbish in ["", "x y", "99999999999999999999", "18446744073709551615 18446744073709551615"] {
            std::fs::write(folder.path().join("p"), rubbish).unwrap();
            assert_eq!(Budget::new(1.0, "p", Some(folder.path()), clock()).take().await, Ok(Duration::ZERO));
        }
    }
}
