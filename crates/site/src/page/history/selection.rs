//! The selection of a history's records: previewed and added.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use edge::problem::Problem;
use picture::links::Links;
use std::collections::BTreeSet;
use workbench::history::{History, Proposal};
use workbench::{Error, Workbench};

use super::{Looked, PATH, indicator, narrowing};
use crate::access::{May, Posted, needs::EditLibrary};
use crate::basis::FIELD;
use crate::page::go;
use crate::page::records::selection::{Count, Selection, mark};
use crate::site::Shared;

/// The findings of a selection.
struct Meant {
    proposals: Vec<Proposal>,
    /// Left out because they are flagged.
    flagged: usize,
    /// Left out because of the limit per kind.
    beyond: usize,
}

impl Meant {
    /// The findings of records: all of individually ticked ones; of `all`, as many as the limit per kind allows.
    fn of(
        workbench: &Workbench,
        history: &History,
        places: &BTreeSet<usize>,
        all: bool,
    ) -> Result<Self, Error> {
        let mut found = workbench.proposals_of(history, places, !all)?;
        if !all {
            return Ok(Self { proposals: found.list, flagged: 0, beyond: 0 });
        }
        found.list.retain(|proposal| proposal.finding.is_selected());
        Ok(Self { proposals: found.list, flagged: found.flagged, beyond: found.beyond })
    }
}

impl Looked {
    /// What adding the selection would do; `None` if nothing is selected.
    pub(super) async fn count(&self) -> Result<Option<Count>, Problem> {
        if self.selection.is_empty() {
            return Ok(None);
        }
        let places = self.selection.meant(&*self.answer, &self.parameters, &self.narrowing());
        let (answer, all) = (Arc::clone(&self.answer), self.selection.all);
        let propose = move |workbench: &Workbench| {
            let Meant { proposals, flagged, beyond } = Meant::of(workbench, &answer.history, &places, all)?;
            Ok(Count { tally: workbench.preview_proposals(&answer.history, &proposals)?, flagged, beyond })
        };
        Ok(Some(self.site.desk.read(propose).await?))
    }
}

/// Adds the selection of a form.
pub(super) async fn add(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let claimed = sent.has(FIELD).then(|| sent.text(FIELD).to_owned());
    let (selection, mut parameters) = Selection::take(sent.without_token());
    let answer = site.histories.of(&indicator(&mut parameters)?).await?;
    let places =
        selection.meant(&*answer, &parameters, &narrowing(&answer, &parameters, site.networks.now()));
    let links = Links::new(PATH, &parameters, "");
    let back = links.with(&[("said", None), ("sel", None), ("all", None), ("not", None)]);
    if places.is_empty() {
        return Ok(go(&back, "nothing"));
    }
    let add = move |workbench: &mut Workbench| {
        let proposals = Meant::of(workbench, &answer.history, &places, selection.all)?.proposals;
        let counted = workbench.preview_proposals(&answer.history, &proposals)?;
        if claimed.is_some_and(|claimed| claimed != mark(&counted)) {
            return Ok(None);
        }
        workbench.add_proposals(&answer.history, &proposals).map(Some)
    };
    let Some(tally) = site.desk.change(may.name(), add).await? else {
        // The selection is kept, and counted again.
        return Ok(go(&format!("{}#selbar", links.with(&[])), "recounted"));
    };
    let new = tally.indicators.new + tally.attributes.new + tally.relationships.new;
    Ok(go(&back, if new > 0 { "run-added" } else { "run-known" }))
}
