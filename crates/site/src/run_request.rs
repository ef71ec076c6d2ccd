//! The request for a run, from a form or a program: [`RunRequest`].
//!
//! It is parsed, checked against the enabled operations, and started as a job for each of them. [`resume`] restarts the runs that were in
//! progress when the server stopped.

use std::collections::HashSet;

use edge::problem::Problem;
use operation::{Indicator, IndicatorType, Limits, Moment, Side, Tlp, Window};
use serde::Deserialize;
use utoipa::ToSchema;
use workbench::integration::{Configured, Filter};
use workbench::run::{Asking, Batch, Cost, Freshness, Run, Wish};
use workbench::{Error, Workbench};

use crate::access::Fields;
use crate::job::SHOWN;
use crate::site::{Shared, Site};

/// Stands for every operation that accepts the value.
const ALL: &str = "all";

/// An action of an enabled operation.
pub(crate) struct Offer {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) action: String,
    /// The strictest level of indicators that it is asked about.
    pub(crate) max_tlp: Tlp,
    /// What asking it would cost, if that is shown.
    pub(crate) cost: Option<String>,
}

/// The runs that a request started, and the operations that were not asked.
pub(crate) struct Started {
    /// The numbers of the runs, in the order of the operations; at least one.
    pub(crate) runs: Vec<i64>,
    /// The name of each other operation, and why it was not asked.
    pub(crate) refused: Vec<(String, Problem)>,
}

/// The parameters of a new run.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Run)]
pub(crate) struct RunRequest {
    /// A domain name or an address.
    pub(crate) value: String,
    /// The installed operation, NAME or NAME@VERSION; by default the usual one.
    pub(crate) operation: String,
    /// Several installed operations instead, each of which gets its own run; `all` stands for every enabled one that accepts the value.
    pub(crate) operations: Vec<String>,
    /// Only these types: A,NS.
    pub(crate) rrtype: String,
    /// Only records last seen at this time or later.
    pub(crate) seen_after: String,
    /// Only records first seen at this time or earlier.
    pub(crate) seen_before: String,
    /// Query records with the name in their data instead of those it owns, if the provider supports this.
    pub(crate) by_data: bool,
    /// Query the provider even if a stored answer is fresh enough.
    pub(crate) fresh: bool,
}

impl RunRequest {
    /// The request in a form.
    pub(crate) fn of(fields: &Fields) -> Self {
        let text = |name| fields.text(name).trim().to_owned();
        Self {
            value: text("value"),
            operation: String::new(),
            operations: fields.all("operation").map(|name| name.trim().to_owned()).collect(),
            rrtype: text("rrtype"),
            seen_after: text("seen_after"),
            seen_before: text("seen_before"),
            by_data: fields.text("side") == Side::Data.word(),
            fresh: fields.has("fresh"),
        }
    }

    /// The query of a run, ignoring stored answers.
    pub(crate) fn again(run: &Run) -> Self {
        let types: Vec<String> = run.filter().rrtypes.iter().map(ToString::to_string).collect();
        let moment = |seconds: Option<u64>| seconds.map(cof::time::rfc3339).unwrap_or_default();
        Self {
            value: run.indicator.as_typed(),
            operation: run.operation().to_owned(),
            operations: Vec::new(),
            rrtype: types.join(","),
            seen_after: moment(run.filter().window.seen_after),
            seen_before: moment(run.filter().window.seen_before),
            by_data: run.filter().side == Side::Data,
            fresh: true,
        }
    }

    /// Starts a run for each operation. One that cannot be asked does not stop the others.
    ///
    /// # Errors
    /// A [`Problem`] if no run was started.
    pub(crate) async fn carry_out(self, site: &Site, actor: &str) -> Result<Started, Problem> {
        let indicator = indicator(&self.value, self.side())?;
        let names = self.names(site, indicator.kind()).await?;
        let (mut started, batch) = (Started { runs: Vec::new(), refused: Vec::new() }, Batch::default());
        for name in names {
            let asking = self.asking(site, &name, actor).await;
            let begun = match asking {
                Ok(asking) => site.jobs.start(&Asking { batch: batch.clone(), ..asking }, &indicator).await,
                Err(problem) => Err(problem),
            };
            match begun {
                Ok(run) => started.runs.push(run),
                Err(problem) => started.refused.push((name, problem)),
            }
        }
        match (started.runs.is_empty(), started.refused.pop()) {
            (true, Some((_, problem))) => Err(problem),
            (_, last) => {
                started.refused.extend(last);
                Ok(started)
            }
        }
    }

    /// What each operation would cost. With `asks`, a provider that tells its quota for nothing is asked for it.
    ///
    /// # Errors
    /// As [`Self::carry_out`].
    pub(crate) async fn costs(&self, site: &Site, actor: &str, asks: bool) -> Result<Vec<Cost>, Problem> {
        let indicator = indicator(&self.value, self.side())?;
        let mut costs = Vec::new();
        for name in self.names(site, indicator.kind()).await? {
            let asking = self.asking(site, &name, actor).await?;
            if asks {
                // Without an answer, what it said before is still known.
                let _ = asking.provider.ask_for_quota().await;
            }
            let about = indicator.clone();
            let read = move |workbench: &Workbench| {
                workbench.note_quota(&asking.provider)?;
                workbench.cost(&asking, &[about])
            };
            costs.push(site.desk.read(read).await?);
        }
        Ok(costs)
    }

