//! What is kept of a run, read again: its answer, and what its package makes of it.

use std::collections::BTreeSet;
use std::path::Path;

use cof::Record;
use operation::{Collector, Completeness, Finding, Findings, Indicator, Package, Sink};

use super::evidence::{Evidence, Stored, verify};
use super::{Kept, Pick, Run, State, row};
use crate::database::Problem;
use crate::library::{Tally, Undone};
use crate::{Error, Workbench};

impl Run {
    /// Gives what is kept of the answer to a sink.
    pub(super) fn replay(&self, folder: &Path, sink: &mut dyn Sink) -> Result<(), Error> {
        let Some(mut evidence) = Evidence::open(folder, &self.stored())? else { return Ok(()) };
        let asked = u64::try_from(self.fetched.at).unwrap_or_default();
        operation::provider::replay(&mut evidence, self.orientation, asked, sink)
            .map_err(|error| evidence.error(&error))
    }

    /// Reads the whole evidence: whether it is what was kept.
    pub(super) fn verify(&self, folder: &Path) -> Result<(), Error> {
        Evidence::open(folder, &self.stored()).and_then(verify)
    }

    fn stored(&self) -> Stored {
        Stored { hash: self.evidence.clone(), bytes: self.bytes }
    }
}

impl Workbench {
    /// A run by its number.
    ///
    /// # Errors
    /// [`Error::Refused`], when there is none.
    pub fn run(&self, id: i64) -> Result<Run, Error> {
        self.read(|database| {
            row::find(database, id)?.ok_or_else(|| Problem::missing(format!("there is no run {id}")))
        })
    }

    /// A run with its records, as they were filtered then.
    ///
    /// # Errors
    /// [`Error::Refused`], when there is none; [`Error::Evidence`], when what was kept is lost.
    pub fn answer(&self, id: i64) -> Result<Kept, Error> {
        self.answer_within(id, usize::MAX)
    }

    /// The same with at most so many records: one that was streamed may have more than anybody can hold.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn answer_within(&self, id: i64, most: usize) -> Result<Kept, Error> {
        let run = self.run(id)?;
        let mut collector = Collector::new(run.filter.clone(), run.most.min(most));
        run.replay(self.folder(), &mut collector)?;
        let answer = collector.into_answer(Completeness::new(None, true));
        Ok(Kept { run, records: answer.records, damages: answer.damages })
    }

    /// The octets that the provider sent, decompressed; `None` where nothing came.
    ///
    /// # Errors
    /// [`Error::Refused`], when there is no such run; [`Error::Evidence`], when what was kept is lost.
    pub fn evidence(&self, id: i64) -> Result<Option<Evidence>, Error> {
        Evidence::open(self.folder(), &self.run(id)?.stored())
    }

    /// The package that made a run, as it was then.
    ///
    /// # Errors
    /// [`Error::Refused`], when this version does not read its manifest any more.
    pub fn package_of(&self, run: &Run) -> Result<Package, Error> {
        let sql = "SELECT source FROM manifests WHERE id = ?";
        let source: String =
            self.read(|database| Ok(database.query_row(sql, [run.manifest], |row| row.get(0))?))?;
        Package::parse(&run.package, &source)
            .map_err(|error| Error::conflict(format!("run {}: {error}", run.id)))
    }

    /// What a run proposes for the library.
    ///
    /// # Errors
    /// As [`Self::package_of`].
    pub fn findings(&self, kept: &Kept) -> Result<Findings, Error> {
        Ok(self.package_of(&kept.run)?.mapping.findings(&kept.run.indicator, &kept.records))
    }

    /// What some of a run's records propose, by their places: everything where they were picked one by one, else as much of a
    /// kind as of the whole answer.
    ///
    /// # Errors
    /// [`Error`], when the package of the run cannot be read.
    pub fn findings_of(
        &self,
        kept: &Kept,
        places: &BTreeSet<usize>,
        picked: bool,
    ) -> Result<Findings, Error> {
        let mapping = self.package_of(&kept.run)?.mapping;
        let (asked, records) = (&kept.run.indicator, &kept.records);
        Ok(if picked {
            mapping.findings_picked(asked, records, places)
        } else {
            mapping.findings_among(asked, records, places)
        })
    }

    /// Adds what is picked of a run's findings to the library; a dry run only says what that would come to.
    ///
    /// # Errors
    /// [`Error::Refused`] for a run that is under way or does not exist, and for numbers that it has not; with nothing added.
    pub fn add_run(&mut self, id: i64, pick: &Pick, dry_run: bool) -> Result<Tally, Error> {
        let kept = self.answer(id)?;
        if kept.run.ending.state == State::Running {
            return Err(Error::conflict(format!("run {id} has not finished: add its findings when it has")));
        }
        let findings = match pick {
            Pick::Values(values) => {
                let absent =
                    values.iter().find(|value| places_of(&kept, std::slice::from_ref(*value)).is_empty());
                if let Some(absent) = absent {
                    return Err(Error::missing(format!(
                        "no record of run {id} contains {absent}: nothing was added"
                    )));
                }
                self.findings_of(&kept, &places_of(&kept, values), true)?
            }
            Pick::All | Pick::Numbers(_) => self.findings(&kept)?,
        };
        let picked = pick.of(findings.list)?;
        self.add_picked(&kept.run, &picked, dry_run)
    }

    /// Adds findings of a run, in one transaction.
    ///
    /// # Errors
    /// [`Error`], with nothing added.
    pub fn add_picked(&mut self, run: &Run, picked: &[Finding], dry_run: bool) -> Result<Tally, Error> {
        if dry_run {
            self.propose(&run.source, &run.indicator, picked)
        } else {
            self.add_findings(run.id, &run.source, &run.indicator, picked)
        }
    }

    /// Takes back what the runs of a batch added, each as [`undo`](Self::undo) does. Runs of which nothing is in the library
    /// are left out.
    ///
    /// # Errors
    /// [`Error`]: there is no such batch, or a run could not be undone; those before it are.
    pub fn undo_batch(&mut self, batch: i64) -> Result<Vec<(Run, Undone)>, Error> {
        let runs = self.added_in_batch(batch)?;
        runs.into_iter().map(|id| Ok((self.run(id)?, self.undo(id)?))).collect()
    }
}

/// The places of the records that name one of some values.
fn places_of(kept: &Kept, values: &[Indicator]) -> BTreeSet<usize> {
    let names = |record: &Record| {
        let sides = [Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype)];
        sides.iter().flatten().any(|side| values.contains(side))
    };
    kept.records.iter().enumerate().filter(|(_, record)| names(record)).map(|(at, _)| at).collect()
}
