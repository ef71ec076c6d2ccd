//! Everything that a report says, read from the workbench at one moment: [`Data`].

use std::collections::HashMap;
use std::sync::Arc;

use export::gather;
use operation::{Indicator, Tlp};
use workbench::investigation::shared;
use workbench::investigation::{Additions, Investigation, Member, MemberRecords, Note, SourceReport};
use workbench::job::{Job, Progress};
use workbench::{Error, Workbench};

use crate::comparisons::Comparison;

/// The most jobs that are read with their progress, the newest ones; older ones are counted.
const MOST_JOBS: usize = 20;
/// The most names that were not followed whose markings are looked up: more than are named. Shared resources and notes are bounded.
const MOST_NAMES: usize = 1_000;

/// What a report says.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) investigation: Investigation,
    /// In the order in which they joined.
    pub(super) members: Vec<Member>,
    /// What their answers contain, and what they share; the members may have changed since.
    pub(super) comparison: Arc<Comparison>,
    /// The newest first.
    pub(super) notes: Vec<Note>,
    pub(super) sources: Vec<Source>,
    /// The newest first.
    pub(super) jobs: Vec<(Job, Progress)>,
    /// How many older jobs there are.
    pub(super) older_jobs: usize,
    pub(super) additions: Additions,
    /// The strictest marking of everything that the report could name.
    pub(super) tlp: Option<Tlp>,
    /// When it was read, in seconds since the epoch.
    pub(super) at: u64,
}

/// A source report.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) report: SourceReport,
    /// The strictest marking in its text.
    pub(super) in_text: Option<Tlp>,
}

impl Data {
    /// Reads everything about an investigation. Blocks.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation; [`Error`] if the text of a source cannot be read, because then nobody
    /// knows how it is marked.
    pub(super) fn read(workbench: &Workbench, id: i64, comparison: Arc<Comparison>) -> Result<Self, Error> {
        let all = workbench.jobs(id)?;
        let older_jobs = all.len().saturating_sub(MOST_JOBS);
        let jobs = all.into_iter().take(MOST_JOBS);
        let jobs = jobs.map(|job| workbench.progress(&job).map(|progress| (job, progress)));
        let mut data = Self {
            investigation: workbench.investigation(id)?,
            members: workbench.members(id)?,
            comparison,
            notes: workbench.investigation_notes(id)?,
            sources: sources(workbench, id)?,
            jobs: jobs.collect::<Result<_, _>>()?,
            older_jobs,
            additions: workbench.member_additions(id)?,
            tlp: None,
            at: workbench.clock().seconds(),
        };
        data.tlp = data.marking().max(data.marking_of_values(workbench)?);
        Ok(data)
    }

    /// What is known about each member.
    pub(super) fn known(&self) -> HashMap<&Indicator, &MemberRecords> {
        self.comparison.records.members.iter().map(|known| (&known.indicator, known)).collect()
    }

    /// The strictest marking of the investigation, its members and sources, what was added, and of any text that people wrote.
    fn marking(&self) -> Option<Tlp> {
        let texts = [&self.investigation.name, &self.investigation.summary]
            .into_iter()
            .chain(self.notes.iter().map(|note| &note.text))
            .chain(self.sources.iter().map(|source| &source.report.title));
        let in_texts = texts.filter_map(|text| Tlp::strictest_in(text)).max();
        let members = self.members.iter().filter_map(|member| member.tlp).max();
        let sources = self.sources.iter().filter_map(|source| source.report.tlp.max(source.in_text)).max();
        let added = self.additions.indicators.iter().filter_map(|added| added.tlp).max();
        [self.investigation.tlp, in_texts, members, sources, added].into_iter().max().flatten()
    }

    /// The strictest marking in the library of the values that any text of the report reveals, by the same rule as for what is handed
    /// over: also in the middle of a note or of a TXT token, and names below them.
    fn marking_of_values(&self, workbench: &Workbench) -> Result<Option<Tlp>, Error> {
        let texts = self.written().into_iter().chain(self.named()).chain(self.shared());
        Ok(gather::levels_in(workbench, texts)?.strictest())
    }

    /// What people and providers wrote.
    fn written(&self) -> Vec<String> {
        let Investigation { name, summary, .. } = &self.investigation;
        let notes = self.notes.iter().map(|note| &note.text);
        let titles = self.sources.iter().map(|source| &source.report.title);
        let runs = self.comparison.records.members.iter().flat_map(|known| &known.answers);
        let reasons = runs.filter_map(|answered| Some(&answered.latest.ending.reason.as_ref()?.text));
        [name, summary].into_iter().chain(notes).chain(titles).chain(reasons).cloned().collect()
    }

    /// The indicators: members, what notes are about, which may have been a member before, and what was added.
    fn named(&self) -> Vec<String> {
        let members = self.members.iter().map(|member| &member.indicator);
        let noted = self.notes.iter().filter_map(|note| note.member.as_ref());
        let added = self.additions.indicators.iter().map(|added| &added.indicator);
        let asked = self.additions.runs.iter().map(|run| &run.member);
        members.chain(noted).chain(added).chain(asked).map(ToString::to_string).collect()
    }

    /// What members share and why it ranks, and the names that were not followed.
    fn shared(&self) -> Vec<String> {
        let found = &self.comparison.shared;
        let resources = found.list.iter().flat_map(|one| [one.resource.to_string(), shared::line(&one.why)]);
        let names = found.unfollowed.iter().take(MOST_NAMES).map(ToString::to_string);
        resources.chain(names).collect()
    }
}

/// The source reports with the markings in their texts.
fn sources(workbench: &Workbench, id: i64) -> Result<Vec<Source>, Error> {
    let reports = workbench.source_reports(id)?.into_iter();
    let sources = reports.map(|report| {
        let in_text = Tlp::strictest_in(&workbench.source_text(id, report.id)?);
        Ok(Source { report, in_text })
    });
    sources.collect()
}
