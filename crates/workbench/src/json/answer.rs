//! An answer as JSON: one object. Records are written as the Common Output Format has them, and not built first: there may
//! be a million.

use cof::{Dialect, Record, Writer};
use operation::{Finding, Indicator, Relation};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::at;
use crate::library::{Count, Tally};
use crate::run::{Changes, Compared, Shown};

#[derive(Default, Serialize)]
struct Line<'a> {
    value: String,
    r#type: Option<&'static str>,
    run: Option<i64>,
    operation: Option<&'a str>,
    action: Option<&'a str>,
    provider: Option<&'a str>,
    completeness: Completeness,
    cached: bool,
    fetched_at: Option<String>,
    records: Vec<Box<RawValue>>,
    errors: Vec<Damage>,
    findings: Vec<Proposal<'a>>,
    warnings: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<Value>,
}

#[derive(Default, Serialize)]
struct Completeness {
    state: &'static str,
    reason: Option<String>,
    hint: Option<String>,
}

#[derive(Serialize)]
struct Change {
    since: Since,
    new: Vec<Box<RawValue>>,
    gone: Option<Vec<Box<RawValue>>>,
    different: Vec<Different>,
}

#[derive(Serialize)]
struct Since {
    run: i64,
    at: String,
}

#[derive(Serialize)]
struct Different {
    now: Box<RawValue>,
    before: Box<RawValue>,
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
        number: usize,
        name: &'a str,
        value: &'a str,
        selected: bool,
        caution: Option<String>,
        records: &'a [usize],
    },
    Indicator {
        number: usize,
        r#type: &'static str,
        value: String,
        status: &'static str,
        selected: bool,
        caution: Option<String>,
        records: &'a [usize],
    },
    Relationship {
        number: usize,
        from: Side,
        to: Side,
        attributes: Vec<Named<'a>>,
        selected: bool,
        caution: Option<String>,
        records: &'a [usize],
    },
}

/// A run with its records and findings.
///
/// # Errors
/// None that is known: what is written is text.
pub fn shown(shown: &Shown) -> Result<String, serde_json::Error> {
    serde_json::to_string(&answer(shown)?)
}

/// A value that was not asked about, and why.
///
/// # Errors
/// None that is known: what is written is text.
pub fn refused(
    text: &str,
    indicator: Option<&Indicator>,
    reason: &str,
    hint: &str,
) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Line {
        value: indicator.map_or_else(|| text.to_owned(), ToString::to_string),
        r#type: indicator.map(|indicator| indicator.kind().name()),
        completeness: Completeness {
            state: "failed",
            reason: Some(reason.to_owned()),
            hint: Some(hint.to_owned()),
        },
        ..Line::default()
    })
}

fn answer(shown: &Shown) -> Result<Line<'_>, serde_json::Error> {
    let (run, indicator) = (&shown.run, shown.indicator());
    let reason = run.ending.reason.as_ref();
    Ok(Line {
        value: indicator.to_string(),
        r#type: Some(indicator.kind().name()),
        run: Some(run.id),
        operation: Some(&run.package),
        action: Some(&run.action),
        provider: Some(&run.provider),
        completeness: Completeness {
            state: run.ending.state.word(),
            reason: reason.map(|reason| reason.text.clone()),
            hint: reason.map(|reason| reason.hint.to_string()),
        },
        cached: run.is_cached(),
        fetched_at: Some(at(run.fetched.at)),
        records: records(indicator, &shown.records)?,
        errors: shown
            .damages
            .iter()
            .map(|one| Damage { offset: one.offset, reason: one.to_string() })
            .collect(),
        findings: shown.findings.list.iter().enumerate().map(proposal).collect(),
        warnings: &shown.findings.warnings,
        changes: compared(shown)?,
        added: shown.added.as_ref().map(tally),
    })
}

/// What became of findings in the library, or would: `{"indicators","attributes","relationships"}`, each with how many
/// are `"new"`, `"known"`, and left out as `"whitelisted"`, `"removed"` or `"over_cap"`.
pub fn tally(tally: &Tally) -> Value {
    let count = |count: &Count| {
        let Count { new, known, whitelisted, removed, over_cap } = count;
        json!({"new": new, "known": known, "whitelisted": whitelisted, "removed": removed, "over_cap": over_cap})
    };
    json!({
        "indicators": count(&tally.indicators),
        "attributes": count(&tally.attributes),
        "relationships": count(&tally.relationships),
    })
}

/// Nothing where nobody asked, and null where there is nothing to compare with.
fn compared(shown: &Shown) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    let change = match &shown.compared {
        Compared::No => return Ok(None),
        Compared::WithNothing => None,
        Compared::With(changes) => Some(change(shown, changes)?),
    };
    serde_json::value::to_raw_value(&change).map(Some)
}

fn change(shown: &Shown, changes: &Changes) -> Result<Change, serde_json::Error> {
    let indicator = shown.indicator();
    let different = changes.different.iter().map(|difference| {
        let one = |one| record(indicator, one);
        Ok(Different { now: one(&difference.now)?, before: one(&difference.before)? })
    });
    Ok(Change {
        since: Since { run: changes.since.id, at: at(changes.since.fetched.at) },
        new: records(indicator, &changes.new)?,
        gone: changes.gone.as_ref().map(|gone| records(indicator, gone)).transpose()?,
        different: different.collect::<Result<_, _>>()?,
    })
}

fn records(indicator: &Indicator, list: &[Record]) -> Result<Vec<Box<RawValue>>, serde_json::Error> {
    list.iter().map(|one| record(indicator, one)).collect()
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

fn proposal((at, finding): (usize, &Finding)) -> Proposal<'_> {
    let number = at + 1;
    let side = |indicator: &Indicator| Side { r#type: indicator.kind().name(), value: indicator.to_string() };
    let selected = finding.is_selected();
    let caution = finding.caution().map(ToString::to_string);
    match finding {
        Finding::Attribute { name, value, records, .. } => {
            Proposal::Attribute { number, name, value, selected, caution, records }
        }
        Finding::Indicator { indicator, records, .. } => Proposal::Indicator {
            number,
            r#type: indicator.kind().name(),
            value: indicator.to_string(),
            status: "Indirect",
            selected,
            caution,
            records,
        },
        Finding::Relationship { from, to, attributes, records, .. } => Proposal::Relationship {
            number,
            from: side(from),
            to: side(to),
            attributes: attributes.iter().map(|(name, value)| Named { name, value }).collect(),
            selected,
            caution,
            records,
        },
    }
}
