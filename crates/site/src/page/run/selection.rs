//! The selection of a run's records: previewed and added.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use edge::problem::Problem;
use operation::Finding;
use picture::links::Links;
use workbench::run::Kept;
use workbench::{Error, Workbench};

use super::Looked;
use crate::access::{May, Posted, needs::EditLibrary};
use crate::basis::FIELD;
use crate::page::go;
use crate::page::records::narrowing::Narrowing;
use crate::page::records::selection::{Count, Selection, mark};
use crate::site::Shared;

/// The findings of a selection.
struct Meant {
    findings: Vec<Finding>,
    /// Left out because they are flagged.
    flagged: usize,
    /// Left out because of the limit per kind.
    beyond: usize,
}

impl Meant {
    /// The findings of records: all of individually ticked ones; of `all`, as many as the limit per kind allows.
    fn of(workbench: &Workbench, kept: &Kept, places: &BTreeSet<usize>, all: bool) -> Result<Self, Error> {
        let mut found = workbench.findings_of(kept, places, !all)?;
        if !all {
            return Ok(Self { findings: found.list, flagged: 0, beyond: 0 });
        }
        found.list.retain(Finding::is_selected);
        Ok(Self { findings: found.list, flagged: found.flagged, beyond: found.beyond })
    }
}

impl Looked {
    /// What adding the selection would do; `None` if nothing is selected.
    pub(super) async fn count(&self) -> Result<Option<Count>, Problem> {
        if self.selection.is_empty() {
            return Ok(None);
        }
        let narrowing = Narrowing::of(&self.parameters, self.site.networks.now());
        let places = self.selection.meant(&*self.answer, &self.parameters, &narrowing);
        let (answer, all) = (Arc::clone(&self.answer), self.selection.all);
        let propose = move |workbench: &Workbench| {
            let Meant { findings, flagged, beyond } = Meant::of(workbench, &answer.kept, &places, all)?;
            let run = &answer.kept.run;
            Ok(Count { tally: workbench.propose(&run.source, &run.indicator, &findings)?, flagged, beyond })
        };
        Ok(Some(self.site.desk.read(propose).await?))
    }
}

/// Adds the selection of a form.
pub(super) async fn add(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Path(id): Path<i64>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let answer = site.jobs.settled(id).await?;
    let claimed = sent.has(FIELD).then(|| sent.text(FIELD).to_owned());
    let (selection, parameters) = Selection::take(sent.without_token());
    let narrowing = Narrowing::of(&parameters, site.networks.now());
    let places = selection.meant(&*answer, &parameters, &narrowing);
    let links = Links::new(&format!("/runs/{id}"), &parameters, "");
    let back = links.with(&[("said", None), ("sel", None), ("all", None), ("not", None)]);
    if places.is_empty() {
        return Ok(go(&back, "nothing"));
    }
    let add = move |workbench: &mut Workbench| {
        let run = &answer.kept.run;
        let findings = Meant::of(workbench, &answer.kept, &places, selection.all)?.findings;
        let counted = workbench.propose(&run.source, &run.indicator, &findings)?;
        if claimed.is_some_and(|claimed| claimed != mark(&counted)) {
            return Ok(None);
        }
        workbench.add_picked(run, &findings, false).map(Some)
    };
    let Some(tally) = site.desk.change(may.name(), add).await? else {
        // The selection is kept, and counted again.
        return Ok(go(&format!("{}#selbar", links.with(&[])), "recounted"));
    };
    let new = tally.indicators.new + tally.attributes.new + tally.relationships.new;
    Ok(go(&back, if new > 0 { "run-added" } else { "run-known" }))
}
