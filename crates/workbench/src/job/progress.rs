//! How far a job is, for people: [`Progress`].

use operation::{IndicatorType, Tlp};
use rusqlite::Connection;

use super::Job;
use super::stored::Done;
use crate::database::Problem;
use crate::run::{self, Held};
use crate::{Error, Workbench, library};

/// The most different reasons of failures that are listed.
const MOST_REASONS: i64 = 10;

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many queries the job consists of.
    pub total: u64,
    /// How many have an answer, complete or not.
    pub answered: u64,
    /// How many of these answers were stored ones, so that nothing was sent.
    pub stored: u64,
    /// How many of these answers are not complete.
    pub incomplete: u64,
    /// How many failed and are not asked again.
    pub failed: u64,
    /// How many of all these a provider refused, because of credentials or quota.
    pub refused: u64,
    /// Those that are not asked because of a marking.
    pub held: Vec<Held>,
    /// How many are left.
    pub left: u64,
    /// Why queries failed, the most frequent reason first; at most ten.
    pub failures: Vec<Failure>,
    /// Records that arrived, with those of stored answers.
    pub records: u64,
}

/// Why queries failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The operation, as NAME@VERSION.
    pub package: String,
    /// What happened; printable.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// Whether the provider refused it: the credentials or the quota.
    pub refused: bool,
}

impl Progress {
    /// How many queries are done, or are not made.
    pub fn done(&self) -> u64 {
        self.total.saturating_sub(self.left)
    }
}

impl Workbench {
    /// How far a job is now.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn progress(&self, job: &Job) -> Result<Progress, Error> {
        let held = self.read(|database| held(database, job))?;
        self.read(|database| {
            let mut progress = counts(database, job)?;
            let done = Done::of(database, job)?;
            for operation in &job.request.operations {
                let asked = job.subjects.iter().filter(|subject| operation.types.contains(&subject.kind()));
                for subject in asked {
                    progress.total += 1;
                    progress.left += u64::from(!done.has(subject, operation.name()));
                }
            }
            progress.left = progress.left.saturating_sub(held.len() as u64);
            progress.failures = failures(database, job)?;
            progress.held = held;
            Ok(progress)
        })
    }
}

/// Sums over the newest run of each query.
fn counts(database: &Connection, job: &Job) -> Result<Progress, Problem> {
    let sql = "SELECT state, count(*), sum(fetched_by <> id), sum(records), sum(refused) FROM runs \
               WHERE coalesce(batch, id) = ?1 AND (state <> 'failed' OR id > ?2) GROUP BY state";
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query((job.batch, job.retried))?;
    let mut progress = Progress::default();
    while let Some(row) = rows.next()? {
        let state: String = row.get(0)?;
        let count = |at: usize| row.get(at).map(|count: i64| u64::try_from(count).unwrap_or_default());
        let (number, stored, records) = (count(1)?, count(2)?, count(3)?);
        match run::State::from_word(&state) {
            Some(run::State::Complete) => progress.answered += number,
            Some(run::State::Truncated | run::State::Partial) => {
                progress.answered += number;
                progress.incomplete += number;
            }
            Some(run::State::Failed) => progress.failed += number,
            Some(run::State::Interrupted | run::State::Running) | None => {}
        }
        progress.stored += stored;
        progress.refused += count(4)?;
        progress.records += records;
    }
    Ok(progress)
}

fn failures(database: &Connection, job: &Job) -> Result<Vec<Failure>, Problem> {
    let sql = "SELECT package, reason, count(*), max(refused) FROM runs WHERE coalesce(batch, id) = ?1 AND state = 'failed' AND id > ?2 \
               GROUP BY package, reason ORDER BY count(*) DESC, package, reason LIMIT ?3";
    let mut statement = database.prepare_cached(sql)?;
    let rows = statement.query_map((job.batch, job.retried, MOST_REASONS), |row| {
        let (reason, count): (Option<String>, i64) = (row.get(1)?, row.get(2)?);
        Ok(Failure {
            package: row.get(0)?,
            reason: reason.unwrap_or_default(),
            count: u64::try_from(count).unwrap_or_default(),
            refused: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The queries of a job that are not made because of the subject's marking, and were not made before it.
fn held(database: &Connection, job: &Job) -> Result<Vec<Held>, Problem> {
    // Most libraries have no marking at all.
    let any = "SELECT EXISTS (SELECT 1 FROM indicators WHERE tlp IS NOT NULL)";
    if !database.prepare_cached(any)?.query_row([], |row| row.get(0))? {
        return Ok(Vec::new());
    }
    let done = Done::of(database, job)?;
    let limits: Vec<(&super::Operation, Tlp)> = job
        .request
        .operations
        .iter()
        .map(|operation| Ok((operation, run::max_tlp_of(database, operation.name())?)))
        .collect::<Result<_, Problem>>()?;
    let mut held = Vec::new();
    for subject in &job.subjects {
        let Some(tlp) = library::find(database, subject)?.and_then(|place| place.tlp) else { continue };
        let kind: IndicatorType = subject.kind();
        for (operation, max_tlp) in
            limits.iter().filter(|(operation, max)| tlp > *max && operation.types.contains(&kind))
        {
            if !done.has(subject, operation.name()) {
                let (indicator, operation) = (subject.clone(), operation.name().to_owned());
                held.push(Held { indicator, tlp, operation, max_tlp: *max_tlp });
            }
        }
    }
    Ok(held)
}
