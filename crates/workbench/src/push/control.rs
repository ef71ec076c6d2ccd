//! Creates pushes, records how far they are, and pauses, resumes and cancels them.
//!
//! Only the process that took a push over changes its rows. Whoever pauses or cancels it changes its state alone; the process notices
//! with the next rows that it records, because [`Workbench::note_push`] returns the state.

use rusqlite::OptionalExtension;
use serde_json::json;

use super::rows::{counts, stored_outcome};
use super::stored::find;
use super::{Counts, End, New, Outcome, Push, Row, State};
use crate::database::{Change, Problem};
use crate::run::worker_is_gone;
use crate::{Error, Workbench};

impl Workbench {
    /// Creates a push; a process that takes it over works on it.
    ///
    /// # Errors
    /// [`Error::Refused`] if the platform is not installed or disabled.
    pub fn create_push(&mut self, new: &New) -> Result<Push, Error> {
        self.change(|change| {
            change.refuse_disabled(&new.platform)?;
            let New { platform, package, place, title, request } = new;
            let sql = "INSERT INTO pushes (platform, package, place, title, request, actor, state, created_at) \
                       VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?)";
            let row = (platform, package, place, title, request.written(), change.actor, change.at);
            change.transaction.prepare_cached(sql)?.execute(row)?;
            let push = find(&change.transaction, change.transaction.last_insert_rowid())?;
            let detail = json!({"push": push.id, "package": package, "place": place, "what": title});
            change.audit("push.create", platform, &detail)?;
            Ok(push)
        })
    }

    /// Pauses a push; what is under way is finished.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none, or it is not running.
    pub fn pause_push(&mut self, id: i64) -> Result<Push, Error> {
        let from = [State::Waiting, State::Running];
        self.change(|change| change.turn_push(id, &from, State::Paused, None, "push.pause"))
    }

    /// Lets a paused push go on. What was refused is tried again.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none, or it is not paused, or its platform is disabled.
    pub fn resume_push(&mut self, id: i64) -> Result<Push, Error> {
        self.change(|change| {
            change.refuse_disabled(&find(&change.transaction, id)?.platform)?;
            change.turn_push(id, &[State::Paused], State::Waiting, None, "push.resume")
        })
    }

    /// Cancels a push. What was sent stays on the platform.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none, or it has ended.
    pub fn cancel_push(&mut self, id: i64) -> Result<Push, Error> {
        let from = [State::Waiting, State::Running, State::Paused];
        self.change(|change| change.turn_push(id, &from, State::Cancelled, None, "push.cancel"))
    }

    /// Takes a push over for this worker, unless it is not to go on or another living process works on it; returns whether it did.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none.
    pub fn claim_push(&mut self, id: i64, worker: &str) -> Result<bool, Error> {
        self.change(|change| {
            let push = find(&change.transaction, id)?;
            let is_taken = push
                .worker
                .as_ref()
                .is_some_and(|other| other != worker && !worker_is_gone(change.folder, other));
            if !push.state.is_active() || is_taken {
                return Ok(false);
            }
            let sql = "UPDATE pushes SET worker = ?, state = 'running' WHERE id = ?";
            change.transaction.prepare_cached(sql)?.execute((worker, id))?;
            Ok(true)
        })
    }

    /// Records what a push consists of, and what it is on the platform. What was created or updated by this push before stays so;
    /// what was to be sent and is there now was sent, although nobody heard of it.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be changed.
    pub fn plan_push(&mut self, id: i64, worker: &str, target: &str, rows: &[Row]) -> Result<State, Error> {
        self.change(|change| {
            let push = find(&change.transaction, id)?;
            if push.worker.as_deref() != Some(worker) {
                return Ok(push.state);
            }
            let sql = "UPDATE pushes SET target = ?1 WHERE id = ?2 AND target IS NOT ?1";
            change.transaction.prepare_cached(sql)?.execute((target, id))?;
            // What is no longer part of it was not sent, or is left as a witness.
            let sql = "DELETE FROM push_rows WHERE push = ? AND outcome NOT IN ('created', 'updated')";
            let before = change.waiting(id)?;
            change.transaction.prepare_cached(sql)?.execute([id])?;
            for (place, row) in rows.iter().enumerate() {
                change.put(id, i64::try_from(place).unwrap_or(i64::MAX), row, &before)?;
            }
            Ok(push.state)
        })
    }

