//! A pull from a ThreatQ as the server remembers it: [`Pulling`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use platform::threatq::json as shapes;
use platform::threatq::taking::{Order, Report};
use workbench::json::threatq as json;

/// A pull that goes on, or has ended lately.
#[derive(Clone, Debug)]
pub(crate) struct Pulling {
    pub(crate) id: i64,
    pub(crate) actor: String,
    pub(crate) order: Order,
    pub(crate) began_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) state: State,
    pub(crate) reason: Option<String>,
    pub(crate) report: Report,
    /// Whether somebody wants it to end after the page that is under way.
    pub(crate) stops: Arc<AtomicBool>,
}

/// How far a pull is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Done,
    Cancelled,
    Failed,
}

impl State {
    /// Its word for programs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

impl Pulling {
    /// Whether it ends after the page that is under way.
    pub(crate) fn stops(&self) -> bool {
        self.state == State::Running && self.stops.load(Ordering::Relaxed)
    }

    /// For programs.
    pub(crate) fn shown(&self) -> json::PullShown {
        json::PullShown {
            actor: self.actor.clone(),
            began_at: json::time(self.began_at),
            ended_at: self.ended_at.map(json::time),
            id: self.id,
            investigation: self.order.into,
            platform: self.order.platform.clone(),
            reason: self.reason.clone(),
            report: shapes::report(&self.report, false),
            state: self.state.word(),
            statuses: self.order.selection.statuses.clone(),
            types: self.order.selection.types.clone(),
        }
    }
}
