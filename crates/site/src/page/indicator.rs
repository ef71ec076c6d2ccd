//! One indicator: its data in the library, and manual changes.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use edge::problem::Problem;
use operation::{Indicator, Marking, Tlp};
use serde::Deserialize;
use workbench::Workbench;
use workbench::library::{Attribute, Claim, Details, Relationship, Removed, Setting, Status, Tag};
use workbench::push::Sent;

use super::audit::Event;
use super::operate::Panel;
use super::stale::{Differing, Side, Stale};
use super::stamp::Stamp;
use super::unremove::{Undoable, go_undoable};
use super::{Frame, encoded, go, show_as};
use crate::access::{Fields, May, Posted, needs::EditLibrary};
use crate::basis::{self, Basis, change_from};
use crate::shelf;
use crate::site::{Shared, Site};
use picture::text::defang;
use picture::timeline::words::thousands;

/// How many attributes and relationships are shown unless all are requested.
const SHOWN: usize = 50;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/library/indicator", get(look))
        .route("/library/indicator/status", post(set_status))
        .route("/library/indicator/tlp", post(set_tlp))
        .route("/library/indicator/tags", post(set_tags))
        .route("/library/indicator/note", post(note))
        .route("/library/indicator/remove", post(remove))
        .route("/library/indicator/restore", post(restore))
}

/// The address of an indicator's page.
pub(crate) fn address(indicator: &Indicator) -> String {
    path_of(&indicator.to_string())
}

/// The same, for a value in its printed form.
pub(crate) fn path_of(value: &str) -> String {
    format!("/library/indicator?value={}", encoded(value))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    value: String,
    /// Show all attributes and relationships.
    all: String,
    /// Show what runs would cost.
    cost: String,
    /// The removal that can be undone, on the page that follows it.
    undo: String,
}

#[derive(Template)]
#[template(path = "indicator.html")]
struct Page {
    frame: Frame,
    value: String,
    defanged: String,
    kind: &'static str,
    caution: Option<String>,
    /// Where the address is.
    place: Option<String>,
    /// The warning lists that have the value.
    lists: Vec<String>,
    details: Details,
    events: Vec<Event>,
    panel: Panel,
    sources: Vec<SourceLine>,
    /// Where it was sent.
    sent: Vec<Sent>,
    all: bool,
    /// The removal that was just made.
    undoable: Option<Undoable>,
}

/// The page of an indicator that is not in the library.
#[derive(Template)]
#[template(path = "indicator-unknown.html")]
struct Unknown {
    frame: Frame,
    value: String,
    kind: &'static str,
    caution: Option<String>,
    place: Option<String>,
    lists: Vec<String>,
    panel: Panel,
}

async fn look(
    State(site): State<Shared>,
    frame: Frame,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let indicator = read(&wish.value)?;
    let (wanted, removal, user) = (indicator.clone(), wish.undo, frame.name().to_owned());
    let read = move |workbench: &workbench::Workbench| {
        let undoable = Undoable::of(workbench, &removal, &user)?;
        let details = workbench.details(&wanted)?;
        Ok((details, Panel::of(workbench, &wanted)?, undoable, workbench.sent(&wanted)?))
    };
    let (details, mut panel, undoable, sent) = site.desk.read(read).await?;
    if !wish.cost.is_empty() {
        panel = panel.with_costs(&site, &wish.value, "").await?;
    }
    let (value, kind) = (indicator.to_string(), indicator.kind().name());
    let caution = indicator.caution().map(|caution| caution.to_string());
    let (place, lists) = (site.place_of(&indicator), shelf::lists_with(&site, &indicator).await?);
    let Some(details) = details else {
        return show_as(StatusCode::NOT_FOUND, &Unknown { frame, value, kind, caution, place, lists, panel });
    };
    let events = details.history.iter().map(Event::of).collect();
    let page = Page {
        frame,
        defanged: defang(&value),
        value,
        kind,
        caution,
        sent,
        place,
        lists,
        sources: lines(&details.claims),
        details,
        events,
        panel,
        all: !wish.all.is_empty(),
        undoable,
    };
    show_as(StatusCode::OK, &page)
}

