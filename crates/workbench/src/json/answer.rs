//! An answer as one JSON object. Records are written by [`cof::Writer`] and kept as text, because there may be a million of
//! them.

use std::fmt::Write as _;

use cof::{Dialect, Record, Writer};
use context::{Place, Placing};
use operation::{Finding, Indicator, Relation};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{AttributeValue, at};
use crate::library::{Count, Tally};
use crate::run::{Changes, Compared, Difference, Ending, Run, Shown};

/// An answer: a run with its records and findings, or a value that was not queried.
#[derive(Default, Serialize, ToSchema)]
pub struct Answer<'a> {
    /// The indicator, or the text that is none.
    value: String,
    /// The type of the indicator; null if the text is none.
    #[schema(required)]
    r#type: Option<&'static str>,
    /// The run; null, like action and provider, if the value was not queried.
    #[schema(required)]
    run: Option<i64>,
    /// The operation, as NAME@VERSION; null if the value is no indicator.
    #[schema(required)]
    operation: Option<&'a str>,
    /// The action of the operation.
    #[schema(required)]
    action: Option<&'a str>,
    /// The provider.
    #[schema(required)]
    provider: Option<&'a str>,
    /// Whether the answer is complete.
    completeness: AnswerCompleteness,
    /// Whether a stored answer was used.
    cached: bool,
    /// When the provider was queried; null if it was not.
    #[schema(required, format = DateTime)]
    fetched_at: Option<String>,
    /// The records.
    #[schema(value_type = Vec<AnswerRecord>)]
    records: Box<RawValue>,
    /// The parts of the answer that could not be read.
    errors: Vec<AnswerError>,
    /// What can be added to the library.
    findings: Vec<AnswerFinding<'a>>,
    /// What the mapping warns about.
    warnings: &'a [String],
    /// What changed since an earlier answer. Left out unless it is asked for; null without an earlier complete answer.
    #[expect(clippy::option_option, reason = "left out, null, or an object")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AnswerChanges>)]
    changes: Option<Option<AnswerChanges>>,
    /// What became of the findings in the library. Left out if nothing was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    added: Option<LibraryTally>,
}

/// How the answer ended.
#[derive(Default, Serialize, ToSchema)]
pub struct AnswerCompleteness {
    /// `complete`, `truncated`, `partial`, `failed`, `interrupted` or `running`.
    state: &'static str,
    /// Why the answer is not complete.
    #[schema(required)]
    reason: Option<String>,
    /// What to do about it.
    #[schema(required)]
    hint: Option<String>,
}

/// The differences between an answer and an earlier one.
#[derive(Serialize, ToSchema)]
pub struct AnswerChanges {
    /// The earlier answer.
    since: EarlierAnswer,
    /// Records that are only in the later answer.
    #[schema(value_type = Vec<AnswerRecord>)]
    new: Box<RawValue>,
    /// Records that are only in the earlier answer; null if the later answer is not complete.
    #[schema(required, value_type = Option<Vec<AnswerRecord>>)]
    gone: Option<Box<RawValue>>,
    /// Records that are in both and differ in times or counts.
    different: Vec<ChangedRecord>,
}

/// The answer that another is compared with.
#[derive(Serialize, ToSchema)]
pub struct EarlierAnswer {
    /// Its run.
    run: i64,
    /// When the provider was queried.
    #[schema(format = DateTime)]
    at: String,
}

impl EarlierAnswer {
    pub(super) fn of(run: &Run) -> Self {
        Self { run: run.id, at: at(run.fetched.at) }
    }
}

/// A record that is in two answers and differs.
#[derive(Serialize, ToSchema)]
pub struct ChangedRecord {
    /// The record in the later answer.
    #[schema(value_type = AnswerRecord)]
    now: Box<RawValue>,
    /// The record in the earlier answer.
    #[schema(value_type = AnswerRecord)]
    before: Box<RawValue>,
}

