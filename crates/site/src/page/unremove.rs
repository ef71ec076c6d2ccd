//! Undoes a removal from the library: what was removed together is brought back, and nothing else.
//!
//! The page after a removal has its [`Undoable`] in its address, so that the button works without a session on the server. Only the
//! user who removed something gets the button. A removal that cannot be read is ignored on pages, and refused in forms.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::post;
use edge::problem::Problem;
use operation::Indicator;
use operation::shown::counted;
use workbench::library::Removal;
use workbench::{Error, Workbench};

use super::{go, indicator_address};
use crate::access::{May, Posted, needs::EditLibrary};
use crate::listed::Wish;
use crate::site::Shared;

/// The path of the form.
const PATH: &str = "/library/undo";

pub(super) fn routes() -> Router<Shared> {
    Router::new().route(PATH, post(undo))
}

/// A removal that the user can undo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undoable {
    /// The removal, as forms send it.
    pub(super) removal: Removal,
    count: usize,
}

impl Undoable {
    /// The removal in an address, if this user made it and something of it is still removed.
    pub(super) fn of(workbench: &Workbench, text: &str, user: &str) -> Result<Option<Self>, Error> {
        let Ok(removal) = text.parse() else { return Ok(None) };
        let count = workbench.undoable(removal, user)?.filter(|count| *count > 0);
        Ok(count.map(|count| Self { removal, count }))
    }

    /// `3 indicators`
    pub(super) fn counted(&self) -> String {
        counted(u64::try_from(self.count).unwrap_or(u64::MAX), "indicator")
    }
}

/// Redirects to a page after a removal, which offers to undo it.
pub(super) fn go_undoable(path: &str, removal: Removal) -> Response {
    let join = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{join}undo={removal}")).into_response()
}

async fn undo(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let removal: Removal = sent.text("removal").parse()?;
    let back = match sent.text("value") {
        "" => Wish::sent(&sent).address(&[]),
        value => {
            let indicator = Indicator::existing(value);
            indicator_address(&indicator.map_err(|error| Problem::bad_request(error.to_string()))?)
        }
    };
    let undo = move |workbench: &mut Workbench| workbench.undo_removal(removal);
    let undone = site.desk.change(may.name(), undo).await?;
    Ok(go(&back, if undone == 0 { "nothing" } else { "removal-undone" }))
}