async fn set_status(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let indicator = named(&sent)?;
    let status = Status::from_name(sent.text("status"));
    let status = status.ok_or_else(|| Problem::bad_request("there is no such status"))?;
    let change_status = move |workbench: &mut Workbench, indicator: &Indicator| {
        Ok(if workbench.set_status(indicator, status)? == status { "nothing" } else { "status" })
    };
    let stored = match change(&site, &may, &sent, &indicator, change_status).await? {
        Ok(word) => return Ok(go(&address(&indicator), word)),
        Err(stored) => stored,
    };
    let now = stored.state.first().map_or("", |(_, status)| status);
    let (mine, stored_status) = (Side::plain(status.name()), Side::plain(now));
    let differing = vec![Differing {
        label: "Status".to_owned(),
        name: "status".to_owned(),
        mine,
        stored: stored_status,
    }];
    let stale = stale(frame, "status", &indicator, &stored, &sent);
    if now == status.name() {
        stale.button("Set the status").show()
    } else {
        stale.differing(differing).show()
    }
}

async fn set_tlp(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let indicator = named(&sent)?;
    let marking: Marking = sent
        .text("tlp")
        .parse()
        .map_err(|error: operation::TlpError| Problem::bad_request(error.to_string()))?;
    let setting = Setting { tlp: Some(marking), ..Setting::default() };
    let done = change(&site, &may, &sent, &indicator, set(setting, "tlp")).await?;
    answer(frame, "tlp", &indicator, &sent, done, "Set this TLP anyway")
}

/// Puts tags on, or takes one off.
async fn set_tags(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let indicator = named(&sent)?;
    let tags = |field| Tag::list(sent.text(field)).map_err(|error| Problem::bad_request(error.to_string()));
    let setting = Setting { tag: tags("tag")?, untag: tags("untag")?, ..Setting::default() };
    let done = change(&site, &may, &sent, &indicator, set(setting, "tags")).await?;
    answer(frame, "tags", &indicator, &sent, done, "Change the tags anyway")
}

/// Sets something of an indicator; returns the key of the message about it.
fn set(
    setting: Setting,
    word: &'static str,
) -> impl FnOnce(&mut Workbench, &Indicator) -> Result<&'static str, workbench::Error> + Send + 'static {
    move |workbench, indicator| {
        let (before, after) = workbench.set_indicator(indicator, &setting)?;
        Ok(if before == after { "nothing" } else { word })
    }
}

async fn note(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let (indicator, text) = (named(&sent)?, sent.text("note").to_owned());
    let note = move |workbench: &mut Workbench, indicator: &Indicator| {
        workbench.note(indicator, &text).map(|()| "noted")
    };
    let done = change(&site, &may, &sent, &indicator, note).await?;
    answer(frame, "note", &indicator, &sent, done, "Add your note too")
}

async fn remove(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let indicator = named(&sent)?;
    let remove = |workbench: &mut Workbench, indicator: &Indicator| {
        workbench.remove_indicators(std::slice::from_ref(indicator))
    };
    let done = match change(&site, &may, &sent, &indicator, remove).await? {
        Ok(Removed { removal: Some(removal), .. }) => return Ok(go_undoable(&address(&indicator), removal)),
        other => other.map(|_| "nothing"),
    };
    answer(frame, "remove", &indicator, &sent, done, "Remove it anyway")
}

async fn restore(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let indicator = named(&sent)?;
    let restore = |workbench: &mut Workbench, indicator: &Indicator| {
        Ok(if workbench.restore_indicator(indicator)? { "restored" } else { "nothing" })
    };
    let done = change(&site, &may, &sent, &indicator, restore).await?;
    answer(frame, "restore", &indicator, &sent, done, "Restore it anyway")
}

/// Changes an indicator if its state is the one that the form is based on; returns what the change does, such as the key of a
/// message, or else the stored state.
async fn change<T: Send + 'static>(
    site: &Site,
    may: &May<EditLibrary>,
    sent: &Fields,
    indicator: &Indicator,
    change: impl FnOnce(&mut Workbench, &Indicator) -> Result<T, workbench::Error> + Send + 'static,
) -> Result<Result<T, Basis>, Problem> {
    let (asked, about) = (indicator.clone(), indicator.clone());
    let stored = move |workbench: &Workbench| Basis::of_indicator(workbench, &asked);
    let change = move |workbench: &mut Workbench| change(workbench, &about);
    Ok(change_from(site, may.name(), basis::Claim::of_form(sent), stored, change).await?)
}

fn answer(
    frame: Frame,
    path: &str,
    indicator: &Indicator,
    sent: &Fields,
    done: Result<&'static str, Basis>,
    button: &'static str,
) -> Result<Response, Problem> {
    match done {
        Ok(word) => Ok(go(&address(indicator), word)),
        Err(stored) => stale(frame, path, indicator, &stored, sent).button(button).show(),
    }
}

fn stale(frame: Frame, path: &str, indicator: &Indicator, stored: &Basis, sent: &Fields) -> Stale {
    let places = (format!("/library/indicator/{path}"), address(indicator));
    Stale::new(frame, &indicator.to_string(), (&places.0, &places.1), stored, sent)
}