    /// Records what became of rows, by their keys; returns the state of the push, which somebody may have changed.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be changed.
    pub fn note_push(
        &mut self,
        id: i64,
        worker: &str,
        rows: &[(String, Outcome, Option<String>)],
    ) -> Result<State, Error> {
        self.change(|change| {
            let push = find(&change.transaction, id)?;
            // What was sent is recorded, even if somebody paused or cancelled the push meanwhile.
            if push.worker.as_deref().is_some_and(|other| other != worker) {
                return Ok(push.state);
            }
            let sql = "UPDATE push_rows SET outcome = ?, reason = ?, at = ? WHERE push = ? AND key = ?";
            let mut statement = change.transaction.prepare_cached(sql)?;
            for (key, outcome, reason) in rows {
                statement.execute((outcome.word(), reason, change.at, id, key))?;
            }
            Ok(push.state)
        })
    }

    /// Records that a worker has nothing more to do for a push. It is left alone if somebody paused or cancelled it meanwhile.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be changed.
    pub fn end_push(&mut self, id: i64, worker: &str, end: &End) -> Result<Push, Error> {
        self.change(|change| {
            let push = find(&change.transaction, id)?;
            if push.state != State::Running || push.worker.as_deref() != Some(worker) {
                return Ok(push);
            }
            let from = &[State::Running];
            match end {
                End::Done => change.turn_push(id, from, State::Done, None, "push.end"),
                End::Paused(why) => change.turn_push(id, from, State::Paused, Some(why), "push.stop"),
                End::Failed(why) => change.turn_push(id, from, State::Failed, Some(why), "push.fail"),
            }
        })
    }
}

impl Change<'_> {
    /// Something is only sent to platforms that an administrator has enabled.
    fn refuse_disabled(&self, platform: &str) -> Result<(), Problem> {
        let sql = "SELECT enabled FROM integrations WHERE name = ?";
        let enabled: Option<bool> =
            self.transaction.prepare_cached(sql)?.query_row([platform], |row| row.get(0)).optional()?;
        match enabled {
            Some(true) => Ok(()),
            Some(false) => Err(Problem::conflict(format!("{platform} is disabled: enable it first"))),
            None => Err(Problem::missing(format!("{platform:?} is not installed"))),
        }
    }

    /// Changes the state of a push that is in one of these.
    fn turn_push(
        &self,
        id: i64,
        from: &[State],
        to: State,
        why: Option<&str>,
        action: &str,
    ) -> Result<Push, Problem> {
        let push = find(&self.transaction, id)?;
        if !from.contains(&push.state) {
            return Err(Problem::conflict(format!("push {id} is {}", push.state.word())));
        }
        let ended = (!to.is_open()).then_some(self.at);
        let sql = "UPDATE pushes SET state = ?, reason = ?, ended_at = ?, worker = NULL WHERE id = ?";
        self.transaction.prepare_cached(sql)?.execute((to.word(), why, ended, id))?;
        let Counts { created, updated, unchanged, held, refused, .. } = counts(&self.transaction, id)?;
        let (what, place) = (&push.title, &push.place);
        let detail = match to {
            State::Done => json!({
                "push": id, "what": what, "place": place, "target": push.target, "created": created, "updated": updated,
                "unchanged": unchanged, "held": held, "refused": refused
            }),
            _ => json!({"push": id, "what": what, "place": place, "reason": why}),
        };
        self.audit(action, &push.platform, &detail)?;
        find(&self.transaction, id)
    }

    /// The rows that were to be sent, by their keys.
    fn waiting(&self, id: i64) -> Result<std::collections::HashMap<String, Outcome>, Problem> {
        let sql = "SELECT key, outcome FROM push_rows WHERE push = ? AND outcome IN ('create', 'update')";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let mut rows = statement.query([id])?;
        let mut waiting = std::collections::HashMap::new();
        while let Some(row) = rows.next()? {
            waiting.insert(row.get(0)?, stored_outcome(&row.get::<_, String>(1)?)?);
        }
        Ok(waiting)
    }

    fn put(
        &self,
        id: i64,
        place: i64,
        row: &Row,
        before: &std::collections::HashMap<String, Outcome>,
    ) -> Result<(), Problem> {
        let outcome = match (row.outcome, before.get(&row.key)) {
            (Outcome::Unchanged, Some(planned)) => planned.done(),
            (outcome, _) => outcome,
        };
        // A row that this push has created or updated keeps that, unless it has changed again.
        let sql = "INSERT INTO push_rows (push, key, place, kind, label, indicator, outcome, reason, at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (push, key) DO UPDATE SET place = excluded.place, \
                   outcome = CASE excluded.outcome WHEN 'unchanged' THEN outcome ELSE excluded.outcome END, reason = excluded.reason, \
                   at = CASE excluded.outcome WHEN 'unchanged' THEN at ELSE excluded.at END";
        let indicator = row.indicator.as_ref().map(ToString::to_string);
        self.transaction.prepare_cached(sql)?.execute((
            id,
            &row.key,
            place,
            row.kind.word(),
            &row.label,
            indicator,
            outcome.word(),
            &row.reason,
            self.at,
        ))?;
        Ok(())
    }
}
