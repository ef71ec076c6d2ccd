//! Pushes: what was found is sent to a platform. A push survives a restart and can be paused.
//!
//! A [`Push`] has a [`Request`], which says what is handed over and how. It consists of [`Row`]s, each with its [`Outcome`]: an
//! indicator, a record, a relationship or a text. The crate `platform` works on pushes: it takes one over
//! ([`Workbench::claim_push`](crate::Workbench::claim_push)), states what is to be done
//! ([`plan_push`](crate::Workbench::plan_push)) and what became of it ([`note_push`](crate::Workbench::note_push)), and ends it
//! ([`end_push`](crate::Workbench::end_push)). If it is killed, another process takes the push over, reads again what the platform
//! has, and continues.
//!
//! Nothing about a push is asked of the platform here, and no secret is stored with it.
//!
//! Errors: [`Error::Refused`](crate::Error::Refused) is an error of the user. What a platform refuses is in the rows, or the reason of the push.

mod control;
mod request;
mod rows;
mod stored;

pub use request::{LibraryPart, Request, What};
pub use rows::{Counts, Outcome, Row, RowKind, Sent, Shown};

/// Something that is sent to a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Its number, from 1.
    pub id: i64,
    /// The name of the platform's integration.
    pub platform: String,
    /// Its package, as NAME@VERSION when the push was created.
    pub package: String,
    /// The host and port of the platform at that time.
    pub place: String,
    /// What is handed over, for people.
    pub title: String,
    /// What is handed over, and how.
    pub request: Request,
    /// What it is on the platform, such as the UUID of an event; `None` until that is known.
    pub target: Option<String>,
    /// Who started it.
    pub actor: String,
    /// Its state.
    pub state: State,
    /// Why it is paused or failed, if nobody asked for that.
    pub reason: Option<String>,
    /// When it was created, in seconds since the epoch.
    pub created_at: i64,
    /// When it ended or was cancelled.
    pub ended_at: Option<i64>,
    /// The process that works on it.
    worker: Option<String>,
}

/// What is needed to create a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// The name of the platform's integration.
    pub platform: String,
    /// Its package, as NAME@VERSION.
    pub package: String,
    /// The host and port of the platform.
    pub place: String,
    /// What is handed over, for people.
    pub title: String,
    /// What is handed over, and how.
    pub request: Request,
}

/// The state of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No process has begun with it.
    Waiting,
    /// It goes on, or will when a process takes it over.
    Running,
    /// It waits until somebody resumes it.
    Paused,
    /// Somebody cancelled it.
    Cancelled,
    /// Every row has its outcome.
    Done,
    /// The platform cannot take it, whenever it is tried.
    Failed,
}

/// How the work on a push ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Every row has its outcome.
    Done,
    /// It cannot go on for this reason, but could later.
    Paused(String),
    /// It can never go on, for this reason.
    Failed(String),
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Running, Self::Paused, Self::Cancelled, Self::Done, Self::Failed];

    /// Its word in outputs and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Whether it goes on without anybody asking for it.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }

    /// Whether it can go on.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running | Self::Paused)
    }
}

#[cfg(test)]
mod tests;
