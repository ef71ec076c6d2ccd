//! What command and API say about a ThreatQ: [`workbench::json::threatq`], filled in.

use cof::{Dialect, Record, Writer};
use operation::{Indicator, Tlp};
use serde_json::Value;
use workbench::json::threatq::{
    ExecutedIndicator, ExecutedOperation, ExecutionResult, ForeignStatus, LeftOutValue, PullReport,
    PulledIndicator, ThreatqAction, ThreatqNames, ThreatqOperation, ThreatqOperations,
};

use super::executing::{Executed, Ready};
use super::names::Names;
use super::operations::{Action, Operation};
use super::taking::{self, Named, Report};

/// What can be pulled.
pub fn names(names: &Names) -> ThreatqNames {
    ThreatqNames { statuses: names.statuses().map(str::to_owned).collect(), types: taking::types(names) }
}

/// What a pull did, or would do.
pub fn report(report: &Report, dry_run: bool) -> PullReport {
    let foreign = report.foreign.iter();
    let foreign = foreign.map(|(status, count)| ForeignStatus { count: *count, status: status.clone() });
    let reasons = report.reasons.iter();
    let reasons =
        reasons.map(|(value, reason)| LeftOutValue { reason: reason.clone(), value: value.clone() });
    PullReport {
        complete: report.is_complete,
        dry_run,
        foreign: foreign.collect(),
        indicators: report.named.iter().map(pulled).collect(),
        joined: report.joined,
        known: report.known,
        left_out: report.left_out,
        new: report.new,
        next: report.next,
        read: report.read,
        reasons: reasons.collect(),
        removed: report.removed,
        total: report.total,
    }
}

fn pulled(named: &Named) -> PulledIndicator {
    PulledIndicator {
        outcome: named.taken.word(),
        status: named.status.clone(),
        tlp: named.tlp.map(Tlp::word),
        r#type: named.indicator.kind().name(),
        value: named.indicator.to_string(),
    }
}

/// The operations of an instance.
pub fn operations(operations: &[Operation]) -> ThreatqOperations {
    let action = |action: &Action| ThreatqAction { name: action.name.clone(), types: action.types.clone() };
    let one = |operation: &Operation| ThreatqOperation {
        actions: operation.actions.iter().map(action).collect(),
        enabled: operation.enabled,
        id: operation.id,
        name: operation.name.clone(),
        title: operation.title.clone(),
        version: operation.version.clone(),
    };
    ThreatqOperations { operations: operations.iter().map(one).collect() }
}

/// What an operation returned.
pub fn executed(ready: &Ready, executed: &Executed) -> ExecutionResult {
    let Executed { result, recognised } = executed;
    ExecutionResult {
        action: ready.action.name.clone(),
        cut: recognised.is_cut,
        damaged: recognised.damaged,
        indicator: indicator(&ready.indicator),
        operation: operation(&ready.operation),
        records: recognised.records.iter().map(record).collect(),
        result: result.clone(),
    }
}

/// An indicator that an operation was executed on.
pub fn indicator(indicator: &Indicator) -> ExecutedIndicator {
    ExecutedIndicator { r#type: indicator.kind().name(), value: indicator.to_string() }
}

/// An operation that was executed.
pub fn operation(operation: &Operation) -> ExecutedOperation {
    ExecutedOperation { id: operation.id, title: operation.title.clone() }
}

fn record(record: &Record) -> Value {
    let mut line = String::new();
    Writer::new(Dialect::Draft).write(record, &mut line);
    // A line of records is JSON.
    serde_json::from_str(&line).unwrap_or_default()
}
