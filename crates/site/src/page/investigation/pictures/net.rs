//! All members as one graph: members in the first column, what they have next to them, and what that is linked to.

use std::collections::HashSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use cof::Record;
use edge::problem::Problem;
use operation::{Host, Indicator, Relation};
use picture::graph::{Graph, GraphPart, GraphView};
use picture::links::Links;
use picture::timeline::{Facets, TimelineView};
use workbench::investigation::shared::Kind;

use super::{PIVOT, compared};
use crate::comparisons::Comparison;
use crate::page::investigation::head::{Head, Tab};
use crate::page::records::filters::Filters;
use crate::page::records::narrowing::Narrowing;
use crate::page::{Frame, show};
use crate::placed::{located, with_systems};
use crate::site::Shared;

#[derive(Template)]
#[template(path = "investigation-graph.html")]
struct Page<'a> {
    frame: Frame,
    head: Head,
    filters: Filters<'a>,
    graph: GraphPart<'a>,
    /// Whether no record links two boxes, and whether that is because of the filters.
    is_empty: bool,
    is_filtered: bool,
    has_records: bool,
    /// How many shared names and addresses say little.
    weak: usize,
}

/// The graph and the composition of its records.
struct Laid {
    graph: Graph,
    facets: Facets,
    shown: usize,
    weak: usize,
}

pub(in crate::page::investigation) async fn graph(
    State(site): State<Shared>,
    frame: Frame,
    Path(id): Path<i64>,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let head = Head::of(&site, id, Tab::Graph, &frame).await?;
    let comparison = compared(&site, id).await?;
    let links = Links::new(&format!("/investigations/{id}/graph"), &parameters, PIVOT);
    let narrowing = Narrowing::of(&parameters, site.networks.now());
    let (of, total) = (Arc::clone(&comparison), comparison.records.len());
    let laying = tokio::task::spawn_blocking(move || {
        laid(&of, (&TimelineView::of(&parameters), &GraphView::of(&parameters)), &narrowing)
    });
    let Laid { graph, facets, shown, weak } = laying.await.map_err(|_| Problem::internal_page())?;
    let is_placed = site.networks.is_configured();
    show(&Page {
        filters: Filters::new(Some(facets.part(&links)), &links, (shown, total), is_placed),
        graph: graph.part(&links),
        is_empty: graph.is_empty(),
        is_filtered: shown < total,
        has_records: total > 0,
        weak,
        head,
        frame,
    })
}

fn laid(comparison: &Comparison, (view, how): (&TimelineView, &GraphView), narrowing: &Narrowing) -> Laid {
    let (mut kinds, mut shown) = (Vec::new(), 0);
    let mut members: Vec<(&Indicator, Vec<&Record>)> = Vec::new();
    for member in &comparison.records.members {
        let mut kept = Vec::new();
        for record in member.records.iter().filter(|record| narrowing.keeps(0, record)) {
            let relation = Relation::of(&member.indicator, record);
            kinds.push((record.rrtype, relation));
            if view.shows(record, relation) {
                kept.push(record);
            }
        }
        shown += kept.len();
        members.push((&member.indicator, kept));
    }
    let weak = weak(comparison);
    let networks = narrowing.networks();
    let graph = with_systems(networks, |systems| {
        Graph::of_members(how, &members, &|host| weak.contains(host), systems)
    });
    let facets = Facets::new(view, kinds.into_iter());
    Laid { graph: located(graph, networks), facets, shown, weak: weak.len() }
}

/// The shared names and addresses that say little.
fn weak(comparison: &Comparison) -> HashSet<Host> {
    let is_box =
        |kind| matches!(kind, Kind::Address | Kind::CnameTarget | Kind::MailServer | Kind::NameServer);
    let weak = comparison.shared.list.iter().filter(|shared| shared.is_weak());
    let boxes = weak.filter(|shared| is_box(shared.resource.kind()));
    boxes.filter_map(|shared| Some(shared.resource.indicator()?.host().clone())).collect()
}
