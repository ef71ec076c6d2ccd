//! A collector that stores what it collects, and goes on whatever happens: [`Collector::store`] and [`Collector::keep`].
//!
//! A store without room makes the source wait: the same batch is tried again until there is room. After any other failure, the collector
//! is started again; the pause before that doubles up to [`LONGEST`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use store::{StoreError, StoreErrorKind};

use super::{Collector, Event, Failed};
use crate::delivery::{Delivered, Turns, persist};
use crate::follow;
use crate::pause::{LOOK, pause};
use crate::status::State;

/// The pause after the first failure.
pub(super) const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_mins(1);

impl Collector {
    /// Collects until `stop` is set or something fails, and stores everything. Returns what is stored.
    ///
    /// # Errors
    /// [`Failed`]; what was stored before stays so, and what is lost is counted in the status.
    pub fn store(
        &self,
        store: &Turns<'_>,
        stop: &AtomicBool,
        tell: &(dyn Fn(Event) + Sync),
    ) -> (Delivered, Result<(), Failed>) {
        let ledger = |input: &str| store.position(input);
        // Files that were complete long ago are forgotten whenever another one is.
        let tell = &|event: Event| {
            if matches!(event, Event::File(follow::Event::Opened(_))) {
                // What is not forgotten now is so the next time.
                let _ = store.forget_expired(self.order.time());
            }
            tell(event);
        };
        let mut stalled = None::<Duration>;
        let (outcome, mut delivered) = {
            let stalled = std::cell::RefCell::new(&mut stalled);
            let mut again = |error: &StoreError| self.waits(error, &mut stalled.borrow_mut(), stop, tell);
            let mut stored = || {
                if stalled.borrow_mut().take().is_some() {
                    self.status.works();
                    tell(Event::Resumed);
                }
            };
            persist(store, |take| self.run(&ledger, stop, tell, take), &mut again, &mut stored)
        };
        // What was read from a file is read again.
        if self.is_live() {
            self.status.lose(delivered.lost);
        }
        let outcome = match (delivered.failed.take(), outcome) {
            (Some(error), _) => Err(Failed::Store(error)),
            (None, Some(outcome)) => outcome.map_err(Failed::Trouble),
            (None, None) => Err(Failed::Panicked),
        };
        (delivered, outcome)
    }

    /// Collects until `stop` is set, and starts again after every failure. Records go to the store, or the collector's own way.
    pub fn keep(&self, store: &Turns<'_>, stop: &AtomicBool, tell: &(dyn Fn(Event) + Sync)) {
        match &self.route {
            Some(route) => self.keep_forwarding(route, stop, tell),
            None => self.keep_storing(store, stop, tell),
        }
        self.status.set(State::Stopped);
    }

    fn keep_storing(&self, store: &Turns<'_>, stop: &AtomicBool, tell: &(dyn Fn(Event) + Sync)) {
        let mut wait = FIRST;
        while !stop.load(Ordering::Relaxed) {
            let (delivered, outcome) = self.store(store, stop, tell);
            if delivered.observations > 0 {
                wait = FIRST;
            }
            let Err(why) = outcome else { continue };
            self.fail(why, &mut wait, stop, tell);
        }
    }

    /// Says why it does not work, and waits for the next attempt, longer each time.
    pub(super) fn fail(
        &self,
        why: Failed,
        wait: &mut Duration,
        stop: &AtomicBool,
        tell: &(dyn Fn(Event) + Sync),
    ) {
        if stop.load(Ordering::Relaxed) {
            return tell(Event::Failed(why, 0));
        }
        self.status.set(State::Failed(why.to_string().into()));
        tell(Event::Failed(why, wait.as_secs()));
        rest(*wait, stop);
        *wait = (*wait * 2).min(LONGEST);
    }

    fn is_live(&self) -> bool {
        matches!(self.source, super::Source::Dnstap(_))
    }

    /// Waits for a store without room; false for every other error, and when it is time to stop.
    fn waits(
        &self,
        error: &StoreError,
        stalled: &mut Option<Duration>,
        stop: &AtomicBool,
        tell: &(dyn Fn(Event) + Sync),
    ) -> bool {
        if error.kind() != StoreErrorKind::Full || stop.load(Ordering::Relaxed) {
            return false;
        }
        if stalled.is_none() {
            tell(Event::Stalled(error.clone()));
        }
        self.status.set(State::Failed(error.to_string().into()));
        let wait = stalled.map_or(FIRST, |wait| (wait * 2).min(LONGEST));
        *stalled = Some(wait);
        rest(wait, stop);
        // The last attempt is made when it is time to stop.
        true
    }
}