/// A part of an answer that could not be read.
#[derive(Serialize, ToSchema)]
pub struct AnswerError {
    /// Where it begins, in bytes.
    offset: u64,
    /// What is wrong with it.
    reason: String,
}

// `record` writes it with the writer of records, for speed; a test compares the members.
/// A record of the Common Output Format, and whether it is direct or related.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what the writer of records writes")]
pub struct AnswerRecord {
    /// The owner.
    rrname: String,
    /// The type.
    rrtype: String,
    /// The data: a list with one element.
    rdata: Vec<String>,
    /// When it was first seen, in seconds since the epoch. Left out if unknown.
    time_first: Option<u64>,
    /// When it was last seen, in seconds since the epoch. Left out if unknown.
    time_last: Option<u64>,
    /// When a zone file first had it, in seconds since the epoch. Left out if unknown.
    zone_time_first: Option<u64>,
    /// When a zone file last had it, in seconds since the epoch. Left out if unknown.
    zone_time_last: Option<u64>,
    /// How often it was seen. Left out if unknown.
    count: Option<u64>,
    /// The zone that the answering server is responsible for. Left out if unknown.
    bailiwick: Option<String>,
    /// The sensor that saw it. Left out if unknown.
    sensor_id: Option<String>,
    /// The database that it comes from. Left out if unknown.
    origin: Option<String>,
    /// `direct` or `related`.
    relation: &'static str,
    /// The number of the autonomous system of the address in the data. Left out if unknown.
    as_number: Option<u32>,
    /// The name of the autonomous system. Left out if unknown.
    as_name: Option<String>,
    /// The country of the address, as two letters of ISO 3166-1. Left out if unknown.
    country: Option<String>,
    /// What was repaired. Left out if nothing was.
    notes: Option<Vec<String>>,
}

/// One side of a relationship.
#[derive(Serialize, ToSchema)]
pub struct FindingSide {
    /// The type of the indicator.
    r#type: &'static str,
    /// The indicator.
    value: String,
}

/// What an answer proposes for the library; members that only some kinds have are left out of the others.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum AnswerFinding<'a> {
    /// An attribute of the indicator.
    Attribute {
        /// For `pick`.
        number: usize,
        /// Its name.
        name: &'a str,
        /// Its value.
        value: &'a str,
        /// Whether it is selected by default.
        selected: bool,
        /// Why it deserves a second look.
        #[schema(required)]
        caution: Option<String>,
        /// The positions of the records that it comes from, starting at 0.
        records: &'a [usize],
    },
    /// A related indicator.
    Indicator {
        /// For `pick`.
        number: usize,
        /// Its type.
        r#type: &'static str,
        /// The indicator.
        value: String,
        /// The status that it would have.
        status: &'static str,
        /// Whether it is selected by default.
        selected: bool,
        /// Why it deserves a second look.
        #[schema(required)]
        caution: Option<String>,
        /// The positions of the records that it comes from, starting at 0.
        records: &'a [usize],
    },
    /// A relationship between two indicators.
    Relationship {
        /// For `pick`.
        number: usize,
        /// The owner of the record.
        from: FindingSide,
        /// The data of the record.
        to: FindingSide,
        /// Attributes of the relationship.
        attributes: Vec<AttributeValue>,
        /// Whether it is selected by default.
        selected: bool,
        /// Why it deserves a second look.
        #[schema(required)]
        caution: Option<String>,
        /// The positions of the records that it comes from, starting at 0.
        records: &'a [usize],
    },
}

/// What became of findings in the library, or would.
#[derive(Serialize, ToSchema)]
pub struct LibraryTally {
    /// Attributes.
    attributes: TallyCount,
    /// Indicators.
    indicators: TallyCount,
    /// Relationships.
    relationships: TallyCount,
}

