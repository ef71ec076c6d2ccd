//! How far connections got, so that a timeout can name the party that did not answer.
//!
//! Every connection has its own [`Progress`], and a [`Trail`] follows the connections of one query: concurrent queries do not
//! see each other's progress. Nothing here fails.

use std::sync::{Arc, Mutex, PoisonError};

/// The stage that a connection has reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The connection has not been accepted.
    #[default]
    Nowhere,
    /// The service or its proxy has accepted the TCP connection.
    Dialled,
    /// The proxy has opened the tunnel.
    Tunnelled,
    /// HTTP can be used: the TLS handshake is complete, or TLS is not used.
    Open,
    /// The first bytes have arrived.
    Heard,
}

/// The progress of one connection; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<Mutex<Stage>>);

impl Progress {
    pub(crate) fn reach(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    pub(crate) fn stage(&self) -> Stage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows the newest connection of one query; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Trail(Arc<Mutex<Progress>>);

impl Trail {
    /// The stage of the newest connection of the query: the one that it uses, or waits for.
    pub fn stage(&self) -> Stage {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).stage()
    }

    /// Follows this connection from now on.
    pub(crate) fn follow(&self, progress: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
}

tokio::task_local! {
    /// The trail of the request for which the pool is connecting. The pool calls the connector while the request is polled, so
    /// this is how a new connection finds the trail of its request.
    pub(crate) static TRAIL: Trail;
}
