//! A history as one JSON object: what every operation knows about an indicator, merged.
//!
//! Members are declared in the order in which they are read, as in an [`answer`](super::answer).

use cof::Record;
use operation::Side;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::answer::{
    AnswerCompleteness, AnswerFinding, AnswerRecord, ChangedRecord, EarlierAnswer, LibraryTally, changed,
    completeness, proposed, record, records, tally,
};
use super::at;
use crate::history::{Agreement, HistoryChanges, Part, Proposal, ShownHistory, Silence};
use crate::run::{Compared, Run};

/// The newest usable answers of all operations on an indicator, merged.
#[derive(Serialize, ToSchema)]
pub struct History<'a> {
    /// The indicator.
    value: String,
    /// Its type.
    r#type: &'static str,
    /// What each operation knows: one element for each, in the order of `said`.
    answers: Vec<HistoryAnswer<'a>>,
    /// How many records match, including those that a limit leaves out.
    matching: usize,
    /// The records.
    records: Vec<HistoryRecord>,
    /// What can be added to the library.
    findings: Vec<HistoryFinding<'a>>,
    /// What the mappings warn about.
    warnings: &'a [String],
    /// What changed since the earlier answers. Left out unless it is asked for; null without an earlier complete answer.
    #[expect(clippy::option_option, reason = "left out, null, or an object")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<HistoryDifferences>)]
    changes: Option<Option<HistoryDifferences>>,
    /// What became of the findings in the library. Left out if nothing was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    added: Option<LibraryTally>,
}

/// What one operation knows about the indicator.
#[derive(Serialize, ToSchema)]
pub struct HistoryAnswer<'a> {
    /// The name of the operation.
    operation: &'a str,
    /// The source of its findings.
    source: &'a str,
    /// `owner`, or `data` for a query of records with the name in their data.
    asked: &'static str,
    /// The run of the answer; null, like the next three, if no run has a usable answer.
    #[schema(required)]
    run: Option<i64>,
    /// The provider of the answer.
    #[schema(required)]
    provider: Option<&'a str>,
    /// Whether the answer is complete.
    #[schema(required)]
    completeness: Option<AnswerCompleteness>,
    /// When the provider was queried.
    #[schema(required, format = DateTime)]
    fetched_at: Option<String>,
    /// The number of records in the answer.
    records: usize,
    /// The newest run, if it has no usable answer.
    #[schema(required)]
    since: Option<HistoryAttempt>,
}

/// A run that is newer than the answer, without a usable answer of its own.
#[derive(Serialize, ToSchema)]
pub struct HistoryAttempt {
    /// Its number.
    run: i64,
    /// How it ended.
    completeness: AnswerCompleteness,
}

/// A record of any answer.
#[derive(Serialize, ToSchema)]
pub struct HistoryRecord {
    /// The record with the earliest first seen, the latest last seen and the largest count of all answers.
    #[schema(value_type = AnswerRecord)]
    record: Box<RawValue>,
    /// `all`, `some`, `only` (one of several answers has it), `apart` (dates are far apart) or `alone` (there is one answer).
    agreement: &'static str,
    /// What each answer says about it, in the order of `answers`.
    said: Vec<HistorySaid>,
}

/// What an answer says about a record.
#[derive(Serialize, ToSchema)]
pub struct HistorySaid {
    /// `seen`, `not_seen`, `not_among` (the answer is not complete), `not_seen_up_to` (the answer is older than the newest run),
    /// `not_asked` (another type or time was queried) or `unknown` (there is no answer).
    standing: &'static str,
    /// When it was first seen, in seconds since the epoch.
    #[schema(required)]
    time_first: Option<u64>,
    /// When it was last seen, in seconds since the epoch.
    #[schema(required)]
    time_last: Option<u64>,
    /// How often it was seen.
    #[schema(required)]
    count: Option<u64>,
}

/// A finding with the runs that it comes from.
#[derive(Serialize, ToSchema)]
pub struct HistoryFinding<'a> {
    /// The finding.
    finding: AnswerFinding<'a>,
    /// The runs, which claim it when it is added.
    runs: Vec<i64>,
}

/// The differences between a history and the earlier one.
#[derive(Serialize, ToSchema)]
pub struct HistoryDifferences {
    /// The earlier answer of each operation that is compared.
    since: Vec<EarlierAnswer>,
    /// The sources of operations without an earlier complete answer, which are not compared.
    without: Vec<String>,
    /// Records that no earlier answer has.
    #[schema(value_type = Vec<AnswerRecord>)]
    new: Box<RawValue>,
    /// Records that only earlier answers have; null if an answer is not complete.
    #[schema(required, value_type = Option<Vec<AnswerRecord>>)]
    gone: Option<Box<RawValue>>,
    /// Records that differ.
    different: Vec<ChangedRecord>,
}