/// How many findings of a kind were added, known or left out.
#[derive(Serialize, ToSchema)]
pub struct TallyCount {
    /// In the library already.
    known: u64,
    /// Added.
    new: u64,
    /// Left out, because the source has added as much to an indicator as it may.
    over_cap: u64,
    /// Left out, because they would bring back what was removed.
    removed: u64,
    /// Left out, because they would change something whitelisted.
    whitelisted: u64,
}

/// A run with its records and findings.
///
/// # Errors
/// None in practice: the result is text.
pub fn shown(shown: &Shown) -> Result<String, serde_json::Error> {
    // Growing the text step by step would copy it several times.
    let mut text = Vec::with_capacity(1_024 + shown.records.len() * 256 + shown.findings.list.len() * 256);
    serde_json::to_writer(&mut text, &answer(shown)?)?;
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

/// A value that was not queried, and why.
///
/// # Errors
/// None in practice: the result is text.
pub fn refused(
    text: &str,
    indicator: Option<&Indicator>,
    operation: Option<&str>,
    reason: &str,
    hint: &str,
) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Answer {
        value: indicator.map_or_else(|| text.to_owned(), ToString::to_string),
        r#type: indicator.map(|indicator| indicator.kind().name()),
        operation,
        completeness: AnswerCompleteness {
            state: "failed",
            reason: Some(reason.to_owned()),
            hint: Some(hint.to_owned()),
        },
        records: RawValue::from_string("[]".to_owned())?,
        ..Answer::default()
    })
}

fn answer(shown: &Shown) -> Result<Answer<'_>, serde_json::Error> {
    let (run, indicator) = (&shown.run, shown.indicator());
    Ok(Answer {
        value: indicator.to_string(),
        r#type: Some(indicator.kind().name()),
        run: Some(run.id),
        operation: Some(&run.package),
        action: Some(&run.action),
        provider: Some(&run.provider),
        completeness: completeness(&run.ending),
        cached: run.is_cached(),
        fetched_at: Some(at(run.fetched.at)),
        records: records(indicator, &shown.records, &shown.placing)?,
        errors: shown
            .damages
            .iter()
            .map(|one| AnswerError { offset: one.offset, reason: one.to_string() })
            .collect(),
        findings: shown.findings.list.iter().enumerate().map(proposed).collect(),
        warnings: &shown.findings.warnings,
        changes: compared(shown)?,
        added: shown.added.as_ref().map(tally),
    })
}

/// How a run ended.
pub(super) fn completeness(ending: &Ending) -> AnswerCompleteness {
    let reason = ending.reason.as_ref();
    AnswerCompleteness {
        state: ending.state.word(),
        reason: reason.map(|reason| reason.text.clone()),
        hint: reason.map(|reason| reason.hint.to_string()),
    }
}

/// What became of findings in the library, or would become of them.
pub fn tally(tally: &Tally) -> LibraryTally {
    let count = |count: &Count| {
        let Count { new, known, whitelisted, removed, over_cap } = *count;
        TallyCount { known, new, over_cap, removed, whitelisted }
    };
    LibraryTally {
        attributes: count(&tally.attributes),
        indicators: count(&tally.indicators),
        relationships: count(&tally.relationships),
    }
}

/// Left out if no comparison was requested, and null if there is nothing to compare with.
#[expect(clippy::option_option, reason = "left out, null, or an object")]
fn compared(shown: &Shown) -> Result<Option<Option<AnswerChanges>>, serde_json::Error> {
    match &shown.compared {
        Compared::No => Ok(None),
        Compared::WithNothing => Ok(Some(None)),
        Compared::With(changes) => change(shown, changes).map(|changes| Some(Some(changes))),
    }
}

fn change(shown: &Shown, changes: &Changes) -> Result<AnswerChanges, serde_json::Error> {
    let (indicator, placing) = (shown.indicator(), &shown.placing);
    Ok(AnswerChanges {
        since: EarlierAnswer::of(&changes.since),
        new: records(indicator, &changes.new, placing)?,
        gone: changes.gone.as_ref().map(|gone| records(indicator, gone, placing)).transpose()?,
        different: changed(indicator, &changes.different, placing)?,
    })
}