/// Waits for so long, or until it is time to stop.
fn rest(time: Duration, stop: &AtomicBool) {
    let mut waited = Duration::ZERO;
    while waited < time && !stop.load(Ordering::Relaxed) {
        pause(LOOK);
        waited += LOOK;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::sync::Mutex;
    use std::thread;

    use cof::SourceKind;
    use cof::time::Clock;
    use store::{Memory, Store as _};

    use super::*;
    use crate::batches::Order;
    use crate::collector::Source;
    use crate::delivery::testing::Limited;
    use crate::live::Place;

    #[test]
    fn a_collector_whose_socket_is_in_use_starts_when_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tap");
        let other = UnixListener::bind(&path).unwrap();
        let clock = Clock::system();
        let order = Order::new(SourceKind::Observation, clock.seconds());
        let collector = Collector::new("tap", Source::Dnstap(Place::Unix(path.clone(), 0o600)), order, clock);
        let (stop, told, store) = (AtomicBool::new(false), Mutex::new(Vec::new()), Memory::new());
        let tell = |event: Event| told.lock().unwrap().push(format!("{event:?}"));
        thread::scope(|scope| {
            let keeping = scope.spawn(|| collector.keep(&Turns::new(&store), &stop, &tell));
            wait_until(|| matches!(collector.status.figures().state, State::Failed(_)));
            drop(other);
            wait_until(|| collector.status.figures().state == State::Waiting);
            let mut sender = UnixStream::connect(&path).unwrap();
            sender.write_all(&[0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2]).unwrap();
            wait_until(|| collector.status.figures().state == State::Receiving);
            stop.store(true, Ordering::Relaxed);
            keeping.join().unwrap();
        });
        assert_eq!(collector.status.figures().state, State::Stopped);
        let told = told.lock().unwrap();
        assert!(
            told[0].contains("InUse") && told.iter().any(|told| told.starts_with("Listening")),
            "{told:?}"
        );
    }

    #[test]
    fn a_store_without_room_makes_the_source_wait_and_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.json");
        let line = |at: u32| {
            format!(
                "{{\"rrname\":\"n{at}.example\",\"rrtype\":\"A\",\"rdata\":\"185.194.93.1\",\"time_first\":1600000000,\"time_last\":1600000000}}\n"
            )
        };
        std::fs::write(&path, (0..30).map(line).collect::<Vec<_>>().concat()).unwrap();
        let clock = Clock::system();
        let order = Order::new(SourceKind::Observation, clock.seconds());
        let collector = Collector::new("log", Source::File(path.clone(), None), order, clock);
        let (stop, told, memory) = (AtomicBool::new(false), Mutex::new(Vec::new()), Memory::new());
        let store = Limited::new(&memory, 2);
        let tell = |event: Event| told.lock().unwrap().push(format!("{event:?}"));
        thread::scope(|scope| {
            let keeping = scope.spawn(|| collector.keep(&Turns::new(&store), &stop, &tell));
            wait_until(
                || matches!(&collector.status.figures().state, State::Failed(why) if why.contains("no room")),
            );
            wait_until(|| memory.stats().unwrap().entries == 30);
            wait_until(|| collector.status.figures().state == State::Receiving);
            // Records in JSON are followed, too.
            let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(line(30).as_bytes()).unwrap();
            wait_until(|| memory.stats().unwrap().entries == 31);
            stop.store(true, Ordering::Relaxed);
            keeping.join().unwrap();
        });
        let told = told.lock().unwrap();
        for what in ["Stalled", "Resumed"] {
            assert!(told.iter().any(|told| told.starts_with(what)), "{told:?}");
        }
        assert_eq!((collector.status.figures().tally.records, collector.status.figures().lost), (31, 0));
        // The next run goes on where this one stopped.
        let again = Collector { status: crate::status::Status::new(Clock::system()), ..collector };
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let keeping = scope.spawn(|| again.keep(&Turns::new(&store), &stop, &|_| {}));
            wait_until(|| again.status.figures().state == State::Receiving);
            pause(LOOK * 2);
            stop.store(true, Ordering::Relaxed);
            keeping.join().unwrap();
        });
        assert_eq!((again.status.figures().tally.records, again.status.figures().tally.repeated), (0, 31));
    }

    fn wait_until(is_so: impl Fn() -> bool) {
        for _ in 0..120 {
            if is_so() {
                return;
            }
            pause(LOOK);
        }
        panic!("it takes too long");
    }
}
