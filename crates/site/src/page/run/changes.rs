//! The changes of a run's answer since an earlier run.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use cof::Record;
use edge::problem::Problem;
use operation::Indicator;
use workbench::run::{Changes, Run};

use super::super::stamp::Stamp;
use super::head::Head;
use super::{Looked, progress};
use crate::page::{Frame, show};
use picture::links::Links;
use picture::timeline::class_of;
use picture::timeline::words::{counted, day, figure, thousands};

/// The most lines of a kind that are shown; all are counted.
const MOST: usize = 200;

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

struct List {
    title: &'static str,
    meaning: &'static str,
    count: String,
    more: usize,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    address: Option<String>,
    class: &'static str,
    rrtype: String,
    data: String,
    data_address: Option<String>,
    last: Option<Stamp>,
    count: String,
    /// The earlier state.
    before: String,
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
        fn plain(record: &Record) -> (&Record, String) {
            (record, String::new())
        }
        let new: Vec<_> = changes.new.iter().map(plain).collect();
        let gone: Vec<_> = changes.gone.iter().flatten().map(plain).collect();
        let different: Vec<_> =
            changes.different.iter().map(|one| (&one.now, sightings(&one.before))).collect();
        let same = looked.answer.kept.records.len().saturating_sub(new.len() + different.len());
        Self {
            since: changes.since.id,
            choices: choices.iter().map(Choice::of).collect(),
            whole: changes.gone.is_some(),
            same: counted(same, "record"),
            lists: vec![
                List::new("New", "First reported in this run", &new, links),
                List::new("Gone", "In that run, not in this one", &gone, links),
                List::new("Different", "Dates or count differ", &different, links),
            ],
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

impl List {
    fn new(title: &'static str, meaning: &'static str, records: &[(&Record, String)], links: &Links) -> Self {
        let shown = records.iter().take(MOST).map(|(record, before)| Line::new(record, before, links));
        Self {
            title,
            meaning,
            count: figure(records.len()),
            more: records.len().saturating_sub(MOST),
            lines: shown.collect(),
        }
    }
}

impl Line {
    fn new(record: &Record, before: &str, links: &Links) -> Self {
        Self {
            name: record.rrname.to_string(),
            address: Indicator::of_owner(record).map(|one| links.pivot(&one.to_string())),
            class: class_of(record.rrtype),
            rrtype: record.rrtype.to_string(),
            data: record.rdata_text(),
            data_address: Indicator::of_target(&record.rdata, record.rrtype)
                .map(|one| links.pivot_from_data(&one.as_typed())),
            last: record.seen().1.and_then(|last| Some(Stamp::of(i64::try_from(last).ok()?))),
            count: record.count.map_or_else(|| "unknown".to_owned(), thousands),
            before: before.to_owned(),
        }
    }
}

fn sightings(record: &Record) -> String {
    let last = record.seen().1.map(|last| format!("last seen {}", day(last)));
    let count = record.count.map(|count| format!("{} sightings", thousands(count)));
    [last, count].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
