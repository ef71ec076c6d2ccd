//! Settling runs that nobody works on any more: they are interrupted, with what they had.

use operation::Collector;
use operation::provider::{Orientation, orientation_of};

use super::evidence::{Evidence, adopt, forget_part};
use super::keep::Ended;
use super::worker::is_gone;
use super::{Ending, Reason, Run, State, row};
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

impl Workbench {
    /// Settles the runs of processes that are gone; gives how many there were.
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
        Ok(settled)
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
