//! dnstap from running resolvers: [`Listener`] waits for senders, and [`collect`] makes batches of what they send.
//!
//! ```text
//! sender ─> connection (a thread: frames, decoder, window) ─┐
//! sender ─> connection ────────────────────────────────────┴─> batches ─> the caller
//! ```
//!
//! Every sender has a connection and a window of its own, on the path that files take ([`batches::read`]); what it sent is delivered
//! once a second. Few batches may wait, so a store that is slower than the senders makes them wait: their own buffers fill, and they
//! drop and count what does not fit. A sender that stalls holds one thread and nothing else. At most [`MOST_SENDERS`] are served at the
//! same time; others are closed and counted.
//!
//! Errors: what is wrong with one sender ends its connection and is told as an [`Event`].

mod connection;
mod listener;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use cof::Batch;

use crate::batches::{self, Fault, Order, Take, Unwanted};
use crate::tally::Tally;

use self::connection::Connection;
pub use self::connection::Greeting;
pub use self::listener::{ListenError, Listener};

/// Senders that are served at the same time.
pub const MOST_SENDERS: usize = 64;
/// Batches that may wait for the caller.
const WAITING: usize = 4;

/// What happens while collecting.
#[derive(Debug)]
pub enum Event {
    /// A sender began, and is served with so many others.
    Began(usize),
    /// A sender is done, after this.
    Ended(Box<Tally>, Option<Fault>),
    /// A sender did not speak Frame Streams, or offered no dnstap.
    Refused(Greeting),
    /// A sender came when there were [`MOST_SENDERS`].
    Turned,
}

/// Collects until `stop` is set or the caller accepts no more batches. Returns the sum of what all senders sent.
pub fn collect(
    listener: &Listener,
    order: &Order,
    stop: &AtomicBool,
    tell: &(dyn Fn(Event) + Sync),
    take: &mut Take<'_>,
) -> Tally {
    let (batches, received) = sync_channel(WAITING);
    let collecting = Collecting { order, tell, senders: AtomicUsize::new(0), sum: Mutex::default() };
    thread::scope(|scope| {
        let collecting = &collecting;
        scope.spawn(move || {
            while let Some(stream) = listener.accept(stop) {
                if collecting.senders.fetch_add(1, Ordering::Relaxed) >= MOST_SENDERS {
                    collecting.senders.fetch_sub(1, Ordering::Relaxed);
                    tell(Event::Turned);
                    continue;
                }
                let batches = batches.clone();
                scope.spawn(move || collecting.serve(Connection::new(stream, stop), &batches));
            }
        });
        for (batch, records) in received {
            if take(batch, records).is_err() {
                // Who sends on notices that nobody receives.
                stop.store(true, Ordering::Relaxed);
                break;
            }
        }
    });
    collecting.sum.into_inner().unwrap_or_default()
}

/// What all connections share.
struct Collecting<'a> {
    order: &'a Order,
    tell: &'a (dyn Fn(Event) + Sync),
    senders: AtomicUsize,
    sum: Mutex<Tally>,
}

impl Collecting<'_> {
    fn serve(&self, mut connection: Connection<'_>, batches: &SyncSender<(Batch, u64)>) {
        match connection.greet() {
            Greeting::Welcome => {
                (self.tell)(Event::Began(self.senders.load(Ordering::Relaxed)));
                let mut take = |batch, records| batches.send((batch, records)).map_err(|_| Unwanted);
                let (tally, fault) = batches::read(&mut connection, self.order, None, &mut take);
                if let Ok(mut sum) = self.sum.lock() {
                    sum.add(&tally);
                }
                (self.tell)(Event::Ended(Box::new(tally), fault));
            }
            Greeting::Stopped => {}
            refused => (self.tell)(Event::Refused(refused)),
        }
        self.senders.fetch_sub(1, Ordering::Relaxed);
    }
}
