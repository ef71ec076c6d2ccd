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
//! Errors: what is wrong with one sender ends its connection and is told as an [`Event`]. What they sent is counted in a
//! [`Status`].

mod connection;
mod listener;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use cof::Batch;

use crate::batches::{self, Fault, Order, Take, Unwanted};
use crate::status::Status;
use crate::tally::Tally;

use self::connection::Connection;
pub use self::connection::Greeting;
pub use self::listener::{ListenError, Listener, Place};

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

/// Collects until `stop` is set or the caller accepts no more batches.
pub fn collect(
    listener: &Listener,
    order: &Order,
    status: &Arc<Status>,
    stop: &AtomicBool,
    tell: &(dyn Fn(Event) + Sync),
    take: &mut Take<'_>,
) {
    let (batches, received) = sync_channel(WAITING);
    let over = AtomicBool::new(false);
    let collecting = Collecting { order, status, tell, connections: AtomicUsize::new(0) };
    thread::scope(|scope| {
        let (collecting, stop) = (&collecting, Stop { asked: stop, over: &over });
        scope.spawn(move || {
            while let Some(stream) = listener.accept(stop) {
                if collecting.connections.fetch_add(1, Ordering::Relaxed) >= MOST_SENDERS {
                    collecting.connections.fetch_sub(1, Ordering::Relaxed);
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
                over.store(true, Ordering::Relaxed);
                break;
            }
        }
    });
}

/// Why collecting ends: somebody asked for it, or nobody accepts batches any more.
#[derive(Clone, Copy)]
struct Stop<'a> {
    asked: &'a AtomicBool,
    over: &'a AtomicBool,
}

impl Stop<'_> {
    fn is_set(self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.over.load(Ordering::Relaxed)
    }
}

/// What all connections share.
struct Collecting<'a> {
    order: &'a Order,
    status: &'a Arc<Status>,
    tell: &'a (dyn Fn(Event) + Sync),
    connections: AtomicUsize,
}

impl Collecting<'_> {
    fn serve(&self, mut connection: Connection<'_>, batches: &SyncSender<(Batch, u64)>) {
        match connection.greet() {
            Greeting::Welcome => {
                let (progress, senders) = self.status.begin();
                (self.tell)(Event::Began(senders));
                let order = Order { progress: Some(progress), ..self.order.clone() };
                let mut take = |batch, records| batches.send((batch, records)).map_err(|_| Unwanted);
                let (tally, fault) = batches::read(&mut connection, &order, None, &mut take);
                drop(order);
                (self.tell)(Event::Ended(Box::new(tally), fault));
            }
            Greeting::Stopped => {}
            refused => (self.tell)(Event::Refused(refused)),
        }
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