    /// The names of the operations to ask, each once.
    async fn names(&self, site: &Site, kind: IndicatorType) -> Result<Vec<String>, Problem> {
        let offers = site.desk.read(move |workbench| offers(workbench, kind)).await?;
        let offered: Vec<&str> = offers.iter().map(|offer| offer.name.as_str()).collect();
        let mut wanted: Vec<&str> = self.operations.iter().map(String::as_str).collect();
        if wanted.is_empty() && !self.operation.is_empty() {
            wanted.push(&self.operation);
        }
        let mut names: Vec<&str> = match wanted.as_slice() {
            [] => offered.first().copied().into_iter().collect(),
            [ALL] => offered.clone(),
            _ => wanted,
        };
        let mut met = HashSet::new();
        names.retain(|name| met.insert(*name));
        if names.is_empty() || names.iter().any(|name| !offered.contains(name)) {
            let what = if kind == IndicatorType::Fqdn { "an" } else { "an indicator of type" };
            return Err(Problem::refused(format!(
                "no enabled operation can query {what} {kind}: install and enable one first"
            )));
        }
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    /// How an operation is asked, if it is enabled.
    ///
    /// # Errors
    /// A [`Problem`] if it is not, or cannot be asked with its settings.
    pub(crate) async fn enabled_asking(
        &self,
        site: &Site,
        name: &str,
        actor: &str,
    ) -> Result<Asking, Problem> {
        let wanted = name.to_owned();
        let configured = site.desk.read(move |workbench| workbench.settings(&wanted)).await?;
        if !configured.enabled {
            return Err(Problem::refused(format!("{name} is disabled: enable it first")));
        }
        self.asking_as(site, configured, actor).await
    }

    async fn asking(&self, site: &Site, name: &str, actor: &str) -> Result<Asking, Problem> {
        let name = name.to_owned();
        let configured = site.desk.read(move |workbench| workbench.settings(&name)).await?;
        self.asking_as(site, configured, actor).await
    }

    async fn asking_as(&self, site: &Site, configured: Configured, actor: &str) -> Result<Asking, Problem> {
        let wish = Wish { rrtypes: self.rrtypes()?, window: self.window(site)?, side: self.side() };
        let asking = crate::connection::asking(site, configured, Limits::HELD, wish, actor)
            .await?
            .map_err(|error| Problem::refused(error.to_string()))?;
        let freshness = if self.fresh { Freshness::Fresh } else { asking.freshness };
        Ok(Asking { most: SHOWN, freshness, ..asking })
    }

    fn side(&self) -> Side {
        if self.by_data { Side::Data } else { Side::Owner }
    }

    /// The types that are wanted.
    ///
    /// # Errors
    /// A [`Problem`] if a word is none.
    pub(crate) fn rrtypes(&self) -> Result<Vec<cof::RrType>, Problem> {
        let words = self.rrtype.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
        let parsed = words.map(|word| cof::RrType::parse(word).map_err(|_| word));
        parsed.collect::<Result<_, _>>().map_err(|word| {
            Problem::bad_request(format!("{word:?} is not a record type; write them as A, NS"))
        })
    }

    /// The time window that is wanted.
    ///
    /// # Errors
    /// A [`Problem`] if a time is none.
    pub(crate) fn window(&self, site: &Site) -> Result<Window, Problem> {
        let moment = |text: &str| match text {
            "" => Ok(None),
            text => Moment::parse(text, site.desk.clock())
                .map(Some)
                .map_err(|error| Problem::bad_request(error.to_string())),
        };
        Ok(Window {
            seen_after: moment(&self.seen_after)?.map(|moment| moment.start),
            seen_before: moment(&self.seen_before)?.map(|moment| moment.end),
        })
    }
}

/// Resumes the runs that were in progress when the server was stopped. A run that cannot be resumed, because its operation is
/// disabled or removed, stays interrupted, and its page says so.
pub async fn resume(site: Shared) {
    let stopped = site.desk.read(workbench::Workbench::stopped_runs).await;
    for run in stopped.unwrap_or_default() {
        let _ = RunRequest::again(&run).carry_out(&site, &run.actor).await;
    }
}

/// Parses the indicator to query on one side of the records.
pub(crate) fn indicator(text: &str, side: Side) -> Result<Indicator, Problem> {
    let parsed = match side {
        Side::Owner => Indicator::parse(text),
        Side::Data => Indicator::parse_in_data(text),
    };
    parsed.map_err(|error| Problem::bad_request(error.to_string()))
}

/// The actions that enabled operations offer for a type of indicator.
pub(crate) fn offers(workbench: &Workbench, kind: IndicatorType) -> Result<Vec<Offer>, Error> {
    let enabled = Filter::operations();
    let mut offers = Vec::new();
    for summary in workbench.list(&enabled)?.integrations {
        let Some(package) = workbench.show(&summary.name)?.package else { continue };
        let taken = package.actions().iter().filter(|action| action.types.contains(&kind));
        offers.extend(taken.map(|action| Offer {
            name: summary.name.clone(),
            title: package.title.clone(),
            version: summary.version.clone(),
            action: action.name.clone(),
            max_tlp: summary.max_tlp,
            cost: None,
        }));
    }
    Ok(offers)
}
