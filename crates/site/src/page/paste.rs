//! Adding indicators: pasted text, a preview of the recognised values, and a confirmation.

use std::collections::HashSet;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use edge::problem::Problem;
use operation::{Caution, Given, Indicator, Line as Text, Marking, TlpError};
use workbench::library::{self, Adding, Status};
use workbench::{Error, Workbench};

use super::library::{Page, Shelf};
use super::{Frame, go, show_as};
use crate::access::{Fields, May, Most, Posted, needs::EditLibrary};
use crate::listed::Wish;
use crate::site::Shared;

/// The largest paste, in bytes: ten thousand long names, percent-encoded.
const PASTE: usize = 3 << 20;
/// The most values in one paste, and the most lines.
const VALUES: usize = 10_000;
/// The most values that are shown; the counts include all.
const SHOWN: usize = 200;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/library/add", post(add).layer(Most::octets(PASTE)))
}

/// The form with its values.
pub(super) struct Paste {
    pub(super) text: String,
    pub(super) status: Status,
    /// Who may see the new indicators.
    pub(super) marking: Marking,
    pub(super) open: bool,
    pub(super) preview: Option<Preview>,
    pub(super) refused: Option<String>,
}

/// The content of a paste.
struct Read {
    given: Vec<Given>,
    skipped: usize,
    /// Whether there is more than can be added at once.
    is_too_much: bool,
}

/// The recognised values.
#[derive(Default)]
pub(super) struct Preview {
    pub(super) lines: Vec<Line>,
    pub(super) total: usize,
    pub(super) new: Vec<Indicator>,
    pub(super) known: usize,
    pub(super) repeated: usize,
    pub(super) refused: usize,
    /// Other cells in the text, such as dates.
    pub(super) skipped: usize,
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
    let marking = marking(&sent)?;
    let text = sent.text("many").to_owned();
    let mut paste = Paste { text: text.clone(), status, marking, open: true, preview: None, refused: None };
    let read = Read::of(&text);
    if read.is_too_much {
        paste.refused = Some(format!("Too many values: at most {VALUES} at once. Nothing was added."));
    } else if sent.text("do") == "add" {
        let adding = move |workbench: &mut Workbench| {
            // A marking also applies to what is known already.
            let wanted = match marking {
                Marking(None) => Preview::of(workbench, &read, status)?.new,
                Marking(Some(_)) => read.recognised(),
            };
            workbench.add_marked(&wanted, status, marking.0)
        };
        let added = site.desk.change(may.name(), adding).await?;
        return Ok(go("/library", if added.is_empty() { "nothing" } else { "added" }));
    } else {
        paste.preview = Some(site.desk.read(move |workbench| Preview::of(workbench, &read, status)).await?);
    }
    let user = frame.visitor.session.user.clone();
    let shelf = site.desk.read(move |workbench| Shelf::of(workbench, Wish::default(), &user)).await?;
    let code = if paste.refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    show_as(code, &Page { frame, shelf, paste })
}

/// The marking in a form.
fn marking(sent: &Fields) -> Result<Marking, Problem> {
    let text = sent.text("tlp");
    if text.is_empty() {
        return Ok(Marking::default());
    }
    text.parse().map_err(|error: TlpError| Problem::bad_request(error.to_string()))
}

impl Paste {
    /// Whether a marking would be written on what is known already.
    pub(super) fn marks_known(&self, preview: &Preview) -> bool {
        self.marking.0.is_some() && preview.known > 0
    }

    /// An empty form, open or folded.
    pub(super) fn empty(open: bool) -> Self {
        Self {
            text: String::new(),
            status: Status::Active,
            marking: Marking::default(),
            open,
            preview: None,
            refused: None,
        }
    }

    /// The selectable statuses, each with whether it is selected.
    pub(super) fn statuses(&self) -> [(&'static str, bool); 5] {
        Status::ALL.map(|status| (status.name(), status == self.status))
    }
}

impl Outcome {
    fn of(Adding { indicator, outcome, status, .. }: Adding) -> Self {
        match outcome {
            library::Outcome::Known => Self::Known(indicator, status),
            library::Outcome::New => Self::New(indicator),
            library::Outcome::Restored => Self::Removed(indicator),
        }
    }
}

impl Line {
    /// A caution about the values; shown once.
    pub(super) fn caution(&self) -> Option<Caution> {
        match &self.outcome {
            Outcome::Known(one, _) | Outcome::New(one) | Outcome::Removed(one) => one.caution(),
            Outcome::Refused(_) | Outcome::Repeated(_) => None,
        }
    }
}

impl Read {
    fn of(text: &str) -> Self {
        let mut read =
            Self { given: Vec::new(), skipped: 0, is_too_much: text.lines().nth(VALUES).is_some() };
        for line in text.lines() {
            if read.is_too_much {
                break;
            }
            let line = Text::of_file(line);
            read.given.extend(line.given);
            read.skipped += line.skipped;
            read.is_too_much = read.given.len() > VALUES;
        }
        read
    }

    fn recognised(&self) -> Vec<Indicator> {
        self.given.iter().filter_map(|given| given.indicator.clone().ok()).collect()
    }
}

impl Preview {
    fn of(workbench: &Workbench, read: &Read, status: Status) -> Result<Self, Error> {
        let mut preview = Self { skipped: read.skipped, ..Self::default() };
        let mut addings = workbench.preview_indicators(&read.recognised(), status, None)?.into_iter();
        let mut seen = HashSet::new();
        for Given { text, indicator } in &read.given {
            let outcome = match indicator {
                Err(error) => Outcome::Refused(error.to_string()),
                Ok(indicator) => match addings.next() {
                    Some(adding) if seen.insert(indicator) => Outcome::of(adding),
                    _ => Outcome::Repeated(indicator.clone()),
                },
            };
            preview.count(text, outcome);
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
