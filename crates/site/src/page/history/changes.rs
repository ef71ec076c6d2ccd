//! What is new, gone or different in a history since the answers before.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use edge::problem::Problem;
use picture::timeline::words::counted;
use workbench::history::HistoryChanges;

use super::Looked;
use super::head::Head;
use crate::page::records::changes::List;
use crate::page::stamp::Stamp;
use crate::page::{Frame, show};

#[derive(Template)]
#[template(path = "history-changes.html")]
struct Page {
    frame: Frame,
    head: Head,
    comparison: Option<Comparison>,
}

struct Comparison {
    since: Vec<Earlier>,
    /// The operations that have no earlier answer.
    without: Vec<String>,
    lists: Vec<List>,
    /// Whether gone records are known.
    whole: bool,
}

/// The earlier answer of an operation.
struct Earlier {
    id: i64,
    source: String,
    at: Stamp,
    records: String,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let head = Head::of(&looked, "/changes").await?;
    let answer = Arc::clone(&looked.answer);
    let compare = move |workbench: &workbench::Workbench| workbench.history_changes(&answer.history);
    let changes = looked.site.desk.read(compare).await.map_err(|error| match error {
        workbench::Error::Evidence { .. } => {
            Problem::gone("an earlier answer is lost or damaged, so it cannot be compared")
        }
        error => error.into(),
    })?;
    let comparison = changes.map(|changes| Comparison::new(&looked, changes));
    show(&Page { head, comparison, frame: looked.frame })
}

impl Comparison {
    fn new(looked: &Looked, changes: HistoryChanges) -> Self {
        let earlier = |run: &workbench::run::Run| Earlier {
            id: run.id,
            source: run.source.clone(),
            at: Stamp::of(run.fetched.at),
            records: counted(usize::try_from(run.records).unwrap_or(usize::MAX), "record"),
        };
        Self {
            since: changes.since.iter().map(earlier).collect(),
            without: changes.without,
            whole: changes.gone.is_some(),
            lists: List::all(
                (&changes.new, "In no earlier answer"),
                (changes.gone.as_deref().unwrap_or_default(), "Only in earlier answers"),
                &changes.different,
                &looked.links("/changes"),
            ),
        }
    }

    fn is_empty(&self) -> bool {
        self.lists.iter().all(|list| list.lines.is_empty())
    }
}
