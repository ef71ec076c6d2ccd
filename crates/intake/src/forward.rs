//! Sensors far away: what is collected here is sent to a server with a database.
//!
//! ```text
//! batches ─> bodies ─> spool (disk) ─> POST /api/v1/records ─> receipt ─> removed from the spool
//! ```
//!
//! [`forward`] takes the place of [`crate::deliver`]: it writes batches into a [`Spool`] and sends them to a [`Destination`]. Each batch
//! has a number in the spool's own sequence, which the server stores together with the batch (`Sensor-Sequence`), so that a batch
//! whose answer was lost is sent again and counts once. Nothing is removed from the spool before the server has answered it, except
//! when the spool is full: then the oldest batches are, and are counted.
//!
//! A [`Status`] has the [`Figures`] while it runs. Errors are told as [`Event`]s; none of the server or the disk ends it.

mod body;
mod destination;
mod event;
mod keeping;
mod route;
mod sending;
mod spool;
mod status;
mod verdict;

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::sync_channel;
use std::thread;

use cof::time::Clock;
use tokio::sync::watch;

use crate::batches::{Take, Unwanted};

pub use self::destination::{Destination, Token, TokenFault};
pub use self::event::Event;
pub use self::route::Route;
pub use self::spool::{Spool, SpoolError};
pub use self::status::{Figures, Status};
pub use self::verdict::Trouble;

use self::keeping::Keeping;
use self::sending::Sending;

/// The default size of a spool, in bytes.
pub const USUAL_SPOOL: u64 = 1 << 30;
/// Batches that may wait for the spool.
const WAITING: usize = 4;

/// Forwards the batches that `read` passes on, until it returns; then what waits is sent for at most 5 seconds. `stop` is what makes
/// `read` return: while it is set, nothing waits for a disk that takes nothing.
///
/// The return value of `read` is lost only if it panics.
pub fn forward<T: Send>(
    spool: &Spool,
    destination: &Destination,
    clock: &Clock,
    stop: &AtomicBool,
    tell: &(dyn Fn(Event) + Sync),
    read: impl FnOnce(&mut Take<'_>) -> T + Send,
) -> Option<T> {
    let (batches, to_keep) = sync_channel(WAITING);
    let (end, ending) = watch::channel(false);
    let random = Mutex::new(fastrand::Rng::new());
    let sending = Sending { spool, destination, clock, tell, ending, random };
    thread::scope(|scope| {
        let reader = scope.spawn(move || read(&mut |batch, _| batches.send(batch).map_err(|_| Unwanted)));
        let sender = scope.spawn(move || sending.run_to_end());
        Keeping { spool, clock, stop, tell, is_full: false }.run(&to_keep);
        // The sender notices it even if it waits for the server.
        let _ = end.send(true);
        let outcome = reader.join().ok();
        let _ = sender.join();
        outcome
    })
}

#[cfg(test)]
mod tests;
