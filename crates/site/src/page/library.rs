//! The Threat Library: indicators by value, type, status and source, one page at a time.
//!
//! The search box of every page leads to [`find`]: an indicator in the library is opened, and everything else is searched for
//! here, with buttons to query or add it where possible.
//!
//! Pages are addressed by the last row of the previous one, so there are links to the next and the first page, and no page
//! numbers.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use edge::problem::Problem;
use operation::{Indicator, IndicatorError, IndicatorType, Marking, Tlp};
use serde::Deserialize;
use workbench::integration::Filter as Installed;
use workbench::library::{Entry, Filter, Order, Search, Status};
use workbench::{Error, Kind, Workbench};

use super::operate::Panel;
use super::paste::{Outcome, Paste};
use super::stamp::Stamp;
use super::{Frame, encoded, show};
use crate::access::{Fields, Visitor};
use crate::site::Shared;

/// Rows per page.
pub(super) const PAGE: usize = 100;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/library", get(list)).route("/find", get(find))
}

/// The filters, from the address.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    q: String,
    #[serde(rename = "type")]
    kind: String,
    status: String,
    /// A level of the Traffic Light Protocol, or `none`.
    tlp: String,
    source: String,
    sort: String,
    removed: String,
    after: String,
    /// Whether the form to add indicators is open.
    add: String,
}

/// The list as it is shown on the page.
pub(super) struct Shelf {
    wish: Wish,
    rows: Vec<Row>,
    sources: Vec<String>,
    /// Why the search is invalid.
    refused: Option<String>,
    /// The address of the next page.
    next: Option<String>,
    /// The searched value, if it is an indicator that is not in the library.
    unknown: Option<Unknown>,
    /// Why the searched text can be neither queried nor added, if nothing was found.
    no_indicator: Option<String>,
    /// What can be queried, if the library is empty.
    start: Start,
}

/// An indicator that is not in the library.
struct Unknown {
    /// The value in the form that forms send.
    value: String,
    kind: &'static str,
    /// Whether it was in the library and was removed.
    is_removed: bool,
    caution: Option<String>,
    panel: Panel,
}

/// The setup state of a new workbench.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Nothing is installed.
    Install,
    /// An integration is installed but not enabled.
    Enable,
    /// An action can be run.
    Ready,
}

struct Row {
    value: String,
    caution: Option<String>,
    kind: &'static str,
    status: Status,
    tlp: Option<Tlp>,
    sources: String,
    created: Stamp,
    updated: Stamp,
}

#[derive(Template)]
#[template(path = "library.html")]
pub(super) struct Page {
    pub(super) frame: Frame,
    pub(super) shelf: Shelf,
    pub(super) paste: Paste,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Find {
    q: String,
}

/// Opens an indicator that is in the library, and searches for everything else there; no query is sent. A name after `rdata:`,
/// as in `backsight lookup`, leads to the query by data.
async fn find(State(site): State<Shared>, _: Visitor, Query(wish): Query<Find>) -> Result<Response, Problem> {
    if let Some(("rdata", value)) = wish.q.trim().split_once(':') {
        let data = operation::Side::Data.word();
        let path = format!("/run?side={data}&value={}", super::encoded(value.trim()));
        return Ok(Redirect::to(&path).into_response());
    }
    let search = Wish { q: wish.q.trim().to_owned(), ..Wish::default() }.address(&[]);
    let Ok(indicator) = Indicator::existing(&wish.q) else {
        return Ok(Redirect::to(&search).into_response());
    };
    let asked = indicator.clone();
    let found = site.desk.read(move |workbench| workbench.lookup(&asked)).await?;
    let path = if found.is_some() { super::indicator_address(&indicator) } else { search };
    Ok(Redirect::to(&path).into_response())
}

async fn list(
    State(site): State<Shared>,
    frame: Frame,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let paste = Paste::empty(!wish.add.is_empty());
    let shelf = site.desk.read(move |workbench| Shelf::of(workbench, wish)).await?;
    show(&Page { frame, shelf, paste })
}

impl Shelf {
    /// The requested page.
    pub(super) fn of(workbench: &Workbench, wish: Wish) -> Result<Self, Error> {
        let mut shelf = Self {
            sources: workbench.sources()?,
            rows: Vec::new(),
            refused: None,
            next: None,
            unknown: None,
            no_indicator: None,
            start: Start::Ready,
            wish,
        };
        let filter = match shelf.wish.filter() {
            Ok(filter) => filter,
            Err(error) if error.kind() == Some(Kind::Invalid) => {
                shelf.refused = Some(error.to_string());
                shelf.no_indicator = shelf.why_none();
                return Ok(shelf);
            }
            Err(error) => return Err(error),
        };
        let page = match workbench.indicators(&filter) {
            // The position belongs to another order: start at the first page.
            Err(error) if error.kind() == Some(Kind::Invalid) => {
                workbench.indicators(&Filter { after: None, ..filter })?
            }
            other => other?,
        };
        shelf.rows = page.entries.iter().map(Row::of).collect();
        shelf.next = page.next.map(|next| shelf.wish.address(&[("after", &next.to_string())]));
        shelf.unknown = shelf.missing(workbench)?;
        if shelf.rows.is_empty() {
            shelf.no_indicator = shelf.why_none();
            shelf.start = Start::of(workbench)?;
        }
        Ok(shelf)
    }

