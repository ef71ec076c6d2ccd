//! Pulls from a ThreatQ, for pages and API: what one would do, starting it, and working on it.
//!
//! [`platform::threatq::taking`] does the work, as for the command. A pull goes on in the background; it ends with the server, and what
//! was read until then is stored.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use edge::problem::Problem;
use platform::threatq::Names;
use platform::threatq::pull::Selection;
use platform::threatq::taking::{self, MOST, Order, Report, TakingError};
use workbench::investigation::NewInvestigation;

use crate::instances::{self, Instance};
use crate::pulling::{Pulling, State};
use crate::site::{Shared, Site};

/// How many indicators are read to show what a pull would do.
pub(crate) const PREVIEWED: u64 = 500;
/// How many indicators are read unless something else is wanted.
pub(crate) const USUAL: u64 = 10_000;
/// The most types, and the most statuses, that can be chosen.
const CHOSEN: usize = 100;

/// What is to be pulled.
#[derive(Clone, Debug, Default)]
pub(crate) struct PullWish {
    /// The types; all that the library has, too, if there are none.
    pub(crate) types: Vec<String>,
    /// The statuses; all if there are none.
    pub(crate) statuses: Vec<String>,
    pub(crate) into: Destination,
    /// How many indicators are passed over.
    pub(crate) offset: u64,
    /// The most that are read; [`USUAL`] if it is not said.
    pub(crate) limit: Option<u64>,
}

/// Where indicators are put, besides the library.
#[derive(Clone, Debug, Default)]
pub(crate) enum Destination {
    /// Nowhere.
    #[default]
    Library,
    /// Into this investigation.
    Existing(i64),
    /// Into a new one of this name.
    New(String),
}

impl PullWish {
    /// What is read, checked against what the instance has.
    fn selection(&self, names: &Names, most: u64) -> Result<Selection, Problem> {
        if self.types.len() > CHOSEN || self.statuses.len() > CHOSEN {
            return Err(Problem::bad_request(format!("choose at most {CHOSEN} types and {CHOSEN} statuses")));
        }
        let own = taking::types(names);
        let types = if self.types.is_empty() { own.clone() } else { self.types.clone() };
        if let Some(other) = types.iter().find(|kind| !own.contains(kind)) {
            return Err(Problem::bad_request(format!(
                "{other:?} is not a type of both this ThreatQ and the threat library"
            )));
        }
        for status in &self.statuses {
            names.status_id(status).map_err(|error| instances::refused(&error))?;
        }
        Ok(Selection { types, statuses: self.statuses.clone(), offset: self.offset, most })
    }

    fn most(&self) -> Result<u64, Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::bad_request(format!("the limit is between 1 and {MOST}")));
        }
        Ok(limit)
    }

    /// The number of the investigation, which is created if it is a new one.
    async fn investigation(&self, site: &Site, actor: &str) -> Result<Option<i64>, Problem> {
        match &self.into {
            Destination::Library => Ok(None),
            Destination::Existing(id) => {
                let id = *id;
                Ok(Some(site.desk.read(move |workbench| workbench.investigation(id)).await?.id))
            }
            Destination::New(name) => {
                let new = NewInvestigation { name: name.clone(), ..NewInvestigation::default() };
                Ok(Some(
                    site.desk.change(actor, move |workbench| workbench.create_investigation(&new)).await?.id,
                ))
            }
        }
    }
}

/// What a pull would do with the first [`PREVIEWED`] indicators; nothing is changed.
///
/// # Errors
/// [`Problem`] if the wish is wrong, or the instance cannot be asked.
pub(crate) async fn preview(site: &Shared, instance: &Instance, wish: &PullWish) -> Result<Report, Problem> {
    let _turn = site.downloads.turn().await?;
    let names = names(instance).await?;
    let into = match wish.into {
        Destination::Existing(id) => Some(id),
        Destination::Library | Destination::New(_) => None,
    };
    let selection = wish.selection(names, wish.most()?.min(PREVIEWED))?;
    let order = Order { platform: instance.name.clone(), selection, into, dry_run: true };
    let (mut report, result) = order.carry_out(&site.desk, "", &instance.threatq, None, &mut |_| true).await;
    result.map_err(problem)?;
    if matches!(wish.into, Destination::New(_)) {
        report.joined = report.new + report.known;
    }
    Ok(report)
}

/// Starts a pull in the background; returns its number.
///
/// # Errors
/// As [`preview`], and 503 if too many pulls go on.
pub(crate) async fn begin(
    site: &Shared,
    actor: &str,
    instance: Instance,
    wish: &PullWish,
) -> Result<i64, Problem> {
    let place = site.pulls.place()?;
    let selection = wish.selection(names(&instance).await?, wish.most()?)?;
    let into = wish.investigation(site, actor).await?;
    let order = Order { platform: instance.name.clone(), selection, into, dry_run: false };
    let id = order.begin(&site.desk, actor, &instance.threatq.way().budget_name()).await?;
    let pulling = Pulling {
        id,
        actor: actor.to_owned(),
        order,
        began_at: now(site),
        ended_at: None,
        state: State::Running,
        reason: None,
        report: Report { next: wish.offset, ..Report::default() },
        stops: Arc::default(),
    };
    site.pulls.begin(id, pulling.clone());
    let site = Arc::clone(site);
    tokio::spawn(async move {
        work(&site, &instance, pulling).await;
        drop(place);
    });
    Ok(id)
}

async fn work(site: &Site, instance: &Instance, pulling: Pulling) {
    let Pulling { id, actor, order, stops, .. } = pulling;
    let mut watch = |report: &Report| {
        site.pulls.change(id, |pulling| pulling.report.clone_from(report));
        !stops.load(Ordering::Relaxed)
    };
    let ended = order.carry_out(&site.desk, &actor, &instance.threatq, Some(id), &mut watch).await;
    let (report, result) = ended;
    let at = now(site);
    site.pulls.change(id, |pulling| {
        (pulling.state, pulling.reason) = match result {
            Ok(()) => (State::Done, None),
            Err(TakingError::Stopped) => (State::Cancelled, None),
            Err(error) => (State::Failed, Some(problem(error).detail)),
        };
        (pulling.report, pulling.ended_at) = (report, Some(at));
    });
}

/// Lets a pull end after the page that is under way.
///
/// # Errors
/// 404 if there is none; 409 if it has ended.
pub(crate) fn cancel(site: &Site, id: i64) -> Result<Pulling, Problem> {
    let pulling = site.pulls.find(id)?;
    if pulling.state != State::Running {
        return Err(Problem::refused(format!("pull {id} has ended")));
    }
    pulling.stops.store(true, Ordering::Relaxed);
    Ok(pulling)
}

/// The types and statuses of an instance.
///
/// # Errors
/// 409 if it cannot be asked.
pub(crate) async fn names(instance: &Instance) -> Result<&Names, Problem> {
    instance.threatq.connection().names().await.map_err(|error| instances::refused(&error))
}

fn problem(error: TakingError) -> Problem {
    match error {
        TakingError::Stopped => Problem::refused(error.to_string()),
        TakingError::Threatq(error) => instances::refused(&error),
        TakingError::Workbench(error) => error.into(),
    }
}

fn now(site: &Site) -> i64 {
    i64::try_from(site.desk.clock().seconds()).unwrap_or(i64::MAX)
}
