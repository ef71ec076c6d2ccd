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
use picture::timeline::words::thousands;
use serde::Deserialize;
use workbench::integration::Filter as Installed;
use workbench::library::{Counts, Entry, Filter, MOST_COUNTED, Order, Status};
use workbench::search::SavedSearch;
use workbench::user::User;
use workbench::{Error, Kind, Workbench};

use super::operate::Panel;
use super::paste::{Outcome, Paste};
use super::sending::Choices;
use super::stamp::Stamp;
use super::unremove::Undoable;
use super::{Frame, show};
use crate::access::Visitor;
use crate::instances;
use crate::listed::{MOST_CHOSEN, Wish};
use crate::site::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/library", get(list)).route("/find", get(find))
}

/// The list as it is shown on the page.
pub(super) struct Shelf {
    wish: Wish,
    rows: Vec<Row>,
    counts: Counts,
    sources: Vec<String>,
    tags: Vec<String>,
    /// The searches that the user saved.
    searches: Vec<SavedSearch>,
    /// The investigations that indicators can be put into.
    choices: Choices,
    /// The enabled ThreatQ instances.
    instances: Vec<instances::Offered>,
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
    /// What was just removed.
    undoable: Option<Undoable>,
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
    tags: Vec<String>,
    sources: String,
    related: String,
    seen: Option<Stamp>,
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
    let user = frame.visitor.session.user.clone();
    let shelf = site.desk.read(move |workbench| Shelf::of(workbench, wish, &user)).await?;
    show(&Page { frame, shelf, paste })
}

impl Shelf {
    /// The requested page.
    pub(super) fn of(workbench: &Workbench, wish: Wish, user: &User) -> Result<Self, Error> {
        let mut shelf = Self {
            sources: workbench.sources()?,
            tags: workbench.tags()?,
            searches: workbench.saved_searches(user.id)?,
            choices: Choices::of(workbench, &user.name)?,
            instances: instances::offered(workbench)?,
            counts: Counts::default(),
            rows: Vec::new(),
            refused: None,
            next: None,
            unknown: None,
            no_indicator: None,
            start: Start::Ready,
            undoable: Undoable::of(workbench, &wish.undo, &user.name)?,
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
        shelf.counts = workbench.count_indicators(&filter)?;
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
            ("tag", "Tag: ", wish.tag.trim()),
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

    /// The order that is shown: a search by a range of values is sorted by value.
    fn order(&self) -> Order {
        let by_range =
            || self.wish.filter().ok().and_then(|filter| filter.search).is_some_and(|one| one.is_range());
        self.wish.order().unwrap_or_else(|| if by_range() { Order::Value } else { Order::Updated })
    }

    /// The tags that can be chosen, with one that is chosen and not among them.
    fn tag_choices(&self) -> Vec<&str> {
        let wanted = self.wish.tag.trim();
        let known = self.tags.iter().map(String::as_str);
        let unknown = !wanted.is_empty() && !self.tags.iter().any(|tag| self.is_tag(tag));
        unknown.then_some(wanted).into_iter().chain(known).collect()
    }

    fn is_tag(&self, tag: &str) -> bool {
        tag.to_lowercase() == self.wish.tag.trim().to_lowercase()
    }

    /// The address of the list with this tag only.
    fn tagged(&self, tag: &str) -> String {
        self.wish.address(&[("tag", tag), ("after", "")])
    }

    /// The address that hands over what is listed, all pages of it. Removed indicators are not handed over.
    fn handed(&self) -> Option<String> {
        let is_given = !self.rows.is_empty() && self.wish.removed.is_empty();
        is_given.then(|| super::handover::of_library(&self.wish))
    }

    fn has_searches(&self) -> bool {
        !self.searches.is_empty()
    }

    fn is_by(&self, word: &str) -> bool {
        self.order().word() == word
    }

    /// `1,234 indicators, 56 match`.
    fn counted(&self) -> String {
        let kind = if self.wish.removed.is_empty() { "indicator" } else { "removed indicator" };
        let all = operation::shown::counted(self.counts.all, kind);
        if self.narrowed().is_empty() {
            return all;
        }
        match self.counts.matching {
            Some(1) => format!("{all}, 1 matches"),
            Some(matching) => format!("{all}, {} match", thousands(matching)),
            None => format!("{all}, more than {} match", thousands(MOST_COUNTED)),
        }
    }

    /// The number of all that match, also as people read it, if they are more than the page has and can be changed at once.
    fn beyond(&self) -> Option<(usize, String)> {
        let matching = usize::try_from(self.counts.matching?).ok()?;
        (self.rows.len() < matching && matching <= MOST_CHOSEN)
            .then(|| (matching, thousands(matching as u64)))
    }
}

impl Start {
    fn of(workbench: &Workbench) -> Result<Self, Error> {
        let operations = Installed { kind: Some(operation::Kind::OPERATION.to_owned()), enabled: None };
        let installed = workbench.list(&operations)?.integrations;
        Ok(match installed.iter().any(|one| one.enabled) {
            true => Self::Ready,
            false if installed.is_empty() => Self::Install,
            false => Self::Enable,
        })
    }
}

impl Row {
    /// What it was when it was shown, for the check that nobody changed it since.
    fn state(&self, is_removed: bool) -> String {
        super::ticked::state(self.status, self.tlp, is_removed)
    }

    fn of(entry: &Entry) -> Self {
        Self {
            value: entry.indicator.to_string(),
            caution: entry.indicator.caution().map(|caution| caution.to_string()),
            kind: entry.indicator.kind().name(),
            status: entry.status,
            tlp: entry.tlp,
            tags: entry.tags.clone(),
            sources: entry.sources.join(", "),
            related: thousands(entry.related),
            seen: entry.last_seen.map(Stamp::of),
            created: Stamp::of(entry.created_at),
            updated: Stamp::of(entry.updated_at),
        }
    }

    fn path(&self) -> String {
        super::indicator_path(&self.value)
    }
}
