//! What is done to several indicators of the list at once: those that are ticked get a status, are removed or restored.
//!
//! Each is changed by itself and has its own entry in the audit trail, as if it had been done on its page.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use operation::Indicator;
use workbench::library::Status;
use workbench::{Error, Workbench};

use super::go;
use super::library::{PAGE, Wish};
use crate::access::{Fields, May, Posted, needs::EditLibrary};
use crate::problem::Problem;
use crate::site::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/library/ticked", post(change))
}

/// What is wanted of them.
#[derive(Clone, Copy)]
enum Act {
    Set(Status),
    Remove,
    Restore,
}

async fn change(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let (act, ticked) = (Act::read(&sent)?, ticked(&sent)?);
    let changed = site.desk.change(may.name(), move |workbench| act.on(workbench, &ticked)).await?;
    let word = match act {
        _ if changed == 0 => "nothing",
        Act::Set(_) => "statuses",
        Act::Remove => "removed-ticked",
        Act::Restore => "restored",
    };
    Ok(go(&Wish::sent(&sent).address(&[("after", "")]), word))
}

/// The indicators that are ticked: no more than a page has.
fn ticked(sent: &Fields) -> Result<Vec<Indicator>, Problem> {
    let values = sent.0.iter().filter(|(name, _)| name == "pick").take(PAGE).map(|(_, value)| value);
    let read =
        |value: &String| Indicator::existing(value).map_err(|error| Problem::bad_request(error.to_string()));
    values.map(read).collect()
}

impl Act {
    fn read(sent: &Fields) -> Result<Self, Problem> {
        match sent.text("do") {
            "status" => Status::from_name(sent.text("to")).map(Self::Set),
            "remove" => Some(Self::Remove),
            "restore" => Some(Self::Restore),
            _ => None,
        }
        .ok_or_else(|| Problem::bad_request("there is nothing of that kind to be done to indicators"))
    }

    /// How many it changed.
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
