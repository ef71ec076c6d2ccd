//! The first page of an investigation: its summary, settings, source reports and jobs; creating, removing and restoring it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use edge::problem::Problem;
use operation::{Line, Marking, Tlp, TlpError};
use workbench::Workbench;
use workbench::investigation::{Edit, NewInvestigation, SourceReport, Status, Verdict};
use workbench::job::{Job, Progress};

use super::address;
use super::head::{Head, Tab};
use crate::access::{Fields, May, Posted, Visitor, needs::EditLibrary};
use crate::basis::{Basis, Claim, change_from};
use crate::page::stale::{Differing, Side, Stale};
use crate::page::stamp::Stamp;
use crate::page::{Frame, go, show};
use crate::site::Shared;

#[derive(Template)]
#[template(path = "investigation.html")]
struct Page {
    frame: Frame,
    head: Head,
    reports: Vec<SourceReport>,
    /// How many members have each verdict.
    verdicts: Vec<(Verdict, usize)>,
    jobs: Vec<(Job, Progress)>,
}

pub(super) async fn look(
    State(site): State<Shared>,
    frame: Frame,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let head = Head::of(&site, id, Tab::Overview, &frame).await?;
    let read = move |workbench: &Workbench| {
        let members = workbench.members(id)?;
        let count = |verdict| members.iter().filter(|member| member.verdict == verdict).count();
        let verdicts = Verdict::ALL.map(|verdict| (verdict, count(verdict))).to_vec();
        let jobs = workbench.jobs(id)?.into_iter().take(10);
        let jobs = jobs.map(|job| workbench.progress(&job).map(|progress| (job, progress)));
        Ok((workbench.source_reports(id)?, verdicts, jobs.collect::<Result<Vec<_>, _>>()?))
    };
    let (reports, verdicts, jobs) = site.desk.read(read).await?;
    show(&Page { frame, head, reports, verdicts, jobs })
}

pub(super) async fn create(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let members = sent.text("values").lines().flat_map(|line| Line::of_file(line).given);
    let members = members.filter_map(|given| given.indicator.ok()).collect();
    let new = NewInvestigation {
        name: sent.text("name").to_owned(),
        tlp: marking(&sent)?.0,
        report: None,
        members,
    };
    let created = site.desk.change(may.name(), move |workbench| workbench.create_investigation(&new)).await?;
    Ok(go(&address(created.id), "created"))
}

/// The marking in a form; none if it has no such field.
pub(super) fn marking(sent: &Fields) -> Result<Marking, Problem> {
    match sent.text("tlp") {
        "" => Ok(Marking::default()),
        text => text.parse().map_err(|error: TlpError| Problem::bad_request(error.to_string())),
    }
}

pub(super) async fn edit(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let edit = edit_of(&sent)?;
    let stored =
        move |workbench: &Workbench| Ok(Some(Basis::of_investigation(&workbench.investigation(id)?)));
    let wanted = edit.clone();
    let change = move |workbench: &mut Workbench| {
        let before = workbench.investigation(id)?;
        Ok(if workbench.edit_investigation(id, &wanted)? == before { "nothing" } else { "edited" })
    };
    match change_from(&site, may.name(), Claim::of_form(&sent), stored, change).await? {
        Ok(word) => Ok(go(&address(id), word)),
        Err(basis) => {
            let differing = differing(&edit, &basis);
            let name = super::found(&site, id).await?.name;
            let stale = Stale::new(frame, &name, (&address(id), &address(id)), &basis, &sent);
            if differing.is_empty() {
                stale.button("Save anyway").show()
            } else {
                stale.differing(differing).show()
            }
        }
    }
}

fn edit_of(sent: &Fields) -> Result<Edit, Problem> {
    let text = |name: &str| sent.has(name).then(|| sent.text(name).to_owned());
    let status = text("status").map(|word| word.parse::<Status>()).transpose();
    Ok(Edit {
        name: text("name"),
        status: status.map_err(|error| Problem::bad_request(error.to_string()))?,
        tlp: if sent.has("tlp") { Some(marking(sent)?) } else { None },
        summary: text("summary").map(|text| text.replace("\r\n", "\n")),
    })
}

/// The fields whose sent and stored values differ.
fn differing(edit: &Edit, basis: &Basis) -> Vec<Differing> {
    let sent = [
        ("Name", "name", edit.name.clone()),
        ("Status", "status", edit.status.map(|status| status.word().to_owned())),
        ("TLP", "tlp", edit.tlp.map(|tlp| tlp.word().to_owned())),
        ("Summary", "summary", edit.summary.clone()),
    ];
    let stored =
        |label: &str| basis.state.iter().find(|(known, _)| known == label).map(|(_, value)| value.clone());
    let differing = sent.into_iter().filter_map(|(label, name, mine)| {
        let (mine, stored) = (mine?, stored(label)?);
        (mine.trim() != stored).then(|| Differing {
            label: label.to_owned(),
            name: name.to_owned(),
            mine: Side::plain(&mine),
            stored: Side::plain(&stored),
        })
    });
    differing.collect()
}

pub(super) async fn remove(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Posted(_): Posted,
) -> Result<Response, Problem> {
    site.desk.change(may.name(), move |workbench| workbench.remove_investigation(id)).await?;
    Ok(go(&address(id), "investigation-removed"))
}

pub(super) async fn restore(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Posted(_): Posted,
) -> Result<Response, Problem> {
    site.desk.change(may.name(), move |workbench| workbench.restore_investigation(id)).await?;
    Ok(go(&address(id), "restored"))
}

/// The text of a source report, as it was pasted.
pub(super) async fn source(
    State(site): State<Shared>,
    _: Visitor,
    Path((id, report)): Path<(i64, i64)>,
) -> Result<Response, Problem> {
    let text = site.desk.read(move |workbench| workbench.source_text(id, report)).await?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

impl Page {
    /// The mark that the page's forms contain.
    fn mark(&self) -> String {
        Basis::of_investigation(&self.head.investigation).mark().to_owned()
    }

    fn statuses(&self) -> [(&'static str, bool); 3] {
        Status::ALL.map(|status| (status.word(), status == self.head.investigation.status))
    }

    /// The markings that can be chosen, each with whether it is the present one.
    fn markings(&self) -> Vec<(&'static str, bool)> {
        let marking = |tlp: Option<Tlp>| (Marking(tlp).word(), tlp == self.head.investigation.tlp);
        std::iter::once(None).chain(Tlp::ALL.map(Some)).map(marking).collect()
    }

    fn may_change(&self) -> bool {
        self.frame.may_edit() && !self.head.is_removed()
    }
}
