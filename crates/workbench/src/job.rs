//! Jobs: operations are queried about many indicators of an investigation. A job survives a restart and can be paused.
//!
//! A [`Job`] has a [`Request`] (operations and filters) and its subjects. Every query is a run of the job's batch, so what is done is
//! in the runs, and a job that goes on asks nothing twice: [`job_tasks`](crate::Workbench::job_tasks) are the [`Task`]s without a run that has ended. A
//! process works on a job ([`Runs::work_on`](crate::run::Runs::work_on), in `work`) as a worker of the data folder; if it is killed,
//! another one takes over (`Workbench::claim_job`). [`Progress`] counts for people.
//!
//! A job pauses itself if a provider refuses its queries, or fails many times in a row, or the disk is full; [`Job::reason`] says so.
//!
//! Errors: [`Error::Refused`](crate::Error::Refused) is an error of the user. Failures of a provider are in the runs.

mod begin;
mod control;
mod progress;
mod request;
mod stored;
mod subjects;
mod work;

use operation::Indicator;

pub use begin::Joining;
pub use progress::{Failure, Progress};
pub use request::{Operation, Request};
pub use stored::Task;
pub use subjects::Subjects;
pub use work::Live;

/// Operations that are queried about many indicators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number, from 1.
    pub id: i64,
    /// The investigation that it belongs to.
    pub investigation: i64,
    /// Who started it.
    pub actor: String,
    /// Its state.
    pub state: State,
    /// What is asked.
    pub request: Request,
    /// About what.
    pub subjects: Vec<Indicator>,
    /// The batch of its runs; `None` before the first.
    pub batch: Option<i64>,
    /// Why it is paused, if nobody asked for that.
    pub reason: Option<String>,
    /// When it was created, in seconds since the epoch.
    pub created_at: i64,
    /// When it ended or was cancelled.
    pub ended_at: Option<i64>,
    /// Failed runs up to this number are made again.
    retried: i64,
    /// The process that works on it.
    worker: Option<String>,
}

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It goes on, or will when a process takes it over.
    Running,
    /// It waits until somebody resumes it.
    Paused,
    /// Somebody cancelled it.
    Cancelled,
    /// Everything was asked.
    Ended,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Running, Self::Paused, Self::Cancelled, Self::Ended];

    /// Its word in outputs and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Ended => "ended",
        }
    }
}

impl Job {
    /// Whether it can go on.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Running | State::Paused)
    }
}

#[cfg(test)]
mod tests;
