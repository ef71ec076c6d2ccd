//! Works on a job, with its progress on standard error: a bar on a terminal, and a line every ten seconds otherwise. Ctrl-C pauses
//! the job, and a second one drops what is under way.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;
use workbench::job::{Job, Live};
use workbench::run::{Asking, Runs};
use workbench::{Error, Workbench};

use super::running::not_worked;
use crate::exit::Failure;
use crate::query::cost::duration;
use crate::serve::stopped;
use crate::{kept, terminal};

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(200);
/// How many seconds, and how many movements, two lines are apart.
const LINE_SECONDS: u64 = 10;
const LINE: u64 = 50;

/// What is said to somebody who interrupts the command.
const PAUSING: &str = "pausing: what is under way is finished; Ctrl-C again ends at once";

/// How far the job is, as far as this process knows.
struct Display {
    bar: ProgressBar,
    job: i64,
    /// The number of queries, without those that are held back.
    total: u64,
    /// How many were done before.
    before: u64,
    ticks: u64,
    /// How many were done when the last line was printed.
    printed: u64,
}

/// Works on a job until it has ended or is paused; returns it as it is then.
pub(super) async fn follow(
    runs: &Runs,
    job: &Job,
    askings: Vec<Result<Asking, String>>,
    name: &str,
) -> Result<Job, Failure> {
    // From here on, signals to end are handled.
    let signals = |error| Failure::work("listening for signals", &error);
    let mut signal: Pin<Box<dyn Future<Output = ()>>> = Box::pin(stopped().map_err(signals)?);
    let (live, mut pauses) = (Arc::<Live>::default(), false);
    let mut display = Display::of(runs, job).await?;
    let mut working = start(runs, job.id, askings, &live);
    let mut ticks = tokio::time::interval(TICK);
    let ended = loop {
        tokio::select! {
            ended = &mut working => break ended,
            () = &mut signal => {
                signal = Box::pin(stopped().map_err(signals)?);
                if pauses {
                    live.cancel();
                } else {
                    pause(runs, job.id, &live).await?;
                    display.bar.suspend(|| terminal::say(PAUSING));
                }
                pauses = true;
            }
            _ = ticks.tick() => display.tick(&live),
        }
    };
    display.bar.finish_and_clear();
    let ended = ended.map_err(|error| Failure::work("working on the job", &error))?;
    ended.map_err(|error| not_worked(job.id, name, error))
}

/// In a task of its own, so that showing the progress never keeps it waiting.
fn start(
    runs: &Runs,
    job: i64,
    askings: Vec<Result<Asking, String>>,
    live: &Arc<Live>,
) -> JoinHandle<Result<Job, Error>> {
    let (runs, live) = (runs.clone(), Arc::clone(live));
    tokio::spawn(async move { runs.work_on(job, askings, &live).await })
}

/// Pauses the job, unless it has ended in this moment. The state is stored first, because work that stops in a running job ends it.
async fn pause(runs: &Runs, job: i64, live: &Live) -> Result<(), Failure> {
    let pause = move |workbench: &mut Workbench| workbench.pause_job(job);
    match runs.desk().change(&kept::actor(), pause).await {
        Ok(_) | Err(Error::Refused(_)) => {}
        Err(error) => return Err(error.into()),
    }
    live.stop();
    Ok(())
}

impl Display {
    async fn of(runs: &Runs, job: &Job) -> Result<Self, Failure> {
        let found = job.clone();
        let progress = runs.desk().read(move |workbench| workbench.progress(&found)).await?;
        let total = progress.total.saturating_sub(progress.held.len() as u64);
        let before = total.saturating_sub(progress.left);
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} queries, {per_sec}, {eta} left{msg}");
        let bar = ProgressBar::new(total).with_position(before);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.reset_eta();
        Ok(Self { bar, job: job.id, total, before, ticks: 0, printed: before })
    }

    /// Shows how far the job is now.
    fn tick(&mut self, live: &Live) {
        let (done, failed) = ((self.before + live.ended()).min(self.total), live.failed());
        self.bar.set_position(done);
        let failed = if failed == 0 { String::new() } else { format!(", {failed} failed") };
        self.ticks += 1;
        if self.bar.is_hidden() && self.ticks.is_multiple_of(LINE) {
            terminal::say(&self.line(done, &failed));
            self.printed = done;
        }
        self.bar.set_message(failed);
    }

    /// The line for a log, with the rate since the last one.
    fn line(&self, done: u64, failed: &str) -> String {
        let Self { job, total, printed, .. } = self;
        let lately = done.saturating_sub(*printed);
        let left = match total.saturating_sub(done).saturating_mul(LINE_SECONDS).checked_div(lately) {
            Some(seconds) => format!(", about {} left", duration(seconds)),
            None => String::new(),
        };
        format!("job {job}: {done} of {total} queries{failed}; {lately} in {LINE_SECONDS} s{left}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_rate_and_the_time_that_is_left() {
        let bar = ProgressBar::hidden();
        let mut display = Display { bar, job: 3, total: 400, before: 0, ticks: 0, printed: 100 };
        assert_eq!(
            display.line(120, ", 3 failed"),
            "job 3: 120 of 400 queries, 3 failed; 20 in 10 s, about 3 min left"
        );
        display.printed = 120;
        assert_eq!(display.line(120, ""), "job 3: 120 of 400 queries; 0 in 10 s");
    }
}
