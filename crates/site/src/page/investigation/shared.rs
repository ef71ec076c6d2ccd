//! What the members share: a ranked table with small pictures, and following what is ticked to the names and addresses behind it.

mod row;

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use edge::problem::Problem;
use operation::Indicator;
use serde::Deserialize;
use workbench::Workbench;
use workbench::investigation::shared::{Candidate, Kind, Resource, SharedResource};
use workbench::library::{Entry, Status};

use self::row::{Drawing, Row};
use super::head::{Head, Tab};
use super::{compared, store};
use crate::comparisons::Comparison;
use crate::page::{Frame, encoded, show};
use crate::site::{Shared, Site};
use picture::timeline::words::{day, figure};

/// Rows per page: with their pictures, more would not fit into a page of 300 KiB.
const PAGE: usize = 60;
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
    page: usize,
}

#[derive(Template)]
#[template(path = "investigation-shared.html")]
struct Page {
    frame: Frame,
    head: Head,
    wish: Wish,
    comparison: Arc<Comparison>,
    rows: Vec<Row>,
    weak: Vec<Row>,
    /// How many match the filters, shown or not; weak ones only if they are wanted.
    matching: usize,
    /// Whether there are rows before and after these.
    before: bool,
    after: bool,
    /// The first and last day of all pictures.
    axis: Option<(String, String)>,
    /// The resources that are followed, by their ids.
    followed: Vec<String>,
    candidates: Vec<Behind>,
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
    let comparison = compared(&site, id).await?;
    let resources = followed(&pairs);
    let followed: Vec<String> = resources.iter().map(Resource::id).collect();
    let candidates = behind(&site, &comparison, &resources).await?;
    let ranked = comparison.shared.list.iter().enumerate();
    let wanted: Vec<(usize, &SharedResource)> = ranked.filter(|(_, shared)| wish.keeps(shared)).collect();
    let matching = wanted.len();
    let from = wish.page.saturating_mul(PAGE);
    let drawing = Drawing::new(&comparison, site.networks.now());
    let shown = wanted.iter().skip(from).take(PAGE);
    let rows = shown.map(|(at, shared)| drawing.row(*at, shared, &followed));
    let (weak, rows): (Vec<Row>, Vec<Row>) = rows.partition(|row| row.shared.is_weak());
    let axis = drawing.axis.map(|(first, last)| (day(first), day(last)));
    let (before, after) = (wish.page > 0, from.saturating_add(PAGE) < matching);
    show(&Page {
        frame,
        head,
        wish,
        comparison: Arc::clone(&comparison),
        rows,
        weak,
        matching,
        before,
        after,
        axis,
        followed,
        candidates,
    })
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
            && (self.shows_weak() || !shared.is_weak())
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

    /// The address of this page with weak ones or without.
    fn weak_address(&self, weak: &str) -> String {
        self.address(weak, 0)
    }

    /// The addresses of the rows before and after these.
    fn stronger(&self) -> String {
        self.address(&self.wish.weak, self.wish.page.saturating_sub(1))
    }

    fn weaker(&self) -> String {
        self.address(&self.wish.weak, self.wish.page.saturating_add(1))
    }

    fn address(&self, weak: &str, page: usize) -> String {
        let mut address =
            format!("{}?kind={}&least={}", self.base(), encoded(&self.wish.kind), self.wish.least());
        for (name, value) in [("at_once", self.wish.at_once.as_str()), ("weak", weak)] {
            if !value.is_empty() {
                let _ = write!(address, "&{name}={}", encoded(value));
            }
        }
        if page > 0 {
            let _ = write!(address, "&page={page}");
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
