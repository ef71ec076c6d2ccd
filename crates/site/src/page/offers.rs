//! What asking operations about several indicators would cost, and the choice among them: [`Offers`], for investigations and for
//! selections of the library.

use std::sync::Arc;

use edge::problem::Problem;
use operation::{Indicator, Package};
use workbench::job::Request;
use workbench::run::Cost;

use crate::access::Fields;
use crate::enrichment::{costs, operations};
use crate::run_request::RunRequest;
use crate::site::Site;

/// The most held-back values of an operation that are named.
const NAMED: usize = 20;

/// The operations that can be asked, and what is asked.
pub(super) struct Offers {
    pub(super) list: Vec<Offer>,
    pub(super) form: Form,
}

/// An operation that can be asked, with what it would cost.
pub(super) struct Offer {
    pub(super) package: Arc<Package>,
    pub(super) cost: Cost,
    pub(super) is_chosen: bool,
}

/// What is asked, as it was entered.
#[derive(Default)]
pub(super) struct Form {
    pub(super) rrtype: String,
    pub(super) seen_after: String,
    pub(super) seen_before: String,
    pub(super) fresh: bool,
}

impl Offers {
    /// What asking about these indicators would cost, with the choice in a form; a form without a choice chooses all that would be
    /// asked about something.
    ///
    /// # Errors
    /// [`Problem`] if the form is invalid or the data folder cannot be read.
    pub(super) async fn of(
        site: &Site,
        sent: &Fields,
        subjects: &Arc<Vec<Indicator>>,
    ) -> Result<Self, Problem> {
        let form = Form::of(sent);
        let costs = costs(site, &form.request(site)?, subjects).await?;
        let is_first = !sent.has("choice");
        let list = costs.into_iter().map(|(package, cost)| {
            let is_ticked = sent.all("operation").any(|name| name == package.name);
            let is_useful = cost.values > cost.held.len() as u64;
            Offer { is_chosen: is_useful && (is_first || is_ticked), package, cost }
        });
        Ok(Self { list: list.collect(), form })
    }

    /// The request of a job with the operations that a form chooses.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(super) async fn request(
        site: &Site,
        sent: &Fields,
        subjects: &Arc<Vec<Indicator>>,
    ) -> Result<Request, Problem> {
        let request = Form::of(sent).request(site)?;
        let costs = costs(site, &request, subjects).await?;
        let names: Vec<String> = sent.all("operation").map(str::to_owned).collect();
        Ok(Request { operations: operations(&costs, &names), ..request })
    }

    /// The requests of the chosen operations.
    pub(super) fn requests(&self) -> u64 {
        self.chosen().map(|offer| offer.cost.requests).sum()
    }

    /// The stored answers of the chosen operations.
    pub(super) fn stored(&self) -> u64 {
        self.chosen().map(|offer| offer.cost.stored).sum()
    }

    pub(super) fn held(&self) -> usize {
        self.chosen().map(|offer| offer.cost.held.len()).sum()
    }

    pub(super) fn minutes(&self) -> u64 {
        self.chosen().map(|offer| offer.cost.seconds()).max().unwrap_or_default().div_ceil(60)
    }

    fn chosen(&self) -> impl Iterator<Item = &Offer> {
        self.list.iter().filter(|offer| offer.is_chosen)
    }
}

impl Offer {
    /// What the provider said about its quota.
    pub(super) fn quota(&self) -> String {
        self.cost.quota.as_ref().map(|said| said.quota.to_string()).unwrap_or_default()
    }

    /// The first values that are held back.
    pub(super) fn held(&self) -> String {
        let named = self.cost.held.iter().take(NAMED).map(|held| held.indicator.to_string());
        let mut named = named.collect::<Vec<_>>().join(", ");
        if self.cost.held.len() > NAMED {
            named.push_str(" and more");
        }
        named
    }
}

impl Form {
    fn of(sent: &Fields) -> Self {
        let text = |name: &str| sent.text(name).trim().to_owned();
        Self {
            rrtype: text("rrtype"),
            seen_after: text("seen_after"),
            seen_before: text("seen_before"),
            fresh: sent.has("fresh"),
        }
    }

    /// What is asked, without operations.
    fn request(&self, site: &Site) -> Result<Request, Problem> {
        let Self { rrtype, seen_after, seen_before, fresh } = self;
        let asked = RunRequest {
            rrtype: rrtype.clone(),
            seen_after: seen_after.clone(),
            seen_before: seen_before.clone(),
            ..RunRequest::default()
        };
        Ok(Request {
            operations: Vec::new(),
            rrtypes: asked.rrtypes()?,
            window: asked.window(site)?,
            fresh: *fresh,
        })
    }
}
