//! Settles runs whose process is gone: they become interrupted and keep what they had received.

use operation::Collector;
use operation::provider::{Orientation, orientation_of};
use rusqlite::named_params;

use super::evidence::{adopt, forget_part, unfinished};
use super::keep::Ended;
use super::row::{self, COLUMNS};
use super::worker::{self, Left, is_gone};
use super::{Ending, Reason, Run, State};
use crate::database::{Change, Problem};
use crate::{Error, Hint, Workbench};

/// The reason of runs that a server left interrupted; [`Workbench::stopped_runs`] finds them by it.
const STOPPED: &str = "the server was stopped before the answer was there";
/// How long after its start a run is resumed, in seconds: an hour.
const STILL_WANTED: i64 = 3_600;
/// How often a query is started within that time.
const MOST_TRIES: usize = 3;
/// The most runs that are resumed: as many as a server executes at a time.
const MOST_STOPPED: usize = 64;

impl Workbench {
    /// Settles the runs of processes that are gone, and removes their unfinished files; returns the number of such runs.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be changed.
    pub fn settle_runs(&mut self) -> Result<usize, Error> {
        let under_way = self.read(|database| {
            let mut statement =
                database.prepare_cached("SELECT id, worker FROM runs WHERE worker IS NOT NULL")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<Vec<(i64, String)>, _>>()?)
        })?;
        let mut settled = 0;
        for (id, worker) in under_way {
            if is_gone(self.folder(), &worker) {
                self.settle_run(id, None)?;
                settled += 1;
            }
        }
        // The unfinished files are only searched if a process was killed.
        let left = worker::left(self.folder());
        if !left.is_empty() {
            self.forget_unfinished()?;
            left.into_iter().for_each(Left::forget);
        }
        Ok(settled)
    }

    /// Removes the unfinished files of runs that have ended.
    fn forget_unfinished(&self) -> Result<(), Error> {
        for (run, file) in unfinished(self.folder()) {
            let ended = |run: Run| run.ending.state != State::Running;
            if self.read(|database| row::find(database, run))?.is_some_and(ended) {
                let _ = std::fs::remove_file(file);
            }
        }
        Ok(())
    }

    /// The runs that were interrupted because a server was stopped or killed, and that should be resumed: oldest first, at most
    /// 64. Left out are runs of jobs, which go on by themselves, and runs that started more than an hour ago, that were queried again since, or that were interrupted three
    /// times within the hour, because such a run may be what ends the server.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn stopped_runs(&self) -> Result<Vec<Run>, Error> {
        let now = i64::try_from(self.clock().seconds()).unwrap_or(i64::MAX);
        let since = now.saturating_sub(STILL_WANTED);
        let sql = format!(
            "SELECT {COLUMNS} FROM runs r WHERE r.state = 'interrupted' AND r.reason = :stopped AND r.started_at > :since \
             AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.batch = coalesce(r.batch, r.id)) \
             AND NOT EXISTS (SELECT 1 FROM runs n WHERE n.indicator = r.indicator AND n.question = r.question AND n.id > r.id) \
             AND (SELECT count(*) FROM runs p WHERE p.indicator = r.indicator AND p.question = r.question \
                  AND p.reason = :stopped AND p.started_at > :since) < {MOST_TRIES} \
             ORDER BY r.id LIMIT {MOST_STOPPED}"
        );
        self.read(|database| {
            let mut statement = database.prepare_cached(&sql)?;
            let mut rows = statement.query(named_params! { ":stopped": STOPPED, ":since": since })?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                runs.push(row::run(row)?);
            }
            Ok(runs)
        })
    }

    /// Records the result of a run, if that was not possible when it ended.
    pub(super) fn end_unwritten(&mut self, id: i64, ended: &Ended) -> Result<(), Error> {
        self.change(|change| change.end_run(id, ended))?;
        forget_part(self.folder(), id);
        Ok(())
    }

    /// Settles a run that will not continue, because a user cancelled it or its process ended.
    pub(super) fn settle_run(&mut self, id: i64, cancelled_by: Option<&str>) -> Result<(), Error> {
        // Other processes may be settling it too: the first one does, and the transaction determines which one that is.
        let settled = self.change(|change| match row::find(&change.transaction, id)? {
            Some(run) if run.ending.state == State::Running => {
                change.settle(&run, cancelled_by).map(|()| true)
            }
            _ => Ok(false),
        })?;
        if settled {
            forget_part(self.folder(), id);
        }
        Ok(())
    }
}

impl Change<'_> {
    fn settle(&self, run: &Run, cancelled_by: Option<&str>) -> Result<(), Problem> {
        let recorded = adopt(self.folder, run.id)?;
        recorded.store(&self.transaction)?;
        let mut held = run.clone();
        (held.evidence, held.bytes) = (recorded.stored.hash.clone(), recorded.stored.bytes);
        let evidence = |held: &Run| held.open(&self.transaction, self.folder);
        if let (Orientation::Auto, Some(evidence)) = (run.orientation, evidence(&held)?) {
            let had = |error: std::io::Error| Error::io("reading", self.folder, error);
            held.orientation = orientation_of(evidence).map_err(had)?;
        }
        let mut collector = Collector::new(run.filter.clone(), run.most);
        held.replay(evidence(&held)?, &mut collector)?;
        let (records, damages) = collector.counts();
        let sql = "SELECT worker FROM runs WHERE id = ?";
        let worker: Option<String> =
            self.transaction.prepare_cached(sql)?.query_row([run.id], |row| row.get(0))?;
        let text = match (cancelled_by, worker) {
            (Some(actor), _) => format!("{actor} cancelled it"),
            (None, Some(worker)) if worker::serves(&worker) => STOPPED.to_owned(),
            (None, _) => "its process ended before the answer was complete".to_owned(),
        };
        let reason = Reason { text, hint: Hint::RunAgain, refused: false };
        let ending = Ending { state: State::Interrupted, reason: Some(reason) };
        let orientation = held.orientation;
        let ended = Ended { ending, records, damages, recorded, orientation, whole: false, fetched: None };
        self.end_run(run.id, &ended).map(drop)
    }
}
