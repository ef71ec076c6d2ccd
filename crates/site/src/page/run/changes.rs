//! The changes of a run's answer since an earlier run.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use edge::problem::Problem;
use workbench::run::{Changes, Run};

use super::super::stamp::Stamp;
use super::head::Head;
use super::{Looked, progress};
use crate::page::records::changes::List;
use crate::page::{Frame, show};
use picture::links::Links;
use picture::timeline::words::counted;

#[derive(Template)]
#[template(path = "run-changes.html")]
struct Page {
    frame: Frame,
    head: Head,
    comparison: Option<Comparison>,
}

struct Comparison {
    since: i64,
    /// The runs it can be compared with, newest first.
    choices: Vec<Choice>,
    lists: Vec<List>,
    /// Whether gone records are known.
    whole: bool,
    same: String,
}

/// A run that can be compared with.
struct Choice {
    id: i64,
    at: Stamp,
    records: String,
}

pub(super) async fn look(looked: Looked) -> Result<Response, Problem> {
    let head = looked.head("/changes").await?;
    if looked.is_running() {
        return progress::page(looked, head);
    }
    let answer = Arc::clone(&looked.answer);
    let since = match looked.parameter("since") {
        "" => None,
        text => {
            Some(text.parse().map_err(|_| Problem::bad_request(format!("{text:?} is not a run number")))?)
        }
    };
    let compare = move |workbench: &workbench::Workbench| {
        Ok((workbench.changes(&answer.kept, since)?, workbench.comparable(&answer.kept.run)?))
    };
    let changes = looked.site.desk.read(compare).await;
    let changes = changes.map_err(|error| match error {
        workbench::Error::Evidence { .. } => {
            Problem::gone("the stored answer of that run is lost or damaged, so it cannot be compared")
        }
        error => error.into(),
    })?;
    let links = looked.links("/changes");
    let (changes, choices) = changes;
    let comparison = changes.map(|changes| Comparison::new(&looked, &changes, &choices, &links));
    show(&Page { head, comparison, frame: looked.frame })
}

impl Comparison {
    fn is_empty(&self) -> bool {
        self.lists.iter().all(|list| list.lines.is_empty())
    }

    fn new(looked: &Looked, changes: &Changes, choices: &[Run], links: &Links) -> Self {
        let all = looked.answer.kept.records.len();
        let same = all.saturating_sub(changes.new.len() + changes.different.len());
        Self {
            since: changes.since.id,
            choices: choices.iter().map(Choice::of).collect(),
            whole: changes.gone.is_some(),
            same: counted(same, "record"),
            lists: List::all(
                (&changes.new, "First reported in this run"),
                (changes.gone.as_deref().unwrap_or_default(), "In that run, not in this one"),
                &changes.different,
                links,
            ),
        }
    }
}

impl Choice {
    fn of(run: &Run) -> Self {
        Self {
            id: run.id,
            at: Stamp::of(run.fetched.at),
            records: counted(usize::try_from(run.records).unwrap_or(usize::MAX), "record"),
        }
    }
}
