//! The sheets of a report as HTML: [`Paper`], the same on a page and in a file.

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use operation::Tlp;
use picture::sheet::{MOST_LANES, Sheet};
use picture::timeline::words::{counted, figure};
use workbench::Workbench;
use workbench::investigation::shared::SharedResource;
use workbench::investigation::{AddingRun, Verdict};

use super::asked::{self, Completeness};
use super::data::Data;
use super::lanes;
use super::options::{Options, Section};
use super::rows::{
    AddedRow, GapRow, HeldRow, JobRow, MemberRow, NoteRow, OperationRow, SharedRow, SourceRow, Table,
};
use super::words::{Words, date, few, marking, minute};

/// The most shared resources that are listed, the strongest first.
const MOST_SHARED: usize = 100;
/// How many people are named besides the author, and how many names that were not followed.
const PEOPLE: usize = 10;
const UNFOLLOWED: usize = 20;

/// The sheets, with everything as it is written.
#[derive(Debug, Template)]
#[template(path = "report-paper.html")]
pub(super) struct Paper<'a> {
    data: &'a Data,
    options: &'a Options,
    author: &'a str,
    words: Words,
    completeness: Completeness,
    operations: Vec<OperationRow>,
    jobs: Vec<JobRow>,
    members: Table<MemberRow>,
    shared: Table<SharedRow>,
    sheet: Option<Sheet>,
    /// The resource that the timeline marks.
    marked: Option<String>,
    added: Table<AddedRow>,
    held: Vec<HeldRow>,
    gaps: Table<GapRow>,
    notes: Table<NoteRow>,
    sources: Table<SourceRow>,
}

impl<'a> Paper<'a> {
    /// The report with at most `most` rows in a table; `workbench` says what providers said about their quotas.
    pub(super) fn new(
        data: &'a Data,
        workbench: &Workbench,
        (author, options, most): (&'a str, &'a Options, usize),
    ) -> Self {
        let words = Words { defang: options.defang };
        let known = data.known();
        let (operations, held) = (asked::operations(data), asked::held(data, &known));
        let completeness = Completeness::of(data, &operations, &held);
        let operations = operations.iter().map(|one| {
            let quota = one.providers.iter().find_map(|provider| workbench.last_quota(provider));
            OperationRow::new(one, quota.map(|said| said.quota.to_string()))
        });
        let marked = data.comparison.shared.list.first().filter(|shared| !shared.is_weak());
        Self {
            completeness,
            operations: operations.collect(),
            jobs: data.jobs.iter().map(JobRow::new).collect(),
            members: Table::of(data.members.iter(), most, |member| MemberRow::new(member, &known, words)),
            shared: shared(data, most, words),
            sheet: Sheet::new(&lanes::of(&data.comparison.records, marked, MOST_LANES, words)),
            marked: marked.map(|shared| words.resource(&shared.resource)),
            added: added(data, most, words),
            held: held.iter().map(|held| HeldRow::new(held, words)).collect(),
            gaps: gaps(data, most, words),
            notes: Table::of(data.notes.iter(), most, |note| NoteRow::new(note, words)),
            sources: Table::of(data.sources.iter(), most, |source| SourceRow::new(source, words)),
            data,
            options,
            author,
            words,
        }
    }

    /// Whether a table has more rows than it was allowed to show.
    pub(super) fn is_cut(&self, most: usize) -> bool {
        let totals = [self.members.total, self.added.total, self.gaps.total, self.notes.total];
        totals.into_iter().any(|total| total > most)
    }

