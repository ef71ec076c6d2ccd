//! Pauses, resumes and cancels jobs. A process that works on a job notices within a second.

use serde_json::json;

use super::stored::find;
use super::{Job, State};
use crate::database::{Change, Problem};
use crate::run::worker_is_gone;
use crate::{Error, Workbench};

impl Workbench {
    /// Pauses a job; what is under way is finished.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none, or it is not running.
    pub fn pause_job(&mut self, id: i64) -> Result<Job, Error> {
        self.change(|change| change.turn_job(id, &[State::Running], State::Paused, None, "job.pause"))
    }

    /// Lets a paused job go on. What failed is asked again.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none, or it is not paused.
    pub fn resume_job(&mut self, id: i64) -> Result<Job, Error> {
        self.change(|change| {
            let sql = "UPDATE jobs SET retried = (SELECT coalesce(max(id), 0) FROM runs) WHERE id = ? AND state = 'paused'";
            change.transaction.prepare_cached(sql)?.execute([id])?;
            change.turn_job(id, &[State::Paused], State::Running, None, "job.resume")
        })
    }

    /// Cancels a job; runs that are under way are interrupted, and keep what they have received.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none, or it has ended.
    pub fn cancel_job(&mut self, id: i64) -> Result<Job, Error> {
        self.change(|change| {
            change.turn_job(id, &[State::Running, State::Paused], State::Cancelled, None, "job.cancel")
        })
    }

    /// Takes a job over for this worker, unless it is not running or another living process works on it; returns whether it did.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none.
    pub(super) fn claim_job(&mut self, id: i64, worker: &str) -> Result<bool, Error> {
        self.change(|change| {
            let job = find(&change.transaction, id)?;
            let is_taken = job
                .worker
                .as_ref()
                .is_some_and(|other| other != worker && !worker_is_gone(change.folder, other));
            if job.state != State::Running || is_taken {
                return Ok(false);
            }
            let sql = "UPDATE jobs SET worker = ? WHERE id = ?";
            change.transaction.prepare_cached(sql)?.execute((worker, id))?;
            Ok(true)
        })
    }

    /// Records that a worker has nothing more to do for a job: everything was asked, or it cannot go on. It is left alone if it was
    /// paused and resumed while the worker still finished what was under way, because another one takes it over then.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be changed.
    pub(super) fn end_job(&mut self, id: i64, worker: &str, why: Option<&str>) -> Result<Job, Error> {
        self.change(|change| {
            let job = find(&change.transaction, id)?;
            if job.state != State::Running || job.worker.as_deref() != Some(worker) {
                return Ok(job);
            }
            match why {
                None => change.turn_job(id, &[State::Running], State::Ended, None, "job.end"),
                Some(_) => change.turn_job(id, &[State::Running], State::Paused, why, "job.stop"),
            }
        })
    }
}

impl Change<'_> {
    /// Changes the state of a job that is in one of these.
    fn turn_job(
        &self,
        id: i64,
        from: &[State],
        to: State,
        why: Option<&str>,
        action: &str,
    ) -> Result<Job, Problem> {
        let job = find(&self.transaction, id)?;
        if !from.contains(&job.state) {
            return Err(Problem::conflict(format!("job {id} is {}", job.state.word())));
        }
        let ended = matches!(to, State::Ended | State::Cancelled).then_some(self.at);
        let sql = "UPDATE jobs SET state = ?, reason = ?, ended_at = ?, worker = NULL WHERE id = ?";
        self.transaction.prepare_cached(sql)?.execute((to.word(), why, ended, id))?;
        let name = self.investigation_name(job.investigation)?;
        self.audit(action, &name, &json!({"job": id, "reason": why}))?;
        find(&self.transaction, id)
    }

    fn investigation_name(&self, investigation: i64) -> Result<String, Problem> {
        let sql = "SELECT name FROM investigations WHERE id = ?";
        Ok(self.transaction.prepare_cached(sql)?.query_row([investigation], |row| row.get(0))?)
    }
}
