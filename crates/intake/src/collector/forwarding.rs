//! A collector whose records go to another server, and that goes on whatever happens.

use std::sync::atomic::{AtomicBool, Ordering};

use cof::time::Clock;

use super::keeping::FIRST;
use super::{Collector, Event, Failed, Ledger};
use crate::batches::Take;
use crate::forward::{Route, Spool, forward};

impl Collector {
    /// Collects until `stop` is set, and starts again after every failure.
    pub(super) fn keep_forwarding(&self, route: &Route, stop: &AtomicBool, tell: &(dyn Fn(Event) + Sync)) {
        let Some(spool) = self.open(route, stop, tell) else { return };
        let clock = self.order.live.clone().unwrap_or_else(Clock::system);
        let ledger = |input: &str| Ok(spool.position(input));
        let read = |take: &mut Take<'_>| self.keep_running(&ledger, stop, tell, take);
        let told = |event| tell(Event::Forward(event));
        if forward(&spool, route.destination(), &clock, stop, &told, read).is_none() {
            tell(Event::Failed(Failed::Panicked, 0));
        }
    }

    /// Opens the spool, which another process may use for a while.
    fn open(&self, route: &Route, stop: &AtomicBool, tell: &(dyn Fn(Event) + Sync)) -> Option<Spool> {
        let mut wait = FIRST;
        while !stop.load(Ordering::Relaxed) {
            match route.open() {
                Ok(spool) => return Some(spool),
                Err(error) => self.fail(error.into(), &mut wait, stop, tell),
            }
        }
        None
    }

    fn keep_running(
        &self,
        ledger: &Ledger<'_>,
        stop: &AtomicBool,
        tell: &(dyn Fn(Event) + Sync),
        take: &mut Take<'_>,
    ) {
        let mut wait = FIRST;
        while !stop.load(Ordering::Relaxed) {
            let before = self.status.tally().records;
            let outcome = self.run(ledger, stop, tell, take);
            if self.status.tally().records > before {
                wait = FIRST;
            }
            if let Err(trouble) = outcome {
                self.fail(trouble.into(), &mut wait, stop, tell);
            }
        }
    }
}
