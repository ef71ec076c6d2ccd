//! A row of the table of shared resources: who shares it and when, as small pictures.

use std::net::IpAddr;

use cof::RrType;
use context::NetworksNow;
use picture::shared::{Overlap, Sharers};
use picture::timeline::class_of;
use picture::timeline::words::day;
use workbench::investigation::shared::{self, How, Kind, Resource, SharedResource, Sharer};

use crate::comparisons::Comparison;

/// What all rows have in common.
pub(super) struct Drawing {
    /// The names of the members, in their order.
    names: Vec<String>,
    /// From the first to the last sighting of anything in the list, in seconds; `None` if no record has times.
    pub(super) axis: Option<(u64, u64)>,
    networks: NetworksNow,
}

/// A shared resource.
pub(super) struct Row {
    pub(super) rank: usize,
    pub(super) shared: SharedResource,
    pub(super) is_followed: bool,
    /// The style class of its kind.
    pub(super) class: &'static str,
    /// Where its address is; empty if nothing is known.
    pub(super) place: String,
    pub(super) sharers: Sharers,
    /// `None` if no record has times.
    pub(super) overlap: Option<Overlap>,
}

impl Drawing {
    pub(super) fn new(comparison: &Comparison, networks: NetworksNow) -> Self {
        let spans = || comparison.shared.list.iter().filter_map(|shared| shared.span);
        let first = spans().map(|span| span.first).min();
        Self {
            names: comparison.records.members.iter().map(|member| member.indicator.to_string()).collect(),
            axis: first.zip(spans().map(|span| span.last).max()),
            networks,
        }
    }

    /// The row of a resource at a position of the list.
    pub(super) fn row(&self, at: usize, shared: &SharedResource, followed: &[String]) -> Row {
        let colour = colour(&shared.resource);
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let has: Vec<usize> = shared.sharers.iter().map(|sharer| sharer.member).collect();
        let axis = self.axis.filter(|_| shared.span.is_some());
        Row {
            rank: at + 1,
            is_followed: followed.contains(&shared.resource.id()),
            class: class_of(colour),
            place: address(&shared.resource).map(|one| self.networks.of(one).to_string()).unwrap_or_default(),
            sharers: Sharers::new(&has, &names),
            overlap: axis.map(|axis| Overlap::new(axis, &spans(shared), colour)),
            shared: shared.clone(),
        }
    }
}

impl Row {
    /// How many other names use it.
    pub(super) fn names(&self) -> String {
        self.shared.other_names.to_string()
    }

    pub(super) fn why(&self) -> String {
        match &self.shared.weakness {
            Some(weakness) => crate::page::begun(&weakness.to_string()),
            None => shared::line(&self.shared.why),
        }
    }

    /// Its id, escaped for an address.
    pub(super) fn escaped(&self) -> String {
        crate::page::encoded(&self.shared.resource.id())
    }

    /// First and last seen by any member.
    pub(super) fn dates(&self) -> Option<String> {
        self.shared.span.map(|span| format!("{} to {}", day(span.first), day(span.last)))
    }
}

/// The times of each member that uses it.
fn spans(shared: &SharedResource) -> Vec<Vec<(u64, u64)>> {
    let users = shared.sharers.iter().filter(|sharer| sharer.how != How::Itself);
    let times = |sharer: &Sharer| sharer.spans.iter().map(|span| (span.first, span.last)).collect();
    users.map(times).collect()
}

/// The address whose place is that of the resource.
fn address(resource: &Resource) -> Option<IpAddr> {
    match resource {
        Resource::Address(address) => Some(*address),
        Resource::Network(network) => Some(network.first()),
        _ => None,
    }
}

/// The record type in whose colour a resource is drawn.
fn colour(resource: &Resource) -> RrType {
    match (resource.kind(), address(resource)) {
        (Kind::Address | Kind::Network, Some(IpAddr::V6(_))) => RrType::AAAA,
        (Kind::Address | Kind::Network, _) => RrType::A,
        (Kind::CnameTarget, _) => RrType::CNAME,
        (Kind::MailServer, _) => RrType::MX,
        (Kind::NameServer, _) => RrType::NS,
        (Kind::SoaMailbox, _) => RrType::SOA,
        (Kind::Token, _) => RrType::TXT,
        // That of all other types.
        (Kind::RegisteredDomain, _) => RrType::PTR,
    }
}
