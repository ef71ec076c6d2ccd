//! Querying operations about a selection of the library: what it would cost, and starting it.
//!
//! The queries are a job, so they can be paused and survive a restart. A job belongs to an investigation: the selection becomes members
//! of a new one or of one that is chosen. The forms carry the ticked values, or the filters if all that match were chosen.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use edge::problem::Problem;
use operation::Indicator;
use picture::timeline::words::{counted, thousands};
use workbench::investigation::Investigation;
use workbench::user::Permission;
use workbench::{Error, Workbench};

use super::offers::Offers;
use super::sending::{Choices, Target};
use super::ticked::Chosen;
use super::{Frame, go, show};
use crate::access::{
    Fields, May, Posted,
    needs::{EditLibrary, RunOperations},
};
use crate::enrichment::start;
use crate::listed::Wish;
use crate::site::{Shared, Site};

/// The most values that are named.
const NAMED: usize = 10;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/library/ask", post(begin))
}

#[derive(Template)]
#[template(path = "selected.html")]
struct Page {
    frame: Frame,
    /// The fields that say what is selected: ticked values, or filters.
    carried: Vec<(String, String)>,
    count: usize,
    /// The first values, and how many more there are.
    named: Vec<String>,
    offers: Offers,
    choices: Vec<Investigation>,
    /// The choice of an investigation, as it was sent: `new` or a number.
    into: String,
    /// The name of a new investigation.
    name: String,
    back: String,
}

/// Shows what asking about the selection in a form would cost.
pub(super) async fn show_for(site: &Shared, frame: Frame, sent: &Fields) -> Result<Response, Problem> {
    if !frame.may_run() {
        return Err(Problem::lacks(Permission::RunOperations));
    }
    let subjects = subjects(site, sent).await?;
    if subjects.is_empty() {
        return Err(Problem::bad_request("no indicator is selected: tick at least one"));
    }
    let offers = Offers::of(site, sent, &subjects).await?;
    let user = frame.name().to_owned();
    let choices = site.desk.read(move |workbench| Choices::of(workbench, &user)).await?.open;
    let today = cof::time::readable(site.desk.clock().seconds());
    let name = if sent.has("name") && sent.has("choice") {
        sent.text("name").to_owned()
    } else {
        format!("Selection of {}", today.get(..16).unwrap_or(&today))
    };
    let named = subjects.iter().take(NAMED).map(ToString::to_string).collect();
    let (carried, back) = (carried(sent), Wish::sent(sent).address(&[]));
    let into = if sent.has("choice") { sent.text("into") } else { "new" }.to_owned();
    show(&Page { frame, carried, count: subjects.len(), named, offers, choices, into, name, back })
}

/// Starts the job, or shows the costs of another choice.
async fn begin(
    State(site): State<Shared>,
    frame: Frame,
    may: May<RunOperations>,
    _: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    if sent.text("do") != "ask" {
        return show_for(&site, frame, &sent).await;
    }
    let (target, chosen) = (Target::of(&sent)?, Chosen::of(&sent)?);
    let request = Offers::request(&site, &sent, &subjects(&site, &sent).await?).await?;
    let create = move |workbench: &mut Workbench| {
        let indicators = present(workbench, chosen.indicators(workbench)?)?;
        // Nothing is put into an investigation for a job that cannot begin.
        workbench.join_and_create_job(&target.joining(&indicators), &request, &indicators)
    };
    let job = site.desk.change(may.name(), create).await?;
    let investigation = job.investigation;
    start(&site, job);
    Ok(go(&super::investigation_address(investigation), "asking"))
}

/// The selected indicators.
async fn subjects(site: &Site, sent: &Fields) -> Result<Arc<Vec<Indicator>>, Problem> {
    let chosen = Chosen::of(sent)?;
    let read = move |workbench: &Workbench| present(workbench, chosen.indicators(workbench)?);
    Ok(Arc::new(site.desk.read(read).await?))
}

/// Refuses what is not in the library any more: querying about it would bring it back.
fn present(workbench: &Workbench, indicators: Vec<Indicator>) -> Result<Vec<Indicator>, Error> {
    for indicator in &indicators {
        if workbench.lookup(indicator)?.is_none_or(|entry| entry.removed_at.is_some()) {
            return Err(Error::conflict(format!("{indicator} was removed from the library: select again")));
        }
    }
    Ok(indicators)
}

/// The fields that say what is selected.
fn carried(sent: &Fields) -> Vec<(String, String)> {
    let filters = Wish::sent(sent);
    let filters = filters.fields().into_iter().filter(|(_, value)| !value.is_empty());
    let filters = filters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let chosen = if sent.has("all") {
        ["all", "counted"].map(|name| (name.to_owned(), sent.text(name).to_owned())).to_vec()
    } else {
        sent.all("pick").map(|value| ("pick".to_owned(), value.to_owned())).collect()
    };
    filters.chain(chosen).collect()
}

impl Page {
    fn asked(&self) -> String {
        counted(self.count, "indicator")
    }

    /// How many more there are than are named; empty if none.
    fn more(&self) -> Option<String> {
        let more = self.count - self.named.len();
        (more > 0).then(|| thousands(more as u64))
    }

    fn is_into(&self, one: &Investigation) -> bool {
        self.into == one.id.to_string()
    }
}