fn named(sent: &Fields) -> Result<Indicator, Problem> {
    read(sent.text("value"))
}

fn read(text: &str) -> Result<Indicator, Problem> {
    Indicator::existing(text).map_err(|error| Problem::bad_request(error.to_string()))
}

impl Page {
    /// The mark that the page's forms contain.
    fn mark(&self) -> String {
        Basis::of_details(&self.details).mark().to_owned()
    }

    fn statuses(&self) -> [(&'static str, bool); 5] {
        Status::ALL.map(|status| (status.name(), status == self.details.entry.status))
    }

    fn may_tag(&self) -> bool {
        self.frame.may_edit() && self.details.entry.removed_at.is_none()
    }

    /// The address of the list of all indicators with a tag.
    fn tagged(tag: &str) -> String {
        format!("/library?tag={}", encoded(tag))
    }

    /// The markings that can be chosen, each with whether it is the present one.
    fn markings(&self) -> Vec<(&'static str, bool)> {
        let marking = |tlp: Option<Tlp>| (Marking(tlp).word(), tlp == self.details.entry.tlp);
        std::iter::once(None).chain(Tlp::ALL.map(Some)).map(marking).collect()
    }

    fn attributes(&self) -> &[Attribute] {
        self.cut(&self.details.attributes)
    }

    fn relationships(&self) -> &[Relationship] {
        self.cut(&self.details.relationships)
    }

    /// The times of all its relationships, combined.
    fn span(&self) -> Option<(Stamp, Stamp)> {
        let seen = |name| self.details.relationships.iter().filter_map(move |one| Stamp::read(of(one, name)));
        let first = seen("First Seen").min_by(|a, b| a.iso.cmp(&b.iso));
        first.zip(seen("Last Seen").max_by(|a, b| a.iso.cmp(&b.iso)))
    }

    fn cut<'a, T>(&self, list: &'a [T]) -> &'a [T] {
        list.get(..if self.all { list.len() } else { SHOWN }).unwrap_or(list)
    }

    fn all_address(&self) -> String {
        format!("{}&all=yes", path_of(&self.value))
    }

    fn removed(&self) -> Option<Stamp> {
        self.details.entry.removed_at.map(Stamp::of)
    }

    fn added_by(&self) -> &str {
        self.details.claims.first().map_or("no current source", |claim| &claim.source)
    }
}

/// The claims of one source on the indicator.
struct SourceLine {
    name: String,
    /// The first and the last claim.
    first: Stamp,
    last: Stamp,
    /// The number of runs with claims, and the newest of them.
    runs: usize,
    newest: Option<i64>,
}

/// A line for each source, in the order of the first claims.
fn lines(claims: &[Claim]) -> Vec<SourceLine> {
    let mut names: Vec<&str> = Vec::new();
    for claim in claims {
        if !names.contains(&claim.source.as_str()) {
            names.push(&claim.source);
        }
    }
    let line = |name: &str| {
        let of: Vec<&Claim> = claims.iter().filter(|claim| claim.source == name).collect();
        let times = || of.iter().map(|claim| claim.added_at);
        SourceLine {
            name: name.to_owned(),
            first: Stamp::of(times().min().unwrap_or_default()),
            last: Stamp::of(times().max().unwrap_or_default()),
            runs: of.iter().filter(|claim| claim.run.is_some()).count(),
            newest: of.iter().filter_map(|claim| claim.run).max(),
        }
    };
    names.into_iter().map(line).collect()
}

/// The sources of claims, each name once.
fn sources(claims: &[Claim]) -> String {
    let mut names: Vec<&str> = claims.iter().map(|claim| claim.source.as_str()).collect();
    names.dedup();
    names.join(", ")
}

/// The time of the first claim.
fn since(claims: &[Claim]) -> Stamp {
    Stamp::of(claims.first().map_or(0, |claim| claim.added_at))
}

/// An attribute of a relationship, by name.
fn of<'a>(relationship: &'a Relationship, name: &str) -> &'a str {
    let found = relationship.attributes.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

/// How often it was seen, with digits in groups.
fn count(relationship: &Relationship) -> String {
    let count = of(relationship, "Count");
    count.parse().map_or_else(|_| count.to_owned(), thousands)
}

/// The style class of a record type.
fn type_class(kind: &str) -> &'static str {
    match kind {
        "A" => "rr-a",
        "AAAA" => "rr-aaaa",
        "CNAME" => "rr-cname",
        "NS" => "rr-ns",
        "MX" => "rr-mx",
        "TXT" => "rr-txt",
        "SOA" => "rr-soa",
        _ => "rr-other",
    }
}
