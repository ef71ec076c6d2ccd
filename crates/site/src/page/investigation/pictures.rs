//! All members at once: as a timeline with one axis, and as a graph.
//!
//! Both have the filters of the pages of runs. `lanes` decides what the timeline has lanes for, `follow` which records have the
//! resource that is followed through them, and `net` is the graph. Pictures are laid out on threads for blocking work.

mod follow;
mod lanes;
mod net;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use edge::problem::Problem;
use picture::fold::Systems;
use picture::links::Links;
use picture::timeline::TimelineView;
use picture::timeline::members::{Followed, MembersPart, MembersTimeline, Strand};
use picture::timeline::words::figure;
use workbench::investigation::shared::Resource;

use self::follow::Follow;
use self::lanes::Lanes;
pub(super) use self::net::graph;
use super::compared;
use super::head::{Head, Tab};
use crate::comparisons::Comparison;
use crate::page::records::filters::Filters;
use crate::page::records::narrowing::Narrowing;
use crate::page::{Frame, show};
use crate::placed::with_systems;
use crate::site::Shared;

/// Where names and addresses lead: a run would be of one operation, and members were queried at several.
const PIVOT: &str = "/library/indicator?value=";
/// The most resources that are offered to be followed, the strongest first.
const OFFERED: usize = 60;

#[derive(Template)]
#[template(path = "investigation-timeline.html")]
struct TimelinePage<'a> {
    frame: Frame,
    head: Head,
    filters: Filters<'a>,
    timeline: MembersPart<'a>,
    segments: [Segment; 2],
    /// The parameters that the form with the followed resource has to include.
    carried: Vec<(String, String)>,
    offers: Vec<Offer>,
    is_shared: bool,
    /// How many lanes are left out because they say little, and the address that shows them or leaves them out.
    weak: usize,
    weak_address: String,
    shows_weak: bool,
    has_records: bool,
    /// How many members have records that were left out, because there are too many in total.
    left_out: usize,
}

/// A choice of lanes.
struct Segment {
    label: &'static str,
    count: String,
    address: String,
    here: bool,
}

/// A resource that can be followed.
struct Offer {
    id: String,
    text: String,
    here: bool,
}

/// What the address says about lanes.
#[derive(Default)]
struct Wish {
    /// The resource that is followed through the lanes of members.
    follow: Option<Resource>,
    /// Whether there is a lane for each shared resource, and not for each member.
    is_shared: bool,
    /// Whether there are lanes for weak resources, too.
    weak: bool,
}

pub(super) async fn timeline(
    State(site): State<Shared>,
    frame: Frame,
    Path(id): Path<i64>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let head = Head::of(&site, id, Tab::Timeline, &frame).await?;
    let comparison = compared(&site, id).await?;
    let links = Links::new(&format!("/investigations/{id}/timeline"), &parameters, PIVOT);
    let wish = Wish::of(&links);
    let (segments, offers) = (segments(&links, &wish, &comparison), offers(&wish, &comparison));
    let (is_shared, shows_weak) = (wish.is_shared, wish.weak);
    let narrowing = Narrowing::of(&parameters, site.networks.now());
    let (of, view) = (Arc::clone(&comparison), TimelineView::of(&parameters));
    let laying = tokio::task::spawn_blocking(move || laid(&of, &wish, &view, &narrowing));
    let (timeline, total) = laying.await.map_err(|_| Problem::internal_page())?;
    let weak = comparison.shared.list.iter().filter(|shared| shared.is_weak()).count();
    let carried = links.others(&["follow", "lanes"]);
    show(&TimelinePage {
        carried: carried.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        filters: Filters::new(
            Some(timeline.facets().part(&links)),
            &links,
            (timeline.counts().1, total),
            site.networks.is_configured(),
        ),
        timeline: timeline.part(&links),
        segments,
        offers,
        is_shared,
        weak,
        weak_address: links.with(&[("weak", (!shows_weak).then_some("yes"))]) + "#tlh",
        shows_weak,
        has_records: !comparison.records.is_empty(),
        left_out: comparison.records.left_out,
        head,
        frame,
    })
}

/// The layout, and the number of records without filters.
fn laid(
    comparison: &Comparison,
    wish: &Wish,
    view: &TimelineView,
    narrowing: &Narrowing,
) -> (MembersTimeline, usize) {
    let lanes = if wish.is_shared {
        Lanes::by_resource(comparison, narrowing, wish.weak)
    } else {
        Lanes::by_member(comparison, narrowing)
    };
    let strands = lanes.strands();
    let follow = wish.follow.as_ref().map(|resource| Follow::new(comparison, resource));
    let new = |followed: Option<Followed<'_>>| {
        with_systems(narrowing.networks(), |systems: Option<Systems<'_>>| {
            MembersTimeline::new(view, &strands, followed, systems)
        })
    };
    let timeline = match &follow {
        None => new(None),
        Some(follow) => {
            let is_in = |strand: &Strand<'_>, record: &cof::Record| follow.is_in(strand.indicator, record);
            new(Some(Followed { label: &follow.label, is_in: &is_in }))
        }
    };
    (timeline, lanes.total)
}

impl Wish {
    fn of(links: &Links) -> Self {
        let follow = Resource::parse(links.value("follow")).ok();
        // Only members have something at once; a resource is followed through their lanes.
        let is_shared = links.value("lanes") == "shared" && follow.is_none();
        Self { follow, is_shared, weak: !links.value("weak").is_empty() }
    }
}

/// The choices of lanes.
fn segments(links: &Links, wish: &Wish, comparison: &Comparison) -> [Segment; 2] {
    let resources = comparison.shared.list.iter().filter(|shared| wish.weak || !shared.is_weak()).count();
    let address = |lanes| links.with(&[("lanes", lanes), ("follow", None), ("open", None)]) + "#tlh";
    [
        Segment {
            label: "By member",
            count: figure(comparison.records.members.len()),
            address: address(None),
            here: !wish.is_shared,
        },
        Segment {
            label: "By shared resource",
            count: figure(resources),
            address: address(Some("shared")),
            here: wish.is_shared,
        },
    ]
}

/// The strongest resources, and the one that is followed.
fn offers(wish: &Wish, comparison: &Comparison) -> Vec<Offer> {
    let list = comparison.shared.list.iter().filter(|shared| !shared.is_weak()).take(OFFERED);
    let offer = |resource: &Resource, members: Option<usize>| Offer {
        id: resource.id(),
        text: match members {
            Some(members) => format!("{resource} ({}, {members} members)", resource.kind().noun()),
            None => format!("{resource} ({})", resource.kind().noun()),
        },
        here: wish.follow.as_ref() == Some(resource),
    };
    let mut offers: Vec<Offer> =
        list.map(|shared| offer(&shared.resource, Some(shared.sharers.len()))).collect();
    if let Some(other) = wish.follow.as_ref().filter(|_| !offers.iter().any(|one| one.here)) {
        offers.push(offer(other, None));
    }
    offers
}