    /// The style class of the marking.
    fn class(&self) -> &'static str {
        match self.data.tlp {
            None => "tlp-none",
            Some(Tlp::Clear) => "tlp-clear",
            Some(Tlp::Green) => "tlp-green",
            Some(Tlp::Amber) => "tlp-amber",
            Some(Tlp::AmberStrict) => "tlp-strict",
            Some(Tlp::Red) => "tlp-red",
        }
    }

    fn marking(&self) -> String {
        self.data.tlp.map_or_else(|| "No TLP marking".to_owned(), |tlp| marking(Some(tlp)))
    }

    fn name(&self) -> String {
        self.words.text(&self.data.investigation.name)
    }

    fn summary(&self) -> String {
        self.words.text(&self.data.investigation.summary)
    }

    fn at(&self) -> String {
        minute(i64::try_from(self.data.at).unwrap_or(i64::MAX))
    }

    fn opened(&self) -> String {
        date(self.data.investigation.created_at)
    }

    fn member_count(&self) -> String {
        counted(self.data.members.len(), "member")
    }

    /// Who else worked on it.
    fn people(&self) -> Option<String> {
        let data = self.data;
        let people: BTreeSet<&str> = (data.members.iter().map(|member| member.actor.as_str()))
            .chain(data.notes.iter().map(|note| note.actor.as_str()))
            .chain(data.sources.iter().map(|source| source.report.actor.as_str()))
            .chain(data.jobs.iter().map(|(job, _)| job.actor.as_str()))
            .filter(|person| *person != self.author && *person != data.investigation.actor)
            .collect();
        (!people.is_empty()).then(|| few(people.iter().map(|person| (*person).to_owned()), PEOPLE))
    }

    /// How many members have each verdict.
    fn verdicts(&self) -> String {
        let members = &self.data.members;
        let count = |verdict| members.iter().filter(|member| member.verdict == verdict).count();
        let counts = Verdict::ALL.into_iter().rev().map(|verdict| (count(verdict), verdict));
        let said: Vec<String> = counts
            .filter(|(count, _)| *count > 0)
            .map(|(count, verdict)| format!("{} {verdict}", figure(count)))
            .collect();
        let members = self.member_count();
        if said.is_empty() { format!("{members}.") } else { format!("{members}: {}.", said.join(", ")) }
    }

    /// What runs added besides indicators.
    fn other_additions(&self) -> String {
        let runs = &self.data.additions.runs;
        let sum = |count: fn(&AddingRun) -> u64| {
            usize::try_from(runs.iter().map(count).sum::<u64>()).unwrap_or(usize::MAX)
        };
        format!(
            "{} with additions; besides indicators, they state {} and {}.",
            counted(runs.len(), "run"),
            counted(sum(|run| run.attributes), "attribute"),
            counted(sum(|run| run.relationships), "relationship")
        )
    }

    /// The weak pivots by reason.
    fn weak(&self) -> String {
        let weak = &self.data.comparison.shared.weak;
        let said: Vec<String> = weak.iter().map(ToString::to_string).collect();
        if said.is_empty() { "None.".to_owned() } else { self.words.text(&format!("{}.", said.join(", "))) }
    }

    fn unfollowed(&self) -> Option<String> {
        let names = &self.data.comparison.shared.unfollowed;
        let first = few(names.iter().map(ToString::to_string), UNFOLLOWED);
        (!names.is_empty()).then(|| self.words.text(&first))
    }

    /// How many members were removed from the library.
    fn gone(&self) -> usize {
        self.data.members.iter().filter(|member| member.is_gone).count()
    }
}

/// The resources that connect members, without the weak ones.
fn shared(data: &Data, most: usize, words: Words) -> Table<SharedRow> {
    let strong: Vec<(usize, &SharedResource)> =
        data.comparison.shared.list.iter().enumerate().filter(|(_, shared)| !shared.is_weak()).collect();
    let row = |(at, shared): (usize, &SharedResource)| SharedRow::new(at + 1, shared, data, words);
    Table::of(strong.into_iter(), most.min(MOST_SHARED), row)
}

fn added(data: &Data, most: usize, words: Words) -> Table<AddedRow> {
    let runs: HashMap<i64, &AddingRun> = data.additions.runs.iter().map(|run| (run.id, run)).collect();
    Table::of(data.additions.indicators.iter(), most, |added| AddedRow::new(added, &runs, words))
}

fn gaps(data: &Data, most: usize, words: Words) -> Table<GapRow> {
    let gaps = asked::gaps(data);
    Table::of(gaps.iter(), most, |gap| GapRow::new(gap, words))
}
