//! How complete the answers about the members are: [`Operation`] for each operation, [`Gap`] for each answer that is not complete,
//! [`Held`] for what a marking kept from one, and [`Completeness`] in one sentence.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use operation::{Indicator, Tlp};
use picture::timeline::words::{counted, figure};
use workbench::investigation::{Answered, MemberRecords};
use workbench::run::{Run, State};

use super::data::Data;

/// What an operation answered about the members.
#[derive(Debug)]
pub(super) struct Operation {
    /// Its name, without a version.
    pub(super) name: String,
    /// The services that were asked, and who asked.
    pub(super) providers: BTreeSet<String>,
    pub(super) actors: BTreeSet<String>,
    /// The numbers of newest answers that are complete, incomplete, failed, and under way.
    pub(super) complete: usize,
    pub(super) incomplete: usize,
    pub(super) failed: usize,
    pub(super) running: usize,
    /// How many of them are stored answers to an earlier question.
    pub(super) stored: usize,
    pub(super) records: u64,
    pub(super) bytes: u64,
    /// From when to when it was asked, in seconds since the epoch.
    pub(super) times: (i64, i64),
    /// The hashes of the evidence of all answers, each once.
    pub(super) evidence: BTreeSet<String>,
    /// The numbers of its runs.
    pub(super) runs: BTreeSet<i64>,
}

/// An answer that is not complete.
#[derive(Debug)]
pub(super) struct Gap {
    pub(super) member: Indicator,
    pub(super) run: Run,
    /// The older run whose answer is used instead.
    pub(super) instead: Option<i64>,
}

/// Values that an operation was not asked about, because of their marking.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) operation: String,
    pub(super) max_tlp: Tlp,
    pub(super) values: Vec<(Indicator, Tlp)>,
}

/// Whether anything is missing.
#[derive(Debug, Default)]
pub(super) struct Completeness {
    /// What is missing, each with its number.
    missing: Vec<String>,
    members: usize,
    operations: usize,
}

/// What the operations answered, by name.
pub(super) fn operations(data: &Data) -> Vec<Operation> {
    let mut all: BTreeMap<String, Operation> = BTreeMap::new();
    for answered in data.comparison.records.members.iter().flat_map(|known| &known.answers) {
        let name = answered.latest.operation();
        all.entry(name.to_owned()).or_insert_with(|| Operation::new(name)).add(answered);
    }
    all.into_values().collect()
}

/// The answers that are not complete, in the order of the members.
pub(super) fn gaps(data: &Data) -> Vec<Gap> {
    let of = |known: &MemberRecords| {
        let open = known.answers.iter().filter(|answered| !answered.is_complete());
        let gap = |answered: &Answered| Gap {
            member: known.indicator.clone(),
            run: answered.latest.clone(),
            instead: answered.usable.as_ref().map(|run| run.id).filter(|id| *id != answered.latest.id),
        };
        open.map(gap).collect::<Vec<_>>()
    };
    data.comparison.records.members.iter().flat_map(of).collect()
}

/// What the jobs held back and nobody asked since; only about present members.
pub(super) fn held(data: &Data, known: &HashMap<&Indicator, &MemberRecords>) -> Vec<Held> {
    let members: HashSet<&Indicator> = data.members.iter().map(|member| &member.indicator).collect();
    let was_asked = |indicator: &Indicator, operation: &str| {
        known.get(indicator).is_some_and(|known| {
            known.answers.iter().any(|answered| answered.latest.operation() == operation)
        })
    };
    let mut found: BTreeMap<&str, (Tlp, BTreeMap<Indicator, Tlp>)> = BTreeMap::new();
    for held in data.jobs.iter().flat_map(|(_, progress)| &progress.held) {
        if members.contains(&held.indicator) && !was_asked(&held.indicator, &held.operation) {
            let (_, values) = found.entry(&held.operation).or_insert((held.max_tlp, BTreeMap::new()));
            values.insert(held.indicator.clone(), held.tlp);
        }
    }
    let found = found.into_iter();
    found
        .map(|(operation, (max_tlp, values))| Held {
            operation: operation.to_owned(),
            max_tlp,
            values: values.into_iter().collect(),
        })
        .collect()
}

