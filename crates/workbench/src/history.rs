//! The history of an indicator: the newest usable answers of all operations as one, with who said what.
//!
//! A [`Part`] is what one operation knows: its newest usable answer, and its newest run, which may have failed since. Every tuple
//! (rrname, rrtype, rdata) of the answers is one record of the [`History`], with the earliest first seen and the latest last seen
//! of all answers. Counts are never added up, because providers may have the same sensors: the record has the largest one, and each
//! answer keeps its own ([`History::said`]). [`Agreement`] says whether the answers agree about a record, and [`Silence`] what it
//! means that an answer does not have it.
//!
//! [`Proposals`] are the findings of the history; each names the runs that it comes from, which claim it when it is added.
//! [`HistoryChanges`] compares the history with the one before it.
//!
//! Errors: [`Error`]. An answer whose evidence is lost is not usable; the next older one takes its place.

mod agreement;
mod changes;
mod proposals;
mod shown;

use std::collections::BTreeMap;

use cof::Record;
use operation::{Dedup, Indicator, Side};

pub use self::agreement::{APART, Agreement, Differing, Silence};
pub use self::changes::HistoryChanges;
pub use self::proposals::{Proposal, Proposals};
pub use self::shown::{Choice, ShownHistory};
use crate::run::{Kept, Run, State, Wanted};
use crate::{Error, Workbench};

/// The most runs on one indicator that are considered, the newest ones.
const MOST_RUNS: usize = 1_000;
/// How many answers of an operation are tried if the evidence of the newest ones is lost.
const TRIES: usize = 5;

/// What all operations know about an indicator.
#[derive(Clone, Debug)]
pub struct History {
    /// The indicator.
    pub indicator: Indicator,
    /// One part for each operation with a run on the indicator, sorted by the name of the operation; a name that was queried by
    /// owner and by data has two.
    pub parts: Vec<Part>,
    /// The tuples of all answers, in the order of the parts and of their answers.
    pub records: Vec<Record>,
    /// For each record and part, the position in the part's answer.
    said: Vec<Option<u32>>,
}

/// What one operation knows about an indicator.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its newest run.
    pub latest: Run,
    /// Its newest usable answer; `None` if there is none.
    pub kept: Option<Kept>,
    /// The position of each record of the answer in the history.
    places: Vec<usize>,
}

/// The runs of one operation that its part of a history depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its newest run.
    pub latest: Run,
    /// Its newest run with a usable answer.
    pub usable: Option<Run>,
}

impl Workbench {
    /// The history of an indicator; `most` limits the records of each answer. Without any run, it has no parts.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn history(&self, indicator: &Indicator, most: usize) -> Result<History, Error> {
        let runs = self.runs_of_operations(indicator)?.into_values();
        let parts = runs.filter_map(|runs| self.part(runs, most).transpose());
        Ok(History::new(indicator.clone(), parts.collect::<Result<_, Error>>()?))
    }

    /// The runs that the history of an indicator depends on. As long as they are the same, the history is.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn standings(&self, indicator: &Indicator) -> Result<Vec<Standing>, Error> {
        let standing = |runs: Vec<Run>| {
            let usable = runs.iter().find(|run| is_usable(run)).cloned();
            Some(Standing { usable, latest: runs.into_iter().next()? })
        };
        Ok(self.runs_of_operations(indicator)?.into_values().filter_map(standing).collect())
    }

    /// The runs on an indicator by operation and side, newest first.
    fn runs_of_operations(&self, indicator: &Indicator) -> Result<BTreeMap<(String, Side), Vec<Run>>, Error> {
        let wanted = Wanted { indicator: Some(indicator.clone()), limit: MOST_RUNS, ..Wanted::default() };
        let mut runs: BTreeMap<(String, Side), Vec<Run>> = BTreeMap::new();
        for run in self.runs(&wanted)?.runs {
            let key = (run.operation().to_owned(), run.filter().side);
            runs.entry(key).or_default().push(run);
        }
        Ok(runs)
    }

    /// The part of an operation with these runs, newest first.
    fn part(&self, runs: Vec<Run>, most: usize) -> Result<Option<Part>, Error> {
        let usable = runs.iter().filter(|run| is_usable(run)).take(TRIES);
        let mut kept = None;
        for run in usable {
            match self.answer_within(run.id, most) {
                Err(Error::Evidence { .. }) => {}
                answer => {
                    kept = Some(answer?);
                    break;
                }
            }
        }
        Ok(runs.into_iter().next().map(|latest| Part { latest, kept, places: Vec::new() }))
    }
}

/// Whether the answer of a run says anything: a complete one does, even without records.
fn is_usable(run: &Run) -> bool {
    match run.ending.state {
        State::Complete => true,
        State::Truncated | State::Partial | State::Interrupted => run.records > 0,
        State::Failed | State::Running => false,
    }
}

impl History {
    fn new(indicator: Indicator, mut parts: Vec<Part>) -> Self {
        let mut merged = Dedup::default();
        for part in &mut parts {
            let records = part.kept.iter().flat_map(|kept| &kept.records);
            part.places = records.map(|record| merged.add(record.clone())).collect();
        }
        let records = merged.into_records();
        let mut said = vec![None; records.len() * parts.len()];
        for (column, part) in parts.iter().enumerate() {
            for (at, place) in part.places.iter().enumerate() {
                if let Some(slot) = said.get_mut(place * parts.len() + column) {
                    *slot = u32::try_from(at).ok();
                }
            }
        }
        Self { indicator, parts, records, said }
    }

    /// What each part says about the record at this position; `None` for a part that does not have it.
    pub fn said(&self, place: usize) -> impl Iterator<Item = Option<&Record>> {
        let from = place * self.parts.len();
        let row = self.said.get(from..from + self.parts.len()).unwrap_or_default();
        row.iter().zip(&self.parts).map(|(at, part)| part.record(usize::try_from((*at)?).ok()?))
    }

    /// Whether every operation has answered, completely and in its newest run.
    pub fn is_complete(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(Part::is_complete)
    }

    /// The runs of the answers with findings in the library.
    pub fn added(&self) -> Vec<i64> {
        let runs = self.parts.iter().filter_map(Part::run);
        runs.filter(|run| run.has_additions()).map(|run| run.id).collect()
    }
}

impl Part {
    /// The run of the answer.
    pub fn run(&self) -> Option<&Run> {
        self.kept.as_ref().map(|kept| &kept.run)
    }

    /// Whether the answer is complete and that of the newest run.
    pub fn is_complete(&self) -> bool {
        self.run().is_some_and(|run| run.ending.is_complete() && run.id == self.latest.id)
    }

    /// Whether the answer is older than the newest run, which has none.
    pub fn is_older(&self) -> bool {
        self.run().is_some_and(|run| run.id != self.latest.id)
    }

    /// The number of records in the answer.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether the answer has no records, or there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn record(&self, at: usize) -> Option<&Record> {
        self.kept.as_ref()?.records.get(at)
    }
}

#[cfg(test)]
mod tests;