pub(super) fn changed(
    indicator: &Indicator,
    different: &[Difference],
    placing: &Placing,
) -> Result<Vec<ChangedRecord>, serde_json::Error> {
    let both = |difference: &Difference| {
        let one = |one| record(indicator, one, placing);
        Ok(ChangedRecord { now: one(&difference.now)?, before: one(&difference.before)? })
    };
    different.iter().map(both).collect()
}

/// Records as a list: one text, because separate ones would each be allocated, copied and checked.
pub(super) fn records(
    indicator: &Indicator,
    list: &[Record],
    placing: &Placing,
) -> Result<Box<RawValue>, serde_json::Error> {
    let mut text = String::with_capacity(2 + list.len() * 256);
    text.push('[');
    for (at, one) in list.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        push_record(indicator, one, placing, &mut text)?;
    }
    text.push(']');
    RawValue::from_string(text)
}

/// The record as in COF, with its relation to the indicator, and where its address is.
pub(super) fn record(
    indicator: &Indicator,
    record: &Record,
    placing: &Placing,
) -> Result<Box<RawValue>, serde_json::Error> {
    let mut text = String::with_capacity(256);
    push_record(indicator, record, placing, &mut text)?;
    RawValue::from_string(text)
}

fn push_record(
    indicator: &Indicator,
    record: &Record,
    placing: &Placing,
    text: &mut String,
) -> Result<(), serde_json::Error> {
    Writer::new(Dialect::Draft).write(record, text);
    text.truncate(text.trim_end().len() - 1);
    text.push_str(",\"relation\":\"");
    text.push_str(Relation::of(indicator, record).word());
    text.push('"');
    if let Some(place) = placing.of(record) {
        push_place(text, &place)?;
    }
    if !record.notes.is_empty() {
        let notes: Vec<String> = record.notes.iter().map(ToString::to_string).collect();
        text.push_str(",\"notes\":");
        text.push_str(&serde_json::to_string(&notes)?);
    }
    text.push('}');
    Ok(())
}

/// Writes the members for a place, each after a comma: what is not known is left out.
///
/// # Errors
/// None in practice: the text is written to memory.
pub fn push_place(text: &mut String, place: &Place) -> Result<(), serde_json::Error> {
    if let Some(number) = place.as_number {
        let _ = write!(text, ",\"as_number\":{number}");
    }
    let country = place.country.map(|country| country.to_string());
    for (name, value) in [("as_name", &place.as_name), ("country", &country)] {
        if let Some(value) = value {
            let _ = write!(text, ",\"{name}\":{}", serde_json::to_string(value)?);
        }
    }
    Ok(())
}

/// A finding with its number.
pub(super) fn proposed((at, finding): (usize, &Finding)) -> AnswerFinding<'_> {
    let number = at + 1;
    let side =
        |indicator: &Indicator| FindingSide { r#type: indicator.kind().name(), value: indicator.to_string() };
    let selected = finding.is_selected();
    let caution = finding.caution().map(ToString::to_string);
    match finding {
        Finding::Attribute { name, value, records, .. } => {
            AnswerFinding::Attribute { number, name, value, selected, caution, records }
        }
        Finding::Indicator { indicator, records, .. } => AnswerFinding::Indicator {
            number,
            r#type: indicator.kind().name(),
            value: indicator.to_string(),
            status: "Indirect",
            selected,
            caution,
            records,
        },
        Finding::Relationship { from, to, attributes, records, .. } => AnswerFinding::Relationship {
            number,
            from: side(from),
            to: side(to),
            attributes: attributes.iter().map(|(name, value)| AttributeValue::new(name, value)).collect(),
            selected,
            caution,
            records,
        },
    }
}
