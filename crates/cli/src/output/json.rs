//! One JSON object a value, a line each.
//!
//! `{"value","type","operation","action","completeness":{"state","reason","hint"},"cached","records","errors",
//! "findings","warnings"}`. A record is what the Common Output Format has, with `"relation"` and, where something was
//! repaired, `"notes"`. A finding's `"records"` are places in `"records"`.

use cof::{Dialect, Record, Writer};
use operation::{Finding, Indicator, Relation};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::exit::Failure;
use crate::query::Asked;

#[derive(Serialize)]
struct Line<'a> {
    value: String,
    r#type: Option<&'static str>,
    operation: String,
    action: &'a str,
    completeness: Completeness,
    cached: bool,
    records: Vec<Box<RawValue>>,
    errors: Vec<Damage>,
    findings: Vec<Proposal<'a>>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Completeness {
    state: &'static str,
    reason: Option<String>,
    hint: Option<&'static str>,
}

#[derive(Serialize)]
struct Damage {
    offset: u64,
    reason: String,
}

#[derive(Serialize)]
struct Side {
    r#type: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    value: &'a str,
}

/// A finding; what only some kinds have is left out of the others.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Proposal<'a> {
    Attribute {
        name: &'a str,
        value: &'a str,
        selected: bool,
        records: &'a [usize],
    },
    Indicator {
        r#type: &'static str,
        value: String,
        status: &'static str,
        selected: bool,
        caution: Option<&'a str>,
        records: &'a [usize],
    },
    Relationship {
        from: Side,
        to: Side,
        attributes: Vec<Named<'a>>,
        selected: bool,
        caution: Option<&'a str>,
        records: &'a [usize],
    },
}

/// The line of one answer.
pub(super) fn render(asked: &Asked) -> Result<String, Failure> {
    let mut text = line(asked).map_err(|error| Failure::work("writing JSON", &error))?;
    text.push('\n');
    Ok(text)
}

fn line(asked: &Asked) -> Result<String, serde_json::Error> {
    let (completeness, records, errors) = match (&asked.outcome, &asked.indicator) {
        (Ok(answer), Some(indicator)) => (
            Completeness {
                state: answer.completeness.state.word(),
                reason: answer.completeness.reason.as_ref().map(ToString::to_string),
                hint: answer.completeness.reason.as_ref().map(operation::ProviderError::hint),
            },
            answer.records.iter().map(|one| record(indicator, one)).collect::<Result<_, _>>()?,
            answer.damages.iter().map(|one| Damage { offset: one.offset, reason: one.to_string() }).collect(),
        ),
        (outcome, _) => {
            let reason = outcome.as_ref().err().map(ToString::to_string);
            (Completeness { state: "failed", reason, hint: None }, vec![], vec![])
        }
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
        findings: asked.findings.list.iter().map(proposal).collect(),
        warnings: &asked.findings.warnings,
    })
}

/// The record as files have it, with how it stands to the indicator.
fn record(indicator: &Indicator, record: &Record) -> Result<Box<RawValue>, serde_json::Error> {
    let mut text = String::with_capacity(256);
    Writer::new(Dialect::Draft).write(record, &mut text);
    text.truncate(text.trim_end().len() - 1);
    text.push_str(",\"relation\":\"");
    text.push_str(Relation::of(indicator, record).word());
    text.push('"');
    if !record.notes.is_empty() {
        let notes: Vec<String> = record.notes.iter().map(ToString::to_string).collect();
        text.push_str(",\"notes\":");
        text.push_str(&serde_json::to_string(&notes)?);
    }
    text.push('}');
    RawValue::from_string(text)
}

fn proposal(finding: &Finding) -> Proposal<'_> {
    let side = |indicator: &Indicator| Side { r#type: indicator.kind().name(), value: indicator.to_string() };
    let selected = finding.is_selected();
    match finding {
        Finding::Attribute { name, value, records } => Proposal::Attribute { name, value, selected, records },
        Finding::Indicator { indicator, records, caution } => Proposal::Indicator {
            r#type: indicator.kind().name(),
            value: indicator.to_string(),
            status: "Indirect",
            selected,
            caution: caution.as_deref(),
            records,
        },
        Finding::Relationship { from, to, attributes, records, caution, .. } => Proposal::Relationship {
            from: side(from),
            to: side(to),
            attributes: attributes.iter().map(|(name, value)| Named { name, value }).collect(),
            selected,
            caution: caution.as_deref(),
            records,
        },
    }
}
