//! Changes several indicators of the list at once: the ticked ones, or all that match the filters, get a status, a marking or tags, are
//! removed, restored or put into an investigation; and operations are queried about them (`selected`).
//!
//! Either all are changed or none. Each has its own entry in the audit trail, as if it had been changed on its page.

use std::collections::HashMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use edge::problem::Problem;
use operation::{Indicator, Marking, Tlp};
use workbench::library::{Filter, Removal, Removed, Setting, Status, Tag};
use workbench::{Error, Workbench};

use super::selected;
use super::sending::Target;
use super::stale::{Differing, Side, Stale};
use super::unremove::go_undoable;
use super::{Frame, go};
use crate::access::{Fields, May, Posted, needs::EditLibrary};
use crate::basis::Basis;
use crate::listed::{MOST_CHOSEN, PAGE, Wish};
use crate::site::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/library/ticked", post(change))
}

/// The field of a ticked box.
const TICKED: &str = "pick";

/// The requested change.
enum Act {
    Join(Target),
    Remove,
    Restore,
    Set(Setting),
}

/// The indicators that a form chooses.
#[derive(Clone, Debug)]
pub(super) enum Chosen {
    /// All that match the filters, and how many these were when they were shown.
    All { filter: Box<Filter>, counted: usize },
    /// The ticked ones.
    Ticked(Vec<Indicator>),
}

/// What a change did.
struct Done {
    changed: usize,
    /// The investigation that the indicators were put into.
    investigation: Option<i64>,
    /// How to undo it, if they were removed.
    removal: Option<Removal>,
}

async fn change(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    if sent.text("do") == "ask" {
        return selected::show_for(&site, frame, &sent).await;
    }
    let (act, chosen) = (Act::read(&sent)?, Chosen::of(&sent)?);
    // Of all that match, only a part was shown.
    let seen = if matches!(chosen, Chosen::All { .. }) { HashMap::new() } else { seen(&sent) };
    let word = act.word();
    // One turn, so that nothing changes between the check and the change.
    let changing = move |workbench: &mut Workbench| {
        let indicators = chosen.indicators(workbench)?;
        let moved = moved(workbench, &indicators, &seen)?;
        if moved.is_empty() { act.on(workbench, &indicators).map(Ok) } else { Ok(Err(moved)) }
    };
    let back = Wish::sent(&sent).address(&[("after", "")]);
    let done = match site.desk.change(may.name(), changing).await? {
        Ok(done) => done,
        Err(moved) => return stale(frame, &moved, &back, &sent),
    };
    Ok(match done {
        Done { investigation: Some(id), .. } => go(&super::investigation_address(id), word),
        Done { removal: Some(removal), .. } => go_undoable(&back, removal),
        Done { changed, .. } => go(&back, if changed == 0 { "nothing" } else { word }),
    })
}

impl Chosen {
    /// The choice in a form: all that match its filters, or its ticked boxes.
    pub(super) fn of(sent: &Fields) -> Result<Self, Problem> {
        if !sent.has("all") {
            return ticked(sent).map(Self::Ticked);
        }
        // What a list would ignore must not mean everything here.
        let filter = Wish::checked(&Wish::sent(sent).query())?.filter();
        let filter = filter.map_err(|error| Problem::bad_request(error.to_string()))?;
        let counted = sent.text("counted").parse();
        let counted = counted.map_err(|_| Problem::bad_request("how many were counted is missing"))?;
        Ok(Self::All { filter: Box::new(Filter { limit: MOST_CHOSEN, ..filter }), counted })
    }

    /// The indicators, at most [`MOST_CHOSEN`].
    ///
    /// # Errors
    /// [`Error::Refused`] if more match, or not as many as were counted.
    pub(super) fn indicators(&self, workbench: &Workbench) -> Result<Vec<Indicator>, Error> {
        let (filter, counted) = match self {
            Self::Ticked(indicators) => return Ok(indicators.clone()),
            Self::All { filter, counted } => (filter, *counted),
        };
        let page = workbench.indicators(filter)?;
        if page.next.is_some() {
            let why = format!(
                "more than {MOST_CHOSEN} indicators match, which are the most at once: narrow the filters"
            );
            return Err(Error::conflict(why));
        }
        let now = page.entries.len();
        if now != counted {
            let why = format!(
                "{counted} indicators matched when they were counted, and {now} do now: look at the list again"
            );
            return Err(Error::conflict(why));
        }
        Ok(page.entries.into_iter().map(|entry| entry.indicator).collect())
    }
}

/// An indicator that changed since its row was shown: the shown and the current state.
struct Moved {
    indicator: Indicator,
    was: String,
    is: String,
}

/// What a row says about an indicator that others may change meanwhile: its status and marking, or that it was removed.
pub(super) fn state(status: Status, tlp: Option<Tlp>, is_removed: bool) -> String {
    match tlp {
        _ if is_removed => "Removed".to_owned(),
        Some(tlp) => format!("{}/{tlp}", status.name()),
        None => status.name().to_owned(),
    }
}

