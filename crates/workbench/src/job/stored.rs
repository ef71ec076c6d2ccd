//! Jobs as they are stored, and what is left of one: its [`Task`]s.

use std::collections::HashMap;

use operation::Indicator;
use rusqlite::{Connection, OptionalExtension, Row};

use super::{Job, Request, State};
use crate::database::Problem;
use crate::library::stored_indicator;
use crate::run::{self, worker_is_gone};
use crate::{Error, Workbench};

const COLUMNS: &str = "id, investigation, actor, state, request, subjects, batch, reason, created_at, ended_at, retried, worker";
/// After so many interruptions a run is given up, because it may be what ends the process.
const MOST_TRIES: u32 = 3;

/// A query that a job has still to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The indicator.
    pub indicator: Indicator,
    /// The place of the operation in [`Request::operations`].
    pub operation: usize,
}

impl Workbench {
    /// The job with this number.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none.
    pub fn job(&self, id: i64) -> Result<Job, Error> {
        self.read(|database| find(database, id))
    }

    /// The job of an investigation with this number.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none.
    pub fn job_of(&self, investigation: i64, id: i64) -> Result<Job, Error> {
        let job = self.job(id)?;
        if job.investigation == investigation {
            return Ok(job);
        }
        Err(Error::missing(format!("investigation {investigation} has no job {id}")))
    }

    /// The jobs of an investigation, newest first; at most 100.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn jobs(&self, investigation: i64) -> Result<Vec<Job>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE investigation = ? ORDER BY id DESC LIMIT 100");
        self.read(|database| all(database, &sql, [investigation]))
    }

    /// The jobs that should go on, and that no living process works on; the oldest first.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn orphaned_jobs(&self) -> Result<Vec<Job>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE state = 'running' ORDER BY id");
        let mut jobs = self.read(|database| all(database, &sql, []))?;
        jobs.retain(|job| !self.is_worked_on(job));
        Ok(jobs)
    }

    /// Whether a living process works on a job.
    pub fn is_worked_on(&self, job: &Job) -> bool {
        job.state == State::Running
            && job.worker.as_ref().is_some_and(|worker| !worker_is_gone(self.folder(), worker))
    }

    /// What a job has still to ask, in the order of its subjects and then of its operations.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn job_tasks(&self, job: &Job) -> Result<Vec<Task>, Error> {
        let done = self.read(|database| Done::of(database, job))?;
        let operations = || job.request.operations.iter().enumerate();
        let tasks = job.subjects.iter().flat_map(|indicator| {
            let accepting = operations().filter(|(_, operation)| operation.types.contains(&indicator.kind()));
            let left = accepting.filter(|(_, operation)| !done.has(indicator, operation.name()));
            left.map(|(operation, _)| Task { indicator: indicator.clone(), operation })
        });
        Ok(tasks.collect())
    }
}

/// What a job has asked already.
pub(super) struct Done(HashMap<(String, String), Tries>);

#[derive(Clone, Copy, Default)]
struct Tries {
    has_ended: bool,
    interrupted: u32,
}

impl Done {
    pub(super) fn of(database: &Connection, job: &Job) -> Result<Self, Problem> {
        let mut done: HashMap<(String, String), Tries> = HashMap::new();
        let Some(batch) = job.batch else { return Ok(Self(done)) };
        let sql = "SELECT id, indicator, package, state FROM runs WHERE coalesce(batch, id) = ?";
        let mut statement = database.prepare_cached(sql)?;
        let mut rows = statement.query([batch])?;
        while let Some(row) = rows.next()? {
            let (id, indicator, package, state): (i64, String, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let name = package.split('@').next().unwrap_or_default().to_owned();
            let tries = done.entry((indicator, name)).or_default();
            match run::State::from_word(&state) {
                Some(run::State::Failed) if id <= job.retried => {}
                Some(run::State::Interrupted | run::State::Running) => tries.interrupted += 1,
                _ => tries.has_ended = true,
            }
        }
        Ok(Self(done))
    }

    pub(super) fn has(&self, indicator: &Indicator, operation: &str) -> bool {
        let tries = self.0.get(&(indicator.to_string(), operation.to_owned())).copied().unwrap_or_default();
        tries.has_ended || tries.interrupted >= MOST_TRIES
    }
}

/// The job with this number.
pub(super) fn find(database: &Connection, id: i64) -> Result<Job, Problem> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?");
    let mut statement = database.prepare_cached(&sql)?;
    let found = statement.query_row([id], |row| Ok(job(row))).optional()?;
    found.unwrap_or_else(|| Err(Problem::missing(format!("there is no job {id}"))))
}

fn all(database: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<Job>, Problem> {
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(job(row)?);
    }
    Ok(jobs)
}

/// Reads [`COLUMNS`].
fn job(row: &Row<'_>) -> Result<Job, Problem> {
    let (state, request, subjects): (String, String, String) = (row.get(3)?, row.get(4)?, row.get(5)?);
    let wrong = |what: &str, stored: &str| Problem::Stored(format!("the {what} {stored:?} of a job"));
    let found = State::ALL.into_iter().find(|known| known.word() == state);
    Ok(Job {
        id: row.get(0)?,
        investigation: row.get(1)?,
        actor: row.get(2)?,
        state: found.ok_or_else(|| wrong("state", &state))?,
        request: Request::read(&request).ok_or_else(|| wrong("request", &request))?,
        subjects: subjects.lines().map(stored_indicator).collect::<Result<_, _>>()?,
        batch: row.get(6)?,
        reason: row.get(7)?,
        created_at: row.get(8)?,
        ended_at: row.get(9)?,
        retried: row.get(10)?,
        worker: row.get(11)?,
    })
}
