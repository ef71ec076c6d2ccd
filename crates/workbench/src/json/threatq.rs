//! What was exchanged with a ThreatQ: its names, pulls from it, and its operations.
//!
//! The crate `platform` fills these in, which knows what a ThreatQ answers; therefore their members are public.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::at;

/// What can be pulled from a ThreatQ.
#[derive(Serialize, ToSchema)]
pub struct ThreatqNames {
    /// The names of its statuses.
    pub statuses: Vec<String>,
    /// The types that it has and the threat library, too.
    pub types: Vec<String>,
}

/// What a pull did so far, or would do.
#[derive(Serialize, ToSchema)]
pub struct PullReport {
    /// Whether everything was read.
    pub complete: bool,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Statuses that only the instance has; new indicators with them get the status Review.
    pub foreign: Vec<ForeignStatus>,
    /// The first 100 indicators.
    pub indicators: Vec<PulledIndicator>,
    /// How many became members of the investigation, or would.
    pub joined: u64,
    /// How many were known.
    pub known: u64,
    /// How many entries are no indicators here.
    pub left_out: u64,
    /// How many are new.
    pub new: u64,
    /// Where another pull continues.
    pub next: u64,
    /// How many were read.
    pub read: u64,
    /// The first 20 of those that are left out, with the reason.
    pub reasons: Vec<LeftOutValue>,
    /// How many were removed from the library before, and stay so.
    pub removed: u64,
    /// How many there are on the instance; null if it does not say so.
    #[schema(required)]
    pub total: Option<u64>,
}

/// A status that only the instance has.
#[derive(Serialize, ToSchema)]
pub struct ForeignStatus {
    /// How many indicators have it.
    pub count: u64,
    /// Its name.
    pub status: String,
}

/// An indicator that was pulled.
#[derive(Serialize, ToSchema)]
pub struct PulledIndicator {
    /// `new`, `known`, or `removed`: removed from the library before, and left so.
    pub outcome: &'static str,
    /// Its status there.
    pub status: String,
    /// Its level there; null if it is not marked.
    #[schema(required)]
    pub tlp: Option<&'static str>,
    /// Its type.
    pub r#type: &'static str,
    /// Its value.
    pub value: String,
}

/// A value that is left out.
#[derive(Serialize, ToSchema)]
pub struct LeftOutValue {
    /// Why.
    pub reason: String,
    /// The value, as the instance has it.
    pub value: String,
}

/// A pull that this server works on, or did.
#[derive(Serialize, ToSchema)]
pub struct PullShown {
    /// Who started it.
    pub actor: String,
    /// When it began.
    #[schema(format = DateTime)]
    pub began_at: String,
    /// When it ended; null if it goes on.
    #[schema(required, format = DateTime)]
    pub ended_at: Option<String>,
    /// Its number: that of its entry in the audit trail.
    pub id: i64,
    /// The number of the investigation; null for the library alone.
    #[schema(required)]
    pub investigation: Option<i64>,
    /// The name of the platform's integration.
    pub platform: String,
    /// Why it failed; null otherwise.
    #[schema(required)]
    pub reason: Option<String>,
    /// What it did so far.
    pub report: PullReport,
    /// `running`, `done`, `cancelled` or `failed`.
    pub state: &'static str,
    /// The statuses that are read; all if there are none.
    pub statuses: Vec<String>,
    /// The types that are read.
    pub types: Vec<String>,
}

/// The operations that are installed on a ThreatQ.
#[derive(Serialize, ToSchema)]
pub struct ThreatqOperations {
    /// The operations, by title.
    pub operations: Vec<ThreatqOperation>,
}

/// An operation that is installed on a ThreatQ.
#[derive(Serialize, ToSchema)]
pub struct ThreatqOperation {
    /// Its actions.
    pub actions: Vec<ThreatqAction>,
    /// Whether it is enabled; null if the instance does not say so.
    #[schema(required)]
    pub enabled: Option<bool>,
    /// Its number there.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its title, or its name.
    pub title: String,
    /// Its version; null if the instance does not say it.
    #[schema(required)]
    pub version: Option<String>,
}

/// An action of an operation.
#[derive(Serialize, ToSchema)]
pub struct ThreatqAction {
    /// Its name.
    pub name: String,
    /// What it accepts, as far as the instance says so.
    pub types: Vec<String>,
}

/// What an operation of a ThreatQ returned.
#[derive(Serialize, ToSchema)]
pub struct ExecutionResult {
    /// The name of the action.
    pub action: String,
    /// Whether there may be more records than were read.
    pub cut: bool,
    /// How many objects look like records, but are none.
    pub damaged: u64,
    /// The indicator.
    pub indicator: ExecutedIndicator,
    /// The operation.
    pub operation: ExecutedOperation,
    /// The records that were recognised, in the Common Output Format.
    pub records: Vec<Value>,
    /// What it returned, without secrets.
    pub result: Value,
}

/// An indicator that an operation was executed on.
#[derive(Serialize, ToSchema)]
pub struct ExecutedIndicator {
    /// Its type.
    pub r#type: &'static str,
    /// Its value.
    pub value: String,
}

/// An operation that was executed.
#[derive(Serialize, ToSchema)]
pub struct ExecutedOperation {
    /// Its number there.
    pub id: u64,
    /// Its title.
    pub title: String,
}

/// An execution that this server waits for, or did.
#[derive(Serialize, ToSchema)]
pub struct ExecutionShown {
    /// The name of the action.
    pub action: String,
    /// Who started it.
    pub actor: String,
    /// When it began.
    #[schema(format = DateTime)]
    pub began_at: String,
    /// When it ended; null if it goes on.
    #[schema(required, format = DateTime)]
    pub ended_at: Option<String>,
    /// Its number: that of its entry in the audit trail.
    pub id: i64,
    /// The indicator.
    pub indicator: ExecutedIndicator,
    /// Whether it may have been executed although it failed.
    pub may_have_acted: bool,
    /// The operation.
    pub operation: ExecutedOperation,
    /// The name of the platform's integration.
    pub platform: String,
    /// Why it failed; null otherwise.
    #[schema(required)]
    pub reason: Option<String>,
    /// What it returned; null as long as it goes on, after a failure, and if it is larger than 1 MiB.
    #[schema(required)]
    pub result: Option<ExecutionResult>,
    /// `running`, `done` or `failed`.
    pub state: &'static str,
}

/// A time in the form of the others.
pub fn time(seconds: i64) -> String {
    at(seconds)
}
