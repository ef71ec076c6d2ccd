//! Creates jobs, alone or together with the members or the investigation that they are about: all of it is one change, so that a job
//! that cannot begin leaves nothing behind.

use operation::Indicator;
use serde_json::json;

use super::stored::find;
use super::{Job, Request};
use crate::database::{Change, Problem};
use crate::investigation::{NewInvestigation, Origin};
use crate::{Error, Workbench};

/// Where the subjects of a new job are put first.
#[derive(Clone, Debug)]
pub enum Joining {
    /// Into the investigation with this number, as members that a user named.
    Existing(i64),
    /// Into a new one, whose members they are.
    New(Box<NewInvestigation>),
}

impl Workbench {
    /// Creates a job; a process that claims it works on it.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation, it is removed, another job of it is open, or there is nothing to ask.
    pub fn create_job(
        &mut self,
        investigation: i64,
        request: &Request,
        subjects: &[Indicator],
    ) -> Result<Job, Error> {
        request.check(subjects)?;
        self.change(|change| change.create_job(investigation, request, subjects))
    }

    /// The same, and puts the subjects into the investigation first.
    ///
    /// # Errors
    /// As [`Self::create_job`], and those of adding members or creating an investigation; nothing is changed then.
    pub fn join_and_create_job(
        &mut self,
        joining: &Joining,
        request: &Request,
        subjects: &[Indicator],
    ) -> Result<Job, Error> {
        request.check(subjects)?;
        self.change(|change| {
            let id = match joining {
                Joining::Existing(id) => {
                    let investigation = change.present_investigation(*id)?;
                    change.join(*id, subjects, investigation.tlp, &Origin::User)?;
                    *id
                }
                Joining::New(new) => change.create_investigation(new, &[])?.id,
            };
            change.create_job(id, request, subjects)
        })
    }
}

impl Change<'_> {
    /// Creates a job about those of the subjects that an operation accepts.
    fn create_job(
        &self,
        investigation: i64,
        request: &Request,
        subjects: &[Indicator],
    ) -> Result<Job, Problem> {
        let name = self.present_investigation(investigation)?.name;
        self.refuse_second_job(investigation, &name)?;
        let subjects = subjects.iter().filter(|subject| request.accepts(subject));
        let lines: Vec<String> = subjects.map(ToString::to_string).collect();
        let sql = "INSERT INTO jobs (investigation, actor, state, request, subjects, retried, created_at) \
                   VALUES (?, ?, 'running', ?, ?, 0, ?)";
        let row = (investigation, self.actor, request.written(), lines.join("\n"), self.at);
        self.transaction.prepare_cached(sql)?.execute(row)?;
        let job = find(&self.transaction, self.transaction.last_insert_rowid())?;
        let packages: Vec<&str> =
            request.operations.iter().map(|operation| operation.package.as_str()).collect();
        let detail = json!({"job": job.id, "operations": packages, "subjects": lines.len()});
        self.audit("job.create", &name, &detail)?;
        Ok(job)
    }

    /// One job at a time, so that its progress is that of the investigation.
    fn refuse_second_job(&self, investigation: i64, name: &str) -> Result<(), Problem> {
        let sql = "SELECT max(id) FROM jobs WHERE investigation = ? AND state IN ('running', 'paused')";
        let open: Option<i64> =
            self.transaction.prepare_cached(sql)?.query_row([investigation], |row| row.get(0))?;
        match open {
            Some(open) => Err(Problem::conflict(format!(
                "job {open} of {name:?} has not ended: wait for it, resume it or cancel it"
            ))),
            None => Ok(()),
        }
    }
}
