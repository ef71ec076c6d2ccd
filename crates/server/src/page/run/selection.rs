//! What is selected of a run's records: counted by a dry run, added, or let go.
//!
//! A form carries the places of the records that are ticked; "all shown" stands for what the filters show. A finding is
//! meant where one of its records is; one that is flagged as doubtful only where its record is ticked by itself.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::Response;
use operation::Finding;

use super::Looked;
use super::history::{self, Chosen};
use super::row::{Narrowing, Order, Rows};
use crate::access::{May, Posted, needs::EditLibrary};
use crate::job::Answer;
use crate::page::{Frame, go};
use crate::problem::Problem;
use crate::site::Shared;
use crate::timeline::TimelineView;

/// What a form does besides carrying the address's parameters.
const OWN: [&str; 4] = ["pick", "all", "do", "form_token"];

pub(super) async fn choose(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let answer = super::settled(&site, id).await?;
    let picks = sent.0.iter().filter(|(name, _)| name == "pick").filter_map(|(_, place)| place.parse().ok());
    let mut chosen = Chosen { places: picks.collect(), all: sent.has("all"), tally: None };
    let parameters: Vec<(String, String)> =
        sent.0.iter().filter(|(name, _)| !OWN.contains(&name.as_str())).cloned().collect();
    match sent.text("do") {
        "none" => chosen = Chosen::default(),
        "all" => chosen.all = true,
        _ => {}
    }
    let shown = if chosen.all { shown(&answer, &parameters) } else { BTreeSet::new() };
    let picked = picked(&answer, &chosen, &shown);
    let run = answer.kept.run.clone();
    if sent.text("do") == "add" && !picked.is_empty() {
        let add = move |workbench: &mut workbench::Workbench| workbench.add_picked(&run, &picked, false);
        let tally = site.desk.change(may.name(), add).await?;
        let new = tally.indicators.new + tally.attributes.new + tally.relationships.new;
        let links = crate::links::Links::new(&format!("/runs/{id}"), &parameters, "");
        return Ok(go(&links.with(&[("said", None)]), if new > 0 { "run-added" } else { "run-known" }));
    }
    if !chosen.places.is_empty() || chosen.all {
        let propose =
            move |workbench: &workbench::Workbench| workbench.propose(&run.source, &run.indicator, &picked);
        chosen.tally = Some(site.desk.read(propose).await?);
    }
    history::page(Looked { site, frame, answer, parameters }, chosen).await
}

/// The places that the filters show.
fn shown(answer: &Answer, parameters: &[(String, String)]) -> BTreeSet<usize> {
    let (view, narrowing) = (TimelineView::of(parameters), Narrowing::of(parameters));
    let rows = Rows::new(answer, &view, &narrowing, Order::of(""));
    rows.places.into_iter().collect()
}

/// The findings that a selection means.
fn picked(answer: &Answer, chosen: &Chosen, shown: &BTreeSet<usize>) -> Vec<Finding> {
    let meant = |finding: &&Finding| {
        let records = match finding {
            Finding::Attribute { records, .. }
            | Finding::Indicator { records, .. }
            | Finding::Relationship { records, .. } => records,
        };
        let ticked = records.iter().any(|place| chosen.places.contains(place));
        ticked || (finding.is_selected() && records.iter().any(|place| shown.contains(place)))
    };
    answer.findings.list.iter().filter(meant).cloned().collect()
}
