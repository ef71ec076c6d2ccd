//! One JSON object a value, a line each.
//!
//! `{"value","type","operation","action","completeness":{"state","reason","hint"},"cached","records","errors",
//! "findings","warnings"}`. A record is what the Common Output Format has, with `"relation"` and, where something was
//! repaired, `"notes"`. A finding's `"records"` are places in `"records"`.

use std::io::Write;

use cof::{Dialect, Record, Writer};
use operation::{Finding, Indicator, Relation};
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, Value};

use super::Output;
use crate::exit::Failure;
use crate::query::Asked;

/// Prints lines of JSON.
pub(super) struct Json;

#[derive(Serialize)]
struct Line<'a> {
    value: String,
    r#type: Option<&'static str>,
    operation: String,
    action: &'a str,
    completeness: Value,
    cached: bool,
    records: Vec<Box<RawValue>>,
    errors: Vec<Value>,
    findings: Vec<Value>,
    warnings: &'a [String],
}

impl Output for Json {
    fn answer(&mut self, asked: &Asked) -> Result<(), Failure> {
        let line = line(asked).map_err(|error| Failure::work("writing JSON", &error))?;
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes())?;
        out.write_all(b"\n")?;
        Ok(out.flush()?)
    }
}

fn line(asked: &Asked) -> Result<String, serde_json::Error> {
    let (completeness, records, errors) = match (&asked.outcome, &asked.indicator) {
        (Ok(answer), Some(indicator)) => (
            json!({
                "state": answer.completeness.state.word(),
                "reason": answer.completeness.reason.as_ref().map(ToString::to_string),
                "hint": answer.completeness.reason.as_ref().map(operation::ProviderError::hint),
            }),
            answer.records.iter().map(|one| record(indicator, one)).collect::<Result<_, _>>()?,
            answer
                .damages
                .iter()
                .map(|one| json!({"offset": one.offset, "reason": one.to_string()}))
                .collect(),
        ),
        (Err(refused), _) => {
            (json!({"state": "failed", "reason": refused.to_string(), "hint": null}), vec![], vec![])
        }
        (Ok(_), None) => (Value::Null, vec![], vec![]),
    };
    serde_json::to_string(&Line {
        value: asked.indicator.as_ref().map_or_else(|| asked.value.clone(), ToString::to_string),
        r#type: asked.indicator.as_ref().map(|indicator| indicator.kind().name()),
        operation: asked.package.to_string(),
        action: &asked.action,
        completeness,
        cached: false,
        records,
        errors,
        findings: asked.findings.list.iter().map(finding).collect(),
        warnings: &asked.findings.warnings,
    })
}

/// The record as files have it, with how it stands to the indicator.
fn record(indicator: &Indicator, record: &Record) -> Result<Box<RawValue>, serde_json::Error> {
    let mut text = String::new();
    Writer::new(Dialect::Draft).write(record, &mut text);
    text.truncate(text.trim_end().len() - 1);
    text.push_str(&format!(",\"relation\":\"{}\"", Relation::of(indicator, record).word()));
    if !record.notes.is_empty() {
        let notes: Vec<String> = record.notes.iter().map(ToString::to_string).collect();
        text.push_str(&format!(",\"notes\":{}", serde_json::to_string(&notes)?));
    }
    text.push('}');
    RawValue::from_string(text)
}

fn finding(finding: &Finding) -> Value {
    let side =
        |indicator: &Indicator| json!({"type": indicator.kind().name(), "value": indicator.to_string()});
    match finding {
        Finding::Attribute { name, value, records } => {
            json!({"kind": finding.kind(), "name": name, "value": value, "selected": true, "records": records})
        }
        Finding::Indicator { indicator, records, caution } => json!({
            "kind": finding.kind(),
            "type": indicator.kind().name(),
            "value": indicator.to_string(),
            "status": "Indirect",
            "selected": caution.is_none(),
            "caution": caution,
            "records": records,
        }),
        Finding::Relationship { from, to, attributes, records, caution } => {
            let attributes: Vec<Value> =
                attributes.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            json!({
                "kind": finding.kind(),
                "from": side(from),
                "to": side(to),
                "attributes": attributes,
                "selected": caution.is_none(),
                "caution": caution,
                "records": records,
            })
        }
    }
}
