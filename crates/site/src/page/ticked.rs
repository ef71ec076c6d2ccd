//! Changes several indicators of the list at once: the ticked ones get a status, are removed or restored.
//!
//! Each is changed separately and has its own entry in the audit trail, as if it had been changed on its page.

use std::collections::HashMap;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use edge::problem::Problem;
use operation::Indicator;
use workbench::library::Status;
use workbench::{Error, Workbench};

use super::library::{PAGE, Wish};
use super::stale::{Differing, Side, Stale};
use super::{Frame, go};
use crate::access::{Fields, May, Posted, needs::EditLibrary};
use crate::basis::Basis;
use crate::site::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/library/ticked", post(change))
}

/// The field of a ticked box.
const TICKED: &str = "pick";

/// The requested change.
#[derive(Clone, Copy)]
enum Act {
    Set(Status),
    Remove,
    Restore,
}

async fn change(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let (act, ticked, seen) = (Act::read(&sent)?, ticked(&sent)?, seen(&sent));
    // One transaction, so that nothing changes between the check and the change.
    let changing = move |workbench: &mut Workbench| {
        let moved = moved(workbench, &ticked, &seen)?;
        if moved.is_empty() { act.on(workbench, &ticked).map(Ok) } else { Ok(Err(moved)) }
    };
    let back = Wish::sent(&sent).address(&[("after", "")]);
    let changed = match site.desk.change(may.name(), changing).await? {
        Ok(changed) => changed,
        Err(moved) => return stale(frame, &moved, &back, &sent),
    };
    let word = match act {
        _ if changed == 0 => "nothing",
        Act::Set(_) => "statuses",
        Act::Remove => "removed-ticked",
        Act::Restore => "restored",
    };
    Ok(go(&back, word))
}

/// An indicator that changed since its row was shown: the shown and the current state.
struct Moved {
    indicator: Indicator,
    was: String,
    is: String,
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
        let is = if entry.removed_at.is_some() { "Removed" } else { entry.status.name() };
        if is != was {
            moved.push(Moved { indicator: indicator.clone(), was: was.clone(), is: is.to_owned() });
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
        match sent.text("do") {
            "status" => Status::from_name(sent.text("to")).map(Self::Set),
            "remove" => Some(Self::Remove),
            "restore" => Some(Self::Restore),
            _ => None,
        }
        .ok_or_else(|| Problem::bad_request("unknown action for indicators"))
    }

    /// Carries it out; returns how many indicators changed.
    fn on(self, workbench: &mut Workbench, ticked: &[Indicator]) -> Result<usize, Error> {
        let mut changed = 0;
        for indicator in ticked {
            let has = match self {
                Self::Set(status) => workbench.set_status(indicator, status)? != status,
                Self::Remove => workbench.remove_indicator(indicator)?,
                Self::Restore => workbench.restore_indicator(indicator)?,
            };
            changed += usize::from(has);
        }
        Ok(changed)
    }
}
