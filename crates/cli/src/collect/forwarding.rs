//! `--to`: what is collected goes to another server, by way of a spool in the data folder.
//!
//! [`intake::forward`] does the work; [`crate::route`] reads what is asked for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use client::Address;
use cof::time::Clock;
use intake::Delivered;
use intake::batches::{Take, Unwanted};
use intake::collector::{Collector, Event, Failed};
use intake::forward::{self, Figures, Route, Spool, SpoolError};

use crate::args::Arguments;
use crate::args::forwarding::ForwardingArgs;
use crate::exit::Failure;
use crate::route::{self, Asked};
use crate::{kept, terminal, told};

/// The name of the spool of `backsight collect`.
const USUAL_NAME: &str = "collect";
/// Batches of all collectors that may wait.
const WAITING: usize = 4;

/// The spool of `backsight collect`, and the way on from it.
pub(crate) struct Forwarding {
    route: Route,
    spool: Spool,
}

impl Forwarding {
    /// What the arguments ask for; `None` if records are stored here.
    pub(crate) fn open(command: &ForwardingArgs, arguments: &Arguments) -> Result<Option<Self>, Failure> {
        let Some(to) = &command.to else { return Ok(None) };
        let to = Address::for_secrets(to).map_err(|fault| Failure::Usage(format!("--to: {fault}")))?;
        let asked = Asked {
            to: &to,
            token: route::token(command.token_file.as_deref())?,
            ca_file: command.ca_file.as_deref(),
            spool_mib: command.spool_mib,
            name: command.spool.as_deref().unwrap_or(USUAL_NAME),
        };
        let route = asked.route(&kept::folder(arguments)?)?;
        let spool = route.open().map_err(|error| match error {
            SpoolError::InUse(_) => {
                Failure::Work(error.to_string()).hint("choose another one with --spool NAME")
            }
            SpoolError::Name => Failure::Usage(format!("--spool: {error}")),
            SpoolError::System { .. } => Failure::work("opening the spool", &error),
        })?;
        Ok(Some(Self { route, spool }))
    }

    /// Runs collectors until they are stopped or one fails, and forwards what they collect.
    pub(crate) fn collect(&self, collectors: &[Collector], stop: &AtomicBool) -> Vec<super::Ended> {
        self.say_what_waits();
        let tell = |event| self.tell(&event);
        let run = |take: &mut Take<'_>| self.collect_all(collectors, stop, take);
        let to = self.route.destination();
        let ended = forward::forward(&self.spool, to, &Clock::system(), stop, &tell, run);
        let panicked = || collectors.iter().map(|_| Err(Failed::Panicked)).collect();
        let outcomes: Vec<_> = ended.unwrap_or_else(panicked);
        outcomes.into_iter().map(|outcome| (Delivered::default(), outcome)).collect()
    }

    /// Runs each collector on a thread of its own, and gives all their batches to `take`.
    fn collect_all(
        &self,
        collectors: &[Collector],
        stop: &AtomicBool,
        take: &mut Take<'_>,
    ) -> Vec<Result<(), Failed>> {
        let (batches, received) = sync_channel(WAITING);
        thread::scope(|scope| {
            let run = |collector: &Collector, batches: &SyncSender<_>| {
                let tell = |event: Event| told::tell(collector, &event, false);
                let ledger = |input: &str| Ok(self.spool.position(input));
                let mut take = |batch, records| batches.send((batch, records)).map_err(|_| Unwanted);
                let outcome = collector.run(&ledger, stop, &tell, &mut take);
                stop.store(true, Ordering::Relaxed);
                outcome.map_err(Failed::Trouble)
            };
            let start = |collector| {
                let batches = batches.clone();
                scope.spawn(move || run(collector, &batches))
            };
            let running: Vec<_> = collectors.iter().map(start).collect();
            drop(batches);
            for (batch, records) in received {
                if take(batch, records).is_err() {
                    break;
                }
            }
            running.into_iter().map(|thread| thread.join().unwrap_or(Err(Failed::Panicked))).collect()
        })
    }

    /// Where records are sent.
    pub(crate) fn to(&self) -> String {
        self.route.destination().address().to_string()
    }

    /// What became of them.
    pub(crate) fn figures(&self) -> Figures {
        self.route.status().figures()
    }

    fn say_what_waits(&self) {
        let (to, folder, figures) = (self.to(), self.spool.folder().display(), self.figures());
        let waiting = match figures.waiting_batches {
            0 => String::new(),
            _ => format!("; {}", route::waiting(&figures)),
        };
        terminal::say(&format!("forwarding to {to}, by way of {folder}{waiting}"));
    }

    fn tell(&self, event: &forward::Event) {
        let (is_trouble, text) = route::words(event, &self.route);
        if is_trouble { terminal::complain(&text) } else { terminal::say(&text) }
    }
}
