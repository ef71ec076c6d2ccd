//! Runs for other interfaces of this server: [`Execution`] is started like a run of a page, and waited for.
//!
//! The run is recorded, refused for values that are marked too strictly, paced, and listed while it is in progress, as any other. It
//! continues if nobody waits any more.

use std::time::Duration;

use cof::Record;
use edge::problem::Problem;
use operation::{Finding, Indicator};
use workbench::run::Run;

use crate::run_request::{RunRequest, Started};
use crate::site::Site;

/// What is asked of which operation.
#[derive(Clone, Debug)]
pub struct Execution {
    /// The indicator.
    pub indicator: Indicator,
    /// The name of the enabled operation.
    pub operation: String,
    /// Only these types: A,NS. Empty for all.
    pub rrtype: String,
    /// Only records last seen at this time or later; empty for all.
    pub seen_after: String,
    /// Only records first seen at this time or earlier; empty for all.
    pub seen_before: String,
    /// Whether records with the name in their data are queried.
    pub by_data: bool,
    /// Whether the provider is queried even if a stored answer is fresh enough.
    pub fresh: bool,
}

/// A run, with the beginning of its answer.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The run; in progress if it took longer than the caller waits.
    pub run: Run,
    /// The first records.
    pub records: Vec<Record>,
    /// The first findings.
    pub findings: Vec<Finding>,
    /// How many findings there are.
    pub finding_count: usize,
    /// Warnings about what was left out or is doubtful.
    pub warnings: Vec<String>,
}

impl Site {
    /// Starts a run on behalf of a user, and waits for its end, at most this long; returns at most this many records and findings.
    ///
    /// # Errors
    /// A [`Problem`] if the run was not started, or cannot be read.
    pub async fn execute(
        &self,
        execution: Execution,
        actor: &str,
        patience: Duration,
        most: usize,
    ) -> Result<Executed, Problem> {
        let Started { runs, .. } = execution.request().carry_out(self, actor).await?;
        let id = runs.first().copied().ok_or_else(Problem::internal)?;
        let _ = tokio::time::timeout(patience, self.jobs.ended(id)).await;
        let answer = self.jobs.settled(id).await?;
        Ok(Executed {
            run: answer.kept.run.clone(),
            records: answer.kept.records.iter().take(most).cloned().collect(),
            findings: answer.findings.list.iter().take(most).cloned().collect(),
            finding_count: answer.findings.list.len(),
            warnings: answer.findings.warnings.clone(),
        })
    }
}

impl Execution {
    fn request(self) -> RunRequest {
        RunRequest {
            value: self.indicator.as_typed(),
            operation: self.operation,
            operations: Vec::new(),
            rrtype: self.rrtype,
            seen_after: self.seen_after,
            seen_before: self.seen_before,
            by_data: self.by_data,
            fresh: self.fresh,
        }
    }
}
