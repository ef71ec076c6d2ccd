//! Settling runs that nobody works on any more: they are interrupted, with what they had.

use operation::Collector;
use operation::provider::{Orientation, orientation_of};

use super::evidence::{Evidence, adopt, forget_part, unfinished};
use super::keep::Ended;
use super::worker::{self, Left, is_gone};
use super::{Ending, Reason, Run, State, row};
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

impl Workbench {
    /// Settles the runs of processes that are gone, and takes away what they left behind; gives how many runs there were.
    ///
    /// # Errors
    /// [`Error`], when the database cannot be changed.
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
                self.settle_run(id)?;
                settled += 1;
            }
        }
        // Nobody looks through all that is kept unless somebody was killed.
        let left = worker::left(self.folder());
        if !left.is_empty() {
            self.forget_unfinished()?;
            left.into_iter().for_each(Left::forget);
        }
        Ok(settled)
    }

    /// Takes away the unfinished files of runs that have ended.
    fn forget_unfinished(&self) -> Result<(), Error> {
        for (run, file) in unfinished(self.folder()) {
            let ended = |run: Run| run.ending.state != State::Running;
            if self.read(|database| row::find(database, run))?.is_some_and(ended) {
                let _ = std::fs::remove_file(file);
            }
        }
        Ok(())
    }

    /// Settles a run that is under way and will not go on.
    pub(super) fn settle_run(&mut self, id: i64) -> Result<(), Error> {
        // Others may be settling it too: the first one does, and the transaction says who that is.
        let settled = self.change(|change| match row::find(&change.transaction, id)? {
            Some(run) if run.ending.state == State::Running => change.settle(&run).map(|()| true),
            _ => Ok(false),
        })?;
        if settled {
            forget_part(self.folder(), id);
        }
        Ok(())
    }
}

impl Change<'_> {
    fn settle(&self, run: &Run) -> Result<(), Problem> {
        let stored = adopt(self.folder, run.id)?;
        let had = |error: std::io::Error| Error::io("reading", self.folder, error);
        let orientation = match (run.orientation, Evidence::open(self.folder, &stored)?) {
            (Orientation::Auto, Some(evidence)) => orientation_of(evidence).map_err(had)?,
            (orientation, _) => orientation,
        };
        let held = Run { evidence: stored.hash.clone(), bytes: stored.bytes, orientation, ..run.clone() };
        let mut collector = Collector::new(run.filter.clone(), run.most);
        held.replay(self.folder, &mut collector)?;
        let (records, damages) = collector.counts();
        let reason = Reason {
            text: "it ended before the answer did".to_owned(),
            hint: "run it again".to_owned(),
            refused: false,
        };
        let ending = Ending { state: State::Interrupted, reason: Some(reason) };
        let ended = Ended { ending, records, damages, stored, orientation, whole: false, fetched: None };
        self.end_run(run.id, &ended).map(drop)
    }
}
