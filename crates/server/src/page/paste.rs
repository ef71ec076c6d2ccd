//! Adding indicators: one or many, pasted as they come, shown as they are understood, added when that is confirmed.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use operation::Indicator;
use workbench::library::Status;
use workbench::{Error, Workbench};

use super::library::{Page, Shelf, Wish};
use super::{Frame, go, show_as};
use crate::access::{May, Most, Posted, needs::EditLibrary};
use crate::problem::Problem;
use crate::site::Shared;

/// What a paste may have, in octets: ten thousand long names, percent-encoded.
const PASTE: usize = 3 << 20;
/// The most lines of one paste.
const LINES: usize = 10_000;
/// The most lines that are shown; the counts are of all.
const SHOWN: usize = 200;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/library/add", post(add).layer(Most::octets(PASTE)))
}

/// The form, as far as it is filled in.
pub(super) struct Paste {
    pub(super) text: String,
    pub(super) status: Status,
    pub(super) open: bool,
    pub(super) preview: Option<Preview>,
    pub(super) refused: Option<String>,
}

/// What the lines are.
pub(super) struct Preview {
    pub(super) lines: Vec<Line>,
    pub(super) total: usize,
    pub(super) new: Vec<Indicator>,
    pub(super) known: usize,
    pub(super) repeated: usize,
    pub(super) refused: usize,
}

pub(super) struct Line {
    pub(super) text: String,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Known(Indicator, Status),
    New(Indicator),
    Refused(String),
    Removed(Indicator),
    Repeated(Indicator),
}

async fn add(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let status = Status::from_name(sent.text("status")).unwrap_or(Status::Active);
    let text = sent.text("many").to_owned();
    let mut paste = Paste { text: text.clone(), status, open: true, preview: None, refused: None };
    if text.lines().nth(LINES).is_some() {
        paste.refused = Some(format!("At most {LINES} lines at once. Nothing was added."));
    } else if sent.text("do") == "add" {
        let adding = move |workbench: &mut Workbench| {
            let new = Preview::of(workbench, &text)?.new;
            workbench.add_indicators(&new, status)
        };
        let added = site.desk.change(may.name(), adding).await?;
        return Ok(go("/library", if added.is_empty() { "nothing" } else { "added" }));
    } else {
        paste.preview = Some(site.desk.read(move |workbench| Preview::of(workbench, &text)).await?);
    }
    let shelf = site.desk.read(|workbench| Shelf::of(workbench, Wish::default())).await?;
    let code = if paste.refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    show_as(code, &Page { frame, shelf, paste })
}

impl Paste {
    /// A form that nobody has filled in, folded away or not.
    pub(super) fn empty(open: bool) -> Self {
        Self { text: String::new(), status: Status::Active, open, preview: None, refused: None }
    }

    /// The statuses to choose from, each with whether it is chosen.
    pub(super) fn statuses(&self) -> [(&'static str, bool); 5] {
        Status::ALL.map(|status| (status.name(), status == self.status))
    }
}

impl Preview {
    fn of(workbench: &Workbench, text: &str) -> Result<Self, Error> {
        let mut preview =
            Self { lines: Vec::new(), total: 0, new: Vec::new(), known: 0, repeated: 0, refused: 0 };
        let mut seen = std::collections::HashSet::new();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let outcome = match Indicator::parse(line) {
                Err(error) => Outcome::Refused(error.to_string()),
                Ok(indicator) if !seen.insert(indicator.clone()) => Outcome::Repeated(indicator),
                Ok(indicator) => match workbench.lookup(&indicator)? {
                    None => Outcome::New(indicator),
                    Some(entry) if entry.removed_at.is_some() => Outcome::Removed(indicator),
                    Some(entry) => Outcome::Known(indicator, entry.status),
                },
            };
            preview.count(line, outcome);
        }
        Ok(preview)
    }

    fn count(&mut self, text: &str, outcome: Outcome) {
        self.total += 1;
        match &outcome {
            Outcome::Known(..) => self.known += 1,
            Outcome::New(indicator) | Outcome::Removed(indicator) => self.new.push(indicator.clone()),
            Outcome::Refused(_) => self.refused += 1,
            Outcome::Repeated(_) => self.repeated += 1,
        }
        if self.lines.len() < SHOWN {
            self.lines.push(Line { text: text.to_owned(), outcome });
        }
    }
}
