//! What the members share: a ranked table, and following what is ticked to the names and addresses behind it.

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use edge::problem::Problem;
use operation::Indicator;
use serde::Deserialize;
use store::Store;
use workbench::Workbench;
use workbench::investigation::Member;
use workbench::investigation::shared::{self, Candidate, Count, Kind, Resource, SharedResource};
use workbench::library::{Entry, Status};

use super::head::{Head, Tab};
use crate::comparisons::Comparison;
use crate::page::stamp::Stamp;
use crate::page::{Frame, encoded, show};
use crate::site::{Shared, Site};
use picture::timeline::words::{figure, thousands};

/// Rows that are shown at once.
const SHOWN: usize = 200;
/// The most resources that are followed at once.
const FOLLOWED: usize = 50;

/// The filters, from the address.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    kind: String,
    least: String,
    at_once: String,
    weak: String,
    all: String,
}

#[derive(Template)]
#[template(path = "investigation-shared.html")]
struct Page {
    frame: Frame,
    head: Head,
    wish: Wish,
    comparison: Arc<Comparison>,
    members: Vec<Member>,
    rows: Vec<Row>,
    weak: Vec<Row>,
    /// How many match the filters, shown or not, apart from the weak ones.
    matching: usize,
    /// The resources that are followed, by their ids.
    followed: Vec<String>,
    candidates: Vec<Behind>,
}

/// A shared resource.
struct Row {
    rank: usize,
    shared: SharedResource,
    is_followed: bool,
}

/// A name or address behind what is followed.
struct Behind {
    candidate: Candidate,
    entry: Option<Entry>,
}

pub(super) async fn look(
    State(site): State<Shared>,
    frame: Frame,
    Path(id): Path<i64>,
    Query(wish): Query<Wish>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let head = Head::of(&site, id, Tab::Shared, &frame).await?;
    let comparison = site.comparisons.of(store(&site), id).await?;
    let members = site.desk.read(move |workbench| workbench.members(id)).await?;
    let resources = followed(&pairs);
    let followed: Vec<String> = resources.iter().map(Resource::id).collect();
    let candidates = behind(&site, &comparison, &resources).await?;
    let ranked = comparison.shared.list.iter().enumerate().filter(|(_, shared)| wish.keeps(shared));
    let rows = ranked.map(|(at, shared)| Row {
        rank: at + 1,
        is_followed: followed.contains(&shared.resource.id()),
        shared: shared.clone(),
    });
    let (weak, mut rows): (Vec<Row>, Vec<Row>) = rows.partition(|row| row.shared.is_weak());
    let matching = rows.len();
    if wish.all.is_empty() {
        rows.truncate(SHOWN);
    }
    show(&Page { frame, head, wish, comparison, members, rows, weak, matching, followed, candidates })
}

/// The own database, if this server has one.
fn store(site: &Site) -> Option<Arc<dyn Store>> {
    site.rows.as_ref().map(|rows| Arc::clone(&rows.store))
}

/// The resources that the address says are followed.
fn followed(pairs: &[(String, String)]) -> Vec<Resource> {
    let followed = pairs.iter().filter(|(name, _)| name == "follow");
    followed.filter_map(|(_, id)| Resource::parse(id).ok()).take(FOLLOWED).collect()
}

/// Who is behind the followed resources, with their entries in the library.
async fn behind(
    site: &Site,
    comparison: &Arc<Comparison>,
    resources: &[Resource],
) -> Result<Vec<Behind>, Problem> {
    if resources.is_empty() {
        return Ok(Vec::new());
    }
    let (comparison, resources) = (Arc::clone(comparison), resources.to_vec());
    let store = store(site);
    let look = move |workbench: &Workbench| {
        let candidates = comparison.candidates(&resources, store.as_deref());
        let behind = candidates.into_iter().map(|candidate| {
            let entry = workbench.lookup(&candidate.indicator)?;
            Ok(Behind { candidate, entry })
        });
        behind.collect::<Result<Vec<_>, workbench::Error>>()
    };
    Ok(site.desk.read(look).await?)
}

impl Wish {
    fn keeps(&self, shared: &SharedResource) -> bool {
        let kind = Kind::of_word(&self.kind);
        let least = self.least.trim().parse().unwrap_or(2);
        kind.is_none_or(|kind| shared.resource.kind() == kind)
            && shared.sharers.len() >= least
            && (self.at_once.is_empty() || shared.overlap.days > 0)
    }

    fn least(&self) -> usize {
        self.least.trim().parse().unwrap_or(2)
    }

    fn shows_weak(&self) -> bool {
        !self.weak.is_empty()
    }
}

impl Page {
    fn base(&self) -> String {
        format!("/investigations/{}/shared", self.head.investigation.id)
    }

    /// The address of this page with another choice of weak ones.
    fn weak_address(&self, weak: &str) -> String {
        let mut address =
            format!("{}?kind={}&least={}", self.base(), encoded(&self.wish.kind), self.wish.least());
        for (name, value) in [("at_once", self.wish.at_once.as_str()), ("weak", weak)] {
            if !value.is_empty() {
                let _ = write!(address, "&{name}={}", encoded(value));
            }
        }
        for followed in &self.followed {
            let _ = write!(address, "&follow={}", encoded(followed));
        }
        address
    }

    fn weak_line(&self) -> String {
        self.comparison.shared.weak.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    fn weak_count(&self) -> usize {
        self.comparison.shared.weak.iter().map(|one| one.count).sum()
    }

    /// The first two members that share it, and how many more.
    fn sharers(&self, shared: &SharedResource) -> String {
        let members = shared.sharers.iter().filter_map(|sharer| self.members.get(sharer.member));
        let mut named: Vec<String> = members.take(2).map(|member| member.indicator.to_string()).collect();
        let more = shared.sharers.len().saturating_sub(named.len());
        if more > 0 {
            named.push(format!("{more} more"));
        }
        named.join(", ")
    }

    /// The candidates that can be added: those that are neither whitelisted nor removed.
    fn addable(&self) -> Vec<&Indicator> {
        self.candidates.iter().filter(|one| one.is_addable()).map(|one| &one.candidate.indicator).collect()
    }

    /// How many of the candidates are not in the library.
    fn new_ones(&self) -> String {
        figure(self.candidates.iter().filter(|one| one.entry.is_none()).count())
    }

    /// How many of the candidates are left alone.
    fn left_alone(&self) -> String {
        figure(self.candidates.iter().filter(|one| !one.is_addable()).count())
    }
}

impl Row {
    fn names(&self) -> String {
        match self.shared.other_names {
            Count::Exactly(count) => thousands(u64::from(count)),
            Count::Over(limit) => format!("over {}", thousands(u64::from(limit))),
            Count::NotCounted => "not counted".to_owned(),
        }
    }

    fn why(&self) -> String {
        match &self.shared.weakness {
            Some(weakness) => crate::page::begun(&weakness.to_string()),
            None => shared::line(&self.shared.why),
        }
    }

    /// First and last seen by any member.
    fn span(&self) -> Option<(Stamp, Stamp)> {
        let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        self.shared.span.map(|span| (Stamp::of(seconds(span.first)), Stamp::of(seconds(span.last))))
    }
}

impl Behind {
    fn is_whitelisted(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.status == Status::Whitelisted)
    }

    fn is_removed(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.removed_at.is_some())
    }

    fn is_addable(&self) -> bool {
        !self.is_whitelisted() && !self.is_removed()
    }
}