    fn missing(&self, workbench: &Workbench) -> Result<Option<Unknown>, Error> {
        let Ok(indicator) = Indicator::parse(&self.wish.q) else { return Ok(None) };
        let entry = workbench.lookup(&indicator)?;
        if entry.as_ref().is_some_and(|entry| entry.removed_at.is_none() || !self.rows.is_empty()) {
            return Ok(None);
        }
        Ok(Some(Unknown {
            value: indicator.as_typed(),
            kind: indicator.kind().name(),
            is_removed: entry.is_some(),
            caution: indicator.caution().map(|caution| caution.to_string()),
            panel: Panel::of(workbench, &indicator)?,
        }))
    }

    /// Why the searched text is not an indicator; `None` for an indicator, and for a pattern or network, which can only be
    /// searched for.
    fn why_none(&self) -> Option<String> {
        let text = self.wish.q.trim();
        if text.is_empty() || text.contains('*') {
            return None;
        }
        match Indicator::parse(text) {
            Ok(_) | Err(IndicatorError::Network) => None,
            Err(error) => Some(error.to_string()),
        }
    }

    /// The set filters as text, each with the address without it.
    fn narrowed(&self) -> Vec<(String, String)> {
        let wish = &self.wish;
        let filters = [
            ("q", "", wish.q.trim()),
            ("type", "Type: ", &wish.kind),
            ("status", "Status: ", &wish.status),
            ("tlp", "TLP: ", &wish.tlp),
            ("source", "Source: ", &wish.source),
            ("removed", "Removed only", if wish.removed.is_empty() { "" } else { " " }),
        ];
        let set = filters.into_iter().filter(|(_, _, value)| !value.is_empty());
        set.map(|(key, label, value)| {
            (format!("{label}{value}").trim().to_owned(), wish.address(&[(key, ""), ("after", "")]))
        })
        .collect()
    }

    fn types() -> [&'static str; 3] {
        IndicatorType::ALL.map(IndicatorType::name)
    }

    fn statuses() -> [&'static str; 5] {
        Status::ALL.map(Status::name)
    }

    fn markings() -> Vec<&'static str> {
        std::iter::once(Marking::NONE).chain(Tlp::ALL.map(Tlp::word)).collect()
    }

    /// The address of the list in another order.
    fn sorted(&self, order: &str) -> String {
        self.wish.address(&[("sort", order), ("after", "")])
    }

    fn first(&self) -> String {
        self.wish.address(&[("after", "")])
    }

    fn by_value(&self) -> bool {
        self.wish.order() == Some(Order::Value)
    }
}

impl Start {
    fn of(workbench: &Workbench) -> Result<Self, Error> {
        let installed = workbench.list(&Installed { kind: None, enabled: None })?.integrations;
        Ok(match installed.iter().any(|one| one.enabled) {
            true => Self::Ready,
            false if installed.is_empty() => Self::Install,
            false => Self::Enable,
        })
    }
}

impl Wish {
    /// The filters in a submitted form.
    pub(super) fn sent(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).to_owned();
        Self {
            q: text("q"),
            kind: text("type"),
            status: text("status"),
            tlp: text("tlp"),
            source: text("source"),
            sort: text("sort"),
            removed: text("removed"),
            ..Self::default()
        }
    }

    fn filter(&self) -> Result<Filter, Error> {
        let search = Some(self.q.trim()).filter(|text| !text.is_empty());
        Ok(Filter {
            kind: IndicatorType::from_name(&self.kind),
            status: Status::from_name(&self.status),
            tlp: self.tlp.parse().ok(),
            source: Some(self.source.clone()).filter(|source| !source.is_empty()),
            search: search.map(Search::parse).transpose()?,
            removed: !self.removed.is_empty(),
            order: self.order(),
            after: if self.after.is_empty() { None } else { self.after.parse().ok() },
            limit: PAGE,
        })
    }

    /// The filters, as forms and addresses name them.
    fn fields(&self) -> [(&'static str, &str); 7] {
        [
            ("q", &self.q),
            ("type", &self.kind),
            ("status", &self.status),
            ("tlp", &self.tlp),
            ("source", &self.source),
            ("sort", &self.sort),
            ("removed", &self.removed),
        ]
    }

    fn order(&self) -> Option<Order> {
        match self.sort.as_str() {
            "value" => Some(Order::Value),
            "updated" => Some(Order::Updated),
            _ => None,
        }
    }

    /// The address of this list with some filters changed.
    pub(super) fn address(&self, changes: &[(&str, &str)]) -> String {
        let now = self.fields().into_iter();
        let kept = now.filter(|(key, _)| !changes.iter().any(|(changed, _)| changed == key));
        let pairs = kept.chain(changes.iter().copied());
        let pairs = pairs.filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = pairs.map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        if query.is_empty() { "/library".to_owned() } else { format!("/library?{}", query.join("&")) }
    }
}

impl Row {
    fn of(entry: &Entry) -> Self {
        Self {
            value: entry.indicator.to_string(),
            caution: entry.indicator.caution().map(|caution| caution.to_string()),
            kind: entry.indicator.kind().name(),
            status: entry.status,
            tlp: entry.tlp,
            sources: entry.sources.join(", "),
            created: Stamp::of(entry.created_at),
            updated: Stamp::of(entry.updated_at),
        }
    }

    fn path(&self) -> String {
        super::indicator_path(&self.value)
    }
}
