//! Downloads of a run, with or without the filters of its page.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use cof::Record;
use edge::problem::Problem;
use operation::Findings;
use picture::timeline::TimelineView;
use workbench::run::Kept;

use super::Looked;
use crate::job::Answer;
use crate::page::records::narrowing::{Narrowing, unreadable};
use crate::page::records::row::kept;

/// `GET /runs/ID/files/NAME`.
///
/// # Errors
/// 400 for an invalid filter: otherwise a file with all records would look like the filtered one.
pub(super) async fn give(Path((id, name)): Path<(i64, String)>, looked: Looked) -> Result<Response, Problem> {
    if let Some((name, wrong)) = unreadable(&looked.parameters).first() {
        return Err(Problem::bad_request(format!("{name}: {wrong}")));
    }
    let filters = Filters::of(&looked);
    if filters.keep_all() || name == "evidence" {
        return looked.site.downloads.file(&looked.answer, (id, ""), &name).await;
    }
    let kept = &looked.answer.kept;
    let records = filters.records(&looked.answer).cloned().collect();
    let left = Kept { run: kept.run.clone(), records, damages: kept.damages.clone() };
    let left = Arc::new(Answer::new(left, Findings::default()));
    looked.site.downloads.file(&left, (id, "-filtered"), &name).await
}

/// The filters of a run's page, which can also be applied to a file.
pub(super) struct Filters {
    view: TimelineView,
    narrowing: Narrowing,
}

impl Filters {
    pub(super) fn of(looked: &Looked) -> Self {
        let parameters = &looked.parameters;
        Self {
            view: TimelineView::of(parameters),
            narrowing: Narrowing::of(parameters, looked.site.networks.now()),
        }
    }

    pub(super) fn keep_all(&self) -> bool {
        self.view.is_whole() && self.narrowing.is_empty()
    }

    /// The records that match, in the order of the answer.
    pub(super) fn records<'a>(&'a self, answer: &'a Answer) -> impl Iterator<Item = &'a Record> {
        kept(answer, &self.view, &self.narrowing).map(|(_, record, _)| record)
    }
}
