//! How far connections got, so that a timeout names the party that was waited for.
//!
//! Every connection has a [`Progress`] of its own, and a [`Trail`] follows the connections of one question: questions that run at
//! the same time do not see each other's. Nothing here fails.

use std::sync::{Arc, Mutex, PoisonError};

/// How far a connection got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nobody has taken the connection.
    #[default]
    Nowhere,
    /// The service or its proxy has taken the TCP connection.
    Dialled,
    /// The proxy has opened the way.
    Tunnelled,
    /// HTTP can be spoken: the TLS handshake is complete, or TLS is not used.
    Open,
    /// The first bytes have come.
    Heard,
}

/// How far one connection got; its clones share it.
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

/// Follows one question to its newest connection; its clones share it.
#[derive(Clone, Debug, Default)]
pub struct Trail(Arc<Mutex<Progress>>);

impl Trail {
    /// How far the newest connection of the question got: the one that it uses, or is waiting for.
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
    /// this is how a new connection learns who waits for it.
    pub(crate) static TRAIL: Trail;
}
