//! Jobs of investigations, and how far they are.

use operation::Tlp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{at, named};
use crate::job::{Failure, Job, Progress};
use crate::run::Held;
use crate::{Error, Workbench};

/// The most jobs that are shown of an investigation: counting how far one is takes tens of milliseconds.
const MOST_JOBS: usize = 10;

/// The jobs of an investigation.
#[derive(Serialize, ToSchema)]
pub struct JobList {
    /// The jobs, newest first; at most 10.
    pub(super) jobs: Vec<JobShown>,
}

/// Queries of operations about members of an investigation.
#[derive(Serialize, ToSchema)]
pub struct JobShown {
    /// Who started it.
    actor: String,
    /// The batch of its runs; null before the first.
    #[schema(required)]
    batch: Option<i64>,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ended or was cancelled; null if it did not.
    #[schema(required, format = DateTime)]
    ended_at: Option<String>,
    /// Whether providers are queried even if a stored answer is recent enough.
    fresh: bool,
    /// Its number.
    id: i64,
    /// The number of the investigation.
    investigation: i64,
    /// The operations, as NAME@VERSION when it was created.
    operations: Vec<String>,
    /// How far it is.
    progress: JobProgress,
    /// Why it is paused; null if somebody paused it, or it is not paused.
    #[schema(required)]
    reason: Option<String>,
    /// Only records of these types; those that are configured if empty.
    rrtypes: Vec<String>,
    /// Only records last seen at this time or later; null without a limit.
    #[schema(required, format = DateTime)]
    seen_after: Option<String>,
    /// Only records first seen at this time or earlier; null without a limit.
    #[schema(required, format = DateTime)]
    seen_before: Option<String>,
    /// `running`, `paused`, `cancelled` or `ended`.
    state: &'static str,
    /// The number of indicators that it is about.
    subjects: usize,
    /// Whether a living process works on it.
    worked_on: bool,
}

/// How far a job is. A query is an operation and an indicator that it accepts.
#[derive(Serialize, ToSchema)]
pub struct JobProgress {
    /// How many queries have an answer, complete or not.
    answered: u64,
    /// How many failed and are not asked again.
    failed: u64,
    /// Why queries failed, the most frequent reason first; at most ten.
    failures: Vec<JobFailure>,
    /// The queries that are not made, because the indicator is marked stricter than the maximum of the operation.
    held: Vec<HeldQuery>,
    /// How many answers are not complete.
    incomplete: u64,
    /// How many queries are left.
    left: u64,
    /// The number of records that arrived, with those of stored answers.
    records: u64,
    /// How many answers were stored ones, so that nothing was sent.
    stored: u64,
    /// How many queries the job consists of.
    total: u64,
}

/// Why queries of a job failed.
#[derive(Serialize, ToSchema)]
pub struct JobFailure {
    /// How often.
    count: u64,
    /// The operation, as NAME@VERSION.
    operation: String,
    /// What happened.
    reason: String,
    /// Whether the provider refused it: the credentials or the quota.
    refused: bool,
}

/// A query that is not made.
#[derive(Serialize, ToSchema)]
pub struct HeldQuery {
    /// The strictest level that the operation is asked about.
    max_tlp: &'static str,
    /// The name of the operation.
    operation: String,
    /// The level of the indicator.
    tlp: &'static str,
    /// The type of the indicator.
    r#type: &'static str,
    /// The indicator.
    value: String,
}

/// The jobs of an investigation, newest first; at most ten.
///
/// # Errors
/// [`Error::Refused`] if there is no such investigation.
pub fn list(workbench: &Workbench, investigation: i64) -> Result<JobList, Error> {
    workbench.investigation(investigation)?;
    let jobs = workbench.jobs(investigation)?;
    let shown = jobs.iter().take(MOST_JOBS).map(|job| of(workbench, job));
    Ok(JobList { jobs: shown.collect::<Result<_, _>>()? })
}

/// A job as it is now.
///
/// # Errors
/// [`Error`] if the database cannot be read.
pub fn of(workbench: &Workbench, job: &Job) -> Result<JobShown, Error> {
    Ok(shown(job, &workbench.progress(job)?, workbench.is_worked_on(job)))
}

/// A job, how far it is, and whether a living process works on it.
pub fn shown(job: &Job, progress: &Progress, worked_on: bool) -> JobShown {
    let moment = |seconds: Option<u64>| seconds.map(cof::time::rfc3339);
    JobShown {
        actor: job.actor.clone(),
        batch: job.batch,
        created_at: at(job.created_at),
        ended_at: job.ended_at.map(at),
        fresh: job.request.fresh,
        id: job.id,
        investigation: job.investigation,
        operations: job.request.operations.iter().map(|operation| operation.package.clone()).collect(),
        progress: self::progress(progress),
        reason: job.reason.clone(),
        rrtypes: job.request.rrtypes.iter().map(ToString::to_string).collect(),
        seen_after: moment(job.request.window.seen_after),
        seen_before: moment(job.request.window.seen_before),
        state: job.state.word(),
        subjects: job.subjects.len(),
        worked_on,
    }
}

fn progress(progress: &Progress) -> JobProgress {
    JobProgress {
        answered: progress.answered,
        failed: progress.failed,
        failures: progress.failures.iter().map(failure).collect(),
        held: progress.held.iter().map(held).collect(),
        incomplete: progress.incomplete,
        left: progress.left,
        records: progress.records,
        stored: progress.stored,
        total: progress.total,
    }
}

fn failure(failure: &Failure) -> JobFailure {
    JobFailure {
        count: failure.count,
        operation: failure.package.clone(),
        reason: failure.reason.clone(),
        refused: failure.refused,
    }
}

fn held(held: &Held) -> HeldQuery {
    let (value, kind) = named(&held.indicator);
    HeldQuery {
        max_tlp: Tlp::word(held.max_tlp),
        operation: held.operation.clone(),
        tlp: Tlp::word(held.tlp),
        r#type: kind,
        value,
    }
}