/// A history as text.
///
/// # Errors
/// None in practice: the result is text.
pub fn shown(shown: &ShownHistory) -> Result<String, serde_json::Error> {
    let history = &shown.history;
    let of = |place: &usize| Some(line(shown, *place, history.records.get(*place)?));
    serde_json::to_string(&History {
        value: history.indicator.to_string(),
        r#type: history.indicator.kind().name(),
        answers: history.parts.iter().map(answer).collect(),
        matching: shown.matching,
        records: shown.places.iter().filter_map(of).collect::<Result<_, _>>()?,
        findings: shown.proposals.list.iter().enumerate().map(|numbered| finding(shown, numbered)).collect(),
        warnings: &shown.proposals.warnings,
        changes: compared(shown)?,
        added: shown.added.as_ref().map(tally),
    })
}

fn answer(part: &Part) -> HistoryAnswer<'_> {
    let run = part.run();
    let attempt =
        |latest: &Run| HistoryAttempt { run: latest.id, completeness: completeness(&latest.ending) };
    HistoryAnswer {
        operation: part.latest.operation(),
        source: &part.latest.source,
        asked: match part.latest.filter().side {
            Side::Owner => "owner",
            Side::Data => "data",
        },
        run: run.map(|run| run.id),
        provider: run.map(|run| run.provider.as_str()),
        completeness: run.map(|run| completeness(&run.ending)),
        fetched_at: run.map(|run| at(run.fetched.at)),
        records: part.len(),
        since: run.is_none_or(|run| run.id != part.latest.id).then(|| attempt(&part.latest)),
    }
}

fn line(shown: &ShownHistory, place: usize, merged: &Record) -> Result<HistoryRecord, serde_json::Error> {
    let history = &shown.history;
    let parts = history.said(place).zip(&history.parts);
    Ok(HistoryRecord {
        record: record(&history.indicator, merged, &shown.placing)?,
        agreement: match shown.agreement(place) {
            Agreement::Alone => "alone",
            Agreement::Only(_) => "only",
            Agreement::Apart(_) => "apart",
            Agreement::Some { .. } => "some",
            Agreement::All => "all",
        },
        said: parts.map(|(said, part)| of_part(said, part, merged)).collect(),
    })
}

fn of_part(said: Option<&Record>, part: &Part, merged: &Record) -> HistorySaid {
    let standing = if said.is_some() { "seen" } else { word(part.silence(merged)) };
    let (first, last) = said.map(Record::seen).unwrap_or_default();
    HistorySaid { standing, time_first: first, time_last: last, count: said.and_then(|record| record.count) }
}

fn word(silence: Silence) -> &'static str {
    match silence {
        Silence::NotSeen => "not_seen",
        Silence::NotAmong(_) => "not_among",
        Silence::NotSeenUpTo(_) => "not_seen_up_to",
        Silence::NotAsked => "not_asked",
        Silence::Unknown => "unknown",
    }
}

fn finding<'a>(shown: &ShownHistory, (at, proposal): (usize, &'a Proposal)) -> HistoryFinding<'a> {
    HistoryFinding { finding: proposed((at, &proposal.finding)), runs: shown.history.runs_of(proposal) }
}

#[expect(clippy::option_option, reason = "left out, null, or an object")]
fn compared(shown: &ShownHistory) -> Result<Option<Option<HistoryDifferences>>, serde_json::Error> {
    match &shown.compared {
        Compared::No => Ok(None),
        Compared::WithNothing => Ok(Some(None)),
        Compared::With(changes) => differences(shown, changes).map(|changes| Some(Some(changes))),
    }
}

fn differences(
    shown: &ShownHistory,
    changes: &HistoryChanges,
) -> Result<HistoryDifferences, serde_json::Error> {
    let (indicator, placing) = (&shown.history.indicator, &shown.placing);
    Ok(HistoryDifferences {
        since: changes.since.iter().map(EarlierAnswer::of).collect(),
        without: changes.without.clone(),
        new: records(indicator, &changes.new, placing)?,
        gone: changes.gone.as_ref().map(|gone| records(indicator, gone, placing)).transpose()?,
        different: changed(indicator, &changes.different, placing)?,
    })
}