/// The marks of the shown rows, by value.
fn seen(sent: &Fields) -> HashMap<String, String> {
    let rows = sent.0.iter().filter(|(name, _)| name == "was").take(PAGE);
    rows.filter_map(|(_, row)| row.split_once(' '))
        .map(|(was, value)| (value.to_owned(), was.to_owned()))
        .collect()
}

/// The ticked indicators that have changed since.
fn moved(
    workbench: &Workbench,
    ticked: &[Indicator],
    seen: &HashMap<String, String>,
) -> Result<Vec<Moved>, Error> {
    let mut moved = Vec::new();
    for indicator in ticked {
        let Some(was) = seen.get(&indicator.to_string()) else { continue };
        let Some(entry) = workbench.lookup(indicator)? else { continue };
        let is = state(entry.status, entry.tlp, entry.removed_at.is_some());
        if is != *was {
            let [was, is] = [was, &is].map(|state| state.replace('/', ", "));
            moved.push(Moved { indicator: indicator.clone(), was, is });
        }
    }
    Ok(moved)
}

/// Asks for each changed indicator whether to continue or leave it unchanged.
fn stale(frame: Frame, moved: &[Moved], back: &str, sent: &Fields) -> Result<Response, Problem> {
    let differing = moved.iter().enumerate().map(|(at, one)| {
        let value = one.indicator.to_string();
        Differing {
            label: format!("{value} (it was {}, it is {})", one.was, one.is),
            name: format!("{TICKED}.{at}"),
            mine: Side { value, shown: "change it anyway".to_owned() },
            stored: Side { value: String::new(), shown: format!("{}; leave it", one.is) },
        }
    });
    let is_moved = |value: &str| moved.iter().any(|one| one.indicator.to_string() == value);
    let carried = sent.0.iter().filter(|(name, value)| match name.as_str() {
        "pick" => !is_moved(value),
        "was" => false,
        _ => true,
    });
    let carried = Fields(carried.cloned().collect());
    let basis = Basis::nothing();
    Stale::new(frame, "Selected indicators", ("/library/ticked", back), &basis, &carried)
        .differing(differing.collect())
        .button("Change selected")
        .show()
}

/// The ticked indicators, at most as many as a page has.
fn ticked(sent: &Fields) -> Result<Vec<Indicator>, Problem> {
    let values = sent
        .0
        .iter()
        .filter(|(name, value)| is_pick(name) && !value.is_empty())
        .take(PAGE)
        .map(|(_, value)| value);
    let read =
        |value: &String| Indicator::existing(value).map_err(|error| Problem::bad_request(error.to_string()));
    values.map(read).collect()
}

/// Whether this is a box of the list, or of the page that asks again.
fn is_pick(name: &str) -> bool {
    name == TICKED || name.strip_prefix(TICKED).is_some_and(|rest| rest.starts_with('.'))
}

impl Act {
    fn read(sent: &Fields) -> Result<Self, Problem> {
        let with = |setting| Ok(Self::Set(setting));
        let tags = || match Tag::list(sent.text("tags")) {
            Ok(tags) if tags.is_empty() => Err(Problem::bad_request("no tag was given: write one or more")),
            tags => tags.map_err(|error| Problem::bad_request(error.to_string())),
        };
        match sent.text("do") {
            "investigation" => Target::of(sent).map(Self::Join),
            "remove" => Ok(Self::Remove),
            "restore" => Ok(Self::Restore),
            "status" => match Status::from_name(sent.text("to")) {
                Some(status) => with(Setting { status: Some(status), ..Setting::default() }),
                None => Err(Problem::bad_request("there is no such status")),
            },
            "tag" => with(Setting { tag: tags()?, ..Setting::default() }),
            "tlp" => match sent.text("to_tlp").parse::<Marking>() {
                Ok(marking) => with(Setting { tlp: Some(marking), ..Setting::default() }),
                Err(error) => Err(Problem::bad_request(error.to_string())),
            },
            "untag" => with(Setting { untag: tags()?, ..Setting::default() }),
            _ => Err(Problem::bad_request("unknown action for indicators")),
        }
    }

    /// The key of the message about it.
    fn word(&self) -> &'static str {
        match self {
            Self::Join(target) => target.word(),
            Self::Remove => "removed",
            Self::Restore => "restored",
            Self::Set(setting) if setting.status.is_some() => "statuses",
            Self::Set(setting) if setting.tlp.is_some() => "tlps",
            Self::Set(_) => "tags",
        }
    }

    /// Carries it out on all of them, or on none.
    fn on(&self, workbench: &mut Workbench, indicators: &[Indicator]) -> Result<Done, Error> {
        let changed = match self {
            Self::Join(_) if indicators.is_empty() => 0,
            Self::Join(target) => {
                let investigation = Some(target.join(workbench, indicators)?);
                return Ok(Done { changed: indicators.len(), investigation, removal: None });
            }
            Self::Remove => {
                let Removed { count, removal } = workbench.remove_indicators(indicators)?;
                return Ok(Done { changed: count, investigation: None, removal });
            }
            Self::Restore => workbench.restore_indicators(indicators)?,
            Self::Set(setting) => workbench.set_indicators(indicators, setting)?,
        };
        Ok(Done { changed, investigation: None, removal: None })
    }
}
