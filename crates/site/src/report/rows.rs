//! The rows of a report's tables, as they are written. Each list has at most as many rows as its [`Table`] was given, and says how many
//! there are.

use std::collections::{BTreeSet, HashMap};

use operation::{Indicator, Relation, Tlp};
use picture::text::begun;
use picture::timeline::words::{counted, day, figure, thousands};
use workbench::investigation::shared::{self, SharedResource};
use workbench::investigation::{Added, AddingRun, Member, MemberRecords, Note, Verdict};
use workbench::job::{Job, Progress};

use super::asked::{Gap, Held, Operation};
use super::data::{Data, Source};
use super::words::{Words, date, days, few, level, minute};

/// How many members or runs are named in a cell.
const NAMED: usize = 3;
/// How many held back values are named.
const HELD: usize = 50;

/// The rows of a table that are shown.
#[derive(Debug)]
pub(super) struct Table<Row> {
    pub(super) rows: Vec<Row>,
    /// How many there are, shown or not.
    pub(super) total: usize,
}

/// A member.
#[derive(Debug)]
pub(super) struct MemberRow {
    pub(super) value: String,
    pub(super) kind: &'static str,
    pub(super) verdict: Verdict,
    pub(super) tlp: &'static str,
    pub(super) status: &'static str,
    pub(super) first: String,
    pub(super) last: String,
    /// How many records are about it, or why there are none.
    pub(super) records: String,
}

/// A shared resource.
#[derive(Debug)]
pub(super) struct SharedRow {
    pub(super) rank: usize,
    pub(super) resource: String,
    pub(super) kind: String,
    pub(super) count: String,
    pub(super) members: String,
    /// First and last seen by a member; empty if no time is known.
    pub(super) first: String,
    pub(super) last: String,
    pub(super) days: String,
    pub(super) names: String,
    pub(super) why: String,
}

/// An indicator that runs added.
#[derive(Debug)]
pub(super) struct AddedRow {
    pub(super) value: String,
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) tlp: &'static str,
    pub(super) runs: String,
}

/// A job.
#[derive(Debug)]
pub(super) struct JobRow {
    pub(super) job: String,
    pub(super) actor: String,
    pub(super) when: String,
    /// The operations and filters.
    pub(super) asked: String,
    pub(super) state: String,
    pub(super) answered: String,
    pub(super) counts: [String; 4],
}

/// What an operation answered.
#[derive(Debug)]
pub(super) struct OperationRow {
    pub(super) name: String,
    pub(super) providers: String,
    pub(super) said: String,
    pub(super) times: String,
    pub(super) actors: String,
    pub(super) quota: Option<String>,
    pub(super) evidence: Option<String>,
}

/// An answer that is not complete.
#[derive(Debug)]
pub(super) struct GapRow {
    pub(super) member: String,
    pub(super) operation: String,
    pub(super) state: String,
    pub(super) why: String,
    pub(super) run: i64,
    pub(super) instead: Option<i64>,
}

/// Values that were held back from an operation.
#[derive(Debug)]
pub(super) struct HeldRow {
    pub(super) operation: String,
    pub(super) max_tlp: String,
    pub(super) values: String,
}

/// A note.
#[derive(Debug)]
pub(super) struct NoteRow {
    pub(super) when: String,
    pub(super) actor: String,
    pub(super) about: Option<String>,
    pub(super) text: String,
}

/// A source report.
#[derive(Debug)]
pub(super) struct SourceRow {
    pub(super) title: String,
    pub(super) date: String,
    pub(super) tlp: &'static str,
    /// The marking in its text, if that is stricter.
    pub(super) in_text: Option<String>,
    pub(super) bytes: String,
    pub(super) actor: String,
    pub(super) when: String,
}

