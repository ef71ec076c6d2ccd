//! One JSON object a value, a line each.
//!
//! `{"value","type","operation","action","completeness":{"state","reason","hint"},"cached","records","errors",
//! "findings","warnings"}`. A record is what the Common Output Format has, with `"relation"` and, where something was
//! repaired, `"notes"`. A finding's `"records"` are places in `"records"`.

use std::fmt::Write as _;

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
    let text = line(asked).map_err(|error| Failure::work("writing JSON", &error))?;
    let mut text = ascii(text);
    text.push('\n');
    Ok(text)
}

/// The same JSON in printable ASCII, so that a terminal may have it too: only strings hold anything else.
pub(super) fn ascii(json: String) -> String {
    if json.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if matches!(character, ' '..='~') {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

fn line(asked: &Asked) -> Result<String, serde_json::Error> {
    let (records, errors) = match (&asked.outcome, &asked.indicator) {
        (Ok(answer), Some(indicator)) => (
            answer.records.iter().map(|one| record(indicator, one)).collect::<Result<_, _>>()?,
            answer.damages.iter().map(|one| Damage { offset: one.offset, reason: one.to_string() }).collect(),
        ),
        _ => (vec![], vec![]),
    };
    serde_json::to_string(&Line {
        value: asked.indicator.as_ref().map_or_else(|| asked.value.clone(), ToString::to_string),
        r#type: asked.indicator.as_ref().map(|indicator| indicator.kind().name()),
        operation: asked.package.to_string(),
        action: &asked.action,
        completeness: completeness(asked),
        cached: false,
        records,
        errors,
        findings: asked.findings.list.iter().map(proposal).collect(),
        warnings: &asked.findings.warnings,
    })
}

fn completeness(asked: &Asked) -> Completeness {
    match &asked.outcome {
        Ok(operation::Answer { completeness, .. }) => Completeness {
            state: completeness.state.word(),
            reason: completeness.reason.as_ref().map(ToString::to_string),
            hint: completeness.reason.as_ref().map(operation::ProviderError::hint),
        },
        Err(refused) => {
            Completeness { state: "failed", reason: Some(refused.to_string()), hint: Some(refused.hint()) }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_printable_ascii() {
        let text = serde_json::to_string("\u{9b}é\u{202e}😀\u{7f}\n").unwrap();
        let ascii = ascii(text.clone());
        assert_eq!(ascii, r#""\u009b\u00e9\u202e\ud83d\ude00\u007f\n""#);
        assert_eq!(
            serde_json::from_str::<String>(&ascii).unwrap(),
            serde_json::from_str::<String>(&text).unwrap()
        );
    }
}