impl Operation {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            providers: BTreeSet::new(),
            actors: BTreeSet::new(),
            complete: 0,
            incomplete: 0,
            failed: 0,
            running: 0,
            stored: 0,
            records: 0,
            bytes: 0,
            times: (i64::MAX, i64::MIN),
            evidence: BTreeSet::new(),
            runs: BTreeSet::new(),
        }
    }

    fn add(&mut self, answered: &Answered) {
        let latest = &answered.latest;
        match latest.ending.state {
            State::Complete if answered.is_complete() => self.complete += 1,
            State::Complete | State::Truncated | State::Partial | State::Interrupted => self.incomplete += 1,
            State::Failed => self.failed += 1,
            State::Running => self.running += 1,
        }
        self.stored += usize::from(latest.is_cached());
        for run in std::iter::once(latest).chain(&answered.usable) {
            self.actors.insert(run.actor.clone());
            self.providers.insert(run.provider.clone());
            self.times = (self.times.0.min(run.fetched.at), self.times.1.max(run.fetched.at));
            self.runs.insert(run.id);
        }
        if let Some(run) = &answered.usable {
            self.records += run.records;
            self.bytes += run.bytes;
            self.evidence.extend(run.evidence_hash().map(str::to_owned));
        }
    }

    /// How many answers there are.
    pub(super) fn answers(&self) -> usize {
        self.complete + self.incomplete + self.failed + self.running
    }

    /// "37 of 48 complete, 1 failed".
    pub(super) fn states(&self) -> String {
        let mut text = format!("{} of {} complete", figure(self.complete), counted(self.answers(), "answer"));
        for (count, word) in
            [(self.incomplete, "incomplete"), (self.failed, "failed"), (self.running, "under way")]
        {
            if count > 0 {
                let _ = write!(text, ", {} {word}", figure(count));
            }
        }
        text
    }

    /// One hash over those of all evidence, in order.
    pub(super) fn digest(&self) -> Option<String> {
        let mut hasher = blake3::Hasher::new();
        for hash in &self.evidence {
            hasher.update(hash.as_bytes()).update(b"\n");
        }
        (!self.evidence.is_empty()).then(|| hasher.finalize().to_hex().to_string())
    }
}

impl Completeness {
    pub(super) fn of(data: &Data, operations: &[Operation], held: &[Held]) -> Self {
        let sum = |count: fn(&Operation) -> usize| operations.iter().map(count).sum::<usize>();
        let records = &data.comparison.records;
        let unasked = records.members.iter().filter(|known| known.answers.is_empty()).count();
        let left: u64 =
            data.jobs.iter().filter(|(job, _)| job.is_open()).map(|(_, progress)| progress.left).sum();
        let missing = [
            (sum(|one| one.failed), "answer", " failed"),
            (sum(|one| one.incomplete), "answer", " incomplete"),
            (sum(|one| one.running), "query", " under way"),
            (usize::try_from(left).unwrap_or(usize::MAX), "query", " of an open job not made yet"),
            (
                held.iter().map(|held| held.values.len()).sum::<usize>(),
                "value",
                " held back because of a marking",
            ),
            (unasked, "member", " never asked about"),
            (records.left_out, "member", " with too many records to compare"),
        ];
        let missing = missing.into_iter().filter(|(count, ..)| *count > 0);
        Self {
            missing: missing.map(|(count, noun, words)| several(count, noun) + words).collect(),
            members: data.members.len(),
            operations: operations.len(),
        }
    }

    /// Whether nothing is missing.
    pub(super) fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.operations > 0
    }

    /// What is missing, or what was asked.
    pub(super) fn sentence(&self) -> String {
        match (self.operations, self.missing.as_slice()) {
            (0, _) => "No operation was asked about the members.".to_owned(),
            (_, [_, ..]) => format!("{}.", self.missing.join("; ")),
            (operations, []) => format!(
                "{} answered completely about {}.",
                counted(operations, "operation"),
                counted(self.members, "member")
            ),
        }
    }
}

/// A number with its noun.
fn several(count: usize, noun: &str) -> String {
    match (count, noun) {
        (1, _) | (_, "answer" | "value" | "member") => counted(count, noun),
        _ => format!("{} queries", figure(count)),
    }
}