impl<Row> Table<Row> {
    /// The first rows of a list.
    pub(super) fn of<Item>(
        list: impl ExactSizeIterator<Item = Item>,
        most: usize,
        row: impl FnMut(Item) -> Row,
    ) -> Self {
        let total = list.len();
        Self { rows: list.take(most).map(row).collect(), total }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many are not shown.
    pub(super) fn more(&self) -> usize {
        self.total - self.rows.len()
    }
}

impl MemberRow {
    pub(super) fn new(member: &Member, known: &HashMap<&Indicator, &MemberRecords>, words: Words) -> Self {
        let known = known.get(&member.indicator);
        let about = known.map_or(0, |known| direct(known).count());
        let span = known.and_then(|known| span(known));
        let records = match known {
            Some(known) if about > 0 && known.is_complete() => figure(about),
            Some(_) if about > 0 => format!("at least {}", figure(about)),
            Some(known) if known.is_complete() => "none".to_owned(),
            Some(known) if !known.answers.is_empty() => "none yet".to_owned(),
            _ => "not asked".to_owned(),
        };
        Self {
            value: words.value(&member.indicator),
            kind: member.indicator.kind().name(),
            verdict: member.verdict,
            tlp: level(member.tlp),
            status: if member.is_gone { "Removed" } else { member.status.name() },
            first: span.map(|(first, _)| day(first)).unwrap_or_default(),
            last: span.map(|(_, last)| day(last)).unwrap_or_default(),
            records,
        }
    }
}

/// The records that are about a member itself.
pub(super) fn direct(known: &MemberRecords) -> impl Iterator<Item = &cof::Record> {
    known.records.iter().filter(|record| Relation::of(&known.indicator, record) == Relation::Direct)
}

/// From the first to the last sighting of a member.
fn span(known: &MemberRecords) -> Option<(u64, u64)> {
    let spans = direct(known).filter_map(cof::Record::span);
    spans.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
}

impl SharedRow {
    pub(super) fn new(rank: usize, shared: &SharedResource, data: &Data, words: Words) -> Self {
        let members = &data.comparison.records.members;
        let name = |sharer: &shared::Sharer| {
            members.get(sharer.member).map(|member| words.value(&member.indicator)).unwrap_or_default()
        };
        let seen = shared.span.map(|span| (day(span.first), day(span.last)));
        let (first, last) = seen.unwrap_or_default();
        Self {
            rank,
            resource: words.resource(&shared.resource),
            kind: begun(shared.resource.kind().noun()),
            count: format!("{} of {}", figure(shared.sharers.len()), figure(members.len())),
            members: few(shared.sharers.iter().map(name), NAMED),
            first,
            last,
            days: thousands(shared.overlap.days),
            names: shared.other_names.to_string(),
            why: words.text(&shared::line(&shared.why)),
        }
    }
}

impl AddedRow {
    pub(super) fn new(added: &Added, runs: &HashMap<i64, &AddingRun>, words: Words) -> Self {
        let run = |id: &i64| match runs.get(id) {
            Some(run) => format!("run {id}, {} about {}", run.package, words.value(&run.member)),
            None => format!("run {id}"),
        };
        Self {
            value: words.value(&added.indicator),
            kind: added.indicator.kind().name(),
            status: added.status.name(),
            tlp: level(added.tlp),
            runs: few(added.runs.iter().map(run), NAMED),
        }
    }
}

impl JobRow {
    pub(super) fn new((job, progress): &(Job, Progress)) -> Self {
        let request = &job.request;
        let mut asked: Vec<String> =
            request.operations.iter().map(|operation| operation.package.clone()).collect();
        if !request.rrtypes.is_empty() {
            let types: Vec<String> = request.rrtypes.iter().map(ToString::to_string).collect();
            asked.push(format!("only {}", types.join(", ")));
        }
        asked.extend(request.window.seen_after.map(|after| format!("seen after {}", day(after))));
        asked.extend(request.window.seen_before.map(|before| format!("seen before {}", day(before))));
        asked.extend(request.fresh.then(|| "without stored answers".to_owned()));
        let Progress { total, answered, stored, failed, held, left, .. } = progress;
        Self {
            job: job.id.to_string(),
            actor: job.actor.clone(),
            when: minute(job.created_at),
            asked: asked.join("; "),
            state: begun(job.state.word()),
            answered: format!("{} of {}", thousands(*answered), thousands(*total)),
            counts: [*stored, *failed, held.len() as u64, *left].map(thousands),
        }
    }
}

impl OperationRow {
    /// `quota` is what its provider last said.
    pub(super) fn new(operation: &Operation, quota: Option<String>) -> Self {
        let joined = |texts: &BTreeSet<String>| texts.iter().cloned().collect::<Vec<_>>().join(", ");
        let numbers: Vec<i64> = operation.runs.iter().copied().collect();
        let runs = match (numbers.first(), numbers.last()) {
            (Some(first), Some(last)) if first == last => format!("run {first}"),
            (Some(first), Some(last)) => format!("{} runs from {first} to {last}", figure(numbers.len())),
            _ => "no runs".to_owned(),
        };
        let records = counted(usize::try_from(operation.records).unwrap_or(usize::MAX), "record");
        let evidence = operation.digest().map(|digest| {
            format!(
                "{runs}, {} bytes as received, BLAKE3 of their hashes {digest}",
                thousands(operation.bytes)
            )
        });
        Self {
            name: operation.name.clone(),
            providers: joined(&operation.providers),
            said: format!(
                "{}; {records}; {} from stored answers",
                operation.states(),
                figure(operation.stored)
            ),
            times: days(operation.times.0, operation.times.1),
            actors: joined(&operation.actors),
            quota,
            evidence,
        }
    }
}

impl GapRow {
    pub(super) fn new(gap: &Gap, words: Words) -> Self {
        let ending = &gap.run.ending;
        Self {
            member: words.value(&gap.member),
            operation: gap.run.operation().to_owned(),
            state: begun(ending.state.word()),
            why: ending.reason.as_ref().map(|reason| words.text(&begun(&reason.text))).unwrap_or_default(),
            run: gap.run.id,
            instead: gap.instead,
        }
    }
}

impl HeldRow {
    pub(super) fn new(held: &Held, words: Words) -> Self {
        let value = |(indicator, tlp): &(Indicator, Tlp)| format!("{} ({tlp})", words.value(indicator));
        Self {
            operation: held.operation.clone(),
            max_tlp: held.max_tlp.to_string(),
            values: few(held.values.iter().map(value), HELD),
        }
    }
}

impl NoteRow {
    pub(super) fn new(note: &Note, words: Words) -> Self {
        Self {
            when: minute(note.at),
            actor: note.actor.clone(),
            about: note.member.as_ref().map(|member| words.value(member)),
            text: words.text(&note.text),
        }
    }
}

impl SourceRow {
    pub(super) fn new(source: &Source, words: Words) -> Self {
        let report = &source.report;
        let title =
            if report.title.is_empty() { format!("Report {}", report.id) } else { words.text(&report.title) };
        Self {
            title,
            date: report.dated_at.map(date).unwrap_or_default(),
            tlp: level(report.tlp),
            in_text: source.in_text.filter(|tlp| Some(*tlp) > report.tlp).map(|tlp| tlp.to_string()),
            bytes: thousands(report.length),
            actor: report.actor.clone(),
            when: date(report.added_at),
        }
    }
}
