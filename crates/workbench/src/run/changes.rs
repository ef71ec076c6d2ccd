//! New, gone and changed records since an earlier answer.

use std::collections::{HashMap, HashSet};

use cof::{Name, Rdata, Record, RrType};
use operation::{Collector, Completeness};

use super::row::{self, COLUMNS};
use super::{Kept, Run};
use crate::{Error, Workbench};

/// The most earlier answers that are offered for comparison: as many as fit in a list.
pub(super) const MOST_COMPARABLE: usize = 50;

/// An answer compared with an earlier answer to the same query.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The run that fetched the earlier answer: the newest complete one.
    pub since: Run,
    /// The records that only the later answer has.
    pub new: Vec<Record>,
    /// The records that only the earlier answer has. `None` if the later answer is incomplete, because then missing records
    /// mean nothing.
    pub gone: Option<Vec<Record>>,
    /// The records that both have, with different times or counts.
    pub different: Vec<Difference>,
}

/// A record that differs between two answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The record in the earlier answer.
    pub before: Record,
    /// The record in the later answer.
    pub now: Record,
}

impl Workbench {
    /// The changes since an earlier complete answer to the same query: that of the run `since`, or the newest one that was
    /// fetched before this run's; `None` if there is none. The earlier answer is filtered like this run's.
    ///
    /// # Errors
    /// [`Error::Refused`] if the run `since` cannot be compared with this one; [`Error::Evidence`] if its stored answer is
    /// lost.
    pub fn changes(&self, kept: &Kept, since: Option<i64>) -> Result<Option<Changes>, Error> {
        let mut earlier = self.comparable(&kept.run)?;
        let at = since.map_or(Ok(0), |since| {
            let at = earlier.iter().position(|run| run.id == since);
            let why =
                || Error::invalid(format!("run {since} is not an earlier complete answer to the same query"));
            at.ok_or_else(why)
        })?;
        if earlier.is_empty() {
            return Ok(None);
        }
        let since = earlier.swap_remove(at);
        let earlier = self.records_as_in(&since, &kept.run)?;
        let (new, gone, different) = compare(&earlier, &kept.records, kept.run.ending.is_complete());
        Ok(Some(Changes { since, new, gone, different }))
    }

    /// The records of an earlier run, filtered like those of a later one.
    pub(crate) fn records_as_in(&self, earlier: &Run, later: &Run) -> Result<Vec<Record>, Error> {
        let mut collector = Collector::new(later.filter.clone(), usize::MAX);
        earlier.replay(self.evidence_of(earlier)?, &mut collector)?;
        Ok(collector.into_answer(Completeness::new(None, true)).records)
    }

    /// The runs that this one can be compared with, newest first, at most 50: those that fetched a complete answer to the same
    /// query before its own was fetched.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn comparable(&self, run: &Run) -> Result<Vec<Run>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM runs r \
             WHERE r.question = ? AND r.whole = 1 AND r.id < ? ORDER BY r.id DESC LIMIT {MOST_COMPARABLE}"
        );
        self.read(|database| {
            let mut statement = database.prepare_cached(&sql)?;
            let mut rows = statement.query((run.question.as_str(), run.fetched.by))?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                runs.push(row::run(row)?);
            }
            Ok(runs)
        })
    }
}

type Tuple<'a> = (&'a Name, RrType, &'a Rdata);

fn tuple(record: &Record) -> Tuple<'_> {
    (&record.rrname, record.rrtype, &record.rdata)
}

/// New, gone and different records. `is_complete` says whether missing records are gone.
pub(crate) fn compare(
    earlier: &[Record],
    later: &[Record],
    is_complete: bool,
) -> (Vec<Record>, Option<Vec<Record>>, Vec<Difference>) {
    let before: HashMap<Tuple<'_>, &Record> = earlier.iter().map(|record| (tuple(record), record)).collect();
    let (mut new, mut different) = (Vec::new(), Vec::new());
    for record in later {
        match before.get(&tuple(record)) {
            None => new.push(record.clone()),
            Some(before) if sightings(before) != sightings(record) => {
                different.push(Difference { before: (*before).clone(), now: record.clone() });
            }
            Some(_) => {}
        }
    }
    let gone = is_complete.then(|| {
        let now: HashSet<Tuple<'_>> = later.iter().map(tuple).collect();
        earlier.iter().filter(|record| !now.contains(&tuple(record))).cloned().collect()
    });
    (new, gone, different)
}

/// What is known about a tuple besides its existence: times and count.
fn sightings(record: &Record) -> (Option<(u64, u64)>, Option<u64>) {
    (record.span(), record.count)
}
