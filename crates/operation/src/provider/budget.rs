//! When the next request may go out: a rate shared by everything that runs on this machine.
//!
//! One small file a provider holds two times in milliseconds since the epoch: the next free slot, and until when the
//! provider asked to be left alone. It is read and written under the file's lock, so that any number of processes
//! stay within one rate. Where there is no folder for it, one process keeps the times in memory.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::Clock;

/// A stored time further ahead than this comes from a clock that was wrong.
const FARTHEST: u64 = 24 * 3_600_000;

/// The budget of one provider.
#[derive(Clone, Debug)]
pub struct Budget {
    /// The time between two requests; zero for no limit.
    interval: Duration,
    keeper: Keeper,
    clock: Clock,
}

#[derive(Clone, Debug)]
enum Keeper {
    File(PathBuf),
    Memory(Arc<Mutex<Times>>),
}

/// Milliseconds since the epoch.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    next: u64,
    hold: u64,
}

impl Budget {
    /// A budget of `rate` requests a second for the provider `name`; 0 lifts it. Shared through a file in `folder`,
    /// where there is one and it can be written.
    pub fn new(rate: f64, name: &str, folder: Option<&Path>, clock: Clock) -> Self {
        let interval = if rate > 0.0 { Duration::from_secs_f64(1.0 / rate) } else { Duration::ZERO };
        let file = folder.filter(|_| !interval.is_zero()).and_then(|folder| {
            std::fs::create_dir_all(folder).ok()?;
            let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
            let path = folder.join(name.chars().map(plain).collect::<String>());
            open(&path).ok().map(|_| path)
        });
        Self { interval, keeper: file.map_or_else(|| Keeper::Memory(Arc::default()), Keeper::File), clock }
    }

    /// No limit at all.
    pub fn unlimited(clock: Clock) -> Self {
        Self::new(0.0, "", None, clock)
    }

    /// Takes the next slot: how long to wait for it; or, as `Err`, how long the provider wants to be left alone.
    ///
    /// # Errors
    /// The remaining time of a provider's 429.
    pub async fn take(&self) -> Result<Duration, Duration> {
        if self.interval.is_zero() {
            return Ok(Duration::ZERO);
        }
        let now = millis(self.clock.now());
        let interval = millis(self.interval);
        self.update(move |times| {
            if times.hold > now {
                return Err(Duration::from_millis(times.hold - now));
            }
            let slot = times.next.max(now);
            times.next = slot + interval;
            Ok(Duration::from_millis(slot - now))
        })
        .await
    }

    /// Leaves the provider alone for a while, in every process.
    pub async fn hold(&self, wait: Duration) {
        let until = millis(self.clock.now()).saturating_add(millis(wait));
        if !self.interval.is_zero() {
            self.update(move |times| times.hold = times.hold.max(until)).await;
        }
    }

    async fn update<T: Send + 'static>(&self, change: impl FnOnce(&mut Times) -> T + Send + 'static) -> T {
        let now = millis(self.clock.now());
        let sane = move |times: &mut Times| {
            for time in [&mut times.next, &mut times.hold] {
                if *time > now + FARTHEST {
                    *time = 0;
                }
            }
        };
        match &self.keeper {
            Keeper::Memory(times) => {
                let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
                sane(&mut times);
                change(&mut times)
            }
            Keeper::File(path) => {
                let path = path.clone();
                let update = move || {
                    // A file that has gone away since it was opened first must not stop the work.
                    let mut file = open(&path).ok();
                    let mut times = file.as_mut().map(read).unwrap_or_default();
                    sane(&mut times);
                    let result = change(&mut times);
                    if let Some(file) = &mut file {
                        let _ = write(file, times);
                    }
                    result
                };
                match tokio::task::spawn_blocking(update).await {
                    Ok(result) => result,
                    Err(panic) => std::panic::resume_unwind(panic.into_panic()),
                }
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Opens the file and waits for its lock, which its closing releases.
fn open(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    file.lock()?;
    Ok(file)
}

fn read(file: &mut File) -> Times {
    let mut text = String::new();
    let _ = file.take(100).read_to_string(&mut text);
    let mut numbers = text.split_ascii_whitespace().map(|number| number.parse().unwrap_or_default());
    Times { next: numbers.next().unwrap_or_default(), hold: numbers.next().unwrap_or_default() }
}

fn write(file: &mut File, times: Times) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.set_len(0)?;
    writeln!(file, "{} {}", times.next, times.hold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::starting_at(Duration::from_secs(1_700_000_000))
    }

    #[tokio::test(start_paused = true)]
    async fn slots_follow_each_other_at_the_rate_across_processes() {
        let folder = tempfile::tempdir().unwrap();
        let clock = clock();
        // Two budgets on one file stand for two processes.
        let first = Budget::new(0.5, "www.circl.lu:443", Some(folder.path()), clock.clone());
        let second = Budget::new(0.5, "www.circl.lu:443", Some(folder.path()), clock);
        assert_eq!(first.take().await, Ok(Duration::ZERO));
        assert_eq!(second.take().await, Ok(Duration::from_secs(2)));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(first.take().await, Ok(Duration::from_secs(1)));
        second.hold(Duration::from_secs(60)).await;
        assert_eq!(first.take().await, Err(Duration::from_secs(60)));
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
