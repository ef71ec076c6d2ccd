//! The state that a provider shares with its connections: the script, and what has happened so far.
//!
//! [`Ledger`] is one lock around simple counters, which is never held across an await. A poisoned lock is used anyway: the
//! panic that poisoned it has already failed the test.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::request::Request;
use crate::script::{Exchange, Script, Step};

/// How a connect fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFault {
    /// The connection is accepted, but no byte is ever sent over it: no TLS handshake, no answer.
    Mute,
    /// `connect` returns [`std::io::ErrorKind::ConnectionRefused`]. Over TCP, where the system has already accepted the
    /// connection, it is closed at once; `ClosedPort` really refuses connections.
    Refuse,
    /// `connect` never returns. Over TCP, the same as [`Self::Mute`].
    Stall,
}

/// The record of one provider.
#[derive(Debug)]
pub(crate) struct Ledger {
    answers: Answers,
    state: Mutex<State>,
}

/// Where answers come from.
enum Answers {
    Script(Script),
    Function(Box<Answer>),
}

/// Makes the answer to a request.
type Answer = dyn Fn(&Request) -> Exchange + Send + Sync;

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Script(script) => script.fmt(f),
            Self::Function(_) => f.write_str("a function"),
        }
    }
}

/// What has happened so far, and which connects will fail.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) requests: Vec<Request>,
    pub(crate) connections: usize,
    pub(crate) failed_connects: usize,
    /// Bytes of answers, counted when a complete step has been passed to the connection.
    pub(crate) sent: u64,
    /// How many connects will fail, and how.
    pub(crate) fault: Option<(usize, ConnectFault)>,
}

impl Ledger {
    pub(crate) fn new(script: Script) -> Self {
        Self { answers: Answers::Script(script), state: Mutex::default() }
    }

    /// Whatever this function answers to each request.
    pub(crate) fn answering(answer: impl Fn(&Request) -> Exchange + Send + Sync + 'static) -> Self {
        Self { answers: Answers::Function(Box::new(answer)), state: Mutex::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connect; returns its fault, if any.
    pub(crate) fn connect(&self) -> Option<ConnectFault> {
        let mut state = self.state();
        match state.fault {
            Some((left, fault)) if left > 0 => {
                state.fault = Some((left - 1, fault));
                state.failed_connects += 1;
                Some(fault)
            }
            _ => {
                state.connections += 1;
                None
            }
        }
    }

    /// Records a request; returns its answer.
    pub(crate) fn answer(&self, request: Request) -> Arc<[Step]> {
        let mut state = self.state();
        let steps = match &self.answers {
            Answers::Script(script) => script.steps(state.requests.len()),
            Answers::Function(answer) => answer(&request).into_steps().into(),
        };
        state.requests.push(request);
        steps
    }

    pub(crate) fn count_sent(&self, bytes: &[u8]) {
        self.state().sent += bytes.len() as u64;
    }
}
