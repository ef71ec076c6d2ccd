//! The head of every view of a history.

use askama::Template;
use edge::problem::Problem;
use picture::timeline::words::{counted, figure, thousands};
use workbench::history::{Agreement, Part};
use workbench::library::Status;
use workbench::run::State;

use super::{Looked, PATH, column};
use crate::content::Content;
use crate::histories::HistoryAnswer;
use crate::page::FormToken;
use crate::page::stamp::Stamp;

/// The head of a history's page; a template inserts it unescaped.
#[derive(Template)]
#[template(path = "history-head.html")]
pub(super) struct Head {
    pub(super) value: String,
    kind: &'static str,
    /// Where the address is.
    place: Option<String>,
    status: Option<Status>,
    indicator: String,
    boxes: Vec<PartBox>,
    warnings: Vec<String>,
    figures: Vec<(&'static str, String)>,
    seen: Vec<(&'static str, Stamp)>,
    tabs: Vec<Tab>,
    /// The filters of the address as a query string, which has at least the value.
    query: String,
    /// Whether the answers are complete, so that there are no other records.
    is_complete: bool,
    /// The runs whose findings are in the library.
    added: Vec<i64>,
    may_run: bool,
    may_edit: bool,
    frame: FormToken,
}

/// What one operation knows.
struct PartBox {
    title: String,
    class: &'static str,
    icon: &'static str,
    state: String,
    /// The answer's run, when it was fetched, and how many records it has.
    answer: Option<(i64, Stamp, String)>,
    /// The newest run, if it has no usable answer.
    failed: Option<i64>,
    /// What it means that a record is missing, unless the answer is complete.
    missing: &'static str,
}

struct Tab {
    label: &'static str,
    count: String,
    address: String,
    here: bool,
}

impl Head {
    pub(super) async fn of(looked: &Looked, view: &'static str) -> Result<Self, Problem> {
        let (answer, frame) = (&looked.answer, &looked.frame);
        let indicator = answer.history.indicator.clone();
        let about = indicator.clone();
        let entry = looked.site.desk.read(move |workbench| workbench.lookup(&about)).await?;
        let links = looked.links(view);
        let query = links.with(&[("page", None), ("trail", None)]);
        Ok(Self {
            value: indicator.to_string(),
            kind: indicator.kind().name(),
            place: looked.site.place_of(&indicator),
            status: entry.filter(|entry| entry.removed_at.is_none()).map(|entry| entry.status),
            indicator: crate::page::indicator_address(&indicator),
            boxes: answer.history.parts.iter().map(PartBox::of).collect(),
            warnings: answer.proposals.warnings.clone(),
            figures: figures(answer),
            seen: seen(answer),
            tabs: tabs(looked, view),
            query: query.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default(),
            is_complete: answer.history.is_complete(),
            added: answer.history.added(),
            may_run: frame.may_run(),
            may_edit: frame.may_edit(),
            frame: frame.token(),
        })
    }

    fn parts(&self) -> String {
        counted(self.boxes.len(), "operation")
    }

    /// The runs whose findings would be removed, as text.
    fn added_runs(&self) -> String {
        let runs: Vec<String> = self.added.iter().map(ToString::to_string).collect();
        format!("{} {}", if runs.len() == 1 { "run" } else { "runs" }, runs.join(", "))
    }
}

impl PartBox {
    fn of(part: &Part) -> Self {
        let run = part.run();
        let (class, icon, state, missing) = match (run, part.is_older()) {
            (None, _) => ("none", "bad", attempt(part), ""),
            (Some(_), true) => {
                ("none", "bad", attempt(part), "Its older answer is shown instead, outlined in the table.")
            }
            (Some(run), false) if run.ending.is_complete() => ("good", "good", "Complete".to_owned(), ""),
            (Some(run), false) => (
                "part",
                "warn",
                reason(&run.ending).unwrap_or_else(|| run.ending.state.word().to_owned()),
                "There may be more: a record that is missing here was not necessarily never seen.",
            ),
        };
        Self {
            title: column::name(part),
            class,
            icon,
            state,
            answer: run.map(|run| {
                let count = counted(part.len(), "record");
                (run.id, Stamp::of(run.fetched.at), count)
            }),
            failed: run.is_none_or(|run| run.id != part.latest.id).then_some(part.latest.id),
            missing,
        }
    }
}

/// How the newest run ended, if it has no usable answer.
fn attempt(part: &Part) -> String {
    match (part.latest.ending.state, reason(&part.latest.ending)) {
        (State::Running, _) => "In progress".to_owned(),
        (_, Some(reason)) => format!("Failed: {reason}"),
        (state, None) => crate::page::begun(state.word()),
    }
}

fn reason(ending: &workbench::run::Ending) -> Option<String> {
    ending.reason.as_ref().map(|reason| reason.text.clone())
}

fn figures(answer: &HistoryAnswer) -> Vec<(&'static str, String)> {
    let known = answer.figures();
    let count = |is: fn(&Agreement) -> bool| {
        thousands(answer.agreements().iter().filter(|agreement| is(agreement)).count() as u64)
    };
    let mut figures = vec![
        ("Records", figure(answer.history.records.len())),
        ("Names", figure(known.names)),
        ("Addresses", figure(known.addresses)),
    ];
    if answer.history.parts.len() > 1 {
        figures.extend([
            ("Seen by all", count(|agreement| *agreement == Agreement::All)),
            ("By one only", count(|agreement| matches!(agreement, Agreement::Only(_)))),
            ("Dates far apart", count(|agreement| matches!(agreement, Agreement::Apart(_)))),
        ]);
    }
    figures
}

fn seen(answer: &HistoryAnswer) -> Vec<(&'static str, Stamp)> {
    let stamp = |seconds: u64| Stamp::of(i64::try_from(seconds).unwrap_or(i64::MAX));
    let span = answer.figures().span.into_iter();
    span.flat_map(|(first, last)| [("First seen", stamp(first)), ("Last seen", stamp(last))]).collect()
}

fn tabs(looked: &Looked, view: &str) -> Vec<Tab> {
    let value = super::super::encoded(looked.parameter("value"));
    let records = looked.answer.history.records.len();
    [
        ("History", "", figure(records)),
        ("Graph", "/graph", String::new()),
        ("Changes", "/changes", String::new()),
    ]
    .into_iter()
    .map(|(label, path, count)| Tab {
        label,
        count,
        address: format!("{PATH}{path}?value={value}"),
        here: path == view,
    })
    .collect()
}
