//! Investigations: listed, shown and changed, with their members, notes and source reports. Their jobs are in [`super::job`].

use operation::{Indicator, Tlp};
use serde::Serialize;
use utoipa::ToSchema;

use super::indicator::Refused;
use super::job::{self, JobShown};
use super::{at, named};
use crate::investigation::{Investigation, Joined, Member, Note, Origin, SourceReport};
use crate::{Error, Workbench};

/// A page of investigations.
#[derive(Serialize, ToSchema)]
pub struct InvestigationPage {
    /// The investigations, the most recently changed first.
    investigations: Vec<InvestigationSummary>,
    /// The value of `skip` for the next page; null at the end.
    #[schema(required)]
    next: Option<usize>,
}

/// An investigation, without what it contains.
#[derive(Serialize, ToSchema)]
pub struct InvestigationSummary {
    /// Who created it.
    actor: String,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// Its number.
    id: i64,
    /// The number of its members.
    member_count: u64,
    /// Its name.
    name: String,
    /// The number of notes on it and on its members.
    note_count: u64,
    /// When it was removed; null if it was not.
    #[schema(required, format = DateTime)]
    removed_at: Option<String>,
    /// `open`, `on hold` or `closed`.
    status: &'static str,
    /// What its report says first; empty if nobody wrote it.
    summary: String,
    /// Who may see it, by the Traffic Light Protocol: `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`; null if nobody said.
    #[schema(required)]
    tlp: Option<&'static str>,
    /// When it, its members or its notes were last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// An investigation with what it contains.
#[derive(Serialize, ToSchema)]
pub struct InvestigationDetails {
    /// The investigation.
    investigation: InvestigationSummary,
    /// Its jobs, newest first; at most 10.
    jobs: Vec<JobShown>,
    /// Its members, in the order in which they joined.
    members: Vec<InvestigationMember>,
    /// The notes on it and on its members, newest first; at most 1,000.
    notes: Vec<InvestigationNote>,
    /// Its source reports, the oldest first.
    reports: Vec<InvestigationReport>,
}

/// The members of an investigation.
#[derive(Serialize, ToSchema)]
pub struct MemberList {
    /// The members, in the order in which they joined.
    members: Vec<InvestigationMember>,
}

/// An indicator of an investigation.
#[derive(Serialize, ToSchema)]
pub struct InvestigationMember {
    /// Who made it a member.
    actor: String,
    /// When it became one.
    #[schema(format = DateTime)]
    added_at: String,
    /// A warning about the indicator. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<String>,
    /// The shared resource that was followed to it; null if it was not found in this way.
    #[schema(required)]
    followed: Option<String>,
    /// Whether it was removed from the library.
    gone: bool,
    /// The number of notes on it in this investigation.
    note_count: u64,
    /// The number of the source report that it was read from; null if there is none.
    #[schema(required)]
    report: Option<i64>,
    /// Its status in the library.
    status: &'static str,
    /// Who may see it, by the Traffic Light Protocol: `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`; null if nobody said.
    #[schema(required)]
    tlp: Option<&'static str>,
    /// Its type.
    r#type: &'static str,
    /// The readable form of an internationalised name. Left out if the value is readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    unicode: Option<String>,
    /// The indicator.
    value: String,
    /// What people think about it: `open`, `benign`, `suspicious` or `malicious`.
    verdict: &'static str,
}

/// The notes of an investigation.
#[derive(Serialize, ToSchema)]
pub struct NoteList {
    /// The notes on it and on its members, newest first; at most 1,000.
    notes: Vec<InvestigationNote>,
}

/// A note on an investigation or on one of its members.
#[derive(Serialize, ToSchema)]
pub struct InvestigationNote {
    /// Who wrote it.
    actor: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The member that it is about; null if it is about the whole investigation.
    #[schema(required)]
    member: Option<String>,
    /// The note.
    text: String,
}

/// The source reports of an investigation.
#[derive(Serialize, ToSchema)]
pub struct ReportList {
    /// The reports, the oldest first.
    reports: Vec<InvestigationReport>,
}

/// A text that members were read from, without the text.
#[derive(Serialize, ToSchema)]
pub struct InvestigationReport {
    /// Who brought it.
    actor: String,
    /// When it was stored.
    #[schema(format = DateTime)]
    added_at: String,
    /// Its length.
    bytes: u64,
    /// Its date; null if nobody said.
    #[schema(required, format = DateTime)]
    dated_at: Option<String>,
    /// Its number.
    id: i64,
    /// What it is, such as the name of its file.
    title: String,
    /// Who may see it; null if nobody said.
    #[schema(required)]
    tlp: Option<&'static str>,
}

/// What adding members changed.
#[derive(Serialize, ToSchema)]
pub struct MembersAdded {
    /// The number of the investigation.
    investigation: i64,
    /// What became of each indicator.
    joined: Vec<JoinedMember>,
    /// What looked like an indicator and is none.
    refused: Vec<Refused>,
    /// How much other text was skipped, such as dates.
    skipped: usize,
}

/// An indicator that was made a member.
#[derive(Serialize, ToSchema)]
pub struct JoinedMember {
    /// A warning about the indicator. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<String>,
    /// Whether it is a member only now.
    is_new: bool,
    /// What became of it in the library: `new`, `known` or `restored`.
    library: &'static str,
    /// Its status in the library.
    status: &'static str,
    /// Its type.
    r#type: &'static str,
    /// The readable form of an internationalised name. Left out if the value is readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    unicode: Option<String>,
    /// The indicator.
    value: String,
}

/// Members that were removed or judged.
#[derive(Serialize, ToSchema)]
pub struct MembersChanged {
    /// How many members were changed; the others were like that before.
    changed: usize,
    /// The number of the investigation.
    investigation: i64,
    /// The indicators that are no members.
    not_members: Vec<String>,
}

/// An investigation that was removed or restored.
#[derive(Serialize, ToSchema)]
pub struct InvestigationPresence {
    /// Its number.
    id: i64,
    /// Its name.
    name: String,
    /// Whether it is removed now.
    removed: bool,
}

/// A page of a listing; `next` is the number of investigations before the next page, if there is one.
pub fn page(investigations: &[Investigation], next: Option<usize>) -> InvestigationPage {
    InvestigationPage { investigations: investigations.iter().map(summary).collect(), next }
}

/// An investigation, without what it contains.
pub fn summary(investigation: &Investigation) -> InvestigationSummary {
    InvestigationSummary {
        actor: investigation.actor.clone(),
        created_at: at(investigation.created_at),
        id: investigation.id,
        member_count: investigation.members,
        name: investigation.name.clone(),
        note_count: investigation.notes,
        removed_at: investigation.removed_at.map(at),
        status: investigation.status.word(),
        summary: investigation.summary.clone(),
        tlp: investigation.tlp.map(Tlp::word),
        updated_at: at(investigation.updated_at),
    }
}

/// An investigation with what it contains.
///
/// # Errors
/// [`Error::Refused`] if there is none.
pub fn details(workbench: &Workbench, id: i64) -> Result<InvestigationDetails, Error> {
    Ok(InvestigationDetails {
        investigation: summary(&workbench.investigation(id)?),
        jobs: job::list(workbench, id)?.jobs,
        members: workbench.members(id)?.iter().map(member).collect(),
        notes: workbench.investigation_notes(id)?.iter().map(note).collect(),
        reports: workbench.source_reports(id)?.iter().map(report).collect(),
    })
}

/// The members of an investigation.
pub fn members(members: &[Member]) -> MemberList {
    MemberList { members: members.iter().map(member).collect() }
}

/// The notes of an investigation.
pub fn notes(notes: &[Note]) -> NoteList {
    NoteList { notes: notes.iter().map(note).collect() }
}

/// The source reports of an investigation.
pub fn reports(reports: &[SourceReport]) -> ReportList {
    ReportList { reports: reports.iter().map(report).collect() }
}

/// What adding members changed; `skipped` is the number of words without an indicator.
pub fn added(investigation: i64, joined: &[Joined], refused: &[Refused], skipped: usize) -> MembersAdded {
    MembersAdded {
        investigation,
        joined: joined.iter().map(self::joined).collect(),
        refused: refused.to_vec(),
        skipped,
    }
}

/// Members that were removed or judged, and the indicators among those given that are no members.
pub fn changed(investigation: i64, changed: usize, not_members: &[Indicator]) -> MembersChanged {
    MembersChanged {
        changed,
        investigation,
        not_members: not_members.iter().map(ToString::to_string).collect(),
    }
}

/// An investigation that was removed or restored.
pub fn presence(investigation: &Investigation) -> InvestigationPresence {
    InvestigationPresence {
        id: investigation.id,
        name: investigation.name.clone(),
        removed: investigation.removed_at.is_some(),
    }
}

/// A note on an investigation or on one of its members.
pub fn note(note: &Note) -> InvestigationNote {
    InvestigationNote {
        actor: note.actor.clone(),
        at: at(note.at),
        member: note.member.as_ref().map(ToString::to_string),
        text: note.text.clone(),
    }
}

fn member(member: &Member) -> InvestigationMember {
    let (value, kind) = named(&member.indicator);
    let (report, followed) = match &member.origin {
        Origin::User => (None, None),
        Origin::Report(report) => (Some(*report), None),
        Origin::Followed(resource) => (None, Some(resource.clone())),
    };
    InvestigationMember {
        actor: member.actor.clone(),
        added_at: at(member.added_at),
        caution: member.indicator.caution().map(|caution| caution.to_string()),
        followed,
        gone: member.is_gone,
        note_count: member.notes,
        report,
        status: member.status.name(),
        tlp: member.tlp.map(Tlp::word),
        r#type: kind,
        unicode: member.indicator.unicode(),
        value,
        verdict: member.verdict.word(),
    }
}

fn report(report: &SourceReport) -> InvestigationReport {
    InvestigationReport {
        actor: report.actor.clone(),
        added_at: at(report.added_at),
        bytes: report.length,
        dated_at: report.dated_at.map(at),
        id: report.id,
        title: report.title.clone(),
        tlp: report.tlp.map(Tlp::word),
    }
}

fn joined(joined: &Joined) -> JoinedMember {
    let (value, kind) = named(&joined.indicator);
    JoinedMember {
        caution: joined.indicator.caution().map(|caution| caution.to_string()),
        is_new: joined.is_new,
        library: joined.library.word(),
        status: joined.status.name(),
        r#type: kind,
        unicode: joined.indicator.unicode(),
        value,
    }
}
