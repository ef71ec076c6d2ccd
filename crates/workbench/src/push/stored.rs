//! Pushes as they are stored.

use rusqlite::{Connection, OptionalExtension, Row};

use super::{Push, Request, State};
use crate::database::Problem;
use crate::run::worker_is_gone;
use crate::{Error, Workbench};

pub(super) const COLUMNS: &str = "id, platform, package, place, title, request, target, actor, state, reason, created_at, ended_at, worker";

impl Workbench {
    /// The push with this number.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none.
    pub fn push(&self, id: i64) -> Result<Push, Error> {
        self.read(|database| find(database, id))
    }

    /// Pushes with a number below `before`, newest first; at most `limit`.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn pushes(&self, before: Option<i64>, limit: usize) -> Result<Vec<Push>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM pushes WHERE id < ? ORDER BY id DESC LIMIT ?");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|database| all(database, &sql, (before.unwrap_or(i64::MAX), limit)))
    }

    /// The pushes that should go on, and that no living process works on; the oldest first.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn orphaned_pushes(&self) -> Result<Vec<Push>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM pushes WHERE state IN ('waiting', 'running') ORDER BY id");
        let mut pushes = self.read(|database| all(database, &sql, []))?;
        pushes.retain(|push| !self.is_sent_by_somebody(push));
        Ok(pushes)
    }

    /// Whether a living process works on a push.
    pub fn is_sent_by_somebody(&self, push: &Push) -> bool {
        push.state == State::Running
            && push.worker.as_ref().is_some_and(|worker| !worker_is_gone(self.folder(), worker))
    }
}

/// The push with this number.
pub(super) fn find(database: &Connection, id: i64) -> Result<Push, Problem> {
    let sql = format!("SELECT {COLUMNS} FROM pushes WHERE id = ?");
    let mut statement = database.prepare_cached(&sql)?;
    let found = statement.query_row([id], |row| Ok(push_of(row))).optional()?;
    found.unwrap_or_else(|| Err(Problem::missing(format!("there is no push {id}"))))
}

fn all(database: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<Push>, Problem> {
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut pushes = Vec::new();
    while let Some(row) = rows.next()? {
        pushes.push(push_of(row)?);
    }
    Ok(pushes)
}

/// Reads [`COLUMNS`].
pub(super) fn push_of(row: &Row<'_>) -> Result<Push, Problem> {
    let (request, state): (String, String) = (row.get(5)?, row.get(8)?);
    let wrong = |what: &str, stored: &str| Problem::Stored(format!("the {what} {stored:?} of a push"));
    let found = State::ALL.into_iter().find(|known| known.word() == state);
    Ok(Push {
        id: row.get(0)?,
        platform: row.get(1)?,
        package: row.get(2)?,
        place: row.get(3)?,
        title: row.get(4)?,
        request: Request::read(&request).ok_or_else(|| wrong("request", &request))?,
        target: row.get(6)?,
        actor: row.get(7)?,
        state: found.ok_or_else(|| wrong("state", &state))?,
        reason: row.get(9)?,
        created_at: row.get(10)?,
        ended_at: row.get(11)?,
        worker: row.get(12)?,
    })
}
