//! Reads a stored run again: its answer, and the findings of its package.

use std::collections::BTreeSet;
use std::path::Path;

use cof::Record;
use operation::{Collector, Completeness, Finding, Findings, Indicator, Package, Sink};
use rusqlite::Connection;

use super::evidence::{Evidence, Stored, verify};
use super::{Kept, Pick, Run, State, row};
use crate::database::Problem;
use crate::library::{Tally, Undone};
use crate::{Error, Workbench};

impl Run {
    /// Opens the evidence; `None` if nothing arrived.
    pub(super) fn open(&self, database: &Connection, folder: &Path) -> Result<Option<Evidence>, Problem> {
        let stored = Stored { hash: self.evidence.clone(), bytes: self.bytes };
        Evidence::open(database, folder, self.id, &stored)
    }

    /// Passes the stored answer to a sink.
    pub(super) fn replay(&self, evidence: Option<Evidence>, sink: &mut dyn Sink) -> Result<(), Error> {
        let Some(mut evidence) = evidence else { return Ok(()) };
        let asked = u64::try_from(self.fetched.at).unwrap_or_default();
        operation::provider::replay(&mut evidence, self.orientation, asked, sink)
            .map_err(|error| evidence.error(&error))
    }
}

impl Workbench {
    /// The run with this number.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none.
    pub fn run(&self, id: i64) -> Result<Run, Error> {
        self.read(|database| {
            row::find(database, id)?.ok_or_else(|| Problem::missing(format!("there is no run {id}")))
        })
    }

    /// A run with its records, filtered as in the run.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such run; [`Error::Evidence`] if its evidence is lost.
    pub fn answer(&self, id: i64) -> Result<Kept, Error> {
        self.answer_within(id, usize::MAX)
    }

    /// Like [`Self::answer`], with at most this many records: a streamed answer may have more records than fit into memory.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn answer_within(&self, id: i64, most: usize) -> Result<Kept, Error> {
        let run = self.run(id)?;
        let mut collector = Collector::new(run.filter.clone(), run.most.min(most));
        run.replay(self.evidence_of(&run)?, &mut collector)?;
        let answer = collector.into_answer(Completeness::new(None, true));
        Ok(Kept { run, records: answer.records, damages: answer.damages })
    }

    /// The bytes that the provider sent, decompressed; `None` if nothing arrived.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such run; [`Error::Evidence`] if its evidence is lost.
    pub fn evidence(&self, id: i64) -> Result<Option<Evidence>, Error> {
        self.evidence_of(&self.run(id)?)
    }

    /// The evidence of a run.
    pub(super) fn evidence_of(&self, run: &Run) -> Result<Option<Evidence>, Error> {
        self.read(|database| run.open(database, self.folder()))
    }

    /// The evidence of a run, which was read once to check that it is what was stored.
    pub(super) fn verified_evidence(&self, run: &Run) -> Result<Option<Evidence>, Error> {
        verify(self.evidence_of(run)?)?;
        self.evidence_of(run)
    }

    /// The package that made a run, as it was at that time.
    ///
    /// # Errors
    /// [`Error::Refused`] if this version can no longer read its manifest.
    pub fn package_of(&self, run: &Run) -> Result<Package, Error> {
        let sql = "SELECT source FROM manifests WHERE id = ?";
        let source: String =
            self.read(|database| Ok(database.query_row(sql, [run.manifest], |row| row.get(0))?))?;
        Package::parse(&run.package, &source)
            .map_err(|error| Error::conflict(format!("run {}: {error}", run.id)))
    }

    /// The findings of a run.
    ///
    /// # Errors
    /// As [`Self::package_of`].
    pub fn findings(&self, kept: &Kept) -> Result<Findings, Error> {
        Ok(self.package_of(&kept.run)?.into_mapping().findings(&kept.run.indicator, &kept.records))
    }

    /// The findings of some of a run's records, given by their positions. If the records were `picked` individually, all their
    /// findings are included; otherwise the limits per kind apply as for the whole answer.
    ///
    /// # Errors
    /// [`Error`] if the package of the run cannot be read.
    pub fn findings_of(
        &self,
        kept: &Kept,
        places: &BTreeSet<usize>,
        picked: bool,
    ) -> Result<Findings, Error> {
        let mapping = self.package_of(&kept.run)?.into_mapping();
        let (asked, records) = (&kept.run.indicator, &kept.records);
        Ok(if picked {
            mapping.findings_picked(asked, records, places)
        } else {
            mapping.findings_among(asked, records, places)
        })
    }

    /// Adds the picked findings of a run to the library; a dry run only returns what that would do.
    ///
    /// # Errors
    /// [`Error::Refused`] if the run is in progress or does not exist, or does not have a picked number; nothing is added then.
    pub fn add_run(&mut self, id: i64, pick: &Pick, dry_run: bool) -> Result<Tally, Error> {
        let kept = self.answer(id)?;
        if kept.run.ending.state == State::Running {
            return Err(Error::conflict(format!("run {id} has not finished: add its findings when it has")));
        }
        let findings = match pick {
            Pick::Values(values) => {
                let places = places_of(&kept.records, values).map_err(|absent| {
                    Error::missing(format!("no record of run {id} contains {absent}: nothing was added"))
                })?;
                self.findings_of(&kept, &places, true)?
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

    /// Undoes what the runs of a batch added, each as [`undo`](Self::undo) does. Runs without findings in the library are left
    /// out.
    ///
    /// # Errors
    /// [`Error`] if there is no such batch, or a run could not be undone; runs before it are undone.
    pub fn undo_batch(&mut self, batch: i64) -> Result<Vec<(Run, Undone)>, Error> {
        let runs = self.added_in_batch(batch)?;
        runs.into_iter().map(|id| Ok((self.run(id)?, self.undo(id)?))).collect()
    }
}

/// The positions of the records that contain one of some values; the error is a value that none contains.
pub(crate) fn places_of<'a>(
    records: &[Record],
    values: &'a [Indicator],
) -> Result<BTreeSet<usize>, &'a Indicator> {
    let (mut places, mut met) = (BTreeSet::new(), vec![false; values.len()]);
    for (at, record) in records.iter().enumerate() {
        let sides = [Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype)];
        for (value, met) in values.iter().zip(&mut met) {
            if sides.iter().flatten().any(|side| side == value) {
                *met = true;
                places.insert(at);
            }
        }
    }
    match values.iter().zip(met).find(|(_, met)| !met) {
        Some((absent, _)) => Err(absent),
        None => Ok(places),
    }
}
