//! Notes on an investigation and on its members.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use edge::problem::Problem;
use operation::Indicator;
use workbench::Workbench;
use workbench::investigation::Note;

use super::head::{Head, Tab};
use crate::access::{May, Posted, needs::EditLibrary};
use crate::page::stamp::Stamp;
use crate::page::{Frame, go, show};
use crate::site::Shared;

#[derive(Template)]
#[template(path = "investigation-notes.html")]
struct Page {
    frame: Frame,
    head: Head,
    notes: Vec<Note>,
}

pub(super) async fn look(
    State(site): State<Shared>,
    frame: Frame,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let head = Head::of(&site, id, Tab::Notes, &frame).await?;
    let notes = site.desk.read(move |workbench| workbench.investigation_notes(id)).await?;
    show(&Page { frame, head, notes })
}

pub(super) async fn add(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let member = match sent.text("member").trim() {
        "" => None,
        text => Some(Indicator::existing(text).map_err(|error| Problem::bad_request(error.to_string()))?),
    };
    let text = sent.text("note").to_owned();
    let note = move |workbench: &mut Workbench| workbench.note_investigation(id, member.as_ref(), &text);
    site.desk.change(may.name(), note).await?;
    Ok(go(&format!("/investigations/{id}/notes"), "noted"))
}
