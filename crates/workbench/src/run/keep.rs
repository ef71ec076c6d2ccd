//! The two changes of a run's life: its start and its end.

use std::time::Duration;

use operation::provider::Orientation;
use operation::{Indicator, Package};
use rusqlite::{Connection, OptionalExtension};

use super::asking::{Asking, Freshness};
use super::evidence::Recorded;
use super::held::held;
use super::row::{self, COLUMNS, write_filter};
use super::{Ending, Fetched, Reason, Run, State};
use crate::database::{Change, Problem};
use crate::{Error, secret};

/// A run that was recorded.
#[derive(Clone, Debug)]
pub(super) struct Entered {
    pub(super) id: i64,
    /// A stored answer that can be reused.
    pub(super) cached: Option<Run>,
    /// The keyed hash of the login.
    pub(super) login: Option<[u8; 32]>,
}

/// The result of a run.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) ending: Ending,
    pub(super) records: u64,
    pub(super) damages: u64,
    pub(super) recorded: Recorded,
    pub(super) orientation: Orientation,
    /// Whether its evidence is complete.
    pub(super) whole: bool,
    /// The run whose answer was reused.
    pub(super) fetched: Option<Fetched>,
}

impl Ended {
    /// A run for which nothing was sent.
    pub(super) fn unsent(ending: Ending) -> Self {
        Self {
            ending,
            records: 0,
            damages: 0,
            recorded: Recorded::NOTHING,
            orientation: Orientation::Auto,
            whole: false,
            fetched: None,
        }
    }

    /// A run that failed because of an error on our side.
    pub(super) fn failed(error: &Error) -> Self {
        // A full disk says nothing about the answer: it interrupts the run at any point.
        let state = if matches!(error, Error::Full(_)) { State::Interrupted } else { State::Failed };
        Self::unsent(Ending { state, reason: Some(Reason::of(error)) })
    }
}

/// A fresh answer may be this far in the future, in seconds, because the clock may have been set back.
const SET_BACK: i64 = 60;

impl Change<'_> {
    /// Records a run before anything is sent, and looks for a stored answer that can be reused. A value that is held back is
    /// refused, unless nothing may be sent.
    pub(super) fn begin_run(
        &self,
        asking: &Asking,
        indicator: &Indicator,
        worker: &str,
    ) -> Result<Entered, Problem> {
        if asking.freshness != Freshness::Offline
            && let Some(held) = held(&self.transaction, &asking.package, indicator)?
        {
            return Err(Error::Held(held).into());
        }
        let provider = &asking.provider;
        let question = provider.question(indicator);
        let whose = provider.login().map(|login| secret::fingerprint(self, login)).transpose()?;
        let login = whose.as_ref().map(<[u8; 32]>::as_slice);
        let cached = cached(&self.transaction, self.at, &question, login, asking.usable())?;
        // Numbered here, so that one statement writes the whole row.
        let sql = "SELECT coalesce(max(id), 0) + 1 FROM runs";
        let id = self.transaction.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        let sql = "INSERT INTO runs (id, fetched_by, batch, indicator, manifest, package, source, action, provider, actor, \
                   question, login, filter, worker, orientation, state, started_at, fetched_at) \
                   VALUES (?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, 'running', ?15, ?15)";
        let Asking { package, action, .. } = asking;
        self.transaction.prepare_cached(sql)?.execute((
            id,
            asking.batch.of(id, self)?,
            indicator.to_string(),
            self.manifest(package)?,
            package.to_string(),
            &package.title,
            action,
            provider.name(),
            &asking.actor,
            question,
            login,
            write_filter(&asking.filter, asking.most),
            worker,
            provider.orientation().word(),
            self.at,
        ))?;
        Ok(Entered { id, cached, login: whose })
    }

    /// Records the result of a run and its evidence, once; returns the run.
    pub(super) fn end_run(&self, id: i64, ended: &Ended) -> Result<Run, Problem> {
        let Ended { ending, recorded, .. } = ended;
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let reason = ending.reason.as_ref();
        let sql = "UPDATE runs SET worker = NULL, state = ?2, reason = ?3, hint = ?4, refused = ?5, ended_at = ?6, \
                   records = ?7, damages = ?8, bytes = ?9, orientation = ?10, evidence = ?11, whole = ?12, \
                   fetched_by = coalesce(?13, id), fetched_at = coalesce(?14, started_at) \
                   WHERE id = ?1 AND state = 'running'";
        let changed = self.transaction.prepare_cached(sql)?.execute((
            id,
            ending.state.word(),
            reason.map(|reason| &reason.text),
            reason.map(|reason| reason.hint.stored()),
            reason.is_some_and(|reason| reason.refused),
            self.at,
            count(ended.records),
            count(ended.damages),
            count(recorded.stored.bytes),
            ended.orientation.word(),
            &recorded.stored.hash,
            ended.whole,
            ended.fetched.map(|fetched| fetched.by),
            ended.fetched.map(|fetched| fetched.at),
        ))?;
        if changed > 0 {
            recorded.store(&self.transaction)?;
        }
        row::find(&self.transaction, id)?.ok_or_else(|| Error::Bug(format!("run {id} is gone")).into())
    }

    /// The number of a manifest, which is inserted if it is new.
    fn manifest(&self, package: &Package) -> Result<i64, Problem> {
        let mut find = self.transaction.prepare_cached("SELECT id FROM manifests WHERE source = ?")?;
        if let Some(id) = find.query_row([&package.source], |row| row.get(0)).optional()? {
            return Ok(id);
        }
        let mut insert = self.transaction.prepare_cached("INSERT INTO manifests (source) VALUES (?)")?;
        Ok(insert.insert([&package.source])?)
    }
}

/// The newest complete answer to a query that is fresh enough.
pub(super) fn cached(
    database: &Connection,
    at: i64,
    question: &str,
    login: Option<&[u8]>,
    freshness: Freshness,
) -> Result<Option<Run>, Problem> {
    // The age of an answer from the future is unknown, because a wrong clock dated it.
    let (since, until) = match freshness {
        Freshness::Fresh => return Ok(None),
        Freshness::Offline => (i64::MIN, i64::MAX),
        Freshness::Within(age) => (at.saturating_sub(seconds(age)), at.saturating_add(SET_BACK)),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM runs r WHERE r.question = ? AND r.whole = 1 AND r.login IS ? \
         AND r.fetched_by = r.id AND r.started_at > ? AND r.started_at <= ? ORDER BY r.id DESC LIMIT 1"
    );
    row::one(database, &sql, (question, login, since, until))
}

fn seconds(age: Duration) -> i64 {
    i64::try_from(age.as_secs()).unwrap_or(i64::MAX)
}
