//! A collector: a source that is read until it is stopped, with its status: [`Collector`].
//!
//! ```text
//! dnstap senders ─> live ───┐
//!                           ├─> batches ─> a store (deliver, persist), or whatever else takes them
//! a file that grows ─> follow ┘
//! ```
//!
//! The command `collect` and the server run the same collectors. A collector that reads files asks where it stopped ([`Ledger`]).
//! [`Collector::run`] gives its batches to whoever calls it, [`Collector::store`] stores them, and [`Collector::keep`] does so until it is
//! stopped, whatever happens.
//!
//! Errors: [`Trouble`] says why a collector cannot run now. What happens to a sender or to one file of many is told as an [`Event`].

mod forwarding;
mod keeping;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cof::time::Clock;
use store::StoreError;

use crate::Format;
use crate::batches::{Order, Take};
use crate::follow;
pub use crate::follow::Ledger;
use crate::forward::{self, Route, SpoolError};
use crate::live::{self, ListenError, Listener, Place};
use crate::status::Status;

/// A source with what is to be done with it.
#[derive(Clone, Debug)]
pub struct Collector {
    /// The name by which people know it.
    pub name: Arc<str>,
    /// What is read.
    pub source: Source,
    /// How it is read. Its clock is that of the status.
    pub order: Order,
    /// What it is doing.
    pub status: Arc<Status>,
    /// The way to the server that stores its records, if it is another one.
    pub route: Option<Arc<Route>>,
}

/// What a collector reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// dnstap from resolvers that connect to this place.
    Dnstap(Place),
    /// A file that grows and rotates, in this format if it is not to be detected.
    File(PathBuf, Option<Format>),
}

/// What happens while a collector runs.
#[derive(Debug)]
pub enum Event {
    /// Senders can connect to this place.
    Listening(String),
    /// Something about a sender.
    Sender(live::Event),
    /// Something about a file.
    File(follow::Event),
    /// The store has no room, for this reason. The collector waits, and tries again.
    Stalled(StoreError),
    /// The store has room again.
    Resumed,
    /// The collector does not work, and is tried again after so many seconds.
    Failed(Failed, u64),
    /// Something about the server to which records are forwarded, or about the spool.
    Forward(forward::Event),
}

/// Why a collector cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Nobody can connect.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A file cannot be followed.
    #[error(transparent)]
    Follow(#[from] follow::Trouble),
}

/// Why a collector stopped storing.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It cannot run.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// The spool cannot be opened.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The store takes no more batches.
    #[error("{0}")]
    Store(StoreError),
    /// A mistake in this program.
    #[error("a task failed unexpectedly; please report it with the message printed before")]
    Panicked,
}

impl Collector {
    /// A collector that has not started.
    pub fn new(name: impl Into<Arc<str>>, source: Source, order: Order, clock: Clock) -> Self {
        let order = Order { live: Some(clock.clone()), ..order };
        Self { name: name.into(), source, order, status: Status::new(clock), route: None }
    }

    /// Sends its records to another server.
    #[must_use]
    pub fn with_route(self, route: Route) -> Self {
        Self { route: Some(Arc::new(route)), ..self }
    }

    /// Collects until `stop` is set or the caller accepts no more batches.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn run(
        &self,
        ledger: &Ledger<'_>,
        stop: &AtomicBool,
        tell: &(dyn Fn(Event) + Sync),
        take: &mut Take<'_>,
    ) -> Result<(), Trouble> {
        match &self.source {
            Source::Dnstap(place) => {
                let listener = Listener::at(place)?;
                self.status.works();
                tell(Event::Listening(listener.place()));
                let order = Order { format: Format::Dnstap, ..self.order.clone() };
                self.status.reads(Format::Dnstap);
                live::collect(
                    &listener,
                    &order,
                    &self.status,
                    stop,
                    &|event| tell(Event::Sender(event)),
                    take,
                );
                Ok(())
            }
            Source::File(path, format) => {
                let following = follow::Following {
                    path,
                    format: *format,
                    order: &self.order,
                    status: &self.status,
                    ledger,
                    stop,
                    tell: &|event| tell(Event::File(event)),
                    grace: follow::GRACE,
                };
                Ok(following.run(take)?)
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dnstap(Place::Tcp(address)) => write!(f, "dnstap on {address}"),
            Self::Dnstap(Place::Unix(path, _)) => write!(f, "dnstap on {}", path.display()),
            Self::File(path, _) => write!(f, "file {}", path.display()),
        }
    }
}
