//! Carries out a push with a bar on standard error, if it is a terminal. Ctrl-C pauses the push after the batch that is under way; a
//! second one ends the command at once, which loses nothing.

use std::pin::Pin;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use operation::Tlp;
use platform::Recipient;
use platform::push::{Live, work};
use workbench::push::Push;
use workbench::run::Runs;
use workbench::{Error, Workbench};

use crate::exit::Failure;
use crate::serve::stopped;
use crate::{kept, terminal};

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(200);

/// Works on a push until it has ended or is paused; returns it as it is then.
pub(super) async fn follow(
    runs: &Runs,
    push: &Push,
    recipient: Result<(&Recipient, Tlp), String>,
) -> Result<Push, Failure> {
    let signals = |error| Failure::work("listening for signals", &error);
    let mut signal: Pin<Box<dyn Future<Output = ()>>> = Box::pin(stopped().map_err(signals)?);
    let (live, mut pauses, bar) = (Live::default(), false, bar());
    let mut working = std::pin::pin!(work(runs, push.id, recipient, &live));
    let mut ticks = tokio::time::interval(TICK);
    let ended = loop {
        tokio::select! {
            ended = &mut working => break ended,
            () = &mut signal => {
                if pauses {
                    let why = format!("push {} was interrupted", push.id);
                    let hint = format!("`backsight push resume {}` continues it", push.id);
                    return Err(Failure::Work(why).hint(&hint));
                }
                signal = Box::pin(stopped().map_err(signals)?);
                pauses = true;
                pause(runs, push.id, &live).await?;
                bar.suspend(|| terminal::say("pausing after this batch; Ctrl-C again ends at once"));
            }
            _ = ticks.tick() => {
                bar.set_length(live.total());
                bar.set_position(live.done());
            }
        }
    };
    bar.finish_and_clear();
    Ok(ended?)
}

/// Pauses the push, unless it has ended in this moment. The state is stored first, so that the work finds it.
async fn pause(runs: &Runs, id: i64, live: &Live) -> Result<(), Failure> {
    match runs.desk().change(&kept::actor(), move |workbench: &mut Workbench| workbench.pause_push(id)).await
    {
        Ok(_) | Err(Error::Refused(_)) => {}
        Err(error) => return Err(error.into()),
    }
    live.stop();
    Ok(())
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} rows, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
